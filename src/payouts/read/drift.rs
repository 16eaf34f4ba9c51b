//! A line as it was frozen, beside what was posted of it.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use crate::{
    db::{self, Conn, DbError},
    ids::OrderLineId,
    money::Currency,
    tenancy::Scope,
};

#[derive(Clone, Debug, QueryableByName)]
pub struct Compared {
    /// Its number.
    #[diesel(sql_type = sql::Text)]
    pub order: String,
    #[diesel(sql_type = sql::Text)]
    pub currency: Currency,
    #[diesel(sql_type = sql::Integer)]
    pub quantity: i32,
    #[diesel(sql_type = sql::Integer)]
    pub shipped: i32,
    #[diesel(sql_type = sql::Bool)]
    pub brand: bool,
    /// Frozen.
    #[diesel(sql_type = sql::BigInt)]
    pub producer: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub premium: i64,
    /// Posted.
    #[diesel(sql_type = sql::BigInt)]
    pub released: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub fund: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub paid: i64,
}

pub async fn line(conn: &mut Conn, scope: Scope, id: OrderLineId) -> Result<Option<Compared>, DbError> {
    let query = db::sql(
        "SELECT o.number AS \"order\", l.own_currency AS currency, l.quantity, l.shipped_quantity AS shipped, l.stock_owner = 'brand' AS brand,
                l.producer_own_minor AS producer, l.premium_own_minor AS premium,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.leg LIKE '%/producer'), 0)::bigint AS released,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.leg LIKE '%/premium'), 0)::bigint AS fund,
                coalesce(sum(x.amount_minor) FILTER (WHERE y.state = 'settled'), 0)::bigint AS paid
         FROM order_lines l JOIN orders o ON o.id = l.order_id
         LEFT JOIN ledger_transfers t ON t.order_line_id = l.id AND t.kind = 'released'
         LEFT JOIN payout_lines x ON x.transfer_id = t.id AND x.live
         LEFT JOIN payouts y ON y.coop_id = x.coop_id AND y.id = x.payout_id
         WHERE l.coop_id = $1 AND l.id = $2 GROUP BY o.number, l.coop_id, l.id",
    );
    Ok(query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Uuid, _>(id).get_result(conn).await.optional()?)
}
