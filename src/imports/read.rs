//! What stands here, as a sheet would say it: the other side of a merge, and our own export.
use std::collections::HashMap;

use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use sheets::{
    catalogue::{Image, Policy, Product, Status, Stock, Variant},
    cells::Cells,
    field::Field,
    mapping::{Format, Kind},
};

use super::{model::Error, store};
use crate::{
    catalog::{self, stock},
    db::Conn,
    ids::{ProductId, VariantId},
    money::Currency,
    tenancy::Scope,
};

/// A product of ours with the ids of its variants, in their order.
pub(super) struct Ours {
    pub id: ProductId,
    pub product: Product,
    pub variants: Vec<VariantId>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql::Uuid)]
    id: ProductId,
    #[diesel(sql_type = sql::Text)]
    title: String,
    #[diesel(sql_type = sql::Text)]
    body_html: String,
    #[diesel(sql_type = sql::Text)]
    kind: String,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    tags: Vec<String>,
    #[diesel(sql_type = sql::Text)]
    status: catalog::Status,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    craft: Option<String>,
    #[diesel(sql_type = sql::Jsonb)]
    materials: Value,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    options: Vec<String>,
    #[diesel(sql_type = sql::Jsonb)]
    variants: Value,
    #[diesel(sql_type = sql::Jsonb)]
    images: Value,
}
#[derive(serde::Deserialize)]
struct VariantRow {
    id: VariantId,
    options: Vec<String>,
    sku: Option<String>,
    barcode: Option<String>,
    grams: Option<i64>,
    amount: Option<i64>,
    compare_at: Option<i64>,
    policy: stock::Policy,
    on_hand: i64,
    image: Option<String>,
}
#[derive(serde::Deserialize)]
struct ImageRow {
    url: String,
    alt: String,
}
#[derive(serde::Deserialize)]
struct Material {
    name: String,
}

const OURS: &str = "
  SELECT p.id, p.title, p.body_html, p.kind, p.tags, p.status, p.craft_code AS craft, p.materials,
    ARRAY(SELECT o.name FROM product_options o WHERE o.coop_id = p.coop_id AND o.product_id = p.id ORDER BY o.position) AS options,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'options', v.options, 'sku', v.sku, 'barcode', v.barcode, 'grams', v.grams,
        'amount', x.amount_minor, 'compare_at', x.compare_at_minor, 'policy', s.policy, 'on_hand', s.on_hand,
        'image', (SELECT coalesce(m.source_url, $4 || encode(m.sha256, 'hex')) FROM product_media pm
                  JOIN media m ON m.coop_id = pm.coop_id AND m.id = pm.media_id
                  WHERE pm.coop_id = v.coop_id AND pm.product_id = v.product_id AND pm.variant_id = v.id ORDER BY pm.position LIMIT 1))
        ORDER BY v.position, v.id), '[]')
     FROM variants v JOIN stock s ON s.coop_id = v.coop_id AND s.variant_id = v.id
     LEFT JOIN prices x ON x.coop_id = v.coop_id AND x.variant_id = v.id AND x.currency = $2
     WHERE v.coop_id = p.coop_id AND v.product_id = p.id) AS variants,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('url', coalesce(m.source_url, $4 || encode(m.sha256, 'hex')), 'alt', pm.alt) ORDER BY pm.position), '[]')
     FROM product_media pm JOIN media m ON m.coop_id = pm.coop_id AND m.id = pm.media_id
     WHERE pm.coop_id = p.coop_id AND pm.product_id = p.id AND (m.source_url IS NOT NULL OR m.sha256 IS NOT NULL)) AS images
  FROM products p WHERE p.coop_id = $1 AND ($3::uuid[] IS NULL OR p.id = ANY ($3)) ORDER BY p.id";

/// The products as a sheet would have them; all of them without `ids`. Amounts are those in `currency`; identities are the ones they
/// were imported under, or our own. `media_url` is what the address of a picture uploaded here starts with.
pub(super) async fn ours(conn: &mut Conn, scope: Scope, currency: Currency, ids: Option<&[ProductId]>, media_url: &str) -> Result<Vec<Ours>, Error> {
    let rows: Vec<Row> = diesel::sql_query(OURS)
        .bind::<sql::Uuid, _>(scope.coop())
        .bind::<sql::Text, _>(currency)
        .bind::<sql::Nullable<sql::Array<sql::Uuid>>, _>(ids)
        .bind::<sql::Text, _>(media_url)
        .load(conn)
        .await?;
    let keys = store::keys_of(conn, scope, ids).await?;
    rows.into_iter().map(|row| row.ours(&keys)).collect()
}

type Keys = HashMap<uuid::Uuid, (String, Cells)>;

impl Row {
    fn ours(self, keys: &Keys) -> Result<Ours, Error> {
        let key = keys.get(&self.id.uuid());
        // What is kept only as it was imported.
        let kept = |field: Field| key.and_then(|(_, cells)| cells.get(&field)).filter(|text| !text.is_empty());
        let (source, handle) = match key {
            Some((key, _)) => {
                let (source, _, handle): (Format, Kind, String) = serde_json::from_str(key)?;
                (source, handle)
            }
            None => (Format::Haat, self.id.to_string()),
        };
        let variants: Vec<VariantRow> = serde_json::from_value(self.variants)?;
        let images: Vec<ImageRow> = serde_json::from_value(self.images)?;
        let materials: Vec<Material> = serde_json::from_value(self.materials)?;
        let product = Product {
            source,
            handle,
            title: self.title,
            body_html: Some(self.body_html).filter(|b| !b.is_empty()),
            vendor: kept(Field::Vendor).cloned(),
            categories: kept(Field::Categories).map(|text| text.lines().map(ToOwned::to_owned).collect()).unwrap_or_default(),
            product_type: Some(self.kind).filter(|k| !k.is_empty()),
            tags: self.tags,
            status: status(self.status),
            published: kept(Field::Published).is_none_or(|text| text == "true"),
            craft: self.craft,
            materials: materials.into_iter().map(|m| m.name).collect(),
            options: self.options,
            images: (1..)
                .zip(images)
                .map(|(position, i)| Image { url: i.url, position, alt: Some(i.alt).filter(|a| !a.is_empty()), row: 0 })
                .collect(),
            rows: Vec::new(),
            faulty: false,
            variants: variants.iter().map(|v| v.variant(keys.get(&v.id.uuid()).map(|(key, _)| key.as_str()))).collect(),
        };
        Ok(Ours { id: self.id, product, variants: variants.into_iter().map(|v| v.id).collect() })
    }
}

impl VariantRow {
    fn variant(&self, key: Option<&str>) -> Variant {
        // The key ends with the shop's own id of the variant, or with its option values.
        let id = key.and_then(|key| serde_json::from_str::<(Format, Kind, (String, Value))>(key).ok()).and_then(|(_, _, (_, id))| match id {
            Value::String(id) => Some(id),
            _ => None,
        });
        Variant {
            id,
            options: self.options.clone(),
            sku: self.sku.clone(),
            barcode: self.barcode.clone(),
            price_minor: self.amount,
            compare_at_minor: self.compare_at,
            grams: self.grams,
            stock: if self.policy == stock::Policy::Finite { Stock::Column(self.on_hand) } else { Stock::Absent },
            policy: if self.policy == stock::Policy::MadeToOrder { Policy::Continue } else { Policy::Deny },
            image: self.image.clone(),
            row: 0,
        }
    }
}

const fn status(status: catalog::Status) -> Status {
    match status {
        catalog::Status::Published => Status::Active,
        catalog::Status::Draft => Status::Draft,
        catalog::Status::Archived => Status::Archived,
    }
}
