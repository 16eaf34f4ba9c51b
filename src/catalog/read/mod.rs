//! What storefronts and carts read: one statement per page.
pub mod manage;

use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{
    model::{StockOwner, is_mark},
    price::Division,
    stock::Policy,
};
use crate::{
    clock::Time,
    db::{Conn, DbError},
    ids::{CoopId, PriceTemplateId, ProductId, VariantId},
    money::{BasisPoints, Currency, Money},
};

/// All that pricing a cart line needs to know of a variant.
#[derive(Clone, Debug)]
pub struct Offer {
    pub variant: VariantId,
    pub coop: CoopId,
    pub cooperative: String,
    pub product: ProductId,
    pub slug: String,
    pub title: String,
    pub variant_title: String,
    pub unit: Money,
    pub tax_inclusive: bool,
    pub tax_category: String,
    pub commission_bp: BasisPoints,
    pub premium_bp: BasisPoints,
    pub own_currency: Currency,
    pub division: Option<(PriceTemplateId, Division)>,
    pub grams: i32,
    pub policy: Policy,
    /// Pieces that can be had now; meaningless for what is made to order.
    pub available: i32,
    pub made_to_order_days: Option<i32>,
    pub stock_owner: StockOwner,
}
impl Offer {
    pub fn can_sell(&self, quantity: i32) -> bool {
        match self.policy {
            Policy::MadeToOrder => true,
            Policy::Finite => self.available >= quantity,
            Policy::Unknown => false,
        }
    }
}

#[derive(QueryableByName)]
struct OfferRow {
    #[diesel(sql_type = sql::Uuid)]
    variant: VariantId,
    #[diesel(sql_type = sql::Uuid)]
    coop: CoopId,
    #[diesel(sql_type = sql::Text)]
    cooperative: String,
    #[diesel(sql_type = sql::Uuid)]
    product: ProductId,
    #[diesel(sql_type = sql::Text)]
    slug: String,
    #[diesel(sql_type = sql::Text)]
    title: String,
    #[diesel(sql_type = sql::Text)]
    variant_title: String,
    #[diesel(sql_type = sql::BigInt)]
    amount_minor: i64,
    #[diesel(sql_type = sql::Bool)]
    tax_inclusive: bool,
    #[diesel(sql_type = sql::Text)]
    tax_category: String,
    #[diesel(sql_type = sql::Integer)]
    commission_bp: i32,
    #[diesel(sql_type = sql::Integer)]
    premium_bp: i32,
    #[diesel(sql_type = sql::Text)]
    own_currency: Currency,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    template_id: Option<PriceTemplateId>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    maker_bp: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    materials_bp: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    cooperative_bp: Option<i32>,
    #[diesel(sql_type = sql::Integer)]
    grams: i32,
    #[diesel(sql_type = sql::Text)]
    policy: Policy,
    #[diesel(sql_type = sql::Integer)]
    available: i32,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    made_to_order_days: Option<i32>,
    #[diesel(sql_type = sql::Text)]
    stock_owner: StockOwner,
}

/// The published, active variants among `ids` that have a price in `currency`; the others are left out, and the cart says so.
pub async fn offers(conn: &mut Conn, ids: &[VariantId], currency: Currency) -> Result<Vec<Offer>, DbError> {
    let rows: Vec<OfferRow> = diesel::sql_query(
        "SELECT v.id AS variant, v.coop_id AS coop, c.name AS cooperative, p.id AS product, p.slug, p.title, v.title AS variant_title,
                x.amount_minor, x.tax_inclusive, p.tax_category, c.commission_bp, c.premium_bp, c.currency AS own_currency,
                t.id AS template_id, t.maker_bp, t.materials_bp, t.cooperative_bp, coalesce(v.grams, 0) AS grams,
                s.policy, s.on_hand - s.reserved AS available, p.made_to_order_days, p.stock_owner
         FROM variants v
         JOIN products p ON p.coop_id = v.coop_id AND p.id = v.product_id AND p.status = 'published'
         JOIN cooperatives c ON c.id = v.coop_id AND c.state = 'approved'
         JOIN prices x ON x.coop_id = v.coop_id AND x.variant_id = v.id AND x.currency = $2
         JOIN stock s ON s.coop_id = v.coop_id AND s.variant_id = v.id
         LEFT JOIN price_templates t ON t.coop_id = p.coop_id AND t.id = p.template_id
         WHERE v.id = ANY ($1) AND v.active",
    )
    .bind::<sql::Array<sql::Uuid>, _>(ids)
    .bind::<sql::Text, _>(currency)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.offer(currency)).collect())
}

fn bp(value: i32) -> BasisPoints {
    BasisPoints::try_from(value).unwrap_or(0)
}

impl OfferRow {
    fn offer(self, currency: Currency) -> Offer {
        let division = match (self.template_id, self.maker_bp, self.materials_bp, self.cooperative_bp) {
            (Some(id), Some(maker), Some(materials), Some(cooperative)) => {
                Some((id, Division { maker_bp: bp(maker), materials_bp: bp(materials), cooperative_bp: bp(cooperative) }))
            }
            _ => None,
        };
        Offer {
            variant: self.variant,
            coop: self.coop,
            cooperative: self.cooperative,
            product: self.product,
            slug: self.slug,
            title: self.title,
            variant_title: self.variant_title,
            unit: Money::new(self.amount_minor, currency),
            tax_inclusive: self.tax_inclusive,
            tax_category: self.tax_category,
            commission_bp: bp(self.commission_bp),
            premium_bp: bp(self.premium_bp),
            own_currency: self.own_currency,
            division,
            grams: self.grams,
            policy: self.policy,
            available: self.available,
            made_to_order_days: self.made_to_order_days,
            stock_owner: self.stock_owner,
        }
    }
}

/// One product in a list.
#[derive(Debug, QueryableByName)]
pub(super) struct Card {
    #[diesel(sql_type = sql::Uuid)]
    pub id: ProductId,
    #[diesel(sql_type = sql::Text)]
    pub slug: String,
    #[diesel(sql_type = sql::Text)]
    pub title: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative_slug: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft: Option<String>,
    #[diesel(sql_type = sql::BigInt)]
    pub price_from: i64,
    #[diesel(sql_type = sql::Bool)]
    pub in_stock: bool,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub picture: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub blurhash: Option<String>,
    #[diesel(sql_type = sql::Timestamptz)]
    pub published_at: Time,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub search: Option<String>,
    pub coop: Option<String>,
    pub craft: Option<String>,
    pub in_stock: bool,
    pub after: Option<(Time, ProductId)>,
    pub limit: i64,
}

/// Newest first, keyset by (published_at, id). A product without a price in the currency is not for sale in it, and is not listed.
pub(super) async fn list(conn: &mut Conn, currency: Currency, wanted: &Wanted) -> Result<Vec<Card>, DbError> {
    let (after_at, after_id) = wanted.after.unzip();
    let query = diesel::sql_query(format!(
        "SELECT p.id, p.slug, p.title, c.name AS cooperative, c.slug AS cooperative_slug, p.craft_code AS craft, offer.price_from, offer.in_stock,
                shown.picture, shown.blurhash, p.published_at
         FROM products p
         JOIN cooperatives c ON c.id = p.coop_id AND c.state = 'approved'
         CROSS JOIN LATERAL (
           SELECT min(x.amount_minor) AS price_from, bool_or(s.policy = 'made_to_order' OR (s.policy = 'finite' AND s.on_hand > s.reserved)) AS in_stock
           FROM variants v JOIN prices x ON x.coop_id = v.coop_id AND x.variant_id = v.id AND x.currency = $1
           JOIN stock s ON s.coop_id = v.coop_id AND s.variant_id = v.id
           WHERE v.coop_id = p.coop_id AND v.product_id = p.id AND v.active) offer
         LEFT JOIN LATERAL (
           SELECT encode(m.sha256, 'hex') AS picture, m.blurhash FROM product_media pm JOIN media m ON m.coop_id = pm.coop_id AND m.id = pm.media_id
           WHERE pm.coop_id = p.coop_id AND pm.product_id = p.id AND m.state = 'ready' ORDER BY pm.position LIMIT 1) shown ON true
         WHERE p.status = 'published' AND offer.price_from IS NOT NULL AND (NOT $2 OR offer.in_stock)
           AND ($3::text[] IS NULL OR p.search @@ {words}) AND ($4::text IS NULL OR c.slug = $4) AND ($5::text IS NULL OR p.craft_code = $5)
           AND ($6::timestamptz IS NULL OR (p.published_at, p.id) < ($6, $7))
         ORDER BY p.published_at DESC, p.id DESC LIMIT $8",
        words = search_words("$3"),
    ));
    Ok(query
        .bind::<sql::Text, _>(currency)
        .bind::<sql::Bool, _>(wanted.in_stock)
        .bind::<sql::Nullable<sql::Array<sql::Text>>, _>(wanted.search.as_deref().and_then(words))
        .bind::<sql::Nullable<sql::Text>, _>(wanted.coop.as_deref())
        .bind::<sql::Nullable<sql::Text>, _>(wanted.craft.as_deref())
        .bind::<sql::Nullable<sql::Timestamptz>, _>(after_at)
        .bind::<sql::Nullable<sql::Uuid>, _>(after_id)
        .bind::<sql::BigInt, _>(wanted.limit)
        .load(conn)
        .await?)
}

/// The words of a search. Every one must begin some word of the product.
fn words(text: &str) -> Option<Vec<String>> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).filter(|w| !w.is_empty()).take(MAX_WORDS);
    let words: Vec<String> = words.map(ToOwned::to_owned).collect();
    (!words.is_empty()).then_some(words)
}
/// More words than anyone types; each is one index scan.
const MAX_WORDS: usize = 8;

/// The tsquery of the words in a text[] parameter, folded as the index is. Folding may bring signs of its own ("½" is " 1/2"): they go,
/// so that nothing but words reaches the query.
fn search_words(parameter: &str) -> String {
    format!(
        r"(SELECT to_tsquery('simple', string_agg(w.word || ':*', ' & '))
           FROM (SELECT regexp_replace(fold(given), '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+', '', 'g') AS word
                 FROM unnest({parameter}) AS given) w WHERE w.word <> '')"
    )
}

/// A product's page, whole: JSON put together by the database, one round trip.
#[derive(Debug, QueryableByName)]
pub(super) struct Detail {
    #[diesel(sql_type = sql::Uuid)]
    pub id: ProductId,
    #[diesel(sql_type = sql::Text)]
    pub slug: String,
    #[diesel(sql_type = sql::Text)]
    pub title: String,
    #[diesel(sql_type = sql::Text)]
    pub body_html: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft: Option<String>,
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
    #[diesel(sql_type = sql::Nullable<sql::Jsonb>)]
    pub division: Option<serde_json::Value>,
    #[diesel(sql_type = sql::Jsonb)]
    pub materials: serde_json::Value,
    #[diesel(sql_type = sql::Jsonb)]
    pub variants: serde_json::Value,
    #[diesel(sql_type = sql::Jsonb)]
    pub media: serde_json::Value,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    pub options: Vec<String>,
    #[diesel(sql_type = sql::Timestamptz)]
    pub updated_at: Time,
}

/// By id or by slug; a retired slug finds its product too, and the caller redirects.
pub(super) async fn detail(conn: &mut Conn, named: &str, currency: Currency) -> Result<Option<Detail>, DbError> {
    let query = diesel::sql_query(
        "SELECT p.id, p.slug, p.title, p.body_html, p.craft_code AS craft, c.name AS cooperative, c.slug AS cooperative_slug,
                c.district || ', ' || c.country AS place, c.commission_bp, c.premium_bp, p.made_to_order_days, p.materials, p.updated_at,
                (SELECT jsonb_build_object('maker_bp', t.maker_bp, 'materials_bp', t.materials_bp, 'cooperative_bp', t.cooperative_bp)
                 FROM price_templates t WHERE t.coop_id = p.coop_id AND t.id = p.template_id) AS division,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'title', v.title, 'options', v.options, 'sku', v.sku, 'grams', v.grams,
                   'amount', x.amount_minor, 'tax_inclusive', x.tax_inclusive, 'policy', s.policy, 'available', s.on_hand - s.reserved) ORDER BY v.position), '[]')
                 FROM variants v JOIN stock s ON s.coop_id = v.coop_id AND s.variant_id = v.id
                 LEFT JOIN prices x ON x.coop_id = v.coop_id AND x.variant_id = v.id AND x.currency = $2
                 WHERE v.coop_id = p.coop_id AND v.product_id = p.id AND v.active) AS variants,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'sha', encode(m.sha256, 'hex'), 'alt', pm.alt, 'blurhash', m.blurhash,
                   'width', m.width, 'height', m.height) ORDER BY pm.position), '[]')
                 FROM product_media pm JOIN media m ON m.coop_id = pm.coop_id AND m.id = pm.media_id
                 WHERE pm.coop_id = p.coop_id AND pm.product_id = p.id AND m.state = 'ready') AS media,
                ARRAY(SELECT o.name FROM product_options o WHERE o.coop_id = p.coop_id AND o.product_id = p.id ORDER BY o.position) AS options
         FROM product_slugs n JOIN products p ON p.coop_id = n.coop_id AND p.id = n.product_id
         JOIN cooperatives c ON c.id = p.coop_id AND c.state = 'approved'
         WHERE p.status = 'published' AND (n.slug = $1 OR (p.id = $3 AND n.slug = p.slug)) LIMIT 1",
    );
    Ok(query
        .bind::<sql::Text, _>(named)
        .bind::<sql::Text, _>(currency)
        .bind::<sql::Nullable<sql::Uuid>, _>(named.parse::<uuid::Uuid>().ok())
        .get_result(conn)
        .await
        .optional()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_search_is_words_and_nothing_else() {
        let words = |text: &str| super::words(text).unwrap_or_default();
        assert_eq!(words("Indigo stólé"), ["Indigo", "stólé"]);
        assert_eq!(words("a & !b | (c):*'"), ["a", "b", "c"]);
        assert_eq!(words(" -- "), [""; 0]);
        assert_eq!(words("ढाका टोपी"), ["ढाका", "टोपी"]);
    }
}
