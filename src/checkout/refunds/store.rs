//! Every statement on refunds.
use diesel::{OptionalExtension, prelude::*};
use diesel_async::RunQueryDsl;

use super::model::{Ask, Plan, Refund, State};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{OrderId, RefundId},
    schema::refunds,
};

fn json(value: &impl serde::Serialize) -> Result<serde_json::Value, DbError> {
    serde_json::to_value(value).map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))
}

pub(super) async fn insert(tx: &mut Tx, now: Time, id: RefundId, order: OrderId, ask: &Ask, plan: &Plan) -> Result<(), DbError> {
    let consent = ask.consent.as_ref().map(json).transpose()?;
    diesel::insert_into(refunds::table)
        .values((
            (refunds::id.eq(id), refunds::order_id.eq(order), refunds::state.eq(State::Requested), refunds::reason.eq(ask.reason)),
            (refunds::amount_minor.eq(plan.amount.minor), refunds::currency.eq(plan.amount.currency), refunds::parts.eq(json(&plan.parts)?)),
            (refunds::requested_by.eq(ask.by.account()), refunds::note.eq(&ask.note), refunds::consent.eq(consent)),
            (refunds::created_at.eq(now), refunds::updated_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

macro_rules! columns {
    () => {
        (
            refunds::id,
            refunds::order_id,
            refunds::state,
            refunds::reason,
            refunds::amount_minor,
            refunds::currency,
            refunds::parts,
            refunds::provider_id,
            refunds::requested_by,
            refunds::note,
            refunds::consent,
            refunds::created_at,
            refunds::updated_at,
        )
    };
}

pub(super) async fn refund(conn: &mut Conn, order: OrderId, id: RefundId) -> Result<Option<Refund>, DbError> {
    let one = refunds::table.filter(refunds::id.eq(id).and(refunds::order_id.eq(order)));
    Ok(one.select(columns!()).first(conn).await.optional()?)
}
pub(super) async fn lock(tx: &mut Tx, id: RefundId) -> Result<Option<Refund>, DbError> {
    Ok(refunds::table.find(id).select(columns!()).for_update().first(tx).await.optional()?)
}
/// The refund that the provider calls so.
pub(super) async fn called(conn: &mut Conn, provider_id: &str) -> Result<Option<RefundId>, DbError> {
    Ok(refunds::table.filter(refunds::provider_id.eq(provider_id)).select(refunds::id).first(conn).await.optional()?)
}
/// An order's refunds, newest first.
pub(super) async fn list(conn: &mut Conn, order: OrderId, after: Option<RefundId>, limit: i64) -> Result<Vec<Refund>, DbError> {
    let mut query = refunds::table.filter(refunds::order_id.eq(order)).order(refunds::id.desc()).limit(limit).select(columns!()).into_boxed();
    if let Some(after) = after {
        query = query.filter(refunds::id.lt(after));
    }
    Ok(query.load(conn).await?)
}
pub(super) async fn set(tx: &mut Tx, now: Time, id: RefundId, state: State, provider_id: Option<&str>) -> Result<(), DbError> {
    diesel::update(refunds::table.find(id))
        .set((refunds::state.eq(state), refunds::provider_id.eq(provider_id), refunds::updated_at.eq(now)))
        .execute(tx)
        .await?;
    Ok(())
}
