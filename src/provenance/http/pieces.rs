//! `/v1/manage/cooperatives/{coop}/batches` and `…/items`: how a cooperative writes the history of its pieces.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::bodies::{BatchBody, EventBody, MintBody};
use crate::{
    app::App,
    auth::Manager,
    clock::Time,
    http::{Body, Params},
    ids::{BatchId, ItemId, VariantId},
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
    provenance::{
        self, Error, ItemState,
        lists::{self, Batch, Item},
        pieces::{self, Of},
    },
    tenancy::Scope,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_batch).service(list_batches).service(get_batch).service(create_items).service(list_items);
    api.service(create_batch_event).service(create_item_event);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct BatchView {
    id: BatchId,
    code: String,
    variant: VariantId,
    product: String,
    variant_title: String,
    quantity: i32,
    /// How many of its pieces have a code of their own.
    minted: i32,
    created_at: Time,
}
impl From<Batch> for BatchView {
    fn from(batch: Batch) -> Self {
        let Batch { id, code, variant, product, variant_title, quantity, minted, created_at } = batch;
        Self { id, code, variant, product, variant_title, quantity, minted, created_at }
    }
}
async fn batch(app: &App, scope: Scope, id: BatchId) -> Result<BatchView, Problem> {
    let found = lists::batches(&mut *app.db.conn().await?, scope, None, Some(id), None, 1).await?;
    found.into_iter().next().map(BatchView::from).ok_or_else(|| Kind::NotFound.into())
}

/// Enter identical pieces into the record.
#[utoipa::path(tag = "pieces", operation_id = "create_batch", request_body = BatchBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = BatchView), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/batches")]
async fn create_batch(app: web::Data<App>, by: Manager, Body(body): Body<BatchBody>) -> Result<HttpResponse, Problem> {
    body.check()?;
    let now = app.clock.now();
    let write = async |tx: &mut crate::db::Tx| {
        let new = lists::named(tx, by.scope, body.variant, body.quantity, body.craft.clone()).await?.ok_or_else(|| body.unknown())?;
        let issuer = provenance::issuer(tx, &app.config.public_url, by.scope).await?;
        pieces::begin(tx, now, &app.keys, &issuer, &new, body.date).await
    };
    let id = app.db.transaction_retrying(write).await?;
    Ok(HttpResponse::Created().json(batch(&app, by.scope, id).await?))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BatchQuery {
    variant: Option<VariantId>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The cooperative's batches, newest first.
#[utoipa::path(tag = "pieces", operation_id = "list_batches", params(("coop" = String, Path, description = "id or slug"), BatchQuery),
    responses((status = 200, body = Page<BatchView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/batches")]
async fn list_batches(app: web::Data<App>, by: Manager, Params(query): Params<BatchQuery>) -> Result<web::Json<Page<BatchView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let rows = lists::batches(&mut *app.db.conn().await?, by.scope, query.variant, None, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(BatchView::from)))
}

/// A batch.
#[utoipa::path(tag = "pieces", operation_id = "get_batch", params(("coop" = String, Path, description = "id or slug"), ("id" = BatchId, Path)),
    responses((status = 200, body = BatchView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/batches/{id}")]
async fn get_batch(app: web::Data<App>, by: Manager, path: web::Path<(String, BatchId)>) -> Result<web::Json<BatchView>, Problem> {
    Ok(web::Json(batch(&app, by.scope, path.1).await?))
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct MintedView {
    data: Vec<MintedItem>,
}
/// The claim code is not here: it is on the tag, under the fold.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct MintedItem {
    id: ItemId,
    #[schema(example = "7K3M-9QXW-2BCV")]
    code: String,
    url: String,
}

/// Give pieces of a batch a code of their own, for their tags.
#[utoipa::path(tag = "pieces", operation_id = "create_items", request_body = MintBody, params(("coop" = String, Path, description = "id or slug"), ("id" = BatchId, Path)),
    responses((status = 201, body = MintedView), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/batches/{id}/items")]
async fn create_items(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, BatchId)>,
    Body(body): Body<MintBody>,
) -> Result<HttpResponse, Problem> {
    body.check()?;
    let now = app.clock.now();
    let mint = async |tx: &mut crate::db::Tx| {
        let issuer = provenance::issuer(tx, &app.config.public_url, by.scope).await?;
        Ok::<_, Error>((pieces::mint_tagged(tx, now, &app.keys, &issuer, path.1, body.count).await?, issuer.base))
    };
    let (minted, base) = app.db.transaction_retrying(mint).await?;
    let item = |item: provenance::Allocated| MintedItem { id: item.id, code: item.code.to_string(), url: format!("{base}/{}", item.code) };
    Ok(HttpResponse::Created().json(MintedView { data: minted.into_iter().map(item).collect() }))
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct ItemRow {
    id: ItemId,
    code: String,
    variant: VariantId,
    batch: Option<BatchId>,
    state: ItemState,
    created_at: Time,
}
impl From<Item> for ItemRow {
    fn from(item: Item) -> Self {
        let Item { id, code, variant, batch, state, created_at } = item;
        Self { id, code, variant, batch, state, created_at }
    }
}
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ItemQuery {
    state: Option<ItemState>,
    batch: Option<BatchId>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The cooperative's pieces, newest first.
#[utoipa::path(tag = "pieces", operation_id = "list_items", params(("coop" = String, Path, description = "id or slug"), ItemQuery),
    responses((status = 200, body = Page<ItemRow>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/items")]
async fn list_items(app: web::Data<App>, by: Manager, Params(query): Params<ItemQuery>) -> Result<web::Json<Page<ItemRow>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let rows = lists::items(&mut *app.db.conn().await?, by.scope, query.state, query.batch, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(ItemRow::from)))
}

async fn say(app: &App, scope: Scope, of: Of, body: EventBody) -> Result<HttpResponse, Problem> {
    body.check()?;
    let said = body.said(app, scope).await?;
    let now = app.clock.now();
    let write = async |tx: &mut crate::db::Tx| {
        let issuer = provenance::issuer(tx, &app.config.public_url, scope).await?;
        pieces::say(tx, now, &app.keys, &issuer, of, &said).await
    };
    app.db.transaction_retrying(write).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Write on a batch's history: work, or a look at its quality.
#[utoipa::path(tag = "pieces", operation_id = "create_batch_event", request_body = EventBody, params(("coop" = String, Path, description = "id or slug"), ("id" = BatchId, Path)),
    responses((status = 204), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/batches/{id}/events")]
async fn create_batch_event(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, BatchId)>,
    Body(body): Body<EventBody>,
) -> Result<HttpResponse, Problem> {
    say(&app, by.scope, Of::Batch(path.1), body).await
}

/// Write on a piece's own history: work, a look at its quality, or its packing.
#[utoipa::path(tag = "pieces", operation_id = "create_item_event", request_body = EventBody, params(("coop" = String, Path, description = "id or slug"), ("id" = ItemId, Path)),
    responses((status = 204), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/items/{id}/events")]
async fn create_item_event(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ItemId)>,
    Body(body): Body<EventBody>,
) -> Result<HttpResponse, Problem> {
    say(&app, by.scope, Of::Item(path.1), body).await
}
