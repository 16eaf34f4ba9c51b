//! The rail `stripe_transfer`: one transfer per payout, found again by the payout's number.
//!
//! - Its operation is written before it is sent; no answer means the same bytes under the same key.
//! - Too little in our balance means nothing was done: the payout waits, and another operation tries later.
//! - A day without an answer is looked up, never repeated.
use jiff::SignedDuration;
use stripe_client::{CreateTransfer, Metadata, Page, Transfer};

use super::{
    Error, Payout, Settlement, State,
    jobs::SubmitPayout,
    lock,
    model::{DestinationKind, Event},
    settle_locked, step,
    store::{self, Change},
};
use crate::{
    app::App,
    clock::Time,
    db::Tx,
    ids::{OperationId, PayoutId},
    jobs::enqueue_at,
    money::Money,
    payments::{self, Attempt, Refusal},
    tenancy::Scope,
};

/// How long a payout waits for funds between tries: charges become available over days.
const WAIT_FOR_FUNDS: SignedDuration = SignedDuration::from_hours(1);
/// Stripe's word for it.
const INSUFFICIENT: &str = "balance_insufficient";

/// What came of one try.
pub enum Submitted {
    /// It settled, failed, or waits as another operation: nothing is left for this one.
    Done,
    Unknown,
    Later,
}

pub async fn submit(app: &App, scope: Scope, id: PayoutId, operation: OperationId) -> Result<Submitted, Error> {
    let now = app.clock.now();
    if !app.jobs_db.transaction_retrying(async |tx| prepare(app, tx, now, scope, id, operation).await).await? {
        return Ok(Submitted::Done);
    }
    match payments::attempt::<Transfer>(&app.jobs_db, &app.clock, &app.stripe, operation).await? {
        Attempt::Done(transfer) => settle(app, scope, id, operation, &transfer.id).await,
        Attempt::Rejected(refusal) => refuse(app, scope, id, operation, &refusal).await,
        Attempt::Unknown { why } => {
            tracing::warn!(payout = %id, why, "Stripe did not say whether it transferred");
            app.jobs_db.transaction_retrying(async |tx| unknown(tx, app.clock.now(), scope, id).await).await?;
            Ok(Submitted::Unknown)
        }
        Attempt::Later => Ok(Submitted::Later),
        Attempt::TooLate => look_up(app, scope, id, operation).await,
    }
}

/// The operation and its bytes, and the payout on its way. False: another run has ended this operation already.
async fn prepare(app: &App, tx: &mut Tx, now: Time, scope: Scope, id: PayoutId, operation: OperationId) -> Result<bool, Error> {
    let payout = lock(tx, scope, id).await?;
    if payments::is_closed(tx, operation).await? {
        return Ok(false);
    }
    match payout.state {
        State::Submitted | State::Unknown => Ok(true),
        State::Sent | State::Settled | State::Failed | State::Bounced => Ok(false),
        State::Created => {
            let request = match request(app, tx, &payout, operation).await {
                Ok(request) => request.prepare(),
                Err(error) => {
                    let detail = format!("{} cannot be instructed: {error}", payout.number);
                    store::alert(tx, now, "payout_refused", &id.to_string(), &detail).await?;
                    let change = Change { detail: Some(&detail), ..Change::default() };
                    super::give_back(tx, now, &payout, Event::Fail, &change).await?;
                    return Ok(false);
                }
            };
            payments::prepare_once(tx, now, operation, payments::Kind::Transfer, id.uuid(), &request).await?;
            step(tx, now, &payout, Event::Submit, &Change::default()).await?;
            Ok(true)
        }
    }
}

async fn request(app: &App, tx: &mut Tx, payout: &Payout, operation: OperationId) -> Result<CreateTransfer, Error> {
    let (kind, details) = store::details(tx, &app.keys, payout).await?;
    let destination = details.get("account").filter(|_| kind == DestinationKind::StripeAccount).cloned();
    let metadata: Metadata = [("payout".to_owned(), payout.id.to_string()), (OPERATION.to_owned(), operation.to_string())].into_iter().collect();
    Ok(CreateTransfer {
        amount: payments::units(payout.amount()).map_err(|e| Error::Corrupt(e.to_string()))?,
        currency: payout.currency.as_str().to_lowercase(),
        destination: destination.ok_or_else(|| Error::Corrupt("its details name no Stripe account".into()))?,
        transfer_group: payout.number.clone(),
        metadata,
    })
}
const OPERATION: &str = "operation";

async fn unknown(tx: &mut Tx, now: Time, scope: Scope, id: PayoutId) -> Result<(), Error> {
    let payout = lock(tx, scope, id).await?;
    if payout.state == State::Submitted {
        step(tx, now, &payout, Event::TimeOut, &Change::default()).await?;
    }
    Ok(())
}

/// It was made. What it took out of our balance is read from Stripe, since that may be of another currency.
async fn settle(app: &App, scope: Scope, id: PayoutId, operation: OperationId, transfer: &str) -> Result<Submitted, Error> {
    let made = app.stripe.transfer(transfer).await.map_err(|e| payments::Unavailable(e.to_string()))?;
    let took = made.balance_transaction.as_ref().and_then(|b| b.object());
    let cost: Option<Money> =
        took.map(|t| payments::from_units(t.amount.saturating_neg(), &t.currency)).transpose().map_err(payments::Unavailable)?;
    let now = app.clock.now();
    app.jobs_db
        .transaction_retrying(async |tx| {
            payments::succeeded(tx, now, operation, transfer).await?;
            let payout = lock(tx, scope, id).await?;
            let said = Settlement { reference: transfer, evidence: None, cost, by: None };
            settle_locked(tx, now, &payout, &said, "payout.settle").await
        })
        .await?;
    Ok(Submitted::Done)
}

/// Stripe did nothing. For lack of funds it is tried again as another operation, since a key keeps its first answer; else it has failed.
async fn refuse(app: &App, scope: Scope, id: PayoutId, operation: OperationId, refusal: &Refusal) -> Result<Submitted, Error> {
    let now = app.clock.now();
    app.jobs_db
        .transaction_retrying(async |tx| {
            let payout = lock(tx, scope, id).await?;
            payments::rejected(tx, now, operation, refusal).await?;
            let change = Change { detail: Some(&refusal.message), ..Change::default() };
            if refusal.code == INSUFFICIENT {
                return again(tx, now, &payout, now.plus(WAIT_FOR_FUNDS), &change).await;
            }
            let detail = format!("{}: Stripe refused: {}", payout.number, refusal.message);
            store::alert(tx, now, "payout_refused", &id.to_string(), &detail).await?;
            super::give_back(tx, now, &payout, Event::Fail, &change).await.map(drop)
        })
        .await?;
    Ok(Submitted::Done)
}

async fn again(tx: &mut Tx, now: Time, payout: &Payout, at: Time, change: &Change<'_>) -> Result<(), Error> {
    step(tx, now, payout, Event::Wait, change).await?;
    let next = SubmitPayout { coop: payout.coop, payout: payout.id, operation: OperationId::new() };
    Ok(enqueue_at(tx, now, at, &next).await?)
}

/// Stripe's memory of the key is running out. Its own list says whether the transfer was made; if not, it never will be under this key.
async fn look_up(app: &App, scope: Scope, id: PayoutId, operation: OperationId) -> Result<Submitted, Error> {
    let number = super::read::payout(&mut *app.jobs_db.conn().await?, scope, id).await?.ok_or(Error::NotFound)?.0.number;
    let mut page = Page::default();
    loop {
        let list = app.stripe.transfers_in_group(&number, &page).await.map_err(|e| payments::Unavailable(e.to_string()))?;
        let ours = |t: &&Transfer| t.metadata.get(OPERATION).is_some_and(|o| *o == operation.to_string());
        if let Some(made) = list.data.iter().find(ours) {
            return settle(app, scope, id, operation, &made.id).await;
        }
        match list.data.last().filter(|_| list.has_more) {
            Some(last) => page = Page::after(&last.id),
            None => break,
        }
    }
    let now = app.clock.now();
    let refusal = Refusal { code: "never_made".into(), message: "Stripe never made the transfer".into() };
    app.jobs_db
        .transaction_retrying(async |tx| {
            let payout = lock(tx, scope, id).await?;
            payments::rejected(tx, now, operation, &refusal).await?;
            let change = Change { detail: Some(&refusal.message), ..Change::default() };
            again(tx, now, &payout, now, &change).await
        })
        .await?;
    Ok(Submitted::Done)
}
