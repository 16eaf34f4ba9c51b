//! Tax by destination: dated rates, applied only where the seller is registered; otherwise zero, with the reason.
//!
//! - A seller collects where it, or the platform for all, is registered for a tax on sales. A number for customs or income is no such thing.
//! - Rates are dated and never changed: orders were priced by them. The one that began last holds.
//! - Registered and without a rate, nothing is sold there: a zero that nobody decided would be owed later.
//! - A registration ends on a day and stays.
pub mod http;
pub mod model;
mod numbers;
mod read;
mod rules;
mod store;

pub use model::{Error, Kind, NewRate, NewRegistration, Registration, Seller};
pub use read::rules;
pub use rules::{Reason, Rules, STANDARD};

use crate::{
    audit::{self, Act},
    clock::{Day, Time},
    db::{DbError, Tx},
    ids::{AccountId, TaxRegistrationId},
    problem::FieldError,
};

impl Seller {
    /// Who acts for this seller.
    fn act(self, by: AccountId, action: &'static str, subject: impl std::fmt::Display) -> Act {
        match self {
            Self::Platform => Act::operator(Some(by), action, subject),
            Self::Cooperative(scope) => Act::manager(by, scope.coop(), action, subject),
        }
    }
}

/// Writes down where the seller is registered, from a day on.
///
/// # Errors
/// [`Error::Invalid`] names what cannot be right; [`Error::Open`] if a registration of this kind holds there already.
pub async fn register(tx: &mut Tx, now: Time, by: AccountId, seller: Seller, new: NewRegistration) -> Result<TaxRegistrationId, Error> {
    let new = new.normalised();
    let errors = new.check(now.day());
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let before = store::of_kind(tx, seller, &new.jurisdiction, new.kind).await?;
    if before.iter().any(|r| r.valid_to.is_none()) {
        return Err(Error::Open);
    }
    if let Some(last) = before.iter().filter_map(|r| r.valid_to).max().filter(|last| *last >= new.valid_from) {
        return Err(Error::Invalid(vec![FieldError::new("/valid_from", "overlap", format!("after {last}, on which the one before ended"))]));
    }
    let id = TaxRegistrationId::new();
    store::insert(tx, id, seller, &new)
        .await
        .map_err(|e| if e.is_unique_violation("tax_registrations_open_unique") { Error::Open } else { e.into() })?;
    let details = serde_json::json!({"jurisdiction": new.jurisdiction, "kind": new.kind, "number": new.number, "valid_from": new.valid_from});
    audit::record(tx, now, seller.act(by, "tax_registration.create", id).with(details)).await?;
    Ok(id)
}

/// It holds on `last` for the last time.
///
/// # Errors
/// [`Error::Ended`] if its end is written down already: it stays as it is.
pub async fn end(tx: &mut Tx, now: Time, by: AccountId, seller: Seller, id: TaxRegistrationId, last: Day) -> Result<(), Error> {
    let before = store::lock(tx, seller, id).await?.ok_or(Error::NotFound)?;
    if before.valid_to.is_some() {
        return Err(Error::Ended);
    }
    if last < before.valid_from {
        return Err(Error::Invalid(vec![FieldError::new("/valid_to", "out_of_range", format!("{} or later, when it began", before.valid_from))]));
    }
    store::end(tx, id, last).await?;
    audit::record(tx, now, seller.act(by, "tax_registration.end", id).with(serde_json::json!({"valid_to": last}))).await?;
    Ok(())
}

/// Writes down a rate that holds from a day on. None that is there is changed.
///
/// # Errors
/// [`Error::Dated`] if one of this jurisdiction and category begins on that day already.
pub async fn add_rate(tx: &mut Tx, now: Time, by: AccountId, new: NewRate) -> Result<NewRate, Error> {
    let new = new.normalised();
    let errors = new.check(now.day());
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    store::insert_rate(tx, &new).await.map_err(|e: DbError| if e.is_unique_violation("tax_rates_pkey") { Error::Dated } else { e.into() })?;
    let subject = format!("{} {} {}", new.jurisdiction, new.category, new.valid_from);
    let details = serde_json::json!({"rate_bp": new.rate_bp, "source": new.source});
    audit::record(tx, now, Act::operator(Some(by), "tax_rate.create", subject).with(details)).await?;
    Ok(new)
}
