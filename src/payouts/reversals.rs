//! Somebody took a transfer back at Stripe, wholly or in part: what came back is available to the cooperative again.
//!
//! - Each way back is in the books once, by Stripe's own name for it, however often it is told and in whatever order.
//! - All of a transfer is a payout that came back: its lines are free, and the next payout takes them.
//! - A part belongs to no line: it is one of its own in the next payout. Parts that come to the whole are a payout that came back as well,
//!   unless one of them was paid out again by then.
use stripe_client::{Page, Reversal, Transfer};

use super::{
    Error, Payout, State, audit, lock,
    model::Event,
    postings, step,
    store::{self, Change},
};
use crate::{
    app::App,
    clock::Time,
    db::Tx,
    ids::PayoutId,
    ledger::{self, Account, Source},
    money::Money,
    payments::{self, StripeError},
    tenancy::Scope,
};

/// What a way back is in the ledger.
const REVERSAL: &str = "transfer_reversal";
const KIND: &str = "reversed";
const PART_ALERT: &str = "transfer_reversed_in_part";
const WHY: &str = "its transfer was reversed at Stripe";

/// Something happened to a transfer at Stripe: looks at it.
///
/// # Errors
/// [`Error::Unavailable`] if Stripe cannot be asked.
pub async fn reversed(app: &App, transfer: &str) -> Result<&'static str, Error> {
    let transfer = match app.stripe.transfer(transfer).await {
        Ok(transfer) => transfer,
        Err(StripeError::NotFound(_)) => return Ok("unknown"),
        Err(error) => return Err(payments::Unavailable(error.to_string()).into()),
    };
    let Some(id) = transfer.metadata.get("payout").and_then(|id| id.parse::<PayoutId>().ok()) else { return Ok("foreign") };
    let Some(scope) = store::owner(&mut *app.jobs_db.conn().await?, id).await? else { return Ok("foreign") };
    let back = ways_back(app, &transfer.id).await?;
    let now = app.clock.now();
    app.jobs_db.transaction_retrying(async |tx| apply(tx, now, scope, id, &transfer, &back).await).await
}

/// Oldest first.
async fn ways_back(app: &App, transfer: &str) -> Result<Vec<Back>, Error> {
    let (mut page, mut all) = (Page::default(), Vec::new());
    loop {
        let list = app.stripe.reversals_of(transfer, &page).await.map_err(|e| payments::Unavailable(e.to_string()))?;
        for reversal in &list.data {
            all.push(Back::read(reversal)?);
        }
        match list.data.last().filter(|_| list.has_more) {
            Some(last) => page = Page::after(&last.id),
            None => break,
        }
    }
    all.reverse();
    Ok(all)
}

/// A way back, as our books have it.
struct Back {
    id: uuid::Uuid,
    amount: Money,
    /// What our balance got, which may be of another currency.
    got: Money,
    at: Option<Time>,
}
impl Back {
    fn read(reversal: &Reversal) -> Result<Self, Error> {
        let money = |units, currency: &str| payments::from_units(units, currency).map_err(payments::Unavailable);
        let amount = money(reversal.amount, &reversal.currency)?;
        let movement = reversal.balance_transaction.as_ref().and_then(|b| b.object());
        let got = movement.map_or(Ok(amount), |movement| money(movement.net, &movement.currency))?;
        Ok(Self { id: payments::object_uuid(&reversal.id), amount, got, at: Time::from_unix(reversal.created) })
    }
    fn source(&self, payout: &Payout, now: Time) -> Source {
        Source { kind_of: REVERSAL, id: self.id, kind: KIND, group: payout.number.clone(), occurred_at: self.at.unwrap_or(now) }
    }
}

async fn apply(tx: &mut Tx, now: Time, scope: Scope, id: PayoutId, transfer: &Transfer, back: &[Back]) -> Result<&'static str, Error> {
    let payout = lock(tx, scope, id).await?;
    match payout.state {
        // All of it is in the books.
        State::Bounced | State::Failed => return Ok("reversed"),
        // It was made and is not settled here yet: that comes first.
        state @ (State::Created | State::Submitted | State::Unknown | State::Sent) => return Err(Error::Illegal(state, Event::Bounce)),
        State::Settled => {}
    }
    let mut fresh = Vec::new();
    for way in back {
        if !ledger::is_posted(tx, REVERSAL, way.id, KIND).await? {
            fresh.push(way);
        }
    }
    let whole = transfer.reversed && !store::is_paid_again(tx, REVERSAL, &payout).await?;
    if whole {
        audit(tx, now, &payout, None, "payout.bounce", WHY).await?;
        step(tx, now, &payout, Event::Bounce, &Change { detail: Some(WHY), ..Change::default() }).await?;
        store::free_lines(tx, &payout).await?;
        store::resolve_alert(tx, now, PART_ALERT, &transfer.id, "all of it came back").await?;
    } else if !fresh.is_empty() {
        let detail = format!(
            "{}: {} of {} units were taken back at Stripe, and are available again",
            payout.number, transfer.amount_reversed, transfer.amount
        );
        store::alert(tx, now, PART_ALERT, &transfer.id, &detail).await?;
    }
    let left = payout.kind.account(payout.coop);
    for way in fresh {
        ledger::post(tx, now, &way.source(&payout, now), &postings::bounced(left.clone(), way.amount, &Account::StripeBalance, way.got)).await?;
    }
    Ok(if whole { "reversed" } else { "reversed in part" })
}
