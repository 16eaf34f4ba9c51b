//! Where a cooperative is paid: proposed by one person, confirmed by another.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    audit::Second,
    auth::{Auditor, Manager, Operator},
    clock::Time,
    cooperatives::{
        self,
        destinations::{self, Destination, Details, State},
        read::{self, Waiting},
    },
    http::{Body, Params},
    ids::{AccountId, CoopId, DestinationId},
    money::Currency,
    page::{Page, PageQuery},
    problem::{Kind, Problem, ProblemView},
    tenancy::Scope,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_payout_destinations).service(propose_payout_destination);
    api.service(confirm_own_payout_destination).service(reject_own_payout_destination);
    api.service(list_waiting_payout_destinations)
        .service(list_cooperatives_payout_destinations)
        .service(confirm_payout_destination)
        .service(reject_payout_destination);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct DestinationView {
    id: DestinationId,
    #[schema(example = "in_bank")]
    kind: String,
    currency: Currency,
    /// Enough for its owner to know it again.
    #[schema(example = "SBIN ··4821")]
    hint: String,
    state: State,
    proposed_by: Option<AccountId>,
    proposed_at: Time,
    confirmed_by: Option<AccountId>,
    confirmed_at: Option<Time>,
    /// From then on payouts go there, unless somebody says no.
    effective_at: Option<Time>,
}
impl From<Destination> for DestinationView {
    fn from(d: Destination) -> Self {
        let Destination { id, kind, currency, hint, state, proposed_by, proposed_at, confirmed_by, confirmed_at, effective_at } = d;
        Self { id, kind, currency, hint, state, proposed_by, proposed_at, confirmed_by, confirmed_at, effective_at }
    }
}
/// All of them: a cooperative moves its account a few times in its life.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Destinations {
    /// Newest first.
    data: Vec<DestinationView>,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DestinationBody {
    details: Details,
}

async fn all(app: &App, scope: Scope) -> Result<Destinations, Problem> {
    let rows = destinations::list(&mut *app.db.conn().await?, scope).await?;
    Ok(Destinations { data: rows.into_iter().map(Into::into).collect() })
}
async fn shown(app: &App, scope: Scope, id: DestinationId) -> Result<DestinationView, Problem> {
    all(app, scope).await?.data.into_iter().find(|d| d.id == id).ok_or_else(|| Kind::NotFound.into())
}
async fn scope_of(app: &App, named: &str) -> Result<Scope, Problem> {
    let found = cooperatives::find(&mut *app.db.conn().await?, named).await?.ok_or(Kind::NotFound)?;
    Ok(found.scope())
}

/// Where the cooperative is and was paid, with what waits.
#[utoipa::path(tag = "cooperatives", operation_id = "list_payout_destinations", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = Destinations), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/payout-destinations")]
async fn list_payout_destinations(app: web::Data<App>, by: Manager) -> Result<web::Json<Destinations>, Problem> {
    Ok(web::Json(all(&app, by.scope).await?))
}

/// Say where the cooperative wants to be paid. Somebody else confirms it.
#[utoipa::path(tag = "cooperatives", operation_id = "propose_payout_destination", request_body = DestinationBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = DestinationView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/payout-destinations")]
async fn propose_payout_destination(app: web::Data<App>, by: Manager, Body(body): Body<DestinationBody>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let id = app.db.transaction(async |tx| destinations::propose(tx, now, &app.keys, by.account, by.scope, &body.details).await).await?;
    Ok(HttpResponse::Created().json(shown(&app, by.scope, id).await?))
}

/// A second manager says yes. It holds after 72 hours.
#[utoipa::path(tag = "cooperatives", operation_id = "confirm_own_payout_destination", params(("coop" = String, Path, description = "id or slug"), ("id" = DestinationId, Path)),
    responses((status = 200, body = DestinationView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/payout-destinations/{id}/confirm")]
async fn confirm_own_payout_destination(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, DestinationId)>,
) -> Result<web::Json<DestinationView>, Problem> {
    let (now, second) = (app.clock.now(), Second::Manager(by.account));
    app.db.transaction(async |tx| destinations::confirm(tx, now, second, by.scope, path.1).await).await?;
    Ok(web::Json(shown(&app, by.scope, path.1).await?))
}

/// Say no, while it waits.
#[utoipa::path(tag = "cooperatives", operation_id = "reject_own_payout_destination", params(("coop" = String, Path, description = "id or slug"), ("id" = DestinationId, Path)),
    responses((status = 200, body = DestinationView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/payout-destinations/{id}/reject")]
async fn reject_own_payout_destination(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, DestinationId)>,
) -> Result<web::Json<DestinationView>, Problem> {
    let (now, second) = (app.clock.now(), Second::Manager(by.account));
    app.db.transaction(async |tx| destinations::reject(tx, now, second, by.scope, path.1).await).await?;
    Ok(web::Json(shown(&app, by.scope, path.1).await?))
}

/// One that waits for a second person, and whose it is.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct WaitingDestination {
    cooperative: CoopId,
    slug: String,
    #[schema(example = "Lal Darwaza Mahila Chhapai Sahkari")]
    name: String,
    destination: DestinationView,
}
impl From<Waiting> for WaitingDestination {
    fn from(w: Waiting) -> Self {
        Self { cooperative: w.coop, slug: w.slug, name: w.name, destination: w.destination.into() }
    }
}

/// What waits for a second person, of every cooperative, oldest first. A first destination only the operator can confirm.
#[utoipa::path(tag = "cooperatives", operation_id = "list_waiting_payout_destinations", params(PageQuery),
    responses((status = 200, body = Page<WaitingDestination>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/payout-destinations")]
async fn list_waiting_payout_destinations(
    app: web::Data<App>,
    _by: Auditor,
    Params(query): Params<PageQuery>,
) -> Result<web::Json<Page<WaitingDestination>>, Problem> {
    let limit = query.limit()?;
    let rows = read::waiting_destinations(&mut *app.db.conn().await?, query.after()?, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |w| w.destination.id).map(Into::into)))
}

/// Where a cooperative is and was paid, with what waits for the operator.
#[utoipa::path(tag = "cooperatives", operation_id = "list_cooperatives_payout_destinations", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = Destinations), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/cooperatives/{coop}/payout-destinations")]
async fn list_cooperatives_payout_destinations(
    app: web::Data<App>,
    _by: Auditor,
    coop: web::Path<String>,
) -> Result<web::Json<Destinations>, Problem> {
    let scope = scope_of(&app, &coop).await?;
    Ok(web::Json(all(&app, scope).await?))
}

/// The operator says yes: a first destination holds at once, a later one after 72 hours.
#[utoipa::path(tag = "cooperatives", operation_id = "confirm_payout_destination", params(("coop" = String, Path, description = "id or slug"), ("id" = DestinationId, Path)),
    responses((status = 200, body = DestinationView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView)))]
#[post("/v1/admin/cooperatives/{coop}/payout-destinations/{id}/confirm")]
async fn confirm_payout_destination(
    app: web::Data<App>,
    by: Operator,
    path: web::Path<(String, DestinationId)>,
) -> Result<web::Json<DestinationView>, Problem> {
    let (now, scope, second) = (app.clock.now(), scope_of(&app, &path.0).await?, Second::Operator(by.account));
    app.db.transaction(async |tx| destinations::confirm(tx, now, second, scope, path.1).await).await?;
    Ok(web::Json(shown(&app, scope, path.1).await?))
}

/// The operator says no.
#[utoipa::path(tag = "cooperatives", operation_id = "reject_payout_destination", params(("coop" = String, Path, description = "id or slug"), ("id" = DestinationId, Path)),
    responses((status = 200, body = DestinationView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView)))]
#[post("/v1/admin/cooperatives/{coop}/payout-destinations/{id}/reject")]
async fn reject_payout_destination(
    app: web::Data<App>,
    by: Operator,
    path: web::Path<(String, DestinationId)>,
) -> Result<web::Json<DestinationView>, Problem> {
    let (now, scope, second) = (app.clock.now(), scope_of(&app, &path.0).await?, Second::Operator(by.account));
    app.db.transaction(async |tx| destinations::reject(tx, now, second, scope, path.1).await).await?;
    Ok(web::Json(shown(&app, scope, path.1).await?))
}
