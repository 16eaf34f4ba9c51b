//! What the bank says became of payouts by bank file: statements, notifications and lists of returns.
//!
//! - The same file is taken in once. Each of its payments is matched by our own number, in a transaction of its own with what it leads to.
//! - A payment that left settles its payout; one that came back frees it, with the bank's reason in words.
//! - What names no payout of ours, or contradicts what is known, changes nothing and stays visible.
pub mod jobs;
mod store;

pub use store::{Counts, Line, Report, counts, lines, report, reports};

use bankfiles::{Movement, Refused, reasons};
use sha2::{Digest, Sha256};

use super::{Error, Settlement, bounce, model::State, settle, store as payout_store};
use crate::{
    app::App,
    audit::{self, Act},
    clock::Time,
    db::Tx,
    ids::{AccountId, BankReportId},
    jobs::enqueue,
    money::{Currency, Money},
    tenancy::Scope,
};

text_enum! { as BankMovement,
    /// What happened to the money: it left the account, it came back, other money came, or nothing is booked yet.
    pub enum Moved { Left = "left", Returned = "returned", Came = "came", Announced = "announced" }
}
text_enum! { as BankLineOutcome,
    /// waiting: not looked at yet · settled, bounced: the payout is so by this line · known: it was so before · unknown: no payout of ours
    /// is meant · contradiction: it does not fit what is known of the payout · announced: not booked yet.
    pub enum Outcome {
        Waiting = "waiting", Settled = "settled", Bounced = "bounced", Known = "known", Unknown = "unknown",
        Contradiction = "contradiction", Announced = "announced",
    }
}
impl From<Movement> for Moved {
    fn from(movement: Movement) -> Self {
        match movement {
            Movement::Left => Self::Left,
            Movement::Returned => Self::Returned,
            Movement::Came => Self::Came,
            Movement::Announced => Self::Announced,
        }
    }
}

/// Lists that come with the program.
pub fn layouts() -> Result<Vec<bankfiles::Layout>, serde_json::Error> {
    serde_json::from_str(include_str!("returns.json"))
}

/// Takes a file in. False: it was taken in before, and nothing is done again.
///
/// # Errors
/// [`Error::File`] names what cannot be right, and nothing of the file is kept then.
pub async fn take_in(tx: &mut Tx, now: Time, by: AccountId, name: &str, bytes: &[u8]) -> Result<(Report, bool), Error> {
    let read = bankfiles::read(bytes, &layouts().map_err(|e| Error::Corrupt(e.to_string()))?)?;
    let digest = Sha256::digest(bytes).to_vec();
    let id = BankReportId::new();
    let count = i32::try_from(read.lines.len()).unwrap_or(i32::MAX);
    let report = Report { id, kind: read.kind.as_str().to_owned(), name: name.to_owned(), lines: count, taken_at: now };
    let lines = (0..).zip(&read.lines).map(|(position, line)| row(position, line)).collect::<Result<Vec<Line>, Refused>>()?;
    if !store::insert(tx, &report, &digest, by).await? {
        return Ok((store::called(tx, &digest).await?.ok_or(Error::NotFound)?, false));
    }
    store::insert_lines(tx, id, &lines).await?;
    let said = serde_json::json!({"name": name, "kind": report.kind, "lines": count});
    audit::record(tx, now, Act::operator(Some(by), "bank_report.take", id).with(said)).await?;
    enqueue(tx, now, &jobs::ApplyReport { report: id, by }).await?;
    Ok((report, true))
}

fn row(position: i32, line: &bankfiles::Line) -> Result<Line, Refused> {
    let refused = |element: &str, problem: String| Refused { line: line.at, element: element.into(), problem };
    let currency: Currency =
        line.currency.as_deref().unwrap_or_default().parse().map_err(|_| refused("Ccy", format!("{:?} is no currency", line.currency)))?;
    let amount = Money::from_decimal(&line.amount, currency)
        .map_err(|_| refused("Amt", format!("{} has {} places at most, not {}", currency, currency.exponent(), line.amount)))?;
    let movement = Moved::from(line.movement);
    let outcome = match movement {
        Moved::Announced => Outcome::Announced,
        Moved::Came => Outcome::Unknown,
        Moved::Left | Moved::Returned => Outcome::Waiting,
    };
    let note = if outcome == Outcome::Unknown { "money that came, and is no return" } else { "" };
    let reason = (movement == Moved::Returned).then(|| reasons::in_words(line.reason.as_deref(), line.said.as_deref()));
    Ok(Line {
        position,
        line: i64::try_from(line.at).unwrap_or(i64::MAX),
        movement,
        amount_minor: amount.minor,
        currency,
        end_to_end: line.end_to_end.clone(),
        reference: line.reference.clone(),
        reason,
        outcome,
        note: note.into(),
        payout: None,
    })
}

/// What a line led to.
struct Led {
    outcome: Outcome,
    note: String,
    payout: Option<(Scope, crate::ids::PayoutId)>,
}
impl Led {
    fn to(outcome: Outcome, note: impl Into<String>) -> Self {
        Self { outcome, note: note.into(), payout: None }
    }
}

/// Looks at what is left to look at in a report. What left before what came back: a bank may list them in any order.
///
/// # Errors
/// The database's; the job comes back to the lines that are left.
async fn apply(app: &App, id: BankReportId, by: AccountId) -> Result<(), Error> {
    for position in store::waiting(&mut *app.jobs_db.conn().await?, id).await? {
        let now = app.clock.now();
        let done = app
            .jobs_db
            .transaction_retrying(async |tx| {
                let Some(line) = store::lock_waiting(tx, id, position).await? else { return Ok(()) };
                let led = follow(tx, now, by, id, &line).await?;
                store::set(tx, id, position, &led.outcome, &led.note, led.payout).await?;
                Ok(())
            })
            .await;
        match done {
            Ok(()) => {}
            // Nothing of it is done: what it says does not fit.
            Err(error @ (Error::Illegal(..) | Error::WrongRail(_) | Error::OtherReference | Error::ReferenceUsed | Error::Invalid { .. })) => {
                let note = error.to_string();
                app.jobs_db.transaction(async |tx| Ok::<_, Error>(store::set(tx, id, position, &Outcome::Contradiction, &note, None).await?)).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn follow(tx: &mut Tx, now: Time, by: AccountId, report: BankReportId, line: &Line) -> Result<Led, Error> {
    let Some(number) = &line.end_to_end else { return Ok(Led::to(Outcome::Unknown, "it carries no end-to-end id")) };
    let Some((scope, id)) = payout_store::called(tx, number).await? else {
        return Ok(Led::to(Outcome::Unknown, "no payout has this number"));
    };
    let payout = super::lock(tx, scope, id).await?;
    let known = |note: &str| Led { payout: Some((scope, id)), ..Led::to(Outcome::Known, note) };
    let amount = Money::new(line.amount_minor, line.currency);
    if payout.amount() != amount {
        let note = format!("the payout is of {}, the bank says {}", payout.amount().formatted(), amount.formatted());
        return Ok(Led { payout: Some((scope, id)), ..Led::to(Outcome::Contradiction, note) });
    }
    match (line.movement, payout.state) {
        (Moved::Left, State::Settled) => Ok(known("it was settled before")),
        // It came back since: that it had left is no news.
        (Moved::Left, State::Bounced) if payout.settled_at.is_some() => Ok(known("it was settled, and came back")),
        (Moved::Left, _) => {
            let own = format!("{report}/{}", line.position);
            let said = Settlement { reference: line.reference.as_deref().unwrap_or(&own), evidence: None, cost: None, by: Some(by) };
            settle(tx, now, scope, id, &said).await?;
            Ok(Led { payout: Some((scope, id)), ..Led::to(Outcome::Settled, "") })
        }
        (Moved::Returned, State::Bounced | State::Failed) => Ok(known("it came back before")),
        (Moved::Returned, _) => {
            if payout.rail != super::Rail::BankFile {
                return Err(Error::WrongRail("only a payout by bank file comes back by the bank's report"));
            }
            bounce(tx, now, scope, id, line.reason.as_deref().unwrap_or("the bank gave no reason"), Some(by)).await?;
            Ok(Led { payout: Some((scope, id)), ..Led::to(Outcome::Bounced, "") })
        }
        (Moved::Came | Moved::Announced, _) => Ok(known("nothing follows from it")),
    }
}
