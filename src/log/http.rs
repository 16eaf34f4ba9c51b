//! The log as C2SP tlog-tiles has it: files that anyone may copy and check.
use actix_web::{HttpResponse, get, http::header, web};
use passport::log::{Tile, tile::parse_index};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Error, read};
use crate::{
    app::App,
    problem::{Kind, Problem, ProblemView},
};

/// Entries before tiles: `entries` would else be read as a level.
pub fn routes(api: &mut ServiceConfig) {
    api.service(get_log_checkpoint).service(get_log_key).service(get_log_policy).service(get_log_entries).service(get_log_tile);
}

const TEXT: &str = "text/plain; charset=utf-8";
/// What was served under an address is the same for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The tree grows twice a second at most.
const SHORT: &str = "public, max-age=1";

/// The newest checkpoint: name, size and root of the tree, signed (C2SP tlog-checkpoint), and cosigned by those witnesses that saw it
/// already (C2SP tlog-cosignature).
#[utoipa::path(tag = "log", operation_id = "get_log_checkpoint",
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = ProblemView)))]
#[get("/log/checkpoint")]
async fn get_log_checkpoint(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let note = read::checkpoint(&mut *app.db.conn().await?).await?;
    Ok(HttpResponse::Ok().content_type(TEXT).insert_header((header::CACHE_CONTROL, SHORT)).body(note))
}

/// Whose signature a checkpoint must have, as `name+hash+key` (C2SP signed-note): the log's key now, and below it those that it had before, for
/// checkpoints of that time. Compare it with what is published elsewhere: a log that hands out its own key proves nothing with it.
#[utoipa::path(tag = "log", operation_id = "get_log_key",
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = ProblemView)))]
#[get("/log/key")]
async fn get_log_key(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let log = app.log.as_ref().ok_or(Error::Unbegun)?;
    Ok(HttpResponse::Ok()
        .content_type(TEXT)
        .insert_header((header::CACHE_CONTROL, SHORT))
        .body(log.verifiers().iter().map(|key| format!("{key}\n")).collect::<String>()))
}

/// Which witnesses the log asks, and how many it holds to be enough (C2SP tlog-policy). Whom you believe is for you to say: begin with this
/// and strike out whom you do not know.
#[utoipa::path(tag = "log", operation_id = "get_log_policy",
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = ProblemView)))]
#[get("/log/policy")]
async fn get_log_policy(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let witnesses = app.log.as_ref().and_then(|log| log.witnesses()).ok_or(Error::NotFound)?;
    Ok(HttpResponse::Ok().content_type(TEXT).insert_header((header::CACHE_CONTROL, SHORT)).body(witnesses.policy().to_owned()))
}

/// Up to 256 hashes of the tree, 32 bytes each (C2SP tlog-tiles). An index of 1000 and more has several segments: x001/x234/067.
#[utoipa::path(tag = "log", operation_id = "get_log_tile", path = "/log/tile/{level}/{index}",
    params(("level" = String, Path, example = "0"), ("index" = String, Path, description = "three digits, and .p/ with the width of a partial tile", example = "000")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = ProblemView)))]
#[get("/log/tile/{level}/{index:.*}")]
async fn get_log_tile(app: web::Data<App>, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let tile = Tile::parse(&path.0, &path.1).ok_or(Error::NotFound)?;
    let hashes = read::tile(&mut *app.db.conn().await?, tile).await?;
    Ok(file(hashes))
}

/// Up to 256 entries, each behind its length in two bytes (C2SP tlog-tiles): the records themselves, as they were signed.
#[utoipa::path(tag = "log", operation_id = "get_log_entries", path = "/log/tile/entries/{index}",
    params(("index" = String, Path, description = "three digits, and .p/ with the width of a partial bundle", example = "000")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = ProblemView)))]
#[get("/log/tile/entries/{index:.*}")]
async fn get_log_entries(app: web::Data<App>, index: web::Path<String>) -> Result<HttpResponse, Problem> {
    let (index, width) = parse_index(&index).ok_or(Error::NotFound)?;
    let bundle = read::entries(&mut *app.db.conn().await?, index, width).await?;
    Ok(file(bundle))
}

fn file(bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/octet-stream").insert_header((header::CACHE_CONTROL, FOR_EVER)).body(bytes)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound | Error::Unbegun => Kind::NotFound.into(),
            Error::Db(error) => error.into(),
            Error::Checkpoint(_)
            | Error::Note(_)
            | Error::Root { .. }
            | Error::Tile(_)
            | Error::Corrupt(_)
            | Error::Statement(_)
            | Error::Ahead(_)
            | Error::Policy(_)
            | Error::Client(_)
            | Error::Witness(_) => Self::internal(&error),
        }
    }
}
