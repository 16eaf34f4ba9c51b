//! An item's record: as a page, as JSON, as the bundle that verifies without us; claims and doubts; and how a cooperative writes it.
mod admin;
mod bodies;
mod credentials;
mod items;
mod owners;
mod pieces;
mod tags;

use actix_web::{HttpRequest, HttpResponse};
use passport::ItemCode;
use utoipa_actix_web::service_config::ServiceConfig;

use super::Error;
use crate::{
    problem::{Kind, Problem},
    secrets::sha256,
};

pub fn routes(api: &mut ServiceConfig) {
    items::routes(api);
    credentials::routes(api);
    owners::routes(api);
    pieces::routes(api);
    tags::routes(api);
    admin::routes(api);
}

/// Codes are read from tags by people: case, spaces, and 0 for O are forgiven.
fn canonical(code: &str) -> Result<String, Problem> {
    let parsed: ItemCode = code.parse().map_err(|e: passport::CodeError| Problem::with_detail(Kind::NotFound, e.to_string()))?;
    Ok(parsed.to_string())
}

/// Consent may have been withdrawn since: nobody shows it again without asking, but who asks with its tag is answered in a line.
fn fresh(request: &HttpRequest, content_type: &'static str, body: Vec<u8>) -> HttpResponse {
    let etag = format!("\"{}\"", sha256(&body)[..16].iter().map(|b| format!("{b:02x}")).collect::<String>());
    let current = request.headers().get("If-None-Match").and_then(|v| v.to_str().ok()).is_some_and(|given| given == etag);
    let mut answer = if current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(("Cache-Control", "no-cache")).insert_header(("ETag", etag)).insert_header(("Vary", "Accept, Accept-Language"));
    if current { answer.finish() } else { answer.content_type(content_type).body(body) }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::WrongClaim => Self::field("/claim_code", "wrong", "this is not the item's claim code: one letter is easily taken for another"),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::TooFew { left } => Self::with_detail(Kind::NotEnoughPieces, Error::TooFew { left }.to_string()).with("available", left),
            Error::PhotoReused => Kind::PhotoReused.into(),
            Error::Claimed => Kind::AlreadyClaimed.into(),
            Error::ReportClosed => Self::with_detail(Kind::Conflict, error.to_string()),
            Error::NotLogged => Self::with_detail(Kind::NotFound, error.to_string()).retry_after(1),
            Error::Log(error) => error.into(),
            Error::Db(error) => error.into(),
            Error::Leaf(_) | Error::Value(_) | Error::Corrupt(_) | Error::Key(_) | Error::Credential(_) => Self::internal(&error),
        }
    }
}
