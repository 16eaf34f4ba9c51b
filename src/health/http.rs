//! `/health/live`, `/health/ready`, `/metrics`.
use actix_web::{HttpResponse, get, web};
use diesel_async::SimpleAsyncConnection;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    db::DbError,
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_live).service(get_ready);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// The process answers.
#[utoipa::path(tag = "health", operation_id = "get_live", responses((status = 200, body = Health)))]
#[get("/health/live")]
async fn get_live() -> web::Json<Health> {
    web::Json(Health { status: "ok" })
}

/// The database answers too.
#[utoipa::path(tag = "health", operation_id = "get_ready", responses((status = 200, body = Health), (status = 503, body = ProblemView)))]
#[get("/health/ready")]
async fn get_ready(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    app.db.conn().await?.batch_execute("SELECT 1").await.map_err(DbError::from)?;
    Ok(HttpResponse::Ok().json(Health { status: "ok" }))
}
