//! Who holds a piece's claim code owns it; who doubts a tag is heard.
//!
//! - The first claim wins: its row is the item's only one. Nothing is kept of who it was.
//! - How often somebody may try is counted at the door.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use passport::ClaimCode;

use super::model::{Doubt, Error, ReportState};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, CoopId, ItemId, ReportId},
    schema::{item_claims, item_reports, items},
    secrets::same,
};

/// `code` in canonical form, `given` as it was typed.
///
/// # Errors
/// [`Error::WrongClaim`]; [`Error::Claimed`] if another came first.
pub async fn claim(conn: &mut Conn, now: Time, code: &str, given: &str) -> Result<Time, Error> {
    let found: Option<(CoopId, ItemId, Vec<u8>)> =
        items::table.filter(items::code.eq(code)).select((items::coop_id, items::id, items::claim_digest)).first(conn).await.optional()?;
    let (coop, item, digest) = found.ok_or(Error::NotFound)?;
    if !given.parse::<ClaimCode>().is_ok_and(|given| same(given.digest().as_bytes(), &digest)) {
        return Err(Error::WrongClaim);
    }
    let row = (item_claims::item_id.eq(item), item_claims::coop_id.eq(coop), item_claims::claimed_at.eq(now));
    match diesel::insert_into(item_claims::table).values(row).on_conflict_do_nothing().execute(conn).await? {
        1 => Ok(now),
        _ => Err(Error::Claimed),
    }
}

/// Puts a doubt before an operator.
pub async fn report(conn: &mut Conn, now: Time, code: &str, doubt: Doubt, detail: &str) -> Result<ReportId, Error> {
    let found: Option<(CoopId, ItemId)> =
        items::table.filter(items::code.eq(code)).select((items::coop_id, items::id)).first(conn).await.optional()?;
    let (coop, item) = found.ok_or(Error::NotFound)?;
    let id = ReportId::new();
    diesel::insert_into(item_reports::table)
        .values((
            (item_reports::id.eq(id), item_reports::coop_id.eq(coop), item_reports::item_id.eq(item), item_reports::reason.eq(doubt)),
            (item_reports::detail.eq(detail), item_reports::state.eq(ReportState::Open), item_reports::created_at.eq(now)),
        ))
        .execute(conn)
        .await?;
    Ok(id)
}

/// A doubt as an operator reads it.
#[derive(Clone, Debug, Queryable)]
pub struct Report {
    pub id: ReportId,
    pub item: String,
    pub reason: Doubt,
    pub detail: String,
    pub state: ReportState,
    pub resolution: Option<String>,
    pub created_at: Time,
    pub resolved_at: Option<Time>,
}

/// Oldest first, as they are worked through.
pub async fn reports(conn: &mut Conn, state: ReportState, after: Option<ReportId>, limit: i64) -> Result<Vec<Report>, DbError> {
    use item_reports as r;
    let mut query = r::table
        .inner_join(items::table.on(items::id.eq(r::item_id)))
        .filter(r::state.eq(state))
        .order(r::id)
        .limit(limit)
        .select((r::id, items::code, r::reason, r::detail, r::state, r::resolution, r::created_at, r::resolved_at))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(r::id.gt(after));
    }
    Ok(query.load(conn).await?)
}

/// An operator looked into it; what is upheld stands on the item's page.
pub async fn resolve(tx: &mut Tx, now: Time, by: AccountId, id: ReportId, upheld: bool, resolution: &str) -> Result<(), Error> {
    use item_reports as r;
    let state: Option<ReportState> = r::table.find(id).select(r::state).for_update().first(tx).await.optional()?;
    match state {
        None => return Err(Error::NotFound),
        Some(ReportState::Open) => {}
        Some(ReportState::Dismissed | ReportState::Upheld) => return Err(Error::ReportClosed),
    }
    let to = if upheld { ReportState::Upheld } else { ReportState::Dismissed };
    diesel::update(r::table.find(id))
        .set((r::state.eq(to), r::resolution.eq(resolution), r::resolved_by.eq(by), r::resolved_at.eq(now)))
        .execute(tx)
        .await?;
    Ok(())
}
