//! What follows a payout: the transfer at Stripe, and the word in each piece's record.
use jiff::SignedDuration;

use super::{Error, record, stripe};
use crate::{
    app::App,
    ids::{CoopId, OperationId, PayoutId},
    jobs::{Failure, Job, Run},
    problem::Chain,
    tenancy::Scope,
};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Retry(Chain(&error).to_string())
    }
}

/// Tells Stripe to transfer. The job's row fixes the operation's id, which is the idempotency key.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct SubmitPayout {
    pub coop: CoopId,
    pub payout: PayoutId,
    pub operation: OperationId,
}
/// Until the next try of an instruction whose answer never came: the same bytes under the same key.
const FOLLOW_UP: SignedDuration = SignedDuration::from_secs(60);
const SLOW_DOWN: SignedDuration = SignedDuration::from_secs(5);

impl Job for SubmitPayout {
    const KIND: &'static str = "submit_payout";
    fn key(&self) -> Option<String> {
        Some(format!("submit-payout:{}", self.operation))
    }
}
impl Run<App> for SubmitPayout {
    async fn run(self, app: &App) -> Result<(), Failure> {
        match stripe::submit(app, Scope::system(self.coop), self.payout, self.operation).await? {
            stripe::Submitted::Done => Ok(()),
            stripe::Submitted::Unknown => Err(Failure::NotYet(FOLLOW_UP)),
            stripe::Submitted::Later => Err(Failure::NotYet(SLOW_DOWN)),
        }
    }
}

/// Writes `paid` into the record of every piece that a settled payout paid for.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct RecordPaid {
    pub coop: CoopId,
    pub payout: PayoutId,
}
impl Job for RecordPaid {
    const KIND: &'static str = "record_paid";
    fn key(&self) -> Option<String> {
        Some(format!("record-paid:{}", self.payout))
    }
}
impl Run<App> for RecordPaid {
    async fn run(self, app: &App) -> Result<(), Failure> {
        Ok(record::paid(app, Scope::system(self.coop), self.payout).await?)
    }
}
