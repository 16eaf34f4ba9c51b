//! Who sells: a cooperative's standing, its profile, and what it needs to trade.
//!
//! - A cooperative is seen by buyers, and paid, only while it is approved.
//! - Each move of its standing is an event that stays, with its reason where somebody must be told why.
//! - Its slug and currency never change: records name the one, every debt is in the other.
//! - The public sees its district and nothing nearer.
pub mod delivery;
pub mod destinations;
pub mod http;
pub mod model;
mod read;
mod store;

pub use model::{Cooperative, Edit, Error, Event, Profile, State, Terms};

use crate::{
    audit::{self, Act},
    auth::{
        self, Role,
        invitations::{self, Inviter},
        model::Email,
    },
    clock::Time,
    db::{Conn, Tx},
    ids::{AccountId, CoopId},
    slug::slugify,
    tenancy::Scope,
};

/// Asks to sell here. The slug is made from the name, with a number behind it if it is taken.
///
/// # Errors
/// [`Error::Invalid`] names every field that cannot be accepted.
pub async fn apply(tx: &mut Tx, now: Time, profile: &Profile) -> Result<CoopId, Error> {
    profile.check()?;
    let id = CoopId::new();
    let slug = store::free_slug(tx, &address(&profile.name)).await?;
    store::insert(tx, now, id, &slug, profile).await?;
    store::record(tx, now, id, Event::Apply, None, None).await?;
    Ok(id)
}
/// A slug that reads like an id would lead to whatever has that id.
fn address(name: &str) -> String {
    let slug = slugify(name);
    if slug.parse::<CoopId>().is_ok() { format!("coop-{slug}") } else { slug }
}

/// Asks again, after a rejection, with what is changed since.
pub async fn apply_again(tx: &mut Tx, now: Time, coop: CoopId, profile: &Profile) -> Result<(), Error> {
    profile.check()?;
    moved(tx, now, None, coop, Event::Apply, None).await?;
    Ok(store::set_profile(tx, coop, profile).await?)
}

/// Lets a cooperative sell, on these terms, and invites its first manager at its contact address.
pub async fn approve(tx: &mut Tx, now: Time, by: Option<AccountId>, coop: CoopId, terms: Terms) -> Result<(), Error> {
    terms.check()?;
    let before = moved(tx, now, by, coop, Event::Approve, None).await?;
    store::set_terms(tx, coop, terms).await?;
    let inviter = Inviter { account: by, role: "operator" };
    let contact = Email::parse("/contact_email", &before.contact_email)?;
    match invitations::invite(tx, now, inviter, &contact, Role::Manager, Some(coop)).await {
        // Approved a second time, with a manager who never left.
        Ok(_) | Err(auth::Error::AlreadyMember) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
/// Tells a cooperative why not; it may apply again.
pub async fn reject(tx: &mut Tx, now: Time, by: Option<AccountId>, coop: CoopId, reason: &str) -> Result<(), Error> {
    moved(tx, now, by, coop, Event::Reject, Some(reason)).await.map(drop)
}
/// Hides a cooperative from buyers and holds its payouts. Its people keep their way in: orders that are paid must still be sent.
pub async fn suspend(tx: &mut Tx, now: Time, by: Option<AccountId>, coop: CoopId, reason: &str) -> Result<(), Error> {
    moved(tx, now, by, coop, Event::Suspend, Some(reason)).await.map(drop)
}
pub async fn reinstate(tx: &mut Tx, now: Time, by: Option<AccountId>, coop: CoopId, reason: Option<&str>) -> Result<(), Error> {
    moved(tx, now, by, coop, Event::Reinstate, reason).await.map(drop)
}

/// One move, under the cooperative's lock; answers what it was before.
async fn moved(tx: &mut Tx, now: Time, by: Option<AccountId>, coop: CoopId, event: Event, reason: Option<&str>) -> Result<Cooperative, Error> {
    model::check_reason(event, reason)?;
    let before = store::lock(tx, coop).await?.ok_or(Error::NotFound)?;
    let state = before.state.apply(event)?;
    store::set_state(tx, now, coop, state).await?;
    store::record(tx, now, coop, event, reason.map(str::trim).filter(|r| !r.is_empty()), by).await?;
    let action = match event {
        // Who applies is nobody yet.
        Event::Apply => return Ok(before),
        Event::Approve => "cooperative.approve",
        Event::Reject => "cooperative.reject",
        Event::Suspend => "cooperative.suspend",
        Event::Reinstate => "cooperative.reinstate",
    };
    let act = Act::operator(by, action, coop).of(Some(coop)).with(serde_json::json!({"reason": reason}));
    audit::record(tx, now, act).await?;
    Ok(before)
}

/// Changes what the cooperative says of itself, if it is still the version that the manager read.
///
/// # Errors
/// [`Error::Stale`] if it is not; [`Error::Invalid`] names the fields.
pub async fn edit(tx: &mut Tx, now: Time, scope: Scope, read: i64, edit: &Edit) -> Result<(), Error> {
    let before = store::lock(tx, scope.coop()).await?.ok_or(Error::NotFound)?;
    if before.version != read {
        return Err(Error::Stale);
    }
    let profile = Profile::from(before).changed(edit);
    profile.check()?;
    store::set_profile(tx, scope.coop(), &profile).await?;
    Ok(store::touch(tx, now, scope.coop()).await?)
}

/// The cooperative with this id or slug, whatever its standing.
pub async fn find(conn: &mut Conn, named: &str) -> Result<Option<Cooperative>, Error> {
    Ok(store::find(conn, named).await?)
}
