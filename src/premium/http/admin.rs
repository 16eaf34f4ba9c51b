//! The operator as second person, where a cooperative has one manager.
use actix_web::{get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{PremiumDecisionView, RejectBody};
use crate::{
    app::App,
    audit::Second,
    auth::{Auditor, Operator},
    http::Body,
    ids::PremiumDecisionId,
    premium::{self, read, store},
    problem::{Kind, Problem, ProblemView},
    tenancy::Scope,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_any_premium_decision).service(confirm_any_premium_decision).service(reject_any_premium_decision);
}

/// A decision with what the minutes say, of any cooperative.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct AnyPremiumDecision {
    #[serde(flatten)]
    decision: PremiumDecisionView,
    minutes: String,
}
async fn owner(app: &App, id: PremiumDecisionId) -> Result<Scope, Problem> {
    Ok(store::owner(&mut *app.db.conn().await?, id).await?.ok_or(Kind::NotFound)?)
}
async fn shown(app: &App, scope: Scope, id: PremiumDecisionId) -> Result<web::Json<AnyPremiumDecision>, Problem> {
    let (decision, minutes, spendings) = read::decision(&mut *app.db.conn().await?, scope, id).await?.ok_or(Kind::NotFound)?;
    Ok(web::Json(AnyPremiumDecision { decision: PremiumDecisionView::of(decision, &spendings), minutes }))
}

/// Any cooperative's decision.
#[utoipa::path(tag = "premium", operation_id = "get_any_premium_decision", params(("id" = PremiumDecisionId, Path)),
    responses((status = 200, body = AnyPremiumDecision), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/premium-decisions/{id}")]
async fn get_any_premium_decision(
    app: web::Data<App>,
    _by: Auditor,
    id: web::Path<PremiumDecisionId>,
) -> Result<web::Json<AnyPremiumDecision>, Problem> {
    let scope = owner(&app, *id).await?;
    shown(&app, scope, *id).await
}

/// Confirm a decision that a manager wrote down.
#[utoipa::path(tag = "premium", operation_id = "confirm_any_premium_decision", params(("id" = PremiumDecisionId, Path)),
    responses((status = 200, body = AnyPremiumDecision), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[post("/v1/admin/premium-decisions/{id}/confirm")]
async fn confirm_any_premium_decision(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<PremiumDecisionId>,
) -> Result<web::Json<AnyPremiumDecision>, Problem> {
    let (scope, now, second) = (owner(&app, *id).await?, app.clock.now(), Second::Operator(by.account));
    app.db.transaction_retrying(async |tx| premium::confirm(tx, now, second, scope, *id).await).await?;
    shown(&app, scope, *id).await
}

/// Reject a decision that a manager wrote down.
#[utoipa::path(tag = "premium", operation_id = "reject_any_premium_decision", request_body = RejectBody, params(("id" = PremiumDecisionId, Path)),
    responses((status = 200, body = AnyPremiumDecision), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/premium-decisions/{id}/reject")]
async fn reject_any_premium_decision(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<PremiumDecisionId>,
    Body(body): Body<RejectBody>,
) -> Result<web::Json<AnyPremiumDecision>, Problem> {
    let (scope, now, second) = (owner(&app, *id).await?, app.clock.now(), Second::Operator(by.account));
    app.db.transaction_retrying(async |tx| premium::reject(tx, now, second, scope, *id, &body.reason).await).await?;
    shown(&app, scope, *id).await
}
