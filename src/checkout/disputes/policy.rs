//! Who bears a dispute that is lost over pieces that were sent. It is data: by the bank's reason, and for all others one row that was there
//! from the start and says the platform. A cooperative bears its part only where the policy allows it and it agreed to that dispute; a maker
//! never does.
use actix_web::{HttpResponse, get, post, put, web};
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{model::State, store};
use crate::{
    app::App,
    audit::{self, Act},
    auth::{Auditor, Operator},
    checkout::{Error, refunds::model::Consent},
    clock::Time,
    db::Tx,
    http::Body,
    ids::{AccountId, DisputeId},
    orders,
    problem::{FieldError, Problem, ProblemView},
};

text_enum! { as DisputeBearer,
    pub enum Bearer { Platform = "platform", CooperativeWithConsent = "cooperative_with_consent" }
}
/// Every reason that has no row of its own.
pub(super) const ANY: &str = "*";
/// Notes are typed by people: enough for a paragraph.
const MAX_NOTE: usize = 500;

/// A row of the policy.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Rule {
    pub reason: String,
    pub bearer: Bearer,
    pub note: String,
    pub decided_at: Time,
}

/// Whether the cooperatives of a lost dispute bear their part.
pub(super) async fn cooperative_bears(tx: &mut Tx, provider_id: &str, reason: &str) -> Result<bool, Error> {
    let rules = store::rules(tx).await?;
    let of = |wanted: &str| rules.iter().find(|rule| rule.reason == wanted);
    let bearer = of(reason).or_else(|| of(ANY)).map_or(Bearer::Platform, |rule| rule.bearer);
    Ok(bearer == Bearer::CooperativeWithConsent && store::consented(tx, provider_id).await?)
}

async fn set(tx: &mut Tx, now: Time, by: AccountId, rule: &Rule) -> Result<(), Error> {
    store::set_rule(tx, rule, by).await?;
    let said = json!({"bearer": rule.bearer.as_str(), "note": rule.note});
    Ok(audit::record(tx, now, Act::operator(Some(by), "dispute.set_policy", &rule.reason).with(said)).await?)
}

/// # Errors
/// [`Error::BadEvidence`] once the dispute is decided: what follows from it is in the books.
async fn consent(tx: &mut Tx, now: Time, by: AccountId, id: DisputeId, said: &Consent) -> Result<(), Error> {
    let order = store::one(tx, id).await?.ok_or(Error::NotFound)?.order;
    orders::lock(tx, order).await?;
    let dispute = store::one(tx, id).await?.ok_or(Error::NotFound)?;
    if matches!(dispute.state, State::Won | State::Lost) {
        return Err(Error::BadEvidence("the dispute is decided: what follows from it is in the books"));
    }
    store::set_consent(tx, now, id, said).await?;
    let details = json!({"given_by": said.given_by, "evidence": said.evidence});
    Ok(audit::record(tx, now, Act::operator(Some(by), "dispute.consent", id).with(details)).await?)
}

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_dispute_policies).service(set_dispute_policy).service(set_dispute_consent);
}

/// Who bears a lost dispute of this reason.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct DisputePolicyView {
    /// As the bank gives it; `*` is every other.
    #[schema(example = "product_unacceptable")]
    reason: String,
    bearer: Bearer,
    note: String,
    decided_at: Time,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct DisputePolicies {
    data: Vec<DisputePolicyView>,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DisputePolicyBody {
    bearer: Bearer,
    #[schema(example = "Decided by the members on 1 November.")]
    note: String,
}

fn text(at: &'static str, value: &str) -> Option<FieldError> {
    let fits = !value.trim().is_empty() && value.chars().count() <= MAX_NOTE;
    (!fits).then(|| FieldError::new(at, "length", format!("1 to {MAX_NOTE} characters")))
}
fn checked(errors: impl IntoIterator<Item = Option<FieldError>>) -> Result<(), Problem> {
    let errors: Vec<FieldError> = errors.into_iter().flatten().collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

/// Who bears lost disputes, by the bank's reason.
#[utoipa::path(tag = "refunds", operation_id = "list_dispute_policies",
    responses((status = 200, body = DisputePolicies), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/dispute-policies")]
async fn list_dispute_policies(app: web::Data<App>, _by: Auditor) -> Result<web::Json<DisputePolicies>, Problem> {
    let rules = store::rules(&mut *app.db.conn().await?).await?;
    let view = |rule: Rule| DisputePolicyView { reason: rule.reason, bearer: rule.bearer, note: rule.note, decided_at: rule.decided_at };
    Ok(web::Json(DisputePolicies { data: rules.into_iter().map(view).collect() }))
}

/// Decide who bears lost disputes of a reason, from now on; `*` is every reason without a rule of its own.
#[utoipa::path(tag = "refunds", operation_id = "set_dispute_policy", request_body = DisputePolicyBody, params(("reason" = String, Path)),
    responses((status = 204), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 422, body = ProblemView)))]
#[put("/v1/admin/dispute-policies/{reason}")]
async fn set_dispute_policy(
    app: web::Data<App>,
    by: Operator,
    reason: web::Path<String>,
    Body(body): Body<DisputePolicyBody>,
) -> Result<HttpResponse, Problem> {
    let reason = reason.into_inner();
    let word = (1..=60).contains(&reason.len()) && reason.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let named =
        (!word && reason != ANY).then(|| FieldError::new("/reason", "unknown", "a reason as the bank gives it, as product_unacceptable, or *"));
    checked([named, text("/note", &body.note)])?;
    let now = app.clock.now();
    let rule = Rule { reason, bearer: body.bearer, note: body.note.trim().to_owned(), decided_at: now };
    app.db.transaction_retrying(async |tx| set(tx, now, by.account, &rule).await).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Write down that the cooperative found at fault agreed to bear its part of this dispute, should it be lost.
#[utoipa::path(tag = "refunds", operation_id = "set_dispute_consent", request_body = Consent, params(("id" = DisputeId, Path)),
    responses((status = 204), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/disputes/{id}/consent")]
async fn set_dispute_consent(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<DisputeId>,
    Body(body): Body<Consent>,
) -> Result<HttpResponse, Problem> {
    checked([text("/given_by", &body.given_by), text("/evidence", &body.evidence)])?;
    let now = app.clock.now();
    app.db.transaction_retrying(async |tx| consent(tx, now, by.account, *id, &body).await).await?;
    Ok(HttpResponse::NoContent().finish())
}
