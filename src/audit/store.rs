//! Every statement on `audit_log`.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, AuditorReadId},
    schema::{audit_log, auditor_reads},
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log)]
pub struct Row {
    pub seq: i64,
    pub at: Time,
    pub actor: Option<uuid::Uuid>,
    pub actor_role: String,
    pub action: String,
    pub subject: String,
    pub coop_id: Option<uuid::Uuid>,
    pub details: serde_json::Value,
    pub prev: Vec<u8>,
    pub hash: Vec<u8>,
}

/// Until the transaction ends, nobody else writes behind the last row.
pub async fn hold_end(tx: &mut Tx) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended('audit_log', 0))").execute(tx).await?;
    Ok(())
}
pub async fn end(tx: &mut Tx) -> Result<Option<(i64, Vec<u8>)>, DbError> {
    Ok(audit_log::table.order(audit_log::seq.desc()).select((audit_log::seq, audit_log::hash)).first(tx).await.optional()?)
}
pub async fn insert(tx: &mut Tx, row: Row) -> Result<(), DbError> {
    diesel::insert_into(audit_log::table).values(row).execute(tx).await?;
    Ok(())
}
/// Behind `after`, oldest first.
pub async fn forward(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Row>, DbError> {
    let rows = audit_log::table.filter(audit_log::seq.gt(after)).order(audit_log::seq).limit(limit);
    Ok(rows.select(Row::as_select()).load(conn).await?)
}
/// Before `before`, newest first.
pub async fn backward(conn: &mut Conn, before: Option<i64>, action: Option<&str>, limit: i64) -> Result<Vec<Row>, DbError> {
    let mut rows = audit_log::table.filter(audit_log::seq.lt(before.unwrap_or(i64::MAX))).into_boxed();
    if let Some(action) = action {
        rows = rows.filter(audit_log::action.eq(action.to_owned()));
    }
    Ok(rows.order(audit_log::seq.desc()).limit(limit).select(Row::as_select()).load(conn).await?)
}

pub async fn insert_read(conn: &mut Conn, now: Time, account: AccountId, address: &str) -> Result<(), DbError> {
    use auditor_reads as r;
    let values = (r::id.eq(AuditorReadId::new()), r::account_id.eq(account), r::address.eq(address), r::at.eq(now));
    diesel::insert_into(r::table).values(values).execute(conn).await?;
    Ok(())
}
/// A look of an auditor's.
#[derive(Clone, Debug, Queryable)]
pub struct Read {
    pub id: AuditorReadId,
    pub account: AccountId,
    pub address: String,
    pub at: Time,
}
/// Newest first.
pub async fn reads(conn: &mut Conn, before: Option<AuditorReadId>, limit: i64) -> Result<Vec<Read>, DbError> {
    use auditor_reads as r;
    let mut rows = r::table.select((r::id, r::account_id, r::address, r::at)).into_boxed();
    if let Some(before) = before {
        rows = rows.filter(r::id.lt(before));
    }
    Ok(rows.order(r::id.desc()).limit(limit).load(conn).await?)
}
