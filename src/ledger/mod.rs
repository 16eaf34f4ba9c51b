//! The ledger: double entry, the single truth about money.
//!
//! - A transfer debits one account and credits another by the same amount, so the books balance by construction.
//! - Transfers are never changed or deleted. A correction is a new transfer.
//! - `(source type, source id, kind, leg)` is unique: what happened is posted exactly once, however often it is reported.
//! - What happened in a month that is closed is dated when it is booked; the database refuses anything else.
//! - A balance is the sum of its transfers, in the account's natural direction; accounts that may not go negative cannot.
//!
//! The ledger takes facts as values and knows no order, payout or person.
pub mod journal;
pub mod model;
mod periods;
mod store;

pub use journal::Format;
pub use model::{Account, AccountMovement, ClosedPeriod, Error, Mismatch, Posted, Posting, Source};

use std::collections::BTreeMap;

use crate::{
    clock::{Day, Time},
    db::{Conn, DbError, Tx},
    ids::{LedgerAccountId, OrderLineId, TransferId},
    money::{Currency, Money},
};
use journal::Journal;

/// Posts what `source` caused: all of it, or nothing if it was posted before. Zero amounts are left out.
///
/// Call it last in its transaction: it locks the balances of guarded accounts, and a lock held while other work goes on is a queue.
///
/// # Errors
/// [`Error::Insufficient`] if an account that may not go negative would; [`Error::Contradiction`] if the same source was posted before with
/// other legs or amounts, which no retry can cause.
pub async fn post(tx: &mut Tx, now: Time, source: &Source, postings: &[Posting]) -> Result<Posted, Error> {
    let posted = post_all(tx, now, &[(source, postings)]).await?;
    Ok(posted.into_iter().next().unwrap_or(Posted::Nothing))
}

/// The same for several sources at once, each of them posted or not by itself: balances are locked once, in one order.
pub async fn post_all(tx: &mut Tx, now: Time, all: &[(&Source, &[Posting])]) -> Result<Vec<Posted>, Error> {
    let mut entries = Vec::with_capacity(all.len());
    for (source, postings) in all {
        let postings: Vec<&Posting> = postings.iter().filter(|p| p.amount.minor != 0).collect();
        if let Some(wrong) = postings.iter().find(|p| p.amount.minor < 0 || p.debit == p.credit) {
            return Err(Error::Unpostable { leg: wrong.leg.clone() });
        }
        entries.push((periods::dated(tx, now, source).await?, *source, postings));
    }
    let mut accounts = BTreeMap::new();
    for (_, source, postings) in &entries {
        for account in postings.iter().flat_map(|p| [(&p.debit, p.amount.currency), (&p.credit, p.amount.currency)]) {
            accounts.insert((account.0.id(account.1), account.0.slot(source.id)), account);
        }
    }
    let keys: Vec<_> = accounts.keys().copied().collect();
    if !keys.is_empty() && !store::are_open(tx, &keys).await? {
        store::open_accounts(tx, now, &accounts).await?;
    }
    let (mut deltas, mut posted) = (Deltas::new(), Vec::with_capacity(all.len()));
    for (dated, source, postings) in &entries {
        posted.push(write(tx, now, dated.as_ref().unwrap_or(source), postings, &mut deltas).await?);
    }
    if !deltas.is_empty() {
        store::move_balances(tx, &deltas).await?;
    }
    Ok(posted)
}

/// By how much each balance row moves, in its natural direction.
type Deltas = BTreeMap<(LedgerAccountId, i16), i64>;

/// One source's transfers, and what they add to `deltas`: nothing if they were here before.
async fn write(tx: &mut Tx, now: Time, source: &Source, postings: &[&Posting], deltas: &mut Deltas) -> Result<Posted, Error> {
    if postings.is_empty() {
        return Ok(Posted::Nothing);
    }
    let rows: Vec<_> = postings.iter().map(|p| store::transfer_row(TransferId::new(), now, source, p)).collect();
    let written = store::insert_transfers(tx, rows).await?;
    if written == 0 {
        return store::same_as_before(tx, source, postings).await.map(|()| Posted::Before);
    }
    if written != postings.len() {
        return Err(Error::Contradiction { source_id: source.id, kind: source.kind });
    }
    for posting in postings {
        for (account, sign) in [(&posting.debit, 1), (&posting.credit, -1)] {
            let delta = deltas.entry((account.id(posting.amount.currency), account.slot(source.id))).or_default();
            *delta = delta.checked_add(sign * account.class().debit_sign() * posting.amount.minor).ok_or(Error::Overflow)?;
        }
    }
    Ok(Posted::Now)
}

/// Whether what this source says was posted.
pub async fn is_posted(conn: &mut Conn, source_type: &str, source_id: uuid::Uuid, kind: &str) -> Result<bool, DbError> {
    store::is_posted(conn, source_type, source_id, kind).await
}

/// What an account holds, in its natural direction; zero if it was never used.
pub async fn balance(conn: &mut Conn, account: &Account, currency: Currency) -> Result<Money, DbError> {
    let minor = store::balance(conn, account.id(currency)).await?;
    Ok(Money::new(minor, currency))
}

/// The accounts whose names start with `prefix` (all of them for ""), with what they hold, by name and currency.
pub async fn balances(conn: &mut Conn, prefix: &str) -> Result<Vec<(String, Money)>, DbError> {
    store::balances(conn, prefix).await
}

/// Every transfer of a source, oldest first, for those who explain figures.
pub async fn transfers_of(conn: &mut Conn, source_type: &str, source_id: uuid::Uuid) -> Result<Vec<model::Transfer>, DbError> {
    store::transfers_of(conn, source_type, source_id).await
}

/// Every transfer that an order line caused, oldest first.
pub async fn transfers_of_line(conn: &mut Conn, line: OrderLineId) -> Result<Vec<model::Transfer>, DbError> {
    store::transfers_of_line(conn, line).await
}

/// Recomputes every balance from the transfers and names those that differ, and those below zero that may not be. Empty is good.
pub async fn verify(conn: &mut Conn) -> Result<Vec<Mismatch>, DbError> {
    store::mismatches(conn).await
}

/// Transfers in one statement of an export: some hundred kilobytes.
const EXPORT_PAGE: i64 = 1000;

/// What every account did from `from` to `until`, not included; accounts that never moved are left out.
pub async fn movements(conn: &mut Conn, from: Time, until: Time) -> Result<Vec<AccountMovement>, DbError> {
    periods::movements(conn, from, until).await
}

/// A month's record, if it is closed.
pub async fn closed_period(conn: &mut Conn, month: Day) -> Result<Option<ClosedPeriod>, DbError> {
    periods::closed(conn, month).await
}

/// Closes a month: what is being posted ends first, and from the commit on nothing is posted into it. False if a later one is closed.
pub async fn close_period(tx: &mut Tx, period: &ClosedPeriod) -> Result<bool, DbError> {
    periods::close(tx, period).await
}

/// The whole ledger, or what occurred within two moments, as text given to `write` piece by piece, so that it is never in memory at once.
pub async fn export<E: From<DbError>>(
    conn: &mut Conn,
    format: Format,
    within: Option<(Time, Time)>,
    mut write: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let mut journal = Journal::new(format);
    write(journal.head())?;
    let mut after = None;
    loop {
        let rows = store::journal(conn, after, within, EXPORT_PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in rows {
            if let Some(entry) = journal.push(row) {
                write(&entry)?;
            }
        }
    }
    write(&journal.flush())
}
