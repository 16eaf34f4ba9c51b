//! Checkout: from a cart to a paid order, exactly once; and back, by refund.
//!
//! - The order exists before the charge: a paid session always finds its order.
//! - `settle` is one idempotent function behind the webhook, the buyer's return and the sweeper; any interleaving ends the same.
//! - A webhook is a doorbell: what is true comes from fetching the object.
//! - Stock is given back only after the provider says that the page is gone.
//! - Money without a fulfillable order is refunded and shown to an operator; never silence.
pub mod disputes;
pub mod http;
pub mod jobs;
pub mod model;
pub mod postings;
pub mod refunds;
mod settle;
mod store;

pub use model::{Error, Settled};
pub use settle::{fees, settle};

use stripe_client::{CreateSession, ExpireSession, LineItem, Metadata};

use crate::{
    app::App,
    auth::throttle,
    clock::Time,
    db::{DbError, Tx},
    idempotency,
    ids::{CartId, OperationId, OrderId},
    money::Money,
    notifications::{self, Mail, model::OrderReceived},
    orders::{self, Placed},
    payments::{self, Attempt},
};
use model::{CheckoutSession, SESSION_LIFETIME, SessionState};

/// What a payment of ours carries: its order.
const ORDER: &str = "order";

/// Where the buyer goes afterwards.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct ReturnUrls {
    pub success: String,
    pub cancel: String,
}

/// Makes room for a new checkout of the cart: its last order's page is closed at the provider, then that order is cancelled.
///
/// # Errors
/// [`Error::AlreadyPaid`] if the buyer paid it in the meantime.
pub async fn clear_live_order(app: &App, live: OrderId) -> Result<(), Error> {
    let sessions = store::sessions_of(&mut *app.db.conn().await?, live).await?;
    for session in &sessions {
        match expire_and_settle(app, session).await? {
            Settled::Paid | Settled::Processing => return Err(Error::AlreadyPaid { order: live }),
            Settled::Expired => {}
            Settled::Open => return Err(payments::Unavailable("the last payment page could not be closed".into()).into()),
        }
    }
    if sessions.is_empty() {
        let now = app.clock.now();
        app.db.transaction(async |tx| orders::cancel(tx, now, live, "replaced").await).await?;
    }
    Ok(())
}

async fn expire_and_settle(app: &App, session: &CheckoutSession) -> Result<Settled, Error> {
    match session.state {
        SessionState::Expired => return Ok(Settled::Expired),
        SessionState::Opening => return reopen(app, session).await,
        SessionState::Open | SessionState::Complete => {}
    }
    let Some(id) = &session.session_id else { return Ok(Settled::Open) };
    if session.state == SessionState::Open {
        // Its refusal means that the page is no longer open; settling asks which.
        let request = ExpireSession { session: id.clone() }.prepare();
        let key = format!("expire-{}", session.operation);
        if let Err(error) = app.stripe.send::<stripe_client::Session>(&request, &key).await {
            tracing::info!(%error, "a payment page could not be closed");
        }
    }
    settle(app, id).await
}

/// An `opening` session whose making was never answered: the same bytes again tell what became of it; then it is closed.
async fn reopen(app: &App, session: &CheckoutSession) -> Result<Settled, Error> {
    match open(app, session.operation).await? {
        Opened::Page(opened) => Box::pin(expire_and_settle(app, &opened)).await,
        Opened::Refused(_) => Ok(Settled::Expired),
    }
}

/// A page that is yet to be asked for, for the first time.
pub struct Ready {
    session: CheckoutSession,
    request: payments::Prepared,
}

/// The page's operation and the page's row, in the transaction that placed the order.
pub async fn prepare(tx: &mut Tx, now: Time, operation: OperationId, placed: &Placed, urls: &ReturnUrls) -> Result<Ready, Error> {
    let request = session_request(now, operation, placed, urls)?.prepare();
    payments::prepare_attempt(tx, now, operation, payments::Kind::Session, placed.id.uuid(), &request).await?;
    let session = store::insert_session(tx, now, operation, placed.id, now.plus(SESSION_LIFETIME)).await?;
    Ok(Ready { session, request })
}

/// Our exact lines, so that what the page asks for is the order's total to the cent.
fn session_request(now: Time, operation: OperationId, placed: &Placed, urls: &ReturnUrls) -> Result<CreateSession, Error> {
    let units = |money: Money| payments::units(money).map_err(|e| Error::Uncheckable(e.to_string()));
    let mut lines = Vec::new();
    for line in &placed.lines {
        lines.push(LineItem { name: line.name.clone(), unit_amount: units(line.unit)?, quantity: line.quantity });
    }
    for (name, amount) in [("Delivery", placed.shipping), ("Duties", placed.duties), ("Tax", placed.tax_added)] {
        if amount.minor > 0 {
            lines.push(LineItem { name: name.into(), unit_amount: units(amount)?, quantity: 1 });
        }
    }
    let metadata: Metadata = [(ORDER, placed.id.to_string()), ("number", placed.number.clone()), ("operation", operation.to_string())]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v))
        .collect();
    Ok(CreateSession {
        currency: placed.total.currency.as_str().to_lowercase(),
        lines,
        client_reference_id: placed.id.to_string(),
        metadata: metadata.clone(),
        transfer_group: placed.number.clone(),
        payment_metadata: metadata,
        success_url: urls.success.clone(),
        cancel_url: urls.cancel.clone(),
        expires_at: now.plus(SESSION_LIFETIME).unix(),
        customer_email: Some(placed.email.clone()),
        locale: None,
    })
}

/// What came of asking for a page.
pub enum Opened {
    Page(CheckoutSession),
    /// The provider will not make it: the order is cancelled, its stock is back.
    Refused(String),
}

/// Asks the provider for a page that was prepared a moment ago.
///
/// # Errors
/// [`Error::Unavailable`] if what the provider did is unknown: the same key resumes.
async fn open_first(app: &App, ready: &Ready) -> Result<Opened, Error> {
    let attempt = payments::send(&app.db, &app.clock, &app.stripe, ready.session.operation, &ready.request).await?;
    conclude(app, &ready.session, attempt).await
}

/// Asks the provider for the operation's page again: replay or resume, the same bytes.
///
/// # Errors
/// [`Error::Unavailable`] if what the provider did is unknown: the same key resumes.
pub async fn open(app: &App, operation: OperationId) -> Result<Opened, Error> {
    let known = store::session(&mut *app.db.conn().await?, operation).await?.ok_or(Error::NotFound)?;
    if known.state != SessionState::Opening {
        return Ok(Opened::Page(known));
    }
    let attempt = payments::attempt(&app.db, &app.clock, &app.stripe, operation).await?;
    conclude(app, &known, attempt).await
}

async fn conclude(app: &App, known: &CheckoutSession, attempt: Attempt<stripe_client::Session>) -> Result<Opened, Error> {
    let now = app.clock.now();
    match attempt {
        Attempt::Done(page) => adopt(app, known, &page).await,
        Attempt::Rejected(refusal) => {
            app.db.transaction(async |tx| give_up(tx, now, known, &refusal).await).await?;
            Ok(Opened::Refused(refusal.message))
        }
        Attempt::Unknown { why } => match payments::attempts(&mut *app.db.conn().await?, known.operation).await? {
            ..=1 => Err(payments::Unavailable(why).into()),
            _ => look_up(app, known, why).await,
        },
        Attempt::Later => Err(payments::Unavailable("it asks to slow down".into()).into()),
        Attempt::TooLate => lost(app, known).await,
    }
}

async fn give_up(tx: &mut Tx, now: Time, session: &CheckoutSession, refusal: &payments::Refusal) -> Result<(), Error> {
    payments::rejected(tx, now, session.operation, refusal).await?;
    store::set_state(tx, now, session.operation, SessionState::Expired).await?;
    orders::cancel(tx, now, session.order, "the payment page was refused").await?;
    Ok(())
}

/// The first attempt is a day old and was never answered: what the provider shows is all that will ever be known.
async fn lost(app: &App, session: &CheckoutSession) -> Result<Opened, Error> {
    match find_page(app, session).await? {
        Some(found) => adopt(app, session, &found).await,
        None => never_made(app, session).await,
    }
}

/// Asked twice, and no answer tells: a provider keeps its own failure under the key and repeats it for a day. Its list shows whether the
/// page was made. If it was not by the time it would have ended, these bytes can make it no more.
async fn look_up(app: &App, session: &CheckoutSession, why: String) -> Result<Opened, Error> {
    match find_page(app, session).await? {
        Some(found) => adopt(app, session, &found).await,
        None if app.clock.now() >= session.expires_at => never_made(app, session).await,
        None => Err(payments::Unavailable(why).into()),
    }
}

/// Sessions cannot be listed by our reference: the hour around the attempt is read.
async fn find_page(app: &App, session: &CheckoutSession) -> Result<Option<stripe_client::Session>, Error> {
    let made = session.expires_at.minus(SESSION_LIFETIME);
    let hour = jiff::SignedDuration::from_hours(1);
    let (from, to) = (made.minus(hour).unix(), made.plus(hour).unix());
    let operation = session.operation.to_string();
    let ours = |s: &stripe_client::Session| s.metadata.as_ref().and_then(|m| m.get("operation")) == Some(&operation);
    let mut page = stripe_client::Page::default();
    loop {
        let mut list = app.stripe.sessions_created(from, to, &page).await.map_err(|e| payments::Unavailable(e.to_string()))?;
        if let Some(at) = list.data.iter().position(ours) {
            return Ok(Some(list.data.swap_remove(at)));
        }
        match list.data.last().filter(|_| list.has_more) {
            Some(last) => page = stripe_client::Page::after(&last.id),
            None => return Ok(None),
        }
    }
}

async fn adopt(app: &App, session: &CheckoutSession, found: &stripe_client::Session) -> Result<Opened, Error> {
    let now = app.clock.now();
    let opened = app
        .db
        .transaction(async |tx| {
            payments::succeeded(tx, now, session.operation, &found.id).await?;
            store::opened(tx, now, session.operation, &found.id, found.url.as_deref()).await
        })
        .await?;
    Ok(Opened::Page(opened))
}

async fn never_made(app: &App, session: &CheckoutSession) -> Result<Opened, Error> {
    let now = app.clock.now();
    let refusal = payments::Refusal { code: "never_made".into(), message: "the provider never made the page".into() };
    app.db.transaction(async |tx| give_up(tx, now, session, &refusal).await).await?;
    Ok(Opened::Refused(refusal.message))
}

/// The cart's checkout under an idempotency operation: places the order unless an earlier attempt did, then opens its page.
pub async fn begin(
    app: &App,
    operation: &idempotency::Operation,
    cart: CartId,
    expected_total: Money,
    urls: &ReturnUrls,
) -> Result<CheckoutSession, Error> {
    let (operation, resumed) = (operation.id, operation.resumed);
    let opened = if resumed && store::session(&mut *app.db.conn().await?, operation).await?.is_some() {
        open(app, operation).await?
    } else {
        if let Some(live) = orders::live_order(&mut *app.db.conn().await?, cart).await? {
            clear_live_order(app, live).await?;
        }
        let now = app.clock.now();
        let ready = app
            .db
            .transaction_retrying(async |tx| {
                let placed = orders::place(tx, now, cart, expected_total).await?;
                let ready = prepare(tx, now, operation, &placed, urls).await?;
                tell_received(tx, now, &placed).await?;
                Ok::<_, Error>(ready)
            })
            .await?;
        open_first(app, &ready).await?
    };
    match opened {
        Opened::Page(session) => Ok(session),
        Opened::Refused(why) => Err(Error::Refused(why)),
    }
}

/// Tells the buyer that the order is there, unless her address was written to too often: anyone can type anyone's.
async fn tell_received(tx: &mut Tx, now: Time, placed: &Placed) -> Result<(), DbError> {
    if !throttle::allowed(tx, now, throttle::ORDER_MAIL_PER_ADDRESS, &placed.email).await? {
        return Ok(());
    }
    let mail = OrderReceived {
        to: placed.email.clone(),
        order: placed.id,
        number: placed.number.clone(),
        total: placed.total.formatted(),
        lines: placed.lines.iter().map(|line| (line.name.clone(), line.quantity, line.unit.formatted())).collect(),
    };
    notifications::enqueue_in(tx, now, Mail::OrderReceived(mail), placed.locale.clone()).await
}

/// An alert row, for the parts of checkout that find money nobody ordered.
async fn alert(tx: &mut Tx, now: Time, kind: &str, subject: &str, detail: &str) -> Result<(), DbError> {
    store::alert(tx, now, kind, subject, detail).await
}
