//! A manager's products, price templates and agreements.
use actix_web::{HttpResponse, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::super::{
    model::{Gate, MAX_BODY, NewPrice, NewProduct, NewStock, NewVariant},
    price::Division,
    stock::Policy,
    templates::{Filter, Method, NewAgreement},
};
use crate::{
    app::App,
    auth::Manager,
    catalog,
    clock::Day,
    http::Body,
    ids::{PriceAgreementId, PriceTemplateId, ProductId, VariantId},
    money::{BasisPoints, Currency},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_product).service(publish_product).service(create_template).service(create_agreement);
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ProductBody {
    #[schema(example = "Indigo dabu stole")]
    title: String,
    /// Plain text; blank lines part paragraphs.
    #[serde(default)]
    description: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    tags: Vec<String>,
    craft: Option<String>,
    #[serde(default)]
    options: Vec<String>,
    made_to_order_days: Option<i32>,
    template: Option<PriceTemplateId>,
    variants: Vec<VariantBody>,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct VariantBody {
    #[serde(default)]
    options: Vec<String>,
    sku: Option<String>,
    barcode: Option<String>,
    grams: Option<i32>,
    prices: Vec<PriceBody>,
    stock: StockBody,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PriceBody {
    /// Minor units.
    #[schema(example = 6000)]
    amount: i64,
    currency: Currency,
    #[serde(default)]
    tax_inclusive: bool,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct StockBody {
    policy: Policy,
    #[serde(default)]
    on_hand: i32,
}

impl ProductBody {
    fn into_new(self) -> Result<NewProduct, Problem> {
        if self.description.len() > MAX_BODY {
            return Err(Problem::field("/description", "length", format!("at most {MAX_BODY} bytes")));
        }
        let variants = self.variants.into_iter().map(|v| NewVariant {
            options: v.options,
            sku: v.sku,
            barcode: v.barcode,
            grams: v.grams,
            prices: v
                .prices
                .into_iter()
                .map(|p| NewPrice { currency: p.currency, minor: p.amount, compare_at_minor: None, tax_inclusive: p.tax_inclusive })
                .collect(),
            stock: NewStock { policy: v.stock.policy, on_hand: v.stock.on_hand },
        });
        Ok(NewProduct {
            title: self.title,
            body_html: paragraphs(&self.description),
            body_text: self.description,
            kind: self.kind,
            tags: self.tags,
            craft: self.craft,
            tax_category: "standard".into(),
            materials: serde_json::json!([]),
            options: self.options,
            made_to_order_days: self.made_to_order_days,
            template: self.template,
            variants: variants.collect(),
        })
    }
}

/// Plain text as HTML that holds no markup of the writer's.
fn paragraphs(text: &str) -> String {
    let escape = |t: &str| t.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()).map(|p| format!("<p>{}</p>", escape(p))).collect()
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct CreatedProduct {
    id: ProductId,
    variants: Vec<VariantId>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Published {
    gate: Gate,
}

/// Write a draft.
#[utoipa::path(tag = "products", operation_id = "create_product", request_body = ProductBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = CreatedProduct), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/products")]
async fn create_product(app: web::Data<App>, by: Manager, Body(body): Body<ProductBody>) -> Result<HttpResponse, Problem> {
    let new = body.into_new()?;
    let now = app.clock.now();
    let (id, variants) = app.db.transaction(async |tx| catalog::create(tx, now, by.scope, &new).await).await?;
    Ok(HttpResponse::Created().json(CreatedProduct { id, variants }))
}

/// Show a product to buyers, if the publish gate lets it through.
#[utoipa::path(tag = "products", operation_id = "publish_product", params(("coop" = String, Path, description = "id or slug"), ("id" = ProductId, Path)),
    responses((status = 200, body = Published), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/products/{id}/publish")]
async fn publish_product(app: web::Data<App>, by: Manager, path: web::Path<(String, ProductId)>) -> Result<web::Json<Published>, Problem> {
    let now = app.clock.now();
    let gate = app.db.transaction(async |tx| catalog::publish(tx, now, by.scope, path.1).await).await?;
    Ok(web::Json(Published { gate }))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TemplateBody {
    name: String,
    /// Basis points of the producer part; the three sum to 10000.
    #[schema(example = 5500)]
    maker_bp: BasisPoints,
    materials_bp: BasisPoints,
    cooperative_bp: BasisPoints,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct CreatedTemplate {
    id: PriceTemplateId,
}

/// How the producer part of prices divides.
#[utoipa::path(tag = "products", operation_id = "create_price_template", request_body = TemplateBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = CreatedTemplate), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/price-templates")]
async fn create_template(app: web::Data<App>, by: Manager, Body(body): Body<TemplateBody>) -> Result<HttpResponse, Problem> {
    let division = Division { maker_bp: body.maker_bp, materials_bp: body.materials_bp, cooperative_bp: body.cooperative_bp };
    let now = app.clock.now();
    let id = app.db.transaction(async |tx| catalog::templates::create(tx, now, by.scope, Some(by.account), &body.name, division).await).await?;
    Ok(HttpResponse::Created().json(CreatedTemplate { id }))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AgreementBody {
    template: PriceTemplateId,
    #[serde(default)]
    filter: Filter,
    agreed_by: String,
    method: Method,
    date: Day,
    evidence: Option<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct CreatedAgreement {
    id: PriceAgreementId,
}

/// The maker side's acceptance of a template.
#[utoipa::path(tag = "products", operation_id = "create_price_agreement", request_body = AgreementBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = CreatedAgreement), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/price-agreements")]
async fn create_agreement(app: web::Data<App>, by: Manager, Body(body): Body<AgreementBody>) -> Result<HttpResponse, Problem> {
    let AgreementBody { template, filter, agreed_by, method, date, evidence } = body;
    let new = NewAgreement { template, filter, agreed_by, method, agreed_on: date, evidence };
    let now = app.clock.now();
    let id = app.db.transaction(async |tx| catalog::templates::agree(tx, now, by.scope, Some(by.account), &new).await).await?;
    Ok(HttpResponse::Created().json(CreatedAgreement { id }))
}
