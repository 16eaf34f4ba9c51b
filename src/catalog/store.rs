//! Every statement that changes products, variants, prices and stock rows. Nothing is found without naming its cooperative.
use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    gate::{Gate, GateFacts},
    model::{NewProduct, Status, StockOwner},
};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{PriceTemplateId, ProductId, VariantId},
    money::Money,
    payments,
    schema::{prices, product_options, product_slugs, products, stock, variants},
    tenancy::Scope,
};

/// The wanted slug, or the first free one with a number behind it. The unique key decides a race: the loser's transaction is retried.
pub(super) async fn free_slug(tx: &mut Tx, wanted: &str) -> Result<String, DbError> {
    let taken: Vec<String> = product_slugs::table
        .filter(product_slugs::slug.eq(wanted).or(product_slugs::slug.like(format!("{}-%", wanted.replace('%', "").replace('_', "\\_")))))
        .select(product_slugs::slug)
        .load(tx)
        .await?;
    let free = |slug: &String| !taken.contains(slug);
    let numbered = (2..).map(|n| format!("{wanted}-{n}"));
    Ok(std::iter::once(wanted.to_owned()).chain(numbered).find(free).expect("an endless row of numbers has a free one"))
}

pub(super) async fn insert_product(tx: &mut Tx, now: Time, scope: Scope, id: ProductId, slug: &str, new: &NewProduct) -> Result<(), DbError> {
    diesel::insert_into(products::table)
        .values((
            (products::coop_id.eq(scope.coop()), products::id.eq(id), products::slug.eq(slug), products::title.eq(new.title.trim())),
            (products::body_html.eq(&new.body_html), products::body_text.eq(&new.body_text), products::kind.eq(&new.kind)),
            (products::tags.eq(&new.tags), products::craft_code.eq(&new.craft), products::tax_category.eq(&new.tax_category)),
            (products::materials.eq(&new.materials), products::stock_owner.eq(StockOwner::Cooperative), products::status.eq(Status::Draft)),
            (products::gate.eq(serde_json::json!({})), products::made_to_order_days.eq(new.made_to_order_days), products::version.eq(1)),
            (products::template_id.eq(new.template), products::created_at.eq(now), products::updated_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    diesel::insert_into(product_slugs::table)
        .values((product_slugs::slug.eq(slug), product_slugs::coop_id.eq(scope.coop()), product_slugs::product_id.eq(id)))
        .execute(tx)
        .await?;
    let options: Vec<_> = (0_i16..)
        .zip(&new.options)
        .map(|(position, name)| {
            (
                product_options::coop_id.eq(scope.coop()),
                product_options::product_id.eq(id),
                product_options::position.eq(position),
                product_options::name.eq(name),
            )
        })
        .collect();
    diesel::insert_into(product_options::table).values(options).execute(tx).await?;
    Ok(())
}

/// Three statements however many variants there are.
pub(super) async fn insert_variants(tx: &mut Tx, now: Time, scope: Scope, product: ProductId, new: &NewProduct) -> Result<Vec<VariantId>, DbError> {
    let coop = scope.coop();
    let ids: Vec<VariantId> = new.variants.iter().map(|_| VariantId::new()).collect();
    let rows: Vec<_> = (0_i16..)
        .zip(ids.iter().zip(&new.variants))
        .map(|(position, (id, v))| {
            (
                (variants::coop_id.eq(coop), variants::id.eq(*id), variants::product_id.eq(product), variants::position.eq(position)),
                (variants::title.eq(v.options.join(" / ")), variants::options.eq(&v.options), variants::sku.eq(&v.sku)),
                (variants::barcode.eq(&v.barcode), variants::grams.eq(v.grams), variants::active.eq(true)),
                (variants::created_at.eq(now), variants::updated_at.eq(now)),
            )
        })
        .collect();
    diesel::insert_into(variants::table).values(rows).execute(tx).await?;
    let mut price_rows = Vec::new();
    let mut stock_rows = Vec::new();
    for (id, variant) in ids.iter().zip(&new.variants) {
        for price in &variant.prices {
            price_rows.push((
                (prices::coop_id.eq(coop), prices::variant_id.eq(*id), prices::currency.eq(price.currency), prices::amount_minor.eq(price.minor)),
                (prices::compare_at_minor.eq(price.compare_at_minor), prices::tax_inclusive.eq(price.tax_inclusive), prices::updated_at.eq(now)),
            ));
        }
        stock_rows.push((
            stock::coop_id.eq(coop),
            stock::variant_id.eq(*id),
            stock::policy.eq(variant.stock.policy),
            stock::on_hand.eq(variant.stock.on_hand),
            stock::reserved.eq(0),
        ));
    }
    diesel::insert_into(prices::table).values(price_rows).execute(tx).await?;
    diesel::insert_into(stock::table).values(stock_rows).execute(tx).await?;
    Ok(ids)
}

pub(super) async fn status(conn: &mut Conn, scope: Scope, id: ProductId) -> Result<Option<Status>, DbError> {
    Ok(products::table.find((scope.coop(), id)).select(products::status).first(conn).await.optional()?)
}

/// A product as it was when its row was locked.
#[derive(Queryable)]
pub(super) struct Locked {
    pub status: Status,
    pub version: i64,
    pub slug: String,
}
pub(super) async fn lock(tx: &mut Tx, scope: Scope, id: ProductId) -> Result<Option<Locked>, DbError> {
    let row = products::table.find((scope.coop(), id)).select((products::status, products::version, products::slug)).for_update();
    Ok(row.first(tx).await.optional()?)
}
/// Those of them that are not archived, as of now. In order of id, so that two publications never wait for each other crosswise.
pub(super) async fn lock_many(tx: &mut Tx, scope: Scope, ids: &[ProductId]) -> Result<Vec<ProductId>, DbError> {
    let rows = products::table.filter(products::coop_id.eq(scope.coop()).and(products::id.eq_any(ids)).and(products::status.ne(Status::Archived)));
    Ok(rows.select(products::id).order(products::id).for_update().load(tx).await?)
}
/// Products whose price a template divides, in order of id.
pub(super) async fn lock_divided_by(tx: &mut Tx, scope: Scope, template: PriceTemplateId) -> Result<Vec<ProductId>, DbError> {
    let rows = products::table.filter(products::coop_id.eq(scope.coop()).and(products::template_id.eq(template)));
    Ok(rows.select(products::id).order(products::id).for_update().load(tx).await?)
}

pub(super) async fn option_count(conn: &mut Conn, scope: Scope, product: ProductId) -> Result<usize, DbError> {
    let mine = product_options::table.filter(product_options::coop_id.eq(scope.coop()).and(product_options::product_id.eq(product)));
    let count: i64 = mine.count().get_result(conn).await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(super) async fn set_status(tx: &mut Tx, now: Time, scope: Scope, id: ProductId, to: Status) -> Result<(), DbError> {
    // The first publication dates it; a later one does not make it new.
    if to == Status::Published {
        let undated = products::table.find((scope.coop(), id)).filter(products::published_at.is_null());
        diesel::update(undated).set(products::published_at.eq(now)).execute(tx).await?;
    }
    diesel::update(products::table.find((scope.coop(), id)))
        .set((products::status.eq(to), products::updated_at.eq(now), products::version.eq(products::version + 1)))
        .execute(tx)
        .await?;
    Ok(())
}

/// Locks the product and counts a change of it; the new version.
pub(super) async fn touch(tx: &mut Tx, now: Time, scope: Scope, id: ProductId) -> Result<Option<i64>, DbError> {
    Ok(diesel::update(products::table.find((scope.coop(), id)))
        .set((products::updated_at.eq(now), products::version.eq(products::version + 1)))
        .returning(products::version)
        .get_result(tx)
        .await
        .optional()?)
}

pub(super) async fn variant_ids(conn: &mut Conn, scope: Scope, product: ProductId) -> Result<Vec<VariantId>, DbError> {
    let own = variants::table.filter(variants::coop_id.eq(scope.coop()).and(variants::product_id.eq(product)));
    Ok(own.order(variants::position).select(variants::id).load(conn).await?)
}

#[derive(QueryableByName)]
struct Facts {
    #[diesel(sql_type = sql_types::Uuid)]
    id: ProductId,
    #[diesel(sql_type = sql_types::Text)]
    title: String,
    #[diesel(sql_type = sql_types::BigInt)]
    active: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    unpriced: i64,
    /// Prices in currencies whose units differ, as `KWD 1230`.
    #[diesel(sql_type = sql_types::Array<sql_types::Text>)]
    unusual: Vec<String>,
    #[diesel(sql_type = sql_types::Bool)]
    has_template: bool,
    #[diesel(sql_type = sql_types::Bool)]
    accepted: bool,
    #[diesel(sql_type = sql_types::Bool)]
    approved: bool,
    #[diesel(sql_type = sql_types::Text)]
    own_currency: String,
    #[diesel(sql_type = sql_types::BigInt)]
    timed: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    underpaid: i64,
}

/// What the gate looks at, of each of these products that is this cooperative's.
pub(super) async fn gate_facts_of(conn: &mut Conn, scope: Scope, ids: &[ProductId]) -> Result<Vec<(ProductId, GateFacts)>, DbError> {
    let rows: Vec<Facts> = diesel::sql_query(
        "SELECT p.id, p.title, p.template_id IS NOT NULL AS has_template, c.state = 'approved' AS approved,
                c.currency AS own_currency, paid.timed, paid.underpaid,
                count(v.id) FILTER (WHERE v.active) AS active,
                count(v.id) FILTER (WHERE v.active AND NOT EXISTS (
                  SELECT FROM prices x WHERE x.coop_id = v.coop_id AND x.variant_id = v.id
                  AND (x.currency = c.currency OR EXISTS (SELECT FROM fx_rates f WHERE f.base = x.currency AND f.quote = c.currency)))) AS unpriced,
                ARRAY(SELECT DISTINCT x.currency || ' ' || x.amount_minor FROM variants u JOIN prices x ON x.coop_id = u.coop_id AND x.variant_id = u.id
                      WHERE u.coop_id = p.coop_id AND u.product_id = p.id AND u.active AND x.currency = ANY ($3) ORDER BY 1) AS unusual,
                EXISTS (SELECT FROM price_agreements a WHERE a.coop_id = p.coop_id AND a.template_id = p.template_id
                        AND (a.filter = '{}'::jsonb
                             OR (a.filter -> 'kinds') ? p.kind
                             OR (a.filter -> 'tags') ?| p.tags
                             OR (a.filter -> 'products') ? p.id::text)) AS accepted
         FROM products p JOIN cooperatives c ON c.id = p.coop_id LEFT JOIN variants v ON v.coop_id = p.coop_id AND v.product_id = p.id
         CROSS JOIN LATERAL (
           SELECT count(*) AS timed, count(*) FILTER (WHERE w.rate_minor * w.pieces * 60 < w.minutes * (
                    SELECT m.amount_minor FROM wage_benchmarks m
                    WHERE m.kind = 'legal_minimum_hour' AND m.country = c.country AND (m.region IS NULL OR m.region = c.region)
                      AND m.currency = w.currency AND m.valid_from <= w.worked_on
                    ORDER BY m.region IS NULL, m.valid_from DESC LIMIT 1)) AS underpaid
           FROM variants made JOIN batches b ON b.coop_id = made.coop_id AND b.variant_id = made.id
           JOIN work_entries w ON w.coop_id = b.coop_id AND w.batch_id = b.id
           WHERE made.coop_id = p.coop_id AND made.product_id = p.id AND w.minutes IS NOT NULL) paid
         WHERE p.coop_id = $1 AND p.id = ANY ($2) GROUP BY p.coop_id, p.id, c.id, paid.timed, paid.underpaid ORDER BY p.id",
    )
    .bind::<sql_types::Uuid, _>(scope.coop())
    .bind::<sql_types::Array<sql_types::Uuid>, _>(ids)
    .bind::<sql_types::Array<sql_types::Text>, _>(payments::UNUSUAL)
    .load(conn)
    .await?;
    let count = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    let facts = |f: Facts| GateFacts {
        title: f.title,
        active_variants: count(f.active),
        unpriced: count(f.unpriced),
        unpayable: f.unusual.iter().filter_map(|price| unpayable(price)).collect(),
        has_template: f.has_template,
        template_accepted: f.accepted,
        cooperative_approved: f.approved,
        own_currency: f.own_currency,
        timed: count(f.timed),
        underpaid: count(f.underpaid),
        lowered: Vec::new(),
    };
    Ok(rows.into_iter().map(|f| (f.id, facts(f))).collect())
}

/// Why a buyer could not be asked for `KWD 1234`.
fn unpayable(price: &str) -> Option<String> {
    let (currency, minor) = price.split_once(' ')?;
    payments::units(Money::new(minor.parse().ok()?, currency.parse().ok()?)).err().map(|e| e.to_string())
}

pub(super) async fn set_gate(tx: &mut Tx, now: Time, scope: Scope, id: ProductId, gate: &Gate) -> Result<(), DbError> {
    let gate = serde_json::to_value(gate).map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))?;
    diesel::update(products::table.find((scope.coop(), id))).set((products::gate.eq(gate), products::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}
