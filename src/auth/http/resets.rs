//! Forgotten passwords.
use actix_web::{HttpRequest, HttpResponse, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::{
        model::Email,
        resets,
        throttle::{self, PER_ADDRESS},
    },
    http::Body,
    ids::ResetId,
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_password_reset).service(complete_password_reset);
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetBody {
    #[schema(example = "ganga@coop.example")]
    email: String,
}

/// Ask for a new password. The answer is the same whether the address has an account or not.
#[utoipa::path(tag = "people", operation_id = "create_password_reset", request_body = ResetBody,
    responses((status = 202), (status = 422, body = ProblemView), (status = 429, body = ProblemView)))]
#[post("/v1/auth/password-resets")]
async fn create_password_reset(app: web::Data<App>, request: HttpRequest, Body(body): Body<ResetBody>) -> Result<HttpResponse, Problem> {
    let (now, email) = (app.clock.now(), Email::parse("/email", &body.email)?);
    throttle::count(&mut *app.db.conn().await?, now, PER_ADDRESS, super::sessions::caller(&request).as_str()).await?;
    resets::request(&app.db, now, &email).await?;
    app.hint.wake();
    Ok(HttpResponse::Accepted().finish())
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPasswordBody {
    /// What stands behind `#` in the link.
    token: String,
    /// Ten characters or more.
    password: String,
}

/// Set the new password. Every session of the account ends.
#[utoipa::path(tag = "people", operation_id = "complete_password_reset", request_body = NewPasswordBody, params(("id" = inline(ResetId), Path)),
    responses((status = 204), (status = 404, body = ProblemView), (status = 410, body = ProblemView), (status = 422, body = ProblemView), (status = 503, body = ProblemView)))]
#[post("/v1/auth/password-resets/{id}")]
async fn complete_password_reset(app: web::Data<App>, id: web::Path<ResetId>, Body(body): Body<NewPasswordBody>) -> Result<HttpResponse, Problem> {
    resets::complete(&app.db, &app.keys, app.clock.now(), *id, &body.token, &body.password).await?;
    Ok(HttpResponse::NoContent().finish())
}
