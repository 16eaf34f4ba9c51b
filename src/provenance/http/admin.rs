//! Doubts, as an operator works through them.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::{Auditor, Operator},
    clock::Time,
    http::{Body, Params},
    ids::ReportId,
    page::{self, Page},
    problem::{Problem, ProblemView},
    provenance::{
        claims::{self, Report},
        model::{Doubt, ReportState},
    },
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_reports).service(resolve_report);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct ReportView {
    id: ReportId,
    /// The code of the item in doubt.
    item: String,
    reason: Doubt,
    detail: String,
    state: ReportState,
    resolution: Option<String>,
    created_at: Time,
    resolved_at: Option<Time>,
}
impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        let Report { id, item, reason, detail, state, resolution, created_at, resolved_at } = report;
        Self { id, item, reason, detail, state, resolution, created_at, resolved_at }
    }
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportQuery {
    /// `open` if absent.
    state: Option<ReportState>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Doubts about items, oldest first.
#[utoipa::path(tag = "admin", operation_id = "list_item_reports", params(ReportQuery),
    responses((status = 200, body = Page<ReportView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/item-reports")]
async fn list_reports(app: web::Data<App>, _by: Auditor, Params(query): Params<ReportQuery>) -> Result<web::Json<Page<ReportView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let (state, after) = (query.state.unwrap_or(ReportState::Open), page::after(query.cursor.as_deref())?);
    let rows = claims::reports(&mut *app.db.conn().await?, state, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(ReportView::from)))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Resolution {
    /// Upheld: the item's page warns of its tag.
    upheld: bool,
    /// What was found.
    resolution: String,
}
const MAX_RESOLUTION: usize = 1000;

/// Close a doubt: it was right, or it was not.
#[utoipa::path(tag = "admin", operation_id = "resolve_item_report", request_body = Resolution, params(("id" = ReportId, Path)),
    responses((status = 204), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/item-reports/{id}/resolve")]
async fn resolve_report(app: web::Data<App>, by: Operator, id: web::Path<ReportId>, Body(body): Body<Resolution>) -> Result<HttpResponse, Problem> {
    let length = body.resolution.trim().chars().count();
    if length == 0 || length > MAX_RESOLUTION {
        return Err(Problem::field("/resolution", "length", format!("1 to {MAX_RESOLUTION} characters")));
    }
    let now = app.clock.now();
    app.db.transaction(async |tx| claims::resolve(tx, now, by.account, *id, body.upheld, body.resolution.trim()).await).await?;
    Ok(HttpResponse::NoContent().finish())
}
