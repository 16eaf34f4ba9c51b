//! A maker as everybody may see her.
use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    artisans::{self, Maker},
    ids::ArtisanId,
    problem::{Kind, Problem, ProblemView},
    secrets::sha256,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_maker);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = PublicMaker)]
struct MakerView {
    id: ArtisanId,
    /// Her name if she agreed to it, else her alias; null: her craft and her district must do.
    #[schema(example = "Ganga")]
    name: Option<String>,
    craft: Option<CraftName>,
    place: Place,
    story: Option<String>,
    /// Small; `960` and `1920` in place of `320` are the larger ones.
    portrait: Option<String>,
    cooperative: Seller,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct CraftName {
    code: String,
    name: String,
}
/// The district, and the village if she agreed to it.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = MakerPlace)]
struct Place {
    village: Option<String>,
    district: String,
    country: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Seller {
    name: String,
    slug: String,
}
impl From<Maker> for MakerView {
    fn from(m: Maker) -> Self {
        Self {
            id: m.id,
            name: m.name,
            craft: m.craft.zip(m.craft_name).map(|(code, name)| CraftName { code, name }),
            place: Place { village: m.village, district: m.district, country: m.country },
            story: m.story,
            portrait: m.portrait.map(|sha| format!("/media/{sha}/320.jpg")),
            cooperative: Seller { name: m.cooperative, slug: m.cooperative_slug },
        }
    }
}

/// A maker, as far as she agreed. Asked of the database each time: what she takes back is gone with the next request.
#[utoipa::path(tag = "storefront", operation_id = "get_maker", params(("id" = ArtisanId, Path)),
    responses((status = 200, body = MakerView), (status = 304), (status = 404, body = ProblemView)))]
#[get("/v1/store/makers/{id}")]
async fn get_maker(app: web::Data<App>, request: HttpRequest, id: web::Path<ArtisanId>) -> Result<HttpResponse, Problem> {
    let found = artisans::maker(&mut *app.db.conn().await?, *id).await?.ok_or(Kind::NotFound)?;
    let body = serde_json::to_vec(&MakerView::from(found)).map_err(|e| Problem::internal(&e))?;
    let etag = format!("\"{}\"", sha256(&body)[..16].iter().map(|b| format!("{b:02x}")).collect::<String>());
    let current = request.headers().get("If-None-Match").and_then(|v| v.to_str().ok()).is_some_and(|given| given == etag);
    let mut answer = if current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(("Cache-Control", "no-cache")).insert_header(("ETag", etag));
    Ok(if current { answer.finish() } else { answer.content_type("application/json").body(body) })
}
