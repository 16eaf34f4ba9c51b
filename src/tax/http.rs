//! Registrations and rates over HTTP: a cooperative's own, the platform's, and the rates that all are charged by.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    model::{Error, Kind, NewRate, NewRegistration, Registration, Seller},
    read,
};
use crate::{
    app::App,
    auth::{Auditor, Manager, Operator},
    clock::Day,
    http::{Body, Params},
    ids::{CoopId, TaxRegistrationId},
    page::{self, Page, PageQuery},
    problem::{self, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_own_tax_registrations).service(create_own_tax_registration).service(end_own_tax_registration);
    api.service(list_tax_registrations).service(create_tax_registration).service(end_tax_registration);
    api.service(list_tax_rates).service(create_tax_rate);
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => problem::Kind::NotFound.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Open | Error::Ended | Error::Dated => Self::with_detail(problem::Kind::Conflict, error.to_string()),
            Error::Db(error) => error.into(),
        }
    }
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TaxRegistrationBody {
    /// The country that gave the number.
    #[schema(example = "DE")]
    jurisdiction: String,
    kind: Kind,
    /// Spaces, dots and hyphens do not count; its check digit does.
    #[schema(example = "DE136695976")]
    number: String,
    valid_from: Day,
}
impl From<TaxRegistrationBody> for NewRegistration {
    fn from(b: TaxRegistrationBody) -> Self {
        let TaxRegistrationBody { jurisdiction, kind, number, valid_from } = b;
        Self { jurisdiction, kind, number, valid_from }
    }
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TaxRegistrationEnd {
    /// The last day on which it holds.
    valid_to: Day,
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct TaxRegistration {
    id: TaxRegistrationId,
    /// Whose it is; null: the platform's, which covers every seller.
    cooperative: Option<CoopId>,
    jurisdiction: String,
    kind: Kind,
    number: String,
    /// Whether tax is collected from buyers there under it.
    collects: bool,
    valid_from: Day,
    valid_to: Option<Day>,
}
impl From<Registration> for TaxRegistration {
    fn from(r: Registration) -> Self {
        let Registration { id, coop_id: cooperative, jurisdiction, kind, number, valid_from, valid_to } = r;
        Self { id, cooperative, jurisdiction, kind, number, collects: kind.collects(), valid_from, valid_to }
    }
}
/// All of them: a seller has a handful.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct TaxRegistrations {
    /// Newest first.
    data: Vec<TaxRegistration>,
}

async fn shown(app: &App, seller: Seller, id: TaxRegistrationId) -> Result<TaxRegistration, Problem> {
    let mine = read::registrations(&mut *app.db.conn().await?, seller).await?;
    mine.into_iter().find(|r| r.id == id).map(Into::into).ok_or_else(|| problem::Kind::NotFound.into())
}
async fn registered(app: &App, by: crate::ids::AccountId, seller: Seller, body: TaxRegistrationBody) -> Result<HttpResponse, Problem> {
    let (now, new) = (app.clock.now(), NewRegistration::from(body));
    let id = app.db.transaction(async |tx| super::register(tx, now, by, seller, new).await).await?;
    Ok(HttpResponse::Created().json(shown(app, seller, id).await?))
}
async fn ended(
    app: &App,
    by: crate::ids::AccountId,
    seller: Seller,
    id: TaxRegistrationId,
    last: Day,
) -> Result<web::Json<TaxRegistration>, Problem> {
    let now = app.clock.now();
    app.db.transaction(async |tx| super::end(tx, now, by, seller, id, last).await).await?;
    Ok(web::Json(shown(app, seller, id).await?))
}

/// Where the cooperative is registered for tax, now and before.
#[utoipa::path(tag = "tax", operation_id = "list_own_tax_registrations", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = TaxRegistrations), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/tax-registrations")]
async fn list_own_tax_registrations(app: web::Data<App>, by: Manager) -> Result<web::Json<TaxRegistrations>, Problem> {
    let mine = read::registrations(&mut *app.db.conn().await?, Seller::Cooperative(by.scope)).await?;
    Ok(web::Json(TaxRegistrations { data: mine.into_iter().map(Into::into).collect() }))
}

/// Say where the cooperative is registered: from that day on its buyers there pay the tax.
#[utoipa::path(tag = "tax", operation_id = "create_own_tax_registration", request_body = TaxRegistrationBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = TaxRegistration), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/tax-registrations")]
async fn create_own_tax_registration(app: web::Data<App>, by: Manager, Body(body): Body<TaxRegistrationBody>) -> Result<HttpResponse, Problem> {
    registered(&app, by.account, Seller::Cooperative(by.scope), body).await
}

/// Say when it ended, or will.
#[utoipa::path(tag = "tax", operation_id = "end_own_tax_registration", request_body = TaxRegistrationEnd,
    params(("coop" = String, Path, description = "id or slug"), ("id" = TaxRegistrationId, Path)),
    responses((status = 200, body = TaxRegistration), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/tax-registrations/{id}/end")]
async fn end_own_tax_registration(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, TaxRegistrationId)>,
    Body(body): Body<TaxRegistrationEnd>,
) -> Result<web::Json<TaxRegistration>, Problem> {
    ended(&app, by.account, Seller::Cooperative(by.scope), path.1, body.valid_to).await
}

/// Every seller's registrations, newest first.
#[utoipa::path(tag = "tax", operation_id = "list_tax_registrations", params(PageQuery),
    responses((status = 200, body = Page<TaxRegistration>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/tax-registrations")]
async fn list_tax_registrations(
    app: web::Data<App>,
    _by: Auditor,
    Params(query): Params<PageQuery>,
) -> Result<web::Json<Page<TaxRegistration>>, Problem> {
    let limit = query.limit()?;
    let rows = read::all_registrations(&mut *app.db.conn().await?, query.after()?, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |r| r.id).map(Into::into)))
}

/// Say where the platform itself is registered, as merchant of record for every seller.
#[utoipa::path(tag = "tax", operation_id = "create_tax_registration", request_body = TaxRegistrationBody,
    responses((status = 201, body = TaxRegistration), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[post("/v1/admin/tax-registrations")]
async fn create_tax_registration(app: web::Data<App>, by: Operator, Body(body): Body<TaxRegistrationBody>) -> Result<HttpResponse, Problem> {
    registered(&app, by.account, Seller::Platform, body).await
}

/// Say when a registration of the platform's ended, or will.
#[utoipa::path(tag = "tax", operation_id = "end_tax_registration", request_body = TaxRegistrationEnd, params(("id" = TaxRegistrationId, Path)),
    responses((status = 200, body = TaxRegistration), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/tax-registrations/{id}/end")]
async fn end_tax_registration(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<TaxRegistrationId>,
    Body(body): Body<TaxRegistrationEnd>,
) -> Result<web::Json<TaxRegistration>, Problem> {
    ended(&app, by.account, Seller::Platform, *id, body.valid_to).await
}

/// A dated rate, as it is sent in and out.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TaxRate {
    #[schema(example = "DE")]
    jurisdiction: String,
    /// What a product's tax category names. Goods whose category has no rate there, and delivery, bear `standard`.
    #[schema(example = "standard")]
    category: String,
    /// Basis points: 1900 are 19 %.
    #[schema(example = 1900)]
    rate_bp: i32,
    /// Whether consumers there are told prices with tax.
    inclusive: bool,
    /// Holds from this day until a later one of its category does.
    valid_from: Day,
    /// Where it is written.
    #[schema(example = "UStG § 12 (1)")]
    source: String,
}
impl From<NewRate> for TaxRate {
    fn from(r: NewRate) -> Self {
        let NewRate { jurisdiction, category, rate_bp, inclusive, valid_from, source } = r;
        Self { jurisdiction, category, rate_bp, inclusive, valid_from, source }
    }
}
impl From<TaxRate> for NewRate {
    fn from(r: TaxRate) -> Self {
        let TaxRate { jurisdiction, category, rate_bp, inclusive, valid_from, source } = r;
        Self { jurisdiction, category, rate_bp, inclusive, valid_from, source }
    }
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RateQuery {
    /// One country only.
    #[param(example = "DE")]
    jurisdiction: Option<String>,
    /// 1 to 100, 20 if absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Tax rates by country, category and day, past and future ones too.
#[utoipa::path(tag = "tax", operation_id = "list_tax_rates", params(RateQuery),
    responses((status = 200, body = Page<TaxRate>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/tax-rates")]
async fn list_tax_rates(app: web::Data<App>, _by: Auditor, Params(query): Params<RateQuery>) -> Result<web::Json<Page<TaxRate>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::after(query.cursor.as_deref())?);
    let rows = read::rates(&mut *app.db.conn().await?, query.jurisdiction.as_deref(), after.as_ref(), i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |r| (r.jurisdiction.clone(), r.category.clone(), r.valid_from)).map(Into::into)))
}

/// Write down a rate that holds from a day on. The ones before stay as they are: orders were priced by them.
#[utoipa::path(tag = "tax", operation_id = "create_tax_rate", request_body = TaxRate,
    responses((status = 201, body = TaxRate), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[post("/v1/admin/tax-rates")]
async fn create_tax_rate(app: web::Data<App>, by: Operator, Body(body): Body<TaxRate>) -> Result<HttpResponse, Problem> {
    let (now, new) = (app.clock.now(), NewRate::from(body));
    let made = app.db.transaction(async |tx| super::add_rate(tx, now, by.account, new).await).await?;
    Ok(HttpResponse::Created().json(TaxRate::from(made)))
}
