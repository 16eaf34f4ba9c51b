//! Products, their prices, and the publish gate. Pure.
use crate::{
    db::{DbError, Retryable},
    ids::{PriceTemplateId, ProductId, VariantId},
    media,
    money::{Currency, MoneyError},
    problem::FieldError,
};

use super::{gate::Gate, stock::Policy};
pub(super) use crate::slug::is_mark;
pub use crate::slug::slugify;

text_enum! { pub enum Status { Draft = "draft", Published = "published", Archived = "archived" } }
text_enum! {
    /// Whose the stock is until it is sold. What a brand owns credits no cooperative a second time.
    pub enum StockOwner { Cooperative = "cooperative", Brand = "brand" }
}

/// More variants than any honest product; a spreadsheet mistake stops here.
pub const MAX_VARIANTS: usize = 250;
pub const MAX_TITLE: usize = 255;
pub const MAX_BODY: usize = 60_000;
pub const MAX_TAGS: usize = 100;
pub const MAX_OPTIONS: usize = 3;
/// Of a kind, a tag, an option, an article number: what a label holds.
pub const MAX_WORD: usize = 255;
/// One for each currency of a shop that sells everywhere.
pub const MAX_PRICES: usize = 40;
pub const MAX_MATERIALS: usize = 20;
/// A price that a typing error cannot push into arithmetic's limits.
pub const MAX_PRICE: i64 = 1_000_000_000_000;
/// Three years: longer than any piece is made.
pub const MAX_DAYS: i32 = 1095;
/// A container; more is a mistake of the unit.
pub const MAX_GRAMS: i32 = 20_000_000;

/// A product to be made.
#[derive(Clone, Debug)]
pub struct NewProduct {
    pub title: String,
    /// Sanitised.
    pub body_html: String,
    pub body_text: String,
    pub kind: String,
    pub tags: Vec<String>,
    pub craft: Option<String>,
    pub tax_category: String,
    pub materials: serde_json::Value,
    pub options: Vec<String>,
    pub made_to_order_days: Option<i32>,
    pub template: Option<PriceTemplateId>,
    pub variants: Vec<NewVariant>,
}
#[derive(Clone, Debug)]
pub struct NewVariant {
    pub options: Vec<String>,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub grams: Option<i32>,
    pub prices: Vec<NewPrice>,
    pub stock: NewStock,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPrice {
    pub currency: Currency,
    pub minor: i64,
    pub compare_at_minor: Option<i64>,
    pub tax_inclusive: bool,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewStock {
    pub policy: Policy,
    pub on_hand: i32,
}

/// What it is made of. The shares of a product's materials sum to 1.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    #[schema(example = "cotton")]
    pub name: String,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "IN")]
    pub country: Option<String>,
    /// Of the weight, as a decimal.
    #[schema(example = "0.85")]
    pub share: String,
    /// From the makers' own district.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<bool>,
}

/// What a manager changes of a product; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    pub title: Option<String>,
    /// Sanitised HTML, and its plain text.
    pub body: Option<(String, String)>,
    pub kind: Option<String>,
    pub tags: Option<Vec<String>>,
    pub craft: Option<Option<String>>,
    pub materials: Option<Vec<Material>>,
    pub template: Option<Option<PriceTemplateId>>,
    pub made_to_order_days: Option<Option<i32>>,
    pub slug: Option<String>,
}
/// What a manager changes of a variant; `prices` replaces them all.
#[derive(Clone, Debug, Default)]
pub struct VariantEdit {
    pub sku: Option<Option<String>>,
    pub barcode: Option<Option<String>>,
    pub grams: Option<Option<i32>>,
    pub active: Option<bool>,
    pub prices: Option<Vec<NewPrice>>,
    pub stock: Option<NewStock>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such product")]
    NotFound,
    #[error("it changed since you read it")]
    Stale,
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    #[error("an archived product cannot be published")]
    Archived,
    #[error("only an archived product comes back as a draft")]
    NotArchived,
    #[error("orders hold {reserved} of it")]
    Reserved { variant: VariantId, reserved: i32 },
    #[error("the publish gate blocks it")]
    Blocked { product: ProductId, gate: Gate },
    #[error("no such variant: {0}")]
    NoVariant(VariantId),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Media(#[from] media::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Two managers wanted the same slug or wrote the same template at once: the loser, tried again, sees the winner's.
impl Retryable for Error {
    fn retryable(&self) -> bool {
        const RACES: [&str; 4] = ["products_slug_unique", "product_slugs_pkey", "price_templates_version_unique", "collections_slug_unique"];
        matches!(self, Self::Db(error) if error.retryable() || RACES.iter().any(|race| error.is_unique_violation(race)))
    }
}
