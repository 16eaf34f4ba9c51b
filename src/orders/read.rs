//! What the page of an order says beside its frozen lines: its parcels, its pieces, and who made them. Three statements, however many
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
