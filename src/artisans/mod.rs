//! Whoever makes the things: what a cooperative knows of them, and what the public may see.
//!
//! - A legal name is never public. Whatever else is, is by her latest word on that purpose, read in each request (`public_makers`).
//! - Her word is written down with how, in which language and before whom it was given, and stays; taking back is as easy as giving.
//! - Her subject key is made with her. Destroying it erases her from every record she appears in, and every proof still verifies.
//! - Erasing leaves her ids: work, payments and shares stay whole, and say nothing about who she was.
pub mod crafts;
pub mod http;
pub mod model;
mod read;
mod store;

pub use model::{Artisan, Consent, Edit, Error, Medium, NewArtisan, NewConsent, Purpose};
pub use read::{Maker, language, maker, register};

use crate::{
    clock::Time,
    db::{Conn, Tx},
    ids::{AccountId, ArtisanId},
    problem::FieldError,
    secrets::{self, MasterKey},
    tenancy::Scope,
};

/// Writes down a maker, with a subject key of her own.
///
/// # Errors
/// [`Error::Invalid`] names every field that cannot be accepted.
pub async fn create(tx: &mut Tx, now: Time, keys: &MasterKey, scope: Scope, new: &NewArtisan) -> Result<ArtisanId, Error> {
    let mut errors = new.check(now.day());
    errors.extend(unknown(tx, scope, &new.edit(), None).await?);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let id = ArtisanId::new();
    store::insert(tx, now, scope, id, new).await?;
    let key: [u8; 32] = secrets::random();
    store::insert_key(tx, now, scope, id, &keys.seal(&context(id), &key)).await?;
    Ok(id)
}
/// A sealed key opens only for the maker it was made for.
fn context(id: ArtisanId) -> String {
    format!("subject_keys/{id}")
}

/// What is named and is not there, or is somebody else's.
async fn unknown(tx: &mut Tx, scope: Scope, edit: &Edit, own: Option<ArtisanId>) -> Result<Vec<FieldError>, Error> {
    let mut errors = Vec::new();
    if let Some(craft) = edit.craft.as_ref().and_then(Option::as_deref)
        && !crafts::exists(tx, craft).await?
    {
        errors.push(FieldError::new("/craft", "unknown", "the code of a craft that is listed"));
    }
    if let Some(portrait) = edit.portrait.flatten()
        && !store::has_picture(tx, scope, portrait).await?
    {
        errors.push(FieldError::new("/portrait", "unknown", "no such picture of this cooperative"));
    }
    if let Some(reference) = edit.reference.as_deref()
        && store::referenced(tx, scope, reference).await?.is_some_and(|other| Some(other) != own)
    {
        errors.push(FieldError::new("/reference", "taken", "another maker of this cooperative has it"));
    }
    Ok(errors)
}

/// Changes what is known of a maker; `read`, where given, is the version that was read.
///
/// # Errors
/// [`Error::Stale`] if she is another version by now; [`Error::Erased`] if there is nobody left to change.
pub async fn edit(tx: &mut Tx, now: Time, scope: Scope, id: ArtisanId, read: Option<i64>, edit: &Edit) -> Result<(), Error> {
    let before = living(tx, scope, id).await?;
    if read.is_some_and(|read| read != before.version) {
        return Err(Error::Stale);
    }
    let mut errors = edit.check(now.day());
    errors.extend(unknown(tx, scope, edit, Some(id)).await?);
    if errors.is_empty() { Ok(store::update(tx, now, scope, id, edit).await?) } else { Err(Error::Invalid(errors)) }
}
async fn living(tx: &mut Tx, scope: Scope, id: ArtisanId) -> Result<Artisan, Error> {
    let found = store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?;
    if found.erased_at.is_some() { Err(Error::Erased) } else { Ok(found) }
}

/// Writes down her word, given at `at`. It holds from the next request.
pub async fn consent(tx: &mut Tx, at: Time, by: Option<AccountId>, scope: Scope, id: ArtisanId, new: &NewConsent) -> Result<Vec<Consent>, Error> {
    living(tx, scope, id).await?;
    let errors = new.check();
    if errors.is_empty() { Ok(store::insert_consents(tx, at, by, scope, id, new).await?) } else { Err(Error::Invalid(errors)) }
}

/// Erases a person: her subject key, and everything in clear text. Her ids stay, and so does every proof.
pub async fn erase(tx: &mut Tx, now: Time, scope: Scope, id: ArtisanId) -> Result<(), Error> {
    living(tx, scope, id).await?;
    store::destroy_key(tx, scope, id).await?;
    store::empty(tx, now, scope, id).await?;
    Ok(())
}

/// The key that her part in records is hidden under; none once she is erased.
pub async fn subject_key(conn: &mut Conn, keys: &MasterKey, scope: Scope, id: ArtisanId) -> Result<Option<[u8; 32]>, Error> {
    let Some(sealed) = store::key(conn, scope, id).await? else { return Ok(None) };
    Ok(Some(keys.open(&context(id), &sealed)?.try_into().map_err(|_| secrets::Unsealed)?))
}
