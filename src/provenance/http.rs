//! An item's record: as a page, as JSON, and as the bundle that verifies without us.
use actix_web::{HttpRequest, HttpResponse, get, web};
use passport::{ItemCode, Leaf};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Error, ItemState, bundle, page};
use crate::{
    app::App,
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_item).service(get_item_bundle).service(show_item);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct ItemView {
    /// As on the tag.
    #[schema(example = "7K3M-9QXW-2BCV")]
    code: String,
    uri: String,
    state: ItemState,
    /// Who signed its records.
    issuer: String,
    issuer_name: String,
    title: String,
    batch: String,
    /// Oldest first: the batch's, then the item's own.
    events: Vec<EventView>,
    /// Four words for its first record, as printed on its tag.
    phrase: String,
    /// The records as a file that anyone can check offline.
    bundle: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = ItemEventView)]
struct EventView {
    #[schema(example = "sold")]
    r#type: String,
    day: String,
    /// On what it rests: self, cooperative, counterparty, third_party or ledger.
    evidence: String,
    #[schema(value_type = Object)]
    facts: serde_json::Value,
}

impl EventView {
    fn of(leaf: &Leaf) -> Self {
        let evidence = serde_json::to_value(leaf.evidence()).ok().and_then(|v| v.as_str().map(str::to_owned));
        Self {
            r#type: leaf.event_type().as_str().to_owned(),
            day: leaf.day().to_string(),
            evidence: evidence.unwrap_or_default(),
            facts: serde_json::Value::Object(leaf.facts().clone()),
        }
    }
}

impl ItemView {
    fn of(app: &App, record: bundle::Record) -> Result<Self, Problem> {
        let (batch, item) = (&record.bundle.batch.leaves, &record.bundle.item.leaves);
        let (Some(created), Some(first)) = (batch.first(), item.first()) else { return Err(Kind::NotFound.into()) };
        let issuer = record.bundle.item.keys.iter().next().map(|key| key.name().to_string());
        let code = first.leaf.item().code().to_string();
        Ok(Self {
            bundle: app.config.link(&format!("/v1/provenance/items/{code}/bundle")),
            uri: first.leaf.item().to_string(),
            state: record.state,
            issuer: first.leaf.by().to_string(),
            issuer_name: issuer.unwrap_or_default(),
            title: created.leaf.facts().get("title").and_then(|t| t.as_str()).unwrap_or_default().to_owned(),
            batch: created.leaf.item().to_string(),
            events: batch.iter().chain(item).map(|signed| EventView::of(&signed.leaf)).collect(),
            phrase: passport::phrase(&first.leaf.hash()),
            code,
        })
    }
}

/// Codes are read from tags by people: case, spaces, and 0 for O are forgiven.
fn canonical(code: &str) -> Result<String, Problem> {
    let parsed: ItemCode = code.parse().map_err(|e: passport::CodeError| Problem::with_detail(Kind::NotFound, e.to_string()))?;
    Ok(parsed.to_string())
}

/// What happened to this item.
#[utoipa::path(tag = "provenance", operation_id = "get_item", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 200, body = ItemView), (status = 404, body = ProblemView)))]
#[get("/v1/provenance/items/{code}")]
async fn get_item(app: web::Data<App>, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = canonical(&code)?;
    let view = ItemView::of(&app, bundle::record(&mut *app.db.conn().await?, &code).await?)?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).json(view))
}

/// The bundle: `haat verify` and anyone else's software check it offline.
#[utoipa::path(tag = "provenance", operation_id = "get_item_bundle", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 200, content_type = "application/json", body = serde_json::Value), (status = 404, body = ProblemView)))]
#[get("/v1/provenance/items/{code}/bundle")]
async fn get_item_bundle(app: web::Data<App>, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = canonical(&code)?;
    let record = bundle::record(&mut *app.db.conn().await?, &code).await?;
    let bytes = record.bundle.to_bytes().map_err(|e| Problem::internal(&e))?;
    let name = format!("attachment; filename=\"{code}.json\"");
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Content-Disposition", name))
        .insert_header(("Cache-Control", "no-cache"))
        .body(bytes))
}

/// The page behind the code on a tag. Machines that ask for JSON get the record; tracking parameters are ignored.
#[utoipa::path(tag = "provenance", operation_id = "show_item", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 200, content((String = "text/html"), (ItemView = "application/json"))), (status = 404, content_type = "text/html", body = String)))]
#[get("/i/{code}")]
async fn show_item(app: web::Data<App>, request: HttpRequest, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let accept = request.headers().get("Accept").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let found = async {
        let code = canonical(&code)?;
        ItemView::of(&app, bundle::record(&mut *app.db.conn().await?, &code).await?)
    };
    let found = match found.await {
        Ok(view) if accept.starts_with("application/json") => return Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).json(view)),
        Ok(view) => Some(view),
        Err(problem) if problem.kind() == Kind::NotFound => None,
        Err(problem) => return Err(problem),
    };
    let mut answer = if found.is_some() { HttpResponse::Ok() } else { HttpResponse::NotFound() };
    let html = page::render(found, &code, !app.config.production).map_err(|e| Problem::internal(&e))?;
    // No script, no third party: what is not listed cannot load.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'";
    Ok(answer
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", policy))
        .insert_header(("Cache-Control", "no-cache"))
        .body(html))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::Db(error) => error.into(),
            Error::Leaf(_) | Error::Value(_) | Error::Corrupt(_) | Error::Key(_) => Self::internal(&error),
        }
    }
}
