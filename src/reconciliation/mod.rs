//! The provider's word against ours: every movement of its balance, filed once.
//!
//! - Each movement of the period stands in exactly one bucket: matched to the cent, a known kind of difference, or unexplained.
//! - The buckets' sums are the provider's sum, or the run does not end: a CHECK on its row compares the lines with what the pages came to.
//! - What only our books have is filed beside them. What is unexplained waits for two people.
//! - Runs and lines are never changed. A comparison posts nothing; what two people decide about an item posts once.
//! - No transaction is open while the provider is asked: each page is one transaction, and memory holds one page.
pub mod http;
pub mod jobs;
pub mod model;
pub mod page;
pub mod read;
mod store;
pub mod stuck;
pub mod suspense;

pub use model::{Asked, AskedBy, Error};

use stripe_client::Page;

use crate::{
    clock::{Clock, Day, Time},
    db::{Conn, Db, Tx},
    ids::{LedgerAccountId, ReconciliationId},
    payments::{self, Stripe},
};
use model::{EDGE, Movement, Outcome, file, file_alone};
use store::Line;

/// A nightly comparison looks back so far, so that what was young yesterday is looked at again; further if something older waits.
const LOOK_BACK: i64 = 7;

/// The period of a comparison up to now. Whole seconds, which is how the provider counts.
pub async fn period(conn: &mut Conn, now: Time, since: Option<Day>, by: AskedBy) -> Result<Asked, Error> {
    let usual = now.day().plus_days(-LOOK_BACK).start();
    let from = match since {
        Some(day) => day.start(),
        None => store::suspense::oldest_waiting(conn).await?.map_or(usual, |oldest| oldest.day().start().min(usual)),
    };
    let until = Time::from_unix(now.unix()).unwrap_or(now);
    if from >= until {
        return Err(Error::Invalid { pointer: "/since", expected: "a day that has begun".into() });
    }
    Ok(Asked { from, until, by, account: None })
}

/// Writes down that a comparison was asked for.
pub async fn begin(conn: &mut Conn, now: Time, asked: &Asked) -> Result<ReconciliationId, Error> {
    let id = ReconciliationId::new();
    store::begin(conn, now, id, asked).await?;
    Ok(id)
}

/// Compares, from the first page to the sums.
///
/// # Errors
/// [`Error::Unavailable`] if the provider cannot be asked: the run is broken off, and its lines count for nothing.
pub async fn carry_out(db: &Db, clock: &Clock, stripe: &Stripe, id: ReconciliationId, asked: &Asked) -> Result<(), Error> {
    let outcome = compare(db, clock, stripe, id, asked).await;
    if let Err(error) = &outcome {
        tracing::warn!(run = %id, error = %crate::problem::Chain(error), "a comparison with the provider was broken off");
        store::end(&mut *db.conn().await?, clock.now(), id, Outcome::BrokenOff).await?;
    }
    outcome
}

async fn compare(db: &Db, clock: &Clock, stripe: &Stripe, id: ReconciliationId, asked: &Asked) -> Result<(), Error> {
    let (from, until) = (asked.from.minus(EDGE).unix(), asked.until.unix() - 1);
    let accounts = store::accounts(&mut *db.conn().await?).await?;
    let (mut page, mut tally, mut position) = (Page::default(), store::Tally::new(), 0);
    loop {
        let list = stripe.balance_transactions(from, until, &page).await.map_err(|e| payments::Unavailable(e.to_string()))?;
        let movements = list.data.iter().map(Movement::read).collect::<Result<Vec<_>, _>>().map_err(Error::Unreadable)?;
        for movement in movements.iter().filter(|m| m.created >= asked.from) {
            let (count, sum) = tally.entry(movement.amount.currency).or_default();
            *count += 1;
            *sum = sum.checked_add(movement.net).ok_or(crate::ledger::Error::Overflow)?;
        }
        let place = Place { run: id, from: asked.from, now: clock.now(), position };
        position = db.transaction_retrying(async |tx| file_page(tx, &accounts, &place, &movements).await).await?;
        match list.data.last().filter(|_| list.has_more) {
            Some(last) => page = Page::after(&last.id),
            None => break,
        }
    }
    let place = Place { run: id, from: asked.from, now: clock.now(), position };
    let waiting = db.transaction_retrying(async |tx| conclude(tx, &accounts, &place, asked.until, &tally).await).await?;
    if waiting > 0 {
        tracing::error!(run = %id, waiting, "Stripe's balance and ours differ, and nothing explains it");
    }
    Ok(())
}

/// Where the next line goes.
struct Place {
    run: ReconciliationId,
    from: Time,
    now: Time,
    position: i32,
}

async fn file_page(tx: &mut Tx, accounts: &[LedgerAccountId], place: &Place, movements: &[Movement]) -> Result<i32, Error> {
    if movements.is_empty() {
        return Ok(place.position);
    }
    let (mut known, answers) = store::ours(tx, accounts, movements).await?;
    store::remember(tx, &answers).await?;
    let mut position = place.position;
    let mut lines = Vec::new();
    for movement in movements.iter().filter(|m| m.created >= place.from) {
        let filed = file(movement, &known.remove(&movement.id).unwrap_or_default(), place.now);
        lines.push(Line::of(place.run, position, movement, filed));
        position += 1;
    }
    if !lines.is_empty() {
        store::insert_lines(tx, &lines).await?;
    }
    Ok(position)
}

/// Lines in one statement: PostgreSQL takes 65,535 values.
const LINES: usize = 500;

/// What only we have, the sums, and what waits for people. Gives how many lines nothing explains.
async fn conclude(tx: &mut Tx, accounts: &[LedgerAccountId], place: &Place, until: Time, tally: &store::Tally) -> Result<usize, Error> {
    let alone = store::alone(tx, accounts, place.from, until).await?;
    let mut position = place.position;
    for some in alone.chunks(LINES) {
        let mut lines = Vec::new();
        for posting in some {
            let filed = file_alone(posting.moved(), posting.happened_at, posting.accepted, place.now);
            lines.push(Line::alone(place.run, position, posting, filed));
            position += 1;
        }
        store::insert_lines(tx, &lines).await?;
    }
    store::sum_up(tx, place.run, tally).await?;
    store::suspense::settle(tx, place.now, place.run).await?;
    let waiting = store::suspense::open(tx, place.now, place.run).await?;
    store::end(tx, place.now, place.run, Outcome::Whole).await?;
    Ok(waiting)
}
