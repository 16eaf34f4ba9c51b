//! An item's record, for machines: as JSON and as the bundle that verifies without us.
use actix_web::{HttpResponse, get, web};
use passport::{ItemCode, Leaf};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Error, ItemState, bundle};
use crate::{
    app::App,
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_item).service(get_item_bundle);
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
    title: String,
    batch: String,
    /// Oldest first: the batch's, then the item's own.
    events: Vec<EventView>,
    /// The records as a file that anyone can check offline.
    bundle: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
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
    let record = bundle::record(&mut *app.db.conn().await?, &code).await?;
    let (batch, item) = (&record.bundle.batch.leaves, &record.bundle.item.leaves);
    let (Some(created), Some(first)) = (batch.first(), item.first()) else { return Err(Kind::NotFound.into()) };
    let title = created.leaf.facts().get("title").and_then(|t| t.as_str()).unwrap_or_default().to_owned();
    let view = ItemView {
        bundle: app.config.link(&format!("/v1/provenance/items/{code}/bundle")),
        code,
        uri: first.leaf.item().to_string(),
        state: record.state,
        issuer: first.leaf.by().to_string(),
        title,
        batch: created.leaf.item().to_string(),
        events: batch.iter().chain(item).map(|signed| EventView::of(&signed.leaf)).collect(),
    };
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).json(view))
}

/// The bundle: `haat verify` and anyone else's software check it offline.
#[utoipa::path(tag = "provenance", operation_id = "get_item_bundle", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 200, content_type = "application/json"), (status = 404, body = ProblemView)))]
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

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::Db(error) => error.into(),
            Error::Leaf(_) | Error::Value(_) | Error::Corrupt(_) | Error::Key(_) => Self::internal(&error),
        }
    }
}
