//! Every statement that changes cooperatives and their events.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::model::{Cooperative, Event, Profile, State, Terms};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, CoopId},
    money::Currency,
    schema::{cooperative_events as events, cooperatives as c},
};

/// The wanted slug, or the first free one with a number behind it. The unique key decides a race: the loser's transaction is retried.
pub(super) async fn free_slug(conn: &mut Conn, wanted: &str) -> Result<String, DbError> {
    let near = c::table.filter(c::slug.eq(wanted).or(c::slug.like(format!("{wanted}-%"))));
    let taken: Vec<String> = near.select(c::slug).load(conn).await?;
    let numbered = (2..).map(|n| format!("{wanted}-{n}"));
    Ok(std::iter::once(wanted.to_owned()).chain(numbered).find(|slug| !taken.contains(slug)).expect("an endless row of numbers has a free one"))
}

pub(super) async fn insert(tx: &mut Tx, now: Time, id: CoopId, slug: &str, profile: &Profile) -> Result<(), DbError> {
    // What an applicant is told the terms usually are; an approval sets them.
    let terms = Terms::default();
    diesel::insert_into(c::table)
        .values((
            (c::id.eq(id), c::slug.eq(slug), c::state.eq(State::Applied), c::version.eq(1), c::created_at.eq(now), c::updated_at.eq(now)),
            (c::commission_bp.eq(basis_points(terms.commission_bp)), c::premium_bp.eq(basis_points(terms.premium_bp))),
            said(profile),
        ))
        .execute(tx)
        .await?;
    Ok(())
}
pub(super) async fn set_profile(tx: &mut Tx, coop: CoopId, profile: &Profile) -> Result<(), DbError> {
    diesel::update(c::table.find(coop)).set(said(profile)).execute(tx).await?;
    Ok(())
}
/// The columns of a profile.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = c, treat_none_as_null = true)]
struct Said<'a> {
    name: &'a str,
    legal_form: &'a str,
    about: &'a str,
    country: &'a str,
    region: Option<&'a str>,
    district: &'a str,
    currency: Currency,
    locale: &'a str,
    members: Option<i32>,
    women: Option<i32>,
    contact_email: String,
}
fn said(p: &Profile) -> Said<'_> {
    Said {
        name: p.name.trim(),
        legal_form: p.legal_form.trim(),
        about: p.about.trim(),
        country: &p.country,
        region: p.region.as_deref().map(str::trim),
        district: p.district.trim(),
        currency: p.currency,
        locale: &p.locale,
        members: p.members,
        women: p.women,
        contact_email: p.contact_email.trim().to_lowercase(),
    }
}
/// What was checked to be a few thousand at most.
fn basis_points(bp: u32) -> i32 {
    i32::try_from(bp).unwrap_or(i32::MAX)
}

pub(super) async fn lock(tx: &mut Tx, coop: CoopId) -> Result<Option<Cooperative>, DbError> {
    Ok(c::table.find(coop).select(Cooperative::as_select()).for_no_key_update().first(tx).await.optional()?)
}
pub(super) async fn find(conn: &mut Conn, named: &str) -> Result<Option<Cooperative>, DbError> {
    let all = c::table.select(Cooperative::as_select());
    Ok(match named.parse::<CoopId>() {
        Ok(id) => all.filter(c::id.eq(id)).first(conn).await.optional()?,
        Err(_) => all.filter(c::slug.eq(named)).first(conn).await.optional()?,
    })
}

pub(super) async fn set_state(tx: &mut Tx, now: Time, coop: CoopId, state: State) -> Result<(), DbError> {
    diesel::update(c::table.find(coop)).set(c::state.eq(state)).execute(tx).await?;
    touch(tx, now, coop).await
}
pub(super) async fn set_terms(tx: &mut Tx, coop: CoopId, terms: Terms) -> Result<(), DbError> {
    let terms = (c::commission_bp.eq(basis_points(terms.commission_bp)), c::premium_bp.eq(basis_points(terms.premium_bp)));
    diesel::update(c::table.find(coop)).set(terms).execute(tx).await?;
    Ok(())
}
/// Another version of it.
pub(super) async fn touch(tx: &mut Tx, now: Time, coop: CoopId) -> Result<(), DbError> {
    diesel::update(c::table.find(coop)).set((c::version.eq(c::version + 1), c::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}

pub(super) async fn record(tx: &mut Tx, now: Time, coop: CoopId, event: Event, reason: Option<&str>, by: Option<AccountId>) -> Result<(), DbError> {
    let row = (events::id.eq(crate::ids::new_uuid()), events::coop_id.eq(coop), events::event.eq(event.as_str()), events::reason.eq(reason));
    diesel::insert_into(events::table).values((row, events::by_account.eq(by), events::at.eq(now))).execute(tx).await?;
    Ok(())
}
