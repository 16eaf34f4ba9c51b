//! A manager's delivery options: where parcels go, and what that costs.
use actix_web::{HttpResponse, get, http::StatusCode, patch, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::Manager,
    cooperatives::delivery::{self, DeliveryOption, NewOption, OptionEdit},
    http::{Body, IfMatch},
    ids::DeliveryOptionId,
    money::{Currency, Money, MoneyView},
    problem::{Kind, Problem, ProblemView},
    tenancy::Scope,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_delivery_options).service(create_delivery_option).service(get_delivery_option).service(update_delivery_option);
    api.service(archive_delivery_option).service(unarchive_delivery_option);
}

/// Money as it is sent in.
#[derive(Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeliveryPrice)]
struct Price {
    /// Minor units: 60000 is ₹600.00.
    #[schema(example = 60000)]
    amount: i64,
    #[schema(example = "INR")]
    currency: Currency,
}
impl From<Price> for Money {
    fn from(p: Price) -> Self {
        Self::new(p.amount, p.currency)
    }
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryOptionBody {
    /// What buyers choose by. Options of one name are one service with a price for each zone.
    #[schema(example = "Registered post")]
    name: String,
    /// ISO 3166-1 codes; or `*` alone, for anywhere that no other option of this name goes.
    #[schema(example = json!(["DE", "AT", "CH"]))]
    countries: Vec<String>,
    /// For the parcel, in the cooperative's own currency.
    base: Price,
    /// For each started kilogram on top.
    per_kg: Price,
    #[schema(example = 9)]
    min_days: i32,
    #[schema(example = 21)]
    max_days: i32,
}
impl From<DeliveryOptionBody> for NewOption {
    fn from(b: DeliveryOptionBody) -> Self {
        let DeliveryOptionBody { name, countries, base, per_kg, min_days, max_days } = b;
        Self { name, countries, base: base.into(), per_kg: per_kg.into(), min_days, max_days }
    }
}
/// What is left out stays.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryOptionEdit {
    name: Option<String>,
    countries: Option<Vec<String>>,
    base: Option<Price>,
    per_kg: Option<Price>,
    min_days: Option<i32>,
    max_days: Option<i32>,
}
impl From<DeliveryOptionEdit> for OptionEdit {
    fn from(b: DeliveryOptionEdit) -> Self {
        let DeliveryOptionEdit { name, countries, base, per_kg, min_days, max_days } = b;
        Self { name, countries, base: base.map(Into::into), per_kg: per_kg.map(Into::into), min_days, max_days }
    }
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct ManagedDeliveryOption {
    id: DeliveryOptionId,
    name: String,
    countries: Vec<String>,
    base: MoneyView,
    per_kg: MoneyView,
    min_days: i32,
    max_days: i32,
    /// No cart is offered it. Orders that were placed with it keep it.
    archived: bool,
    /// Also the `ETag`, which a change gives back as `If-Match`.
    version: i64,
}
impl From<DeliveryOption> for ManagedDeliveryOption {
    fn from(o: DeliveryOption) -> Self {
        let (base, per_kg) = (o.base().into(), o.per_kg().into());
        let DeliveryOption { id, name, countries, min_days, max_days, active, version, .. } = o;
        Self { id, name, countries, base, per_kg, min_days, max_days, archived: !active, version }
    }
}
/// All of them: there are never more than a screen of them.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct DeliveryOptions {
    /// Archived ones last.
    data: Vec<ManagedDeliveryOption>,
}

async fn all(app: &App, scope: Scope) -> Result<DeliveryOptions, Problem> {
    let rows = delivery::list(&mut *app.db.conn().await?, scope).await?;
    Ok(DeliveryOptions { data: rows.into_iter().map(Into::into).collect() })
}
async fn shown(app: &App, scope: Scope, id: DeliveryOptionId, status: StatusCode) -> Result<HttpResponse, Problem> {
    let found = all(app, scope).await?.data.into_iter().find(|o| o.id == id).ok_or(Kind::NotFound)?;
    Ok(HttpResponse::build(status).insert_header(("ETag", format!("\"{}\"", found.version))).insert_header(("Cache-Control", "no-store")).json(found))
}

/// The cooperative's ways to deliver.
#[utoipa::path(tag = "cooperatives", operation_id = "list_delivery_options", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = DeliveryOptions), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/delivery-options")]
async fn list_delivery_options(app: web::Data<App>, by: Manager) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(all(&app, by.scope).await?))
}

/// Say where the cooperative delivers, how fast and for how much.
#[utoipa::path(tag = "cooperatives", operation_id = "create_delivery_option", request_body = DeliveryOptionBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = ManagedDeliveryOption), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/delivery-options")]
async fn create_delivery_option(app: web::Data<App>, by: Manager, Body(body): Body<DeliveryOptionBody>) -> Result<HttpResponse, Problem> {
    let id = app.db.transaction(async |tx| delivery::create(tx, by.scope, body.into()).await).await?;
    shown(&app, by.scope, id, StatusCode::CREATED).await
}

/// One way to deliver.
#[utoipa::path(tag = "cooperatives", operation_id = "get_delivery_option",
    params(("coop" = String, Path, description = "id or slug"), ("id" = DeliveryOptionId, Path)),
    responses((status = 200, body = ManagedDeliveryOption), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/delivery-options/{id}")]
async fn get_delivery_option(app: web::Data<App>, by: Manager, path: web::Path<(String, DeliveryOptionId)>) -> Result<HttpResponse, Problem> {
    shown(&app, by.scope, path.1, StatusCode::OK).await
}

/// Change where it goes or what it costs. Orders that were placed keep what they were placed with.
#[utoipa::path(tag = "cooperatives", operation_id = "update_delivery_option", request_body = DeliveryOptionEdit,
    params(("coop" = String, Path, description = "id or slug"), ("id" = DeliveryOptionId, Path), ("If-Match" = String, Header, description = "the ETag that was read")),
    responses((status = 200, body = ManagedDeliveryOption), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 412, body = ProblemView),
        (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[patch("/v1/manage/cooperatives/{coop}/delivery-options/{id}")]
async fn update_delivery_option(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, DeliveryOptionId)>,
    IfMatch(read): IfMatch,
    Body(body): Body<DeliveryOptionEdit>,
) -> Result<HttpResponse, Problem> {
    let edit = OptionEdit::from(body);
    app.db.transaction(async |tx| delivery::edit(tx, by.scope, path.1, read, &edit).await).await?;
    shown(&app, by.scope, path.1, StatusCode::OK).await
}

/// Offer it no more.
#[utoipa::path(tag = "cooperatives", operation_id = "archive_delivery_option",
    params(("coop" = String, Path, description = "id or slug"), ("id" = DeliveryOptionId, Path)),
    responses((status = 200, body = ManagedDeliveryOption), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/delivery-options/{id}/archive")]
async fn archive_delivery_option(app: web::Data<App>, by: Manager, path: web::Path<(String, DeliveryOptionId)>) -> Result<HttpResponse, Problem> {
    app.db.transaction(async |tx| delivery::archive(tx, by.scope, path.1).await).await?;
    shown(&app, by.scope, path.1, StatusCode::OK).await
}

/// Offer it again.
#[utoipa::path(tag = "cooperatives", operation_id = "unarchive_delivery_option",
    params(("coop" = String, Path, description = "id or slug"), ("id" = DeliveryOptionId, Path)),
    responses((status = 200, body = ManagedDeliveryOption), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/delivery-options/{id}/unarchive")]
async fn unarchive_delivery_option(app: web::Data<App>, by: Manager, path: web::Path<(String, DeliveryOptionId)>) -> Result<HttpResponse, Problem> {
    app.db.transaction(async |tx| delivery::unarchive(tx, by.scope, path.1).await).await?;
    shown(&app, by.scope, path.1, StatusCode::OK).await
}
