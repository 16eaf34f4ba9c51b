//! Asking to sell here, and hearing what became of it.
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::views::ProfileBody;
use crate::{
    app::App,
    auth::{sessions::Caller, throttle},
    cooperatives::{
        self,
        model::{Cooperative, Profile, State},
        read, store,
    },
    http::Body,
    ids::CoopId,
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_application).service(get_application).service(update_application);
}

/// What the applicant's token is for.
const PURPOSE: &str = "application";

#[derive(serde::Serialize, utoipa::ToSchema)]
struct Application {
    id: CoopId,
    /// What it will be called in addresses.
    #[schema(example = "lal-darwaza-mahila-chhapai-sahkari")]
    slug: String,
    name: String,
    state: State,
    /// Why, where it was rejected or suspended.
    reason: Option<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct NewApplication {
    #[serde(flatten)]
    application: Application,
    /// Asks later what became of it, in `X-Application-Token`. It is in this answer and nowhere else.
    token: String,
}

async fn shown(app: &App, id: CoopId) -> Result<Application, Problem> {
    let conn = &mut *app.db.conn().await?;
    let Cooperative { slug, name, state, .. } = store::find(conn, &id.to_string()).await?.ok_or(Kind::NotFound)?;
    let reason = match state {
        State::Applied | State::Approved => None,
        State::Rejected | State::Suspended => read::history(conn, id).await?.pop().and_then(|last| last.reason),
    };
    Ok(Application { id, slug, name, state, reason })
}

/// The applicant, or nobody: an application that is not theirs is as unknown as one that is not there.
fn own(app: &App, request: &HttpRequest, id: CoopId) -> Result<(), Problem> {
    let token = request.headers().get("X-Application-Token").and_then(|v| v.to_str().ok()).unwrap_or_default();
    app.keys.token_matches(token, PURPOSE, id.uuid(), 1).then_some(()).ok_or_else(|| Kind::NotFound.into())
}

/// Ask to sell here. The operator looks at it and says yes, or no with the reason.
#[utoipa::path(tag = "cooperatives", operation_id = "create_application", request_body = ProfileBody,
    responses((status = 201, body = NewApplication), (status = 422, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/store/applications")]
async fn create_application(app: web::Data<App>, request: HttpRequest, Body(body): Body<ProfileBody>) -> Result<HttpResponse, Problem> {
    let (now, profile) = (app.clock.now(), Profile::from(body));
    let caller = Caller::at(Some(crate::edge::client(&request)));
    throttle::count(&mut *app.db.conn().await?, now, throttle::APPLICATIONS_PER_ADDRESS, caller.as_str()).await?;
    let id = app.db.transaction_retrying(async |tx| cooperatives::apply(tx, now, &profile).await).await?;
    let token = app.keys.token(PURPOSE, id.uuid(), 1).reveal().to_owned();
    let view = NewApplication { application: shown(&app, id).await?, token };
    Ok(HttpResponse::Created().insert_header(("Cache-Control", "no-store")).json(view))
}

/// What became of an application.
#[utoipa::path(tag = "cooperatives", operation_id = "get_application",
    params(("id" = CoopId, Path), ("X-Application-Token" = String, Header, description = "from the application's answer")),
    responses((status = 200, body = Application), (status = 404, body = ProblemView)))]
#[get("/v1/store/applications/{id}")]
async fn get_application(app: web::Data<App>, request: HttpRequest, id: web::Path<CoopId>) -> Result<HttpResponse, Problem> {
    own(&app, &request, *id)?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(shown(&app, *id).await?))
}

/// Apply again after a rejection, with what is changed since.
#[utoipa::path(tag = "cooperatives", operation_id = "update_application", request_body = ProfileBody,
    params(("id" = CoopId, Path), ("X-Application-Token" = String, Header, description = "from the application's answer")),
    responses((status = 200, body = Application), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[put("/v1/store/applications/{id}")]
async fn update_application(
    app: web::Data<App>,
    request: HttpRequest,
    id: web::Path<CoopId>,
    Body(body): Body<ProfileBody>,
) -> Result<web::Json<Application>, Problem> {
    own(&app, &request, *id)?;
    let (now, profile) = (app.clock.now(), Profile::from(body));
    app.db.transaction(async |tx| cooperatives::apply_again(tx, now, *id, &profile).await).await?;
    Ok(web::Json(shown(&app, *id).await?))
}
