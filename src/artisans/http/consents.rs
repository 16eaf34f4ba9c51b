//! A maker's word on what may be shown of her.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::views::{ConsentBody, ConsentView};
use crate::{
    app::App,
    artisans::{self, model::NewConsent, read},
    auth::Manager,
    http::{Body, Params},
    ids::ArtisanId,
    page::{Page, PageQuery},
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_consents).service(create_consents);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct Said {
    data: Vec<ConsentView>,
}

/// Write down a maker's word: yes, no, or taken back. It holds from the next request.
#[utoipa::path(tag = "artisans", operation_id = "create_consents", request_body = ConsentBody,
    params(("coop" = String, Path, description = "id or slug"), ("id" = ArtisanId, Path)),
    responses((status = 201, body = Said), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/artisans/{id}/consents")]
async fn create_consents(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ArtisanId)>,
    Body(body): Body<ConsentBody>,
) -> Result<HttpResponse, Problem> {
    let (now, new) = (app.clock.now(), NewConsent::from(body));
    let said = app.db.transaction(async |tx| artisans::consent(tx, now, Some(by.account), by.scope, path.1, &new).await).await?;
    Ok(HttpResponse::Created().json(Said { data: said.into_iter().map(Into::into).collect() }))
}

/// Everything a maker said, latest first. The latest on each purpose holds.
#[utoipa::path(tag = "artisans", operation_id = "list_consents",
    params(("coop" = String, Path, description = "id or slug"), ("id" = ArtisanId, Path), PageQuery),
    responses((status = 200, body = Page<ConsentView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/artisans/{id}/consents")]
async fn list_consents(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ArtisanId)>,
    Params(query): Params<PageQuery>,
) -> Result<web::Json<Page<ConsentView>>, Problem> {
    let limit = query.limit()?;
    let conn = &mut *app.db.conn().await?;
    read::find(conn, by.scope, path.1).await?.ok_or(Kind::NotFound)?;
    let rows = read::consents(conn, by.scope, path.1, query.after()?, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(Into::into)))
}
