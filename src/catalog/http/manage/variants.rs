//! A product's variants: their prices and their stock.
use actix_web::{HttpResponse, http::StatusCode, patch, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    bodies::{VariantBody, VariantEditBody},
    products::shown,
    views::ManagedProduct,
};
use crate::{
    app::App,
    auth::Manager,
    catalog,
    http::Body,
    ids::{ProductId, VariantId},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_variant).service(update_variant);
}

/// One more variant; the answer is its product.
#[utoipa::path(tag = "products", operation_id = "create_variant", request_body = VariantBody,
    params(("coop" = String, Path, description = "id or slug"), ("id" = ProductId, Path)),
    responses((status = 201, body = ManagedProduct), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/products/{id}/variants")]
async fn create_variant(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ProductId)>,
    Body(body): Body<VariantBody>,
) -> Result<HttpResponse, Problem> {
    let (new, now) = (body.into(), app.clock.now());
    app.db.transaction_retrying(async |tx| catalog::add_variant(tx, now, by.scope, path.1, &new).await).await?;
    shown(&app, by.scope, path.1, StatusCode::CREATED).await
}

/// Change a variant, its prices, its stock; the answer is its product. Stock below what orders hold is refused with how much they hold.
#[utoipa::path(tag = "products", operation_id = "update_variant", request_body = VariantEditBody,
    params(("coop" = String, Path, description = "id or slug"), ("id" = VariantId, Path)),
    responses((status = 200, body = ManagedProduct), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[patch("/v1/manage/cooperatives/{coop}/variants/{id}")]
async fn update_variant(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, VariantId)>,
    Body(body): Body<VariantEditBody>,
) -> Result<HttpResponse, Problem> {
    let (edit, now) = (body.into(), app.clock.now());
    let product = app.db.transaction_retrying(async |tx| catalog::edit_variant(tx, now, by.scope, path.1, &edit).await).await?;
    shown(&app, by.scope, product, StatusCode::OK).await
}
