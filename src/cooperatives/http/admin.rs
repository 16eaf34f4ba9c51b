//! The operator's view of cooperatives, and what the operator decides.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::views::{ManagedCooperative, Move};
use crate::{
    app::App,
    auth::{Auditor, Operator},
    cooperatives::{
        self,
        model::{State, Terms},
        read,
    },
    http::{Body, Params},
    ids::CoopId,
    money::BasisPoints,
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_cooperatives).service(get_cooperative);
    api.service(approve_cooperative).service(reject_cooperative).service(suspend_cooperative).service(reinstate_cooperative);
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    state: Option<State>,
    country: Option<String>,
    /// Part of the name.
    q: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Cooperatives of every standing, newest first.
#[utoipa::path(tag = "cooperatives", operation_id = "list_cooperatives", params(ListQuery),
    responses((status = 200, body = Page<ManagedCooperative>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/cooperatives")]
async fn list_cooperatives(
    app: web::Data<App>,
    _by: Auditor,
    Params(query): Params<ListQuery>,
) -> Result<web::Json<Page<ManagedCooperative>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let wanted = read::Wanted { state: query.state, country: query.country, search: query.q, after, limit: i64::from(limit) + 1 };
    let rows = read::all(&mut *app.db.conn().await?, &wanted).await?;
    Ok(web::Json(Page::new(rows, limit, |c| c.id).map(Into::into)))
}

/// A cooperative with everything that happened to its standing.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Reviewed {
    #[serde(flatten)]
    cooperative: ManagedCooperative,
    /// Oldest first.
    history: Vec<Move>,
}
async fn shown(app: &App, named: &str) -> Result<web::Json<Reviewed>, Problem> {
    let conn = &mut *app.db.conn().await?;
    let cooperative = cooperatives::find(conn, named).await?.ok_or(Kind::NotFound)?;
    let history = read::history(conn, cooperative.id).await?.into_iter().map(Into::into).collect();
    Ok(web::Json(Reviewed { cooperative: cooperative.into(), history }))
}
async fn named(app: &App, named: &str) -> Result<CoopId, Problem> {
    Ok(cooperatives::find(&mut *app.db.conn().await?, named).await?.ok_or(Kind::NotFound)?.id)
}

/// A cooperative whole.
#[utoipa::path(tag = "cooperatives", operation_id = "get_cooperative", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = Reviewed), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/cooperatives/{coop}")]
async fn get_cooperative(app: web::Data<App>, _by: Auditor, coop: web::Path<String>) -> Result<HttpResponse, Problem> {
    let view = shown(&app, &coop).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(view.into_inner()))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ApprovalBody {
    /// The platform's part of a price before tax; 1500 (15 %) if absent.
    commission_bp: Option<BasisPoints>,
    /// The premium on the producer's part; 1000 (10 %) if absent.
    premium_bp: Option<BasisPoints>,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReasonBody {
    /// What the cooperative is told.
    #[schema(example = "The registration number is of another society.")]
    reason: String,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    reason: Option<String>,
}

/// Let a cooperative sell. Its first manager is invited at its contact address.
#[utoipa::path(tag = "cooperatives", operation_id = "approve_cooperative", request_body = ApprovalBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = Reviewed), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/cooperatives/{coop}/approve")]
async fn approve_cooperative(
    app: web::Data<App>,
    by: Operator,
    coop: web::Path<String>,
    Body(body): Body<ApprovalBody>,
) -> Result<web::Json<Reviewed>, Problem> {
    let usual = Terms::default();
    let terms = Terms { commission_bp: body.commission_bp.unwrap_or(usual.commission_bp), premium_bp: body.premium_bp.unwrap_or(usual.premium_bp) };
    let (now, id) = (app.clock.now(), named(&app, &coop).await?);
    app.db.transaction(async |tx| cooperatives::approve(tx, now, Some(by.account), id, terms).await).await?;
    app.hint.wake();
    shown(&app, &coop).await
}

/// Say no to an application, and why. The cooperative may apply again.
#[utoipa::path(tag = "cooperatives", operation_id = "reject_cooperative", request_body = ReasonBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = Reviewed), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/cooperatives/{coop}/reject")]
async fn reject_cooperative(
    app: web::Data<App>,
    by: Operator,
    coop: web::Path<String>,
    Body(body): Body<ReasonBody>,
) -> Result<web::Json<Reviewed>, Problem> {
    let (now, id) = (app.clock.now(), named(&app, &coop).await?);
    app.db.transaction(async |tx| cooperatives::reject(tx, now, Some(by.account), id, &body.reason).await).await?;
    shown(&app, &coop).await
}

/// Hide a cooperative from buyers and hold its payouts. Its people keep their way in.
#[utoipa::path(tag = "cooperatives", operation_id = "suspend_cooperative", request_body = ReasonBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = Reviewed), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/cooperatives/{coop}/suspend")]
async fn suspend_cooperative(
    app: web::Data<App>,
    by: Operator,
    coop: web::Path<String>,
    Body(body): Body<ReasonBody>,
) -> Result<web::Json<Reviewed>, Problem> {
    let (now, id) = (app.clock.now(), named(&app, &coop).await?);
    app.db.transaction(async |tx| cooperatives::suspend(tx, now, Some(by.account), id, &body.reason).await).await?;
    shown(&app, &coop).await
}

/// End a suspension.
#[utoipa::path(tag = "cooperatives", operation_id = "reinstate_cooperative", request_body = NoteBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = Reviewed), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/cooperatives/{coop}/reinstate")]
async fn reinstate_cooperative(
    app: web::Data<App>,
    by: Operator,
    coop: web::Path<String>,
    Body(body): Body<NoteBody>,
) -> Result<web::Json<Reviewed>, Problem> {
    let (now, id) = (app.clock.now(), named(&app, &coop).await?);
    app.db.transaction(async |tx| cooperatives::reinstate(tx, now, Some(by.account), id, body.reason.as_deref()).await).await?;
    shown(&app, &coop).await
}
