//! Accounts, their sessions, their roles.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    auth::model::{Identifier, Role},
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, CoopId, SessionId},
    schema::{accounts, cooperatives, memberships, sessions},
};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub struct Person {
    pub id: AccountId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub locale: String,
}

/// What a role is worth, and where.
#[derive(Clone, Debug)]
pub struct Held {
    pub role: Role,
    pub cooperative: Option<(CoopId, String, String)>,
}

/// The living account behind an identifier, with its password's hash.
pub async fn credentials(conn: &mut Conn, identifier: &Identifier) -> Result<Option<(AccountId, Option<String>)>, DbError> {
    let living = accounts::table.filter(accounts::disabled_at.is_null()).select((accounts::id, accounts::password_hash));
    let found = match identifier {
        Identifier::Email(email) => living.filter(accounts::email.eq(email.as_str())).first(conn).await,
        Identifier::Phone(phone) => living.filter(accounts::phone.eq(phone)).first(conn).await,
    };
    Ok(found.optional()?)
}

pub async fn password_of(conn: &mut Conn, id: AccountId) -> Result<Option<String>, DbError> {
    Ok(accounts::table.find(id).select(accounts::password_hash).first(conn).await?)
}

/// Locks the account. None where it was disabled, too.
pub async fn lock_password(tx: &mut Tx, id: AccountId) -> Result<Option<String>, DbError> {
    let living = accounts::table.find(id).filter(accounts::disabled_at.is_null()).select(accounts::password_hash);
    Ok(living.for_update().first(tx).await.optional()?.flatten())
}

pub async fn person(conn: &mut Conn, id: AccountId) -> Result<Person, DbError> {
    Ok(accounts::table.find(id).select(Person::as_select()).first(conn).await?)
}

/// What it holds now: the platform's roles first, then by cooperative.
pub async fn roles(conn: &mut Conn, now: Time, id: AccountId) -> Result<Vec<Held>, DbError> {
    let rows: Vec<(Role, Option<(CoopId, String, String)>)> = memberships::table
        .left_join(cooperatives::table)
        .filter(memberships::account_id.eq(id).and(memberships::revoked_at.is_null()))
        .filter(memberships::ends_at.is_null().or(memberships::ends_at.gt(now)))
        .order((memberships::coop_id.asc().nulls_first(), memberships::role))
        .select((memberships::role, (cooperatives::id, cooperatives::slug, cooperatives::name).nullable()))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|(role, cooperative)| Held { role, cooperative }).collect())
}

pub async fn rename(conn: &mut Conn, now: Time, id: AccountId, name: Option<&str>, locale: Option<&str>) -> Result<(), DbError> {
    diesel::update(accounts::table.find(id))
        .set((name.map(|n| accounts::name.eq(n)), locale.map(|l| accounts::locale.eq(l)), accounts::updated_at.eq(now)))
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn set_password(tx: &mut Tx, now: Time, id: AccountId, hash: &str) -> Result<(), DbError> {
    diesel::update(accounts::table.find(id)).set((accounts::password_hash.eq(hash), accounts::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}

pub async fn insert_session(conn: &mut Conn, now: Time, account: AccountId, token_hash: &[u8], expires_at: Time) -> Result<SessionId, DbError> {
    let id = SessionId::new();
    let values = (
        (sessions::id.eq(id), sessions::account_id.eq(account), sessions::token_hash.eq(token_hash)),
        (sessions::created_at.eq(now), sessions::expires_at.eq(expires_at)),
    );
    diesel::insert_into(sessions::table).values(values).execute(conn).await?;
    Ok(id)
}

/// The account of a living session. A disabled account has none.
pub async fn session(conn: &mut Conn, now: Time, token_hash: &[u8]) -> Result<Option<(SessionId, AccountId)>, DbError> {
    let living = sessions::table
        .inner_join(accounts::table)
        .filter(sessions::token_hash.eq(token_hash).and(sessions::revoked_at.is_null()).and(sessions::expires_at.gt(now)))
        .filter(accounts::disabled_at.is_null())
        .select((sessions::id, sessions::account_id));
    Ok(living.first(conn).await.optional()?)
}

pub async fn end_session(conn: &mut Conn, now: Time, id: SessionId) -> Result<(), DbError> {
    let living = sessions::table.find(id).filter(sessions::revoked_at.is_null());
    diesel::update(living).set(sessions::revoked_at.eq(now)).execute(conn).await?;
    Ok(())
}

/// All of an account's, but the one to `keep`.
pub async fn end_sessions(conn: &mut Conn, now: Time, account: AccountId, keep: Option<SessionId>) -> Result<usize, DbError> {
    let living = sessions::table.filter(sessions::account_id.eq(account).and(sessions::revoked_at.is_null()));
    let kept = keep.map_or_else(uuid::Uuid::nil, SessionId::uuid);
    Ok(diesel::update(living.filter(sessions::id.ne(SessionId::from(kept)))).set(sessions::revoked_at.eq(now)).execute(conn).await?)
}
