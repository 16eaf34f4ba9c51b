//! A manager's products.
use actix_web::{HttpResponse, get, http::StatusCode, patch, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    bodies::{ProductBody, ProductEdit},
    views::{ManagedCard, ManagedProduct},
};
use crate::{
    app::App,
    audit::{self, Act},
    auth::Manager,
    catalog::{
        self,
        gate::Gate,
        model::Status,
        publishing::{self, Outcome},
        read::manage,
    },
    db::Tx,
    http::{Body, IfMatch, Params},
    ids::{ProductId, VariantId},
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
    tenancy::Scope,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_product).service(publish_product).service(publish_products);
    api.service(list_managed_products).service(get_managed_product).service(update_product).service(archive_product).service(unarchive_product);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct CreatedProduct {
    id: ProductId,
    variants: Vec<VariantId>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Published {
    gate: Gate,
}

/// The product as it is now.
pub(super) async fn shown(app: &App, scope: Scope, id: ProductId, status: StatusCode) -> Result<HttpResponse, Problem> {
    let whole = manage::whole(&mut *app.db.conn().await?, scope, id).await?.ok_or(Kind::NotFound)?;
    Ok(ManagedProduct::of(whole)?.respond(status))
}

/// Write a draft.
#[utoipa::path(tag = "products", operation_id = "create_product", request_body = ProductBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = CreatedProduct), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/products")]
async fn create_product(app: web::Data<App>, by: Manager, Body(body): Body<ProductBody>) -> Result<HttpResponse, Problem> {
    let new = body.into_new()?;
    let now = app.clock.now();
    let (id, variants) = app.db.transaction_retrying(async |tx| catalog::create(tx, now, by.scope, &new).await).await?;
    Ok(HttpResponse::Created().json(CreatedProduct { id, variants }))
}

/// Show a product to buyers, if the publish gate lets it through.
#[utoipa::path(tag = "products", operation_id = "publish_product", params(("coop" = String, Path, description = "id or slug"), ("id" = ProductId, Path)),
    responses((status = 200, body = Published), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/products/{id}/publish")]
async fn publish_product(app: web::Data<App>, by: Manager, path: web::Path<(String, ProductId)>) -> Result<web::Json<Published>, Problem> {
    let now = app.clock.now();
    let publish = async |tx: &mut Tx| {
        let gate = catalog::publish(tx, now, by.scope, path.1).await?;
        audit::record(tx, now, Act::manager(by.account, by.scope.coop(), "product.publish", path.1)).await?;
        Ok::<_, catalog::model::Error>(gate)
    };
    let gate = app.db.transaction_retrying(publish).await?;
    Ok(web::Json(Published { gate }))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PublishBody {
    filter: publishing::Wanted,
}

/// Show every draft that the filter names and the publish gate lets through; the others stay drafts, with their reasons.
#[utoipa::path(tag = "products", operation_id = "publish_products", request_body = PublishBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = Outcome), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/products/publish")]
async fn publish_products(app: web::Data<App>, by: Manager, Body(body): Body<PublishBody>) -> Result<web::Json<Outcome>, Problem> {
    let now = app.clock.now();
    let publish = async |tx: &mut Tx| {
        let outcome = catalog::publish_drafts(tx, now, by.scope, &body.filter).await?;
        let act = Act::manager(by.account, by.scope.coop(), "products.publish", by.scope.coop());
        audit::record(tx, now, act.with(serde_json::json!({"published": outcome.published}))).await?;
        Ok::<_, catalog::model::Error>(outcome)
    };
    Ok(web::Json(app.db.transaction_retrying(publish).await?))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    status: Option<Status>,
    /// Words that begin words of title, kind or description.
    q: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The cooperative's products, newest first, with what the publish gate says of each.
#[utoipa::path(tag = "products", operation_id = "list_managed_products", params(("coop" = String, Path, description = "id or slug"), ListQuery),
    responses((status = 200, body = Page<ManagedCard>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/products")]
async fn list_managed_products(app: web::Data<App>, by: Manager, Params(query): Params<ListQuery>) -> Result<web::Json<Page<ManagedCard>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let wanted = manage::Wanted { status: query.status, search: query.q, after, limit: i64::from(limit) + 1 };
    let rows = manage::list(&mut *app.db.conn().await?, by.scope, &wanted).await?;
    let Page { data, has_more, next_cursor } = Page::new(rows, limit, |row| row.id);
    let data = data.into_iter().map(ManagedCard::of).collect::<Result<_, _>>()?;
    Ok(web::Json(Page { data, has_more, next_cursor }))
}

/// A product whole, drafts and archived ones too.
#[utoipa::path(tag = "products", operation_id = "get_managed_product", params(("coop" = String, Path, description = "id or slug"), ("id" = ProductId, Path)),
    responses((status = 200, body = ManagedProduct), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/products/{id}")]
async fn get_managed_product(app: web::Data<App>, by: Manager, path: web::Path<(String, ProductId)>) -> Result<HttpResponse, Problem> {
    shown(&app, by.scope, path.1, StatusCode::OK).await
}

/// Change a product. A published one that the publish gate would block stays as it was.
#[utoipa::path(tag = "products", operation_id = "update_product", request_body = ProductEdit,
    params(("coop" = String, Path, description = "id or slug"), ("id" = ProductId, Path), ("If-Match" = String, Header, description = "the ETag that was read")),
    responses((status = 200, body = ManagedProduct), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 412, body = ProblemView), (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[patch("/v1/manage/cooperatives/{coop}/products/{id}")]
async fn update_product(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ProductId)>,
    IfMatch(read): IfMatch,
    Body(body): Body<ProductEdit>,
) -> Result<HttpResponse, Problem> {
    let edit = body.into_edit()?;
    let now = app.clock.now();
    app.db.transaction_retrying(async |tx| catalog::edit(tx, now, by.scope, path.1, read, &edit).await).await?;
    shown(&app, by.scope, path.1, StatusCode::OK).await
}

/// Take a product out of the shop; its orders and pieces stay as they are.
#[utoipa::path(tag = "products", operation_id = "archive_product", params(("coop" = String, Path, description = "id or slug"), ("id" = ProductId, Path)),
    responses((status = 200, body = ManagedProduct), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/products/{id}/archive")]
async fn archive_product(app: web::Data<App>, by: Manager, path: web::Path<(String, ProductId)>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    app.db.transaction_retrying(async |tx| catalog::archive(tx, now, by.scope, path.1).await).await?;
    shown(&app, by.scope, path.1, StatusCode::OK).await
}

/// Bring an archived product back as a draft.
#[utoipa::path(tag = "products", operation_id = "unarchive_product", params(("coop" = String, Path, description = "id or slug"), ("id" = ProductId, Path)),
    responses((status = 200, body = ManagedProduct), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/products/{id}/unarchive")]
async fn unarchive_product(app: web::Data<App>, by: Manager, path: web::Path<(String, ProductId)>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    app.db.transaction_retrying(async |tx| catalog::unarchive(tx, now, by.scope, path.1).await).await?;
    shown(&app, by.scope, path.1, StatusCode::OK).await
}
