//! How often somebody may try, counted in the database: for all processes together, and on the program's own clock.
use jiff::SignedDuration;

use super::{model::Error, store};
use crate::{
    clock::Time,
    db::{Conn, DbError},
    secrets::sha256,
};

/// `burst` tries at once, then one per `every`.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    name: &'static str,
    every: SignedDuration,
    burst: i32,
}

/// A person mistypes a few times; a guesser gets some 1,500 tries a day, far too few against ten characters.
pub const PER_IDENTIFIER: Limit = Limit { name: "identifier", every: SignedDuration::from_mins(1), burst: 10 };
/// A training centre signs in behind one address; a guesser who tries one password on many accounts does too.
pub const PER_ADDRESS: Limit = Limit { name: "address", every: SignedDuration::from_secs(5), burst: 60 };
/// A mail that was not asked for is a nuisance: few suffice.
pub const MAIL_PER_IDENTIFIER: Limit = Limit { name: "mail", every: SignedDuration::from_mins(10), burst: 3 };
/// Whoever checks out may write any address there: beyond these, the order goes on and the mail stays unsent.
pub const ORDER_MAIL_PER_ADDRESS: Limit = Limit { name: "order-mail", every: SignedDuration::from_mins(10), burst: 6 };
/// A cooperative applies once; somebody who helps several from one office applies for each.
pub const APPLICATIONS_PER_ADDRESS: Limit = Limit { name: "application", every: SignedDuration::from_mins(10), burst: 10 };
/// Wrong claim codes for one piece: a scratched code is read wrong a few times; ninety-five bits are not guessed in any number.
pub const CLAIMS_PER_ITEM: Limit = Limit { name: "claim", every: SignedDuration::from_mins(1), burst: 10 };
/// Doubts about one piece, and from one address: a person reads them all.
pub const REPORTS_PER_ITEM: Limit = Limit { name: "report", every: SignedDuration::from_mins(10), burst: 10 };
pub const REPORTS_PER_ADDRESS: Limit = Limit { name: "reports", every: SignedDuration::from_mins(10), burst: 5 };

/// What the table keeps: a hash, so that it holds no list of who tried.
fn key(limit: Limit, of: &str) -> Vec<u8> {
    sha256(format!("{}\n{of}", limit.name).as_bytes()).to_vec()
}

/// Counts one try of `of`.
///
/// # Errors
/// [`Error::TooMany`] with the seconds until the next one is allowed.
pub async fn count(conn: &mut Conn, now: Time, limit: Limit, of: &str) -> Result<(), Error> {
    let full_at = store::limits::take(conn, &key(limit, of), now, limit.every, now.plus(limit.every * limit.burst)).await?;
    match full_at {
        None => Ok(()),
        Some(full_at) => Err(too_many(now, limit, full_at)),
    }
}
fn too_many(now: Time, limit: Limit, full_at: Time) -> Error {
    let next = full_at.plus(limit.every).minus(limit.every * limit.burst);
    Error::TooMany { seconds: u64::try_from((next.unix() - now.unix()).max(1)).unwrap_or(1) }
}

/// Whether one more try of `of` is allowed now, without counting it: for what only failures use up.
///
/// # Errors
/// [`Error::TooMany`] as [`count`] has it.
pub async fn look(conn: &mut Conn, now: Time, limit: Limit, of: &str) -> Result<(), Error> {
    let full_at = store::limits::full_at(conn, &key(limit, of)).await?.unwrap_or(now);
    if full_at.plus(limit.every) <= now.plus(limit.every * limit.burst) { Ok(()) } else { Err(too_many(now, limit, full_at)) }
}

/// Counts one try of `of`, and says whether it may be: for what is left undone beyond the limit rather than refused.
pub async fn allowed(conn: &mut Conn, now: Time, limit: Limit, of: &str) -> Result<bool, DbError> {
    Ok(store::limits::take(conn, &key(limit, of), now, limit.every, now.plus(limit.every * limit.burst)).await?.is_none())
}

/// It was them: their allowance is whole again.
pub async fn forgive(conn: &mut Conn, limit: Limit, of: &str) -> Result<(), Error> {
    Ok(store::limits::forget(conn, &key(limit, of)).await?)
}
