//! Batches and pieces as their cooperative lists them, and what is printed on a tag.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::model::{ItemState, NewBatch};
use crate::{
    clock::Time,
    db::{Conn, DbError},
    ids::{BatchId, ItemId, MediaId, VariantId},
    schema::{crafts, items, media, products, variants},
    tenancy::Scope,
};

#[derive(Clone, Debug, QueryableByName)]
pub struct Batch {
    #[diesel(sql_type = sql::Uuid)]
    pub id: BatchId,
    #[diesel(sql_type = sql::Text)]
    pub code: String,
    #[diesel(sql_type = sql::Uuid)]
    pub variant: VariantId,
    #[diesel(sql_type = sql::Text)]
    pub product: String,
    #[diesel(sql_type = sql::Text)]
    pub variant_title: String,
    #[diesel(sql_type = sql::Integer)]
    pub quantity: i32,
    #[diesel(sql_type = sql::Integer)]
    pub minted: i32,
    #[diesel(sql_type = sql::Timestamptz)]
    pub created_at: Time,
}

/// Newest first; one batch if `only` names it.
pub async fn batches(
    conn: &mut Conn,
    scope: Scope,
    variant: Option<VariantId>,
    only: Option<BatchId>,
    after: Option<BatchId>,
    limit: i64,
) -> Result<Vec<Batch>, DbError> {
    let query = diesel::sql_query(
        "SELECT b.id, b.code, b.variant_id AS variant, p.title AS product, v.title AS variant_title, b.quantity, b.minted, b.created_at
         FROM batches b JOIN variants v ON v.coop_id = b.coop_id AND v.id = b.variant_id
         JOIN products p ON p.coop_id = v.coop_id AND p.id = v.product_id
         WHERE b.coop_id = $1 AND ($2::uuid IS NULL OR b.variant_id = $2) AND ($3::uuid IS NULL OR b.id = $3) AND ($4::uuid IS NULL OR b.id < $4)
         ORDER BY b.id DESC LIMIT $5",
    );
    let query = query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Nullable<sql::Uuid>, _>(variant).bind::<sql::Nullable<sql::Uuid>, _>(only);
    Ok(query.bind::<sql::Nullable<sql::Uuid>, _>(after).bind::<sql::BigInt, _>(limit).load(conn).await?)
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = items)]
pub struct Item {
    pub id: ItemId,
    pub code: String,
    #[diesel(column_name = variant_id)]
    pub variant: VariantId,
    #[diesel(column_name = batch_id)]
    pub batch: Option<BatchId>,
    pub state: ItemState,
    pub created_at: Time,
}

/// Newest first.
pub async fn items(
    conn: &mut Conn,
    scope: Scope,
    state: Option<ItemState>,
    batch: Option<BatchId>,
    after: Option<ItemId>,
    limit: i64,
) -> Result<Vec<Item>, DbError> {
    let mut query = items::table.filter(items::coop_id.eq(scope.coop())).order(items::id.desc()).limit(limit).select(Item::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(items::state.eq(state));
    }
    if let Some(batch) = batch {
        query = query.filter(items::batch_id.eq(batch));
    }
    if let Some(after) = after {
        query = query.filter(items::id.lt(after));
    }
    Ok(query.load(conn).await?)
}

/// What a new batch of a variant is called; none if the variant is not there.
pub async fn named(conn: &mut Conn, scope: Scope, variant: VariantId, quantity: u32, craft: Option<String>) -> Result<Option<NewBatch>, DbError> {
    let found: Option<(String, String, String, Option<String>)> = variants::table
        .inner_join(products::table.on(products::coop_id.eq(variants::coop_id).and(products::id.eq(variants::product_id))))
        .left_join(crafts::table.on(crafts::code.nullable().eq(products::craft_code)))
        .filter(variants::coop_id.eq(scope.coop()).and(variants::id.eq(variant)))
        .select((products::title, variants::title, products::kind, crafts::name.nullable()))
        .first(conn)
        .await
        .optional()?;
    Ok(found.map(|(product, title, kind, listed)| NewBatch {
        variant,
        quantity,
        title: if title.is_empty() { product } else { format!("{product}, {title}") },
        category: Some(kind).filter(|k| !k.is_empty()),
        craft: craft.or(listed),
    }))
}

/// Pictures of the cooperative's that are stored: id, digest, media type.
pub async fn pictures(conn: &mut Conn, scope: Scope, ids: &[MediaId]) -> Result<Vec<(MediaId, Option<Vec<u8>>, Option<String>)>, DbError> {
    let mine = media::table.filter(media::coop_id.eq(scope.coop()).and(media::id.eq_any(ids)).and(media::sha256.is_not_null()));
    Ok(mine.select((media::id, media::sha256, media::mime)).load(conn).await?)
}

/// What is printed on a piece's tag.
#[derive(Clone, Debug, QueryableByName)]
pub struct Tagged {
    #[diesel(sql_type = sql::Uuid)]
    pub id: ItemId,
    #[diesel(sql_type = sql::Text)]
    pub code: String,
    #[diesel(sql_type = sql::Binary)]
    pub claim_sealed: Vec<u8>,
    #[diesel(sql_type = sql::Bool)]
    pub claimed: bool,
    /// Its first record.
    #[diesel(sql_type = sql::Binary)]
    pub first: Vec<u8>,
    #[diesel(sql_type = sql::Text)]
    pub product: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative: String,
    #[diesel(sql_type = sql::Text)]
    pub district: String,
    #[diesel(sql_type = sql::Text)]
    pub country: String,
}

/// The pieces of a batch, or one piece, in the order they were given their codes.
pub async fn tagged(
    conn: &mut Conn,
    scope: Scope,
    batch: Option<BatchId>,
    only: Option<ItemId>,
    after: Option<ItemId>,
    limit: i64,
) -> Result<Vec<Tagged>, DbError> {
    let query = diesel::sql_query(
        "SELECT i.id, i.code, i.claim_sealed, EXISTS (SELECT 1 FROM item_claims q WHERE q.item_id = i.id) AS claimed, f.bytes AS first,
           p.title AS product, c.name AS cooperative, c.district, c.country
         FROM items i JOIN leaves f ON f.subject_id = i.id AND f.seq = 0 JOIN cooperatives c ON c.id = i.coop_id
         JOIN variants v ON v.coop_id = i.coop_id AND v.id = i.variant_id JOIN products p ON p.coop_id = v.coop_id AND p.id = v.product_id
         WHERE i.coop_id = $1 AND ($2::uuid IS NULL OR i.batch_id = $2) AND ($3::uuid IS NULL OR i.id = $3) AND ($4::uuid IS NULL OR i.id > $4)
         ORDER BY i.id LIMIT $5",
    );
    let query = query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Nullable<sql::Uuid>, _>(batch).bind::<sql::Nullable<sql::Uuid>, _>(only);
    Ok(query.bind::<sql::Nullable<sql::Uuid>, _>(after).bind::<sql::BigInt, _>(limit).load(conn).await?)
}
