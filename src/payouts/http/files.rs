//! Bank files: made, downloaded, handed to the bank.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::Operator,
    clock::Time,
    http::{Body, Params},
    ids::PayoutFileId,
    money::{Money, MoneyView},
    page::{Page, PageQuery},
    payouts::{
        files,
        store::{self, File},
    },
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_payout_files).service(list_payout_files).service(get_payout_file).service(mark_payout_file_sent);
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FilesBody {
    /// Only what this layout writes; without it, each payout in the usual layout for its details.
    #[schema(example = "in_neft")]
    layout: Option<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct FilesView {
    files: Vec<FileView>,
    /// Payouts that could not be written, and why.
    left_out: Vec<LeftOut>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct FileView {
    id: PayoutFileId,
    #[schema(example = "haat-in_neft-2026-11-22-1f0c2a9d.csv")]
    name: String,
    layout: String,
    payouts: i32,
    total: MoneyView,
    created_at: Time,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct LeftOut {
    /// The payout's number.
    payout: String,
    why: String,
}
impl From<File> for FileView {
    fn from(file: File) -> Self {
        let File { id, layout, name, payouts, total_minor, currency, created_at } = file;
        Self { id, name, layout, payouts, total: Money::new(total_minor, currency).into(), created_at }
    }
}

/// Puts every payout that waits for the bank into a file, one per layout.
#[utoipa::path(tag = "payouts", operation_id = "create_payout_files", request_body = FilesBody,
    responses((status = 201, body = FilesView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/payouts/files")]
async fn create_payout_files(app: web::Data<App>, by: Operator, Body(body): Body<FilesBody>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let maker = files::Maker { keys: &app.keys, by: by.account, debtor: app.config.payout_account.as_ref() };
    let made = app.db.transaction_retrying(async |tx| files::make(tx, now, &maker, body.layout.as_deref()).await).await?;
    let files = made.files.into_iter().map(FileView::from).collect();
    let left_out = made.left_out.into_iter().map(|(payout, why)| LeftOut { payout, why }).collect();
    Ok(HttpResponse::Created().json(FilesView { files, left_out }))
}

/// Files for the bank, newest first.
#[utoipa::path(tag = "payouts", operation_id = "list_payout_files", params(PageQuery),
    responses((status = 200, body = Page<FileView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/payouts/files")]
async fn list_payout_files(app: web::Data<App>, _by: Operator, Params(query): Params<PageQuery>) -> Result<web::Json<Page<FileView>>, Problem> {
    let limit = query.limit()?;
    let rows = store::files(&mut *app.db.conn().await?, query.after()?, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |file| file.id).map(FileView::from)))
}

/// The file as the bank reads it. It holds account numbers: keep it nowhere.
#[utoipa::path(tag = "payouts", operation_id = "get_payout_file", params(("id" = PayoutFileId, Path)),
    responses((status = 200, content((String = "text/csv"), (String = "application/xml"))), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/admin/payouts/files/{id}")]
async fn get_payout_file(app: web::Data<App>, by: Operator, id: web::Path<PayoutFileId>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let (file, text) = app.db.transaction(async |tx| files::open(tx, now, &app.keys, by.account, *id).await).await?;
    Ok(HttpResponse::Ok()
        .content_type(if file.name.ends_with(".xml") { "application/xml" } else { "text/csv; charset=us-ascii" })
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{}\"", file.name)))
        .insert_header(("Cache-Control", "no-store"))
        .body(text))
}

/// The bank took the file: its payouts are sent.
#[utoipa::path(tag = "payouts", operation_id = "mark_payout_file_sent", params(("id" = PayoutFileId, Path)),
    responses((status = 200, body = FileView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView)))]
#[post("/v1/admin/payouts/files/{id}/sent")]
async fn mark_payout_file_sent(app: web::Data<App>, by: Operator, id: web::Path<PayoutFileId>) -> Result<web::Json<FileView>, Problem> {
    let now = app.clock.now();
    let file = app.db.transaction_retrying(async |tx| files::sent(tx, now, *id, by.account).await).await?;
    app.hint.wake();
    Ok(web::Json(file.into()))
}
