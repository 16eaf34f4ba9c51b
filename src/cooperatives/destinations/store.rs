//! Every statement on destinations.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Details, State};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, DestinationId},
    money::Currency,
    schema::payout_destinations as d,
    tenancy::Scope,
};

/// A destination without what is sealed.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = d)]
pub struct Destination {
    pub id: DestinationId,
    pub kind: String,
    pub currency: Currency,
    pub hint: String,
    pub state: State,
    pub proposed_by: Option<AccountId>,
    pub proposed_at: Time,
    pub confirmed_by: Option<AccountId>,
    pub confirmed_at: Option<Time>,
    pub effective_at: Option<Time>,
}

/// Newest first: a cooperative moves its account a few times in its life.
pub(super) async fn list(conn: &mut Conn, scope: Scope) -> Result<Vec<Destination>, DbError> {
    let mine = d::table.filter(d::coop_id.eq(scope.coop())).order(d::id.desc()).select(Destination::as_select());
    Ok(mine.load(conn).await?)
}
#[expect(clippy::too_many_arguments, reason = "the columns of a row")]
pub(super) async fn insert(
    tx: &mut Tx,
    now: Time,
    scope: Scope,
    id: DestinationId,
    by: AccountId,
    details: &Details,
    currency: Currency,
    sealed: &[u8],
) -> Result<(), DbError> {
    diesel::insert_into(d::table)
        .values((
            (d::coop_id.eq(scope.coop()), d::id.eq(id), d::kind.eq(details.kind()), d::currency.eq(currency.as_str()), d::hint.eq(details.hint())),
            (d::sealed.eq(sealed), d::state.eq(State::Proposed), d::proposed_by.eq(by), d::proposed_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}
pub(super) async fn confirm(tx: &mut Tx, now: Time, scope: Scope, id: DestinationId, by: AccountId, effective: Time) -> Result<(), DbError> {
    let said = (d::confirmed_by.eq(by), d::confirmed_at.eq(now), d::effective_at.eq(effective));
    diesel::update(d::table.find((scope.coop(), id))).set(said).execute(tx).await?;
    Ok(())
}
pub(super) async fn set_state(tx: &mut Tx, scope: Scope, id: DestinationId, state: State) -> Result<(), DbError> {
    diesel::update(d::table.find((scope.coop(), id))).set(d::state.eq(state)).execute(tx).await?;
    Ok(())
}
/// The one before retires.
pub(super) async fn activate(tx: &mut Tx, scope: Scope, id: DestinationId) -> Result<(), DbError> {
    let before = d::table.filter(d::coop_id.eq(scope.coop()).and(d::state.eq(State::Active)));
    diesel::update(before).set(d::state.eq(State::Retired)).execute(tx).await?;
    set_state(tx, scope, id, State::Active).await
}
