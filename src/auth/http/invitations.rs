//! Invitations: made by managers and operators, accepted by whoever has the link.
use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::sessions::{SignedIn, signed_in};
use crate::{
    app::App,
    auth::{
        Manager, Operator,
        invitations::{self, Acceptance, Inviter},
        model::{Email, Role},
        store::invitations::{self as store, Invitation},
    },
    clock::Time,
    http::{Body, Params},
    ids::{CoopId, InvitationId},
    page::{Page, PageQuery},
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_invitation).service(list_invitations).service(delete_invitation).service(resend_invitation);
    api.service(create_platform_invitation)
        .service(list_platform_invitations)
        .service(delete_platform_invitation)
        .service(resend_platform_invitation);
    api.service(get_invitation).service(accept_invitation);
}

text_enum! {
    /// What became of an invitation.
    pub enum InvitationState { Open = "open", Accepted = "accepted", Withdrawn = "withdrawn", Expired = "expired" }
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct InvitationView {
    id: InvitationId,
    email: String,
    role: Role,
    state: InvitationState,
    created_at: Time,
    expires_at: Time,
    accepted_at: Option<Time>,
}
impl InvitationView {
    fn of(invitation: Invitation, now: Time) -> Self {
        let state = match (invitation.accepted_at, invitation.revoked_at) {
            (Some(_), _) => InvitationState::Accepted,
            (None, Some(_)) => InvitationState::Withdrawn,
            (None, None) if invitation.expires_at <= now => InvitationState::Expired,
            (None, None) => InvitationState::Open,
        };
        let Invitation { id, email, role, created_at, expires_at, accepted_at, .. } = invitation;
        Self { id, email, role, state, created_at, expires_at, accepted_at }
    }
}

impl From<Manager> for Inviter {
    fn from(by: Manager) -> Self {
        Self { account: Some(by.account), role: "manager" }
    }
}
impl From<Operator> for Inviter {
    fn from(by: Operator) -> Self {
        Self { account: Some(by.account), role: "operator" }
    }
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct InviteBody {
    #[schema(example = "ganga@coop.example")]
    email: String,
    /// manager, member or agent.
    role: Role,
}

async fn invite(app: &App, by: Inviter, email: &str, role: Role, coop: Option<CoopId>) -> Result<HttpResponse, Problem> {
    if role.of_platform() != coop.is_none() {
        let expected = if coop.is_some() { "manager, member or agent" } else { "operator or auditor; other roles need a cooperative" };
        return Err(Problem::field("/role", "choose", expected));
    }
    let (email, now) = (Email::parse("/email", email)?, app.clock.now());
    let made = app.db.transaction(async |tx| invitations::invite(tx, now, by, &email, role, coop).await).await?;
    app.hint.wake();
    Ok(HttpResponse::Created().json(InvitationView::of(made, now)))
}
async fn resend(app: &App, by: Inviter, coop: Option<CoopId>, id: InvitationId) -> Result<web::Json<InvitationView>, Problem> {
    let now = app.clock.now();
    let sent = app.db.transaction(async |tx| invitations::resend(tx, now, by, coop, id).await).await?;
    app.hint.wake();
    Ok(web::Json(InvitationView::of(sent, now)))
}
async fn withdraw(app: &App, by: Inviter, coop: Option<CoopId>, id: InvitationId) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    app.db.transaction(async |tx| invitations::withdraw(tx, now, by, coop, id).await).await?;
    Ok(HttpResponse::NoContent().finish())
}
async fn list(app: &App, coop: Option<CoopId>, query: &PageQuery) -> Result<web::Json<Page<InvitationView>>, Problem> {
    let (limit, before, now) = (query.limit()?, query.after()?, app.clock.now());
    let rows = store::list(&mut *app.db.conn().await?, coop, before, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(|row| InvitationView::of(row, now))))
}

/// Invite somebody to the cooperative. Who is invited to the same role already gets a new link.
#[utoipa::path(tag = "people", operation_id = "create_invitation", request_body = InviteBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = InvitationView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/invitations")]
async fn create_invitation(app: web::Data<App>, by: Manager, Body(body): Body<InviteBody>) -> Result<HttpResponse, Problem> {
    invite(&app, by.into(), &body.email, body.role, Some(by.scope.coop())).await
}

/// The cooperative's invitations, newest first.
#[utoipa::path(tag = "people", operation_id = "list_invitations", params(("coop" = String, Path, description = "id or slug"), PageQuery),
    responses((status = 200, body = Page<InvitationView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/invitations")]
async fn list_invitations(app: web::Data<App>, by: Manager, Params(query): Params<PageQuery>) -> Result<web::Json<Page<InvitationView>>, Problem> {
    list(&app, Some(by.scope.coop()), &query).await
}

/// Take an invitation back: its link is dead at once.
#[utoipa::path(tag = "people", operation_id = "delete_invitation", params(("coop" = String, Path, description = "id or slug"), ("id" = InvitationId, Path)),
    responses((status = 204), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 410, body = ProblemView)))]
#[delete("/v1/manage/cooperatives/{coop}/invitations/{id}")]
async fn delete_invitation(app: web::Data<App>, by: Manager, path: web::Path<(String, InvitationId)>) -> Result<HttpResponse, Problem> {
    withdraw(&app, by.into(), Some(by.scope.coop()), path.1).await
}

/// Send a new link; the one before is dead.
#[utoipa::path(tag = "people", operation_id = "resend_invitation", params(("coop" = String, Path, description = "id or slug"), ("id" = InvitationId, Path)),
    responses((status = 200, body = InvitationView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 410, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/invitations/{id}/resend")]
async fn resend_invitation(app: web::Data<App>, by: Manager, path: web::Path<(String, InvitationId)>) -> Result<web::Json<InvitationView>, Problem> {
    resend(&app, by.into(), Some(by.scope.coop()), path.1).await
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PlatformInviteBody {
    #[schema(example = "audit@haat.example")]
    email: String,
    /// operator or auditor; a cooperative's roles with `cooperative`.
    role: Role,
    /// Id or slug.
    cooperative: Option<String>,
}

/// Invite somebody to the platform, or to a cooperative that has nobody yet.
#[utoipa::path(tag = "people", operation_id = "create_platform_invitation", request_body = PlatformInviteBody,
    responses((status = 201, body = InvitationView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/admin/invitations")]
async fn create_platform_invitation(app: web::Data<App>, by: Operator, Body(body): Body<PlatformInviteBody>) -> Result<HttpResponse, Problem> {
    let coop = match &body.cooperative {
        Some(named) => Some(store::cooperative_called(&mut *app.db.conn().await?, named).await?.ok_or(Kind::NotFound)?),
        None => None,
    };
    invite(&app, by.into(), &body.email, body.role, coop).await
}

/// The platform's own invitations, newest first.
#[utoipa::path(tag = "people", operation_id = "list_platform_invitations", params(PageQuery),
    responses((status = 200, body = Page<InvitationView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/invitations")]
async fn list_platform_invitations(
    app: web::Data<App>,
    _by: Operator,
    Params(query): Params<PageQuery>,
) -> Result<web::Json<Page<InvitationView>>, Problem> {
    list(&app, None, &query).await
}

/// Take one of the platform's own invitations back.
#[utoipa::path(tag = "people", operation_id = "delete_platform_invitation", params(("id" = InvitationId, Path)),
    responses((status = 204), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 410, body = ProblemView)))]
#[delete("/v1/admin/invitations/{id}")]
async fn delete_platform_invitation(app: web::Data<App>, by: Operator, id: web::Path<InvitationId>) -> Result<HttpResponse, Problem> {
    withdraw(&app, by.into(), None, *id).await
}

/// Send a new link for one of the platform's own invitations.
#[utoipa::path(tag = "people", operation_id = "resend_platform_invitation", params(("id" = InvitationId, Path)),
    responses((status = 200, body = InvitationView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 410, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/admin/invitations/{id}/resend")]
async fn resend_platform_invitation(app: web::Data<App>, by: Operator, id: web::Path<InvitationId>) -> Result<web::Json<InvitationView>, Problem> {
    resend(&app, by.into(), None, *id).await
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct OfferView {
    /// The cooperative's name, or the platform's.
    place: String,
    role: Role,
    email: String,
    locale: String,
    expires_at: Time,
    /// The address has an account with a password already: accepting asks for that password.
    account_exists: bool,
}

/// What a link invites to.
#[utoipa::path(tag = "people", operation_id = "get_invitation", params(("id" = InvitationId, Path), ("X-Invitation-Token" = String, Header)),
    responses((status = 200, body = OfferView), (status = 404, body = ProblemView), (status = 410, body = ProblemView)))]
#[get("/v1/auth/invitations/{id}")]
async fn get_invitation(app: web::Data<App>, request: HttpRequest, id: web::Path<InvitationId>) -> Result<HttpResponse, Problem> {
    let token = request.headers().get("X-Invitation-Token").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let offer = invitations::look(&mut *app.db.conn().await?, &app.keys, app.clock.now(), *id, token).await?;
    let Invitation { role, email, expires_at, .. } = offer.invitation;
    let view = OfferView { place: offer.place, role, email, locale: offer.locale, expires_at, account_exists: offer.known };
    Ok(HttpResponse::build(StatusCode::OK).insert_header(("Cache-Control", "no-store")).json(view))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptBody {
    /// What stands behind `#` in the link.
    token: String,
    /// Needed for a new account.
    name: Option<String>,
    /// A new one of ten characters or more; of an account that exists, its own.
    password: String,
    /// In which language mails come.
    #[schema(example = "hi")]
    locale: Option<String>,
}

/// Accept: makes the account, or links the one that is there, and signs in.
#[utoipa::path(tag = "people", operation_id = "accept_invitation", request_body = AcceptBody, params(("id" = InvitationId, Path)),
    responses((status = 201, body = SignedIn), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 410, body = ProblemView),
        (status = 422, body = ProblemView), (status = 429, body = ProblemView), (status = 503, body = ProblemView)))]
#[post("/v1/auth/invitations/{id}/accept")]
async fn accept_invitation(app: web::Data<App>, id: web::Path<InvitationId>, Body(body): Body<AcceptBody>) -> Result<HttpResponse, Problem> {
    let said = Acceptance { name: body.name, password: body.password, locale: body.locale };
    let opened = invitations::accept(&app.db, &app.keys, app.clock.now(), *id, &body.token, said).await?;
    signed_in(&app, opened).await
}
