//! Holds: a cooperative's payouts wait, for a reason that is told, until a day that is told, and not without a word of its own.
//!
//! - A hold ends by itself on its day. To hold longer is to say so again, with a reason.
//! - The cooperative may object once to each; an operator sees that, and ends the hold or lets it stand.
//! - Nothing moves in the books: what is available stays the cooperative's.
mod store;

pub use store::{Hold, hold, in_force, of, open};

use super::{Error, store as payout_store};
use crate::{
    audit::{self, Act},
    clock::{Day, Time},
    db::Tx,
    ids::{AccountId, CoopId, PayoutHoldId},
    tenancy::Scope,
};

text_enum! { as PayoutHoldCode,
    /// Why: the payout details are in doubt · fraud is suspected · a court or an authority says so · a fault is being looked into · the
    /// cooperative asked for it.
    pub enum Code {
        DetailsDoubtful = "details_doubtful", FraudSuspected = "fraud_suspected", LegalOrder = "legal_order", FaultOpen = "fault_open",
        AskedFor = "asked_for",
    }
}

/// Longer than anything that can be looked into takes; whoever needs more says so again.
const MAX_DAYS: i64 = 60;
/// A paragraph.
const MAX_TEXT: usize = 500;

fn words(field: &'static str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_TEXT {
        return Err(Error::Invalid { field, message: format!("1 to {MAX_TEXT} characters") });
    }
    Ok(text.to_owned())
}

/// What an operator says of a hold.
pub struct Ask<'a> {
    pub code: Code,
    pub reason: &'a str,
    pub release_on: Day,
}

/// # Errors
/// [`Error::Invalid`] without a reason, or with a day that is past or too far away.
pub async fn place(tx: &mut Tx, now: Time, by: AccountId, coop: CoopId, ask: &Ask<'_>) -> Result<Hold, Error> {
    let reason = words("/reason", ask.reason)?;
    if ask.release_on <= now.day() || ask.release_on > now.day().plus_days(MAX_DAYS) {
        let message = format!("a day after today, and no more than {MAX_DAYS} days away");
        return Err(Error::Invalid { field: "/release_on", message });
    }
    // Whoever pays waits for this, or this for her.
    payout_store::lock_payee(tx, coop).await?.ok_or(Error::NotFound)?;
    let id = PayoutHoldId::new();
    let hold = store::insert(tx, now, by, coop, id, ask.code, &reason, ask.release_on).await?;
    let said = serde_json::json!({"code": ask.code.as_str(), "reason": reason, "until": ask.release_on.to_string()});
    audit::record(tx, now, Act::operator(Some(by), "payout_hold.place", id).of(Some(coop)).with(said)).await?;
    Ok(hold)
}

/// The cooperative objects, once.
///
/// # Errors
/// [`Error::Held`] if it did before, or if the hold is over.
pub async fn appeal(tx: &mut Tx, now: Time, by: AccountId, scope: Scope, id: PayoutHoldId, text: &str) -> Result<Hold, Error> {
    let text = words("/text", text)?;
    let hold = store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?;
    if !hold.in_force(now.day()) {
        return Err(Error::Held("the hold is over"));
    }
    if hold.appeal.is_some() {
        return Err(Error::Held("an objection is with the operators already"));
    }
    store::set_appeal(tx, now, by, scope, id, &text).await?;
    let detail = format!("a cooperative objects to the hold of its payouts: {text}");
    payout_store::alert(tx, now, "payout_hold_appeal", &id.to_string(), &detail).await?;
    audit::record(tx, now, Act::manager(by, scope.coop(), "payout_hold.appeal", id)).await?;
    store::lock(tx, scope, id).await?.ok_or(Error::NotFound)
}

/// An operator ends it before its day, and says why.
///
/// # Errors
/// [`Error::Held`] if it is over.
pub async fn release(tx: &mut Tx, now: Time, by: AccountId, id: PayoutHoldId, answer: &str) -> Result<Hold, Error> {
    let answer = words("/answer", answer)?;
    let scope = store::owner(tx, id).await?.ok_or(Error::NotFound)?;
    let hold = store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?;
    if !hold.in_force(now.day()) {
        return Err(Error::Held("the hold is over"));
    }
    store::set_released(tx, now, by, scope, id, &answer).await?;
    payout_store::resolve_alert(tx, now, "payout_hold_appeal", &id.to_string(), &answer).await?;
    let said = serde_json::json!({"answer": answer});
    audit::record(tx, now, Act::operator(Some(by), "payout_hold.release", id).of(Some(scope.coop())).with(said)).await?;
    store::lock(tx, scope, id).await?.ok_or(Error::NotFound)
}
