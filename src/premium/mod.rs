//! The members' fund: what the premium of every sale became, and what its members decided about it.
//!
//! - Premium waits in `premium_pending` until its pieces leave; then it is the fund's. Nothing else goes in.
//! - It leaves for a decision of the members and for nothing else: written down by one person with the minutes of the meeting, confirmed by
//!   another, and never changed after that.
//! - No more leaves for a decision than was decided, and never more than there is. What leaves is a payout of its own, on the rails that
//!   earnings take, which no debt is taken from; one that comes back is in the fund again.
//! - Everybody may read what the fund was spent on: sums, categories, the sentence that the cooperative wrote for it, votes as counts and
//!   the digest of the minutes. The minutes, which name people, are for the cooperative and the auditors.
pub mod http;
mod model;
mod read;
mod store;

pub use model::{Decision, Error, NewDecision, State};

use crate::{
    audit::{self, Act, Second},
    auth,
    clock::Time,
    db::Tx,
    ids::{AccountId, PremiumDecisionId, PremiumSpendingId},
    ledger,
    money::Money,
    notifications::{self, Mail, model as mail},
    payouts::{self, By, FromFund, Kind, Outcome, Payout},
    secrets::sha256,
    tenancy::Scope,
};

fn said(amount: Money, purpose: &str) -> serde_json::Value {
    serde_json::json!({"amount": amount.minor.to_string(), "currency": amount.currency, "purpose": purpose})
}

/// Writes down what the members decided; the cooperative's other managers are told that it waits for one of them.
///
/// # Errors
/// [`Error::Invalid`] names every field that cannot be right, the currency among them: it is the cooperative's own, or one the fund has.
pub async fn record(tx: &mut Tx, now: Time, by: AccountId, scope: Scope, new: &NewDecision) -> Result<PremiumDecisionId, Error> {
    let place = store::place(tx, scope).await?;
    let mut errors = new.check(now.day());
    let known =
        new.amount.currency == place.currency || ledger::balance(tx, &Kind::Premium.account(scope.coop()), new.amount.currency).await?.minor > 0;
    if !known {
        errors.push(model::wrong("/amount/currency", "currency", format!("the fund is kept in {}", place.currency)));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let id = PremiumDecisionId::new();
    let digest = new.minutes_sha256.unwrap_or_else(|| sha256(new.minutes.as_bytes()));
    store::insert(tx, now, by, scope, id, new, &digest).await?;
    audit::record(tx, now, Act::manager(by, scope.coop(), "premium_decision.record", id).with(said(new.amount, &new.purpose))).await?;
    let own = store::email(tx, by).await?;
    for to in auth::members::managers_emails(tx, scope.coop()).await?.into_iter().filter(|to| own.as_ref() != Some(to)) {
        let told = mail::PremiumDecision {
            to,
            decision: id,
            slug: place.slug.clone(),
            cooperative: place.name.clone(),
            amount: new.amount.formatted(),
            purpose: new.purpose.clone(),
            met_on: new.met_on.to_string(),
        };
        notifications::enqueue(tx, now, &Mail::PremiumDecision(told)).await?;
    }
    Ok(id)
}

async fn end(tx: &mut Tx, now: Time, by: Second, scope: Scope, id: PremiumDecisionId, state: State, reason: Option<&str>) -> Result<(), Error> {
    let decision = store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?;
    if decision.state != State::Recorded {
        return Err(Error::Ended(decision.state));
    }
    if state == State::Confirmed && decision.recorded_by == by.account() {
        return Err(Error::TwoPeople);
    }
    store::end(tx, now, scope, id, by.account(), state, reason).await?;
    let action = if state == State::Confirmed { "premium_decision.confirm" } else { "premium_decision.reject" };
    Ok(audit::record(tx, now, by.act(scope.coop(), action, id).with(said(decision.amount(), &decision.purpose))).await?)
}

/// Somebody else than its writer says that it is as the minutes say.
///
/// # Errors
/// [`Error::TwoPeople`] for whoever wrote it down; [`Error::Ended`] if it was confirmed or rejected before.
pub async fn confirm(tx: &mut Tx, now: Time, by: Second, scope: Scope, id: PremiumDecisionId) -> Result<(), Error> {
    end(tx, now, by, scope, id, State::Confirmed, None).await
}

/// It was not decided so. Its writer may say that too.
///
/// # Errors
/// [`Error::Ended`] if it was confirmed or rejected before.
pub async fn reject(tx: &mut Tx, now: Time, by: Second, scope: Scope, id: PremiumDecisionId, reason: &str) -> Result<(), Error> {
    let reason = model::words("/reason", reason)?;
    end(tx, now, by, scope, id, State::Rejected, Some(&reason)).await
}

/// Sends `amount` out of the fund for a decision, by the rail that reaches the cooperative.
///
/// # Errors
/// [`Error::NotConfirmed`]; [`Error::MoreThanDecided`] and [`Error::MoreThanThere`] say how much it can be at most; [`Error::NotPaid`] says
/// why no payout can be made today.
pub async fn spend(tx: &mut Tx, now: Time, by: By, scope: Scope, id: PremiumDecisionId, amount: Money) -> Result<(PremiumSpendingId, Payout), Error> {
    let decision = store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?;
    if decision.state != State::Confirmed {
        return Err(Error::NotConfirmed(decision.state));
    }
    decision.check(amount)?;
    let left = Money::new(decision.amount_minor - store::spent(tx, scope, id).await?, decision.currency);
    if amount.minor > left.minor {
        return Err(Error::MoreThanDecided { left });
    }
    let fund = ledger::balance(tx, &Kind::Premium.account(scope.coop()), amount.currency).await?;
    if amount.minor > fund.minor {
        return Err(Error::MoreThanThere { fund });
    }
    let act = Act::manager(by.account, scope.coop(), "premium.spend", id).with(said(amount, &decision.purpose));
    let memo = format!("members' decision of {}: {}", decision.met_on, decision.purpose);
    match payouts::pay_from(tx, now, by, scope.coop(), FromFund { kind: Kind::Premium, amount, memo: &memo, act }).await {
        Ok(Outcome::Made(payout)) => Ok((store::insert_spending(tx, now, by.account, scope, id, &payout).await?, payout)),
        Ok(Outcome::Skipped(skipped)) => Err(Error::NotPaid(skipped)),
        // The database itself keeps the fund above zero.
        Err(payouts::Error::Ledger(ledger::Error::Insufficient)) => Err(Error::Raced),
        Err(error) => Err(error.into()),
    }
}
