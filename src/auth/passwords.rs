//! Passwords: Argon2id, off the request's thread, a few at a time.
//!
//! An account that is not there costs the same work as one that is, so that neither the answer nor its time tells who exists.
use std::time::Duration;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::model::{Error, NewPassword};
use crate::secrets::random;

/// Each takes 19 MiB and about 30 ms of a core: more at once would only take turns and fill memory.
const AT_ONCE: usize = 4;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
/// Longer than any honest burst waits for its turn; a sign-in that waits longer is better told so than kept.
const PATIENCE: Duration = Duration::from_secs(5);

/// Of no password, with the parameters of `Argon2::default()` (a test compares).
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

async fn turn() -> Result<SemaphorePermit<'static>, Error> {
    tokio::time::timeout(PATIENCE, TURNS.acquire()).await.ok().and_then(Result::ok).ok_or(Error::Busy)
}

/// The hash to keep, as a PHC string with a salt of its own.
pub async fn hash(password: NewPassword) -> Result<String, Error> {
    let _turn = turn().await?;
    let work = move || Argon2::default().hash_password_with_salt(password.reveal().as_bytes(), &random::<16>()).map(|h| h.to_string());
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Hashing)?.map_err(|_| Error::Hashing)
}

/// Whether `password` is the one behind `kept`; with nothing kept the same work is done and the answer is no.
pub async fn verify(password: String, kept: Option<String>) -> Result<bool, Error> {
    let _turn = turn().await?;
    let work = move || {
        let fits = Argon2::default().verify_password(password.as_bytes(), kept.as_deref().unwrap_or(NOBODYS)).is_ok();
        fits && kept.is_some()
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Hashing)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[actix_web::test]
    async fn a_password_fits_its_own_hash_only() {
        let kept = hash(NewPassword::parse("/password", "indigo and madder", "x").unwrap()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$"));
        assert!(verify("indigo and madder".into(), Some(kept.clone())).await.unwrap());
        assert!(!verify("indigo and Madder".into(), Some(kept)).await.unwrap());
        assert!(!verify("indigo and madder".into(), None).await.unwrap());
    }
    #[actix_web::test]
    async fn nobodys_hash_costs_what_a_real_one_does() {
        let kept = hash(NewPassword::parse("/password", "indigo and madder", "x").unwrap()).await.unwrap();
        let cost = |phc: &str| phc.rsplitn(3, '$').last().unwrap().to_owned();
        assert_eq!(cost(&kept), cost(NOBODYS));
        assert_eq!(kept.len(), NOBODYS.len());
        // It parses: a broken one would be refused before any work.
        let parsed = argon2::password_hash::phc::PasswordHash::new(NOBODYS).unwrap();
        assert_eq!(parsed.hash.unwrap().len(), 32);
    }
}
