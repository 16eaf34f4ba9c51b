//! The bank's own files, taken in by an operator.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::{Auditor, Operator},
    clock::Time,
    http::Params,
    ids::{BankReportId, PayoutId},
    money::{Money, MoneyView},
    page::{self, Page, PageQuery},
    payouts::reports::{self, Counts, Line, Moved, Outcome, Report},
    problem::{Kind, Problem, ProblemView},
    upload::Upload,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_bank_report).service(list_bank_reports).service(get_bank_report).service(list_bank_report_lines);
}

/// What is sent, as a form.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form is read part by part; this says what its parts are")]
struct BankReportForm {
    /// camt.053, camt.054, or a bank's list of what became of a bulk upload (CSV).
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A file from the bank.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct BankReportView {
    id: BankReportId,
    /// camt.053, camt.054 or returns.
    #[schema(example = "camt.053")]
    kind: String,
    name: String,
    lines: i32,
    outcomes: OutcomesView,
    taken_at: Time,
}
/// How many of its lines led to what.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = BankReportOutcomes)]
struct OutcomesView {
    waiting: i64,
    settled: i64,
    bounced: i64,
    known: i64,
    unknown: i64,
    contradiction: i64,
    announced: i64,
}
impl From<Counts> for OutcomesView {
    fn from(counts: Counts) -> Self {
        let Counts { waiting, settled, bounced, known, unknown, contradiction, announced } = counts;
        Self { waiting, settled, bounced, known, unknown, contradiction, announced }
    }
}
async fn view(app: &App, report: Report) -> Result<BankReportView, Problem> {
    let outcomes = reports::counts(&mut *app.db.conn().await?, report.id).await?.into();
    let Report { id, kind, name, lines, taken_at } = report;
    Ok(BankReportView { id, kind, name, lines, outcomes, taken_at })
}

/// Take in a bank's file. Its lines are matched behind this answer; the same file again is the same report, and does nothing.
#[utoipa::path(tag = "payouts", operation_id = "create_bank_report",
    request_body(content = BankReportForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "it was taken in before", body = BankReportView), (status = 201, body = BankReportView), (status = 401, body = ProblemView),
        (status = 403, body = ProblemView), (status = 413, body = ProblemView), (status = 415, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/payouts/reports")]
async fn create_bank_report(app: web::Data<App>, by: Operator, upload: Upload<{ bankfiles::MAX_BYTES }>) -> Result<HttpResponse, Problem> {
    upload.nothing_else()?;
    let now = app.clock.now();
    let taken = app.db.transaction(async |tx| reports::take_in(tx, now, by.account, &upload.file_name, &upload.bytes).await).await;
    let (report, fresh) = taken?;
    app.hint.wake();
    let mut answer = if fresh { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(answer.json(view(&app, report).await?))
}

/// Files from the bank, newest first.
#[utoipa::path(tag = "payouts", operation_id = "list_bank_reports", params(PageQuery),
    responses((status = 200, body = Page<BankReportView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/payouts/reports")]
async fn list_bank_reports(app: web::Data<App>, _by: Auditor, Params(query): Params<PageQuery>) -> Result<web::Json<Page<BankReportView>>, Problem> {
    let limit = query.limit()?;
    let rows = reports::reports(&mut *app.db.conn().await?, query.after()?, i64::from(limit) + 1).await?;
    let Page { data, has_more, next_cursor } = Page::new(rows, limit, |report| report.id);
    let mut views = Vec::with_capacity(data.len());
    for report in data {
        views.push(view(&app, report).await?);
    }
    Ok(web::Json(Page { data: views, has_more, next_cursor }))
}

/// One file, and what its lines led to.
#[utoipa::path(tag = "payouts", operation_id = "get_bank_report", params(("id" = BankReportId, Path)),
    responses((status = 200, body = BankReportView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/payouts/reports/{id}")]
async fn get_bank_report(app: web::Data<App>, _by: Auditor, id: web::Path<BankReportId>) -> Result<web::Json<BankReportView>, Problem> {
    let report = reports::report(&mut *app.db.conn().await?, *id).await?.ok_or(Kind::NotFound)?;
    Ok(web::Json(view(&app, report).await?))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LinesQuery {
    outcome: Option<Outcome>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// A payment in a bank's file.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct BankReportLine {
    /// Where it begins in the file.
    line: i64,
    movement: Moved,
    amount: MoneyView,
    /// What we call it, if it is one of ours.
    #[schema(example = "PO-7K3M-92QX")]
    end_to_end: Option<String>,
    /// What the bank calls it.
    reference: Option<String>,
    /// Why it came back, in words.
    #[schema(example = "AC04: the account is closed")]
    reason: Option<String>,
    outcome: Outcome,
    /// Why it led to nothing, where it did not.
    note: String,
    payout: Option<PayoutId>,
}
impl From<Line> for BankReportLine {
    fn from(row: Line) -> Self {
        let amount = Money::new(row.amount_minor, row.currency).into();
        let Line { line, movement, end_to_end, reference, reason, outcome, note, payout, .. } = row;
        Self { line, movement, amount, end_to_end, reference, reason, outcome, note, payout }
    }
}

/// A file's lines in its order; `outcome=unknown` are those that nobody here knows.
#[utoipa::path(tag = "payouts", operation_id = "list_bank_report_lines", params(("id" = BankReportId, Path), LinesQuery),
    responses((status = 200, body = Page<BankReportLine>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/payouts/reports/{id}/lines")]
async fn list_bank_report_lines(
    app: web::Data<App>,
    _by: Auditor,
    id: web::Path<BankReportId>,
    Params(query): Params<LinesQuery>,
) -> Result<web::Json<Page<BankReportLine>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let conn = &mut *app.db.conn().await?;
    reports::report(conn, *id).await?.ok_or(Kind::NotFound)?;
    let rows = reports::lines(conn, *id, query.outcome, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |line| line.position).map(BankReportLine::from)))
}
