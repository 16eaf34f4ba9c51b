//! Tags to print. The claim code stands under the fold alone, and no more once somebody has claimed the piece.
use actix_web::{HttpResponse, get, web};
use documents::Tag;
use passport::Leaf;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::Manager,
    http::Params,
    ids::{BatchId, ItemId},
    problem::{Kind, Problem, ProblemView},
    provenance::{
        Error,
        lists::{self, Tagged},
        page,
    },
    secrets::MasterKey,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_batch_tags).service(get_item_tag);
}

/// Twenty sheets of sixteen: what a printer holds.
const MAX_TAGS: i64 = 320;

text_enum! {
    /// sheet: A4 with cut marks. labels: one tag to a page, for label printers. svg: a drawing, of one tag.
    pub enum TagFormat { Sheet = "sheet", Labels = "labels", Svg = "svg" }
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TagQuery {
    /// `sheet` for a batch, `svg` for one piece, if absent.
    #[param(inline)]
    format: Option<TagFormat>,
    /// The last piece on the sheets before; the next ones follow.
    after: Option<ItemId>,
}

fn tag(keys: &MasterKey, row: &Tagged) -> Result<Tag, Error> {
    let first = Leaf::parse(&row.first).map_err(|e| Error::Corrupt(e.to_string()))?;
    let claim = keys.open(&format!("items/{}", row.id), &row.claim_sealed)?;
    let claim = String::from_utf8(claim).map_err(|_| Error::Corrupt("a claim code that is no text".into()))?;
    Ok(Tag {
        url: first.item().to_string(),
        code: row.code.clone(),
        product: row.product.clone(),
        // Paper outlives a consent: a tag names the cooperative, and its page the makers who agree.
        maker_or_coop: row.cooperative.clone(),
        place: format!("{}, {}", row.district, page::country(&row.country)),
        checksum_phrase: passport::phrase(&first.hash()),
        claim_code: (!row.claimed).then_some(claim),
    })
}

/// Drawing is work for a thread that no request waits on.
async fn drawn(app: &App, rows: Vec<Tagged>, format: TagFormat) -> Result<HttpResponse, Problem> {
    let tags = rows.iter().map(|row| tag(&app.keys, row)).collect::<Result<Vec<_>, _>>()?;
    let Some(name) = tags.first().map(|tag| tag.code.clone()) else { return Err(Kind::NotFound.into()) };
    let draw = move || match format {
        TagFormat::Sheet => documents::tag_sheet_pdf(&tags),
        TagFormat::Labels => documents::tags_pdf(&tags),
        TagFormat::Svg => documents::tag_svg(&tags[0]).map(String::into_bytes),
    };
    let bytes = web::block(draw).await.map_err(|e| Problem::internal(&e))?.map_err(|e| Problem::internal(&e))?;
    let (media_type, end) = if format == TagFormat::Svg { ("image/svg+xml", "svg") } else { ("application/pdf", "pdf") };
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("Cache-Control", "no-store")).insert_header(("Content-Disposition", format!("inline; filename=\"tag-{name}.{end}\"")));
    Ok(answer.content_type(media_type).body(bytes))
}

/// The tags of a batch's pieces, at most 320 at a time.
#[utoipa::path(tag = "pieces", operation_id = "get_batch_tags", params(("coop" = String, Path, description = "id or slug"), ("id" = BatchId, Path), TagQuery),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/batches/{id}/tags")]
async fn get_batch_tags(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, BatchId)>,
    Params(query): Params<TagQuery>,
) -> Result<HttpResponse, Problem> {
    let format = query.format.unwrap_or(TagFormat::Sheet);
    if format == TagFormat::Svg {
        return Err(Problem::with_detail(Kind::InvalidQuery, "format=svg is of one piece: …/items/{id}/tag"));
    }
    let rows = lists::tagged(&mut *app.db.conn().await?, by.scope, Some(path.1), None, query.after, MAX_TAGS).await?;
    drawn(&app, rows, format).await
}

/// A piece's tag.
#[utoipa::path(tag = "pieces", operation_id = "get_item_tag", params(("coop" = String, Path, description = "id or slug"), ("id" = ItemId, Path), TagQuery),
    responses((status = 200, content((String = "image/svg+xml"), (Vec<u8> = "application/pdf"))), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/items/{id}/tag")]
async fn get_item_tag(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ItemId)>,
    Params(query): Params<TagQuery>,
) -> Result<HttpResponse, Problem> {
    let rows = lists::tagged(&mut *app.db.conn().await?, by.scope, None, Some(path.1), None, 1).await?;
    drawn(&app, rows, query.format.unwrap_or(TagFormat::Svg)).await
}
