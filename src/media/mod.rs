//! Pictures: taken in, made safe, kept, shown.
//!
//! - What is stored was encoded here: nothing of an upload's container, metadata or appended bytes survives.
//! - A file is named by the digest of what it holds, so that its address never changes its meaning and is cached for ever.
//! - A picture given by its address is asked of public addresses only ([`guard`]).
//! - A picture that cannot be had is visible as failed with its reason, and can be asked for again.
mod files;
mod guard;
pub mod http;
pub mod jobs;
pub mod model;
mod store;

pub use files::{MediaStore, NotFetched, OpenError};
pub use guard::Reach;
pub use model::{Attached, Error, Kept, Media, State, path};

use std::collections::{BTreeSet, HashSet};

use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{MediaId, ProductId},
    problem::FieldError,
    tenancy::Scope,
};

/// Writes down a picture whose files are stored ([`MediaStore::keep`]).
pub async fn add(tx: &mut Tx, now: Time, scope: Scope, kept: &Kept) -> Result<MediaId, Error> {
    let id = MediaId::new();
    store::insert_ready(tx, now, scope, id, kept).await?;
    Ok(id)
}

/// Has a picture fetched from its address, once per cooperative and address; one that failed before is tried again.
///
/// # Errors
/// [`Error::Url`] says what an address must be.
pub async fn queue(tx: &mut Tx, now: Time, scope: Scope, url: &str) -> Result<MediaId, Error> {
    guard::parse(url)?;
    queue_all(tx, now, scope, &[url]).await?;
    store::by_url(tx, scope, url).await?.ok_or(Error::NotFound)
}

/// The same for many, in a few statements; answers how many will be fetched. What is no address of a picture ([`check_url`]) is left out.
pub async fn queue_all(tx: &mut Tx, now: Time, scope: Scope, urls: &[&str]) -> Result<usize, DbError> {
    let urls: BTreeSet<&str> = urls.iter().copied().filter(|url| check_url(url).is_ok()).collect();
    let fresh = store::insert_queued(tx, now, scope, &urls.into_iter().collect::<Vec<_>>()).await?;
    jobs::enqueue(tx, now, scope, &fresh).await?;
    Ok(fresh.len())
}

/// Whether an address could be queued; the reason if not.
pub fn check_url(url: &str) -> Result<(), Error> {
    guard::parse(url).map(drop)
}

/// Asks once more for a picture that could not be had.
pub async fn retry(tx: &mut Tx, now: Time, scope: Scope, id: MediaId) -> Result<Media, Error> {
    let before = find(tx, scope, id).await?;
    if !store::queue_again(tx, now, scope, id).await? {
        return Err(Error::NotFailed);
    }
    jobs::enqueue(tx, now, scope, &[id]).await?;
    Ok(Media { state: State::Queued, last_error: None, ..before })
}

pub async fn find(conn: &mut Conn, scope: Scope, id: MediaId) -> Result<Media, Error> {
    store::find(conn, scope, id).await?.ok_or(Error::NotFound)
}

/// Makes `pictures` the product's own, in this order, in place of those it had. The product and the variants are the caller's to know.
///
/// # Errors
/// [`Error::Invalid`] names every picture that is not there, given twice, or told too much about.
pub async fn attach(tx: &mut Tx, scope: Scope, product: ProductId, pictures: &[Attached]) -> Result<(), Error> {
    let known: HashSet<MediaId> = store::known(tx, scope, &pictures.iter().map(|p| p.media).collect::<Vec<_>>()).await?.into_iter().collect();
    let mut errors = Vec::new();
    if pictures.len() > model::MAX_ATTACHED {
        errors.push(FieldError::new("", "length", format!("at most {} pictures", model::MAX_ATTACHED)));
    }
    let mut seen = HashSet::new();
    for (i, picture) in pictures.iter().enumerate() {
        if !known.contains(&picture.media) {
            errors.push(FieldError::new(format!("/{i}/media"), "unknown", "no such picture of this cooperative"));
        } else if !seen.insert(picture.media) {
            errors.push(FieldError::new(format!("/{i}/media"), "duplicate", "each picture once"));
        }
        if picture.alt.chars().count() > model::MAX_ALT {
            errors.push(FieldError::new(format!("/{i}/alt"), "length", format!("at most {} characters", model::MAX_ALT)));
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    Ok(store::replace_attached(tx, scope, product, pictures).await?)
}
