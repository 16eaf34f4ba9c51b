//! What the page of an order says beside its frozen lines: its parcels, its pieces, who made them, and what was paid. Four statements, however many
//! lines and parcels it has; consent is asked of the database each time, so that a withdrawal holds at once.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use crate::{
    clock::Time,
    db::{self, Conn, DbError},
    ids::{FulfilmentId, OrderGroupId, OrderId, OrderLineId},
    schema::{fulfilments, order_groups},
};

/// A parcel that left.
#[derive(Clone, Debug, Queryable)]
pub struct Parcel {
    pub id: FulfilmentId,
    pub group: OrderGroupId,
    pub carrier: String,
    pub tracking: Option<String>,
    /// Where the carrier shows it.
    pub tracking_url: Option<String>,
    pub shipped_at: Time,
}

/// Oldest first.
pub async fn parcels(conn: &mut Conn, order: OrderId) -> Result<Vec<Parcel>, DbError> {
    use fulfilments as f;
    Ok(f::table
        .inner_join(order_groups::table.on(order_groups::coop_id.eq(f::coop_id).and(order_groups::id.eq(f::group_id))))
        .filter(order_groups::order_id.eq(order))
        .order(f::id)
        .select((f::id, f::group_id, f::carrier, f::tracking, f::tracking_url, f::shipped_at))
        .load(conn)
        .await?)
}

/// A piece of an order, and the parcel it left in.
#[derive(Clone, Debug, QueryableByName)]
pub struct Piece {
    #[diesel(sql_type = sql::Uuid)]
    pub line: OrderLineId,
    #[diesel(sql_type = sql::Text)]
    pub code: String,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    pub parcel: Option<FulfilmentId>,
}

/// Those that belong to the order now, and those that left with it and have been sold again since.
pub async fn pieces(conn: &mut Conn, order: OrderId) -> Result<Vec<Piece>, DbError> {
    let query = db::sql(
        "SELECT l.id AS line, i.code, f.fulfilment_id AS parcel
         FROM order_lines l
         JOIN LATERAL (SELECT item_id, fulfilment_id FROM fulfilment_items WHERE order_line_id = l.id
                       UNION ALL
                       SELECT n.id, NULL FROM items n WHERE n.order_line_id = l.id
                         AND NOT EXISTS (SELECT 1 FROM fulfilment_items x WHERE x.order_line_id = l.id AND x.item_id = n.id)) f ON true
         JOIN items i ON i.id = f.item_id
         WHERE l.order_id = $1 ORDER BY l.id, i.id",
    );
    Ok(query.bind::<sql::Uuid, _>(order).load(conn).await?)
}

/// What the books know of a line's money: in the maker side's own currency, but for what the platform bore and the rate took, which are in
/// the buyer's.
#[derive(Clone, Debug, QueryableByName)]
pub struct Booked {
    #[diesel(sql_type = sql::Uuid)]
    pub line: OrderLineId,
    /// Became the cooperative's, and the fund's, when pieces left.
    #[diesel(sql_type = sql::BigInt)]
    pub released: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub premium: i64,
    /// Of what was released: in payouts that left for good.
    #[diesel(sql_type = sql::BigInt)]
    pub paid: i64,
    /// Due for work and material of what was given up; and of that, in payouts that left for good.
    #[diesel(sql_type = sql::BigInt)]
    pub due: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub labour_paid: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub material_paid: i64,
    /// The cooperative's again by consent, after a fault.
    #[diesel(sql_type = sql::BigInt)]
    pub owed_back: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub lost: i64,
    /// The line's part of what its payouts cost more (negative: less) than at the order's rate.
    #[diesel(sql_type = sql::BigInt)]
    pub rate: i64,
    /// What the provider kept of the order's payment, in the buyer's currency; the same in each row.
    #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
    pub fee: Option<i64>,
}
impl Default for Booked {
    fn default() -> Self {
        Self {
            line: uuid::Uuid::nil().into(),
            released: 0,
            premium: 0,
            paid: 0,
            due: 0,
            labour_paid: 0,
            material_paid: 0,
            owed_back: 0,
            lost: 0,
            rate: 0,
            fee: None,
        }
    }
}

/// A row for each line of the order.
pub async fn booked(conn: &mut Conn, order: OrderId) -> Result<Vec<Booked>, DbError> {
    let query = db::sql(
        "WITH fee AS (SELECT sum(t.amount_minor)::bigint AS minor FROM ledger_transfers t JOIN orders o ON o.id = $1
                      WHERE t.transfer_group = $1::text AND t.source_type = 'charge' AND t.kind = 'fees' AND t.leg = 'fee' AND t.currency = o.currency)
         SELECT l.id AS line, (SELECT minor FROM fee) AS fee,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.kind = 'released' AND t.leg LIKE '%/producer'), 0)::bigint AS released,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.kind = 'released' AND t.leg LIKE '%/premium'), 0)::bigint AS premium,
                coalesce(sum(p.amount_minor) FILTER (WHERE t.kind = 'released'), 0)::bigint AS paid,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.kind = 'compensated' AND t.leg NOT LIKE '%/advance'), 0)::bigint AS due,
                coalesce(sum(p.amount_minor) FILTER (WHERE t.kind = 'compensated' AND t.leg LIKE '%/labour'), 0)::bigint AS labour_paid,
                coalesce(sum(p.amount_minor) FILTER (WHERE t.kind = 'compensated' AND t.leg LIKE '%/material'), 0)::bigint AS material_paid,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.leg LIKE '%/producer\\_owed' OR t.leg LIKE '%/producer\\_owed/owed'), 0)::bigint AS owed_back,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.leg LIKE '%/producer\\_loss' OR t.leg LIKE '%/premium\\_loss'), 0)::bigint AS lost,
                coalesce(sum(p.rate), 0)::bigint AS rate
         FROM order_lines l LEFT JOIN ledger_transfers t ON t.order_line_id = l.id
         LEFT JOIN LATERAL (
           SELECT x.amount_minor, (SELECT round(sum(CASE WHEN d.name = 'fx_gain_loss' THEN r.amount_minor ELSE -r.amount_minor END)
                                           * x.amount_minor / y.amount_minor)
                                   FROM ledger_transfers r JOIN ledger_accounts d ON d.id = r.debit_account
                                   WHERE r.source_type = 'payout' AND r.source_id = y.id AND r.kind = 'settled' AND r.leg = 'settled/rate') AS rate
           FROM payout_lines x JOIN payouts y ON y.coop_id = x.coop_id AND y.id = x.payout_id
           WHERE x.transfer_id = t.id AND x.live AND y.state = 'settled') p ON true
         WHERE l.order_id = $1 GROUP BY l.id",
    );
    Ok(query.bind::<sql::Uuid, _>(order).load(conn).await?)
}

/// Somebody who worked on pieces of a line, as far as she agreed to be seen.
#[derive(Clone, Debug, QueryableByName)]
pub struct Maker {
    #[diesel(sql_type = sql::Uuid)]
    pub line: OrderLineId,
    /// None: her craft and her district must do.
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub name: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub village: Option<String>,
    #[diesel(sql_type = sql::Text)]
    pub district: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub story: Option<String>,
    /// What names the picture's files.
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub portrait: Option<String>,
}

/// By the work register, each once per line: those with a name first.
pub async fn makers(conn: &mut Conn, order: OrderId) -> Result<Vec<Maker>, DbError> {
    let query = db::sql(
        "SELECT worked.line, m.name, k.name AS craft, m.village, m.district, m.story, encode(p.sha256, 'hex') AS portrait
         FROM (SELECT DISTINCT l.id AS line, w.coop_id, w.artisan_id
               FROM order_lines l JOIN items i ON i.order_line_id = l.id
               JOIN work_entries w ON w.coop_id = i.coop_id AND w.batch_id = i.batch_id
               WHERE l.order_id = $1 AND w.artisan_id IS NOT NULL) worked
         JOIN public_makers m ON m.coop_id = worked.coop_id AND m.id = worked.artisan_id
         LEFT JOIN crafts k ON k.code = m.craft_code
         LEFT JOIN media p ON p.coop_id = m.coop_id AND p.id = m.portrait_id AND p.state = 'ready'
         ORDER BY worked.line, m.name IS NULL, m.name, m.id",
    );
    Ok(query.bind::<sql::Uuid, _>(order).load(conn).await?)
}
