//! The way to the payment provider. A leaf: it knows Stripe and no order, payout or person.
//!
//! - A call that changes something is an **operation**: its id (the idempotency key) and its exact bytes are in the database before the
//!   first attempt, written in the transaction that makes the call necessary.
//! - A time-out is *unknown*: the same bytes are sent again under the same key, for less than 23 hours. A new key would be a new payment.
//! - No call is made while a transaction is open.
pub mod model;
mod store;

pub use model::{Attempt, Kind, Refusal, Unavailable};
pub use stripe_client::{Event, Prepared, Session, Stripe, StripeError};

use serde::de::DeserializeOwned;

use crate::{
    clock::{Clock, Time},
    db::{Conn, Db, DbError, Tx},
    ids::OperationId,
    money::{Currency, Money},
};

/// Writes an operation into the transaction that makes it necessary.
pub async fn prepare(tx: &mut Tx, now: Time, id: OperationId, kind: Kind, subject: uuid::Uuid, request: &Prepared) -> Result<(), DbError> {
    store::insert(tx, now, id, kind, subject, request).await
}

/// The same for one that is sent as soon as that transaction is committed, by [`send`]: its first attempt is counted with it.
pub async fn prepare_attempt(tx: &mut Tx, now: Time, id: OperationId, kind: Kind, subject: uuid::Uuid, request: &Prepared) -> Result<(), DbError> {
    store::insert_attempt(tx, now, id, kind, subject, request).await
}

/// The same for a job, whose row fixed the operation's id: a second run finds the first one's bytes.
pub async fn prepare_once(tx: &mut Tx, now: Time, id: OperationId, kind: Kind, subject: uuid::Uuid, request: &Prepared) -> Result<(), DbError> {
    if store::known(tx, id).await? { Ok(()) } else { store::insert(tx, now, id, kind, subject, request).await }
}

/// Sends an operation's stored bytes. Safe to call again whatever became of the last attempt: Stripe answers the same to the same key.
///
/// The caller records what came of it with [`succeeded`] or [`rejected`], in the transaction of what follows from it.
///
/// # Errors
/// The database's. What Stripe said, or did not say, is the [`Attempt`].
pub async fn attempt<T: DeserializeOwned>(db: &Db, clock: &Clock, stripe: &Stripe, id: OperationId) -> Result<Attempt<T>, DbError> {
    let operation = store::begin_attempt(&mut *db.conn().await?, clock.now(), id).await?;
    if clock.now() >= operation.first_attempt_at.plus(model::REPLAY_FOR) {
        return Ok(Attempt::TooLate);
    }
    send(db, clock, stripe, id, &operation.request).await
}

/// Sends bytes that are stored, and whose attempt is counted.
pub async fn send<T: DeserializeOwned>(db: &Db, clock: &Clock, stripe: &Stripe, id: OperationId, request: &Prepared) -> Result<Attempt<T>, DbError> {
    let outcome = match stripe.send::<T>(request, &id.to_string()).await {
        Ok(answer) => Attempt::Done(answer),
        Err(error) => model::judge(error),
    };
    if let Attempt::Unknown { .. } = outcome {
        store::mark_unknown(&mut *db.conn().await?, clock.now(), id).await?;
    }
    Ok(outcome)
}

/// The provider did it, and calls it `provider_id`.
pub async fn succeeded(tx: &mut Tx, now: Time, id: OperationId, provider_id: &str) -> Result<(), DbError> {
    store::close(tx, now, id, model::State::Succeeded, Some(provider_id), None).await
}

/// The provider did nothing, and will not.
pub async fn rejected(tx: &mut Tx, now: Time, id: OperationId, refusal: &Refusal) -> Result<(), DbError> {
    store::close(tx, now, id, model::State::Rejected, None, Some(serde_json::json!({"code": refusal.code, "message": refusal.message}))).await
}

/// An operation's stored bytes, for one that takes its place under another key.
pub async fn bytes(conn: &mut Conn, id: OperationId) -> Result<Prepared, DbError> {
    store::request(conn, id).await
}

/// Whether it is known what became of an operation; one that was never written is open.
pub async fn is_closed(conn: &mut Conn, id: OperationId) -> Result<bool, DbError> {
    store::is_closed(conn, id).await
}

/// How often an operation was sent.
pub async fn attempts(conn: &mut Conn, id: OperationId) -> Result<i32, DbError> {
    store::attempts(conn, id).await
}

/// The provider's id of an object as the ledger's source id.
pub fn object_uuid(id: &str) -> uuid::Uuid {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("stripe:{id}").as_bytes())
}

/// An amount in Stripe's own unit, which is not always the ISO minor unit.
pub fn units(money: Money) -> Result<i64, stripe_client::UnitError> {
    stripe_client::to_stripe_units(money.minor, money.currency.as_str())
}

/// The smallest amount that Stripe can ask for, in minor units: all others are multiples of it.
pub fn step(currency: Currency) -> i64 {
    stripe_client::step(currency.as_str())
}
/// The currencies in which an amount may be one that Stripe cannot ask for.
pub const UNUSUAL: &[&str] = &stripe_client::UNUSUAL;

/// What Stripe says an amount is; an error names a currency or an amount that we cannot hold.
pub fn from_units(units: i64, currency: &str) -> Result<Money, String> {
    let currency: Currency = currency.to_uppercase().parse().map_err(|e: crate::money::MoneyError| e.to_string())?;
    let minor = stripe_client::from_stripe_units(units, currency.as_str()).map_err(|e| e.to_string())?;
    Ok(Money::new(minor, currency))
}
