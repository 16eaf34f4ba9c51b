//! The pages behind the links in mails: accept an invitation, choose a new password. One form each, and a script that reads the token
//! from behind the `#`, where no server and no log sees it, and takes it out of the address bar.
use actix_web::{HttpResponse, get, web};
use minijinja::{Environment, context};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    ids::{InvitationId, ResetId},
    problem::{Problem, ProblemView},
    secrets::Token,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(show_invitation).service(show_password_reset);
}

const PAGES: [(&str, &str); 3] = [
    ("layout.html", include_str!("../templates/layout.html")),
    ("invitation.html", include_str!("../templates/invitation.html")),
    ("password_reset.html", include_str!("../templates/password_reset.html")),
];

/// The page is the same for every id, live or not: only the token tells, and it is not here.
fn page(name: &str, id: uuid::Uuid) -> Result<HttpResponse, Problem> {
    let nonce = Token::random("n").reveal()[2..].to_owned();
    let rendered = || {
        let mut env = Environment::new();
        for (name, source) in PAGES {
            env.add_template(name, source)?;
        }
        env.get_template(name)?.render(context! { id => id.to_string(), nonce => nonce.clone() })
    };
    let html = rendered().map_err(|error: minijinja::Error| Problem::internal(&error))?;
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Security-Policy", policy))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Robots-Tag", "noindex"))
        .content_type("text/html; charset=utf-8")
        .body(html))
}

/// The page on which an invitation is accepted.
#[utoipa::path(tag = "people", operation_id = "show_invitation", params(("id" = InvitationId, Path)), responses((status = 200, content_type = "text/html", body = String), (status = 404, body = ProblemView)))]
#[get("/invitations/{id}")]
async fn show_invitation(id: web::Path<InvitationId>) -> Result<HttpResponse, Problem> {
    page("invitation.html", id.uuid())
}

/// The page on which a new password is chosen.
#[utoipa::path(tag = "people", operation_id = "show_password_reset", params(("id" = inline(ResetId), Path)), responses((status = 200, content_type = "text/html", body = String), (status = 404, body = ProblemView)))]
#[get("/password-resets/{id}")]
async fn show_password_reset(id: web::Path<ResetId>) -> Result<HttpResponse, Problem> {
    page("password_reset.html", id.uuid())
}
