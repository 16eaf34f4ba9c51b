//! Comparisons with the provider, for operators and auditors.
mod stuck;
mod suspense;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    AskedBy, Error, jobs,
    model::{Asked, Bucket, Outcome, Reason, Run, Sum},
    page as html, read,
};
use crate::{
    app::App,
    auth::{Auditor, Operator},
    clock::{Day, Time},
    http::{Body, Params},
    ids::ReconciliationId,
    jobs::enqueue,
    money::{Currency, Money, MoneyView},
    page::{self, Page, PageQuery},
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_reconciliation).service(list_reconciliations).service(get_reconciliation).service(list_reconciliation_lines);
    suspense::routes(api);
    stuck::routes(api);
}

/// Lines of a bucket, and what the provider's side of them comes to.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct BucketView {
    lines: i32,
    amount: MoneyView,
}
/// The sums of one currency. The three buckets together are the provider's sum.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct ReconciliationSum {
    currency: Currency,
    /// Movements of the provider's.
    transactions: i32,
    /// Lines that only our books have; they add nothing to the provider's sum.
    ours_alone: i32,
    provider: MoneyView,
    ours: MoneyView,
    /// The provider's less ours.
    difference: MoneyView,
    matched: BucketView,
    explained: BucketView,
    unexplained: BucketView,
    /// Whether matched, explained and unexplained come to the provider's sum.
    buckets_are_the_whole: bool,
}
impl From<Sum> for ReconciliationSum {
    fn from(sum: Sum) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, sum.currency));
        let [matched, explained, unexplained] = sum.buckets.map(|(lines, minor)| BucketView { lines, amount: money(minor) });
        Self {
            currency: sum.currency,
            transactions: sum.transactions,
            ours_alone: sum.ours_alone,
            provider: money(sum.provider),
            ours: money(sum.ours),
            difference: money(sum.provider.saturating_sub(sum.ours)),
            matched,
            explained,
            unexplained,
            buckets_are_the_whole: sum.buckets.iter().map(|(_, minor)| i128::from(*minor)).sum::<i128>() == i128::from(sum.provider),
        }
    }
}
/// One comparison of the provider's movements with our books.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct ReconciliationView {
    id: ReconciliationId,
    from: Time,
    /// Not included.
    until: Time,
    asked_by: AskedBy,
    started_at: Time,
    /// Null while it runs.
    ended_at: Option<Time>,
    outcome: Option<Outcome>,
    sums: Vec<ReconciliationSum>,
}
impl From<(Run, Vec<Sum>)> for ReconciliationView {
    fn from((run, sums): (Run, Vec<Sum>)) -> Self {
        let Run { id, from, until, asked_by, started_at, ended_at, outcome } = run;
        Self { id, from, until, asked_by, started_at, ended_at, outcome, sums: sums.into_iter().map(Into::into).collect() }
    }
}

#[derive(serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReconcileBody {
    /// From the beginning of this day, UTC; without it the last week, and further back if something older waits.
    #[serde(default)]
    since: Option<Day>,
}

/// Compares the provider's movements with our books, from a day up to now. A job does it: read the run until it has ended.
#[utoipa::path(tag = "reconciliation", operation_id = "create_reconciliation", request_body = ReconcileBody,
    responses((status = 202, body = ReconciliationView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/reconciliations")]
async fn create_reconciliation(app: web::Data<App>, by: Operator, Body(body): Body<ReconcileBody>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let asked = super::period(&mut *app.db.conn().await?, now, body.since, AskedBy::Operator).await?;
    let asked = Asked { account: Some(by.account), ..asked };
    let run = app
        .db
        .transaction(async |tx| {
            let run = super::begin(tx, now, &asked).await?;
            enqueue(tx, now, &jobs::Reconcile { run }).await?;
            Ok::<_, Error>(run)
        })
        .await?;
    app.hint.wake();
    let found = read::run(&mut *app.db.conn().await?, run).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Accepted().json(ReconciliationView::from(found)))
}

/// Comparisons, newest first.
#[utoipa::path(tag = "reconciliation", operation_id = "list_reconciliations", params(PageQuery),
    responses((status = 200, body = Page<ReconciliationView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/reconciliations")]
async fn list_reconciliations(
    app: web::Data<App>,
    _by: Auditor,
    Params(query): Params<PageQuery>,
) -> Result<web::Json<Page<ReconciliationView>>, Problem> {
    let limit = query.limit()?;
    let rows = read::runs(&mut *app.db.conn().await?, query.after()?, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |(run, _)| run.id).map(Into::into)))
}

/// A comparison: as JSON, or with `Accept: text/html` as a page for whoever keeps the books.
#[utoipa::path(tag = "reconciliation", operation_id = "get_reconciliation", params(("id" = ReconciliationId, Path)),
    responses((status = 200, content((ReconciliationView = "application/json"), (String = "text/html"))), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/reconciliations/{id}")]
async fn get_reconciliation(
    app: web::Data<App>,
    _by: Auditor,
    request: HttpRequest,
    id: web::Path<ReconciliationId>,
) -> Result<HttpResponse, Problem> {
    let conn = &mut *app.db.conn().await?;
    let accept = request.headers().get("Accept").and_then(|v| v.to_str().ok()).unwrap_or_default();
    if accept.starts_with("text/html") {
        let text = html::of(conn, *id).await?.ok_or(Kind::NotFound)?;
        let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        let headers = [("Content-Security-Policy", policy), ("Cache-Control", "no-store"), ("Vary", "Accept")];
        let mut answer = HttpResponse::Ok();
        for header in headers {
            answer.insert_header(header);
        }
        return Ok(answer.content_type("text/html; charset=utf-8").body(text));
    }
    let found = read::run(conn, *id).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(ReconciliationView::from(found)))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LineQuery {
    bucket: Option<Bucket>,
    limit: Option<u32>,
    cursor: Option<String>,
}
/// A movement of the provider's, or a posting of ours that it does not know.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ReconciliationLine {
    position: i32,
    bucket: Bucket,
    reason: Reason,
    /// In a sentence; empty where the two sides are equal.
    detail: String,
    /// The provider's movement; null for a posting of ours alone.
    #[schema(example = "txn_1MiN3gLkdIwHu7ixxapQrznl")]
    transaction: Option<String>,
    subject: String,
    /// The provider's word for it, or our source and kind.
    #[schema(example = "charge")]
    kind: String,
    /// The charge, refund, transfer or dispute behind it; ours: the number of the order or payout.
    object: Option<String>,
    amount: MoneyView,
    fee: MoneyView,
    provider: MoneyView,
    ours: MoneyView,
    difference: MoneyView,
    happened_at: Time,
}
impl From<read::Line> for ReconciliationLine {
    fn from(line: read::Line) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, line.currency));
        Self {
            position: line.position,
            bucket: line.bucket,
            reason: line.reason,
            amount: money(line.amount),
            fee: money(line.fee),
            provider: money(line.provider),
            ours: money(line.ours),
            difference: money(line.provider.saturating_sub(line.ours)),
            detail: line.detail,
            transaction: line.transaction,
            subject: line.subject,
            kind: line.kind,
            object: line.object,
            happened_at: line.happened_at,
        }
    }
}

/// A comparison's lines, in the provider's order, then those of ours alone.
#[utoipa::path(tag = "reconciliation", operation_id = "list_reconciliation_lines", params(("id" = ReconciliationId, Path), LineQuery),
    responses((status = 200, body = Page<ReconciliationLine>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/reconciliations/{id}/lines")]
async fn list_reconciliation_lines(
    app: web::Data<App>,
    _by: Auditor,
    id: web::Path<ReconciliationId>,
    Params(query): Params<LineQuery>,
) -> Result<web::Json<Page<ReconciliationLine>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::after(query.cursor.as_deref())?);
    let conn = &mut *app.db.conn().await?;
    read::run(conn, *id).await?.ok_or(Kind::NotFound)?;
    let rows = read::lines(conn, *id, query.bucket, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |line| line.position).map(Into::into)))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::TwoPeople => Kind::TwoPeopleNeeded.into(),
            Error::Conflict(why) => Self::with_detail(Kind::Conflict, why),
            Error::Invalid { pointer, expected } => Self::field(pointer, "unacceptable", expected),
            Error::Unavailable(_) => Self::from(Kind::PaymentProviderUnknown).retry_after(2),
            Error::Db(error) | Error::Ledger(crate::ledger::Error::Db(error)) => error.into(),
            Error::Unreadable(_) | Error::Ledger(_) => Self::internal(&error),
        }
    }
}
