//! Forgotten passwords.
//!
//! - Whoever asks gets the same answer after the same work: one job is written, and only the job looks whether there is an account.
//! - A link works once, for an hour; setting a password ends every session and every other link of the account.
use jiff::SignedDuration;
use serde_json::json;

use super::{
    model::{Email, Error},
    sessions, store,
    throttle::{self, MAIL_PER_IDENTIFIER, PER_IDENTIFIER},
};
use crate::{
    app::App,
    audit::{self, Act},
    clock::Time,
    db::{Db, DbError, Tx},
    ids::ResetId,
    jobs::{self, Failure, Job, Run},
    notifications::{
        self, Mail,
        model::{PasswordReset, RESET},
    },
    secrets::MasterKey,
};

/// Long enough to find the mail, short enough for a phone that lies about.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Writes to `email`, if it has an account.
///
/// # Errors
/// [`Error::TooMany`], for known and unknown addresses alike.
pub async fn request(db: &Db, now: Time, email: &Email) -> Result<(), Error> {
    db.transaction(async |tx| {
        throttle::count(tx, now, MAIL_PER_IDENTIFIER, email.as_str()).await?;
        Ok(jobs::enqueue(tx, now, &StartReset { reset: ResetId::new(), email: email.as_str().to_owned() }).await?)
    })
    .await
}

/// Looks whether there is somebody to write to.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct StartReset {
    reset: ResetId,
    email: String,
}
impl Job for StartReset {
    const KIND: &'static str = "start_password_reset";
}
impl Run<App> for StartReset {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let now = app.clock.now();
        Ok(app.jobs_db.transaction(async |tx| start(tx, now, &self).await).await?)
    }
}
async fn start(tx: &mut Tx, now: Time, asked: &StartReset) -> Result<(), DbError> {
    let Some((account, _, false)) = store::invitations::account_of(tx, &asked.email).await? else { return Ok(()) };
    store::resets::insert(tx, now, asked.reset, account, now.plus(LIFE)).await?;
    notifications::enqueue(tx, now, &Mail::PasswordReset(PasswordReset { to: asked.email.clone(), reset: asked.reset, account })).await
}

/// Sets the password. Every session of the account ends.
///
/// # Errors
/// [`Error::DeadLink`] if it was used, has expired, or is not ours; [`Error::Invalid`] if the password cannot be.
pub async fn complete(db: &Db, keys: &MasterKey, now: Time, id: ResetId, token: &str, password: &str) -> Result<(), Error> {
    if !keys.token_matches(token, RESET, id.uuid(), 1) {
        return Err(Error::DeadLink);
    }
    let account = store::resets::living(&mut *db.conn().await?, now, id).await?.ok_or(Error::DeadLink)?;
    let hash = sessions::hash_for(db, account, "/password", password).await?;
    let identifier = sessions::identifier_of(&mut *db.conn().await?, account).await?;
    db.transaction(async |tx| {
        if !store::resets::take(tx, now, id).await? {
            return Err(Error::DeadLink);
        }
        sessions::change_password(tx, now, account, &hash, None).await?;
        store::resets::take_all(tx, now, account).await?;
        // She proved herself: guesses of others do not keep her out.
        throttle::forgive(tx, PER_IDENTIFIER, &identifier).await?;
        Ok(audit::record(tx, now, Act::new("account", Some(account), "password.reset", account).with(json!({"reset": id}))).await?)
    })
    .await
}
