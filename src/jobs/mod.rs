//! Background work: a job is a serialisable struct, enqueued in the transaction that makes it necessary.
//!
//! - A job runs at least once after its transaction commits, and never if it does not.
//! - A job holds a lease (`locked_until`), not a connection, while it runs; a worker that dies loses only its lease.
//! - A job that keeps failing ends in state `dead` and is never deleted.
//! - Polling is the truth. No NOTIFY inside a business transaction: it takes a lock of the whole instance through the commit.
//!
//! This folder knows no domain: each domain implements [`Run`] in its own `jobs.rs`, and `app.rs` registers them.
mod store;
mod worker;

use jiff::SignedDuration;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    clock::Time,
    db::{DbError, Tx},
    ids::JobId,
};
pub use store::{Counts, counts, done_at};
pub use worker::{Hint, Registry, Worker};

/// What is written to the queue. Its fields are frozen facts: a job never asks another domain what it was about.
pub trait Job: Serialize + DeserializeOwned {
    /// Stable: it is in the database.
    const KIND: &'static str;
    /// How often it is tried before it is given up: 12 tries with doubling pauses are about a day.
    const MAX_ATTEMPTS: i32 = 12;
    /// Two jobs with one key are one job.
    fn key(&self) -> Option<String> {
        None
    }
}

/// How a job is done. Safe to run twice.
pub trait Run<C>: Job {
    fn run(self, ctx: &C) -> impl Future<Output = Result<(), Failure>>;
}

/// Why a job is not done.
#[derive(Debug)]
pub enum Failure {
    /// Try again after the usual pause.
    Retry(String),
    /// Nothing is wrong, it is just too early.
    NotYet(SignedDuration),
    /// Trying again would not help: a person must look.
    GiveUp(String),
}
impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Retry(crate::problem::Chain(&error).to_string())
    }
}
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::GiveUp(error.to_string())
    }
}

/// Writes the job into the caller's transaction. A job whose key is already known is not written again.
pub async fn enqueue<J: Job>(tx: &mut Tx, now: Time, job: &J) -> Result<(), DbError> {
    enqueue_at(tx, now, now, job).await
}

/// The same, to be run no earlier than `run_at`.
pub async fn enqueue_at<J: Job>(tx: &mut Tx, now: Time, run_at: Time, job: &J) -> Result<(), DbError> {
    let payload = serde_json::to_value(job).map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))?;
    store::insert(tx, JobId::new(), J::KIND, job.key(), payload, J::MAX_ATTEMPTS, run_at, now).await
}
