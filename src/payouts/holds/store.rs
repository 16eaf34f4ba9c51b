//! Every statement on holds.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Code;
use crate::{
    clock::{Day, Time},
    db::{Conn, DbError, Tx},
    ids::{AccountId, CoopId, PayoutHoldId},
    schema::{cooperatives, payout_holds as h},
    tenancy::Scope,
};

/// A hold as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = h)]
pub struct Hold {
    pub id: PayoutHoldId,
    pub code: Code,
    pub reason: String,
    pub release_on: Day,
    pub placed_at: Time,
    pub appeal: Option<String>,
    pub appealed_at: Option<Time>,
    pub answer: Option<String>,
    pub released_at: Option<Time>,
}
impl Hold {
    pub fn in_force(&self, today: Day) -> bool {
        self.released_at.is_none() && today < self.release_on
    }
}

#[expect(clippy::too_many_arguments, reason = "one argument per column")]
pub(super) async fn insert(
    tx: &mut Tx,
    now: Time,
    by: AccountId,
    coop: CoopId,
    id: PayoutHoldId,
    code: Code,
    reason: &str,
    release_on: Day,
) -> Result<Hold, DbError> {
    Ok(diesel::insert_into(h::table)
        .values((
            (h::coop_id.eq(coop), h::id.eq(id), h::code.eq(code), h::reason.eq(reason), h::release_on.eq(release_on)),
            (h::placed_by.eq(by), h::placed_at.eq(now)),
        ))
        .returning(Hold::as_returning())
        .get_result(tx)
        .await?)
}
pub(super) async fn lock(tx: &mut Tx, scope: Scope, id: PayoutHoldId) -> Result<Option<Hold>, DbError> {
    Ok(h::table.find((scope.coop(), id)).select(Hold::as_select()).for_update().first(tx).await.optional()?)
}
pub(super) async fn owner(conn: &mut Conn, id: PayoutHoldId) -> Result<Option<Scope>, DbError> {
    let coop: Option<CoopId> = h::table.filter(h::id.eq(id)).select(h::coop_id).first(conn).await.optional()?;
    Ok(coop.map(Scope::system))
}
pub(super) async fn set_appeal(tx: &mut Tx, now: Time, by: AccountId, scope: Scope, id: PayoutHoldId, text: &str) -> Result<(), DbError> {
    diesel::update(h::table.find((scope.coop(), id))).set((h::appeal.eq(text), h::appealed_by.eq(by), h::appealed_at.eq(now))).execute(tx).await?;
    Ok(())
}
pub(super) async fn set_released(tx: &mut Tx, now: Time, by: AccountId, scope: Scope, id: PayoutHoldId, answer: &str) -> Result<(), DbError> {
    diesel::update(h::table.find((scope.coop(), id))).set((h::answer.eq(answer), h::released_by.eq(by), h::released_at.eq(now))).execute(tx).await?;
    Ok(())
}

/// The one that ends last of those in force.
pub async fn in_force(conn: &mut Conn, scope: Scope, today: Day) -> Result<Option<Hold>, DbError> {
    let open = h::table.filter(h::coop_id.eq(scope.coop()).and(h::released_at.is_null()).and(h::release_on.gt(today)));
    Ok(open.order((h::release_on.desc(), h::id)).select(Hold::as_select()).first(conn).await.optional()?)
}
pub async fn hold(conn: &mut Conn, scope: Scope, id: PayoutHoldId) -> Result<Option<Hold>, DbError> {
    Ok(h::table.find((scope.coop(), id)).select(Hold::as_select()).first(conn).await.optional()?)
}
/// A cooperative's, newest first.
pub async fn of(conn: &mut Conn, scope: Scope, after: Option<PayoutHoldId>, limit: i64) -> Result<Vec<Hold>, DbError> {
    let mut query = h::table.filter(h::coop_id.eq(scope.coop())).order(h::id.desc()).limit(limit).select(Hold::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(h::id.lt(after));
    }
    Ok(query.load(conn).await?)
}
/// Every cooperative's that nobody ended, with the cooperative's slug, newest first.
pub async fn open(conn: &mut Conn, today: Day, after: Option<PayoutHoldId>, limit: i64) -> Result<Vec<(Hold, String)>, DbError> {
    let mut query = h::table
        .inner_join(cooperatives::table)
        .filter(h::released_at.is_null().and(h::release_on.gt(today)))
        .order(h::id.desc())
        .limit(limit)
        .select((Hold::as_select(), cooperatives::slug))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(h::id.lt(after));
    }
    Ok(query.load(conn).await?)
}
