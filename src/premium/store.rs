//! Every statement on decisions and spendings, and the few reads of others that decide them.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::model::{Decision, NewDecision, State};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, CoopId, PremiumDecisionId, PremiumSpendingId},
    money::Currency,
    payouts::{self, Payout},
    schema::{accounts, cooperatives, payouts as p, premium_decisions as d, premium_spendings as s},
    tenancy::Scope,
};

/// Whose fund it is.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Place {
    pub slug: String,
    pub name: String,
    pub currency: Currency,
}
pub(super) async fn place(conn: &mut Conn, scope: Scope) -> Result<Place, DbError> {
    Ok(cooperatives::table.find(scope.coop()).select((cooperatives::slug, cooperatives::name, cooperatives::currency)).first(conn).await?)
}
pub(super) async fn email(conn: &mut Conn, account: AccountId) -> Result<Option<String>, DbError> {
    Ok(accounts::table.find(account).select(accounts::email).first(conn).await?)
}

pub(super) async fn insert(
    tx: &mut Tx,
    now: Time,
    by: AccountId,
    scope: Scope,
    id: PremiumDecisionId,
    new: &NewDecision,
    digest: &[u8; 32],
) -> Result<(), DbError> {
    diesel::insert_into(d::table)
        .values((
            (d::coop_id.eq(scope.coop()), d::id.eq(id), d::met_on.eq(new.met_on), d::category.eq(new.category), d::purpose.eq(&new.purpose)),
            (d::amount_minor.eq(new.amount.minor), d::currency.eq(new.amount.currency), d::present.eq(new.votes.present)),
            (d::votes_for.eq(new.votes.yes), d::votes_against.eq(new.votes.no), d::abstained.eq(new.votes.abstained)),
            (d::minutes.eq(&new.minutes), d::minutes_sha256.eq(digest.as_slice()), d::state.eq(State::Recorded)),
            (d::recorded_by.eq(by), d::recorded_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}
pub(super) async fn lock(tx: &mut Tx, scope: Scope, id: PremiumDecisionId) -> Result<Option<Decision>, DbError> {
    Ok(d::table.find((scope.coop(), id)).select(Decision::as_select()).for_update().first(tx).await.optional()?)
}
/// Whose decision it is: for operators, who name it alone.
pub(super) async fn owner(conn: &mut Conn, id: PremiumDecisionId) -> Result<Option<Scope>, DbError> {
    let coop: Option<CoopId> = d::table.filter(d::id.eq(id)).select(d::coop_id).first(conn).await.optional()?;
    Ok(coop.map(Scope::system))
}
pub(super) async fn end(
    tx: &mut Tx,
    now: Time,
    scope: Scope,
    id: PremiumDecisionId,
    by: AccountId,
    state: State,
    reason: Option<&str>,
) -> Result<(), DbError> {
    diesel::update(d::table.find((scope.coop(), id)))
        .set((d::state.eq(state), d::ended_by.eq(by), d::ended_at.eq(now), d::reason.eq(reason)))
        .execute(tx)
        .await?;
    Ok(())
}

/// What payouts that stand have taken for a decision.
pub(super) async fn spent(conn: &mut Conn, scope: Scope, id: PremiumDecisionId) -> Result<i64, DbError> {
    use payouts::State::{Bounced, Failed};
    let standing = s::table
        .inner_join(p::table.on(p::coop_id.eq(s::coop_id).and(p::id.eq(s::payout_id))))
        .filter(s::coop_id.eq(scope.coop()).and(s::decision_id.eq(id)).and(p::state.ne_all([Bounced, Failed])));
    let amounts: Vec<i64> = standing.select(s::amount_minor).load(conn).await?;
    Ok(amounts.iter().sum())
}

pub(super) async fn insert_spending(
    tx: &mut Tx,
    now: Time,
    by: AccountId,
    scope: Scope,
    decision: PremiumDecisionId,
    payout: &Payout,
) -> Result<PremiumSpendingId, DbError> {
    let id = PremiumSpendingId::new();
    diesel::insert_into(s::table)
        .values((
            (s::coop_id.eq(scope.coop()), s::id.eq(id), s::decision_id.eq(decision), s::payout_id.eq(payout.id)),
            (s::amount_minor.eq(payout.amount_minor), s::requested_by.eq(by), s::created_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(id)
}
