//! Where a cooperative is paid: one destination at a time, never changed by one person alone.
//!
//! - Details are sealed as they come in; no answer holds more than a hint.
//! - The first destination is confirmed by the operator. A later one needs a second manager or the operator, and waits [`HOLD`] before it
//!   holds, so that whoever owns the old one has time to say no; until then payouts go where they went.
//! - Whoever proposed a destination never confirms it: the table refuses it too.
//! - A later one is told, before it holds, to the cooperative's address and to each of its managers. Every step is in the audit log.
mod details;
pub mod jobs;
mod store;

pub use details::Details;
pub use store::Destination;

use jiff::SignedDuration;

use super::{Cooperative, Error, store as cooperatives};
use crate::{
    audit::{self, Act, Second},
    auth,
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, CoopId, DestinationId},
    jobs as queue,
    notifications::{self, Mail, model as mail},
    secrets::MasterKey,
    tenancy::Scope,
};

/// Three days: over a weekend somebody reads her mail.
pub const HOLD: SignedDuration = SignedDuration::from_hours(72);

text_enum! {
    as DestinationState,
    /// proposed: waits for a second person, or for its holding time to end · active: payouts go there · rejected: somebody said no ·
    /// retired: another one took its place.
    pub enum State { Proposed = "proposed", Active = "active", Rejected = "rejected", Retired = "retired" }
}

/// What a sealed row is bound to; payouts open it under the same words.
fn context(id: DestinationId) -> String {
    format!("payout_destinations/{id}")
}

/// Writes down where the cooperative wants to be paid, to be confirmed by somebody else.
///
/// # Errors
/// [`Error::Invalid`] names what cannot be right; [`Error::Open`] if one is waiting already.
pub async fn propose(tx: &mut Tx, now: Time, keys: &MasterKey, by: AccountId, scope: Scope, details: &Details) -> Result<DestinationId, Error> {
    let coop = cooperatives::lock(tx, scope.coop()).await?.ok_or(Error::NotFound)?;
    let details = details.normalised();
    let errors = details.check(coop.currency);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    if store::list(tx, scope).await?.iter().any(|d| d.state == State::Proposed) {
        return Err(Error::Open);
    }
    let id = DestinationId::new();
    let plain = serde_json::to_vec(&details.fields()).map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))?;
    store::insert(tx, now, scope, id, by, &details, coop.currency, &keys.seal(&context(id), &plain)).await?;
    let said = serde_json::json!({"kind": details.kind(), "hint": details.hint()});
    audit::record(tx, now, Act::manager(by, scope.coop(), "payout_destination.propose", id).with(said)).await?;
    Ok(id)
}

/// A second person says yes.
///
/// # Errors
/// [`Error::SecondPerson`] if it is the same person, or a manager where it is the cooperative's first destination.
pub async fn confirm(tx: &mut Tx, now: Time, by: Second, scope: Scope, id: DestinationId) -> Result<(), Error> {
    let coop = cooperatives::lock(tx, scope.coop()).await?.ok_or(Error::NotFound)?;
    let all = store::list(tx, scope).await?;
    let proposed = waiting(&all, id)?;
    if proposed.confirmed_by.is_some() {
        return Err(Error::Settled);
    }
    let first = !all.iter().any(|d| matches!(d.state, State::Active | State::Retired));
    let right = match by {
        Second::Operator(_) => true,
        Second::Manager(_) => !first,
    };
    if proposed.proposed_by == Some(by.account()) || !right {
        return Err(Error::SecondPerson);
    }
    let effective = if first { now } else { now.plus(HOLD) };
    store::confirm(tx, now, scope, id, by.account(), effective).await?;
    let said = serde_json::json!({"hint": proposed.hint, "effective_at": effective});
    audit::record(tx, now, by.act(scope.coop(), "payout_destination.confirm", id).with(said)).await?;
    if first {
        return Ok(store::activate(tx, scope, id).await?);
    }
    tell(tx, now, &coop, &all, proposed, effective).await?;
    Ok(queue::enqueue_at(tx, now, effective, &jobs::Activate { coop: scope.coop(), destination: id }).await?)
}

/// Whoever owns the old one reads it in time: at the cooperative's address, which one manager may have changed, and at each manager's own.
async fn tell(tx: &mut Tx, now: Time, coop: &Cooperative, all: &[Destination], next: &Destination, effective: Time) -> Result<(), Error> {
    let before = all.iter().find(|d| d.state == State::Active).map(|d| d.hint.clone()).unwrap_or_default();
    let mut readers = auth::members::managers_emails(tx, coop.id).await?;
    readers.push(coop.contact_email.clone());
    readers.sort();
    readers.dedup();
    for to in readers {
        let change = mail::DestinationChange {
            to,
            destination: next.id,
            slug: coop.slug.clone(),
            cooperative: coop.name.clone(),
            before: before.clone(),
            after: next.hint.clone(),
            until: effective.timestamp().strftime("%Y-%m-%d %H:%M UTC").to_string(),
        };
        notifications::enqueue(tx, now, &Mail::DestinationChange(change)).await?;
    }
    Ok(())
}

/// Somebody says no, while it waits for a second person or for its holding time.
pub async fn reject(tx: &mut Tx, now: Time, by: Second, scope: Scope, id: DestinationId) -> Result<(), Error> {
    cooperatives::lock(tx, scope.coop()).await?.ok_or(Error::NotFound)?;
    let all = store::list(tx, scope).await?;
    let said = serde_json::json!({"hint": waiting(&all, id)?.hint});
    store::set_state(tx, scope, id, State::Rejected).await?;
    Ok(audit::record(tx, now, by.act(scope.coop(), "payout_destination.reject", id).with(said)).await?)
}
fn waiting(all: &[Destination], id: DestinationId) -> Result<&Destination, Error> {
    let found = all.iter().find(|d| d.id == id).ok_or(Error::NotFound)?;
    match found.state {
        State::Proposed => Ok(found),
        State::Active | State::Rejected | State::Retired => Err(Error::Settled),
    }
}

/// Its holding time is over: it takes the place of the one before. Nothing if somebody said no. Who did it is in the log already.
pub async fn activate(tx: &mut Tx, now: Time, coop: CoopId, id: DestinationId) -> Result<(), Error> {
    let scope = Scope::system(coop);
    cooperatives::lock(tx, coop).await?.ok_or(Error::NotFound)?;
    let all = store::list(tx, scope).await?;
    let due = |d: &&Destination| d.id == id && d.state == State::Proposed && d.effective_at.is_some_and(|at| at <= now);
    if all.iter().any(|d| due(&d)) {
        store::activate(tx, scope, id).await?;
    }
    Ok(())
}

/// Newest first.
pub async fn list(conn: &mut Conn, scope: Scope) -> Result<Vec<Destination>, DbError> {
    store::list(conn, scope).await
}
