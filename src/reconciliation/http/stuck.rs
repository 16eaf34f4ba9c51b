//! What stands still, for operators.
use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::Auditor,
    clock::Time,
    problem::{Problem, ProblemView},
    reconciliation::stuck::{self, Stuck, StuckKind},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_stuck_operations);
}

/// An operation that stands still and should not.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct StuckOperation {
    kind: StuckKind,
    /// The job's, payout's, session's or event's id.
    subject: String,
    what: String,
    since: Time,
    age_seconds: i64,
    /// What to do about it.
    remedy: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct StuckOperations {
    /// Oldest first, at most 200 of a kind.
    data: Vec<StuckOperation>,
}

/// Jobs that were given up, payouts whose outcome is not known, paid pages that are not settled, events that were not acted on.
#[utoipa::path(tag = "reconciliation", operation_id = "list_stuck_operations",
    responses((status = 200, body = StuckOperations), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/stuck-operations")]
async fn list_stuck_operations(app: web::Data<App>, _by: Auditor) -> Result<web::Json<StuckOperations>, Problem> {
    let now = app.clock.now();
    let rows = stuck::operations(&mut *app.db.conn().await?, now, now).await?;
    let view = |Stuck { kind, subject, what, since }: Stuck| StuckOperation {
        kind,
        subject,
        what,
        since,
        age_seconds: now.unix() - since.unix(),
        remedy: kind.remedy().to_owned(),
    };
    Ok(web::Json(StuckOperations { data: rows.into_iter().map(view).collect() }))
}
