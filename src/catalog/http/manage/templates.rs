//! Price templates and the maker side's agreement to them.
use actix_web::{HttpResponse, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    audit::{self, Act},
    auth::Manager,
    catalog::{
        self,
        floors::Agreed,
        price::Division,
        templates::{Filter, Method, NewAgreement},
    },
    clock::Day,
    db::Tx,
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
    /// What the makers accept as their part of one piece, where that is not what today's prices leave them. A price may rise freely; one that
    /// would leave them less than was agreed is blocked by the publish gate until they agree again.
    #[serde(default)]
    floors: Vec<Agreed>,
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
    let AgreementBody { template, filter, agreed_by, method, date, evidence, floors } = body;
    let new = NewAgreement { template, filter, agreed_by, method, agreed_on: date, evidence, floors };
    let now = app.clock.now();
    let agree = async |tx: &mut Tx| {
        let id = catalog::templates::agree(tx, now, by.scope, Some(by.account), &new).await?;
        let act = Act::manager(by.account, by.scope.coop(), "price_agreement.create", id);
        audit::record(tx, now, act.with(serde_json::json!({"template": new.template, "agreed_by": new.agreed_by}))).await?;
        Ok::<_, catalog::model::Error>(id)
    };
    let id = app.db.transaction_retrying(agree).await?;
    Ok(HttpResponse::Created().json(CreatedAgreement { id }))
}
