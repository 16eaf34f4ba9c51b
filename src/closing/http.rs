//! Orders drawn for an audit, with what proves them.
use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Month, read};
use crate::{
    app::App,
    auth::Auditor,
    clock::Time,
    db::Conn,
    http::Params,
    ids::OrderId,
    ledger,
    money::{Money, MoneyView},
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(list_audit_samples);
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SampleQuery {
    /// The month in which the orders were paid. It must be given, as the seed must.
    #[param(example = "2026-10")]
    period: Option<String>,
    /// Whatever the auditor chooses, up to 100 characters: the same seed draws the same orders.
    #[param(example = "tea-3141")]
    seed: Option<String>,
    /// 1 to 100, 25 if absent.
    size: Option<u32>,
}

/// Orders of a month that a seed draws.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct AuditSample {
    period: String,
    seed: String,
    /// How the orders are drawn, so that it can be done again elsewhere.
    method: String,
    /// Orders paid in the month, out of which these were drawn.
    orders: i64,
    data: Vec<SampledOrder>,
}
/// An order, and what proves it.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct SampledOrder {
    id: OrderId,
    #[schema(example = "HA-7K3M-92QX")]
    number: String,
    total: MoneyView,
    refunded: MoneyView,
    paid_at: Time,
    /// The provider's charge.
    charge: Option<String>,
    /// The movement of the provider's balance that a comparison found for it.
    movement: Option<String>,
    /// What its payment is in the books.
    postings: Vec<SampledPosting>,
    links: SampleLinks,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct SampledPosting {
    debit: String,
    credit: String,
    amount: MoneyView,
    leg: String,
    occurred_at: Time,
}
/// Where to read on.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct SampleLinks {
    refunds: String,
    /// The public record of each piece.
    items: Vec<String>,
    /// The payouts that paid its makers' side.
    payouts: Vec<String>,
}

const METHOD: &str = "ascending SHA-256 of \"<seed>:<order id>\", over the orders paid in the month (UTC)";
const SIZE: u32 = 25;
const MOST: u32 = 100;
/// Enough for a sentence; it goes into a digest of each order.
const LONGEST_SEED: usize = 100;

/// Draws orders of a month by a seed: the same ones each time, each with what proves it.
#[utoipa::path(tag = "audit", operation_id = "list_audit_samples", params(SampleQuery),
    responses((status = 200, body = AuditSample), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 403, body = ProblemView)))]
#[get("/v1/admin/audit-samples")]
async fn list_audit_samples(app: web::Data<App>, _by: Auditor, Params(query): Params<SampleQuery>) -> Result<web::Json<AuditSample>, Problem> {
    let wrong = |what: String| Problem::with_detail(Kind::InvalidQuery, what);
    let (period, seed) = (query.period.unwrap_or_default(), query.seed.unwrap_or_default());
    let month: Month = period.parse().map_err(|expected| wrong(format!("period: expected {expected}")))?;
    let size = query.size.unwrap_or(SIZE);
    if !(1..=MOST).contains(&size) {
        return Err(wrong(format!("size is {size}; it must be 1 to {MOST}")));
    }
    if seed.is_empty() || seed.chars().count() > LONGEST_SEED || seed.chars().any(char::is_control) {
        return Err(wrong(format!("seed must be 1 to {LONGEST_SEED} characters on one line")));
    }
    let conn = &mut *app.db.conn().await?;
    let (orders, drawn) = read::sample(conn, month, &seed, i64::from(size)).await?;
    let mut data = Vec::new();
    for order in drawn {
        data.push(proven(conn, order).await?);
    }
    Ok(web::Json(AuditSample { period: month.to_string(), seed, method: METHOD.to_owned(), orders, data }))
}

async fn proven(conn: &mut Conn, order: read::Drawn) -> Result<SampledOrder, Problem> {
    let transfers = ledger::transfers_of(conn, "order", order.id.uuid()).await?;
    let posting = |t: ledger::model::Transfer| SampledPosting {
        debit: t.debit,
        credit: t.credit,
        amount: t.amount.into(),
        leg: t.leg,
        occurred_at: t.occurred_at,
    };
    let links = SampleLinks {
        refunds: format!("/v1/admin/orders/{}/refunds", order.id),
        items: order.codes.iter().map(|code| format!("/v1/provenance/items/{code}")).collect(),
        payouts: order.payouts.iter().map(|payout| format!("/v1/admin/payouts/{payout}")).collect(),
    };
    Ok(SampledOrder {
        id: order.id,
        number: order.number,
        total: Money::new(order.total, order.currency).into(),
        refunded: Money::new(order.refunded, order.currency).into(),
        paid_at: order.paid_at,
        charge: order.charge,
        movement: order.movement,
        postings: transfers.into_iter().map(posting).collect(),
        links,
    })
}
