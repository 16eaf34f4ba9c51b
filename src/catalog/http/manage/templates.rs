//! Price templates and the maker side's agreement to them.
use actix_web::{HttpResponse, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::Manager,
    catalog::{
        self,
        price::Division,
        templates::{Filter, Method, NewAgreement},
    },
    clock::Day,
    http::Body,
    ids::{PriceAgreementId, PriceTemplateId},
    money::BasisPoints,
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_template).service(create_agreement);
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
    let by_whom = Some(by.account);
    let id = app.db.transaction_retrying(async |tx| catalog::templates::create(tx, now, by.scope, by_whom, &body.name, division).await).await?;
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
    let id = app.db.transaction_retrying(async |tx| catalog::templates::agree(tx, now, by.scope, Some(by.account), &new).await).await?;
    Ok(HttpResponse::Created().json(CreatedAgreement { id }))
}
