//! A month's books, closed: what was open is decided or named, nothing is posted into the month any more, and all of it is in one archive.
//!
//! - A month closes once, after it is over, in order. It is refused while something of it is unexplained or stands still, unless whoever
//!   closes it says so: then what was left is written down with it.
//! - From then on the database refuses postings that are dated into it; what is learnt later is dated when it is booked.
//! - The archive is made from what cannot change any more: the same month gives the same bytes.
mod archive;
pub mod http;
pub mod model;
mod read;

pub use archive::write;
pub use model::{Error, Month, Open};

use serde_json::json;

use crate::{
    audit::{self, Act},
    clock::Time,
    db::{Conn, Db, Tx},
    ids::ReconciliationId,
    ledger::{self, ClosedPeriod},
    reconciliation::{stuck, suspense},
};

/// Unexplained lines of the month, and what stands still since before it ended.
pub async fn open(conn: &mut Conn, now: Time, month: Month) -> Result<Vec<Open>, Error> {
    let items = suspense::waiting(conn, month.from(), month.until()).await?;
    let mut open: Vec<Open> = items.into_iter().map(|item| Open { kind: "unexplained".into(), subject: item.subject, what: item.detail }).collect();
    let stuck = stuck::operations(conn, now, month.until()).await?;
    open.extend(stuck.into_iter().map(|s| Open::stuck(s.kind, s.subject, s.what)));
    Ok(open)
}

/// Closes the month, or finds it closed. `with_open` records what is open instead of refusing.
///
/// # Errors
/// [`Error::NotOver`], [`Error::OutOfOrder`], [`Error::NotCompared`], [`Error::Open`], [`Error::Unproven`], [`Error::Unbalanced`].
pub async fn close(db: &Db, now: Time, month: Month, with_open: bool) -> Result<ClosedPeriod, Error> {
    let (comparison, open) = {
        let conn = &mut *db.conn().await?;
        if let Some(closed) = ledger::closed_period(conn, month.first()).await? {
            return Ok(closed);
        }
        if now < month.until() {
            return Err(Error::NotOver(month.to_string()));
        }
        let not_compared = || Error::NotCompared { month: month.to_string(), since: month.first() };
        let comparison = read::comparison(conn, month).await?.ok_or_else(not_compared)?;
        if !ledger::verify(conn).await?.is_empty() {
            return Err(Error::Unproven);
        }
        model::balanced(&ledger::movements(conn, month.from(), month.until()).await?)?;
        (comparison, open(conn, now, month).await?)
    };
    if !open.is_empty() && !with_open {
        return Err(Error::Open(open));
    }
    db.transaction(async |tx| close_in(tx, now, month, comparison, &open).await).await
}

async fn close_in(tx: &mut Tx, now: Time, month: Month, comparison: ReconciliationId, open: &[Open]) -> Result<ClosedPeriod, Error> {
    // Before the ledger's lock: whoever takes both takes them in this order.
    let left = serde_json::to_value(open)?;
    let act =
        Act::new("command", None, "books.close", month).with(json!({"left_open": open.len().to_string(), "comparison": comparison.to_string()}));
    audit::record(tx, now, act).await?;
    let period = ClosedPeriod { month: month.first(), until: month.until(), left_open: left, comparison: comparison.uuid(), closed_at: now };
    if !ledger::close_period(tx, &period).await? {
        return Err(Error::OutOfOrder);
    }
    Ok(period)
}
