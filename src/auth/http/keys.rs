//! API keys of a cooperative, and of the platform.
use actix_web::{HttpResponse, delete, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::{
        Manager, Operator,
        invitations::Inviter,
        keys::{self, KeyKind, Wanted},
        store::keys::{self as store, ApiKey},
    },
    clock::Time,
    http::{Body, Params},
    ids::{ApiKeyId, CoopId},
    page::{Page, PageQuery},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_api_key).service(list_api_keys).service(delete_api_key);
    api.service(create_platform_api_key).service(list_platform_api_keys).service(delete_platform_api_key);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct ApiKeyView {
    id: ApiKeyId,
    kind: KeyKind,
    name: String,
    /// Enough to recognise it by.
    #[schema(example = "sk_…x7Qd")]
    hint: String,
    scopes: Vec<String>,
    allowed_origins: Vec<String>,
    created_at: Time,
    revoked_at: Option<Time>,
}
impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        let ApiKey { id, coop_id: _, kind, name, hint, scopes, allowed_origins, created_by: _, created_at, revoked_at } = key;
        Self { id, kind, name, hint, scopes, allowed_origins, created_at, revoked_at }
    }
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct CreatedApiKey {
    #[serde(flatten)]
    key: ApiKeyView,
    /// Shown in this answer and never again.
    token: String,
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ApiKeyBody {
    kind: KeyKind,
    #[schema(example = "the shop's back end")]
    name: String,
    /// Of a secret key: what it may do, as `orders:read`.
    #[serde(default)]
    scopes: Vec<String>,
    /// Of a publishable key: where its shop lives, as `https://shop.example`.
    #[serde(default)]
    allowed_origins: Vec<String>,
}

async fn create(app: &App, by: Inviter, coop: Option<CoopId>, body: ApiKeyBody) -> Result<HttpResponse, Problem> {
    let wanted = Wanted { kind: body.kind, name: body.name, scopes: body.scopes, allowed_origins: body.allowed_origins };
    let now = app.clock.now();
    let (key, token) = app.db.transaction(async |tx| keys::create(tx, now, by, coop, wanted).await).await?;
    let view = CreatedApiKey { key: key.into(), token: token.reveal().to_owned() };
    Ok(HttpResponse::Created().insert_header(("Cache-Control", "no-store")).json(view))
}
async fn list(app: &App, coop: Option<CoopId>, query: &PageQuery) -> Result<web::Json<Page<ApiKeyView>>, Problem> {
    let (limit, before) = (query.limit()?, query.after()?);
    let rows = store::list(&mut *app.db.conn().await?, coop, before, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(Into::into)))
}
async fn revoke(app: &App, by: Inviter, coop: Option<CoopId>, id: ApiKeyId) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    app.db.transaction(async |tx| keys::revoke(tx, now, by, coop, id).await).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Make a key for the cooperative. Its token is in this answer and never shown again.
#[utoipa::path(tag = "keys", operation_id = "create_api_key", request_body = ApiKeyBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = CreatedApiKey), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/api-keys")]
async fn create_api_key(app: web::Data<App>, by: Manager, Body(body): Body<ApiKeyBody>) -> Result<HttpResponse, Problem> {
    create(&app, by.into(), Some(by.scope.coop()), body).await
}

/// The cooperative's keys, newest first.
#[utoipa::path(tag = "keys", operation_id = "list_api_keys", params(("coop" = String, Path, description = "id or slug"), PageQuery),
    responses((status = 200, body = Page<ApiKeyView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/api-keys")]
async fn list_api_keys(app: web::Data<App>, by: Manager, Params(query): Params<PageQuery>) -> Result<web::Json<Page<ApiKeyView>>, Problem> {
    list(&app, Some(by.scope.coop()), &query).await
}

/// Revoke a key: its next request is refused.
#[utoipa::path(tag = "keys", operation_id = "delete_api_key", params(("coop" = String, Path, description = "id or slug"), ("id" = ApiKeyId, Path)),
    responses((status = 204), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[delete("/v1/manage/cooperatives/{coop}/api-keys/{id}")]
async fn delete_api_key(app: web::Data<App>, by: Manager, path: web::Path<(String, ApiKeyId)>) -> Result<HttpResponse, Problem> {
    revoke(&app, by.into(), Some(by.scope.coop()), path.1).await
}

/// Make a key of the platform.
#[utoipa::path(tag = "keys", operation_id = "create_platform_api_key", request_body = ApiKeyBody,
    responses((status = 201, body = CreatedApiKey), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/api-keys")]
async fn create_platform_api_key(app: web::Data<App>, by: Operator, Body(body): Body<ApiKeyBody>) -> Result<HttpResponse, Problem> {
    create(&app, by.into(), None, body).await
}

/// The platform's keys, newest first.
#[utoipa::path(tag = "keys", operation_id = "list_platform_api_keys", params(PageQuery),
    responses((status = 200, body = Page<ApiKeyView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/api-keys")]
async fn list_platform_api_keys(
    app: web::Data<App>,
    _by: Operator,
    Params(query): Params<PageQuery>,
) -> Result<web::Json<Page<ApiKeyView>>, Problem> {
    list(&app, None, &query).await
}

/// Revoke one of the platform's keys.
#[utoipa::path(tag = "keys", operation_id = "delete_platform_api_key", params(("id" = ApiKeyId, Path)),
    responses((status = 204), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[delete("/v1/admin/api-keys/{id}")]
async fn delete_platform_api_key(app: web::Data<App>, by: Operator, id: web::Path<ApiKeyId>) -> Result<HttpResponse, Problem> {
    revoke(&app, by.into(), None, *id).await
}
