//! Sign in, sign out, who am I.
use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    http::{StatusCode, header},
    patch, post, web,
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::{
        Account,
        model::{self, Identifier, Role},
        sessions::{self, Caller, Opened},
        store::accounts::{self, Held},
    },
    clock::Time,
    db::Conn,
    http::Body,
    ids::{AccountId, CoopId},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_session).service(delete_session).service(delete_all_sessions);
    api.service(get_me).service(update_me).service(update_password);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct PersonView {
    id: AccountId,
    #[schema(example = "Ganga Devi")]
    name: String,
    email: Option<String>,
    phone: Option<String>,
    #[schema(example = "hi")]
    locale: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct RoleView {
    role: Role,
    /// Null for a role of the platform.
    cooperative: Option<PlaceView>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct PlaceView {
    id: CoopId,
    #[schema(example = "bagru")]
    slug: String,
    name: String,
}
impl From<Held> for RoleView {
    fn from(held: Held) -> Self {
        Self { role: held.role, cooperative: held.cooperative.map(|(id, slug, name)| PlaceView { id, slug, name }) }
    }
}

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct Me {
    account: PersonView,
    roles: Vec<RoleView>,
}
pub(super) async fn me(conn: &mut Conn, now: Time, id: AccountId) -> Result<Me, Problem> {
    let person = accounts::person(conn, id).await?;
    let roles = accounts::roles(conn, now, id).await?.into_iter().map(Into::into).collect();
    let accounts::Person { id, name, email, phone, locale } = person;
    Ok(Me { account: PersonView { id, name, email, phone, locale }, roles })
}

/// Somebody who is signed in now.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct SignedIn {
    /// For `Authorization: Bearer …`. It is in this answer and nowhere else.
    #[schema(example = "session_…")]
    token: String,
    expires_at: Time,
    account: PersonView,
    roles: Vec<RoleView>,
}
/// 201 with the token, which no cache may keep.
pub(super) async fn signed_in(app: &App, opened: Opened) -> Result<HttpResponse, Problem> {
    let Me { account, roles } = me(&mut *app.db.conn().await?, app.clock.now(), opened.account).await?;
    let view = SignedIn { token: opened.token.reveal().to_owned(), expires_at: opened.expires_at, account, roles };
    Ok(HttpResponse::build(StatusCode::CREATED).insert_header((header::CACHE_CONTROL, "no-store")).json(view))
}

pub(super) fn caller(request: &HttpRequest) -> Caller {
    Caller::at(Some(crate::edge::client(request)))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInBody {
    /// E-mail address, or phone number with its country code.
    #[schema(example = "ganga@coop.example")]
    identifier: String,
    password: String,
}

/// Sign in.
#[utoipa::path(tag = "people", operation_id = "create_session", request_body = SignInBody,
    responses((status = 201, body = SignedIn), (status = 401, body = ProblemView), (status = 422, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/auth/sessions")]
async fn create_session(app: web::Data<App>, request: HttpRequest, Body(body): Body<SignInBody>) -> Result<HttpResponse, Problem> {
    let identifier = Identifier::parse("/identifier", &body.identifier)?;
    let opened = sessions::sign_in(&app.db, app.clock.now(), &caller(&request), &identifier, body.password).await?;
    signed_in(&app, opened).await
}

/// Sign out: this session ends.
#[utoipa::path(tag = "people", operation_id = "delete_session", responses((status = 204), (status = 401, body = ProblemView)))]
#[delete("/v1/auth/sessions")]
async fn delete_session(app: web::Data<App>, by: Account) -> Result<HttpResponse, Problem> {
    accounts::end_session(&mut *app.db.conn().await?, app.clock.now(), by.session).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sign out everywhere.
#[utoipa::path(tag = "people", operation_id = "delete_all_sessions", responses((status = 204), (status = 401, body = ProblemView)))]
#[delete("/v1/auth/sessions/all")]
async fn delete_all_sessions(app: web::Data<App>, by: Account) -> Result<HttpResponse, Problem> {
    accounts::end_sessions(&mut *app.db.conn().await?, app.clock.now(), by.id, None).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Who is signed in, and what they may do where.
#[utoipa::path(tag = "people", operation_id = "get_me", responses((status = 200, body = Me), (status = 401, body = ProblemView)))]
#[get("/v1/auth/me")]
async fn get_me(app: web::Data<App>, by: Account) -> Result<web::Json<Me>, Problem> {
    Ok(web::Json(me(&mut *app.db.conn().await?, app.clock.now(), by.id).await?))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MeBody {
    name: Option<String>,
    /// In which language mails come.
    #[schema(example = "hi")]
    locale: Option<String>,
}

/// Change one's own name or language.
#[utoipa::path(tag = "people", operation_id = "update_me", request_body = MeBody,
    responses((status = 200, body = Me), (status = 401, body = ProblemView), (status = 422, body = ProblemView)))]
#[patch("/v1/auth/me")]
async fn update_me(app: web::Data<App>, by: Account, Body(body): Body<MeBody>) -> Result<web::Json<Me>, Problem> {
    let name = body.name.map(|name| model::person_name("/name", &name)).transpose()?;
    let locale = body.locale.map(|locale| model::locale("/locale", &locale)).transpose()?;
    let conn = &mut *app.db.conn().await?;
    accounts::rename(conn, app.clock.now(), by.id, name.as_deref(), locale.as_deref()).await?;
    Ok(web::Json(me(conn, app.clock.now(), by.id).await?))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    /// The one that holds now.
    old: String,
    /// Ten characters or more.
    new: String,
}

/// Change one's own password. Every other session ends.
#[utoipa::path(tag = "people", operation_id = "update_password", request_body = PasswordBody,
    responses((status = 204), (status = 401, body = ProblemView), (status = 422, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/auth/me/password")]
async fn update_password(app: web::Data<App>, by: Account, Body(body): Body<PasswordBody>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    sessions::check_password(&app.db, now, by.id, body.old).await?;
    let hash = sessions::hash_for(&app.db, by.id, "/new", &body.new).await?;
    app.db.transaction(async |tx| sessions::change_password(tx, now, by.id, &hash, Some(by.session)).await).await?;
    Ok(HttpResponse::NoContent().finish())
}
