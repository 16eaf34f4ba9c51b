//! Every statement on disputes.
use diesel::{OptionalExtension, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    model::{Dispute, State},
    policy::Rule,
};
use crate::{
    checkout::refunds::model::Consent,
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, DisputeId},
    schema::{dispute_policies as policies, disputes},
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

pub(super) async fn one(conn: &mut Conn, id: DisputeId) -> Result<Option<Dispute>, DbError> {
    Ok(disputes::table.find(id).select(columns!()).first(conn).await.optional()?)
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
/// Banks move their dates, and an inquiry that becomes a dispute has another.
pub(super) async fn set_due(tx: &mut Tx, now: Time, id: DisputeId, due: Option<Time>) -> Result<(), DbError> {
    diesel::update(disputes::table.find(id)).set((disputes::evidence_due.eq(due), disputes::updated_at.eq(now))).execute(tx).await?;
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

/// Who bears what, `*` first.
pub(super) async fn rules(conn: &mut Conn) -> Result<Vec<Rule>, DbError> {
    let columns = (policies::reason, policies::bearer, policies::note, policies::decided_at);
    Ok(policies::table.order(policies::reason).select(columns).load(conn).await?)
}
pub(super) async fn set_rule(tx: &mut Tx, rule: &Rule, by: AccountId) -> Result<(), DbError> {
    let decided = (
        policies::bearer.eq(rule.bearer),
        policies::note.eq(&rule.note),
        policies::decided_by.eq(Some(by)),
        policies::decided_at.eq(rule.decided_at),
    );
    diesel::insert_into(policies::table)
        .values((policies::reason.eq(&rule.reason), decided))
        .on_conflict(policies::reason)
        .do_update()
        .set(decided)
        .execute(tx)
        .await?;
    Ok(())
}
pub(super) async fn set_consent(tx: &mut Tx, now: Time, id: DisputeId, said: &Consent) -> Result<(), DbError> {
    let said = serde_json::to_value(said).map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))?;
    diesel::update(disputes::table.find(id)).set((disputes::consent.eq(Some(said)), disputes::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}
pub(super) async fn consented(conn: &mut Conn, provider_id: &str) -> Result<bool, DbError> {
    let agreed = disputes::table.filter(disputes::provider_id.eq(provider_id).and(disputes::consent.is_not_null()));
    Ok(diesel::select(diesel::dsl::exists(agreed)).get_result(conn).await?)
}
