//! The operator's side: runs, confirmations, what bounced.
use actix_web::{HttpResponse, get, http::StatusCode, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{EventView, PayoutView};
use crate::{
    app::App,
    auth::{Auditor, Operator},
    http::{Body, Params},
    idempotency::{self, Begin},
    ids::{CoopId, PayoutId},
    money::{Currency, Money, MoneyView},
    page::{self, Page},
    payouts::{
        self, By, Outcome, Settlement,
        model::{Error, Payout, Reason, Skipped, State},
        read, store,
    },
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_payout).service(list_all_payouts).service(get_any_payout);
    api.service(confirm_payout).service(settle_payout).service(bounce_payout);
}

/// One cooperative, or a run over all of them.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PayoutBody {
    /// Id or slug.
    #[serde(default)]
    cooperative: Option<String>,
    /// True: everybody who has something available.
    #[serde(default)]
    run: bool,
}

/// What was made, and who was not paid and why.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct RunView {
    payouts: Vec<PayoutView>,
    skipped: Vec<SkippedView>,
}
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct SkippedView {
    cooperative: String,
    amount: Option<MoneyView>,
    reason: Reason,
    /// What would change it.
    detail: String,
}

/// Pays one cooperative, or all of them, what is available to them.
#[utoipa::path(tag = "payouts", operation_id = "create_payout", request_body = PayoutBody, params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = RunView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[post("/v1/admin/payouts")]
async fn create_payout(app: web::Data<App>, by: Operator, key: idempotency::Key, Body(body): Body<PayoutBody>) -> Result<HttpResponse, Problem> {
    let coop = whom(&app, &body).await?;
    let operation = match idempotency::begin(&app.db, &app.clock, format!("account:{}", by.account), key, "create_payout", &body).await? {
        Begin::Replay(stored) => return Ok(stored.respond(true, stored.body.clone())),
        Begin::Run(operation) => operation,
    };
    match pay(&app, &operation, By { operation: operation.id, account: by.account }, coop).await {
        Ok(stored) => Ok(stored.respond(false, stored.body.clone())),
        Err(error) => {
            // What was made stays made: the same key goes on from there.
            operation.release(&app.db, &app.clock).await?;
            Err(error.into())
        }
    }
}

async fn whom(app: &App, body: &PayoutBody) -> Result<Option<CoopId>, Problem> {
    match (&body.cooperative, body.run) {
        (Some(named), false) => Ok(Some(store::cooperative_called(&mut *app.db.conn().await?, named).await?.ok_or(Kind::NotFound)?)),
        (None, true) => Ok(None),
        (Some(_), true) | (None, false) => Err(Problem::field("/cooperative", "choose", "either a cooperative, or run: true")),
    }
}

async fn pay(app: &App, operation: &idempotency::Operation, by: By, coop: Option<CoopId>) -> Result<idempotency::StoredAnswer, Error> {
    let before = if operation.resumed { store::made_by(&mut *app.db.conn().await?, operation.id).await? } else { Vec::new() };
    let outcomes = match coop {
        Some(coop) => payouts::create(&app.db, app.clock.now(), by, coop).await?,
        None => payouts::run(app, by).await?,
    };
    app.hint.wake();
    let (mut made, mut skipped) = (before, Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Made(payout) => made.push(payout),
            // What this very operation paid a moment ago is not "nothing available".
            Outcome::Skipped(s) if s.reason == Reason::NothingAvailable && made.iter().any(|p| p.coop == s.coop) => {}
            Outcome::Skipped(s) => skipped.push(s),
        }
    }
    let view = RunView { payouts: views(app, made).await?, skipped: skipped.into_iter().map(SkippedView::from).collect() };
    Ok(app.db.transaction(async |tx| operation.finish(tx, StatusCode::ACCEPTED, &view).await).await?)
}
impl From<Skipped> for SkippedView {
    fn from(s: Skipped) -> Self {
        Self { cooperative: s.slug, amount: s.amount.map(Into::into), reason: s.reason, detail: s.detail }
    }
}
async fn views(app: &App, made: Vec<Payout>) -> Result<Vec<PayoutView>, Error> {
    let slugs = store::slugs(&mut *app.db.conn().await?, made.iter().map(|p| p.coop)).await?;
    let slug = |coop: CoopId| slugs.get(&coop).cloned().unwrap_or_default();
    Ok(made
        .into_iter()
        .map(|p| {
            let slug = slug(p.coop);
            PayoutView::of(p, slug)
        })
        .collect())
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    status: Option<State>,
    /// Id or slug.
    cooperative: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Payouts of every cooperative, newest first.
#[utoipa::path(tag = "payouts", operation_id = "list_all_payouts", params(ListQuery),
    responses((status = 200, body = Page<PayoutView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/payouts")]
async fn list_all_payouts(app: web::Data<App>, _by: Auditor, Params(query): Params<ListQuery>) -> Result<web::Json<Page<PayoutView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let conn = &mut *app.db.conn().await?;
    let coop = match &query.cooperative {
        Some(named) => Some(store::cooperative_called(conn, named).await?.ok_or(Kind::NotFound)?),
        None => None,
    };
    let rows = read::list(conn, read::Filter { coop, state: query.status, after }, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.0.id).map(|(payout, slug)| PayoutView::of(payout, slug))))
}

/// A payout with what happened to it.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct PayoutDetail {
    #[serde(flatten)]
    payout: PayoutView,
    /// What was attached when it was confirmed.
    evidence: Option<String>,
    events: Vec<EventView>,
}

/// Any cooperative's payout.
#[utoipa::path(tag = "payouts", operation_id = "get_any_payout", params(("id" = PayoutId, Path)),
    responses((status = 200, body = PayoutDetail), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/payouts/{id}")]
async fn get_any_payout(app: web::Data<App>, _by: Auditor, id: web::Path<PayoutId>) -> Result<web::Json<PayoutDetail>, Problem> {
    let conn = &mut *app.db.conn().await?;
    let scope = store::owner(conn, *id).await?.ok_or(Kind::NotFound)?;
    let (payout, slug) = read::payout(conn, scope, *id).await?.ok_or(Kind::NotFound)?;
    let events = read::events(conn, scope, *id).await?.into_iter().map(EventView::from).collect();
    Ok(web::Json(PayoutDetail { evidence: payout.evidence.clone(), payout: PayoutView::of(payout, slug), events }))
}

/// What it cost us, where the account it left is kept in another currency.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Cost {
    #[schema(example = 3743)]
    amount: i64,
    currency: Currency,
}
fn cost(given: Option<Cost>) -> Result<Option<Money>, Problem> {
    match given {
        Some(cost) if cost.amount <= 0 => Err(Problem::field("/cost/amount", "out_of_range", "more than nothing, in minor units")),
        cost => Ok(cost.map(|c| Money::new(c.amount, c.currency))),
    }
}
/// References and evidence are typed by people: enough for any bank's, short enough to print.
const MAX_TEXT: usize = 200;
fn text(field: &str, given: &str) -> Result<String, Problem> {
    let text = given.trim();
    if text.is_empty() || text.chars().count() > MAX_TEXT || text.chars().any(char::is_control) {
        return Err(Problem::field(field, "length", format!("1 to {MAX_TEXT} characters on one line")));
    }
    Ok(text.to_owned())
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmBody {
    /// The bank's reference; unique among payouts by hand.
    #[schema(example = "N327261234567")]
    reference: String,
    /// What proves it: where the receipt is kept.
    evidence: String,
    cost: Option<Cost>,
}

/// A payout by hand was made: said by somebody else than who created it.
#[utoipa::path(tag = "payouts", operation_id = "confirm_payout", request_body = ConfirmBody, params(("id" = PayoutId, Path)),
    responses((status = 200, body = PayoutView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/payouts/{id}/confirm")]
async fn confirm_payout(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<PayoutId>,
    Body(body): Body<ConfirmBody>,
) -> Result<web::Json<PayoutView>, Problem> {
    let (reference, evidence) = (text("/reference", &body.reference)?, text("/evidence", &body.evidence)?);
    let said = Settlement { reference: &reference, evidence: Some(&evidence), cost: cost(body.cost)?, by: Some(by.account) };
    let scope = store::owner(&mut *app.db.conn().await?, *id).await?.ok_or(Kind::NotFound)?;
    let now = app.clock.now();
    let payout = app.db.transaction_retrying(async |tx| payouts::confirm(tx, now, scope, *id, &said).await).await?;
    shown(&app, payout).await
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SettleBody {
    /// The bank's reference; unique among payouts by bank file.
    #[schema(example = "SBIN326327123456")]
    reference: String,
    cost: Option<Cost>,
}

/// The bank's statement shows that a payout by bank file left.
#[utoipa::path(tag = "payouts", operation_id = "settle_payout", request_body = SettleBody, params(("id" = PayoutId, Path)),
    responses((status = 200, body = PayoutView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/payouts/{id}/settle")]
async fn settle_payout(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<PayoutId>,
    Body(body): Body<SettleBody>,
) -> Result<web::Json<PayoutView>, Problem> {
    let reference = text("/reference", &body.reference)?;
    let said = Settlement { reference: &reference, evidence: None, cost: cost(body.cost)?, by: Some(by.account) };
    let scope = store::owner(&mut *app.db.conn().await?, *id).await?.ok_or(Kind::NotFound)?;
    let now = app.clock.now();
    let payout = app.db.transaction_retrying(async |tx| payouts::settle(tx, now, scope, *id, &said).await).await?;
    shown(&app, payout).await
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct BounceBody {
    #[schema(example = "R03: account closed")]
    reason: String,
}

/// A payout came back, or will not be made: the money is available again. Reported twice, it comes back once.
#[utoipa::path(tag = "payouts", operation_id = "bounce_payout", request_body = BounceBody, params(("id" = PayoutId, Path)),
    responses((status = 200, body = PayoutView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/payouts/{id}/bounce")]
async fn bounce_payout(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<PayoutId>,
    Body(body): Body<BounceBody>,
) -> Result<web::Json<PayoutView>, Problem> {
    let reason = text("/reason", &body.reason)?;
    let scope = store::owner(&mut *app.db.conn().await?, *id).await?.ok_or(Kind::NotFound)?;
    let now = app.clock.now();
    let payout = app.db.transaction_retrying(async |tx| payouts::bounce(tx, now, scope, *id, &reason, Some(by.account)).await).await?;
    shown(&app, payout).await
}

async fn shown(app: &App, payout: Payout) -> Result<web::Json<PayoutView>, Problem> {
    app.hint.wake();
    let mut views = views(app, vec![payout]).await?;
    views.pop().map(web::Json).ok_or_else(|| Kind::NotFound.into())
}
