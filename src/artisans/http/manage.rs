//! A cooperative's makers.
use actix_web::{HttpResponse, get, http::StatusCode, patch, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::views::{ArtisanBody, ArtisanEdit, ManagedArtisan};
use crate::{
    app::App,
    artisans::{
        self,
        model::{Edit, NewArtisan},
        read,
    },
    auth::Manager,
    http::{Body, IfMatch, Params},
    ids::ArtisanId,
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
    tenancy::Scope,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_artisans).service(create_artisan).service(get_artisan).service(update_artisan).service(erase_artisan);
}

async fn shown(app: &App, scope: Scope, id: ArtisanId, status: StatusCode) -> Result<HttpResponse, Problem> {
    let conn = &mut *app.db.conn().await?;
    let found = read::find(conn, scope, id).await?.ok_or(Kind::NotFound)?;
    let said = read::agreed(conn, scope, &[id]).await?;
    Ok(ManagedArtisan::of(found, &said).respond(status))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// A craft's code.
    craft: Option<String>,
    /// Part of a name, an alias or a reference.
    q: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The cooperative's makers, newest first.
#[utoipa::path(tag = "artisans", operation_id = "list_artisans", params(("coop" = String, Path, description = "id or slug"), ListQuery),
    responses((status = 200, body = Page<ManagedArtisan>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/artisans")]
async fn list_artisans(app: web::Data<App>, by: Manager, Params(query): Params<ListQuery>) -> Result<HttpResponse, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let wanted = read::Wanted { craft: query.craft, search: query.q, after, limit: i64::from(limit) + 1 };
    let conn = &mut *app.db.conn().await?;
    let rows = read::list(conn, by.scope, &wanted).await?;
    let said = read::agreed(conn, by.scope, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    let page = Page::new(rows, limit, |row| row.id).map(|row| ManagedArtisan::of(row, &said));
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(page))
}

/// Write down a maker.
#[utoipa::path(tag = "artisans", operation_id = "create_artisan", request_body = ArtisanBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = ManagedArtisan), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/artisans")]
async fn create_artisan(app: web::Data<App>, by: Manager, Body(body): Body<ArtisanBody>) -> Result<HttpResponse, Problem> {
    let (now, new) = (app.clock.now(), NewArtisan::from(body));
    let id = app.db.transaction_retrying(async |tx| artisans::create(tx, now, &app.keys, by.scope, &new).await).await?;
    shown(&app, by.scope, id, StatusCode::CREATED).await
}

/// A maker whole.
#[utoipa::path(tag = "artisans", operation_id = "get_artisan", params(("coop" = String, Path, description = "id or slug"), ("id" = ArtisanId, Path)),
    responses((status = 200, body = ManagedArtisan), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/artisans/{id}")]
async fn get_artisan(app: web::Data<App>, by: Manager, path: web::Path<(String, ArtisanId)>) -> Result<HttpResponse, Problem> {
    shown(&app, by.scope, path.1, StatusCode::OK).await
}

/// Correct what is known of a maker.
#[utoipa::path(tag = "artisans", operation_id = "update_artisan", request_body = ArtisanEdit,
    params(("coop" = String, Path, description = "id or slug"), ("id" = ArtisanId, Path), ("If-Match" = String, Header, description = "the ETag that was read")),
    responses((status = 200, body = ManagedArtisan), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 412, body = ProblemView), (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[patch("/v1/manage/cooperatives/{coop}/artisans/{id}")]
async fn update_artisan(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ArtisanId)>,
    IfMatch(read): IfMatch,
    Body(body): Body<ArtisanEdit>,
) -> Result<HttpResponse, Problem> {
    let (now, edit) = (app.clock.now(), Edit::from(body));
    app.db.transaction(async |tx| artisans::edit(tx, now, by.scope, path.1, Some(read), &edit).await).await?;
    shown(&app, by.scope, path.1, StatusCode::OK).await
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct EraseBody {
    /// Her reference, typed once more: nothing brings her back.
    reference: String,
}

/// Erase a person: her name, her place, her words, and the key to her part in records. Her ids stay, and every proof still verifies.
#[utoipa::path(tag = "artisans", operation_id = "erase_artisan", request_body = EraseBody,
    params(("coop" = String, Path, description = "id or slug"), ("id" = ArtisanId, Path)),
    responses((status = 200, body = ManagedArtisan), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/artisans/{id}/erase")]
async fn erase_artisan(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ArtisanId)>,
    Body(body): Body<EraseBody>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let found = read::find(&mut *app.db.conn().await?, by.scope, path.1).await?.ok_or(Kind::NotFound)?;
    if found.reference != body.reference.trim() {
        return Err(Problem::field("/reference", "differs", "her reference, as she is listed"));
    }
    app.db.transaction(async |tx| artisans::erase(tx, now, by.scope, path.1).await).await?;
    shown(&app, by.scope, path.1, StatusCode::OK).await
}
