//! Holds of payouts: placed and ended by operators, seen and objected to by the cooperative.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::{Auditor, Manager, Operator},
    clock::{Day, Time},
    http::{Body, Params},
    ids::PayoutHoldId,
    page::{Page, PageQuery},
    payouts::{
        holds::{self, Ask, Code, Hold},
        store,
    },
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(create_payout_hold).service(list_payout_holds).service(release_payout_hold);
    api.service(list_own_payout_holds).service(appeal_payout_hold);
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct HoldBody {
    code: Code,
    /// What the cooperative reads: 1 to 500 characters.
    #[schema(example = "Two people say that the account is theirs.")]
    reason: String,
    /// Payouts go on with this day: within 60 days.
    #[schema(value_type = String, format = Date, example = "2026-12-09")]
    release_on: Day,
}

/// A hold of a cooperative's payouts.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct PayoutHoldView {
    id: PayoutHoldId,
    code: Code,
    reason: String,
    #[schema(value_type = String, format = Date)]
    release_on: Day,
    in_force: bool,
    placed_at: Time,
    /// What the cooperative objects.
    appeal: Option<String>,
    appealed_at: Option<Time>,
    /// Why it was ended before its day.
    answer: Option<String>,
    released_at: Option<Time>,
}
impl PayoutHoldView {
    fn of(hold: Hold, today: Day) -> Self {
        let in_force = hold.in_force(today);
        let Hold { id, code, reason, release_on, placed_at, appeal, appealed_at, answer, released_at } = hold;
        Self { id, code, reason, release_on, in_force, placed_at, appeal, appealed_at, answer, released_at }
    }
}

/// Hold a cooperative's payouts, for a reason and until a day that it is told.
#[utoipa::path(tag = "payouts", operation_id = "create_payout_hold", request_body = HoldBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = PayoutHoldView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/cooperatives/{coop}/payout-holds")]
async fn create_payout_hold(app: web::Data<App>, by: Operator, coop: web::Path<String>, Body(body): Body<HoldBody>) -> Result<HttpResponse, Problem> {
    let coop = store::cooperative_called(&mut *app.db.conn().await?, &coop).await?.ok_or(Kind::NotFound)?;
    let now = app.clock.now();
    let ask = Ask { code: body.code, reason: &body.reason, release_on: body.release_on };
    let hold = app.db.transaction_retrying(async |tx| holds::place(tx, now, by.account, coop, &ask).await).await?;
    Ok(HttpResponse::Created().json(PayoutHoldView::of(hold, now.day())))
}

/// A hold, with whose payouts it holds.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct PayoutHoldRow {
    cooperative: String,
    #[serde(flatten)]
    hold: PayoutHoldView,
}

/// Holds in force, newest first.
#[utoipa::path(tag = "payouts", operation_id = "list_payout_holds", params(PageQuery),
    responses((status = 200, body = Page<PayoutHoldRow>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/payout-holds")]
async fn list_payout_holds(app: web::Data<App>, _by: Auditor, Params(query): Params<PageQuery>) -> Result<web::Json<Page<PayoutHoldRow>>, Problem> {
    let (limit, today) = (query.limit()?, app.clock.now().day());
    let rows = holds::open(&mut *app.db.conn().await?, today, query.after()?, i64::from(limit) + 1).await?;
    let page = Page::new(rows, limit, |row| row.0.id);
    Ok(web::Json(page.map(|(hold, cooperative)| PayoutHoldRow { cooperative, hold: PayoutHoldView::of(hold, today) })))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseBody {
    /// What the cooperative reads: 1 to 500 characters.
    #[schema(example = "The bank confirmed whose account it is.")]
    answer: String,
}

/// End a hold before its day.
#[utoipa::path(tag = "payouts", operation_id = "release_payout_hold", request_body = ReleaseBody, params(("id" = PayoutHoldId, Path)),
    responses((status = 200, body = PayoutHoldView), (status = 401, body = ProblemView), (status = 403, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/admin/payout-holds/{id}/release")]
async fn release_payout_hold(
    app: web::Data<App>,
    by: Operator,
    id: web::Path<PayoutHoldId>,
    Body(body): Body<ReleaseBody>,
) -> Result<web::Json<PayoutHoldView>, Problem> {
    let now = app.clock.now();
    let hold = app.db.transaction_retrying(async |tx| holds::release(tx, now, by.account, *id, &body.answer).await).await?;
    Ok(web::Json(PayoutHoldView::of(hold, now.day())))
}

/// Holds of the cooperative's payouts, newest first.
#[utoipa::path(tag = "money", operation_id = "list_own_payout_holds", params(("coop" = String, Path, description = "id or slug"), PageQuery),
    responses((status = 200, body = Page<PayoutHoldView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/payout-holds")]
async fn list_own_payout_holds(
    app: web::Data<App>,
    by: Manager,
    Params(query): Params<PageQuery>,
) -> Result<web::Json<Page<PayoutHoldView>>, Problem> {
    let (limit, today) = (query.limit()?, app.clock.now().day());
    let rows = holds::of(&mut *app.db.conn().await?, by.scope, query.after()?, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |hold| hold.id).map(|hold| PayoutHoldView::of(hold, today))))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AppealBody {
    /// 1 to 500 characters.
    #[schema(example = "The account is the cooperative's own; our minutes of 3 May say so.")]
    text: String,
}

/// Object to a hold, once; an operator is told.
#[utoipa::path(tag = "money", operation_id = "appeal_payout_hold", request_body = AppealBody,
    params(("coop" = String, Path, description = "id or slug"), ("id" = PayoutHoldId, Path)),
    responses((status = 200, body = PayoutHoldView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/payout-holds/{id}/appeal")]
async fn appeal_payout_hold(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, PayoutHoldId)>,
    Body(body): Body<AppealBody>,
) -> Result<web::Json<PayoutHoldView>, Problem> {
    let now = app.clock.now();
    let hold = app.db.transaction_retrying(async |tx| holds::appeal(tx, now, by.account, by.scope, path.1, &body.text).await).await?;
    Ok(web::Json(PayoutHoldView::of(hold, now.day())))
}
