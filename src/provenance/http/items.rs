//! An item's record for everybody.
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, HeaderValue},
    web,
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{canonical, fresh};
use crate::{
    app::App,
    problem::{Kind, Problem, ProblemView},
    provenance::{
        bundle,
        page::{self, Lang, Note, SCRIPT},
        read,
        view::ItemView,
    },
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_item).service(get_item_bundle).service(get_item_proof).service(show_item).service(get_script);
}

async fn view(app: &App, code: &str) -> Result<ItemView, Problem> {
    let facts = read::facts(&mut *app.db.conn().await?, &canonical(code)?).await?;
    Ok(ItemView::of(facts, |path| app.config.link(path))?)
}

/// What happened to this item, who made it, and what its price was for.
#[utoipa::path(tag = "provenance", operation_id = "get_item", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 200, body = ItemView), (status = 304), (status = 404, body = ProblemView)))]
#[get("/v1/provenance/items/{code}")]
async fn get_item(app: web::Data<App>, request: HttpRequest, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(&view(&app, &code).await?).map_err(|e| Problem::internal(&e))?;
    Ok(fresh(&request, "application/json", body))
}

/// The bundle: `haat verify` and anyone else's software check it offline.
#[utoipa::path(tag = "provenance", operation_id = "get_item_bundle", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 200, content_type = "application/json", body = serde_json::Value), (status = 404, body = ProblemView)))]
#[get("/v1/provenance/items/{code}/bundle")]
async fn get_item_bundle(app: web::Data<App>, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = canonical(&code)?;
    let record = bundle::record(&mut *app.db.conn().await?, &app.keys, &code).await?;
    let bytes = record.bundle.to_bytes().map_err(|e| Problem::internal(&e))?;
    let name = format!("attachment; filename=\"{code}.json\"");
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Content-Disposition", name))
        .insert_header(("Cache-Control", "no-cache"))
        .body(bytes))
}

/// That the item's newest record is in the public log, as one text that is checked offline (C2SP tlog-proof). What is proven is the bytes
/// of the record, which the bundle has.
#[utoipa::path(tag = "provenance", operation_id = "get_item_proof", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = ProblemView)))]
#[get("/v1/provenance/items/{code}/proof")]
async fn get_item_proof(app: web::Data<App>, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = canonical(&code)?;
    let proof = bundle::proof(&mut *app.db.conn().await?, &code).await?;
    let name = format!("attachment; filename=\"{code}.tlog-proof\"");
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header(("Content-Disposition", name))
        .insert_header(("Cache-Control", "no-cache"))
        .body(proof.to_string()))
}

/// In which language the caller reads; other parameters, which whoever passes links on adds, are ignored.
pub(super) fn language(request: &HttpRequest) -> Lang {
    let asked = request.query_string().split('&').find_map(|pair| pair.strip_prefix("lang="));
    Lang::choose(asked, request.headers().get("Accept-Language").and_then(|v| v.to_str().ok()).unwrap_or_default())
}

/// The page as it stands, with what a form that was sent led to.
pub(super) async fn html(app: &App, lang: Lang, code: &str, note: Option<Note>) -> Result<(String, bool), Problem> {
    let item = match view(app, code).await {
        Ok(view) => Some(view),
        Err(problem) if problem.kind() == Kind::NotFound => None,
        Err(problem) => return Err(problem),
    };
    let html = page::render(lang, item.as_ref(), code, note, app.config.invented).map_err(|e| Problem::internal(&e))?;
    Ok((html, item.is_some()))
}

/// Its own script and what that asks of us, no third party: what is not listed cannot load.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// The page behind the code on a tag. Machines that ask for JSON get the record; tracking parameters are ignored.
#[utoipa::path(tag = "provenance", operation_id = "show_item",
    params(("code" = String, Path, example = "7K3M-9QXW-2BCV"), ("lang" = Option<String>, Query, description = "en, hi, ne, es or fr")),
    responses((status = 200, content((String = "text/html"), (ItemView = "application/json"))), (status = 304), (status = 404, content((String = "text/html"), (ProblemView = "application/problem+json")))))]
#[get("/i/{code}")]
async fn show_item(app: web::Data<App>, request: HttpRequest, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let accept = request.headers().get("Accept").and_then(|v| v.to_str().ok()).unwrap_or_default();
    if accept.starts_with("application/json") {
        let body = serde_json::to_vec(&view(&app, &code).await?).map_err(|e| Problem::internal(&e))?;
        return Ok(fresh(&request, "application/json", body));
    }
    let lang = language(&request);
    let (html, found) = html(&app, lang, &code, None).await?;
    let mut answer = if found { fresh(&request, HTML, html.into_bytes()) } else { HttpResponse::NotFound().content_type(HTML).body(html) };
    let headers = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CONTENT_LANGUAGE, lang.tag()), (header::REFERRER_POLICY, "same-origin")];
    for (name, value) in headers {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(answer)
}

/// What checks a record in the browser. Its name holds its hash: it never changes, and a page asks for the one it was written with.
#[utoipa::path(tag = "provenance", operation_id = "get_script", params(("name" = String, Path, example = "check-0123456789abcdef.js")),
    responses((status = 200, content_type = "text/javascript", body = String), (status = 404, body = ProblemView)))]
#[get("/scripts/{name}")]
async fn get_script(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    if *name != SCRIPT.name {
        return Err(Kind::NotFound.into());
    }
    let headers = ("Cache-Control", "public, max-age=31536000, immutable");
    Ok(HttpResponse::Ok().content_type("text/javascript; charset=utf-8").insert_header(headers).body(SCRIPT.text.as_str()))
}
