//! What nothing explains, and the two people who do.
use actix_web::{get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::{Auditor, Operator},
    clock::Time,
    http::{Body, Params},
    ids::{AccountId, ReconciliationId, SuspenseItemId},
    money::MoneyView,
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
    reconciliation::{
        store::suspense as store,
        suspense::{self, Action, Item, Proposal, State},
    },
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_suspense_items).service(get_suspense_item);
    api.service(propose_suspense_item).service(approve_suspense_item).service(reject_suspense_item);
}

/// Something that no comparison explains.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct SuspenseItem {
    id: SuspenseItemId,
    /// The provider's movement, or our posting and its currency.
    #[schema(example = "txn_1MiN3gLkdIwHu7ixxapQrznl")]
    subject: String,
    status: State,
    /// The provider's less ours: what our books lack.
    difference: MoneyView,
    detail: String,
    /// The last comparison that found it, and its line there.
    reconciliation: ReconciliationId,
    line: i32,
    happened_at: Time,
    opened_at: Time,
    /// What is proposed, or was done.
    action: Option<Action>,
    account: Option<String>,
    /// The posting of ours that it is matched with.
    payment: Option<String>,
    reason: Option<String>,
    proposed_by: Option<AccountId>,
    proposed_at: Option<Time>,
    approved_by: Option<AccountId>,
    resolved_at: Option<Time>,
}
impl From<Item> for SuspenseItem {
    fn from(item: Item) -> Self {
        let difference = item.amount().into();
        let (happened_at, opened_at, resolved_at) = item.standing;
        Self {
            id: item.id,
            subject: item.subject,
            status: item.state,
            difference,
            detail: item.detail,
            reconciliation: item.run,
            line: item.position,
            happened_at,
            opened_at,
            action: item.action,
            account: item.account,
            payment: item.matched.map(|source| source.to_string()),
            reason: item.reason,
            proposed_by: item.proposed_by,
            proposed_at: item.proposed_at,
            approved_by: item.approved_by,
            resolved_at,
        }
    }
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SuspenseQuery {
    status: Option<State>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// What nothing explains, newest first.
#[utoipa::path(tag = "reconciliation", operation_id = "list_suspense_items", params(SuspenseQuery),
    responses((status = 200, body = Page<SuspenseItem>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/suspense")]
async fn list_suspense_items(
    app: web::Data<App>,
    _by: Auditor,
    Params(query): Params<SuspenseQuery>,
) -> Result<web::Json<Page<SuspenseItem>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::after(query.cursor.as_deref())?);
    let rows = store::list(&mut *app.db.conn().await?, query.status, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |item| item.id).map(Into::into)))
}

/// One of them.
#[utoipa::path(tag = "reconciliation", operation_id = "get_suspense_item", params(("id" = SuspenseItemId, Path)),
    responses((status = 200, body = SuspenseItem), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/suspense/{id}")]
async fn get_suspense_item(app: web::Data<App>, _by: Auditor, id: web::Path<SuspenseItemId>) -> Result<web::Json<SuspenseItem>, Problem> {
    let item = store::one(&mut *app.db.conn().await?, *id).await?.ok_or(Kind::NotFound)?;
    Ok(web::Json(item.into()))
}

/// What to do about it.
#[derive(serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SuspenseProposal {
    action: Action,
    /// post: an account of the platform's own, such as stripe_fees, suspense or bank:main.
    #[serde(default)]
    account: Option<String>,
    /// match: the posting of ours, as a line of ours alone names it.
    #[serde(default)]
    payment: Option<String>,
    /// In a sentence, for whoever audits it.
    #[schema(example = "the monthly fee for Radar, invoice 2026-11")]
    reason: String,
}
/// A sentence or two; the log of privileged acts holds it for ever.
const MAX_REASON: usize = 300;
fn sentence(pointer: &'static str, given: &str) -> Result<String, Problem> {
    let text = given.trim();
    let fits = (1..=MAX_REASON).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(Problem::field(pointer, "length", format!("1 to {MAX_REASON} characters on one line"))) }
}
impl SuspenseProposal {
    fn read(self) -> Result<Proposal, Problem> {
        let reason = sentence("/reason", &self.reason)?;
        let (account, matched) = match (self.action, self.account, self.payment) {
            (Action::Post, Some(name), None) => {
                let expected = "an account of the platform's own, as stripe_fees, suspense or bank:main";
                (Some(suspense::account(&name).ok_or_else(|| Problem::field("/account", "unknown", expected))?), None)
            }
            (Action::Match, None, Some(payment)) => {
                (None, Some(payment.parse().map_err(|expected: &str| Problem::field("/payment", "malformed", expected))?))
            }
            (Action::Explain, None, None) => (None, None),
            (Action::Post, _, _) => return Err(Problem::field("/account", "choose", "post takes an account, and nothing else")),
            (Action::Match, _, _) => return Err(Problem::field("/payment", "choose", "match takes a payment, and nothing else")),
            (Action::Explain, _, _) => return Err(Problem::field("/action", "choose", "explain takes a reason, and nothing else")),
        };
        Ok(Proposal { action: self.action, account, matched, reason })
    }
}

/// Says what should be done about it. Somebody else approves.
#[utoipa::path(tag = "reconciliation", operation_id = "propose_suspense_item", request_body = SuspenseProposal, params(("id" = SuspenseItemId, Path)),
    responses((status = 200, body = SuspenseItem), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/suspense/{id}/propose")]
async fn propose_suspense_item(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<SuspenseItemId>,
    Body(body): Body<SuspenseProposal>,
) -> Result<web::Json<SuspenseItem>, Problem> {
    let (said, now) = (body.read()?, app.clock.now());
    let item = app.db.transaction_retrying(async |tx| suspense::propose(tx, now, *id, by.account, &said).await).await?;
    Ok(web::Json(item.into()))
}

/// Does what another person proposed: in the books, once.
#[utoipa::path(tag = "reconciliation", operation_id = "approve_suspense_item", params(("id" = SuspenseItemId, Path)),
    responses((status = 200, body = SuspenseItem), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[post("/v1/admin/suspense/{id}/approve")]
async fn approve_suspense_item(app: web::Data<App>, by: Operator, id: web::Path<SuspenseItemId>) -> Result<web::Json<SuspenseItem>, Problem> {
    let now = app.clock.now();
    let item = app.db.transaction_retrying(async |tx| suspense::approve(tx, now, *id, by.account).await).await?;
    Ok(web::Json(item.into()))
}

#[derive(serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SuspenseRejection {
    reason: String,
}

/// Rejects or withdraws what was proposed: it is open again.
#[utoipa::path(tag = "reconciliation", operation_id = "reject_suspense_item", request_body = SuspenseRejection, params(("id" = SuspenseItemId, Path)),
    responses((status = 200, body = SuspenseItem), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/suspense/{id}/reject")]
async fn reject_suspense_item(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<SuspenseItemId>,
    Body(body): Body<SuspenseRejection>,
) -> Result<web::Json<SuspenseItem>, Problem> {
    let (reason, now) = (sentence("/reason", &body.reason)?, app.clock.now());
    let item = app.db.transaction_retrying(async |tx| suspense::reject(tx, now, *id, by.account, &reason).await).await?;
    Ok(web::Json(item.into()))
}
