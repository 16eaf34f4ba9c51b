//! A cooperative's balance and the transfers behind it.
use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    app::App,
    auth::Manager,
    clock::Time,
    http::Params,
    ids::{OrderLineId, TransferId},
    money::{Currency, Money, MoneyView},
    page::{self, Page},
    payouts::{
        holds::{self, Hold},
        read::money::{self, Balances, Moved, OwnAccount, Standing},
    },
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(get_balance).service(list_transfers);
}

#[derive(serde::Serialize, utoipa::ToSchema)]
struct BalanceView {
    /// One per currency; the cooperative's own first.
    balances: Vec<CurrencyBalance>,
    /// What to do next, in plain words.
    next_steps: Vec<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct CurrencyBalance {
    currency: Currency,
    /// Sold, not yet shipped.
    pending: MoneyView,
    /// Goes out with the next payout.
    available: MoneyView,
    /// On its way in a payout.
    paying: MoneyView,
    /// Held back by a dispute.
    held: MoneyView,
    /// Premium of what is sold and not yet shipped.
    premium_pending: MoneyView,
    /// The members' fund.
    premium_fund: MoneyView,
    /// Owed from an earlier fault; taken from payouts, a fifth of each at most.
    receivable: MoneyView,
    /// Delivery that is paid back when the parcel leaves.
    shipping_payable: MoneyView,
    /// Advances received and not yet settled by sales.
    advance: MoneyView,
}

fn view(currency: Currency, held: &Balances) -> CurrencyBalance {
    let money = |minor| MoneyView::from(Money::new(minor, currency));
    CurrencyBalance {
        currency,
        pending: money(held.pending),
        available: money(held.available),
        paying: money(held.paying),
        held: money(held.held),
        premium_pending: money(held.premium_pending),
        premium_fund: money(held.premium_fund),
        receivable: money(held.receivable),
        shipping_payable: money(held.shipping_payable),
        advance: money(held.advance),
    }
}

fn next_steps(standing: &Standing, held: Option<&Hold>, all: &[(Currency, Balances)]) -> Vec<String> {
    let mut steps = Vec::new();
    if let Some(Hold { reason, release_on, appeal, .. }) = held {
        let objection = if appeal.is_none() { "You may object to that" } else { "Your objection is with the operators" };
        steps.push(format!("Payouts are held until {release_on}: {reason} {objection}; what you earned stays yours."));
    }
    if !standing.approved {
        steps.push("The cooperative is not approved or is suspended: nothing is paid out until an operator changes that.".to_owned());
    }
    match standing.to_ship {
        0 => {}
        1 => steps.push("Ship 1 order: what it earned becomes available when its parcel leaves.".to_owned()),
        n => steps.push(format!("Ship {n} orders: what they earned becomes available when their parcels leave.")),
    }
    if !standing.payable {
        steps.push(if standing.waiting {
            "Your payout details are not in effect yet: they wait for a confirmation or for their holding time to pass.".to_owned()
        } else {
            "Add payout details: without them nothing can be paid out.".to_owned()
        });
    }
    for (currency, held) in all {
        let said = |minor| Money::new(minor, *currency).formatted();
        if held.available > 0 && held.receivable > held.available {
            let (owed, available) = (said(held.receivable), said(held.available));
            steps.push(format!(
                "You owe {owed} from an earlier fault, more than the {available} that is available: payouts go on when sales exceed it."
            ));
        } else if held.available > 0 {
            steps.push(format!("{} is available and goes out with the next payout.", said(held.available)));
        }
        if held.receivable > 0 && held.receivable <= held.available {
            steps.push(format!(
                "{} is owed from an earlier fault: a fifth of each payout at most goes to it, and none of a maker's part.",
                said(held.receivable)
            ));
        }
        if held.paying > 0 {
            steps.push(format!("{} is on its way to you.", said(held.paying)));
        }
        if held.held > 0 {
            steps.push(format!("{} is held back by a dispute; the order it belongs to says which.", said(held.held)));
        }
    }
    if steps.is_empty() {
        steps.push("Nothing to do: what you sell appears here.".to_owned());
    }
    steps
}

/// What the cooperative has where, and what to do next.
#[utoipa::path(tag = "money", operation_id = "get_balance", params(("coop" = String, Path, description = "id or slug")),
    responses((status = 200, body = BalanceView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/balance")]
async fn get_balance(app: web::Data<App>, by: Manager) -> Result<web::Json<BalanceView>, Problem> {
    let conn = &mut *app.db.conn().await?;
    let standing = money::standing(conn, app.clock.now(), by.scope).await?;
    let hold = holds::in_force(conn, by.scope, app.clock.now().day()).await?;
    let mut all = money::balances(conn, by.scope).await?;
    if !all.iter().any(|(currency, _)| *currency == standing.currency) {
        all.push((standing.currency, Balances::default()));
    }
    all.sort_by_key(|(currency, _)| (*currency != standing.currency, *currency));
    let balances = all.iter().map(|(currency, held)| view(*currency, held)).collect();
    Ok(web::Json(BalanceView { balances, next_steps: next_steps(&standing, hold.as_ref(), &all) }))
}

/// Money that moved into, out of or between the cooperative's accounts.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct TransferView {
    id: TransferId,
    at: Time,
    /// An account of the cooperative's by its short name, or where in the platform it came from.
    #[schema(example = "pending")]
    from: String,
    #[schema(example = "available")]
    to: String,
    amount: MoneyView,
    /// What it is for.
    what: String,
    /// The order's number.
    order: Option<String>,
    order_line: Option<OrderLineId>,
    /// The payout's number.
    payout: Option<String>,
}

/// An account without its owner's id: the reader is the owner.
fn short(account: &str) -> String {
    let name = account.split(':').next().unwrap_or(account);
    name.strip_prefix("coop_").unwrap_or(name).to_owned()
}

fn what(moved: &Moved) -> String {
    let part = match moved.leg.split('/').nth(1).unwrap_or(&moved.leg) {
        "producer" => "your part of the price",
        "premium" => "the premium",
        "shipping" => "delivery paid back",
        _ => "",
    };
    match (moved.source.as_str(), moved.kind.as_str()) {
        ("order", "paid") => format!("sold: {part}"),
        ("order_group" | "fulfilment", "released") => format!("shipped: {part}"),
        ("dispute", "held") => "held: the buyer's bank took the payment back, and decides".into(),
        ("dispute", "unheld") => "no longer held".into(),
        ("payout", "sent") if moved.debit.starts_with("premium_fund:") => moved.memo.clone(),
        ("payout", "sent") => "payout on its way".into(),
        ("payout", "settled") => "payout left".into(),
        ("payout", "returned" | "bounced") => "payout came back".into(),
        ("transfer_reversal", _) => "a payout, or a part of it, came back".into(),
        ("payout", "recovered") => "owed from an earlier fault".into(),
        _ if !moved.memo.is_empty() => moved.memo.clone(),
        (source, kind) => format!("{source} {kind} {part}").trim().replace('_', " "),
    }
}

impl From<Moved> for TransferView {
    fn from(moved: Moved) -> Self {
        let of_payout = matches!(moved.source.as_str(), "payout" | "transfer_reversal");
        // A group of transfers is called by the order's number, or the payout's.
        let number = moved.number.contains('-').then(|| moved.number.clone()).filter(|n| n.starts_with("HA-"));
        Self {
            what: what(&moved),
            amount: moved.amount().into(),
            from: short(&moved.debit),
            to: short(&moved.credit),
            order: moved.order.or(number).filter(|_| !of_payout),
            payout: of_payout.then_some(moved.number),
            id: moved.id,
            at: moved.at,
            order_line: moved.order_line,
        }
    }
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TransfersQuery {
    /// Only what moved into or out of this one.
    #[param(inline)]
    account: Option<OwnAccount>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Every transfer that touches the cooperative's accounts, newest first.
#[utoipa::path(tag = "money", operation_id = "list_transfers", params(("coop" = String, Path, description = "id or slug"), TransfersQuery),
    responses((status = 200, body = Page<TransferView>), (status = 400, body = ProblemView), (status = 401, body = ProblemView), (status = 404, body = ProblemView)))]
#[get("/v1/manage/cooperatives/{coop}/transfers")]
async fn list_transfers(app: web::Data<App>, by: Manager, Params(query): Params<TransfersQuery>) -> Result<web::Json<Page<TransferView>>, Problem> {
    let (limit, after) = (page::limit(query.limit)?, page::after(query.cursor.as_deref())?);
    let rows = money::transfers(&mut *app.db.conn().await?, by.scope, query.account, after, i64::from(limit) + 1).await?;
    Ok(web::Json(Page::new(rows, limit, |row| row.id).map(TransferView::from)))
}
