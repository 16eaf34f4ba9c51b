//! What the demonstration reads and writes that the API does not offer: rates of exchange, and what its own pages show.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;
use haat::{
    clock::Day,
    db::{Conn, DbError, Tx},
    schema::{fx_rates, items},
};

use super::world::Rate;

/// Of today: an old one would be refused at a checkout.
pub async fn exchange_rates(tx: &mut Tx, today: Day, rates: &[Rate]) -> Result<(), DbError> {
    for r in rates {
        let values = (
            (fx_rates::base.eq(&r.base), fx_rates::quote.eq(&r.quote), fx_rates::day.eq(today)),
            (fx_rates::rate.eq(&r.rate), fx_rates::source.eq("invented for the demonstration")),
        );
        diesel::insert_into(fx_rates::table).values(values).on_conflict_do_nothing().execute(tx).await?;
    }
    Ok(())
}

/// The piece that was sold last: the one whose tag is shown.
pub async fn newest_item(conn: &mut Conn) -> Result<Option<String>, DbError> {
    Ok(items::table.filter(items::order_line_id.is_not_null()).order(items::id.desc()).select(items::code).first(conn).await.optional()?)
}

/// A transfer as the page of the books shows it.
#[derive(serde::Serialize, diesel::QueryableByName)]
pub struct ShownTransfer {
    #[diesel(sql_type = sql::Text)]
    from: String,
    #[diesel(sql_type = sql::Text)]
    to: String,
    #[diesel(sql_type = sql::BigInt)]
    #[serde(skip)]
    amount_minor: i64,
    #[diesel(sql_type = sql::Text)]
    #[serde(skip)]
    currency: haat::money::Currency,
    #[diesel(sql_type = sql::Text)]
    kind: String,
    #[diesel(sql_type = sql::Text)]
    memo: String,
}
pub async fn newest_transfers(conn: &mut Conn, limit: i64) -> Result<Vec<serde_json::Value>, DbError> {
    let rows: Vec<ShownTransfer> = diesel::sql_query(
        "SELECT c.name AS \"from\", d.name AS \"to\", t.amount_minor, t.currency, t.kind, coalesce(t.transfer_group, '') AS memo
         FROM ledger_transfers t JOIN ledger_accounts d ON d.id = t.debit_account JOIN ledger_accounts c ON c.id = t.credit_account
         ORDER BY t.id DESC LIMIT $1",
    )
    .bind::<sql::BigInt, _>(limit)
    .load(conn)
    .await?;
    let amount = |t: &ShownTransfer| haat::money::Money::new(t.amount_minor, t.currency).formatted();
    Ok(rows.iter().map(|t| serde_json::json!({"from": t.from, "to": t.to, "amount": amount(t), "kind": t.kind, "group": t.memo})).collect())
}
