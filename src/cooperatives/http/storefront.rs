//! Cooperatives as buyers see them.
use actix_web::{HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    clock::Time,
    cooperatives::read::{self, Shown},
    http::Params,
    ids::CoopId,
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_store_cooperatives).service(get_store_cooperative);
}

/// As long as a product list: a suspension holds from then on, and everything it sells is gone at once.
const CACHE: (&str, &str) = ("Cache-Control", "public, max-age=30");

#[derive(serde::Serialize, utoipa::ToSchema)]
struct StoreCooperative {
    id: CoopId,
    #[schema(example = "lal-darwaza-mahila-chhapai-sahkari")]
    slug: String,
    name: String,
    legal_form: String,
    about: String,
    place: Place,
    members: Option<i32>,
    women: Option<i32>,
    /// Codes of the crafts of what it shows.
    crafts: Vec<String>,
    /// How many products it shows.
    products: i64,
    created_at: Time,
    updated_at: Time,
}
/// The district and nothing nearer.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Place {
    #[schema(example = "Jaipur")]
    district: String,
    region: Option<String>,
    #[schema(example = "IN")]
    country: String,
}
impl From<Shown> for StoreCooperative {
    fn from(c: Shown) -> Self {
        Self {
            id: c.id,
            slug: c.slug,
            name: c.name,
            legal_form: c.legal_form,
            about: c.about,
            place: Place { district: c.district, region: c.region, country: c.country },
            members: c.members,
            women: c.women,
            crafts: c.crafts,
            products: c.products,
            created_at: c.created_at,
            updated_at: c.updated_at,
        }
    }
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    country: Option<String>,
    /// A craft's code, of something it shows.
    craft: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Who sells here, by name.
#[utoipa::path(tag = "storefront", operation_id = "list_store_cooperatives", params(ListQuery),
    responses((status = 200, body = Page<StoreCooperative>), (status = 400, body = ProblemView)))]
#[get("/v1/store/cooperatives")]
async fn list_store_cooperatives(app: web::Data<App>, Params(query): Params<ListQuery>) -> Result<HttpResponse, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let conn = &mut *app.db.conn().await?;
    let rows = read::shown(conn, query.country.as_deref(), query.craft.as_deref(), after, i64::from(limit) + 1).await?;
    let page = Page::new(rows, limit, |c| (c.name.clone(), c.id)).map(StoreCooperative::from);
    Ok(HttpResponse::Ok().insert_header(CACHE).json(page))
}

/// A cooperative by its id or slug.
#[utoipa::path(tag = "storefront", operation_id = "get_store_cooperative", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = StoreCooperative), (status = 404, body = ProblemView)))]
#[get("/v1/store/cooperatives/{coop}")]
async fn get_store_cooperative(app: web::Data<App>, coop: web::Path<String>) -> Result<HttpResponse, Problem> {
    let found = read::shown_one(&mut *app.db.conn().await?, &coop).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().insert_header(CACHE).json(StoreCooperative::from(found)))
}
