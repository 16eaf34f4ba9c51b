//! The way of evidence to the provider.
use jiff::SignedDuration;

use super::{refused, taken};
use crate::{
    app::App,
    checkout::Error,
    ids::{DisputeId, OperationId},
    jobs::{Failure, Job, Run},
    payments::{self, Attempt, Refusal},
};

/// Sends the stored bytes until it is known what became of them.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct SendEvidence {
    pub dispute: DisputeId,
    pub provider_id: String,
    pub operation: OperationId,
}
/// Until the next try of a call whose answer never came: the same bytes under the same key.
const FOLLOW_UP: SignedDuration = SignedDuration::from_secs(60);
const SLOW_DOWN: SignedDuration = SignedDuration::from_secs(5);

impl Job for SendEvidence {
    const KIND: &'static str = "send_evidence";
    fn key(&self) -> Option<String> {
        Some(format!("send-evidence:{}", self.operation))
    }
}
impl Run<App> for SendEvidence {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let db = &app.jobs_db;
        if payments::is_closed(&mut *db.conn().await?, self.operation).await? {
            return Ok(());
        }
        let now = app.clock.now();
        match payments::attempt::<stripe_client::Dispute>(db, &app.clock, &app.stripe, self.operation).await? {
            Attempt::Done(_) => Ok(db.transaction_retrying(async |tx| taken(tx, now, &self).await).await?),
            Attempt::Rejected(refusal) => Ok(db.transaction_retrying(async |tx| refused(tx, now, &self, &refusal).await).await?),
            Attempt::Unknown { .. } => Err(Failure::NotYet(FOLLOW_UP)),
            Attempt::Later => Err(Failure::NotYet(SLOW_DOWN)),
            Attempt::TooLate => Ok(self.look_up(app).await?),
        }
    }
}

impl SendEvidence {
    /// The provider's memory of the key is running out. The dispute itself says whether evidence was submitted.
    async fn look_up(&self, app: &App) -> Result<(), Error> {
        let said = app.stripe.dispute(&self.provider_id).await.map_err(|e| payments::Unavailable(e.to_string()))?;
        let submitted = said.evidence_details.is_some_and(|details| details.submission_count > 0);
        let now = app.clock.now();
        let never = Refusal { code: "never_made".into(), message: "the provider never took it".into() };
        app.jobs_db.transaction_retrying(async |tx| if submitted { taken(tx, now, self).await } else { refused(tx, now, self, &never).await }).await
    }
}
