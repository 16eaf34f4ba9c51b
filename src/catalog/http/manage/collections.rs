//! A manager's collections.
use actix_web::{HttpResponse, delete, get, patch, post, put, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::Manager,
    catalog::collections::{self, Collection, CollectionEdit, NewCollection},
    clock::Time,
    http::{Body, Params},
    ids::{CollectionId, ProductId},
    page::{Page, PageQuery},
    problem::{Problem, ProblemView},
    tenancy::Scope,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_collection).service(list_collections).service(get_collection);
    api.service(update_collection).service(delete_collection).service(put_collection_products);
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CollectionBody {
    #[schema(example = "For the table")]
    title: String,
    #[serde(default)]
    about: String,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CollectionEditBody {
    title: Option<String>,
    about: Option<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct CollectionView {
    id: CollectionId,
    /// Storefronts name it by this: `GET /v1/store/products?collection=`.
    slug: String,
    title: String,
    about: String,
    /// In the chosen order.
    products: Vec<ProductId>,
    created_at: Time,
    updated_at: Time,
}
impl From<Collection> for CollectionView {
    fn from(c: Collection) -> Self {
        let Collection { id, slug, title, about, products, created_at, updated_at } = c;
        Self { id, slug, title, about, products, created_at, updated_at }
    }
}
async fn shown(app: &App, scope: Scope, id: CollectionId) -> Result<CollectionView, Problem> {
    Ok(collections::find(&mut *app.db.conn().await?, scope, id).await?.into())
}

/// An empty collection.
#[utoipa::path(tag = "products", operation_id = "create_collection", request_body = CollectionBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = CollectionView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/collections")]
async fn create_collection(app: web::Data<App>, by: Manager, Body(body): Body<CollectionBody>) -> Result<HttpResponse, Problem> {
    let new = NewCollection { title: body.title, about: body.about };
    let now = app.clock.now();
    let id = app.db.transaction_retrying(async |tx| collections::create(tx, now, by.scope, &new).await).await?;
    Ok(HttpResponse::Created().json(shown(&app, by.scope, id).await?))
}

/// The cooperative's collections, newest first.
#[utoipa::path(tag = "products", operation_id = "list_managed_collections", params(("coop" = String, Path, description = "id or slug"), PageQuery),
    responses((status = 200, body = Page<CollectionView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/collections")]
async fn list_collections(app: web::Data<App>, by: Manager, Params(query): Params<PageQuery>) -> Result<web::Json<Page<CollectionView>>, Problem> {
    let limit = query.limit()?;
    let rows = collections::list(&mut *app.db.conn().await?, by.scope, query.after()?, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |c| c.id).map(Into::into)))
}

/// A collection with its products.
#[utoipa::path(tag = "products", operation_id = "get_managed_collection", params(("coop" = String, Path, description = "id or slug"), ("id" = CollectionId, Path)),
    responses((status = 200, body = CollectionView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/collections/{id}")]
async fn get_collection(app: web::Data<App>, by: Manager, path: web::Path<(String, CollectionId)>) -> Result<web::Json<CollectionView>, Problem> {
    Ok(web::Json(shown(&app, by.scope, path.1).await?))
}

/// Change what a collection is called or says.
#[utoipa::path(tag = "products", operation_id = "update_collection", request_body = CollectionEditBody,
    params(("coop" = String, Path, description = "id or slug"), ("id" = CollectionId, Path)),
    responses((status = 200, body = CollectionView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[patch("/v1/manage/cooperatives/{coop}/collections/{id}")]
async fn update_collection(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, CollectionId)>,
    Body(body): Body<CollectionEditBody>,
) -> Result<web::Json<CollectionView>, Problem> {
    let edit = CollectionEdit { title: body.title, about: body.about };
    let now = app.clock.now();
    app.db.transaction(async |tx| collections::edit(tx, now, by.scope, path.1, &edit).await).await?;
    Ok(web::Json(shown(&app, by.scope, path.1).await?))
}

/// Remove a collection; its products stay.
#[utoipa::path(tag = "products", operation_id = "delete_collection", params(("coop" = String, Path, description = "id or slug"), ("id" = CollectionId, Path)),
    responses((status = 204), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[delete("/v1/manage/cooperatives/{coop}/collections/{id}")]
async fn delete_collection(app: web::Data<App>, by: Manager, path: web::Path<(String, CollectionId)>) -> Result<HttpResponse, Problem> {
    app.db.transaction(async |tx| collections::delete(tx, by.scope, path.1).await).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A collection's products, whole and in order.
#[utoipa::path(tag = "products", operation_id = "put_collection_products", request_body = Vec<ProductId>,
    params(("coop" = String, Path, description = "id or slug"), ("id" = CollectionId, Path)),
    responses((status = 200, body = CollectionView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[put("/v1/manage/cooperatives/{coop}/collections/{id}/products")]
async fn put_collection_products(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, CollectionId)>,
    Body(products): Body<Vec<ProductId>>,
) -> Result<web::Json<CollectionView>, Problem> {
    let now = app.clock.now();
    app.db.transaction(async |tx| collections::set_products(tx, now, by.scope, path.1, &products).await).await?;
    Ok(web::Json(shown(&app, by.scope, path.1).await?))
}
