//! A cooperative's payouts.
use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{EventView, PayoutView};
use crate::{
    app::App,
    auth::Manager,
    http::Params,
    ids::PayoutId,
    page::{Page, PageQuery},
    payouts::read,
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_payouts).service(get_payout);
}

/// What was paid out and what is on its way, newest first.
#[utoipa::path(tag = "money", operation_id = "list_payouts", params(("coop" = String, Path, description = "id or slug"), PageQuery),
    responses((status = 200, body = Page<PayoutView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/payouts")]
async fn list_payouts(app: web::Data<App>, by: Manager, Params(query): Params<PageQuery>) -> Result<web::Json<Page<PayoutView>>, Problem> {
    let limit = query.limit()?;
    let filter = read::Filter { coop: Some(by.scope.coop()), state: None, after: query.after()? };
    let rows = read::list(&mut *app.db.conn().await?, filter, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.0.id).map(|(payout, slug)| PayoutView::of(payout, slug))))
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct OwnPayout {
    #[serde(flatten)]
    payout: PayoutView,
    events: Vec<EventView>,
}

/// One payout with what happened to it.
#[utoipa::path(tag = "money", operation_id = "get_payout", params(("coop" = String, Path, description = "id or slug"), ("id" = PayoutId, Path)),
    responses((status = 200, body = OwnPayout), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/payouts/{id}")]
async fn get_payout(app: web::Data<App>, by: Manager, path: web::Path<(String, PayoutId)>) -> Result<web::Json<OwnPayout>, Problem> {
    let conn = &mut *app.db.conn().await?;
    let (payout, slug) = read::payout(conn, by.scope, path.1).await?.ok_or(Kind::NotFound)?;
    let events = read::events(conn, by.scope, path.1).await?.into_iter().map(EventView::from).collect();
    Ok(web::Json(OwnPayout { payout: PayoutView::of(payout, slug), events }))
}
