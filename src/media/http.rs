//! A cooperative's pictures, and the files that shops link to.
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{self, Error, MAX_BYTES, Media, State};
use crate::{
    app::App,
    auth::Manager,
    clock::Time,
    http::{Body, Params},
    ids::MediaId,
    media,
    page::{self, Page},
    problem::{Kind, Problem, ProblemView},
    upload::Upload,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(upload_media).service(queue_media).service(list_media).service(get_media).service(retry_media).service(get_picture);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct MediaView {
    id: MediaId,
    state: State,
    /// Of the largest size.
    width: Option<i32>,
    height: Option<i32>,
    /// Draws a blurred preview.
    blurhash: Option<String>,
    /// Null until it is ready.
    urls: Option<Urls>,
    source_url: Option<String>,
    /// Why it is not here, if it is not.
    last_error: Option<String>,
    created_at: Time,
}
/// Long edges of 320, 960 and 1920 pixels, or the original's if that is smaller.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Urls {
    small: String,
    medium: String,
    large: String,
}
impl From<Media> for MediaView {
    fn from(m: Media) -> Self {
        let [small, medium, large] = pictures::EDGES;
        let urls = |sha: &String| Urls { small: model::path(sha, small), medium: model::path(sha, medium), large: model::path(sha, large) };
        Self {
            urls: m.sha256.as_ref().map(urls),
            id: m.id,
            state: m.state,
            width: m.width,
            height: m.height,
            blurhash: m.blurhash,
            source_url: m.source_url,
            last_error: m.last_error,
            created_at: m.created_at,
        }
    }
}

/// One JPEG, PNG or WebP file of at most 15 MB.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is used: the parts are read as they come")]
struct PictureForm {
    #[schema(value_type = String, format = Binary)]
    file: String,
}

/// A picture, re-encoded in three sizes; nothing of its metadata is kept.
#[utoipa::path(tag = "media", operation_id = "upload_media", params(("coop" = String, Path, description = "id or slug")),
    request_body(content = PictureForm, content_type = "multipart/form-data"),
    responses((status = 201, body = MediaView), (status = 400, body = ProblemView), (status = 401, body = ProblemView),
        (status = 404, body = ProblemView), (status = 408, body = ProblemView), (status = 413, body = ProblemView),
        (status = 415, body = ProblemView), (status = 422, body = ProblemView), (status = 503, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/media")]
async fn upload_media(app: web::Data<App>, by: Manager, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    let _room = app.media.room().ok_or_else(|| Problem::from(Kind::Unavailable).retry_after(5))?;
    let upload = Upload::<MAX_BYTES>::read(request, payload.into_inner()).await?;
    upload.nothing_else()?;
    let kept = app.media.keep(upload.bytes).await?;
    let now = app.clock.now();
    let id = app.db.transaction(async |tx| media::add(tx, now, by.scope, &kept).await).await?;
    let made = media::find(&mut *app.db.conn().await?, by.scope, id).await?;
    Ok(HttpResponse::Created().json(MediaView::from(made)))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct UrlBody {
    #[schema(example = "https://shop.example/pictures/stole.jpg")]
    url: String,
}

/// A picture that is fetched from its address in a moment; the same address is the same picture.
#[utoipa::path(tag = "media", operation_id = "queue_media", request_body = UrlBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 202, body = MediaView), (status = 400, body = ProblemView), (status = 401, body = ProblemView),
        (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/media/by-url")]
async fn queue_media(app: web::Data<App>, by: Manager, Body(body): Body<UrlBody>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let id = app.db.transaction(async |tx| media::queue(tx, now, by.scope, &body.url).await).await?;
    app.hint.wake();
    let queued = media::find(&mut *app.db.conn().await?, by.scope, id).await?;
    Ok(HttpResponse::Accepted().json(MediaView::from(queued)))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    state: Option<State>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The cooperative's pictures, newest first.
#[utoipa::path(tag = "media", operation_id = "list_media", params(("coop" = String, Path, description = "id or slug"), ListQuery),
    responses((status = 200, body = Page<MediaView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView),
        (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/media")]
async fn list_media(app: web::Data<App>, by: Manager, Params(query): Params<ListQuery>) -> Result<web::Json<Page<MediaView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let rows = super::store::list(&mut *app.db.conn().await?, by.scope, query.state, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |m| m.id).map(MediaView::from)))
}

/// A picture and how far it is.
#[utoipa::path(tag = "media", operation_id = "get_media", params(("coop" = String, Path, description = "id or slug"), ("id" = MediaId, Path)),
    responses((status = 200, body = MediaView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/media/{id}")]
async fn get_media(app: web::Data<App>, by: Manager, path: web::Path<(String, MediaId)>) -> Result<web::Json<MediaView>, Problem> {
    let found = media::find(&mut *app.db.conn().await?, by.scope, path.1).await?;
    Ok(web::Json(found.into()))
}

/// Asks once more for a picture that failed.
#[utoipa::path(tag = "media", operation_id = "retry_media", params(("coop" = String, Path, description = "id or slug"), ("id" = MediaId, Path)),
    responses((status = 202, body = MediaView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/media/{id}/retry")]
async fn retry_media(app: web::Data<App>, by: Manager, path: web::Path<(String, MediaId)>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let queued = app.db.transaction(async |tx| media::retry(tx, now, by.scope, path.1).await).await?;
    app.hint.wake();
    Ok(HttpResponse::Accepted().json(MediaView::from(queued)))
}

/// A size of a picture. The name ends in `.jpg` for all of them; `Content-Type` says PNG where the picture is transparent.
#[utoipa::path(tag = "storefront", operation_id = "get_picture",
    params(("sha256" = String, Path, description = "of the largest size, in hexadecimal"), ("file" = String, Path, description = "320.jpg, 960.jpg or 1920.jpg")),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 304), (status = 404, body = ProblemView)))]
#[get("/media/{sha256}/{file}")]
async fn get_picture(app: web::Data<App>, path: web::Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (sha, edge) = (path.0.as_str(), model::edge(&path.1).ok_or(Kind::NotFound)?);
    if !model::is_digest(sha) {
        return Err(Kind::NotFound.into());
    }
    let etag = format!("\"{sha}-{edge}\"");
    let current = request.headers().get("If-None-Match").and_then(|v| v.to_str().ok()).is_some_and(|given| given == etag);
    let bytes = if current { None } else { Some(app.media.read(sha, edge).await?) };
    let mut answer = if current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(("Cache-Control", "public, max-age=31536000, immutable")).insert_header(("ETag", etag));
    answer.insert_header(("X-Content-Type-Options", "nosniff"));
    Ok(match bytes {
        None => answer.finish(),
        Some(bytes) => answer.content_type(if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" }).body(bytes),
    })
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::NotFailed => Self::with_detail(Kind::Conflict, error.to_string()),
            Error::Refused(pictures::Refused::TooLarge { .. }) => Self::with_detail(Kind::BodyTooLarge, error.to_string()),
            Error::Refused(_) => Self::field("/file", "not_a_picture", error.to_string()),
            Error::Url(why) => Self::field("/url", "unacceptable", why),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Files(_) => {
                tracing::error!(error = %crate::problem::Chain(&error), "the picture store does not answer");
                Self::from(Kind::Unavailable).retry_after(5)
            }
            Error::Work(_) => Self::internal(&error),
            Error::Db(error) => error.into(),
        }
    }
}
