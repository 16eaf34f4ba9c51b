//! What managers are shown.
use actix_web::{HttpResponse, http::StatusCode};

use crate::{
    catalog::{
        gate::Gate,
        model::Status,
        read::manage::{Row, Whole},
        stock::Policy,
    },
    clock::Time,
    ids::{MediaId, PriceTemplateId, ProductId, VariantId},
    media,
    money::{Currency, Money, MoneyView},
    problem::Problem,
};

fn json<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|e| Problem::internal(&e))
}
fn small(sha: &str) -> String {
    media::path(sha, pictures::EDGES[0])
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct ManagedCard {
    id: ProductId,
    slug: String,
    title: String,
    kind: String,
    status: Status,
    /// What the publish gate said last.
    gate: Gate,
    version: i64,
    /// The lowest price in each currency.
    prices_from: Vec<MoneyView>,
    stock: StockSum,
    picture: Option<String>,
    updated_at: Time,
}
/// Over the variants that are for sale.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct StockSum {
    variants: i64,
    on_hand: i64,
    reserved: i64,
    made_to_order: bool,
    /// Variants whose stock nobody counted: not for sale until it is.
    uncounted: i64,
}
#[derive(serde::Deserialize)]
struct PriceRow {
    currency: Currency,
    amount: i64,
    #[serde(default)]
    compare_at: Option<i64>,
    #[serde(default)]
    tax_inclusive: bool,
}
impl PriceRow {
    fn money(&self) -> MoneyView {
        Money::new(self.amount, self.currency).into()
    }
}

impl ManagedCard {
    pub fn of(row: Row) -> Result<Self, Problem> {
        let prices: Vec<PriceRow> = json(row.prices_from)?;
        Ok(Self {
            id: row.id,
            slug: row.slug,
            title: row.title,
            kind: row.kind,
            status: row.status,
            gate: json(row.gate)?,
            version: row.version,
            prices_from: prices.iter().map(PriceRow::money).collect(),
            stock: json(row.stock)?,
            picture: row.picture.as_deref().map(small),
            updated_at: row.updated_at,
        })
    }
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct ManagedProduct {
    id: ProductId,
    slug: String,
    /// They lead to the product for ever.
    retired_slugs: Vec<String>,
    title: String,
    body_html: String,
    kind: String,
    tags: Vec<String>,
    craft: Option<String>,
    #[schema(value_type = Vec<Object>)]
    materials: serde_json::Value,
    template: Option<PriceTemplateId>,
    made_to_order_days: Option<i32>,
    status: Status,
    gate: Gate,
    /// Also the `ETag`, which a change gives back as `If-Match`.
    version: i64,
    options: Vec<String>,
    variants: Vec<ManagedVariant>,
    media: Vec<ManagedMedia>,
    created_at: Time,
    updated_at: Time,
    published_at: Option<Time>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ManagedVariant {
    id: VariantId,
    title: String,
    options: Vec<String>,
    sku: Option<String>,
    barcode: Option<String>,
    grams: Option<i32>,
    active: bool,
    prices: Vec<ManagedPrice>,
    stock: ManagedStock,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ManagedPrice {
    price: MoneyView,
    compare_at: Option<MoneyView>,
    tax_inclusive: bool,
}
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct ManagedStock {
    policy: Policy,
    on_hand: i32,
    /// Held by orders.
    reserved: i32,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ManagedMedia {
    media: MediaId,
    state: media::State,
    url: Option<String>,
    alt: String,
    variant: Option<VariantId>,
    last_error: Option<String>,
}

#[derive(serde::Deserialize)]
struct VariantRow {
    id: VariantId,
    title: String,
    options: Vec<String>,
    sku: Option<String>,
    barcode: Option<String>,
    grams: Option<i32>,
    active: bool,
    prices: Vec<PriceRow>,
    stock: ManagedStock,
}
#[derive(serde::Deserialize)]
struct MediaRow {
    media: MediaId,
    state: media::State,
    sha: Option<String>,
    alt: String,
    variant: Option<VariantId>,
    last_error: Option<String>,
}

impl From<PriceRow> for ManagedPrice {
    fn from(row: PriceRow) -> Self {
        let compare_at = row.compare_at.map(|minor| Money::new(minor, row.currency).into());
        Self { price: row.money(), compare_at, tax_inclusive: row.tax_inclusive }
    }
}
impl From<VariantRow> for ManagedVariant {
    fn from(row: VariantRow) -> Self {
        let VariantRow { id, title, options, sku, barcode, grams, active, prices, stock } = row;
        Self { id, title, options, sku, barcode, grams, active, prices: prices.into_iter().map(Into::into).collect(), stock }
    }
}
impl From<MediaRow> for ManagedMedia {
    fn from(row: MediaRow) -> Self {
        let MediaRow { media, state, sha, alt, variant, last_error } = row;
        Self { media, state, url: sha.as_deref().map(small), alt, variant, last_error }
    }
}

impl ManagedProduct {
    pub fn of(whole: Whole) -> Result<Self, Problem> {
        let variants: Vec<VariantRow> = json(whole.variants)?;
        let media: Vec<MediaRow> = json(whole.media)?;
        Ok(Self {
            id: whole.id,
            slug: whole.slug,
            retired_slugs: whole.retired_slugs,
            title: whole.title,
            body_html: whole.body_html,
            kind: whole.kind,
            tags: whole.tags,
            craft: whole.craft,
            materials: whole.materials,
            template: whole.template,
            made_to_order_days: whole.made_to_order_days,
            status: whole.status,
            gate: json(whole.gate)?,
            version: whole.version,
            options: whole.options,
            variants: variants.into_iter().map(Into::into).collect(),
            media: media.into_iter().map(Into::into).collect(),
            created_at: whole.created_at,
            updated_at: whole.updated_at,
            published_at: whole.published_at,
        })
    }
    pub fn respond(self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status).insert_header(("ETag", format!("\"{}\"", self.version))).insert_header(("Cache-Control", "no-store")).json(self)
    }
}
