//! Invitations and memberships.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    auth::model::Role,
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, CoopId, InvitationId, MembershipId},
    schema::{accounts, cooperatives, invitations, memberships},
};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = invitations)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub coop_id: Option<CoopId>,
    pub role: Role,
    pub generation: i32,
    pub created_at: Time,
    pub expires_at: Time,
    pub accepted_at: Option<Time>,
    pub revoked_at: Option<Time>,
}
impl Invitation {
    pub fn open(&self) -> bool {
        self.accepted_at.is_none() && self.revoked_at.is_none()
    }
}

pub async fn insert(tx: &mut Tx, invitation: &Invitation, by: Option<AccountId>) -> Result<(), DbError> {
    use invitations as i;
    let whom = (i::id.eq(invitation.id), i::email.eq(&invitation.email), i::coop_id.eq(invitation.coop_id), i::role.eq(invitation.role));
    let when = (i::created_at.eq(invitation.created_at), i::expires_at.eq(invitation.expires_at));
    diesel::insert_into(i::table).values((whom, i::generation.eq(invitation.generation), i::invited_by.eq(by), when)).execute(tx).await?;
    Ok(())
}
pub async fn find(conn: &mut Conn, id: InvitationId) -> Result<Option<Invitation>, DbError> {
    Ok(invitations::table.find(id).select(Invitation::as_select()).first(conn).await.optional()?)
}
pub async fn lock(tx: &mut Tx, id: InvitationId) -> Result<Option<Invitation>, DbError> {
    Ok(invitations::table.find(id).select(Invitation::as_select()).for_update().first(tx).await.optional()?)
}
/// The one that the same person has for the same already.
pub async fn lock_same(tx: &mut Tx, email: &str, role: Role, coop: Option<CoopId>) -> Result<Option<Invitation>, DbError> {
    let same = invitations::table
        .filter(invitations::email.eq(email).and(invitations::role.eq(role)).and(invitations::coop_id.is_not_distinct_from(coop)))
        .filter(invitations::accepted_at.is_null().and(invitations::revoked_at.is_null()));
    Ok(same.order(invitations::id).select(Invitation::as_select()).for_update().first(tx).await.optional()?)
}
pub async fn renew(tx: &mut Tx, invitation: &Invitation) -> Result<(), DbError> {
    let new = (invitations::generation.eq(invitation.generation), invitations::expires_at.eq(invitation.expires_at));
    diesel::update(invitations::table.find(invitation.id)).set(new).execute(tx).await?;
    Ok(())
}
pub async fn withdraw(tx: &mut Tx, now: Time, id: InvitationId) -> Result<(), DbError> {
    diesel::update(invitations::table.find(id)).set(invitations::revoked_at.eq(now)).execute(tx).await?;
    Ok(())
}
pub async fn accepted(tx: &mut Tx, now: Time, id: InvitationId) -> Result<(), DbError> {
    diesel::update(invitations::table.find(id)).set(invitations::accepted_at.eq(now)).execute(tx).await?;
    Ok(())
}
/// Newest first.
pub async fn list(conn: &mut Conn, coop: Option<CoopId>, before: Option<InvitationId>, limit: i64) -> Result<Vec<Invitation>, DbError> {
    let mut rows = invitations::table.filter(invitations::coop_id.is_not_distinct_from(coop)).into_boxed();
    if let Some(before) = before {
        rows = rows.filter(invitations::id.lt(before));
    }
    Ok(rows.order(invitations::id.desc()).limit(limit).select(Invitation::as_select()).load(conn).await?)
}
/// A cooperative's name, and the language it reads.
pub async fn place(conn: &mut Conn, coop: CoopId) -> Result<Option<(String, String)>, DbError> {
    Ok(cooperatives::table.find(coop).select((cooperatives::name, cooperatives::locale)).first(conn).await.optional()?)
}
/// A cooperative by id or slug.
pub async fn cooperative_called(conn: &mut Conn, named: &str) -> Result<Option<CoopId>, DbError> {
    let found = match named.parse::<CoopId>() {
        Ok(id) => cooperatives::table.find(id).select(cooperatives::id).first(conn).await,
        Err(_) => cooperatives::table.filter(cooperatives::slug.eq(named)).select(cooperatives::id).first(conn).await,
    };
    Ok(found.optional()?)
}

/// The account of an address: its id, whether it has a password, whether it is disabled.
pub async fn account_of(conn: &mut Conn, email: &str) -> Result<Option<(AccountId, bool, bool)>, DbError> {
    let columns = (accounts::id, accounts::password_hash.is_not_null(), accounts::disabled_at.is_not_null());
    Ok(accounts::table.filter(accounts::email.eq(email)).select(columns).first(conn).await.optional()?)
}
pub async fn insert_account(tx: &mut Tx, now: Time, email: &str, name: &str, locale: &str, hash: &str) -> Result<AccountId, DbError> {
    use accounts as a;
    let id = AccountId::new();
    let who = (a::id.eq(id), a::email.eq(email), a::name.eq(name), a::locale.eq(locale), a::password_hash.eq(hash));
    diesel::insert_into(a::table).values((who, a::created_at.eq(now), a::updated_at.eq(now))).execute(tx).await?;
    Ok(id)
}

pub async fn holds(conn: &mut Conn, now: Time, account: AccountId, role: Role, coop: Option<CoopId>) -> Result<bool, DbError> {
    let held = memberships::table.filter(memberships::account_id.eq(account).and(memberships::role.eq(role)).and(memberships::revoked_at.is_null()));
    let held = held.filter(memberships::ends_at.is_null().or(memberships::ends_at.gt(now)));
    Ok(diesel::select(diesel::dsl::exists(held.filter(memberships::coop_id.is_not_distinct_from(coop)))).get_result(conn).await?)
}
pub async fn insert_membership(tx: &mut Tx, now: Time, account: AccountId, role: Role, coop: Option<CoopId>) -> Result<(), DbError> {
    use memberships as m;
    let ended = m::table.filter(m::account_id.eq(account).and(m::role.eq(role)).and(m::coop_id.is_not_distinct_from(coop)));
    diesel::update(ended.filter(m::revoked_at.is_null().and(m::ends_at.le(now)))).set(m::revoked_at.eq(m::ends_at)).execute(tx).await?;
    let until = role.lasts().map(|term| now.plus(term));
    let values = (m::id.eq(MembershipId::new()), m::account_id.eq(account), m::coop_id.eq(coop), m::role.eq(role), m::created_at.eq(now));
    let values = (values, m::ends_at.eq(until));
    diesel::insert_into(m::table).values(values).execute(tx).await?;
    Ok(())
}

/// Somebody with a role.
#[derive(Clone, Debug, Queryable)]
pub struct Member {
    pub id: MembershipId,
    pub account: AccountId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub role: Role,
    pub since: Time,
    /// When it ends by itself.
    pub until: Option<Time>,
}
/// Oldest first.
pub async fn members(conn: &mut Conn, coop: Option<CoopId>, after: Option<MembershipId>, limit: i64) -> Result<Vec<Member>, DbError> {
    let living = memberships::table.inner_join(accounts::table).filter(memberships::revoked_at.is_null());
    let mut rows = living.filter(memberships::coop_id.is_not_distinct_from(coop)).into_boxed();
    if let Some(after) = after {
        rows = rows.filter(memberships::id.gt(after));
    }
    let who = (
        memberships::id,
        accounts::id,
        accounts::name,
        accounts::email,
        accounts::phone,
        memberships::role,
        memberships::created_at,
        memberships::ends_at,
    );
    Ok(rows.order(memberships::id).limit(limit).select(who).load(conn).await?)
}
pub async fn emails(conn: &mut Conn, coop: CoopId, role: Role) -> Result<Vec<String>, DbError> {
    let living = memberships::table.inner_join(accounts::table).filter(memberships::revoked_at.is_null().and(accounts::disabled_at.is_null()));
    let held = living.filter(memberships::coop_id.eq(coop).and(memberships::role.eq(role)).and(accounts::email.is_not_null()));
    Ok(held.select(accounts::email.assume_not_null()).load(conn).await?)
}
/// Every living membership of the place, under its lock and in one order, so that two who leave at once cannot both be the last but one.
pub async fn lock_members(tx: &mut Tx, coop: Option<CoopId>) -> Result<Vec<(MembershipId, AccountId, Role)>, DbError> {
    let living = memberships::table.filter(memberships::revoked_at.is_null().and(memberships::coop_id.is_not_distinct_from(coop)));
    let who = (memberships::id, memberships::account_id, memberships::role);
    Ok(living.order(memberships::id).select(who).for_update().load(tx).await?)
}
pub async fn revoke(tx: &mut Tx, now: Time, id: MembershipId) -> Result<(), DbError> {
    diesel::update(memberships::table.find(id)).set(memberships::revoked_at.eq(now)).execute(tx).await?;
    Ok(())
}
