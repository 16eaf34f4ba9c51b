//! Collections as buyers see them: those of approved cooperatives.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use crate::{
    clock::Time,
    db::{self, Conn, DbError},
    ids::CollectionId,
};

#[derive(Debug, QueryableByName)]
pub struct Row {
    #[diesel(sql_type = sql::Uuid)]
    pub id: CollectionId,
    #[diesel(sql_type = sql::Text)]
    pub slug: String,
    #[diesel(sql_type = sql::Text)]
    pub title: String,
    #[diesel(sql_type = sql::Text)]
    pub about: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative_slug: String,
    #[diesel(sql_type = sql::BigInt)]
    pub products: i64,
    #[diesel(sql_type = sql::Timestamptz)]
    pub created_at: Time,
    #[diesel(sql_type = sql::Timestamptz)]
    pub updated_at: Time,
}

const COLUMNS: &str =
    "SELECT g.id, g.slug, g.title, g.about, c.name AS cooperative, c.slug AS cooperative_slug, g.created_at, g.updated_at, held.products
  FROM collections g JOIN cooperatives c ON c.id = g.coop_id AND c.state = 'approved'
  CROSS JOIN LATERAL (SELECT count(*) AS products FROM collection_products i JOIN products p ON p.coop_id = i.coop_id AND p.id = i.product_id
                      WHERE i.coop_id = g.coop_id AND i.collection_id = g.id AND p.status = 'published') held";

/// Newest first; an empty one is not shown.
pub async fn list(conn: &mut Conn, after: Option<CollectionId>, limit: i64) -> Result<Vec<Row>, DbError> {
    let query = db::sql(format!("{COLUMNS} WHERE held.products > 0 AND ($1::uuid IS NULL OR g.id < $1) ORDER BY g.id DESC LIMIT $2"));
    Ok(query.bind::<sql::Nullable<sql::Uuid>, _>(after).bind::<sql::BigInt, _>(limit).load(conn).await?)
}

pub async fn find(conn: &mut Conn, slug: &str) -> Result<Option<Row>, DbError> {
    Ok(db::sql(format!("{COLUMNS} WHERE g.slug = $1")).bind::<sql::Text, _>(slug).get_result(conn).await.optional()?)
}
