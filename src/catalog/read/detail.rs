//! A product's page: one statement for the product with its variants and pictures, one each for its makers and its record.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use crate::{
    clock::{Day, Time},
    db::{self, Conn, DbError},
    ids::{CoopId, ProductId},
    money::Currency,
};

/// A product's page, whole: JSON put together by the database, one round trip.
#[derive(Debug, QueryableByName)]
pub struct Detail {
    #[diesel(sql_type = sql::Uuid)]
    pub id: ProductId,
    #[diesel(sql_type = sql::Uuid)]
    pub coop: CoopId,
    #[diesel(sql_type = sql::Text)]
    pub slug: String,
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
    #[diesel(sql_type = sql::Text)]
    pub tax_category: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative_slug: String,
    #[diesel(sql_type = sql::Text)]
    pub place: String,
    #[diesel(sql_type = sql::Integer)]
    pub commission_bp: i32,
    #[diesel(sql_type = sql::Integer)]
    pub premium_bp: i32,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub made_to_order_days: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub maker_bp: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub materials_bp: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub cooperative_bp: Option<i32>,
    #[diesel(sql_type = sql::Jsonb)]
    pub materials: serde_json::Value,
    #[diesel(sql_type = sql::Jsonb)]
    pub variants: serde_json::Value,
    #[diesel(sql_type = sql::Jsonb)]
    pub media: serde_json::Value,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    pub options: Vec<String>,
    #[diesel(sql_type = sql::Timestamptz)]
    pub created_at: Time,
    #[diesel(sql_type = sql::Timestamptz)]
    pub updated_at: Time,
}

const DETAIL: &str = "SELECT p.id, p.coop_id AS coop, p.slug, p.title, p.body_html, p.kind, p.tags, p.craft_code AS craft, p.tax_category,
    c.name AS cooperative, c.slug AS cooperative_slug, c.district || ', ' || c.country AS place, c.commission_bp, c.premium_bp,
    p.made_to_order_days, p.materials, p.created_at, p.updated_at, t.maker_bp, t.materials_bp, t.cooperative_bp,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'title', v.title, 'options', v.options, 'sku', v.sku, 'grams', v.grams,
       'amount', x.amount_minor, 'compare_at', x.compare_at_minor, 'tax_inclusive', x.tax_inclusive, 'policy', s.policy,
       'available', s.on_hand - s.reserved) ORDER BY v.position, v.id), '[]')
     FROM variants v JOIN stock s ON s.coop_id = v.coop_id AND s.variant_id = v.id
     LEFT JOIN prices x ON x.coop_id = v.coop_id AND x.variant_id = v.id AND x.currency = $2
     WHERE v.coop_id = p.coop_id AND v.product_id = p.id AND v.active) AS variants,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('sha', encode(m.sha256, 'hex'), 'alt', coalesce(nullif(pm.alt, ''), p.title),
       'blurhash', m.blurhash) ORDER BY pm.position, pm.media_id), '[]')
     FROM product_media pm JOIN media m ON m.coop_id = pm.coop_id AND m.id = pm.media_id
     WHERE pm.coop_id = p.coop_id AND pm.product_id = p.id AND m.state = 'ready') AS media,
    ARRAY(SELECT o.name FROM product_options o WHERE o.coop_id = p.coop_id AND o.product_id = p.id ORDER BY o.position) AS options
  FROM products p JOIN cooperatives c ON c.id = p.coop_id AND c.state = 'approved'
  LEFT JOIN price_templates t ON t.coop_id = p.coop_id AND t.id = p.template_id
  WHERE p.status = 'published' AND ";

/// By id or by slug (no slug has the form of an id); a retired slug finds its product too, and the caller redirects.
pub async fn detail(conn: &mut Conn, named: &str, currency: Currency) -> Result<Option<Detail>, DbError> {
    let statement = match named.parse::<uuid::Uuid>() {
        Ok(id) => db::sql(format!("{DETAIL} p.id = $1")).bind::<sql::Uuid, _>(id),
        Err(_) => {
            let text = format!("{DETAIL} (p.coop_id, p.id) = (SELECT n.coop_id, n.product_id FROM product_slugs n WHERE n.slug = $1)");
            db::sql(text).bind::<sql::Text, _>(named)
        }
    };
    Ok(statement.bind::<sql::Text, _>(currency).get_result(conn).await.optional()?)
}

/// Somebody who worked on pieces of a product, as far as she agreed to be seen.
#[derive(Debug, QueryableByName)]
pub struct Maker {
    /// Her name if she agreed to it, else her alias; none if she has none.
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub name: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub village: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub story: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub portrait: Option<String>,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    pub steps: Vec<String>,
    #[diesel(sql_type = sql::BigInt)]
    pub pieces: i64,
}

/// As many as a page shows.
const MAX_MAKERS: i64 = 50;

/// By the work register. The latest word on each purpose holds, read now: a withdrawal holds from the next request.
pub async fn makers(conn: &mut Conn, coop: CoopId, product: ProductId) -> Result<Vec<Maker>, DbError> {
    let statement = db::sql(
        "SELECT her.name, her.village, her.story, encode(m.sha256, 'hex') AS portrait, made.steps, made.pieces
         FROM (SELECT w.artisan_id, max(w.pieces)::bigint AS pieces, array_agg(DISTINCT w.step ORDER BY w.step) AS steps
               FROM variants v JOIN batches b ON b.coop_id = v.coop_id AND b.variant_id = v.id
               JOIN work_entries w ON w.coop_id = b.coop_id AND w.batch_id = b.id
               WHERE v.coop_id = $1 AND v.product_id = $2 AND w.artisan_id IS NOT NULL GROUP BY w.artisan_id) made
         JOIN public_makers her ON her.coop_id = $1 AND her.id = made.artisan_id
         LEFT JOIN media m ON m.coop_id = her.coop_id AND m.id = her.portrait_id AND m.state = 'ready'
         ORDER BY made.pieces DESC, her.id LIMIT $3",
    );
    Ok(statement.bind::<sql::Uuid, _>(coop).bind::<sql::Uuid, _>(product).bind::<sql::BigInt, _>(MAX_MAKERS).load(conn).await?)
}

/// What the record knows of a product's pieces.
#[derive(Debug, QueryableByName)]
pub struct Recorded {
    #[diesel(sql_type = sql::Text)]
    pub code: String,
    #[diesel(sql_type = sql::Date)]
    pub day: Day,
    #[diesel(sql_type = sql::Integer)]
    pub pieces: i32,
    #[diesel(sql_type = sql::Integer)]
    pub with_code: i32,
}
/// The newest: older ones are sold.
const MAX_BATCHES: i64 = 10;

/// Its newest batches.
pub async fn recorded(conn: &mut Conn, coop: CoopId, product: ProductId) -> Result<Vec<Recorded>, DbError> {
    let statement = db::sql(
        "SELECT b.code, (b.created_at AT TIME ZONE 'UTC')::date AS day, b.quantity AS pieces, b.minted AS with_code
         FROM variants v JOIN batches b ON b.coop_id = v.coop_id AND b.variant_id = v.id
         WHERE v.coop_id = $1 AND v.product_id = $2 ORDER BY b.id DESC LIMIT $3",
    );
    Ok(statement.bind::<sql::Uuid, _>(coop).bind::<sql::Uuid, _>(product).bind::<sql::BigInt, _>(MAX_BATCHES).load(conn).await?)
}
