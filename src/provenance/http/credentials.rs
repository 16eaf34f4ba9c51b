//! Passports, DID documents and status lists, in the form that the caller's software reads.
use actix_web::{HttpRequest, HttpResponse, get, http::header, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{canonical, fresh};
use crate::{
    app::App,
    problem::{Kind, Problem, ProblemView},
    provenance::{
        Error,
        credentials::{self, Credential},
    },
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_item_passport).service(get_platform_did).service(get_cooperative_did).service(get_status_list);
}

const TOKEN: &str = "application/vc+jwt";
/// Forms of a credential; the first is what whoever takes anything gets.
const FORMS: [&str; 4] = ["application/vc", TOKEN, "application/ld+json", "application/json"];
/// Keys and lists change seldom, and a change should be seen soon.
const SOON: &str = "public, max-age=60";

/// The form that the caller prefers (RFC 9110, 12.5.1); of equals the one that she names first.
fn form(accept: &str) -> Option<&'static str> {
    if accept.trim().is_empty() {
        return Some(FORMS[0]);
    }
    let wanted = accept.split(',').rev().filter_map(|part| {
        let (name, rest) = part.split_once(';').unwrap_or((part, ""));
        let weight = rest.split(';').find_map(|p| p.trim().strip_prefix("q=")).map_or(Some(1000), thousandths)?;
        let form = match name.trim() {
            "*/*" | "application/*" => FORMS[0],
            name => FORMS.into_iter().find(|form| form.eq_ignore_ascii_case(name))?,
        };
        Some((weight, form)).filter(|(weight, _)| *weight > 0)
    });
    // The last of the heaviest, which was the first before it was turned round.
    wanted.max_by_key(|(weight, _)| *weight).map(|(_, form)| form)
}
/// `0.8` is 800 (RFC 9110, 12.4.2).
fn thousandths(q: &str) -> Option<u16> {
    let (whole, rest) = q.trim().split_once('.').unwrap_or((q.trim(), ""));
    let digits = format!("{whole}{rest:0<3}");
    digits.parse().ok().filter(|n| rest.len() <= 3 && *n <= 1000)
}

fn shown(request: &HttpRequest, credential: &Credential) -> Result<HttpResponse, Problem> {
    let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let form = form(accept).ok_or_else(|| Problem::with_detail(Kind::NotAcceptable, format!("it is here as {}", FORMS.join(", "))))?;
    let body = if form == TOKEN { credential.token()?.into_bytes() } else { credential.embedded()? };
    Ok(fresh(request, form, body))
}

/// The item's Digital Product Passport (UNTP 0.7.0), signed by its cooperative: as `application/vc+jwt`, or as JSON with a proof inside
/// (`eddsa-jcs-2022`). Everything in it is in the item's records; of people it says what they agree to show now.
#[utoipa::path(tag = "provenance", operation_id = "get_item_passport", params(("code" = String, Path, example = "7K3M-9QXW-2BCV")),
    responses((status = 200, content((serde_json::Value = "application/vc"), (String = "application/vc+jwt"), (serde_json::Value = "application/ld+json"), (serde_json::Value = "application/json"))),
        (status = 304), (status = 404, body = ProblemView), (status = 406, body = ProblemView)))]
#[get("/v1/provenance/items/{code}/passport")]
async fn get_item_passport(app: web::Data<App>, request: HttpRequest, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let passport = credentials::passport(&mut *app.db.conn().await?, &app.keys, &app.config.public_url, &canonical(&code)?).await?;
    shown(&request, &passport)
}

fn document(value: &serde_json::Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, SOON)).json(value)
}

/// The platform's keys (did:web): the one that signs status lists, and those that the public log has had.
#[utoipa::path(tag = "provenance", operation_id = "get_platform_did", responses((status = 200, body = serde_json::Value)))]
#[get("/.well-known/did.json")]
async fn get_platform_did(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let log = app.log.as_ref().map_or(&[][..], crate::log::Log::verifiers);
    Ok(document(&credentials::platform_did(&app.keys, &app.config.public_url, log)?))
}

/// A cooperative's keys (did:web), each as a Multikey and as a JSON Web Key; those that it no longer signs with too.
#[utoipa::path(tag = "provenance", operation_id = "get_cooperative_did", params(("slug" = String, Path, example = "lal-darwaza")),
    responses((status = 200, body = serde_json::Value), (status = 404, body = ProblemView)))]
#[get("/coop/{slug}/did.json")]
async fn get_cooperative_did(app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(document(&credentials::cooperative_did(&mut *app.db.conn().await?, &slug).await?))
}

/// Which passports were revoked (Bitstring Status List 1.0), in the same forms as a passport.
#[utoipa::path(tag = "provenance", operation_id = "get_status_list", params(("n" = u64, Path, example = 0)),
    responses((status = 200, content((serde_json::Value = "application/vc"), (String = "application/vc+jwt"), (serde_json::Value = "application/ld+json"), (serde_json::Value = "application/json"))),
        (status = 304), (status = 404, body = ProblemView), (status = 406, body = ProblemView)))]
#[get("/status/{n}")]
async fn get_status_list(app: web::Data<App>, request: HttpRequest, n: web::Path<String>) -> Result<HttpResponse, Problem> {
    let number = n.parse().ok().filter(|number: &u64| number.to_string() == *n).ok_or(Error::NotFound)?;
    let list = credentials::status_list(&mut *app.db.conn().await?, &app.keys, &app.config.public_url, number).await?;
    shown(&request, &list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_preferred() {
        for (accept, expected) in [
            ("", Some("application/vc")),
            ("*/*", Some("application/vc")),
            ("application/vc+jwt", Some(TOKEN)),
            ("application/json, application/vc+jwt", Some("application/json")),
            ("application/json;q=0.8, application/vc+jwt", Some(TOKEN)),
            ("text/html, application/ld+json;q=0.1", Some("application/ld+json")),
            ("application/VC+JWT;q=0.001, text/html", Some(TOKEN)),
            ("application/json;q=0", None),
            ("application/json;q=7", None),
            ("text/html", None),
        ] {
            assert_eq!(form(accept), expected, "{accept:?}");
        }
    }
}
