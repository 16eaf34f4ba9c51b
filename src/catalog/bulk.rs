//! Many products at once: a fixed number of statements however many there are.
//!
//! Rows travel as one JSON value per statement, which PostgreSQL unfolds: no limit on parameters, one round trip.
use std::collections::HashSet;

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{
    floors,
    gate::{Gate, GateFacts, gate},
    model::{Error, NewProduct, NewVariant, Status, StockOwner, slugify},
    store,
};
use crate::{
    clock::Time,
    db::{DbError, Tx},
    ids::{ProductId, VariantId},
    schema::product_slugs,
    tenancy::Scope,
};

/// Writes drafts with their variants, prices and stock. The caller has checked them; the gate is asked by [`super::judge_many`].
pub async fn create_many(tx: &mut Tx, now: Time, scope: Scope, new: &[NewProduct]) -> Result<Vec<(ProductId, Vec<VariantId>)>, Error> {
    let slugs = free_slugs(tx, new.iter().map(|p| slugify(&p.title)).collect()).await?;
    let ids: Vec<ProductId> = new.iter().map(|_| ProductId::new()).collect();
    let rows: Vec<Value> = new.iter().zip(&ids).zip(&slugs).map(|((p, id), slug)| product_row(p, *id, slug)).collect();
    insert(tx, now, scope, INSERT_PRODUCTS, rows).await?;
    let slug_rows = ids.iter().zip(&slugs).map(|(id, slug)| json!({"product": id, "slug": slug})).collect();
    insert(tx, now, scope, INSERT_SLUGS, slug_rows).await?;
    let options = new
        .iter()
        .zip(&ids)
        .flat_map(|(p, id)| (0..).zip(&p.options).map(move |(n, name): (i16, _)| json!({"product": id, "position": n, "name": name})));
    insert(tx, now, scope, INSERT_OPTIONS, options.collect()).await?;
    let wanted: Vec<(ProductId, i16, &NewVariant)> =
        new.iter().zip(&ids).flat_map(|(p, id)| (0..).zip(&p.variants).map(move |(n, variant)| (*id, n, variant))).collect();
    let mut variants = add_variants(tx, now, scope, &wanted).await?.into_iter();
    Ok(ids.into_iter().zip(new).map(|(id, p)| (id, variants.by_ref().take(p.variants.len()).collect())).collect())
}

/// Adds variants with their prices and stock: (product, position, variant).
pub async fn add_variants(tx: &mut Tx, now: Time, scope: Scope, new: &[(ProductId, i16, &NewVariant)]) -> Result<Vec<VariantId>, Error> {
    let ids: Vec<VariantId> = new.iter().map(|_| VariantId::new()).collect();
    let variant = |((product, position, v), id): (&(ProductId, i16, &NewVariant), &VariantId)| {
        json!({"id": id, "product": product, "position": position, "title": v.options.join(" / "), "options": v.options, "sku": v.sku,
            "barcode": v.barcode, "grams": v.grams, "policy": v.stock.policy, "on_hand": v.stock.on_hand})
    };
    let rows: Vec<Value> = new.iter().zip(&ids).map(variant).collect();
    insert(tx, now, scope, INSERT_VARIANTS, rows.clone()).await?;
    insert(tx, now, scope, INSERT_STOCK, rows).await?;
    let prices = new.iter().zip(&ids).flat_map(|((_, _, v), id)| {
        v.prices.iter().map(move |p| {
            json!({"variant": id, "currency": p.currency, "amount": p.minor, "compare_at": p.compare_at_minor, "tax_inclusive": p.tax_inclusive})
        })
    });
    insert(tx, now, scope, INSERT_PRICES, prices.collect()).await?;
    Ok(ids)
}

fn product_row(p: &NewProduct, id: ProductId, slug: &str) -> Value {
    json!({"id": id, "slug": slug, "title": p.title.trim(), "body_html": p.body_html, "body_text": p.body_text, "kind": p.kind, "tags": p.tags,
        "craft": p.craft, "tax_category": p.tax_category, "materials": p.materials, "stock_owner": StockOwner::Cooperative,
        "status": Status::Draft, "days": p.made_to_order_days, "template": p.template})
}

const INSERT_PRODUCTS: &str = "INSERT INTO products (coop_id, id, slug, title, body_html, body_text, kind, tags, craft_code, tax_category, materials,
    stock_owner, status, gate, made_to_order_days, template_id, version, created_at, updated_at)
  SELECT $1, r.id, r.slug, r.title, r.body_html, r.body_text, r.kind, r.tags, r.craft, r.tax_category, r.materials, r.stock_owner, r.status, '{}',
    r.days, r.template, 1, $2, $2
  FROM jsonb_to_recordset($3) AS r (id uuid, slug text, title text, body_html text, body_text text, kind text, tags text[], craft text,
    tax_category text, materials jsonb, stock_owner text, status text, days integer, template uuid)";
const INSERT_SLUGS: &str = "INSERT INTO product_slugs (slug, coop_id, product_id)
  SELECT r.slug, $1, r.product FROM jsonb_to_recordset($3) AS r (product uuid, slug text) WHERE $2 IS NOT NULL";
const INSERT_OPTIONS: &str = "INSERT INTO product_options (coop_id, product_id, position, name)
  SELECT $1, r.product, r.position, r.name FROM jsonb_to_recordset($3) AS r (product uuid, position smallint, name text) WHERE $2 IS NOT NULL";
const INSERT_VARIANTS: &str =
    "INSERT INTO variants (coop_id, id, product_id, title, options, sku, barcode, grams, position, active, created_at, updated_at)
  SELECT $1, r.id, r.product, r.title, r.options, r.sku, r.barcode, r.grams, r.position, true, $2, $2
  FROM jsonb_to_recordset($3) AS r (id uuid, product uuid, title text, options text[], sku text, barcode text, grams integer, position smallint)";
const INSERT_STOCK: &str = "INSERT INTO stock (coop_id, variant_id, policy, on_hand, reserved)
  SELECT $1, r.id, r.policy, r.on_hand, 0 FROM jsonb_to_recordset($3) AS r (id uuid, policy text, on_hand integer) WHERE $2 IS NOT NULL";
const INSERT_PRICES: &str = "INSERT INTO prices (coop_id, variant_id, currency, amount_minor, compare_at_minor, tax_inclusive, updated_at)
  SELECT $1, r.variant, r.currency, r.amount, r.compare_at, r.tax_inclusive, $2
  FROM jsonb_to_recordset($3) AS r (variant uuid, currency text, amount bigint, compare_at bigint, tax_inclusive boolean)";

/// `$1` the cooperative, `$2` the time, `$3` the rows.
async fn insert(tx: &mut Tx, now: Time, scope: Scope, sql: &str, rows: Vec<Value>) -> Result<(), DbError> {
    if !rows.is_empty() {
        let query = diesel::sql_query(sql).bind::<sql_types::Uuid, _>(scope.coop()).bind::<sql_types::Timestamptz, _>(now);
        query.bind::<sql_types::Jsonb, _>(Value::Array(rows)).execute(tx).await?;
    }
    Ok(())
}

/// For each wanted slug a free one: itself, or itself with the first number that nobody has. The unique key decides a race.
async fn free_slugs(tx: &mut Tx, wanted: Vec<String>) -> Result<Vec<String>, DbError> {
    let mut given: HashSet<String> = HashSet::new();
    let mut slugs: Vec<Option<String>> = vec![None; wanted.len()];
    // Each round asks about one candidate per product that has none yet, and numbers grow fast, so that a thousand equal titles end.
    let mut number = 1_u32;
    let mut next: std::collections::HashMap<&str, u32> = std::collections::HashMap::new();
    while slugs.iter().any(Option::is_none) {
        let mut candidates = vec![None; wanted.len()];
        for (at, base) in wanted.iter().enumerate().filter(|(at, _)| slugs[*at].is_none()) {
            let turn = next.entry(base).or_insert(1);
            candidates[at] = Some(if *turn == 1 { base.clone() } else { format!("{base}-{turn}") });
            *turn += number;
        }
        let asked: Vec<&String> = candidates.iter().flatten().collect();
        let taken: HashSet<String> =
            product_slugs::table.filter(product_slugs::slug.eq_any(asked)).select(product_slugs::slug).load(tx).await?.into_iter().collect();
        for (at, candidate) in candidates.into_iter().enumerate() {
            if let Some(slug) = candidate.filter(|slug| !taken.contains(slug) && given.insert(slug.clone())) {
                slugs[at] = Some(slug);
            }
        }
        number = number.saturating_mul(2).min(MAX_STEP);
    }
    Ok(slugs.into_iter().flatten().collect())
}
/// How far apart the numbers tried become: slugs stay short, and a shop with ten thousand "Ring"s still ends.
const MAX_STEP: u32 = 64;

/// Asks the gate about many products and keeps its answers beside them. One in the shop that would sell for less than its makers agreed to
/// is taken out of it: many prices are brought in at once, and the others are none of its business.
pub async fn judge_many(tx: &mut Tx, now: Time, scope: Scope, ids: &[ProductId]) -> Result<Vec<(ProductId, Gate)>, Error> {
    let mut lowered = floors::by_product(floors::judge(tx, now, scope, ids).await?);
    let facts = store::gate_facts_of(tx, scope, ids).await?;
    let with = |(id, facts): (ProductId, GateFacts)| (id, gate(&GateFacts { lowered: lowered.remove(&id).unwrap_or_default(), ..facts }));
    let judged: Vec<(ProductId, Gate)> = facts.into_iter().map(with).collect();
    let rows: Vec<Value> = judged.iter().map(|(id, gate)| json!({"id": id, "gate": gate, "lowered": gate.is_lowered()})).collect();
    insert(tx, now, scope, SET_GATES, rows).await?;
    Ok(judged)
}
const SET_GATES: &str = "UPDATE products p SET gate = r.gate, updated_at = $2,
    status = CASE WHEN r.lowered AND p.status = 'published' THEN 'draft' ELSE p.status END
  FROM jsonb_to_recordset($3) AS r (id uuid, gate jsonb, lowered boolean)
  WHERE p.coop_id = $1 AND p.id = r.id";

/// Shows to buyers those that the gate lets through; the others stay as they are. Answers what the gate said of each; one that is archived,
/// be it in this very moment, is not asked about.
pub async fn publish_many(tx: &mut Tx, now: Time, scope: Scope, ids: &[ProductId]) -> Result<Vec<(ProductId, Gate)>, Error> {
    let ids = store::lock_many(tx, scope, ids).await?;
    let judged = judge_many(tx, now, scope, &ids).await?;
    let through = judged.iter().filter(|(_, gate)| gate.lets_through()).map(|(id, _)| json!({"id": id})).collect();
    insert(tx, now, scope, PUBLISH, through).await?;
    Ok(judged)
}
/// The first publication dates it; a later one does not make it new.
const PUBLISH: &str =
    "UPDATE products p SET status = 'published', published_at = coalesce(p.published_at, $2), updated_at = $2, version = p.version + 1
  FROM jsonb_to_recordset($3) AS r (id uuid) WHERE p.coop_id = $1 AND p.id = r.id AND p.status <> 'archived'";

pub async fn archive_many(tx: &mut Tx, now: Time, scope: Scope, ids: &[ProductId]) -> Result<(), Error> {
    Ok(insert(tx, now, scope, ARCHIVE, ids.iter().map(|id| json!({"id": id})).collect()).await?)
}
const ARCHIVE: &str = "UPDATE products p SET status = 'archived', updated_at = $2, version = p.version + 1
  FROM jsonb_to_recordset($3) AS r (id uuid) WHERE p.coop_id = $1 AND p.id = r.id";
