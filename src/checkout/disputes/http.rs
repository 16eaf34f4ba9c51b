//! Disputes, for operators and auditors.
use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    evidence::model::State as EvidenceState,
    model::{Dispute, State},
    store,
};
use crate::{
    app::App,
    auth::Auditor,
    clock::Time,
    http::Params,
    ids::{DisputeId, OrderId},
    money::MoneyView,
    page::{self, Page},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_disputes).configure(super::evidence::http::routes).configure(super::policy::routes);
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DisputeQuery {
    status: Option<State>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// A payment that a buyer's bank took back, or asks about.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct DisputeView {
    id: DisputeId,
    order: OrderId,
    status: State,
    /// As the bank gives it.
    #[schema(example = "product_not_received")]
    reason: String,
    amount: MoneyView,
    /// Until when evidence is heard.
    evidence_due: Option<Time>,
    /// What became of the evidence; none is kept where there is none.
    evidence: Option<EvidenceState>,
    /// The provider's name for it.
    #[schema(example = "du_1MtJUT2eZvKYlo2CNaw2HvEv")]
    provider_id: String,
    opened_at: Time,
    updated_at: Time,
}
impl DisputeView {
    fn of(dispute: Dispute, evidence: Option<EvidenceState>) -> Self {
        let amount = dispute.amount().into();
        let Dispute { id, order, provider_id, state, reason, evidence_due, opened_at, updated_at, .. } = dispute;
        Self { id, order, status: state, reason, amount, evidence_due, evidence, provider_id, opened_at, updated_at }
    }
}

/// Disputes, newest first.
#[utoipa::path(tag = "refunds", operation_id = "list_disputes", params(DisputeQuery),
    responses((status = 200, body = Page<DisputeView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/disputes")]
async fn list_disputes(app: web::Data<App>, _by: Auditor, Params(query): Params<DisputeQuery>) -> Result<web::Json<Page<DisputeView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let conn = &mut *app.db.conn().await?;
    let rows = store::list(conn, query.status, after, i64::from(limit) + 1).await?;
    let ids: Vec<DisputeId> = rows.iter().map(|dispute| dispute.id).collect();
    let kept = super::evidence::store::states(conn, &ids).await?;
    let of = |id: DisputeId| kept.iter().find(|(dispute, _)| *dispute == id).map(|(_, state)| *state);
    Ok(web::Json(Page::new(rows, limit, |dispute| dispute.id).map(|dispute| {
        let evidence = of(dispute.id);
        DisputeView::of(dispute, evidence)
    })))
}
