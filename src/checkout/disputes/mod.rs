//! A buyer's bank takes a payment back.
//!
//! - What is true comes from fetching the dispute; each step of it is taken once, whatever of the news is missed or comes twice.
//! - While it is open nothing of the order is sent or given back, and what is pending of it is held, with its reason and its date.
//! - Won, it all goes on as if nothing had happened, but for the fee. Lost, pieces that never left are for sale again, and for what was sent
//!   the platform bears the loss unless its policy says otherwise and the cooperative agreed: a chargeback never reaches a maker or the fund.
pub mod evidence;
pub mod http;
pub mod model;
mod policy;
mod store;

use stripe_client::StripeError;

use super::{
    Error, alert, refunds,
    refunds::model::{Plan, PutIn, Reason, What},
    settle::{charge_uuid, session_of},
    store as checkout_store,
};
use crate::{
    app::App,
    clock::Time,
    db::Tx,
    ids::{DisputeId, OrderId},
    ledger::{self, Account, Posting, Source},
    money::Money,
    orders::{self, Order, OrderState, model::GivenBack},
    payments,
};
use model::{Dispute, State, Step};

const INQUIRY: &str = "dispute_inquiry";
/// Of the posting of a dispute that is about no order here.
const FOREIGN: &str = "foreign";

/// What the provider says of a dispute, in our words.
struct Said {
    provider_id: String,
    state: State,
    reason: String,
    amount: Money,
    /// What left the balance for it, and the fee, in the currency it settles in; nothing for an inquiry.
    settled: Money,
    fee: Money,
    taken: bool,
    evidence_due: Option<Time>,
    created: Time,
}

/// Something happened to a dispute at the provider: looks at it.
///
/// # Errors
/// [`Error::Unavailable`] if the provider cannot be asked.
pub async fn observe(app: &App, provider_id: &str) -> Result<&'static str, Error> {
    let dispute = match app.stripe.dispute(provider_id).await {
        Ok(dispute) => dispute,
        Err(StripeError::NotFound(_)) => return Ok("unknown"),
        Err(error) => return Err(payments::Unavailable(error.to_string()).into()),
    };
    let now = app.clock.now();
    let said = read(&dispute, now)?;
    let intent = dispute.payment_intent.as_ref().map(|i| i.id().to_owned()).unwrap_or_default();
    let known = session_of(app, &intent).await?;
    // What was written down apart stays apart: an operator may have dealt with it.
    let apart = ledger::transfers_of(&mut *app.db.conn().await?, "dispute", charge_uuid(provider_id)).await?.iter().any(|t| t.kind == FOREIGN);
    match known.filter(|session| session.pays_order && !apart) {
        Some(session) => {
            app.db.transaction_retrying(async |tx| apply(app, tx, now, session.order, &said).await).await?;
            Ok("dispute")
        }
        None => foreign(app, now, &said).await,
    }
}

fn read(dispute: &stripe_client::Dispute, now: Time) -> Result<Said, Error> {
    let money = |units, currency: &str| payments::from_units(units, currency).map_err(payments::Unavailable);
    let amount = money(dispute.amount, &dispute.currency)?;
    let taken = dispute.balance_transactions.iter().find(|movement| movement.amount < 0);
    let Some(state) = model::reported(&dispute.status, taken.is_some()) else {
        return Err(payments::Unavailable(format!("a dispute that is {:?}", dispute.status)).into());
    };
    let settled = taken.map_or(Ok(amount), |movement| money(movement.amount.saturating_neg(), &movement.currency))?;
    let fee = taken.map_or(Ok(Money::zero(amount.currency)), |movement| money(movement.fee, &movement.currency))?;
    let due = dispute.evidence_details.as_ref().and_then(|details| details.due_by).and_then(Time::from_unix);
    Ok(Said {
        provider_id: dispute.id.clone(),
        state,
        reason: dispute.reason.clone(),
        amount,
        settled,
        fee,
        taken: taken.is_some(),
        evidence_due: due,
        created: Time::from_unix(dispute.created).unwrap_or(now),
    })
}

/// Takes the steps that lead to what was said, under the order's lock.
async fn apply(app: &App, tx: &mut Tx, now: Time, order: OrderId, said: &Said) -> Result<(), Error> {
    let order = orders::lock(tx, order).await?;
    let known = store::called(tx, &said.provider_id).await?;
    if let Some(dispute) = known.as_ref().filter(|known| said.evidence_due.is_some() && known.evidence_due != said.evidence_due) {
        store::set_due(tx, now, dispute.id, said.evidence_due).await?;
    }
    let steps = model::steps(known.as_ref().map(|d| d.state), said.state, said.taken);
    if steps.is_empty() {
        return Ok(());
    }
    match &known {
        Some(dispute) => store::move_to(tx, now, dispute.id, said.state).await?,
        None => store::insert(tx, &fresh(order.id, said, now)).await?,
    }
    if matches!(said.state, State::Won | State::Lost) {
        evidence::over(tx, now, &said.provider_id, said.state.as_str()).await?;
    }
    for step in steps {
        match step {
            Step::Inquire => tell(tx, now, INQUIRY, &order, said).await?,
            Step::Withdraw => withdraw(tx, now, &order, said).await?,
            Step::Win => win(tx, now, &order, said).await?,
            Step::Close => checkout_store::resolve_alert(tx, now, INQUIRY, &said.provider_id, "closed").await?,
            Step::Lose => lose(app, tx, now, &order, said).await?,
        }
    }
    Ok(())
}

fn fresh(order: OrderId, said: &Said, now: Time) -> Dispute {
    Dispute {
        id: DisputeId::new(),
        order,
        provider_id: said.provider_id.clone(),
        state: said.state,
        reason: said.reason.clone(),
        amount_minor: said.amount.minor,
        currency: said.amount.currency,
        evidence_due: said.evidence_due,
        opened_at: said.created,
        updated_at: now,
    }
}

/// An operator has until then to answer.
async fn tell(tx: &mut Tx, now: Time, kind: &str, order: &Order, said: &Said) -> Result<(), Error> {
    let until = said.evidence_due.map_or_else(String::new, |due| format!("; evidence until {}", due.day()));
    let detail = format!("{} of order {}: {}{until}", said.amount.formatted(), order.number, said.reason);
    Ok(alert(tx, now, kind, &said.provider_id, &detail).await?)
}

fn source(said: &Said, kind: &'static str, order: &Order, now: Time) -> Source {
    Source { kind_of: "dispute", id: charge_uuid(&said.provider_id), kind, group: order.number.clone(), occurred_at: now }
}

async fn withdraw(tx: &mut Tx, now: Time, order: &Order, said: &Said) -> Result<(), Error> {
    checkout_store::resolve_alert(tx, now, INQUIRY, &said.provider_id, "the bank took the money").await?;
    tell(tx, now, "dispute_opened", order, said).await?;
    orders::set_hold(tx, now, order.id, true).await?;
    let lines = orders::frozen(tx, order.id).await?.lines;
    ledger::post(tx, now, &source(said, "opened", order, now), &model::withdrawn(said.amount, said.settled, said.fee)).await?;
    ledger::post(tx, now, &source(said, "held", order, now), &model::held(&lines)).await?;
    Ok(())
}

async fn win(tx: &mut Tx, now: Time, order: &Order, said: &Said) -> Result<(), Error> {
    orders::set_hold(tx, now, order.id, false).await?;
    checkout_store::resolve_alert(tx, now, "dispute_opened", &said.provider_id, "won").await?;
    let lines = orders::frozen(tx, order.id).await?.lines;
    ledger::post(tx, now, &source(said, "won", order, now), &model::reinstated(said.amount, said.settled)).await?;
    ledger::post(tx, now, &source(said, "unheld", order, now), &model::unheld(&lines)).await?;
    Ok(())
}

/// All that was left of the order is its buyer's again. Where the bank took another amount, nobody can say which part of the order it was
/// for: the loss is written down, the order stays as it is, and an operator decides.
async fn lose(app: &App, tx: &mut Tx, now: Time, order: &Order, said: &Said) -> Result<(), Error> {
    orders::set_hold(tx, now, order.id, false).await?;
    checkout_store::resolve_alert(tx, now, "dispute_opened", &said.provider_id, "lost").await?;
    let frozen = orders::frozen(tx, order.id).await?;
    let left = order.total.checked_sub(order.refunded).map_err(orders::Error::from)?;
    let whole = said.amount == left && matches!(order.state, OrderState::Paid | OrderState::Shipped);
    let postings = if whole {
        let (Plan { postings, undone, parts, gone, amount, all, .. }, reason) = plan_loss(tx, order, &frozen, said).await?;
        let lines: Vec<_> = undone.iter().map(|u| (u.line, u.quantity, if u.here { u.quantity } else { 0 })).collect();
        let shipping: Vec<_> = parts.shipping.iter().map(|g| g.group).collect();
        orders::add_refund(tx, now, order.id, &GivenBack { lines: &lines, shipping: &shipping, gone: &gone, amount, all }).await?;
        for pieces in &undone {
            refunds::undo(app, tx, now, pieces, reason).await?;
        }
        model::lost(postings)
    } else {
        tell(tx, now, "dispute_lost_in_part", order, said).await?;
        vec![Posting::new(Account::DisputeLosses, Account::DisputeWithheld, said.amount, "lost")]
    };
    ledger::post(tx, now, &source(said, "unheld", order, now), &model::unheld(&frozen.lines)).await?;
    ledger::post(tx, now, &source(said, "lost", order, now), &postings).await?;
    Ok(())
}

/// Who bears it: the platform, unless the policy says otherwise and the cooperative agreed. That is about what was sent; what was not goes back
/// on the shelf.
async fn plan_loss(tx: &mut Tx, order: &Order, frozen: &orders::Frozen, said: &Said) -> Result<(Plan, Reason), Error> {
    let plan = |reason, consented| refunds::model::plan(order, frozen, &What::Everything, reason, consented, PutIn::default());
    if frozen.lines.iter().any(|line| line.shipped_quantity > 0) && policy::cooperative_bears(tx, &said.provider_id, &said.reason).await? {
        match plan(Reason::Fault, true) {
            // All that was sent was given back before.
            Err(Error::BadRefund(_)) => {}
            planned => return Ok((planned?, Reason::Fault)),
        }
    }
    Ok((plan(Reason::NotReceived, false)?, Reason::NotReceived))
}

/// A dispute of money that pays for nothing here: into suspense, and in front of an operator.
async fn foreign(app: &App, now: Time, said: &Said) -> Result<&'static str, Error> {
    let detail = format!("{} is disputed, and no order here was paid by it: {}", said.amount.formatted(), said.reason);
    let source = |kind| Source { kind_of: "dispute", id: charge_uuid(&said.provider_id), kind, group: said.provider_id.clone(), occurred_at: now };
    let taken = [
        Posting::new(Account::Suspense, Account::StripeBalance, said.settled, "dispute"),
        Posting::new(Account::DisputeFees, Account::StripeBalance, said.fee, "fee"),
    ];
    let back = [Posting::new(Account::StripeBalance, Account::Suspense, said.settled, "dispute")];
    app.db
        .transaction_retrying(async |tx| {
            alert(tx, now, "unknown_dispute", &said.provider_id, &detail).await?;
            if said.state != State::Inquiry {
                ledger::post(tx, now, &source(FOREIGN), &taken).await?;
            }
            if said.state == State::Won {
                ledger::post(tx, now, &source("reinstated"), &back).await?;
            }
            Ok::<_, Error>("foreign")
        })
        .await
}
