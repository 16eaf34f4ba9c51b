//! The people of a cooperative, and of the platform.
use actix_web::{HttpResponse, delete, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::{
        Auditor, Manager, Operator,
        invitations::Inviter,
        members,
        model::Role,
        store::invitations::{self as store, Member},
    },
    clock::Time,
    http::Params,
    ids::{AccountId, CoopId, MembershipId},
    page::{Page, PageQuery},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_members).service(delete_member).service(list_platform_members).service(delete_platform_member);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct MemberView {
    /// Of the role, which can be revoked by it.
    id: MembershipId,
    account: AccountId,
    #[schema(example = "Ganga Devi")]
    name: String,
    email: Option<String>,
    phone: Option<String>,
    role: Role,
    since: Time,
    /// When it ends by itself; an auditor's does.
    until: Option<Time>,
}
impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let Member { id, account, name, email, phone, role, since, until } = member;
        Self { id, account, name, email, phone, role, since, until }
    }
}

async fn list(app: &App, coop: Option<CoopId>, query: &PageQuery) -> Result<web::Json<Page<MemberView>>, Problem> {
    let (limit, after) = (query.limit()?, query.after()?);
    let rows = store::members(&mut *app.db.conn().await?, coop, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(Into::into)))
}
async fn revoke(app: &App, by: Inviter, coop: Option<CoopId>, id: MembershipId) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    app.db.transaction_retrying(async |tx| members::revoke(tx, now, by, coop, id).await).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Who has a role in the cooperative, and since when.
#[utoipa::path(tag = "people", operation_id = "list_members", params(("coop" = String, Path, description = "id or slug"), PageQuery),
    responses((status = 200, body = Page<MemberView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/members")]
async fn list_members(app: web::Data<App>, by: Manager, Params(query): Params<PageQuery>) -> Result<web::Json<Page<MemberView>>, Problem> {
    list(&app, Some(by.scope.coop()), &query).await
}

/// End somebody's role. The last manager stays.
#[utoipa::path(tag = "people", operation_id = "delete_member", params(("coop" = String, Path, description = "id or slug"), ("id" = MembershipId, Path)),
    responses((status = 204), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[delete("/v1/manage/cooperatives/{coop}/members/{id}")]
async fn delete_member(app: web::Data<App>, by: Manager, path: web::Path<(String, MembershipId)>) -> Result<HttpResponse, Problem> {
    revoke(&app, by.into(), Some(by.scope.coop()), path.1).await
}

/// Operators and auditors.
#[utoipa::path(tag = "people", operation_id = "list_platform_members", params(PageQuery),
    responses((status = 200, body = Page<MemberView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/members")]
async fn list_platform_members(app: web::Data<App>, _by: Auditor, Params(query): Params<PageQuery>) -> Result<web::Json<Page<MemberView>>, Problem> {
    list(&app, None, &query).await
}

/// End an operator's or auditor's role. The last operator stays.
#[utoipa::path(tag = "people", operation_id = "delete_platform_member", params(("id" = MembershipId, Path)),
    responses((status = 204), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[delete("/v1/admin/members/{id}")]
async fn delete_platform_member(app: web::Data<App>, by: Operator, id: web::Path<MembershipId>) -> Result<HttpResponse, Problem> {
    revoke(&app, by.into(), None, *id).await
}
