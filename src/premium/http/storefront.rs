//! What a fund was spent on, for everybody: sums, the cooperative's own sentences, votes as counts. Nobody is named.
use actix_web::{HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{VotesView, hex, votes};
use crate::{
    app::App,
    clock::Day,
    http::Params,
    ids::PremiumDecisionId,
    money::{Money, MoneyView},
    page::{Page, PageQuery},
    payouts::State as PayoutState,
    premium::{
        State,
        model::{Category, Decision},
        read::{self, Fund, Spending, Spent},
    },
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_store_premium).service(list_store_premium_decisions);
}

const CACHE: (&str, &str) = ("Cache-Control", "public, max-age=30");

#[derive(serde::Serialize, utoipa::ToSchema)]
struct StorePremium {
    /// One per currency.
    funds: Vec<StorePremiumFund>,
    /// What has left for good, by what it was for.
    spent_on: Vec<StorePremiumSpent>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct StorePremiumFund {
    /// Of everything that was sent so far; refunds to buyers never took of it.
    received: MoneyView,
    spent: MoneyView,
    /// On its way, and what is there.
    left: MoneyView,
}
impl From<Fund> for StorePremiumFund {
    fn from(f: Fund) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, f.currency));
        Self { received: money(f.fund + f.paying + f.spent), spent: money(f.spent), left: money(f.fund + f.paying) }
    }
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct StorePremiumSpent {
    category: Category,
    amount: MoneyView,
}
impl From<Spent> for StorePremiumSpent {
    fn from(s: Spent) -> Self {
        Self { category: s.category, amount: Money::new(s.minor, s.currency).into() }
    }
}

/// What a cooperative's fund received, and what it was spent on.
#[utoipa::path(tag = "storefront", operation_id = "get_store_premium", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = StorePremium), (status = 404, body = ProblemView)))]
#[get("/v1/store/cooperatives/{coop}/premium")]
async fn get_store_premium(app: web::Data<App>, coop: web::Path<String>) -> Result<HttpResponse, Problem> {
    let conn = &mut *app.db.conn().await?;
    let coop = read::shown(conn, &coop).await?.ok_or(Kind::NotFound)?;
    let funds = read::funds(conn, coop).await?.into_iter().map(Into::into).collect();
    let spent_on = read::by_category(conn, coop).await?.into_iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().insert_header(CACHE).json(StorePremium { funds, spent_on }))
}

/// A decision of the members that two people stand for.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct StorePremiumDecision {
    id: PremiumDecisionId,
    #[schema(value_type = String, format = Date)]
    met_on: Day,
    category: Category,
    purpose: String,
    amount: MoneyView,
    /// What has left for it for good.
    spent: MoneyView,
    votes: VotesView,
    /// Of the minutes, which the cooperative keeps: whoever is shown them can check them.
    minutes_sha256: String,
}
impl StorePremiumDecision {
    fn of(decision: Decision, spendings: &[Spending]) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, decision.currency));
        let gone = spendings.iter().filter(|s| s.state == PayoutState::Settled).map(|s| s.amount_minor).sum();
        Self {
            amount: money(decision.amount_minor),
            spent: money(gone),
            votes: votes(&decision),
            minutes_sha256: hex(&decision.minutes_sha256),
            id: decision.id,
            met_on: decision.met_on,
            category: decision.category,
            purpose: decision.purpose,
        }
    }
}

/// What a cooperative's members decided about their fund, newest first.
#[utoipa::path(tag = "storefront", operation_id = "list_store_premium_decisions", params(("coop" = String, Path, description = "id or slug"), PageQuery),
    responses((status = 200, body = Page<StorePremiumDecision>), (status = 400, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/store/cooperatives/{coop}/premium/decisions")]
async fn list_store_premium_decisions(
    app: web::Data<App>,
    coop: web::Path<String>,
    Params(query): Params<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (query.limit()?, query.after()?);
    let conn = &mut *app.db.conn().await?;
    let coop = read::shown(conn, &coop).await?.ok_or(Kind::NotFound)?;
    let rows = read::decisions(conn, coop, Some(State::Confirmed), after, i64::from(limit) + 1).await?;
    let page = Page::new(rows, limit, |row| row.0.id).map(|(decision, spendings)| StorePremiumDecision::of(decision, &spendings));
    Ok(HttpResponse::Ok().insert_header(CACHE).json(page))
}
