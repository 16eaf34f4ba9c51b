//! What managers send.
use crate::{
    catalog::{
        checks,
        model::{Edit, MAX_BODY, Material, NewPrice, NewProduct, NewStock, NewVariant, VariantEdit},
        stock::Policy,
    },
    http::given,
    ids::PriceTemplateId,
    money::Currency,
    problem::Problem,
};

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductBody {
    #[schema(example = "Indigo dabu stole")]
    title: String,
    /// Plain text; blank lines part paragraphs.
    description: Option<String>,
    /// In place of `description`: HTML, of which paragraphs, lists, tables, emphasis and links are kept.
    body_html: Option<String>,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    tags: Vec<String>,
    craft: Option<String>,
    #[serde(default)]
    materials: Vec<Material>,
    #[serde(default)]
    options: Vec<String>,
    made_to_order_days: Option<i32>,
    template: Option<PriceTemplateId>,
    variants: Vec<VariantBody>,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantBody {
    #[serde(default)]
    options: Vec<String>,
    sku: Option<String>,
    barcode: Option<String>,
    grams: Option<i32>,
    prices: Vec<PriceBody>,
    stock: StockBody,
}
#[derive(Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceBody {
    /// Minor units.
    #[schema(example = 6000)]
    amount: i64,
    currency: Currency,
    /// What it cost before.
    compare_at: Option<i64>,
    #[serde(default)]
    tax_inclusive: bool,
}
#[derive(Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StockBody {
    policy: Policy,
    #[serde(default)]
    on_hand: i32,
}

/// What is absent stays as it is; null empties it.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductEdit {
    title: Option<String>,
    /// Plain text; blank lines part paragraphs.
    description: Option<String>,
    /// In place of `description`.
    body_html: Option<String>,
    kind: Option<String>,
    tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    craft: Option<Option<String>>,
    materials: Option<Vec<Material>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<PriceTemplateId>)]
    template: Option<Option<PriceTemplateId>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    made_to_order_days: Option<Option<i32>>,
    /// The old one leads to the product for ever.
    slug: Option<String>,
}

/// What is absent stays as it is; null empties it.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantEditBody {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    sku: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    barcode: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    grams: Option<Option<i32>>,
    /// Whether it is for sale.
    active: Option<bool>,
    /// All of its prices, in place of those it has.
    prices: Option<Vec<PriceBody>>,
    /// Never less than orders hold.
    stock: Option<StockBody>,
}

impl ProductBody {
    pub fn into_new(self) -> Result<NewProduct, Problem> {
        let wrong = checks::materials(&self.materials);
        if !wrong.is_empty() {
            return Err(Problem::invalid(wrong));
        }
        let (body_html, body_text) = body(self.description, self.body_html)?.unwrap_or_default();
        Ok(NewProduct {
            title: self.title,
            body_html,
            body_text,
            kind: self.kind,
            tags: self.tags,
            craft: self.craft,
            tax_category: "standard".into(),
            materials: serde_json::json!(self.materials),
            options: self.options,
            made_to_order_days: self.made_to_order_days,
            template: self.template,
            variants: self.variants.into_iter().map(Into::into).collect(),
        })
    }
}
impl ProductEdit {
    pub fn into_edit(self) -> Result<Edit, Problem> {
        Ok(Edit {
            body: body(self.description, self.body_html)?,
            title: self.title,
            kind: self.kind,
            tags: self.tags,
            craft: self.craft,
            materials: self.materials,
            template: self.template,
            made_to_order_days: self.made_to_order_days,
            slug: self.slug,
        })
    }
}
impl From<PriceBody> for NewPrice {
    fn from(p: PriceBody) -> Self {
        Self { currency: p.currency, minor: p.amount, compare_at_minor: p.compare_at, tax_inclusive: p.tax_inclusive }
    }
}
impl From<StockBody> for NewStock {
    fn from(s: StockBody) -> Self {
        Self { policy: s.policy, on_hand: s.on_hand }
    }
}
impl From<VariantBody> for NewVariant {
    fn from(v: VariantBody) -> Self {
        let prices = v.prices.into_iter().map(Into::into).collect();
        Self { options: v.options, sku: v.sku, barcode: v.barcode, grams: v.grams, prices, stock: v.stock.into() }
    }
}
impl From<VariantEditBody> for VariantEdit {
    fn from(v: VariantEditBody) -> Self {
        let prices = v.prices.map(|prices| prices.into_iter().map(Into::into).collect());
        Self { sku: v.sku, barcode: v.barcode, grams: v.grams, active: v.active, prices, stock: v.stock.map(Into::into) }
    }
}

/// HTML that buyers' browsers may be given, and its plain text.
fn body(description: Option<String>, html: Option<String>) -> Result<Option<(String, String)>, Problem> {
    let too_long = |pointer: &str| Problem::field(pointer, "length", format!("at most {MAX_BODY} bytes"));
    match (description, html) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Problem::field("/body_html", "duplicate", "description or body_html, not both")),
        (Some(text), None) if text.len() > MAX_BODY => Err(too_long("/description")),
        (Some(text), None) => Ok(Some((paragraphs(&text), text))),
        (None, Some(html)) if html.len() > MAX_BODY => Err(too_long("/body_html")),
        (None, Some(html)) => {
            let clean = sheets::values::html::sanitise(&html);
            let text = sheets::values::html::plain(&clean);
            Ok(Some((clean, text)))
        }
    }
}

/// Plain text as HTML that holds no markup of the writer's.
fn paragraphs(text: &str) -> String {
    let escape = |t: &str| t.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()).map(|p| format!("<p>{}</p>", escape(p))).collect()
}
