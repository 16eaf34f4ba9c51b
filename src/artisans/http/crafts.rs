//! Crafts, for everybody to read and the operator to write.
use actix_web::{HttpResponse, get, put, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    artisans::crafts::{self, Craft},
    auth::Operator,
    http::{Body, Params},
    page::{Page, PageQuery},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_crafts).service(put_craft);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct CraftView {
    #[schema(example = "bagru_dabu")]
    code: String,
    name: String,
    #[schema(example = "Bagru, Rajasthan")]
    place: String,
    country: String,
    materials: Vec<String>,
    /// In the order they are done.
    steps: Vec<String>,
    /// Whether the name is a registered geographical indication; null: not known.
    gi_registered: Option<bool>,
    /// For one usual piece.
    typical_minutes: Option<i32>,
}
impl From<Craft> for CraftView {
    fn from(c: Craft) -> Self {
        let Craft { code, name, place, country, materials, steps, gi_registered, typical_minutes } = c;
        Self { code, name, place, country, materials, steps, gi_registered, typical_minutes }
    }
}

/// Crafts, by code.
#[utoipa::path(tag = "storefront", operation_id = "list_crafts", params(PageQuery),
    responses((status = 200, body = Page<CraftView>), (status = 400, body = ProblemView)))]
#[get("/v1/store/crafts")]
async fn list_crafts(app: web::Data<App>, Params(query): Params<PageQuery>) -> Result<HttpResponse, Problem> {
    let limit = query.limit()?;
    let rows = crafts::list(&mut *app.db.conn().await?, query.after()?, i64::from(limit) + 1).await?;
    let page = Page::new(rows, limit, |c| c.code.clone()).map(CraftView::from);
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(page))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CraftBody {
    name: String,
    place: String,
    #[schema(example = "IN")]
    country: String,
    #[serde(default)]
    materials: Vec<String>,
    #[serde(default)]
    steps: Vec<String>,
    gi_registered: Option<bool>,
    typical_minutes: Option<i32>,
}

/// Add a craft, or correct it.
#[utoipa::path(tag = "artisans", operation_id = "put_craft", request_body = CraftBody, params(("code" = String, Path)),
    responses((status = 200, body = CraftView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 422, body = ProblemView)))]
#[put("/v1/admin/crafts/{code}")]
async fn put_craft(
    app: web::Data<App>,
    _by: Operator,
    code: web::Path<String>,
    Body(body): Body<CraftBody>,
) -> Result<web::Json<CraftView>, Problem> {
    let CraftBody { name, place, country, materials, steps, gi_registered, typical_minutes } = body;
    let craft = Craft { code: code.into_inner(), name, place, country, materials, steps, gi_registered, typical_minutes };
    app.db.transaction(async |tx| crafts::put(tx, &craft).await).await?;
    Ok(web::Json(craft.into()))
}
