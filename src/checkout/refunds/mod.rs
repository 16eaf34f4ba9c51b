//! Money back to a buyer, because an operator says so.
//!
//! - Under the order's lock it is decided once how much of what goes back and who bears it; the buyer is owed it from then on.
//! - What is made to order is given up for nothing before it is started; after that for what was put into it ([`started`]), which is shown
//!   first: what is booked is what was shown, or nothing is.
//! - The provider is asked by a job, with bytes that were stored beside the decision; what it says only moves a refund forward.
//! - A refund that failed, even after it succeeded, leaves the buyer owed and an operator told; another try is a new operation.
mod ask;
pub mod http;
pub mod jobs;
pub mod model;
mod read;
mod started;
mod store;

use serde_json::json;
use stripe_client::{CreateRefund, Metadata};

use super::{Error, alert, postings, settle::charge_uuid, store as checkout_store};
use crate::{
    app::App,
    audit::{self, Act},
    catalog::stock,
    clock::Time,
    db::Tx,
    ids::{OperationId, OrderId, RefundId},
    jobs::enqueue,
    ledger::{self, Account, Posting, Source},
    notifications::{self, Mail, model::Refunded},
    orders::{self, Frozen, Order, OrderState, model::GivenBack},
    payments::{self, Refusal, StripeError},
    provenance::{self, ItemState},
    tenancy::Scope,
};
use jobs::SendRefund;
use model::{Ask, By, Plan, PutIn, Reason, Refund, State, Undone};
use started::Due;

const REFUND: &str = "refund";
/// Which try of a refund it is: one that failed may be asked for again.
const OPERATION: &str = "operation";
const UNEXPECTED: &str = "unexpected";
const PROVIDER_REFUND: &str = "provider_refund";

/// Decides a refund and writes down everything that follows; the provider is asked later. `operation` is the request's: the refund's id
/// and the provider's key come from it, so that one request is one refund.
///
/// # Errors
/// [`Error::NothingLeft`] if less is left than is asked for; [`Error::BadRefund`] if the order was not paid.
pub async fn request(app: &App, tx: &mut Tx, now: Time, operation: OperationId, id: OrderId, ask: &Ask) -> Result<Refund, Error> {
    let (order, frozen, plan) = planned(tx, id, ask).await?;
    let due = plan.withheld();
    if ask.expected.map_or(due.minor > 0, |expected| expected != due) {
        return Err(Error::DueChanged { due, refund: plan.amount });
    }
    let refund = RefundId::from(operation.uuid());
    let intent = checkout_store::paid_by(tx, id).await?.ok_or(Error::BadRefund("no payment of this order is known"))?;
    store::insert(tx, now, refund, id, ask, &plan).await?;
    prepare(tx, now, operation, refund, &order, &intent, plan.amount).await?;
    let lines: Vec<_> = plan.undone.iter().map(|u| (u.line, u.quantity, if u.here { u.quantity } else { 0 })).collect();
    let shipping: Vec<_> = plan.parts.shipping.iter().map(|g| g.group).collect();
    let given = GivenBack { lines: &lines, shipping: &shipping, gone: &plan.gone, amount: plan.amount, all: plan.all };
    orders::add_refund(tx, now, id, &given).await?;
    for undone in &plan.undone {
        undo(app, tx, now, undone, ask.reason).await?;
    }
    for mail in orders::cancelled_mails(tx, &order, &frozen, refund.uuid(), &plan.given_up()).await? {
        notifications::enqueue(tx, now, &mail).await?;
    }
    // Before the balances: whoever takes both takes them in this order.
    let said = json!({"order": order.number, "amount": plan.amount.formatted(), "due": due.formatted(), "reason": ask.reason.as_str()});
    let act = match ask.by {
        By::Operator(account) => Act::operator(Some(account), "refund.request", refund),
        By::Buyer => Act::new("buyer", None, "refund.request", refund),
    };
    audit::record(tx, now, act.with(said)).await?;
    let coop = |line| frozen.lines.iter().find(|l| l.id == line).map(|l| l.coop);
    let owed = |due: &Due| {
        let (labour, material) = due.paid_now();
        Some(postings::compensated(coop(due.line)?, due.line, labour, material, due.advance))
    };
    let owed: Vec<Posting> = plan.due.iter().filter_map(owed).flatten().collect();
    let Plan { postings, .. } = plan;
    ledger::post(tx, now, &source(refund, "promised", &order.number, now), &postings::promised(postings)).await?;
    ledger::post(tx, now, &source(refund, "compensated", &order.number, now), &owed).await?;
    store::refund(tx, id, refund).await?.ok_or(Error::NotFound)
}

/// What a refund would be, and what of it is withheld: nothing is written.
///
/// # Errors
/// As [`request`].
pub async fn preview(tx: &mut Tx, id: OrderId, ask: &Ask) -> Result<Plan, Error> {
    Ok(planned(tx, id, ask).await?.2)
}

async fn planned(tx: &mut Tx, id: OrderId, ask: &Ask) -> Result<(Order, Frozen, Plan), Error> {
    let order = orders::lock(tx, id).await?;
    let left = order.total.checked_sub(order.refunded).map_err(orders::Error::from)?;
    match order.state {
        OrderState::Paid | OrderState::Shipped => {}
        OrderState::Refunded => return Err(Error::NothingLeft { left }),
        OrderState::PendingPayment | OrderState::PaymentProcessing | OrderState::Cancelled => {
            return Err(Error::BadRefund("the order was not paid"));
        }
    }
    if order.on_hold {
        return Err(Error::BadRefund("its payment is disputed: the buyer's bank decides"));
    }
    let frozen = orders::frozen(tx, id).await?;
    let made_to_order = frozen.lines.iter().any(|line| line.made_to_order);
    let started = if made_to_order { read::started(tx, id).await? } else { Vec::new() };
    let withheld = if made_to_order { read::withheld(tx, id).await? } else { 0 };
    let plan = model::plan(&order, &frozen, &ask.what, ask.reason, ask.consent.is_some(), PutIn { started: &started, withheld })?;
    Ok((order, frozen, plan))
}

/// The operation with its bytes, and the job that sends them.
async fn prepare(
    tx: &mut Tx,
    now: Time,
    operation: OperationId,
    refund: RefundId,
    order: &Order,
    intent: &str,
    amount: crate::money::Money,
) -> Result<(), Error> {
    let units = payments::units(amount).map_err(|e| Error::Uncheckable(e.to_string()))?;
    let carried = [(REFUND, refund.to_string()), (OPERATION, operation.to_string()), ("number", order.number.clone())];
    let metadata: Metadata = carried.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let bytes = CreateRefund { payment_intent: intent.to_owned(), amount: units, metadata }.prepare();
    payments::prepare(tx, now, operation, payments::Kind::Refund, refund.uuid(), &bytes).await?;
    Ok(enqueue(tx, now, &SendRefund { refund, operation, intent: intent.to_owned() }).await?)
}

/// Pieces that never left are for sale again; of the others the record says that their sale was undone, and nothing of where they are.
pub(super) async fn undo(app: &App, tx: &mut Tx, now: Time, undone: &Undone, reason: Reason) -> Result<(), Error> {
    let scope = Scope::system(undone.coop);
    let held = provenance::items_of(tx, &[undone.line]).await?;
    let in_state = |state: ItemState| held.iter().filter(move |piece| piece.state == state).map(|piece| piece.item);
    let items: Vec<_> = if undone.here {
        in_state(ItemState::Sold).take(count(undone.quantity)).collect()
    } else {
        // Some may have come back before their money went back: their sale is undone already.
        let back = undone.shipped - i32::try_from(in_state(ItemState::Shipped).count()).unwrap_or(0) - undone.given_back;
        in_state(ItemState::Shipped).take(count(undone.quantity - back)).collect()
    };
    let issuer = provenance::issuer(tx, &app.config.public_url, scope).await?;
    provenance::undo_sale(tx, now, &app.keys, &issuer, &items, model::undone(reason)).await?;
    if undone.here {
        stock::put_back(tx, stock::Want { coop: undone.coop, variant: undone.variant, quantity: undone.quantity }).await?;
    }
    Ok(())
}

fn count(quantity: i32) -> usize {
    usize::try_from(quantity).unwrap_or(0)
}

/// Sends a failed refund again: a new operation, since the last one was answered.
///
/// # Errors
/// [`Error::BadRefund`] unless it failed.
pub async fn retry(tx: &mut Tx, now: Time, operation: OperationId, order: OrderId, id: RefundId) -> Result<Refund, Error> {
    let head = orders::lock(tx, order).await?;
    let refund = store::lock(tx, id).await?.filter(|r| r.order == order).ok_or(Error::NotFound)?;
    if refund.state != State::Failed {
        return Err(Error::BadRefund("only a refund that failed can be sent again"));
    }
    let intent = checkout_store::paid_by(tx, order).await?.ok_or(Error::BadRefund("no payment of this order is known"))?;
    prepare(tx, now, operation, id, &head, &intent, refund.amount()).await?;
    store::set(tx, now, id, State::Requested, None).await?;
    store::refund(tx, order, id).await?.ok_or(Error::NotFound)
}

fn source(id: RefundId, kind: &'static str, number: &str, now: Time) -> Source {
    Source { kind_of: "refund", id: id.uuid(), kind, group: number.to_owned(), occurred_at: now }
}
/// Each of the provider's refunds leaves and comes back once.
fn provider_source(provider_id: &str, kind: &'static str, number: &str, now: Time) -> Source {
    Source { kind_of: PROVIDER_REFUND, id: charge_uuid(provider_id), kind, group: number.to_owned(), occurred_at: now }
}

/// The provider's word for where a refund stands.
fn reported(refund: &stripe_client::Refund) -> State {
    match refund.status.as_deref() {
        Some("succeeded") => State::Succeeded,
        Some("failed" | "canceled") => State::Failed,
        _ => State::Pending,
    }
}

/// Applies what the provider says of a refund of ours. Safe to call from anywhere, any number of times.
async fn apply(tx: &mut Tx, now: Time, id: RefundId, said: &stripe_client::Refund) -> Result<(), Error> {
    let Some(refund) = store::lock(tx, id).await? else { return Err(Error::NotFound) };
    // An earlier try of a refund that was sent again: what became of it is in the books already.
    let another = refund.provider_id.as_deref().is_some_and(|known| known != said.id);
    if another || (refund.provider_id.is_none() && !ledger::transfers_of(tx, PROVIDER_REFUND, charge_uuid(&said.id)).await?.is_empty()) {
        return Ok(());
    }
    let Some(state) = model::moved(refund.state, reported(said)) else { return Ok(()) };
    store::set(tx, now, id, state, Some(&said.id)).await?;
    let number = orders::order(tx, refund.order).await?.number;
    let amount = refund.amount();
    let withheld = model::withheld(&refund);
    let leaves = [Posting::new(Account::BuyerRefundable, Account::StripeBalance, amount, "refund")];
    if refund.state == State::Requested {
        if let Some((to, _)) = orders::contact(tx, refund.order).await?.filter(|_| state != State::Failed) {
            let mail = Refunded { to, refund: id.uuid(), number: number.clone(), amount: amount.formatted(), withheld };
            notifications::enqueue(tx, now, &Mail::Refunded(mail)).await?;
        }
        ledger::post(tx, now, &provider_source(&said.id, "sent", &number, now), &leaves).await?;
    }
    if state == State::Failed {
        let why = said.failure_reason.as_deref().unwrap_or("no reason given");
        let detail = format!("{} of order {number} came back: {why}; the buyer is still owed it", amount.formatted());
        alert(tx, now, "refund_failed", &said.id, &detail).await?;
        let back = [Posting::new(Account::StripeBalance, Account::BuyerRefundable, amount, "refund")];
        ledger::post(tx, now, &provider_source(&said.id, "failed", &number, now), &back).await?;
    }
    Ok(())
}

/// The provider will not do it: the buyer is still owed it, and an operator must see that.
async fn refused(tx: &mut Tx, now: Time, id: RefundId, operation: OperationId, refusal: &Refusal) -> Result<(), Error> {
    payments::rejected(tx, now, operation, refusal).await?;
    let Some(refund) = store::lock(tx, id).await?.filter(|r| r.state == State::Requested) else { return Ok(()) };
    store::set(tx, now, id, State::Failed, None).await?;
    let number = orders::order(tx, refund.order).await?.number;
    let detail = format!("{} of order {number} was refused: {}; the buyer is still owed it", refund.amount().formatted(), refusal.message);
    Ok(alert(tx, now, "refund_refused", &operation.to_string(), &detail).await?)
}

/// Something happened to a refund at the provider: looks at it.
///
/// # Errors
/// [`Error::Unavailable`] if the provider cannot be asked.
pub async fn observe(app: &App, provider_id: &str) -> Result<&'static str, Error> {
    let said = match app.stripe.refund(provider_id).await {
        Ok(said) => said,
        Err(StripeError::NotFound(_)) => return Ok("unknown"),
        Err(error) => return Err(payments::Unavailable(error.to_string()).into()),
    };
    let carried = |name: &str| said.metadata.as_ref().and_then(|m| m.get(name)).cloned();
    let known = match store::called(&mut *app.db.conn().await?, provider_id).await? {
        Some(id) => Some(id),
        None => carried(REFUND).and_then(|id| id.parse().ok()),
    };
    let now = app.clock.now();
    if let Some(id) = known {
        return match app.db.transaction_retrying(async |tx| apply(tx, now, id, &said).await).await {
            Ok(()) => Ok("refund"),
            Err(Error::NotFound) => foreign(app, &said).await,
            Err(error) => Err(error),
        };
    }
    match carried(UNEXPECTED) {
        Some(charge) => unexpected_came_back(app, &charge, &said).await,
        None => foreign(app, &said).await,
    }
}

/// Money that paid for nothing was sent back, and came back again: it is still its sender's.
async fn unexpected_came_back(app: &App, charge: &str, said: &stripe_client::Refund) -> Result<&'static str, Error> {
    if reported(said) != State::Failed {
        return Ok(UNEXPECTED);
    }
    let amount = payments::from_units(said.amount, &said.currency).map_err(payments::Unavailable)?;
    let now = app.clock.now();
    let detail = format!("{} that paid for nothing could not be given back; it is still the buyer's", amount.formatted());
    let posting = [Posting::new(Account::StripeBalance, Account::BuyerRefundable, amount, "unexpected")];
    app.db
        .transaction_retrying(async |tx| {
            alert(tx, now, "refund_failed", &said.id, &detail).await?;
            ledger::post(tx, now, &provider_source(&said.id, "failed", charge, now), &posting).await.map(drop)?;
            Ok::<_, Error>(UNEXPECTED)
        })
        .await
}

/// Money left that nothing here asked to leave (somebody used the provider's dashboard): into suspense, and in front of an operator.
async fn foreign(app: &App, said: &stripe_client::Refund) -> Result<&'static str, Error> {
    let amount = payments::from_units(said.amount, &said.currency).map_err(payments::Unavailable)?;
    let now = app.clock.now();
    let detail = format!("{} was refunded at the provider, and nothing here asked for it", amount.formatted());
    let (out, back) = (provider_source(&said.id, "foreign", &said.id, now), provider_source(&said.id, "failed", &said.id, now));
    app.db
        .transaction_retrying(async |tx| {
            alert(tx, now, "unknown_refund", &said.id, &detail).await?;
            ledger::post(tx, now, &out, &[Posting::new(Account::Suspense, Account::StripeBalance, amount, "refund")]).await?;
            if reported(said) == State::Failed {
                ledger::post(tx, now, &back, &[Posting::new(Account::StripeBalance, Account::Suspense, amount, "refund")]).await?;
            }
            Ok::<_, Error>("foreign")
        })
        .await
}
