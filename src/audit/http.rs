//! The log, for those who audit.
use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::store::{self, Read, Row};
use crate::{
    app::App,
    auth::Auditor,
    clock::Time,
    http::Params,
    ids::{AccountId, AuditorReadId},
    page::{self, Page, PageQuery},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_audit).service(list_auditor_reads);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct AuditView {
    seq: i64,
    at: Time,
    /// The account that acted; null for the program itself.
    actor: Option<uuid::Uuid>,
    /// In which capacity.
    #[schema(example = "operator")]
    actor_role: String,
    #[schema(example = "payout.confirm")]
    action: String,
    /// What it was done to.
    subject: String,
    cooperative: Option<uuid::Uuid>,
    #[schema(value_type = Object)]
    details: serde_json::Value,
    /// SHA-256 over the row and the hash of the row before it.
    hash: String,
}
impl From<Row> for AuditView {
    fn from(row: Row) -> Self {
        let hash = row.hash.iter().map(|b| format!("{b:02x}")).collect();
        let Row { seq, at, actor, actor_role, action, subject, coop_id, details, prev: _, hash: _ } = row;
        Self { seq, at, actor, actor_role, action, subject, cooperative: coop_id, details, hash }
    }
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// One kind of act only.
    #[param(example = "role.revoke")]
    action: Option<String>,
    /// 1 to 100, 20 if absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What the privileged did, newest first.
#[utoipa::path(tag = "audit", operation_id = "list_audit", params(AuditQuery),
    responses((status = 200, body = Page<AuditView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/audit")]
async fn list_audit(app: web::Data<App>, _by: Auditor, Params(query): Params<AuditQuery>) -> Result<web::Json<Page<AuditView>>, Problem> {
    let (limit, before) = (page::limit(query.limit)?, page::after(query.cursor.as_deref())?);
    let rows = store::backward(&mut *app.db.conn().await?, before, query.action.as_deref(), i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.seq).map(Into::into)))
}

/// A look of an auditor's.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct AuditorRead {
    id: AuditorReadId,
    account: AccountId,
    /// What was asked for.
    #[schema(example = "/v1/admin/audit-samples?period=2026-10&seed=tea-3141")]
    address: String,
    at: Time,
}
impl From<Read> for AuditorRead {
    fn from(Read { id, account, address, at }: Read) -> Self {
        Self { id, account, address, at }
    }
}

/// What auditors looked at, newest first.
#[utoipa::path(tag = "audit", operation_id = "list_auditor_reads", params(PageQuery),
    responses((status = 200, body = Page<AuditorRead>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/auditor-reads")]
async fn list_auditor_reads(app: web::Data<App>, _by: Auditor, Params(query): Params<PageQuery>) -> Result<web::Json<Page<AuditorRead>>, Problem> {
    let limit = query.limit()?;
    let rows = store::reads(&mut *app.db.conn().await?, query.after()?, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |read| read.id).map(Into::into)))
}
