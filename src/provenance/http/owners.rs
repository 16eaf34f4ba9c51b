//! Claims and doubts: as an API, and as forms that need no script.
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    canonical,
    items::{HTML, POLICY, html, language},
};
use crate::{
    app::App,
    auth::{sessions::Caller, throttle},
    clock::{Day, Time},
    http::Body,
    ids::ReportId,
    problem::{Kind, Problem, ProblemView},
    provenance::{Error, claims, model::Doubt, page::Note},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_claim).service(create_report).service(send_claim).service(send_report);
}

/// A person writes a few sentences.
const MAX_DETAIL: usize = 1000;

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ClaimBody {
    /// As under the fold of the tag; case, spaces and hyphens do not matter.
    #[schema(example = "7K3M-9QXW-2BCV-4D5E-6F7G")]
    claim_code: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ClaimView {
    code: String,
    claimed_on: Day,
}

/// Wrong codes use up the item's allowance; the right one never waits behind others that were right.
async fn claim(app: &App, code: &str, given: &str) -> Result<Time, Problem> {
    let (conn, now) = (&mut *app.db.conn().await?, app.clock.now());
    throttle::look(conn, now, throttle::CLAIMS_PER_ITEM, code).await?;
    let claimed = claims::claim(conn, now, code, given).await;
    if matches!(claimed, Err(Error::WrongClaim)) {
        throttle::count(conn, now, throttle::CLAIMS_PER_ITEM, code).await?;
    }
    Ok(claimed?)
}

/// Claim an item with the code under the fold of its tag. The first claim wins.
#[utoipa::path(tag = "provenance", operation_id = "create_item_claim", request_body = ClaimBody, params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 201, body = ClaimView), (status = 400, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/provenance/items/{code}/claim")]
async fn create_claim(app: web::Data<App>, code: web::Path<String>, Body(body): Body<ClaimBody>) -> Result<HttpResponse, Problem> {
    let code = canonical(&code)?;
    let at = claim(&app, &code, &body.claim_code).await?;
    Ok(HttpResponse::Created().insert_header(("Cache-Control", "no-store")).json(ClaimView { code, claimed_on: at.day() }))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportBody {
    reason: Doubt,
    /// In your own words; without names.
    #[serde(default)]
    detail: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ReportReceipt {
    id: ReportId,
}

async fn report(app: &App, request: &HttpRequest, code: &str, body: &ReportBody) -> Result<ReportId, Problem> {
    if body.detail.chars().count() > MAX_DETAIL {
        return Err(Problem::field("/detail", "length", format!("at most {MAX_DETAIL} characters")));
    }
    let from = Caller::at(request.peer_addr().map(|address| address.ip()));
    let (conn, now) = (&mut *app.db.conn().await?, app.clock.now());
    throttle::count(conn, now, throttle::REPORTS_PER_ADDRESS, from.as_str()).await?;
    throttle::count(conn, now, throttle::REPORTS_PER_ITEM, code).await?;
    Ok(claims::report(conn, now, code, body.reason, body.detail.trim()).await?)
}

/// Report a doubt about an item or its tag; a person reads it.
#[utoipa::path(tag = "provenance", operation_id = "create_item_report", request_body = ReportBody, params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 201, body = ReportReceipt), (status = 400, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/provenance/items/{code}/reports")]
async fn create_report(
    app: web::Data<App>,
    request: HttpRequest,
    code: web::Path<String>,
    Body(body): Body<ReportBody>,
) -> Result<HttpResponse, Problem> {
    let id = report(&app, &request, &canonical(&code)?, &body).await?;
    Ok(HttpResponse::Created().json(ReportReceipt { id }))
}

/// The page again, saying what came of the form.
async fn told(app: &App, request: &HttpRequest, code: &str, outcome: Result<Note, Problem>) -> Result<HttpResponse, Problem> {
    let (status, note) = match outcome {
        Ok(note) => (StatusCode::OK, Some(note)),
        Err(problem) => match problem.kind() {
            Kind::AlreadyClaimed => (StatusCode::CONFLICT, Some(Note::ClaimTaken)),
            Kind::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, Some(Note::ClaimWrong)),
            Kind::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, Some(Note::Slow)),
            Kind::NotFound => (StatusCode::NOT_FOUND, None),
            _ => return Err(problem),
        },
    };
    page(app, request, code, status, note).await
}
async fn page(app: &App, request: &HttpRequest, code: &str, status: StatusCode, note: Option<Note>) -> Result<HttpResponse, Problem> {
    let (html, found) = html(app, language(request), code, note).await?;
    let status = if found { status } else { StatusCode::NOT_FOUND };
    let mut answer = HttpResponse::build(status);
    answer.insert_header(("Cache-Control", "no-store")).insert_header(("Content-Security-Policy", POLICY));
    Ok(answer.content_type(HTML).body(html))
}

/// A form of the page, if it could be read.
type Sent<T> = Result<web::Form<T>, actix_web::Error>;

/// Whoever sent a form is shown a page, also when the form cannot be read.
async fn answered<T>(app: &App, request: &HttpRequest, code: &str, form: Sent<T>, act: impl AsyncFnOnce(T) -> Result<Note, Problem>) -> Answered {
    match form {
        Ok(form) => told(app, request, code, act(form.into_inner()).await).await,
        Err(_) => page(app, request, code, StatusCode::BAD_REQUEST, Some(Note::FormUnread)).await,
    }
}
type Answered = Result<HttpResponse, Problem>;

/// The page's form for a claim.
#[utoipa::path(tag = "provenance", operation_id = "send_item_claim", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    request_body(content = ClaimBody, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 400, content_type = "text/html", body = String), (status = 404, content_type = "text/html", body = String), (status = 409, content_type = "text/html", body = String), (status = 422, content_type = "text/html", body = String), (status = 429, content_type = "text/html", body = String)))]
#[post("/i/{code}/claim")]
async fn send_claim(app: web::Data<App>, request: HttpRequest, code: web::Path<String>, form: Sent<ClaimBody>) -> Result<HttpResponse, Problem> {
    let act = async |form: ClaimBody| claim(&app, &canonical(&code)?, &form.claim_code).await.map(|_| Note::ClaimDone);
    answered(&app, &request, &code, form, act).await
}

/// The page's form for a doubt.
#[utoipa::path(tag = "provenance", operation_id = "send_item_report", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    request_body(content = ReportBody, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 400, content_type = "text/html", body = String), (status = 404, content_type = "text/html", body = String), (status = 422, content_type = "text/html", body = String), (status = 429, content_type = "text/html", body = String)))]
#[post("/i/{code}/report")]
async fn send_report(app: web::Data<App>, request: HttpRequest, code: web::Path<String>, form: Sent<ReportBody>) -> Result<HttpResponse, Problem> {
    let act = async |form: ReportBody| report(&app, &request, &canonical(&code)?, &form).await.map(|_| Note::DoubtDone);
    answered(&app, &request, &code, form, act).await
}
