//! Work behind checkout: provider events, the sweep, refunds.
use jiff::SignedDuration;
use stripe_client::{CreateRefund, Metadata};

use super::{Error, disputes, refunds, settle, store};
use crate::{
    app::App,
    clock::Time,
    db::{DbError, Tx},
    ids::{OperationId, OrderId},
    jobs::{Failure, Job, Run, enqueue},
    ledger::{self, Account, Posting, Source},
    money::{Currency, Money},
    notifications::{self, Mail, model::Refunded},
    orders,
    payments::{self, Attempt, Refusal},
    payouts,
    problem::Chain,
};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Retry(Chain(&error).to_string())
    }
}

/// Something happened at the provider: look at the object it is about.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct ProcessEvent {
    pub event: String,
    pub kind: String,
    pub object: String,
}
impl Job for ProcessEvent {
    const KIND: &'static str = "process_stripe_event";
    fn key(&self) -> Option<String> {
        Some(format!("stripe-event:{}", self.event))
    }
}

/// What an event is about, for those that call for anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Session,
    Charge,
    Refund,
    Dispute,
    Transfer,
}
impl About {
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "checkout.session.completed"
            | "checkout.session.expired"
            | "checkout.session.async_payment_succeeded"
            | "checkout.session.async_payment_failed" => Some(Self::Session),
            "charge.succeeded" | "charge.updated" => Some(Self::Charge),
            "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => Some(Self::Refund),
            "charge.dispute.created"
            | "charge.dispute.updated"
            | "charge.dispute.funds_withdrawn"
            | "charge.dispute.funds_reinstated"
            | "charge.dispute.closed" => Some(Self::Dispute),
            "transfer.reversed" => Some(Self::Transfer),
            _ => None,
        }
    }
}

impl Run<App> for ProcessEvent {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let outcome = match About::of(&self.kind) {
            Some(About::Session) => match settle::settle(app, &self.object).await {
                Ok(settled) => settled.as_str(),
                Err(Error::NotFound) => "unknown",
                Err(error) => return Err(error.into()),
            },
            Some(About::Charge) => settle::fees(app, &self.object, self.kind == "charge.updated").await?,
            Some(About::Refund) => refunds::observe(app, &self.object).await?,
            Some(About::Dispute) => disputes::observe(app, &self.object).await?,
            Some(About::Transfer) => payouts::reversed(app, &self.object).await?,
            None => store::IGNORED,
        };
        store::event_done(&mut *app.jobs_db.conn().await?, app.clock.now(), &self.event, outcome).await?;
        Ok(())
    }
}

/// How often open pages and the provider's news are looked at: what no webhook told is known within a minute.
pub const SWEEP_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Past its end, so that the provider has ended it too.
const GRACE: SignedDuration = SignedDuration::from_secs(5);
/// A page whose making was not answered within this was left by a request that died.
const STUCK: SignedDuration = SignedDuration::from_secs(90);
/// How far back news is read by a program that never read any.
const FIRST_NEWS: SignedDuration = SignedDuration::from_hours(2);
/// News is read again from before the last time: the provider lists it a little late, and its clock is not ours.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// The provider forgets its news after thirty days.
const LONGEST_NEWS: SignedDuration = SignedDuration::from_hours(30 * 24);
const SWEEP_LIMIT: i64 = 200;

/// Looks for open sessions past their end, pages that were never answered, and events that no webhook delivered.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Sweep {
    pub tick: i64,
}
impl Job for Sweep {
    const KIND: &'static str = "sweep_checkouts";
    const MAX_ATTEMPTS: i32 = 1;
    fn key(&self) -> Option<String> {
        Some(format!("sweep:{}", self.tick))
    }
}
impl Run<App> for Sweep {
    async fn run(self, app: &App) -> Result<(), Failure> {
        sweep(app).await.map_err(Failure::from)
    }
}

/// Writes the next sweep into the queue each minute, for as long as the program runs. Two programs write the same sweep once.
pub async fn keep_sweeping(app: &App) {
    keep_sweeping_each(app, SWEEP_EVERY.unsigned_abs()).await;
}
/// The same, looking at the clock in another rhythm: what is written is a sweep a minute all the same.
pub async fn keep_sweeping_each(app: &App, pause: std::time::Duration) {
    loop {
        tokio::time::sleep(pause).await;
        let now = app.clock.now();
        if let Err(error) = app.jobs_db.transaction(async |tx| write_next(tx, now).await).await {
            tracing::error!(error = %Chain(&error), "a sweep could not be written down; the next minute tries again");
        }
    }
}

/// This minute's sweep, and the day's forgetting of carts.
async fn write_next(tx: &mut Tx, now: Time) -> Result<(), DbError> {
    enqueue(tx, now, &Sweep { tick: now.unix() / SWEEP_EVERY.as_secs() }).await?;
    enqueue(tx, now, &orders::jobs::ForgetCarts { day: now.day() }).await
}

/// One sweep; also what `haat doctor` and the tests call.
pub async fn sweep(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let overdue = store::overdue(&mut *app.jobs_db.conn().await?, now.minus(GRACE), now.minus(STUCK), SWEEP_LIMIT).await?;
    for session in overdue {
        let outcome = match &session.session_id {
            Some(id) => settle::settle(app, id).await.map(drop),
            None => super::open(app, session.operation).await.map(drop),
        };
        if let Err(error) = outcome {
            tracing::warn!(error = %Chain(&error), "a payment page could not be settled; the next sweep tries again");
        }
    }
    disputes::evidence::remind(app).await?;
    read_news(app).await
}

/// Whatever happened since it was last read to the end, however long that is ago; what is known already is not taken in again.
async fn read_news(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let read_to = store::news_read_to(&mut *app.jobs_db.conn().await?).await?;
    let since = read_to.map_or_else(|| now.minus(FIRST_NEWS), |at| at.minus(OVERLAP)).max(now.minus(LONGEST_NEWS));
    let mut page = stripe_client::Page::default();
    loop {
        let news = app.stripe.events_since(since.unix(), &page).await.map_err(|e| payments::Unavailable(e.to_string()))?;
        let ids: Vec<&str> = news.data.iter().map(|event| event.id.as_str()).collect();
        let known = store::known_events(&mut *app.jobs_db.conn().await?, &ids).await?;
        for event in news.data.iter().filter(|event| !known.contains(&event.id)) {
            super::http::take_in(app, event).await?;
        }
        match news.data.last().filter(|_| news.has_more) {
            Some(last) => page = stripe_client::Page::after(&last.id),
            None => return Ok(store::set_news_read_to(&mut *app.jobs_db.conn().await?, now).await?),
        }
    }
}

/// Gives back money that pays for nothing.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct RefundUnexpected {
    pub operation: OperationId,
    pub intent: String,
    pub charge: String,
    pub amount: i64,
    pub currency: Currency,
    pub order: OrderId,
    /// The provider never did what an earlier operation asked for.
    #[serde(default)]
    pub again: bool,
}
/// What the refund of a payment that pays for nothing carries: the payment.
const UNEXPECTED: &str = "unexpected";

impl Job for RefundUnexpected {
    const KIND: &'static str = "refund_unexpected";
    /// A payment goes back once; what was certainly not done may be asked for once more.
    fn key(&self) -> Option<String> {
        Some(if self.again { format!("refund-unexpected:{}:{}", self.charge, self.operation) } else { format!("refund-unexpected:{}", self.charge) })
    }
}
impl Run<App> for RefundUnexpected {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let money = Money::new(self.amount, self.currency);
        let units = payments::units(money).map_err(|e| Failure::GiveUp(e.to_string()))?;
        let metadata: Metadata = [(UNEXPECTED.to_owned(), self.charge.clone())].into();
        let request = CreateRefund { payment_intent: self.intent.clone(), amount: units, metadata }.prepare();
        let now = app.clock.now();
        // The job's own row holds the operation id; the exact bytes follow from it.
        let db = &app.jobs_db;
        db.transaction(async |tx| payments::prepare_once(tx, now, self.operation, payments::Kind::Refund, self.order.uuid(), &request).await).await?;
        match payments::attempt::<stripe_client::Refund>(db, &app.clock, &app.stripe, self.operation).await? {
            Attempt::Done(done) => Ok(db.transaction_retrying(async |tx| self.returned(tx, now, &done.id, money).await).await?),
            Attempt::Rejected(refusal) => Ok(db.transaction_retrying(async |tx| self.refused(tx, now, &refusal, money).await).await?),
            Attempt::Unknown { .. } => Err(Failure::NotYet(FOLLOW_UP)),
            Attempt::Later => Err(Failure::NotYet(SLOW_DOWN)),
            Attempt::TooLate => Ok(self.look_up(app, money).await?),
        }
    }
}
/// Until the next try of a call whose answer never came: the same bytes under the same key.
const FOLLOW_UP: SignedDuration = SignedDuration::from_secs(60);
const SLOW_DOWN: SignedDuration = SignedDuration::from_secs(5);

impl RefundUnexpected {
    /// The money is on its way back: into the books, and a word to whoever sent it.
    async fn returned(&self, tx: &mut Tx, now: Time, provider_id: &str, money: Money) -> Result<(), Error> {
        payments::succeeded(tx, now, self.operation, provider_id).await?;
        let number = orders::order(tx, self.order).await?.number;
        if let Some((to, _)) = orders::contact(tx, self.order).await? {
            let mail = Refunded { to, refund: settle::charge_uuid(&self.charge), number: number.clone(), amount: money.formatted(), withheld: None };
            notifications::enqueue(tx, now, &Mail::Refunded(mail)).await?;
        }
        let source = Source { kind_of: "provider_refund", id: settle::charge_uuid(provider_id), kind: "sent", group: number, occurred_at: now };
        let posting = [Posting::new(Account::BuyerRefundable, Account::StripeBalance, money, UNEXPECTED)];
        Ok(ledger::post(tx, now, &source, &posting).await.map(drop)?)
    }
    /// The provider will not do it (somebody refunded it at the dashboard, or a bank took it back): an operator decides.
    async fn refused(&self, tx: &mut Tx, now: Time, refusal: &Refusal, money: Money) -> Result<(), Error> {
        payments::rejected(tx, now, self.operation, refusal).await?;
        let detail = format!("{} that paid for nothing could not be given back: {}", money.formatted(), refusal.message);
        Ok(store::alert(tx, now, "refund_refused", &self.charge, &detail).await?)
    }
    /// The provider's memory of the key is running out. The payment's refunds say whether it was made; if not, it is asked for once more.
    async fn look_up(&self, app: &App, money: Money) -> Result<(), Error> {
        let mut page = stripe_client::Page::default();
        let now = app.clock.now();
        loop {
            let list = app.stripe.refunds_of(&self.intent, &page).await.map_err(|e| payments::Unavailable(e.to_string()))?;
            let ours = |r: &&stripe_client::Refund| r.metadata.as_ref().and_then(|m| m.get(UNEXPECTED)) == Some(&self.charge);
            if let Some(found) = list.data.iter().find(ours) {
                return app.jobs_db.transaction_retrying(async |tx| self.returned(tx, now, &found.id, money).await).await;
            }
            match list.data.last().filter(|_| list.has_more) {
                Some(last) => page = stripe_client::Page::after(&last.id),
                None => break,
            }
        }
        let again = Self { operation: OperationId::new(), again: true, intent: self.intent.clone(), charge: self.charge.clone(), ..*self };
        let refusal = Refusal { code: "never_made".into(), message: "the provider never made it".into() };
        app.jobs_db
            .transaction_retrying(async |tx| {
                payments::rejected(tx, now, self.operation, &refusal).await?;
                Ok(enqueue(tx, now, &again).await?)
            })
            .await
    }
}
