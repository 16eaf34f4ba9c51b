//! Invitations: who may join is asked by mail, and comes in by a link that only the reader of that mail has.
//!
//! The link's token is derived from the invitation and its generation; sent again, the link before is dead.
use jiff::SignedDuration;
use serde_json::json;

use super::{
    model::{self, Email, Error, NewPassword, Role},
    passwords,
    sessions::{self, Opened},
    store::invitations::{self as store, Invitation},
    throttle::{self, MAIL_PER_IDENTIFIER, PER_IDENTIFIER},
};
use crate::{
    audit::{self, Act},
    clock::Time,
    db::{Conn, Db, Tx},
    ids::{AccountId, CoopId, InvitationId},
    notifications::{
        self, Mail,
        model::{INVITATION, Invitation as Letter, invitation_path},
    },
    secrets::MasterKey,
};

/// Somebody who reads mail once a week still finds it.
const LIFE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// What the platform calls itself where a cooperative would stand.
const PLATFORM: &str = "Haat";

/// Who invites, and as what; the program itself where nobody is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Inviter {
    pub account: Option<AccountId>,
    pub role: &'static str,
}

/// Invites `email` to be `role` at `coop`, or on the platform; who is invited to the same already gets a new link.
///
/// # Errors
/// [`Error::AlreadyMember`] if that is so already; [`Error::TooMany`] if this address was written to often enough.
pub async fn invite(tx: &mut Tx, now: Time, by: Inviter, email: &Email, role: Role, coop: Option<CoopId>) -> Result<Invitation, Error> {
    if let Some((account, _, _)) = store::account_of(tx, email.as_str()).await?
        && store::holds(tx, now, account, role, coop).await?
    {
        return Err(Error::AlreadyMember);
    }
    if let Some(same) = store::lock_same(tx, email.as_str(), role, coop).await? {
        return renewed(tx, now, by, same).await;
    }
    let invitation = Invitation {
        id: InvitationId::new(),
        email: email.as_str().to_owned(),
        coop_id: coop,
        role,
        generation: 1,
        created_at: now,
        expires_at: now.plus(LIFE),
        accepted_at: None,
        revoked_at: None,
    };
    store::insert(tx, &invitation, by.account).await?;
    send(tx, now, &invitation).await?;
    record(tx, now, by, "invitation.create", &invitation).await?;
    Ok(invitation)
}

/// Sends a new link; the one before is dead.
pub async fn resend(tx: &mut Tx, now: Time, by: Inviter, coop: Option<CoopId>, id: InvitationId) -> Result<Invitation, Error> {
    let invitation = lock_own(tx, coop, id).await?;
    renewed(tx, now, by, invitation).await
}

async fn renewed(tx: &mut Tx, now: Time, by: Inviter, before: Invitation) -> Result<Invitation, Error> {
    let invitation = Invitation { generation: before.generation + 1, expires_at: now.plus(LIFE), ..before };
    store::renew(tx, &invitation).await?;
    send(tx, now, &invitation).await?;
    record(tx, now, by, "invitation.resend", &invitation).await?;
    Ok(invitation)
}

/// Its link, from the public address on: for whoever hands it over in person.
pub fn path(keys: &MasterKey, invitation: &Invitation) -> String {
    invitation_path(keys, invitation.id, invitation.generation)
}

/// Takes an invitation back: its link is dead at once.
pub async fn withdraw(tx: &mut Tx, now: Time, by: Inviter, coop: Option<CoopId>, id: InvitationId) -> Result<(), Error> {
    let invitation = lock_own(tx, coop, id).await?;
    store::withdraw(tx, now, id).await?;
    Ok(record(tx, now, by, "invitation.withdraw", &invitation).await?)
}

/// Somebody else's is not found; one that was used or withdrawn is over.
async fn lock_own(tx: &mut Tx, coop: Option<CoopId>, id: InvitationId) -> Result<Invitation, Error> {
    let found = store::lock(tx, id).await?.filter(|invitation| invitation.coop_id == coop).ok_or(Error::NotFound)?;
    if found.open() { Ok(found) } else { Err(Error::DeadLink) }
}

async fn send(tx: &mut Tx, now: Time, invitation: &Invitation) -> Result<(), Error> {
    throttle::count(tx, now, MAIL_PER_IDENTIFIER, &invitation.email).await?;
    let letter = Letter {
        to: invitation.email.clone(),
        invitation: invitation.id,
        generation: invitation.generation,
        role: invitation.role.as_str().to_owned(),
        place: place_name(tx, invitation.coop_id).await?.0,
        until: invitation.expires_at.day().to_string(),
    };
    Ok(notifications::enqueue(tx, now, &Mail::Invitation(letter)).await?)
}

async fn record(tx: &mut Tx, now: Time, by: Inviter, action: &'static str, invitation: &Invitation) -> Result<(), crate::db::DbError> {
    let details = json!({"role": invitation.role, "generation": i64::from(invitation.generation)});
    audit::record(tx, now, Act::new(by.role, by.account, action, invitation.id).of(invitation.coop_id).with(details)).await
}

/// The name of a place, and the language there.
async fn place_name(conn: &mut Conn, coop: Option<CoopId>) -> Result<(String, String), Error> {
    let platform = || (PLATFORM.to_owned(), "en".to_owned());
    match coop {
        Some(coop) => store::place(conn, coop).await?.ok_or(Error::NotFound),
        None => Ok(platform()),
    }
}

/// What its reader is told before she accepts.
#[derive(Clone, Debug)]
pub struct Offer {
    pub invitation: Invitation,
    pub place: String,
    pub locale: String,
    /// The address has an account with a password already: that password is asked for.
    pub known: bool,
}

/// The invitation behind a link.
///
/// # Errors
/// [`Error::DeadLink`] for one that was never ours, too: the answers do not tell which.
pub async fn look(conn: &mut Conn, keys: &MasterKey, now: Time, id: InvitationId, token: &str) -> Result<Offer, Error> {
    let holds = |i: &Invitation| i.open() && i.expires_at > now && keys.token_matches(token, INVITATION, i.id.uuid(), i.generation);
    let invitation = store::find(conn, id).await?.filter(holds).ok_or(Error::DeadLink)?;
    let (place, locale) = place_name(conn, invitation.coop_id).await?;
    let account = store::account_of(conn, &invitation.email).await?;
    if account.is_some_and(|(_, _, disabled)| disabled) {
        return Err(Error::DeadLink);
    }
    Ok(Offer { invitation, place, locale, known: account.is_some_and(|(_, has_password, _)| has_password) })
}

/// What somebody who accepts says of herself.
#[derive(Clone)]
pub struct Acceptance {
    pub name: Option<String>,
    pub password: String,
    pub locale: Option<String>,
}

/// What is to be written of the account, once its password was proven or hashed.
enum Person {
    New {
        name: String,
        locale: String,
        hash: String,
    },
    /// Made by somebody else, and never signed in: what she says now holds.
    Unopened {
        account: AccountId,
        name: Option<String>,
        locale: Option<String>,
        hash: String,
    },
    Known {
        account: AccountId,
        name: Option<String>,
        locale: Option<String>,
    },
}

/// Makes the account or links the one that is there, and signs it in.
///
/// # Errors
/// [`Error::DeadLink`]; [`Error::BadCredentials`] if the account has a password and this is another one; [`Error::Invalid`].
pub async fn accept(db: &Db, keys: &MasterKey, now: Time, id: InvitationId, token: &str, said: Acceptance) -> Result<Opened, Error> {
    let offer = look(&mut *db.conn().await?, keys, now, id, token).await?;
    let person = person(db, now, &offer, said).await?;
    db.transaction(async |tx| {
        let invitation = lock_own(tx, offer.invitation.coop_id, id).await?;
        if invitation.generation != offer.invitation.generation {
            return Err(Error::DeadLink);
        }
        let account = written(tx, now, &invitation.email, &person).await?;
        store::insert_membership(tx, now, account, invitation.role, invitation.coop_id)
            .await
            .map_err(|error| if error.is_unique_violation("memberships_live_unique") { Error::AlreadyMember } else { error.into() })?;
        store::accepted(tx, now, id).await?;
        record(tx, now, Inviter { account: Some(account), role: invitation.role.as_str() }, "invitation.accept", &invitation).await?;
        Ok(sessions::open(tx, now, account).await?)
    })
    .await
}

async fn person(db: &Db, now: Time, offer: &Offer, said: Acceptance) -> Result<Person, Error> {
    let name = said.name.as_deref().map(|name| model::person_name("/name", name)).transpose()?;
    let locale = said.locale.as_deref().map(|locale| model::locale("/locale", locale)).transpose()?;
    let email = &offer.invitation.email;
    let account = store::account_of(&mut *db.conn().await?, email).await?.map(|(id, _, _)| id);
    if let (true, Some(account)) = (offer.known, account) {
        throttle::count(&mut *db.conn().await?, now, PER_IDENTIFIER, email).await?;
        let kept = super::store::accounts::password_of(&mut *db.conn().await?, account).await?;
        let fits = passwords::verify(said.password, kept).await?;
        return if fits { Ok(Person::Known { account, name, locale }) } else { Err(Error::BadCredentials) };
    }
    let password = NewPassword::parse("/password", &said.password, email)?;
    match account {
        Some(account) => Ok(Person::Unopened { account, name, locale, hash: passwords::hash(password).await? }),
        None => {
            let name = name.ok_or_else(|| Error::field("/name", "required", "1 to 120 characters"))?;
            let locale = locale.unwrap_or_else(|| offer.locale.clone());
            Ok(Person::New { name, locale, hash: passwords::hash(password).await? })
        }
    }
}

async fn written(tx: &mut Tx, now: Time, email: &str, person: &Person) -> Result<AccountId, Error> {
    use super::store::accounts;
    match person {
        // Two links accepted at once: the second finds the account when it tries again.
        Person::New { name, locale, hash } => store::insert_account(tx, now, email, name, locale, hash)
            .await
            .map_err(|error| if error.is_unique_violation("accounts_email_unique") { Error::Busy } else { error.into() }),
        Person::Unopened { account, name, locale, hash } => {
            accounts::set_password(tx, now, *account, hash).await?;
            accounts::rename(tx, now, *account, name.as_deref(), locale.as_deref()).await?;
            Ok(*account)
        }
        Person::Known { account, name, locale } => {
            accounts::rename(tx, now, *account, name.as_deref(), locale.as_deref()).await?;
            Ok(*account)
        }
    }
}
