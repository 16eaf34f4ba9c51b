//! The work register and what makers were paid: how a price divides is promised, this is what happened.
//!
//! - Work without a maker stays without one; nothing here guesses.
//! - No day in the future, no maker's day longer than sixteen hours, no more pieces of a step than the batch has: checked under the makers'
//!   and batches' locks, so that two registers at once cannot pass together what neither may alone.
//! - Work on a batch is an event of the batch's record, in the same transaction, with no name in it.
//! - A payment to a maker is written once and never changed.
pub mod http;
pub mod model;
mod store;

pub use model::{Error, NewPayment, NewWork};
pub use store::{all_entries, entries_of as entries};

use model::{Payment, Work};

use crate::{
    clock::{Day, Time},
    db::Tx,
    ids::{AccountId, WorkId},
    problem::FieldError,
    provenance::{self, Issuer},
    secrets::MasterKey,
    tenancy::Scope,
};

/// Who writes into whose register.
#[derive(Clone, Copy, Debug)]
pub struct By {
    pub scope: Scope,
    /// None: a file that was brought in by hand.
    pub account: Option<AccountId>,
}

/// Writes work down, all of it or none; `at` names a field of the entry with that number.
///
/// # Errors
/// [`Error::Invalid`] with every entry that breaks a rule.
pub async fn record(
    tx: &mut Tx,
    now: Time,
    keys: &MasterKey,
    public_url: &str,
    by: By,
    entries: &[NewWork],
    at: &impl Fn(usize, &str) -> String,
) -> Result<Vec<Work>, Error> {
    let own = store::currency(tx, by.scope).await?;
    let mut errors = model::check(entries, now.day(), own, at);
    if errors.is_empty() {
        errors = model::gates(entries, store::lock_known(tx, by.scope, entries).await?, at);
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let written = store::insert(tx, now, by, entries).await?;
    let made = model::made(entries);
    if !made.is_empty() {
        let issuer: Issuer = provenance::issuer(tx, public_url, by.scope).await?;
        for (batch, facts) in made {
            provenance::made(tx, now, keys, &issuer, batch, &facts).await?;
        }
    }
    Ok(written)
}

/// What would break a rule, by the entry's place: new entries, and corrections of the entries that are named.
pub async fn faults(tx: &mut Tx, today: Day, scope: Scope, wanted: &[(Option<WorkId>, &NewWork)]) -> Result<Vec<(usize, String)>, Error> {
    let own = store::currency(tx, scope).await?;
    let entries: Vec<NewWork> = wanted.iter().map(|(_, new)| (*new).clone()).collect();
    let mut known = store::lock_known(tx, scope, &entries).await?;
    let corrected: Vec<WorkId> = wanted.iter().filter_map(|(id, _)| *id).collect();
    for before in store::entries_of(tx, scope, &corrected).await? {
        known.without(&before);
    }
    let at = |i: usize, field: &str| format!("{i}/{field}");
    let mut all = model::check(&entries, today, own, &at);
    all.extend(model::gates(&entries, known, &at));
    let told = |error: FieldError| {
        let (place, field) = error.pointer.split_once('/').unwrap_or(("", ""));
        Some((place.parse().ok()?, format!("{field}: {}", error.message)))
    };
    Ok(all.into_iter().filter_map(told).collect())
}

/// Corrects an entry; its maker and its batch stay, for they may be paid and recorded.
///
/// # Errors
/// [`Error::Invalid`] with every rule that the corrected entry breaks.
pub async fn correct(tx: &mut Tx, now: Time, scope: Scope, id: WorkId, corrected: &NewWork) -> Result<(), Error> {
    let faults = faults(tx, now.day(), scope, &[(Some(id), corrected)]).await?;
    if !faults.is_empty() {
        return Err(Error::Invalid(faults.into_iter().map(|(_, message)| FieldError::new("", "rule", message)).collect()));
    }
    Ok(store::update(tx, scope, id, corrected).await?)
}

/// Writes down that a maker was paid.
pub async fn pay(tx: &mut Tx, now: Time, by: By, new: &NewPayment) -> Result<Payment, Error> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, code: &'static str, message: &str| errors.push(FieldError::new(field, code, message));
    if !store::has_artisan(tx, by.scope, new.artisan).await? {
        wrong("/artisan", "unknown", "no such maker of this cooperative");
    }
    if new.amount.minor < 1 {
        wrong("/amount/amount", "out_of_range", "more than nothing, in minor units");
    }
    let own = store::currency(tx, by.scope).await?;
    if new.amount.currency != own {
        wrong("/amount/currency", "currency", &format!("makers of this cooperative are paid in {own}"));
    }
    if new.paid_on > now.day() {
        wrong("/paid_on", "future", "the day of the payment cannot be in the future");
    }
    if let Some(work) = new.work {
        match store::work(tx, by.scope, work).await? {
            None => wrong("/work", "unknown", "no such work in this register"),
            Some(work) if work.artisan != Some(new.artisan) => wrong("/work", "other_maker", "that work is not written down as this maker's"),
            Some(_) => {}
        }
    }
    if errors.is_empty() { Ok(store::insert_payment(tx, now, by, new).await?) } else { Err(Error::Invalid(errors)) }
}
