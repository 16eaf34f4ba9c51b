//! What a manager sees of products: one statement per page, one per product.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{cards::words, query::tsquery};
use crate::{
    catalog::model::Status,
    clock::Time,
    db::{self, Conn, DbError},
    ids::{PriceTemplateId, ProductId},
    tenancy::Scope,
};

/// A product in a manager's list.
#[derive(Debug, QueryableByName)]
pub struct Row {
    #[diesel(sql_type = sql::Uuid)]
    pub id: ProductId,
    #[diesel(sql_type = sql::Text)]
    pub slug: String,
    #[diesel(sql_type = sql::Text)]
    pub title: String,
    #[diesel(sql_type = sql::Text)]
    pub kind: String,
    #[diesel(sql_type = sql::Text)]
    pub status: Status,
    #[diesel(sql_type = sql::Jsonb)]
    pub gate: serde_json::Value,
    #[diesel(sql_type = sql::BigInt)]
    pub version: i64,
    #[diesel(sql_type = sql::Jsonb)]
    pub prices_from: serde_json::Value,
    #[diesel(sql_type = sql::Jsonb)]
    pub stock: serde_json::Value,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub picture: Option<String>,
    #[diesel(sql_type = sql::Timestamptz)]
    pub updated_at: Time,
}

#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub status: Option<Status>,
    pub search: Option<String>,
    pub after: Option<ProductId>,
    pub limit: i64,
}

/// Newest first; ids are ordered by time.
pub async fn list(conn: &mut Conn, scope: Scope, wanted: &Wanted) -> Result<Vec<Row>, DbError> {
    let searched = wanted.search.as_deref().map(words).unwrap_or_default();
    let condition = if searched.is_empty() { String::new() } else { format!("AND p.search @@ {}", tsquery("$5")) };
    let query = db::sql(format!(
        "SELECT p.id, p.slug, p.title, p.kind, p.status, p.gate, p.version, p.updated_at,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('currency', f.currency, 'amount', f.minor) ORDER BY f.currency), '[]')
                 FROM (SELECT x.currency, min(x.amount_minor) AS minor
                       FROM variants v JOIN prices x ON x.coop_id = v.coop_id AND x.variant_id = v.id
                       WHERE v.coop_id = p.coop_id AND v.product_id = p.id AND v.active GROUP BY x.currency) f) AS prices_from,
                (SELECT jsonb_build_object('variants', count(*), 'on_hand', coalesce(sum(s.on_hand) FILTER (WHERE s.policy = 'finite'), 0),
                   'reserved', coalesce(sum(s.reserved), 0), 'made_to_order', coalesce(bool_or(s.policy = 'made_to_order'), false),
                   'uncounted', count(*) FILTER (WHERE s.policy = 'unknown'))
                 FROM variants v JOIN stock s ON s.coop_id = v.coop_id AND s.variant_id = v.id
                 WHERE v.coop_id = p.coop_id AND v.product_id = p.id AND v.active) AS stock,
                (SELECT encode(m.sha256, 'hex') FROM product_media pm JOIN media m ON m.coop_id = pm.coop_id AND m.id = pm.media_id
                 WHERE pm.coop_id = p.coop_id AND pm.product_id = p.id AND m.state = 'ready' ORDER BY pm.position LIMIT 1) AS picture
         FROM products p
         WHERE p.coop_id = $1 AND ($2::text IS NULL OR p.status = $2) AND ($3::uuid IS NULL OR p.id < $3) {condition}
         ORDER BY p.id DESC LIMIT $4"
    ))
    .bind::<sql::Uuid, _>(scope.coop())
    .bind::<sql::Nullable<sql::Text>, _>(wanted.status)
    .bind::<sql::Nullable<sql::Uuid>, _>(wanted.after)
    .bind::<sql::BigInt, _>(wanted.limit);
    let query = if searched.is_empty() { query } else { query.bind::<sql::Array<sql::Text>, _>(searched) };
    Ok(query.load(conn).await?)
}

/// A product whole; the lists are JSON that the database put together.
#[derive(Debug, QueryableByName)]
pub struct Whole {
    #[diesel(sql_type = sql::Uuid)]
    pub id: ProductId,
    #[diesel(sql_type = sql::Text)]
    pub slug: String,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    pub retired_slugs: Vec<String>,
    #[diesel(sql_type = sql::Text)]
    pub title: String,
    #[diesel(sql_type = sql::Text)]
    pub body_html: String,
    #[diesel(sql_type = sql::Text)]
    pub kind: String,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    pub tags: Vec<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft: Option<String>,
    #[diesel(sql_type = sql::Jsonb)]
    pub materials: serde_json::Value,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    pub template: Option<PriceTemplateId>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub made_to_order_days: Option<i32>,
    #[diesel(sql_type = sql::Text)]
    pub status: Status,
    #[diesel(sql_type = sql::Jsonb)]
    pub gate: serde_json::Value,
    #[diesel(sql_type = sql::BigInt)]
    pub version: i64,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    pub options: Vec<String>,
    #[diesel(sql_type = sql::Jsonb)]
    pub variants: serde_json::Value,
    #[diesel(sql_type = sql::Jsonb)]
    pub media: serde_json::Value,
    #[diesel(sql_type = sql::Timestamptz)]
    pub created_at: Time,
    #[diesel(sql_type = sql::Timestamptz)]
    pub updated_at: Time,
    #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
    pub published_at: Option<Time>,
}

pub async fn whole(conn: &mut Conn, scope: Scope, id: ProductId) -> Result<Option<Whole>, DbError> {
    let query = diesel::sql_query(
        "SELECT p.id, p.slug, p.title, p.body_html, p.kind, p.tags, p.craft_code AS craft, p.materials, p.template_id AS template,
                p.made_to_order_days, p.status, p.gate, p.version, p.created_at, p.updated_at, p.published_at,
                ARRAY(SELECT n.slug FROM product_slugs n WHERE n.coop_id = p.coop_id AND n.product_id = p.id AND n.retired_at IS NOT NULL
                      ORDER BY n.retired_at) AS retired_slugs,
                ARRAY(SELECT o.name FROM product_options o WHERE o.coop_id = p.coop_id AND o.product_id = p.id ORDER BY o.position) AS options,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'title', v.title, 'options', v.options, 'sku', v.sku,
                   'barcode', v.barcode, 'grams', v.grams, 'active', v.active,
                   'stock', jsonb_build_object('policy', s.policy, 'on_hand', s.on_hand, 'reserved', s.reserved),
                   'prices', (SELECT coalesce(jsonb_agg(jsonb_build_object('currency', x.currency, 'amount', x.amount_minor,
                                'compare_at', x.compare_at_minor, 'tax_inclusive', x.tax_inclusive) ORDER BY x.currency), '[]')
                              FROM prices x WHERE x.coop_id = v.coop_id AND x.variant_id = v.id)) ORDER BY v.position, v.id), '[]')
                 FROM variants v JOIN stock s ON s.coop_id = v.coop_id AND s.variant_id = v.id
                 WHERE v.coop_id = p.coop_id AND v.product_id = p.id) AS variants,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('media', m.id, 'state', m.state, 'alt', pm.alt, 'variant', pm.variant_id,
                   'sha', encode(m.sha256, 'hex'), 'last_error', m.last_error) ORDER BY pm.position), '[]')
                 FROM product_media pm JOIN media m ON m.coop_id = pm.coop_id AND m.id = pm.media_id
                 WHERE pm.coop_id = p.coop_id AND pm.product_id = p.id) AS media
         FROM products p WHERE p.coop_id = $1 AND p.id = $2",
    );
    Ok(query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Uuid, _>(id).get_result(conn).await.optional()?)
}
