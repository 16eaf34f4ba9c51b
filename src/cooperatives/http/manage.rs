//! A manager's own cooperative.
use actix_web::{HttpResponse, get, patch, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::views::{ManagedCooperative, ProfileEdit};
use crate::{
    app::App,
    auth::Manager,
    cooperatives::{self, model::Edit},
    http::{Body, IfMatch},
    problem::{Kind, Problem, ProblemView},
    tenancy::Scope,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_managed_cooperative).service(update_cooperative);
}

async fn shown(app: &App, scope: Scope) -> Result<HttpResponse, Problem> {
    let found = cooperatives::find(&mut *app.db.conn().await?, &scope.coop().to_string()).await?.ok_or(Kind::NotFound)?;
    Ok(ManagedCooperative::from(found).respond())
}

/// The cooperative's profile and terms.
#[utoipa::path(tag = "cooperatives", operation_id = "get_managed_cooperative", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = ManagedCooperative), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}")]
async fn get_managed_cooperative(app: web::Data<App>, by: Manager) -> Result<HttpResponse, Problem> {
    shown(&app, by.scope).await
}

/// Change the profile. Address, country, currency and terms are not a manager's to change.
#[utoipa::path(tag = "cooperatives", operation_id = "update_cooperative", request_body = ProfileEdit,
    params(("coop" = String, Path, description = "id or slug"), ("If-Match" = String, Header, description = "the ETag that was read")),
    responses((status = 200, body = ManagedCooperative), (status = 401, body = ProblemView), (status = 404, body = ProblemView),
        (status = 412, body = ProblemView), (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[patch("/v1/manage/cooperatives/{coop}")]
async fn update_cooperative(
    app: web::Data<App>,
    by: Manager,
    IfMatch(read): IfMatch,
    Body(body): Body<ProfileEdit>,
) -> Result<HttpResponse, Problem> {
    let (now, edit) = (app.clock.now(), Edit::from(body));
    app.db.transaction(async |tx| cooperatives::edit(tx, now, by.scope, read, &edit).await).await?;
    shown(&app, by.scope).await
}
