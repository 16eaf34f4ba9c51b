//! Disputes, for operators and auditors.
use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
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
    api.service(list_disputes);
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
    /// The provider's name for it.
    #[schema(example = "du_1MtJUT2eZvKYlo2CNaw2HvEv")]
    provider_id: String,
    opened_at: Time,
    updated_at: Time,
}
impl From<Dispute> for DisputeView {
    fn from(dispute: Dispute) -> Self {
        let amount = dispute.amount().into();
        let Dispute { id, order, provider_id, state, reason, evidence_due, opened_at, updated_at, .. } = dispute;
        Self { id, order, status: state, reason, amount, evidence_due, provider_id, opened_at, updated_at }
    }
}

/// Disputes, newest first.
#[utoipa::path(tag = "refunds", operation_id = "list_disputes", params(DisputeQuery),
    responses((status = 200, body = Page<DisputeView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/disputes")]
async fn list_disputes(app: web::Data<App>, _by: Auditor, Params(query): Params<DisputeQuery>) -> Result<web::Json<Page<DisputeView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let rows = store::list(&mut *app.db.conn().await?, query.status, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |dispute| dispute.id).map(DisputeView::from)))
}
