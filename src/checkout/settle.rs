//! `settle`: what the provider says of a session becomes what is true of its order.
use super::{
    Error, alert,
    jobs::RefundUnexpected,
    model::{self, CheckoutSession, Misfit, Payment, Reported, SessionState, Settled},
    postings, store,
};
use crate::{
    app::App,
    clock::Time,
    db::{DbError, Tx},
    ids::OperationId,
    jobs::enqueue,
    ledger::{self, Account, Posting, Source},
    money::Money,
    notifications,
    orders::{self, OrderState},
    payments::{self, Session, StripeError},
    provenance,
    tenancy::Scope,
};

/// Fetches the session and applies it. Safe to call from anywhere, any number of times, at once.
///
/// # Errors
/// [`Error::Unavailable`] if the provider cannot be asked; [`Error::NotFound`] for a session that is not ours.
pub async fn settle(app: &App, session_id: &str) -> Result<Settled, Error> {
    let called = store::session_called(&mut *app.db.conn().await?, session_id).await?;
    if is_done(app, called.as_ref()).await? {
        return Ok(Settled::Paid);
    }
    let session = app.stripe.session(session_id).await.map_err(|error| match error {
        StripeError::NotFound(_) => Error::NotFound,
        other => payments::Unavailable(other.to_string()).into(),
    })?;
    let reported = read(&session)?;
    let Some(known) = (match called {
        Some(known) => Some(known),
        None => carried(app, &session).await?,
    }) else {
        return unknown(app, &session, &reported).await;
    };
    let now = app.clock.now();
    let live = app.stripe.is_live();
    let fees = if let Reported::Paid(_) = reported { fees_of(app, &session, &known.order.to_string())? } else { None };
    let settled = app
        .db
        .transaction_retrying(async |tx| {
            let Applied { settled, caused } = apply(app, tx, now, &known, session_id, &reported, live).await?;
            let entries: Vec<_> = caused.iter().chain(&fees).map(|entry| (&entry.source, entry.postings.as_slice())).collect();
            ledger::post_all(tx, now, &entries).await?;
            Ok::<_, Error>(settled)
        })
        .await?;
    app.hint.wake();
    Ok(settled)
}

/// What a source causes in the books.
struct Entry {
    source: Source,
    postings: Vec<Posting>,
}
/// What became of a session, and what that causes: posted last, since the ledger locks.
struct Applied {
    settled: Settled,
    caused: Option<Entry>,
}
impl From<Settled> for Applied {
    fn from(settled: Settled) -> Self {
        Self { settled, caused: None }
    }
}

/// Paid, and its fees are in the books: the provider can say nothing more of this page. Each of its doorbells asks again, so this is cheap.
async fn is_done(app: &App, known: Option<&CheckoutSession>) -> Result<bool, DbError> {
    match known.filter(|known| known.pays_order).and_then(|known| known.charge.as_deref()) {
        Some(charge) => ledger::is_posted(&mut *app.db.conn().await?, "charge", charge_uuid(charge), "fees").await,
        None => Ok(false),
    }
}

/// The provider's words into ours.
fn read(session: &Session) -> Result<Reported, Error> {
    let intent = session.payment_intent.as_ref().map(|i| i.id().to_owned());
    match (session.status.as_deref(), session.payment_status.as_str()) {
        (Some("open"), _) => Ok(Reported::Open),
        (Some("expired"), _) => Ok(Reported::Expired),
        (Some("complete"), "unpaid") => {
            let failed = session
                .payment_intent
                .as_ref()
                .and_then(|i| i.object())
                .is_some_and(|i| i.status == "requires_payment_method" || i.status == "canceled");
            Ok(if failed { Reported::Expired } else { Reported::Processing { intent } })
        }
        (Some("complete"), "paid") => {
            let (Some(units), Some(currency), Some(intent)) = (session.amount_total, &session.currency, intent) else {
                return Err(payments::Unavailable("a paid session has no amount".into()).into());
            };
            let charge = session.payment_intent.as_ref().and_then(|i| i.object()).and_then(|i| i.latest_charge.as_ref()).map(|c| c.id().to_owned());
            let amount = payments::from_units(units, currency).map_err(payments::Unavailable)?;
            Ok(Reported::Paid(Payment {
                charge: charge.unwrap_or_else(|| intent.clone()),
                intent,
                amount,
                reference: session.client_reference_id.clone(),
                livemode: session.livemode,
            }))
        }
        (status, payment) => Err(payments::Unavailable(format!("session status {status:?}, payment {payment}")).into()),
    }
}

/// When the webhook was faster than the provider's answer to us, or its answer was lost: by the operation that the session carries.
async fn carried(app: &App, session: &Session) -> Result<Option<CheckoutSession>, DbError> {
    let carried = session.metadata.as_ref().and_then(|m| m.get("operation")).and_then(|id| id.parse::<OperationId>().ok());
    let Some(operation) = carried else { return Ok(None) };
    Ok(store::session(&mut *app.db.conn().await?, operation).await?.filter(|known| known.session_id.as_ref().is_none_or(|id| *id == session.id)))
}

/// Authentic, and not of our making: money in it is nobody's yet. It is written down apart, and an operator must see it.
async fn unknown(app: &App, session: &Session, reported: &Reported) -> Result<Settled, Error> {
    let Reported::Paid(payment) = reported else { return Err(Error::NotFound) };
    let now = app.clock.now();
    let detail = format!("{} came in a session that no order here asked for", payment.amount.formatted());
    let source = Source { kind_of: "charge", id: charge_uuid(&payment.charge), kind: "foreign", group: session.id.clone(), occurred_at: now };
    let posting = [Posting::new(Account::StripeBalance, Account::Suspense, payment.amount, "foreign")];
    // Money of another mode is not money here.
    let ours = payment.livemode == app.stripe.is_live();
    app.db
        .transaction_retrying(async |tx| {
            alert(tx, now, "unknown_session", &session.id, &detail).await?;
            if ours {
                ledger::post(tx, now, &source, &posting).await?;
            }
            Ok::<_, Error>(())
        })
        .await?;
    if ours {
        post_fees_of(app, session, &session.id).await?;
    }
    Err(Error::NotFound)
}

async fn apply(
    app: &App,
    tx: &mut Tx,
    now: Time,
    known: &CheckoutSession,
    session_id: &str,
    reported: &Reported,
    live: bool,
) -> Result<Applied, Error> {
    let order = orders::lock(tx, known.order).await?;
    // Under the order's lock: what another settle did while we were asking.
    let known = store::session(tx, known.operation).await?.ok_or(Error::NotFound)?;
    if known.session_id.is_none() {
        payments::succeeded(tx, now, known.operation, session_id).await?;
        store::opened(tx, now, known.operation, session_id, None).await?;
    }
    match reported {
        Reported::Open => Ok(Settled::Open.into()),
        Reported::Processing { intent } => {
            if order.state == OrderState::PendingPayment {
                store::completed(tx, now, known.operation, intent.as_deref(), None, false).await?;
                orders::mark_processing(tx, now, order.id).await?;
            }
            Ok(Settled::Processing.into())
        }
        Reported::Expired => {
            store::set_state(tx, now, known.operation, SessionState::Expired).await?;
            if matches!(order.state, OrderState::PendingPayment | OrderState::PaymentProcessing) {
                orders::cancel(tx, now, order.id, "the payment page expired").await?;
            }
            Ok(Settled::Expired.into())
        }
        Reported::Paid(payment) => paid(app, tx, now, &known, &order, payment, live).await,
    }
}

async fn paid(
    app: &App,
    tx: &mut Tx,
    now: Time,
    known: &CheckoutSession,
    order: &orders::Order,
    payment: &Payment,
    live: bool,
) -> Result<Applied, Error> {
    if known.charge.as_deref() == Some(payment.charge.as_str()) {
        return Ok(if order.state == OrderState::Cancelled { Settled::Expired } else { Settled::Paid }.into());
    }
    let sale = orders::frozen_of(tx, order).await?;
    let fits = model::fits(payment, order.id, order.total, live).and(match order.state {
        OrderState::PendingPayment | OrderState::PaymentProcessing if !orders::holds_its_stock(tx, order.id, &sale).await? => Err(Misfit::NotHeld),
        OrderState::PendingPayment | OrderState::PaymentProcessing => Ok(()),
        OrderState::Cancelled => Err(Misfit::TooLate),
        OrderState::Paid | OrderState::Shipped | OrderState::Refunded => Err(Misfit::PaidTwice),
    });
    store::completed(tx, now, known.operation, Some(&payment.intent), Some(&payment.charge), fits.is_ok()).await?;
    match fits {
        Ok(()) => Ok(Applied { settled: Settled::Paid, caused: Some(fulfil(app, tx, now, order, &sale).await?) }),
        Err(misfit) => {
            let settled = if misfit == Misfit::PaidTwice { Settled::Paid } else { Settled::Expired };
            Ok(Applied { settled, caused: refuse(tx, now, known, order, payment, misfit).await? })
        }
    }
}

/// One transaction: order paid, stock committed, items allocated, mails queued.
async fn fulfil(app: &App, tx: &mut Tx, now: Time, order: &orders::Order, sale: &orders::Frozen) -> Result<Entry, Error> {
    orders::mark_paid(tx, now, order).await?;
    let mut pieces = Vec::new();
    for line in &sale.lines {
        let issuer = provenance::issuer(tx, &app.config.public_url, Scope::system(line.coop)).await?;
        let allocated = provenance::allocate(tx, now, &app.keys, &issuer, &line.sale()).await?;
        pieces.extend(allocated.into_iter().map(|piece| (line.id, piece.code)));
    }
    for (mail, locale) in orders::paid_mails(tx, order, sale, &pieces).await? {
        notifications::enqueue_in(tx, now, mail, locale).await?;
    }
    let (lines, groups) = (sale.lines.iter().map(Into::into).collect::<Vec<_>>(), sale.groups.iter().map(Into::into).collect::<Vec<_>>());
    Ok(Entry { source: source(order, "paid", now), postings: postings::sale(&lines, &groups, &order.country) })
}

/// Authentic money that pays for nothing: into the books, back to the buyer, and in front of an operator.
async fn refuse(
    tx: &mut Tx,
    now: Time,
    known: &CheckoutSession,
    order: &orders::Order,
    payment: &Payment,
    misfit: Misfit,
) -> Result<Option<Entry>, Error> {
    let detail = format!("{}: {} came for order {}", misfit.code(), payment.amount.formatted(), order.number);
    alert(tx, now, misfit.code(), &payment.charge, &detail).await?;
    // What this page was made for will not be paid by it: its pieces are for sale again.
    if matches!(order.state, OrderState::PendingPayment | OrderState::PaymentProcessing) {
        orders::cancel(tx, now, order.id, misfit.code()).await?;
    }
    // Money of another mode is not money here.
    if misfit == Misfit::WrongMode {
        return Ok(None);
    }
    enqueue(
        tx,
        now,
        &RefundUnexpected {
            operation: OperationId::new(),
            intent: payment.intent.clone(),
            charge: payment.charge.clone(),
            amount: payment.amount.minor,
            currency: payment.amount.currency,
            order: known.order,
            again: false,
        },
    )
    .await?;
    let source = Source { kind_of: "charge", id: charge_uuid(&payment.charge), kind: "unexpected", group: order.number.clone(), occurred_at: now };
    Ok(Some(Entry { source, postings: postings::unexpected(payment.amount) }))
}

fn source(order: &orders::Order, kind: &'static str, now: Time) -> Source {
    Source { kind_of: "order", id: order.id.uuid(), kind, group: order.number.clone(), occurred_at: now }
}

/// A provider's id as the ledger's source id.
pub(super) fn charge_uuid(id: &str) -> uuid::Uuid {
    payments::object_uuid(id)
}

/// What the provider kept, if it has said so by now. Under asynchronous capture it says so later: `charge.updated` and the sweeper ask again.
fn fees_of(app: &App, session: &Session, group: &str) -> Result<Option<Entry>, Error> {
    let charge = session.payment_intent.as_ref().and_then(|i| i.object()).and_then(|i| i.latest_charge.as_ref()).and_then(|c| c.object());
    charge.map_or(Ok(None), |charge| fee_entry(app, charge, group))
}
async fn post_fees_of(app: &App, session: &Session, group: &str) -> Result<(), Error> {
    post_entry(app, fees_of(app, session, group)?).await
}

/// The fee and settlement currency of a charge: a second idempotent posting. `last`: no other news of this charge is to be expected.
pub async fn fees(app: &App, charge_id: &str, last: bool) -> Result<&'static str, Error> {
    let charge = app.stripe.charge(charge_id).await.map_err(|e| payments::Unavailable(e.to_string()))?;
    let intent = charge.payment_intent.as_ref().map(|i| i.id().to_owned());
    // What carries our mark is settled by the news of its page; of anything else it has to be known whose it is.
    let ours = charge.metadata.contains_key(super::ORDER);
    let known = match &intent {
        Some(intent) if last || !ours => session_of(app, intent).await?,
        Some(intent) => store::session_of_intent(&mut *app.db.conn().await?, intent).await?,
        None => None,
    };
    match known {
        Some(known) => post_fees(app, &charge, &known.order.to_string()).await.map(|()| FEES),
        // Money that is kept apart cost something too.
        None if is_kept_apart(app, &charge.id).await? => post_fees(app, &charge, &charge.id).await.map(|()| FEES),
        None if ours || charge.status != "succeeded" => Ok(FEES),
        None => foreign(app, &charge).await,
    }
}
const FEES: &str = "fees";

async fn is_kept_apart(app: &App, charge: &str) -> Result<bool, DbError> {
    Ok(!ledger::transfers_of(&mut *app.db.conn().await?, "charge", charge_uuid(charge)).await?.is_empty())
}

/// Money that came on no page of ours (somebody charged a card at the provider's dashboard, or by another program with our key): it is
/// nobody's yet, so it is written down apart, and an operator must see it.
async fn foreign(app: &App, charge: &stripe_client::Charge) -> Result<&'static str, Error> {
    let amount = payments::from_units(charge.amount, &charge.currency).map_err(payments::Unavailable)?;
    let now = app.clock.now();
    let detail = format!("{} was charged at the provider, and nothing here asked for it", amount.formatted());
    let source = Source { kind_of: "charge", id: charge_uuid(&charge.id), kind: "foreign", group: charge.id.clone(), occurred_at: now };
    // Money of another mode is not money here.
    let ours = charge.livemode == app.stripe.is_live();
    app.db
        .transaction_retrying(async |tx| {
            alert(tx, now, "unknown_charge", &charge.id, &detail).await?;
            if ours {
                ledger::post(tx, now, &source, &[Posting::new(Account::StripeBalance, Account::Suspense, amount, "foreign")]).await?;
            }
            Ok::<_, Error>(())
        })
        .await?;
    if ours {
        post_fees(app, charge, &charge.id).await?;
    }
    Ok("foreign")
}

/// Whose payment it is. News of what became of a payment may overtake the news of the payment: it is settled first then, since what
/// nobody here asked for is dealt with in another way, and would be so twice.
///
/// # Errors
/// [`Error::Unavailable`] if the provider cannot be asked.
pub async fn session_of(app: &App, intent: &str) -> Result<Option<CheckoutSession>, Error> {
    if let Some(known) = store::session_of_intent(&mut *app.db.conn().await?, intent).await? {
        return Ok(Some(known));
    }
    let made_in = app.stripe.sessions_of(intent).await.map_err(|e| payments::Unavailable(e.to_string()))?;
    let Some(session) = made_in.data.first() else { return Ok(None) };
    match settle(app, &session.id).await {
        Ok(_) => Ok(store::session_of_intent(&mut *app.db.conn().await?, intent).await?),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn post_fees(app: &App, charge: &stripe_client::Charge, group: &str) -> Result<(), Error> {
    post_entry(app, fee_entry(app, charge, group)?).await
}
async fn post_entry(app: &App, entry: Option<Entry>) -> Result<(), Error> {
    let (Some(Entry { source, postings }), now) = (entry, app.clock.now()) else { return Ok(()) };
    app.db.transaction_retrying(async |tx| ledger::post(tx, now, &source, &postings).await).await?;
    Ok(())
}

fn fee_entry(app: &App, charge: &stripe_client::Charge, group: &str) -> Result<Option<Entry>, Error> {
    let Some(movement) = charge.balance_transaction.as_ref().and_then(|b| b.object()) else { return Ok(None) };
    let money = |units, currency: &str| payments::from_units(units, currency).map_err(payments::Unavailable);
    let (charged, settled): (Money, Money) = (money(charge.amount, &charge.currency)?, money(movement.amount, &movement.currency)?);
    let fee = money(movement.fee, &movement.currency)?;
    let occurred_at = Time::from_unix(movement.created).unwrap_or(app.clock.now());
    let source = Source { kind_of: "charge", id: charge_uuid(&charge.id), kind: "fees", group: group.to_owned(), occurred_at };
    Ok(Some(Entry { source, postings: postings::fees(charged, settled, fee) }))
}
