//! A product's pictures.
use actix_web::{HttpResponse, put, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::Manager,
    catalog,
    http::Body,
    ids::ProductId,
    media::Attached,
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(put_product_media);
}

/// The product's pictures, whole and in order: the first one stands for it in lists. One that is still on its way shows when it is there.
#[utoipa::path(tag = "media", operation_id = "put_product_media", request_body = Vec<Attached>,
    params(("coop" = String, Path, description = "id or slug"), ("id" = ProductId, Path)),
    responses((status = 204), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[put("/v1/manage/cooperatives/{coop}/products/{id}/media")]
async fn put_product_media(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ProductId)>,
    Body(pictures): Body<Vec<Attached>>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    app.db.transaction_retrying(async |tx| catalog::set_pictures(tx, now, by.scope, path.1, &pictures).await).await?;
    Ok(HttpResponse::NoContent().finish())
}
