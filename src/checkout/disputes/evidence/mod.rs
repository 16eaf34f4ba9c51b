//! What we say to the buyer's bank about a dispute.
//!
//! - Most of it is gathered from our own records when it is submitted: what was bought with the public record of each piece, the buyer and
//!   where it went, who carried it and when, the receipt, the mails about it. Somebody may write any of it otherwise, and adds what was written with the buyer.
//! - It is a draft until it is submitted; that happens once, before the bank's date, with bytes that were stored beside the decision.
//! - Three days before that date somebody is reminded.
pub mod http;
pub mod jobs;
pub mod model;
pub(super) mod store;

use jiff::SignedDuration;
use serde_json::json;
use stripe_client::UpdateDispute;

use super::{
    model::{Dispute, State as Standing},
    store as disputes_store,
};
use crate::{
    app::App,
    audit::{self, Act},
    checkout::{Error, alert, store as checkout_store},
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, DisputeId, OperationId},
    jobs::enqueue,
    money::Money,
    notifications, orders, payments,
};
use jobs::SendEvidence;
use model::{Evidence, Facts, Kept, State};

/// The reminder, one at a time for a dispute.
const DUE: &str = "evidence_due";
const REFUSED: &str = "evidence_refused";
/// Before the bank stops listening: enough to find a parcel's papers.
const REMIND_BEFORE: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Reminders in one sweep; the next takes the rest.
const AT_ONCE: i64 = 100;

/// A dispute with what is kept for it, and what our records say.
pub struct Seen {
    pub dispute: Dispute,
    pub kept: Option<Kept>,
    pub gathered: Evidence,
}

/// # Errors
/// [`Error::NotFound`] for a dispute that is not there.
pub async fn look(app: &App, conn: &mut Conn, id: DisputeId) -> Result<Seen, Error> {
    let dispute = disputes_store::one(conn, id).await?.ok_or(Error::NotFound)?;
    let gathered = facts(app, conn, &dispute).await?.gathered();
    Ok(Seen { kept: store::kept(conn, id).await?, gathered, dispute })
}

async fn facts(app: &App, conn: &mut Conn, dispute: &Dispute) -> Result<Facts, Error> {
    let order = orders::order(conn, dispute.order).await?;
    let parcels = orders::parcels_of(conn, order.id).await?;
    let sent: Vec<_> = parcels.iter().map(|parcel| parcel.id).collect();
    Ok(Facts {
        frozen: orders::frozen_of(conn, &order).await?,
        told: notifications::told_of_order(conn, order.id, &sent).await?,
        parcels,
        pieces: orders::pieces_of(conn, order.id).await?,
        contact: orders::contact(conn, order.id).await?,
        records: app.config.link("/i/"),
        order,
    })
}

/// Keeps what was written; `submit` sends it with all that is gathered. Under the order's lock, as each step of a dispute.
///
/// # Errors
/// [`Error::BadEvidence`] once the bank has it, has decided, or listens no longer.
pub async fn save(
    app: &App,
    tx: &mut Tx,
    now: Time,
    by: AccountId,
    id: DisputeId,
    said: &Evidence,
    submit: Option<OperationId>,
) -> Result<Seen, Error> {
    let order = disputes_store::one(tx, id).await?.ok_or(Error::NotFound)?.order;
    orders::lock(tx, order).await?;
    let dispute = disputes_store::one(tx, id).await?.ok_or(Error::NotFound)?;
    listens(&dispute, store::kept(tx, id).await?.as_ref(), now)?;
    let gathered = facts(app, tx, &dispute).await?.gathered();
    if let Some(operation) = submit {
        let evidence = said.over(gathered.clone()).for_the_provider();
        let request = UpdateDispute { dispute: dispute.provider_id.clone(), evidence, submit: true }.prepare();
        payments::prepare(tx, now, operation, payments::Kind::Evidence, id.uuid(), &request).await?;
        enqueue(tx, now, &SendEvidence { dispute: id, provider_id: dispute.provider_id.clone(), operation }).await?;
    }
    let state = if submit.is_some() { State::Submitting } else { State::Draft };
    let written = serde_json::to_value(said).map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))?;
    store::save(tx, now, id, state, &written, submit, by).await?;
    let action = if submit.is_some() { "dispute.submit_evidence" } else { "dispute.save_evidence" };
    audit::record(tx, now, Act::operator(Some(by), action, id).with(json!({"dispute": dispute.provider_id}))).await?;
    Ok(Seen { kept: store::kept(tx, id).await?, gathered, dispute })
}

fn listens(dispute: &Dispute, kept: Option<&Kept>, now: Time) -> Result<(), Error> {
    if matches!(dispute.state, Standing::Won | Standing::Lost) {
        return Err(Error::BadEvidence("the dispute is decided: nothing more is heard"));
    }
    if kept.is_some_and(|kept| matches!(kept.state, State::Submitting | State::Submitted)) {
        return Err(Error::BadEvidence("the evidence was submitted, which happens once"));
    }
    if dispute.evidence_due.is_some_and(|due| due <= now) {
        return Err(Error::BadEvidence("the time for evidence is over"));
    }
    Ok(())
}

/// The bank has it.
async fn taken(tx: &mut Tx, now: Time, job: &SendEvidence) -> Result<(), Error> {
    payments::succeeded(tx, now, job.operation, &job.provider_id).await?;
    store::answered(tx, job.dispute, job.operation, State::Submitted, Some(now)).await?;
    Ok(checkout_store::resolve_alert(tx, now, DUE, &job.provider_id, "submitted").await?)
}

/// The provider did not take it: somebody must look, since the date stays.
async fn refused(tx: &mut Tx, now: Time, job: &SendEvidence, refusal: &payments::Refusal) -> Result<(), Error> {
    payments::rejected(tx, now, job.operation, refusal).await?;
    if store::answered(tx, job.dispute, job.operation, State::Refused, None).await? {
        let detail = format!("the evidence for dispute {} was not taken: {}", job.provider_id, refusal.message);
        alert(tx, now, REFUSED, &job.operation.to_string(), &detail).await?;
    }
    Ok(())
}

/// Nothing of it is asked for any more.
pub(super) async fn over(tx: &mut Tx, now: Time, provider_id: &str, how: &str) -> Result<(), DbError> {
    checkout_store::resolve_alert(tx, now, DUE, provider_id, how).await
}

/// Tells of each dispute whose date is near, and that nobody answered.
pub async fn remind(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let due = store::due(&mut *app.jobs_db.conn().await?, now, now.plus(REMIND_BEFORE), DUE, AT_ONCE).await?;
    for dispute in due {
        let amount = Money::new(dispute.amount_minor, dispute.currency).formatted();
        let until = dispute.due.map_or_else(String::new, |due| due.day().to_string());
        let detail = format!("{amount} ({}): evidence is heard until {until}, and none was submitted", dispute.reason);
        app.jobs_db.transaction(async |tx| checkout_store::alert_again(tx, now, DUE, &dispute.provider_id, &detail).await).await?;
    }
    Ok(())
}
