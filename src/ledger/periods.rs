//! Months: what moved in them, and which are closed.
use diesel::{OptionalExtension, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::model::{AccountMovement, Class, ClosedPeriod, Source};
use crate::{
    clock::{Day, Time},
    db::{self, Conn, DbError, Tx},
    money::Currency,
    schema::ledger_periods as periods,
};

/// Up to when the books are closed.
async fn closed_until(conn: &mut Conn) -> Result<Option<Time>, DbError> {
    Ok(periods::table.select(diesel::dsl::max(periods::until_at)).first(conn).await?)
}

/// The source with another date, if it happened in a month that is closed. What happened in this month costs no look: this month is open.
pub(super) async fn dated(tx: &mut Tx, now: Time, source: &Source) -> Result<Option<Source>, DbError> {
    let month = |at: Time| {
        let day = at.day().0;
        (day.year(), day.month())
    };
    if month(source.occurred_at) >= month(now) {
        return Ok(None);
    }
    let closed = closed_until(tx).await?.is_some_and(|until| source.occurred_at < until);
    Ok(closed.then(|| Source { occurred_at: now, ..source.clone() }))
}

pub(super) async fn closed(conn: &mut Conn, month: Day) -> Result<Option<ClosedPeriod>, DbError> {
    let columns = (periods::month, periods::until_at, periods::left_open, periods::comparison, periods::closed_at);
    let row: Option<(Day, Time, serde_json::Value, uuid::Uuid, Time)> = periods::table.find(month).select(columns).first(conn).await.optional()?;
    Ok(row.map(|(month, until, left_open, comparison, closed_at)| ClosedPeriod { month, until, left_open, comparison, closed_at }))
}

/// SHARE waits for whoever is posting and keeps the next ones waiting until the commit, a moment later.
pub(super) async fn close(tx: &mut Tx, period: &ClosedPeriod) -> Result<bool, DbError> {
    diesel::sql_query("LOCK TABLE ledger_transfers IN SHARE MODE").execute(tx).await?;
    if closed_until(tx).await?.is_some_and(|until| until > period.until) {
        return Ok(false);
    }
    diesel::insert_into(periods::table)
        .values((
            (periods::month.eq(period.month), periods::until_at.eq(period.until), periods::left_open.eq(&period.left_open)),
            (periods::comparison.eq(period.comparison), periods::closed_at.eq(period.closed_at)),
        ))
        .execute(tx)
        .await?;
    Ok(true)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Text)]
    name: String,
    #[diesel(sql_type = sql_types::Text)]
    class: Class,
    #[diesel(sql_type = sql_types::Text)]
    currency: Currency,
    #[diesel(sql_type = sql_types::BigInt)]
    opening: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    debits: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    credits: i64,
}

pub(super) async fn movements(conn: &mut Conn, from: Time, until: Time) -> Result<Vec<AccountMovement>, DbError> {
    let query = db::sql(
        "WITH moved AS (
           SELECT account, sum(debit - credit) FILTER (WHERE occurred_at < $1) AS opening, sum(debit) FILTER (WHERE occurred_at >= $1) AS debits,
                  sum(credit) FILTER (WHERE occurred_at >= $1) AS credits
           FROM (SELECT debit_account AS account, amount_minor AS debit, 0 AS credit, occurred_at FROM ledger_transfers WHERE occurred_at < $2
                 UNION ALL SELECT credit_account, 0, amount_minor, occurred_at FROM ledger_transfers WHERE occurred_at < $2) sides
           GROUP BY account)
         SELECT a.name, a.class, a.currency, coalesce(m.opening, 0)::bigint AS opening, coalesce(m.debits, 0)::bigint AS debits,
                coalesce(m.credits, 0)::bigint AS credits
         FROM moved m JOIN ledger_accounts a ON a.id = m.account ORDER BY a.name COLLATE \"C\", a.currency",
    );
    let rows: Vec<Row> = query.bind::<sql_types::Timestamptz, _>(from).bind::<sql_types::Timestamptz, _>(until).load(conn).await?;
    let view =
        |r: Row| AccountMovement { name: r.name, class: r.class, currency: r.currency, opening: r.opening, debits: r.debits, credits: r.credits };
    Ok(rows.into_iter().map(view).collect())
}
