//! Every statement on evidence.
use diesel::{OptionalExtension, prelude::*};
use diesel_async::RunQueryDsl;

use super::model::{Kept, State};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, DisputeId, OperationId},
    schema::{dispute_evidence as evidence, disputes, money_alerts},
};

const KEPT: (
    evidence::dispute_id,
    evidence::state,
    evidence::said,
    evidence::operation_id,
    evidence::saved_by,
    evidence::saved_at,
    evidence::submitted_at,
) = (evidence::dispute_id, evidence::state, evidence::said, evidence::operation_id, evidence::saved_by, evidence::saved_at, evidence::submitted_at);

pub(super) async fn kept(conn: &mut Conn, dispute: DisputeId) -> Result<Option<Kept>, DbError> {
    Ok(evidence::table.find(dispute).select(KEPT).first(conn).await.optional()?)
}
/// Of several disputes, those that have any.
pub(in crate::checkout::disputes) async fn states(conn: &mut Conn, disputes: &[DisputeId]) -> Result<Vec<(DisputeId, State)>, DbError> {
    Ok(evidence::table.filter(evidence::dispute_id.eq_any(disputes)).select((evidence::dispute_id, evidence::state)).load(conn).await?)
}
/// Over what was kept before.
pub(super) async fn save(
    tx: &mut Tx,
    now: Time,
    dispute: DisputeId,
    state: State,
    said: &serde_json::Value,
    operation: Option<OperationId>,
    by: AccountId,
) -> Result<(), DbError> {
    let written = (
        evidence::state.eq(state),
        evidence::said.eq(said),
        evidence::operation_id.eq(operation),
        evidence::saved_by.eq(by),
        evidence::saved_at.eq(now),
    );
    diesel::insert_into(evidence::table)
        .values((evidence::dispute_id.eq(dispute), written))
        .on_conflict(evidence::dispute_id)
        .do_update()
        .set(written)
        .execute(tx)
        .await?;
    Ok(())
}
pub(super) async fn answered(
    tx: &mut Tx,
    dispute: DisputeId,
    operation: OperationId,
    state: State,
    submitted_at: Option<Time>,
) -> Result<bool, DbError> {
    let waiting = evidence::table.find(dispute).filter(evidence::operation_id.eq(operation).and(evidence::state.eq(State::Submitting)));
    let changed = diesel::update(waiting).set((evidence::state.eq(state), evidence::submitted_at.eq(submitted_at))).execute(tx).await?;
    Ok(changed == 1)
}

/// A dispute whose bank stops listening before `until`, and that nobody answered or was reminded of.
#[derive(Queryable)]
pub(super) struct Due {
    pub provider_id: String,
    pub due: Option<Time>,
    pub amount_minor: i64,
    pub currency: crate::money::Currency,
    pub reason: String,
}
pub(super) async fn due(conn: &mut Conn, now: Time, until: Time, reminder: &str, limit: i64) -> Result<Vec<Due>, DbError> {
    let answered = evidence::table
        .filter(evidence::dispute_id.eq(disputes::id).and(evidence::state.eq_any([State::Submitting, State::Submitted])))
        .select(evidence::dispute_id);
    let reminded = money_alerts::table
        .filter(money_alerts::kind.eq(reminder).and(money_alerts::subject.eq(disputes::provider_id)).and(money_alerts::resolved_at.is_null()))
        .select(money_alerts::id);
    Ok(disputes::table
        .filter(disputes::state.eq_any(["inquiry", "open"]))
        .filter(disputes::evidence_due.gt(now).and(disputes::evidence_due.le(until)))
        .filter(diesel::dsl::not(diesel::dsl::exists(answered)))
        .filter(diesel::dsl::not(diesel::dsl::exists(reminded)))
        .order(disputes::evidence_due)
        .limit(limit)
        .select((disputes::provider_id, disputes::evidence_due, disputes::amount_minor, disputes::currency, disputes::reason))
        .load(conn)
        .await?)
}
