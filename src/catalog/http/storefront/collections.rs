//! `/v1/store/collections`.
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::{list::CoopName, shelf};
use crate::{
    app::App,
    catalog::read::shelves::{self, Row},
    clock::Time,
    http::{self, Params},
    ids::CollectionId,
    page::{self, Page, PageQuery},
    problem::{Kind, Problem, ProblemView},
    secrets::sha256,
};

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct StoreCollection {
    id: CollectionId,
    #[schema(example = "for-the-table")]
    slug: String,
    title: String,
    about: String,
    cooperative: CoopName,
    /// How many of its products can be bought; `GET /v1/store/products?collection=` lists them.
    products: i64,
    created_at: Time,
    updated_at: Time,
}
impl From<Row> for StoreCollection {
    fn from(row: Row) -> Self {
        let cooperative = CoopName { name: row.cooperative, slug: row.cooperative_slug };
        let Row { id, slug, title, about, products, created_at, updated_at, .. } = row;
        Self { id, slug, title, about, cooperative, products, created_at, updated_at }
    }
}

/// The shop's collections that hold something, newest first.
#[utoipa::path(tag = "storefront", operation_id = "list_collections", params(PageQuery),
    responses((status = 200, body = Page<StoreCollection>), (status = 304), (status = 400, body = ProblemView)))]
#[get("/v1/store/collections")]
pub(super) async fn list_collections(app: web::Data<App>, request: HttpRequest, Params(query): Params<PageQuery>) -> Result<HttpResponse, Problem> {
    let limit = query.limit()?;
    let rows = shelves::list(&mut *app.db.conn().await?, query.after()?, i64::from(limit) + 1).await?;
    let page = Page::new(rows, limit, |row| row.id).map(StoreCollection::from);
    let link = page.next_cursor.as_deref().map(|cursor| page::next_link(&request, cursor));
    respond(&request, &page, link)
}

/// One collection, by its slug.
#[utoipa::path(tag = "storefront", operation_id = "get_collection", params(("slug" = String, Path)),
    responses((status = 200, body = StoreCollection), (status = 304), (status = 404, body = ProblemView)))]
#[get("/v1/store/collections/{slug}")]
pub(super) async fn get_collection(app: web::Data<App>, request: HttpRequest, slug: web::Path<String>) -> Result<HttpResponse, Problem> {
    let row = shelves::find(&mut *app.db.conn().await?, &slug).await?.ok_or(Kind::NotFound)?;
    respond(&request, &StoreCollection::from(row), None)
}

fn respond(request: &HttpRequest, answer: &impl serde::Serialize, link: Option<String>) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(answer).map_err(|e| Problem::internal(&e))?;
    let etag = tag_of(&body);
    if http::is_current(request, &etag) {
        return Ok(http::not_modified(&etag, shelf::PUBLIC));
    }
    Ok(shelf::Answer { body: body.into(), link }.respond(&etag))
}

/// A tag of the bytes themselves: another one after every change of what they say, whatever it comes from.
pub(super) fn tag_of(body: &[u8]) -> String {
    format!("\"{}\"", sha256(body)[..16].iter().map(|b| format!("{b:02x}")).collect::<String>())
}
