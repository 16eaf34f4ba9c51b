//! A manager's spreadsheets, in and out.
use actix_web::{
    HttpResponse, get,
    http::header::{CACHE_CONTROL, HeaderValue},
    post, web,
};
use sheets::{mapping::Mapping, table::FileType, table::Table};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    Error, Outcome, Sent, Settings, State,
    model::{ConflictView, MAX_FILE},
    store::{self, Said},
};
use crate::{
    app::App,
    auth::Manager,
    clock::Time,
    http::{Body, Params},
    ids::{ImportId, PriceTemplateId},
    imports,
    money::Currency,
    page::{Page, PageQuery},
    problem::{Kind, Problem, ProblemView},
    upload::Upload,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_import).service(commit_import).service(get_import).service(get_import_sheet).service(list_imports);
    api.service(export_products).service(export_artisans).service(export_work);
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::File(_) => Self::field("/file", "unreadable", error.to_string()),
            Error::Currency(_) => Self::field("/currency", "unacceptable", error.to_string()),
            Error::Template => Self::field("/template", "unknown", error.to_string()),
            Error::MappingNotConfirmed => Self::field("/confirm_mapping", "missing", error.to_string()),
            Error::Nothing => Self::field("/file", "empty", error.to_string()),
            Error::Done(_) => Self::with_detail(Kind::Conflict, error.to_string()),
            Error::Catalog(error) => error.into(),
            Error::Artisans(error) => error.into(),
            Error::Work(error) => error.into(),
            Error::Provenance(_) | Error::Corrupt(_) | Error::Sheet(_) => Self::internal(&error),
            Error::Db(error) => error.into(),
        }
    }
}

/// What a form says beside its file.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is used: multipart has no types")]
struct ImportForm {
    /// CSV (any common encoding and delimiter) or XLSX.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// shopify, woocommerce, haat or sheet; detected if absent.
    format: Option<String>,
    /// products, artisans or work; detected if absent.
    kind: Option<String>,
    /// What a bare number in a price column means; the cooperative's own currency if absent.
    currency: Option<Currency>,
    tax_inclusive: Option<bool>,
    /// Where stock comes from: "column", a number for every variant without one, or "made_to_order".
    stock: Option<String>,
    made_to_order_days: Option<i32>,
    /// How the prices of new products divide.
    template: Option<PriceTemplateId>,
    /// {header: field}, as a report has it, corrected.
    #[schema(value_type = Option<Object>)]
    mapping: Option<Mapping>,
}

async fn settings(app: &App, by: &Manager, upload: &mut Upload<MAX_FILE>) -> Result<Settings, Problem> {
    let own = store::currency(&mut *app.db.conn().await?, by.scope).await?;
    let mut settings = Settings::of(upload.take("currency", "a currency code such as INR")?.unwrap_or(own));
    settings.format = upload.take_json("format", "shopify, woocommerce, haat or sheet")?;
    settings.kind = upload.take_json("kind", "products, artisans or work")?;
    settings.tax_inclusive = upload.take("tax_inclusive", "true or false")?.unwrap_or_default();
    settings.stock = upload.take("stock", "\"column\", \"made_to_order\" or a number of pieces")?.unwrap_or_default();
    settings.made_to_order_days = upload.take("made_to_order_days", "a number of days")?;
    settings.template = upload.take("template", "the id of a price template")?;
    settings.mapping = upload.take_json("mapping", "an object of header and field, as in a report's mapping")?;
    upload.nothing_else()?;
    if settings.made_to_order_days.is_some_and(|days| !(1..=730).contains(&days)) {
        return Err(Problem::field("/made_to_order_days", "out_of_range", "1 to 730"));
    }
    Ok(settings)
}

/// An import: what was read, what committing it does or did.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ImportView {
    id: ImportId,
    file_name: String,
    state: State,
    /// Rows dealt with, of how many.
    done: i32,
    total: i32,
    /// What was found: counts, every problem with row, column, value and what was expected, and what would be created or changed.
    #[schema(value_type = Object)]
    report: sheets::report::Report,
    /// Cells changed by the file and here since the last import: left as they are.
    conflicts: Vec<ConflictView>,
    #[schema(value_type = Option<Object>)]
    outcome: Option<Outcome>,
    failure: Option<String>,
    created_at: Time,
    updated_at: Time,
}
impl ImportView {
    fn of(row: store::Row) -> Result<Self, Error> {
        let said: Said = serde_json::from_value(row.report)?;
        Ok(Self {
            id: row.id,
            file_name: row.file_name,
            state: row.state,
            done: row.done,
            total: row.total,
            report: said.report,
            conflicts: said.conflicts,
            outcome: row.outcome.map(serde_json::from_value).transpose()?,
            failure: row.failure,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Send a spreadsheet and learn what importing it would do. Nothing changes until it is committed.
#[utoipa::path(tag = "imports", operation_id = "create_import", params(("coop" = String, Path, description = "id or slug")),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 201, body = ImportView), (status = 401, body = ProblemView), (status = 404, body = ProblemView),
        (status = 413, body = ProblemView), (status = 415, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/imports")]
async fn create_import(app: web::Data<App>, by: Manager, mut upload: Upload<MAX_FILE>) -> Result<HttpResponse, Problem> {
    let settings = settings(&app, &by, &mut upload).await?;
    let (now, media_url) = (app.clock.now(), app.config.link("/media/"));
    let reading = imports::read_file(&mut *app.db.conn().await?, by.scope, upload.bytes.clone(), settings.clone()).await?;
    let sent = Sent { file_name: &upload.file_name, bytes: &upload.bytes, settings: &settings };
    let looked = app.db.transaction(async |tx| imports::look(tx, now, by.scope, Some(by.account), &media_url, &sent, reading).await).await?;
    let row = store::find(&mut *app.db.conn().await?, by.scope, looked.id).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Created().json(ImportView::of(row)?))
}

#[derive(Default, serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CommitBody {
    /// A person looked at what each guessed column means. It is kept for the next file of the same kind.
    #[serde(default)]
    confirm_mapping: bool,
}

/// Carry out an import that was looked at; it runs behind this answer, in one transaction. Committing it again is refused.
#[utoipa::path(tag = "imports", operation_id = "commit_import", request_body = CommitBody,
    params(("coop" = String, Path, description = "id or slug"), ("id" = ImportId, Path)),
    responses((status = 202, body = ImportView), (status = 401, body = ProblemView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/imports/{id}/commit")]
async fn commit_import(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, ImportId)>,
    Body(body): Body<CommitBody>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    app.db.transaction(async |tx| imports::queue(tx, now, by.scope, by.account, path.1, body.confirm_mapping).await).await?;
    app.hint.wake();
    let row = store::find(&mut *app.db.conn().await?, by.scope, path.1).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Accepted().json(ImportView::of(row)?))
}

/// An import, with its progress.
#[utoipa::path(tag = "imports", operation_id = "get_import", params(("coop" = String, Path, description = "id or slug"), ("id" = ImportId, Path)),
    responses((status = 200, body = ImportView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/imports/{id}")]
async fn get_import(app: web::Data<App>, by: Manager, path: web::Path<(String, ImportId)>) -> Result<web::Json<ImportView>, Problem> {
    let row = store::find(&mut *app.db.conn().await?, by.scope, path.1).await?.ok_or(Kind::NotFound)?;
    Ok(web::Json(ImportView::of(row)?))
}

/// The same sheet with one more column that says what is wrong in each row.
#[utoipa::path(tag = "imports", operation_id = "get_import_sheet", params(("coop" = String, Path, description = "id or slug"), ("id" = ImportId, Path)),
    responses((status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/imports/{id}/sheet")]
async fn get_import_sheet(app: web::Data<App>, by: Manager, path: web::Path<(String, ImportId)>) -> Result<HttpResponse, Problem> {
    let conn = &mut *app.db.conn().await?;
    let row = store::find(conn, by.scope, path.1).await?.ok_or(Kind::NotFound)?;
    let (bytes, _) = store::file(conn, by.scope, path.1).await?.filter(|(bytes, _)| !bytes.is_empty()).ok_or(Kind::NotFound)?;
    let said: Said = serde_json::from_value(row.report).map_err(Error::from)?;
    let table = Table::read(&bytes).map_err(Error::from)?;
    let file_type = table.source.file_type;
    let sheet =
        sheets::write::errors::write(&table, &said.report.problems, &said.report.skipped, file_type).map_err(|e| Error::Sheet(e.to_string()))?;
    Ok(sheet_answer(sheet, file_type, "problems"))
}

fn sheet_answer(bytes: Vec<u8>, file_type: FileType, name: &str) -> HttpResponse {
    let (mime, end) = match file_type {
        FileType::Csv => ("text/csv; charset=utf-8", "csv"),
        FileType::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    };
    let attachment = format!("attachment; filename=\"{name}.{end}\"");
    HttpResponse::Ok().content_type(mime).insert_header(("Content-Disposition", attachment)).body(bytes)
}

/// Imports, newest first.
#[utoipa::path(tag = "imports", operation_id = "list_imports", params(("coop" = String, Path, description = "id or slug"), PageQuery),
    responses((status = 200, body = Page<ImportView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/imports")]
async fn list_imports(app: web::Data<App>, by: Manager, Params(query): Params<PageQuery>) -> Result<web::Json<Page<ImportView>>, Problem> {
    let limit = query.limit()?;
    let rows = store::list(&mut *app.db.conn().await?, by.scope, query.after()?, i64::from(limit) + 1).await?;
    let views = rows.into_iter().map(ImportView::of).collect::<Result<Vec<_>, _>>()?;
    Ok(web::Json(Page::new(views, limit, |view| view.id)))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// Prices are those in it; the cooperative's own currency if absent.
    currency: Option<Currency>,
    /// csv (the default) or xlsx.
    #[param(value_type = Option<String>)]
    format: Option<FileType>,
}

/// Every product as a spreadsheet that can be edited and sent back.
#[utoipa::path(tag = "imports", operation_id = "export_products", params(("coop" = String, Path, description = "id or slug"), ExportQuery),
    responses((status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/exports/products")]
async fn export_products(app: web::Data<App>, by: Manager, Params(query): Params<ExportQuery>) -> Result<HttpResponse, Problem> {
    let conn = &mut *app.db.conn().await?;
    let own = store::currency(conn, by.scope).await?;
    let file_type = query.format.unwrap_or(FileType::Csv);
    let bytes = imports::export(conn, by.scope, query.currency.unwrap_or(own), &app.config.link("/media/"), file_type).await?;
    Ok(sheet_answer(bytes, file_type, "products"))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RegisterQuery {
    /// csv (the default) or xlsx.
    #[param(value_type = Option<String>)]
    format: Option<FileType>,
}
fn private(mut sheet: HttpResponse) -> HttpResponse {
    sheet.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    sheet
}

/// Every maker as a spreadsheet that can be edited and sent back. Who was erased is in none.
#[utoipa::path(tag = "imports", operation_id = "export_artisans", params(("coop" = String, Path, description = "id or slug"), RegisterQuery),
    responses((status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/exports/artisans")]
async fn export_artisans(app: web::Data<App>, by: Manager, Params(query): Params<RegisterQuery>) -> Result<HttpResponse, Problem> {
    let file_type = query.format.unwrap_or(FileType::Csv);
    let bytes = imports::export_artisans(&mut *app.db.conn().await?, by.scope, file_type).await?;
    Ok(private(sheet_answer(bytes, file_type, "artisans")))
}

/// The whole work register as a spreadsheet that can be edited and sent back.
#[utoipa::path(tag = "imports", operation_id = "export_work", params(("coop" = String, Path, description = "id or slug"), RegisterQuery),
    responses((status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/exports/work")]
async fn export_work(app: web::Data<App>, by: Manager, Params(query): Params<RegisterQuery>) -> Result<HttpResponse, Problem> {
    let file_type = query.format.unwrap_or(FileType::Csv);
    let bytes = imports::export_work(&mut *app.db.conn().await?, by.scope, file_type).await?;
    Ok(private(sheet_answer(bytes, file_type, "work")))
}
