//! The way of a refund to the provider.
use jiff::SignedDuration;

use super::{OPERATION, apply, model::State, prepare, refused, store};
use crate::{
    app::App,
    checkout::Error,
    db::Tx,
    ids::{OperationId, RefundId},
    jobs::{Failure, Job, Run},
    orders,
    payments::{self, Attempt, Refusal},
};

/// Sends a refund's stored bytes until it is known what became of them.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct SendRefund {
    pub refund: RefundId,
    pub operation: OperationId,
    pub intent: String,
}
/// Until the next try of a call whose answer never came: the same bytes under the same key.
const FOLLOW_UP: SignedDuration = SignedDuration::from_secs(60);
const SLOW_DOWN: SignedDuration = SignedDuration::from_secs(5);

impl Job for SendRefund {
    const KIND: &'static str = "send_refund";
    fn key(&self) -> Option<String> {
        Some(format!("send-refund:{}", self.operation))
    }
}
impl Run<App> for SendRefund {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let db = &app.jobs_db;
        if payments::is_closed(&mut *db.conn().await?, self.operation).await? {
            return Ok(());
        }
        match payments::attempt::<stripe_client::Refund>(db, &app.clock, &app.stripe, self.operation).await? {
            Attempt::Done(said) => Ok(self.done(app, &said).await?),
            Attempt::Rejected(refusal) => Ok(self.refused(app, &refusal).await?),
            Attempt::Unknown { .. } => Err(Failure::NotYet(FOLLOW_UP)),
            Attempt::Later => Err(Failure::NotYet(SLOW_DOWN)),
            Attempt::TooLate => Ok(self.look_up(app).await?),
        }
    }
}

impl SendRefund {
    async fn done(&self, app: &App, said: &stripe_client::Refund) -> Result<(), Error> {
        let now = app.clock.now();
        let both = async |tx: &mut Tx| {
            payments::succeeded(tx, now, self.operation, &said.id).await?;
            apply(tx, now, self.refund, said).await
        };
        app.jobs_db.transaction_retrying(both).await
    }
    async fn refused(&self, app: &App, refusal: &Refusal) -> Result<(), Error> {
        let now = app.clock.now();
        app.jobs_db.transaction(async |tx| refused(tx, now, self.refund, self.operation, refusal).await).await
    }
    /// The provider's memory of the key is running out. The payment's refunds carry our id and the try's: it is among them, whatever became
    /// of it, or was never made and is asked for under a new key.
    async fn look_up(&self, app: &App) -> Result<(), Error> {
        let mine = self.operation.to_string();
        let mut page = stripe_client::Page::default();
        loop {
            let list = app.stripe.refunds_of(&self.intent, &page).await.map_err(|e| payments::Unavailable(e.to_string()))?;
            let carries = |r: &&stripe_client::Refund| r.metadata.as_ref().and_then(|m| m.get(OPERATION)) == Some(&mine);
            if let Some(found) = list.data.iter().find(carries) {
                return self.done(app, found).await;
            }
            match list.data.last().filter(|_| list.has_more) {
                Some(last) => page = stripe_client::Page::after(&last.id),
                None => break,
            }
        }
        let now = app.clock.now();
        app.jobs_db
            .transaction_retrying(async |tx| {
                let refusal = Refusal { code: "never_made".into(), message: "the provider never made it".into() };
                payments::rejected(tx, now, self.operation, &refusal).await?;
                let refund = store::lock(tx, self.refund).await?.ok_or(Error::NotFound)?;
                if refund.state != State::Requested {
                    return Ok(());
                }
                let order = orders::order(tx, refund.order).await?;
                prepare(tx, now, OperationId::new(), self.refund, &order, &self.intent, refund.amount()).await
            })
            .await
    }
}
