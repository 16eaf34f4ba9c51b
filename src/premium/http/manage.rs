//! A cooperative's own fund, and what its members decided.
use actix_web::{HttpResponse, get, http::StatusCode, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{AmountBody, PremiumDecisionView, PremiumSpendingView, RejectBody, VotesView};
use crate::{
    app::App,
    audit::Second,
    auth::Manager,
    clock::Day,
    db::Tx,
    http::{Body, Params},
    idempotency::{self, Begin},
    ids::PremiumDecisionId,
    money::{Money, MoneyView},
    page::{self, Page},
    payouts::By,
    premium::{
        self, Error, NewDecision, State,
        model::{Category, Votes, wrong},
        read::{self, Fund},
    },
    problem::{Kind, Problem, ProblemView},
    secrets,
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_premium_fund).service(create_premium_decision).service(list_premium_decisions).service(get_premium_decision);
    api.service(confirm_premium_decision).service(reject_premium_decision).service(create_premium_spending);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct PremiumFunds {
    /// One per currency that the fund has or had something in.
    funds: Vec<PremiumFundView>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct PremiumFundView {
    /// Of what is sold and has not left.
    pending: MoneyView,
    /// What is there.
    balance: MoneyView,
    /// Of that, what confirmed decisions may still take; the smaller of the two can be spent now.
    decided: MoneyView,
    /// On its way in payouts.
    paying: MoneyView,
    /// What has left for good.
    spent: MoneyView,
}
impl From<Fund> for PremiumFundView {
    fn from(fund: Fund) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, fund.currency));
        Self {
            pending: money(fund.pending),
            balance: money(fund.fund),
            decided: money(fund.decided),
            paying: money(fund.paying),
            spent: money(fund.spent),
        }
    }
}

/// The members' fund. Each of its movements is in the transfers: `?account=premium_fund`.
#[utoipa::path(tag = "premium", operation_id = "get_premium_fund", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = PremiumFunds), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/premium-fund")]
async fn get_premium_fund(app: web::Data<App>, by: Manager) -> Result<web::Json<PremiumFunds>, Problem> {
    let funds = read::funds(&mut *app.db.conn().await?, by.scope.coop()).await?;
    Ok(web::Json(PremiumFunds { funds: funds.into_iter().map(Into::into).collect() }))
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PremiumDecisionBody {
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    met_on: Day,
    category: Category,
    /// Everybody reads it: what it is for, in one line of up to 200 characters, and of nobody in particular.
    #[schema(example = "Glasses for twelve members")]
    purpose: String,
    amount: AmountBody,
    votes: VotesView,
    /// What the minutes say of it. Read by the cooperative's managers, operators and auditors.
    #[schema(example = "Point 3. The members decided by show of hands to …")]
    minutes: String,
    /// Of the signed minutes, where they are kept as a document; of the text above if left out.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    minutes_sha256: Option<String>,
}
impl PremiumDecisionBody {
    fn read(self) -> Result<NewDecision, Problem> {
        let digest = self.minutes_sha256.as_deref().map(|text| {
            secrets::from_hex(text).ok_or_else(|| Problem::invalid(vec![wrong("/minutes_sha256", "malformed", "64 hexadecimal digits")]))
        });
        let VotesView { present, yes, no, abstained } = self.votes;
        Ok(NewDecision {
            met_on: self.met_on,
            category: self.category,
            purpose: self.purpose.trim().to_owned(),
            amount: self.amount.into(),
            votes: Votes { present, yes, no, abstained },
            minutes: self.minutes,
            minutes_sha256: digest.transpose()?,
        })
    }
}

async fn shown(app: &App, by: Manager, id: PremiumDecisionId) -> Result<PremiumDecisionView, Problem> {
    let (decision, _, spendings) = read::decision(&mut *app.db.conn().await?, by.scope, id).await?.ok_or(Kind::NotFound)?;
    Ok(PremiumDecisionView::of(decision, &spendings))
}

/// Write down what the members decided about their fund. Somebody else confirms it.
#[utoipa::path(tag = "premium", operation_id = "create_premium_decision", request_body = PremiumDecisionBody, params(("coop" = String, Path, description = "id or slug")),
    responses((status = 201, body = PremiumDecisionView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/premium-decisions")]
async fn create_premium_decision(app: web::Data<App>, by: Manager, Body(body): Body<PremiumDecisionBody>) -> Result<HttpResponse, Problem> {
    let (new, now) = (body.read()?, app.clock.now());
    let id = app.db.transaction_retrying(async |tx| premium::record(tx, now, by.account, by.scope, &new).await).await?;
    app.hint.wake();
    Ok(HttpResponse::Created().json(shown(&app, by, id).await?))
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DecisionsQuery {
    status: Option<State>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// What the members decided, newest first.
#[utoipa::path(tag = "premium", operation_id = "list_premium_decisions", params(("coop" = String, Path, description = "id or slug"), DecisionsQuery),
    responses((status = 200, body = Page<PremiumDecisionView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/premium-decisions")]
async fn list_premium_decisions(
    app: web::Data<App>,
    by: Manager,
    Params(query): Params<DecisionsQuery>,
) -> Result<web::Json<Page<PremiumDecisionView>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::after(query.cursor.as_deref())?);
    let rows = read::decisions(&mut *app.db.conn().await?, by.scope.coop(), query.status, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.0.id).map(|(decision, spendings)| PremiumDecisionView::of(decision, &spendings))))
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct PremiumDecisionDetail {
    #[serde(flatten)]
    decision: PremiumDecisionView,
    minutes: String,
}

/// A decision with what the minutes say.
#[utoipa::path(tag = "premium", operation_id = "get_premium_decision", params(("coop" = String, Path, description = "id or slug"), ("id" = PremiumDecisionId, Path)),
    responses((status = 200, body = PremiumDecisionDetail), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/premium-decisions/{id}")]
async fn get_premium_decision(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, PremiumDecisionId)>,
) -> Result<web::Json<PremiumDecisionDetail>, Problem> {
    let (decision, minutes, spendings) = read::decision(&mut *app.db.conn().await?, by.scope, path.1).await?.ok_or(Kind::NotFound)?;
    Ok(web::Json(PremiumDecisionDetail { decision: PremiumDecisionView::of(decision, &spendings), minutes }))
}

/// It is as the minutes say: said by somebody else than its writer. From then on it can be spent for.
#[utoipa::path(tag = "premium", operation_id = "confirm_premium_decision", params(("coop" = String, Path, description = "id or slug"), ("id" = PremiumDecisionId, Path)),
    responses((status = 200, body = PremiumDecisionView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/premium-decisions/{id}/confirm")]
async fn confirm_premium_decision(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, PremiumDecisionId)>,
) -> Result<web::Json<PremiumDecisionView>, Problem> {
    let (now, second) = (app.clock.now(), Second::Manager(by.account));
    app.db.transaction_retrying(async |tx| premium::confirm(tx, now, second, by.scope, path.1).await).await?;
    Ok(web::Json(shown(&app, by, path.1).await?))
}

/// It was not decided so.
#[utoipa::path(tag = "premium", operation_id = "reject_premium_decision", request_body = RejectBody,
    params(("coop" = String, Path, description = "id or slug"), ("id" = PremiumDecisionId, Path)),
    responses((status = 200, body = PremiumDecisionView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/premium-decisions/{id}/reject")]
async fn reject_premium_decision(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, PremiumDecisionId)>,
    Body(body): Body<RejectBody>,
) -> Result<web::Json<PremiumDecisionView>, Problem> {
    let (now, second) = (app.clock.now(), Second::Manager(by.account));
    app.db.transaction_retrying(async |tx| premium::reject(tx, now, second, by.scope, path.1, &body.reason).await).await?;
    Ok(web::Json(shown(&app, by, path.1).await?))
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PremiumSpendingBody {
    amount: AmountBody,
}

/// Send money out of the fund for a confirmed decision: a payout of its own, to where the cooperative is paid.
#[utoipa::path(tag = "premium", operation_id = "create_premium_spending", request_body = PremiumSpendingBody,
    params(("coop" = String, Path, description = "id or slug"), ("id" = PremiumDecisionId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = PremiumSpendingView), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[post("/v1/manage/cooperatives/{coop}/premium-decisions/{id}/spendings")]
async fn create_premium_spending(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, PremiumDecisionId)>,
    key: idempotency::Key,
    Body(body): Body<PremiumSpendingBody>,
) -> Result<HttpResponse, Problem> {
    let what = format!("create_premium_spending:{}", path.1);
    let operation = match idempotency::begin(&app.db, &app.clock, format!("account:{}", by.account), key, &what, &body).await? {
        Begin::Replay(stored) => return Ok(stored.respond(true, stored.body.clone())),
        Begin::Run(operation) => operation,
    };
    let now = app.clock.now();
    let (asked, amount) = (By { operation: operation.id, account: by.account }, Money::from(body.amount));
    let made = async |tx: &mut Tx| {
        let (id, payout) = premium::spend(tx, now, asked, by.scope, path.1, amount).await?;
        let view = PremiumSpendingView {
            id,
            amount: amount.into(),
            payout: payout.id,
            payout_number: payout.number,
            payout_status: payout.state,
            created_at: now,
            settled_at: None,
        };
        Ok::<_, Error>(operation.finish(tx, StatusCode::ACCEPTED, &view).await?)
    };
    match app.db.transaction_retrying(made).await {
        Ok(stored) => {
            app.hint.wake();
            Ok(stored.respond(false, stored.body.clone()))
        }
        Err(error) => {
            // Refused or not committed: nothing stands.
            operation.forget(&app.db).await?;
            Err(error.into())
        }
    }
}
