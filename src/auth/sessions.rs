//! Signing in and out. A session is 256 random bits, kept as a hash, gone the moment it is revoked.
use std::net::IpAddr;

use jiff::SignedDuration;

use super::{
    model::{Error, Identifier, NewPassword},
    passwords, store,
    throttle::{self, PER_ADDRESS, PER_IDENTIFIER},
};
use crate::{
    clock::Time,
    db::{Db, DbError, Tx},
    ids::{AccountId, SessionId},
    secrets::Token,
};

/// A manager comes once a week; a phone that was lost and not reported is locked out after two.
const LIFE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A session that was opened, with the only copy of its token.
#[derive(Debug)]
pub struct Opened {
    pub account: AccountId,
    pub token: Token,
    pub expires_at: Time,
}

/// Somebody who is trying.
#[derive(Clone, Debug)]
pub struct Caller(String);
impl Caller {
    /// An IPv6 subscriber has a whole /64 of addresses: they count as one.
    pub fn at(address: Option<IpAddr>) -> Self {
        Self(match address {
            Some(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_none() => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            Some(address) => address.to_canonical().to_string(),
            None => "unknown".into(),
        })
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Opens a session, if the two belong together.
///
/// # Errors
/// [`Error::BadCredentials`] is one answer, after the same work, for an unknown account, a disabled one and a wrong password;
/// [`Error::TooMany`] before any password is looked at.
pub async fn sign_in(db: &Db, now: Time, from: &Caller, identifier: &Identifier, password: String) -> Result<Opened, Error> {
    let known = {
        let conn = &mut *db.conn().await?;
        throttle::count(conn, now, PER_ADDRESS, from.as_str()).await?;
        throttle::count(conn, now, PER_IDENTIFIER, identifier.as_str()).await?;
        store::accounts::credentials(conn, identifier).await?
    };
    let (account, kept) = known.map_or((None, None), |(account, kept)| (Some(account), kept));
    let fits = passwords::verify(password, kept.clone()).await?;
    let account = account.filter(|_| fits).ok_or(Error::BadCredentials)?;
    db.transaction(async |tx| {
        // A password that was changed while this one was checked has ended every session: no new one may slip in behind it.
        let unchanged = store::accounts::lock_password(tx, account).await? == kept;
        throttle::forgive(tx, PER_IDENTIFIER, identifier.as_str()).await?;
        if unchanged { Ok(open(tx, now, account).await?) } else { Err(Error::BadCredentials) }
    })
    .await
}

/// A new session of an account whose right to it was proven.
pub(super) async fn open(conn: &mut crate::db::Conn, now: Time, account: AccountId) -> Result<Opened, DbError> {
    let (token, expires_at) = (Token::random("session"), now.plus(LIFE));
    store::accounts::insert_session(conn, now, account, &token.hash(), expires_at).await?;
    Ok(Opened { account, token, expires_at })
}

/// Whether `password` is the account's own; counted like a sign-in, since a stolen session is a place to guess from.
pub async fn check_password(db: &Db, now: Time, account: AccountId, password: String) -> Result<(), Error> {
    let counted = format!("account:{account}");
    let kept = {
        let conn = &mut *db.conn().await?;
        throttle::count(conn, now, PER_IDENTIFIER, &counted).await?;
        store::accounts::password_of(conn, account).await?
    };
    if !passwords::verify(password, kept).await? {
        return Err(Error::BadCredentials);
    }
    throttle::forgive(&mut *db.conn().await?, PER_IDENTIFIER, &counted).await
}

/// What a new password may not be.
pub async fn identifier_of(conn: &mut crate::db::Conn, account: AccountId) -> Result<String, DbError> {
    let person = store::accounts::person(conn, account).await?;
    Ok(person.email.or(person.phone).unwrap_or_default())
}

/// Sets a password whose owner was proven, and ends every other session: whoever knew the old one is out.
pub async fn change_password(tx: &mut Tx, now: Time, account: AccountId, hash: &str, keep: Option<SessionId>) -> Result<(), Error> {
    store::accounts::set_password(tx, now, account, hash).await?;
    store::accounts::end_sessions(tx, now, account, keep).await?;
    Ok(())
}

/// The hash of a password that may be set for this account.
pub async fn hash_for(db: &Db, account: AccountId, pointer: &str, password: &str) -> Result<String, Error> {
    let identifier = identifier_of(&mut *db.conn().await?, account).await?;
    passwords::hash(NewPassword::parse(pointer, password, &identifier)?).await
}
