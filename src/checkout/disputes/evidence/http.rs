//! Evidence, for operators: it names the buyer, so auditors do not see it.
use actix_web::{HttpResponse, get, http::StatusCode, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    Seen,
    model::{Evidence, State},
};
use crate::{
    app::App,
    auth::Operator,
    checkout::{Error, disputes::model::State as Standing},
    clock::Time,
    db::Tx,
    http::Body,
    idempotency::{self, Begin},
    ids::DisputeId,
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_dispute_evidence).service(save_dispute_evidence);
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct EvidenceBody {
    /// What is left out is gathered from the order when it is submitted.
    #[serde(default)]
    evidence: Evidence,
    /// Sends it to the bank, once; without it, it is a draft.
    #[serde(default)]
    submit: bool,
}

/// What is said, and could be said, about a dispute.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct DisputeEvidenceView {
    dispute: DisputeId,
    dispute_status: Standing,
    /// Until when the bank listens.
    evidence_due: Option<Time>,
    /// None: nothing is kept yet.
    status: Option<State>,
    /// What somebody wrote.
    written: Evidence,
    /// What our records say of the order today.
    gathered: Evidence,
    saved_at: Option<Time>,
    submitted_at: Option<Time>,
}
impl TryFrom<Seen> for DisputeEvidenceView {
    type Error = serde_json::Error;
    fn try_from(seen: Seen) -> Result<Self, Self::Error> {
        let Seen { dispute, kept, gathered } = seen;
        Ok(Self {
            dispute: dispute.id,
            dispute_status: dispute.state,
            evidence_due: dispute.evidence_due,
            status: kept.as_ref().map(|kept| kept.state),
            written: kept.as_ref().map(|kept| serde_json::from_value(kept.said.clone())).transpose()?.unwrap_or_default(),
            gathered,
            saved_at: kept.as_ref().map(|kept| kept.saved_at),
            submitted_at: kept.and_then(|kept| kept.submitted_at),
        })
    }
}

/// What can be said to the bank about a dispute, and what was.
#[utoipa::path(tag = "refunds", operation_id = "get_dispute_evidence", params(("id" = DisputeId, Path)),
    responses((status = 200, body = DisputeEvidenceView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/disputes/{id}/evidence")]
async fn get_dispute_evidence(app: web::Data<App>, _by: Operator, id: web::Path<DisputeId>) -> Result<web::Json<DisputeEvidenceView>, Problem> {
    let seen = super::look(&app, &mut *app.db.conn().await?, *id).await?;
    Ok(web::Json(DisputeEvidenceView::try_from(seen).map_err(|e| Problem::internal(&e))?))
}

/// Keep evidence as a draft, or submit it to the bank, which hears it once. `status` tells what became of it.
#[utoipa::path(tag = "refunds", operation_id = "save_dispute_evidence", request_body = EvidenceBody,
    params(("id" = DisputeId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = DisputeEvidenceView), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[post("/v1/admin/disputes/{id}/evidence")]
async fn save_dispute_evidence(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<DisputeId>,
    key: idempotency::Key,
    Body(body): Body<EvidenceBody>,
) -> Result<HttpResponse, Problem> {
    let errors = body.evidence.check("/evidence");
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let (who, what) = (format!("account:{}", by.account), format!("save_dispute_evidence:{id}"));
    let operation = match idempotency::begin(&app.db, &app.clock, who, key, &what, &body).await? {
        Begin::Replay(stored) => return Ok(stored.respond(true, stored.body.clone())),
        Begin::Run(operation) => operation,
    };
    let (now, submit) = (app.clock.now(), body.submit.then_some(operation.id));
    let saved = async |tx: &mut Tx| {
        let seen = super::save(&app, tx, now, by.account, *id, &body.evidence, submit).await?;
        let view = DisputeEvidenceView::try_from(seen).map_err(|_| Error::BadEvidence("what is kept does not read"))?;
        Ok::<_, Error>(operation.finish(tx, StatusCode::ACCEPTED, &view).await?)
    };
    match app.db.transaction_retrying(saved).await {
        Ok(stored) => {
            app.hint.wake();
            Ok(stored.respond(false, stored.body.clone()))
        }
        Err(error) => {
            // Refused or not committed: nothing stands.
            operation.forget(&app.db).await?;
            Err(error.into())
        }
    }
}
