//! API keys.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    auth::keys::KeyKind,
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, ApiKeyId, CoopId},
    schema::api_keys as k,
};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = k)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub coop_id: Option<CoopId>,
    pub kind: KeyKind,
    pub name: String,
    pub hint: String,
    pub scopes: Vec<String>,
    pub allowed_origins: Vec<String>,
    pub created_by: Option<AccountId>,
    pub created_at: Time,
    pub revoked_at: Option<Time>,
}

pub async fn insert(tx: &mut Tx, key: &ApiKey, token_hash: &[u8]) -> Result<(), DbError> {
    let what = (k::id.eq(key.id), k::coop_id.eq(key.coop_id), k::kind.eq(key.kind), k::name.eq(&key.name), k::hint.eq(&key.hint));
    let may = (k::token_hash.eq(token_hash), k::scopes.eq(&key.scopes), k::allowed_origins.eq(&key.allowed_origins));
    diesel::insert_into(k::table).values((what, may, k::created_by.eq(key.created_by), k::created_at.eq(key.created_at))).execute(tx).await?;
    Ok(())
}
/// A key that holds.
pub async fn living(conn: &mut Conn, kind: KeyKind, token_hash: &[u8]) -> Result<Option<ApiKey>, DbError> {
    let key = k::table.filter(k::token_hash.eq(token_hash).and(k::kind.eq(kind)).and(k::revoked_at.is_null()));
    Ok(key.select(ApiKey::as_select()).first(conn).await.optional()?)
}
/// Newest first, revoked ones among them.
pub async fn list(conn: &mut Conn, coop: Option<CoopId>, before: Option<ApiKeyId>, limit: i64) -> Result<Vec<ApiKey>, DbError> {
    let mut rows = k::table.filter(k::coop_id.is_not_distinct_from(coop)).into_boxed();
    if let Some(before) = before {
        rows = rows.filter(k::id.lt(before));
    }
    Ok(rows.order(k::id.desc()).limit(limit).select(ApiKey::as_select()).load(conn).await?)
}
/// False if it is not theirs; one that was revoked before stays so.
pub async fn revoke(tx: &mut Tx, now: Time, coop: Option<CoopId>, id: ApiKeyId) -> Result<bool, DbError> {
    let theirs = k::table.filter(k::id.eq(id).and(k::coop_id.is_not_distinct_from(coop)));
    let first = diesel::dsl::sql::<diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>>("coalesce(revoked_at, ")
        .bind::<diesel::sql_types::Timestamptz, _>(now)
        .sql(")");
    Ok(diesel::update(theirs).set(k::revoked_at.eq(first)).execute(tx).await? == 1)
}
/// Those that somebody made there: she has seen them.
pub async fn revoke_made_by(tx: &mut Tx, now: Time, coop: Option<CoopId>, account: AccountId) -> Result<usize, DbError> {
    let made = k::table.filter(k::created_by.eq(account).and(k::coop_id.is_not_distinct_from(coop)).and(k::revoked_at.is_null()));
    Ok(diesel::update(made.filter(k::kind.eq(KeyKind::Secret))).set(k::revoked_at.eq(now)).execute(tx).await?)
}
