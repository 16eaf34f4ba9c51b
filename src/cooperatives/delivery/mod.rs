//! How a cooperative's parcels reach a buyer, and what that costs: zones of countries with a price for the parcel and for each kilogram.
//!
//! - Prices are in the cooperative's own currency: it is what the courier is owed in.
//! - Options of one name are one service. A country is in one of them at most, and `*` is wherever none of the others goes.
//! - What orders were placed with stays: an option is archived and never deleted, and a change concerns later orders only.
pub mod model;
mod store;

pub use model::{ANYWHERE, DeliveryOption, NewOption, OptionEdit};

use super::{Cooperative, Error, store as cooperatives};
use crate::{
    db::{Conn, DbError, Tx},
    ids::DeliveryOptionId,
    problem::FieldError,
    tenancy::Scope,
};

/// Adds a way to deliver.
///
/// # Errors
/// [`Error::Invalid`] names every field that cannot be accepted, and the option that goes there already.
pub async fn create(tx: &mut Tx, scope: Scope, new: NewOption) -> Result<DeliveryOptionId, Error> {
    let (coop, others) = held(tx, scope).await?;
    let new = accepted(new, &coop, &others)?;
    let id = DeliveryOptionId::new();
    store::insert(tx, scope, id, &new).await?;
    Ok(id)
}

/// Changes an option, if it is still the version that the manager read.
pub async fn edit(tx: &mut Tx, scope: Scope, id: DeliveryOptionId, read: i64, edit: &OptionEdit) -> Result<(), Error> {
    let (coop, mut others) = held(tx, scope).await?;
    let before = take(&mut others, id)?;
    if before.version != read {
        return Err(Error::Stale);
    }
    // What is archived is in nobody's way until it comes back.
    let others = if before.active { others } else { Vec::new() };
    let new = accepted(before.changed(edit), &coop, &others)?;
    Ok(store::update(tx, scope, id, &new).await?)
}

/// Offers it to no cart any more. Archived already: nothing happens.
pub async fn archive(tx: &mut Tx, scope: Scope, id: DeliveryOptionId) -> Result<(), Error> {
    let (_, mut all) = held(tx, scope).await?;
    if take(&mut all, id)?.active { Ok(store::set_active(tx, scope, id, false).await?) } else { Ok(()) }
}
/// Offers it again, if no other option took its place.
pub async fn unarchive(tx: &mut Tx, scope: Scope, id: DeliveryOptionId) -> Result<(), Error> {
    let (coop, mut others) = held(tx, scope).await?;
    let before = take(&mut others, id)?;
    if before.active {
        return Ok(());
    }
    accepted(before.again(), &coop, &others)?;
    Ok(store::set_active(tx, scope, id, true).await?)
}

/// Every option, archived ones last.
pub async fn list(conn: &mut Conn, scope: Scope) -> Result<Vec<DeliveryOption>, DbError> {
    store::list(conn, scope).await
}

/// Changes of one cooperative's options come one after the other, so that two cannot take the same country.
async fn held(tx: &mut Tx, scope: Scope) -> Result<(Cooperative, Vec<DeliveryOption>), Error> {
    let coop = cooperatives::lock(tx, scope.coop()).await?.ok_or(Error::NotFound)?;
    Ok((coop, store::list(tx, scope).await?))
}
fn take(all: &mut Vec<DeliveryOption>, id: DeliveryOptionId) -> Result<DeliveryOption, Error> {
    let at = all.iter().position(|option| option.id == id).ok_or(Error::NotFound)?;
    Ok(all.swap_remove(at))
}
fn accepted(new: NewOption, coop: &Cooperative, others: &[DeliveryOption]) -> Result<NewOption, Error> {
    let new = new.normalised();
    let mut errors = new.check(coop.currency);
    errors.extend(new.overlaps(others));
    if others.iter().filter(|other| other.active).count() >= model::MAX_OPTIONS {
        errors.push(FieldError::new("/name", "too_many", format!("at most {} options: archive one first", model::MAX_OPTIONS)));
    }
    if errors.is_empty() { Ok(new) } else { Err(Error::Invalid(errors)) }
}
