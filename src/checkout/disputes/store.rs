//! Every statement on disputes.
use diesel::{OptionalExtension, prelude::*};
use diesel_async::RunQueryDsl;

use super::model::{Dispute, State};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::DisputeId,
    schema::disputes,
};

macro_rules! columns {
    () => {
        (
            disputes::id,
            disputes::order_id,
            disputes::provider_id,
            disputes::state,
            disputes::reason,
            disputes::amount_minor,
            disputes::currency,
            disputes::evidence_due,
            disputes::opened_at,
            disputes::updated_at,
        )
    };
}

/// By the provider's name for it, under its order's lock.
pub(super) async fn called(tx: &mut Tx, provider_id: &str) -> Result<Option<Dispute>, DbError> {
    Ok(disputes::table.filter(disputes::provider_id.eq(provider_id)).select(columns!()).first(tx).await.optional()?)
}
pub(super) async fn insert(tx: &mut Tx, dispute: &Dispute) -> Result<(), DbError> {
    diesel::insert_into(disputes::table)
        .values((
            (disputes::id.eq(dispute.id), disputes::order_id.eq(dispute.order), disputes::provider_id.eq(&dispute.provider_id)),
            (disputes::state.eq(dispute.state), disputes::reason.eq(&dispute.reason), disputes::evidence_due.eq(dispute.evidence_due)),
            (disputes::amount_minor.eq(dispute.amount_minor), disputes::currency.eq(dispute.currency)),
            (disputes::opened_at.eq(dispute.opened_at), disputes::updated_at.eq(dispute.updated_at)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}
pub(super) async fn move_to(tx: &mut Tx, now: Time, id: DisputeId, state: State) -> Result<(), DbError> {
    diesel::update(disputes::table.find(id)).set((disputes::state.eq(state), disputes::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}
/// Newest first.
pub(super) async fn list(conn: &mut Conn, state: Option<State>, after: Option<DisputeId>, limit: i64) -> Result<Vec<Dispute>, DbError> {
    let mut query = disputes::table.order(disputes::id.desc()).limit(limit).select(columns!()).into_boxed();
    if let Some(state) = state {
        query = query.filter(disputes::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(disputes::id.lt(after));
    }
    Ok(query.load(conn).await?)
}
