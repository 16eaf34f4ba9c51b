//! A payout opened, as JSON, for a spreadsheet, and on paper.
use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::PayoutView;
use crate::{
    app::App,
    auth::Manager,
    catalog::price::Split,
    clock::Day,
    http::Params,
    ids::{ArtisanId, PayoutId},
    money::{Currency, Money, MoneyView, split_minor},
    payouts::{
        model::{Error, LineKind, Payout, State},
        read::{
            self,
            statement::{Facts, LineRow},
        },
        shares::Purpose,
        statement,
    },
    problem::{Kind, Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_statement).service(get_pay_slips);
}

text_enum! { pub enum Format { Json = "json", Csv = "csv", Pdf = "pdf" } }

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StatementQuery {
    /// Stronger than `Accept`.
    #[param(inline)]
    format: Option<Format>,
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct StatementView {
    payout: PayoutView,
    cooperative: String,
    /// The first release in it, and the day it was made.
    from: Day,
    to: Day,
    lines: Vec<SoldView>,
    shipping: Vec<ShippingView>,
    recoveries: Vec<RecoveryView>,
    /// What a buyer owed for work and material who gave up what was being made for her.
    cancelled: Vec<CancelledView>,
    /// What is out of the members' fund, and which decision it is for.
    from_fund: Vec<FromFundView>,
    /// How it divides; they sum to the payout.
    shares: Vec<ShareView>,
    totals: TotalsView,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct SoldView {
    /// The order's number.
    order: Option<String>,
    title: String,
    quantity: Option<i32>,
    /// Codes of the pieces.
    items: Vec<String>,
    sold_on: Option<Day>,
    /// maker + materials + cooperative: what this payout holds of the price.
    producer: MoneyView,
    /// Null where the price was not declared to divide.
    maker: Option<MoneyView>,
    materials: Option<MoneyView>,
    cooperative: Option<MoneyView>,
    /// Went to the members' fund, not into this payout.
    premium: MoneyView,
    conversion: Option<ConversionView>,
}
/// The order's dated rate.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ConversionView {
    buyer_paid: MoneyView,
    rate: String,
    day: Day,
    source: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ShippingView {
    order: Option<String>,
    amount: MoneyView,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct RecoveryView {
    what: String,
    day: Day,
    /// Negative.
    amount: MoneyView,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = StatementCancelledView)]
struct CancelledView {
    order: Option<String>,
    title: String,
    /// labour or material.
    what: LineKind,
    amount: MoneyView,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct FromFundView {
    what: String,
    amount: MoneyView,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ShareView {
    purpose: Purpose,
    artisan: Option<ArtisanId>,
    /// What she is called outside.
    alias: Option<String>,
    pieces: i32,
    amount: MoneyView,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = StatementTotalsView)]
struct TotalsView {
    producer: MoneyView,
    shipping: MoneyView,
    recovered: MoneyView,
    cancelled: MoneyView,
    from_fund: MoneyView,
    /// The payout: the five above together.
    amount: MoneyView,
    /// Beside it, to the members' fund.
    premium: MoneyView,
}

fn sold(row: &LineRow, currency: Currency) -> Result<SoldView, Error> {
    let money = |minor| MoneyView::from(Money::new(minor, currency));
    let weight = |minor: i64| u64::try_from(minor).unwrap_or(0);
    let split: Option<Split> = row.split.clone().and_then(|s| serde_json::from_value(s).ok());
    let parts = match split {
        Some(s) if s.maker + s.materials + s.cooperative > 0 => {
            Some(split_minor(row.minor, &[weight(s.maker), weight(s.materials), weight(s.cooperative)])?)
        }
        Some(_) | None => None,
    };
    let part = |i: usize| parts.as_ref().map(|p| money(p[i]));
    let conversion = match (row.buyer_currency, row.buyer_paid, &row.fx_rate, row.fx_day, &row.fx_source) {
        (Some(paid_in), Some(paid), Some(rate), Some(day), Some(source)) if paid_in != currency => {
            Some(ConversionView { buyer_paid: Money::new(paid, paid_in).into(), rate: rate.clone(), day, source: source.clone() })
        }
        _ => None,
    };
    Ok(SoldView {
        order: row.order.clone(),
        title: row.title.clone().unwrap_or_else(|| row.memo.clone()),
        quantity: row.quantity,
        items: row.codes.clone(),
        sold_on: row.sold_at.map(|at| at.day()),
        producer: money(row.minor),
        maker: part(0),
        materials: part(1),
        cooperative: part(2),
        premium: money(row.premium),
        conversion,
    })
}

fn view(facts: Facts) -> Result<StatementView, Error> {
    let currency = facts.payout.currency;
    let money = |minor| MoneyView::from(Money::new(minor, currency));
    let (from, to) = facts.period();
    let cancelled = |row: &LineRow| CancelledView {
        order: row.order.clone(),
        title: row.title.clone().unwrap_or_default(),
        what: row.kind,
        amount: money(row.minor),
    };
    Ok(StatementView {
        from,
        to,
        lines: facts.of(LineKind::Producer).map(|row| sold(row, currency)).collect::<Result<_, _>>()?,
        shipping: facts.of(LineKind::Shipping).map(|row| ShippingView { order: row.order.clone(), amount: money(row.minor) }).collect(),
        recoveries: facts
            .of(LineKind::Recovery)
            .map(|row| RecoveryView { what: row.memo.clone(), day: row.released_at.day(), amount: money(row.minor) })
            .collect(),
        cancelled: facts.lines.iter().filter(|row| matches!(row.kind, LineKind::Labour | LineKind::Material)).map(cancelled).collect(),
        from_fund: facts.of(LineKind::Premium).map(|row| FromFundView { what: row.memo.clone(), amount: money(row.minor) }).collect(),
        shares: facts
            .shares
            .iter()
            .map(|s| ShareView {
                purpose: s.purpose,
                artisan: s.artisan,
                alias: s.artisan.map(|_| s.alias.clone()),
                pieces: s.pieces,
                amount: money(s.minor),
            })
            .collect(),
        totals: TotalsView {
            producer: money(facts.sum(LineKind::Producer)),
            shipping: money(facts.sum(LineKind::Shipping)),
            recovered: money(facts.sum(LineKind::Recovery)),
            cancelled: money(facts.sum(LineKind::Labour) + facts.sum(LineKind::Material)),
            from_fund: money(facts.sum(LineKind::Premium)),
            amount: money(facts.payout.amount_minor),
            premium: money(facts.premium()),
        },
        cooperative: facts.cooperative.clone(),
        payout: PayoutView::of(facts.payout, facts.slug),
    })
}

fn wanted(query: &StatementQuery, request: &HttpRequest) -> Format {
    let accept = request.headers().get("Accept").and_then(|v| v.to_str().ok()).unwrap_or_default();
    query.format.unwrap_or(if accept.starts_with("application/pdf") {
        Format::Pdf
    } else if accept.starts_with("text/csv") {
        Format::Csv
    } else {
        Format::Json
    })
}

async fn load(app: &App, by: Manager, id: PayoutId) -> Result<Facts, Problem> {
    let conn = &mut *app.db.conn().await?;
    let (payout, _) = read::payout(conn, by.scope, id).await?.ok_or(Kind::NotFound)?;
    Ok(read::statement::facts(conn, payout).await?)
}

fn file(kind: &'static str, name: &str, body: impl actix_web::body::MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")))
        .insert_header(("Cache-Control", "private, no-cache"))
        .insert_header(("Vary", "Accept"))
        .body(body)
}

/// Every line of a payout opened: orders, pieces, parts of the price, delivery, what was recovered, and how it divides among makers.
#[utoipa::path(tag = "money", operation_id = "get_payout_statement", params(("coop" = String, Path, description = "id or slug"), ("id" = PayoutId, Path), StatementQuery),
    responses((status = 200, content((StatementView = "application/json"), (String = "text/csv"), (Vec<u8> = "application/pdf"))), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/payouts/{id}/statement")]
async fn get_statement(
    app: web::Data<App>,
    by: Manager,
    path: web::Path<(String, PayoutId)>,
    request: HttpRequest,
    Params(query): Params<StatementQuery>,
) -> Result<HttpResponse, Problem> {
    let facts = load(&app, by, path.1).await?;
    let name = facts.payout.number.clone();
    let contact = &app.config.mail_from;
    match wanted(&query, &request) {
        Format::Json => {
            Ok(HttpResponse::Ok().insert_header(("Cache-Control", "private, no-cache")).insert_header(("Vary", "Accept")).json(view(facts)?))
        }
        Format::Csv => {
            let csv = documents::statement_csv(&statement::document(&facts, contact, false)).map_err(Error::from)?;
            Ok(file("text/csv; charset=utf-8", &format!("{name}.csv"), csv))
        }
        Format::Pdf => {
            let paper = statement::document(&facts, contact, true);
            let pdf = web::block(move || documents::statement_pdf(&paper)).await.map_err(|e| Problem::internal(&e))?.map_err(Error::from)?;
            Ok(file("application/pdf", &format!("{name}.pdf"), pdf))
        }
    }
}

fn paid(payout: &Payout) -> bool {
    matches!(payout.state, State::Sent | State::Settled)
}

/// A slip for each maker who is still to be handed her part, one page each, in her language.
#[utoipa::path(tag = "money", operation_id = "get_pay_slips", params(("coop" = String, Path, description = "id or slug"), ("id" = PayoutId, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>), (status = 401, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/payouts/{id}/pay-slips")]
async fn get_pay_slips(app: web::Data<App>, by: Manager, path: web::Path<(String, PayoutId)>) -> Result<HttpResponse, Problem> {
    let facts = load(&app, by, path.1).await?;
    if !paid(&facts.payout) {
        return Err(Problem::with_detail(Kind::Conflict, "the payout has not left yet: there is nothing to hand out"));
    }
    let rows = read::statement::slips(&mut *app.db.conn().await?, &facts.payout).await?;
    if rows.is_empty() {
        return Err(Problem::with_detail(
            Kind::Conflict,
            "nobody is to be handed anything: no part of it is a known maker's, or all were paid at work",
        ));
    }
    let at = facts.payout.settled_at.unwrap_or(facts.payout.created_at);
    let slips: Vec<_> =
        rows.iter().map(|row| statement::slip(&app.keys, &app.config.public_url, &facts.cooperative, &facts.payout, row, at)).collect();
    let pdf = web::block(move || documents::pay_slips_pdf(&slips)).await.map_err(|e| Problem::internal(&e))?.map_err(Error::from)?;
    Ok(file("application/pdf", &format!("{}-slips.pdf", facts.payout.number), pdf))
}
