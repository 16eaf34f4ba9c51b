//! Password resets.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, ResetId},
    schema::{accounts, password_resets as r},
};

/// Written once, however often its job runs.
pub async fn insert(tx: &mut Tx, now: Time, id: ResetId, account: AccountId, expires_at: Time) -> Result<(), DbError> {
    let values = (r::id.eq(id), r::account_id.eq(account), r::created_at.eq(now), r::expires_at.eq(expires_at));
    diesel::insert_into(r::table).values(values).on_conflict(r::id).do_nothing().execute(tx).await?;
    Ok(())
}
/// Whose it is, if it can still be used.
pub async fn living(conn: &mut Conn, now: Time, id: ResetId) -> Result<Option<AccountId>, DbError> {
    let open = r::table.inner_join(accounts::table).filter(r::id.eq(id).and(r::used_at.is_null()).and(r::expires_at.gt(now)));
    Ok(open.filter(accounts::disabled_at.is_null()).select(r::account_id).first(conn).await.optional()?)
}
/// Takes it; false if another was faster.
pub async fn take(tx: &mut Tx, now: Time, id: ResetId) -> Result<bool, DbError> {
    let open = r::table.find(id).filter(r::used_at.is_null().and(r::expires_at.gt(now)));
    Ok(diesel::update(open).set(r::used_at.eq(now)).execute(tx).await? == 1)
}
/// The account's other links die with it.
pub async fn take_all(tx: &mut Tx, now: Time, account: AccountId) -> Result<(), DbError> {
    diesel::update(r::table.filter(r::account_id.eq(account).and(r::used_at.is_null()))).set(r::used_at.eq(now)).execute(tx).await?;
    Ok(())
}
