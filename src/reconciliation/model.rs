//! Which bucket a movement belongs to, and why. Pure.
use std::collections::BTreeMap;

use jiff::SignedDuration;
use rust_decimal::Decimal;

use crate::{
    clock::Time,
    db::{DbError, Retryable},
    ids::{AccountId, ReconciliationId},
    ledger,
    money::{Currency, Money},
    payments,
};

text_enum! {
    as ReconciliationBucket,
    pub enum Bucket { Matched = "matched", Explained = "explained", Unexplained = "unexplained" }
}
text_enum! {
    as ReconciliationReason,
    /// Why a line is in its bucket.
    pub enum Reason {
        /// Our books moved by exactly what the provider's did.
        Equal = "equal",
        /// One side knows of it a little earlier than the other.
        Timing = "timing",
        /// All that differs is what the provider took for itself.
        Fee = "fee",
        /// Our books have it in the currency that was charged, the provider in the one it settles in.
        Fx = "fx",
        /// Two people looked at it, and said so.
        Operator = "operator",
        UnknownHere = "unknown_here",
        UnknownThere = "unknown_there",
        Differs = "differs",
    }
}
text_enum! {
    pub enum AskedBy { Nightly = "nightly", Operator = "operator", Command = "command" }
}
text_enum! {
    as ReconciliationOutcome,
    /// broken_off: the provider could not be read to the end; its lines count for nothing.
    pub enum Outcome { Whole = "whole", BrokenOff = "broken_off" }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub from: Time,
    /// Not included.
    pub until: Time,
    pub by: AskedBy,
    pub account: Option<AccountId>,
}

/// A comparison as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub id: ReconciliationId,
    pub from: Time,
    pub until: Time,
    pub asked_by: AskedBy,
    pub started_at: Time,
    pub ended_at: Option<Time>,
    pub outcome: Option<Outcome>,
}

/// The sums of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    pub currency: Currency,
    pub transactions: i32,
    pub ours_alone: i32,
    pub provider: i64,
    pub ours: i64,
    /// Lines and minor units, in the order of [`Bucket::ALL`].
    pub buckets: [(i32, i64); 3],
}

/// A webhook, or the sweep behind it, has told of a movement by then.
pub const NEWS_BY: SignedDuration = SignedDuration::from_hours(1);
/// Under asynchronous capture a charge has its balance transaction, and so its fee, within days.
pub const SETTLED_BY: SignedDuration = SignedDuration::from_hours(72);
/// Movements so long before the period are looked at too, for they may answer a posting in it. They are not filed.
pub const EDGE: SignedDuration = SignedDuration::from_hours(24);

/// A movement of the provider's, in our units.
#[derive(Clone, Debug)]
pub struct Movement {
    pub id: String,
    pub kind: String,
    pub object: Option<String>,
    /// `net` is `amount − fee`.
    pub amount: Money,
    pub fee: i64,
    pub net: i64,
    pub rate: Option<Decimal>,
    pub created: Time,
}
impl Movement {
    /// # Errors
    /// A sentence, if the provider's units cannot be held, or its net is not what amount and fee say.
    pub fn read(said: &stripe_client::BalanceTransaction) -> Result<Self, String> {
        let money = |units| payments::from_units(units, &said.currency);
        let (amount, fee, net) = (money(said.amount)?, money(said.fee)?.minor, money(said.net)?.minor);
        if amount.minor.checked_sub(fee) != Some(net) {
            return Err(format!("{}: {} less {fee} is not {net}", said.id, amount.minor));
        }
        let rate = said.exchange_rate.as_ref().and_then(|rate| rate.to_string().parse().ok());
        let created = Time::from_unix(said.created).ok_or_else(|| format!("{}: created at {}", said.id, said.created))?;
        let (id, kind, object) = (said.id.clone(), said.kind.clone(), said.source.clone());
        Ok(Self { id, kind, object, amount, fee, net, rate, created })
    }
}

/// What our books have of a movement: what it did to the provider's balance in them, by currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    pub moved: BTreeMap<Currency, i64>,
    /// The difference that two people accepted, if they did.
    pub accepted: Option<i64>,
}

/// Where a line is filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    pub bucket: Bucket,
    pub reason: Reason,
    pub detail: String,
    pub ours: i64,
}

/// Files a movement. Only what is exactly equal is matched; what differs is explained by a known kind of difference or not at all.
pub fn file(movement: &Movement, ours: &Ours, now: Time) -> Filed {
    let currency = movement.amount.currency;
    let here = ours.moved.get(&currency).copied().unwrap_or_default();
    let mut elsewhere = ours.moved.iter().filter(|(other, minor)| **other != currency && **minor != 0).map(|(c, minor)| Money::new(*minor, *c));
    let (other, more) = (elsewhere.next(), elsewhere.next());
    let (bucket, reason, detail) = if other.is_none() && here == movement.net {
        (Bucket::Matched, Reason::Equal, String::new())
    } else if ours.accepted.is_some_and(|accepted| movement.net.checked_sub(here) == Some(accepted)) {
        (Bucket::Explained, Reason::Operator, "Two people looked at it and accepted it.".to_owned())
    } else if ours.moved.is_empty() {
        unknown_here(movement, now)
    } else {
        match (other, more) {
            (None, _) => differs(movement, here, now),
            (Some(other), None) => converted(movement, here, other),
            (Some(_), Some(_)) => (Bucket::Unexplained, Reason::Differs, "Our books have it in more than one other currency".to_owned()),
        }
    };
    Filed { bucket, reason, detail, ours: here }
}

fn unknown_here(movement: &Movement, now: Time) -> (Bucket, Reason, String) {
    if now < movement.created.plus(NEWS_BY) {
        return (Bucket::Explained, Reason::Timing, "Less than an hour old: the news of it is under way".into());
    }
    let detail = format!("Stripe moved {}, and our books know nothing of it", Money::new(movement.net, movement.amount.currency).formatted());
    (Bucket::Unexplained, Reason::UnknownHere, detail)
}

fn differs(movement: &Movement, here: i64, now: Time) -> (Bucket, Reason, String) {
    let currency = movement.amount.currency;
    let shown = |minor| Money::new(minor, currency).formatted();
    if here == movement.amount.minor && movement.fee != 0 {
        let fee = shown(movement.fee);
        return match movement.kind.as_str() {
            "charge" | "payment" if now < movement.created.plus(SETTLED_BY) => {
                (Bucket::Explained, Reason::Timing, format!("The fee of {fee} is posted when the charge settles"))
            }
            "charge" | "payment" => (Bucket::Unexplained, Reason::Differs, format!("The fee of {fee} was never posted")),
            _ => (Bucket::Explained, Reason::Fee, format!("All that differs is Stripe's own fee of {fee}")),
        };
    }
    let detail =
        format!("Stripe moved {}, our books {}: {} between them", shown(movement.net), shown(here), shown(movement.net.saturating_sub(here)));
    (Bucket::Unexplained, Reason::Differs, detail)
}

/// One minor unit is what rounding can do; more is a difference.
const ROUNDING: u64 = 1;

fn converted(movement: &Movement, here: i64, other: Money) -> (Bucket, Reason, String) {
    let settled = movement.amount;
    let expected = movement.rate.and_then(|rate| other.convert(settled.currency, rate).ok());
    match (expected, movement.rate) {
        (Some(expected), Some(rate)) if here == 0 && expected.minor.abs_diff(settled.minor) <= ROUNDING => {
            let detail = format!("Our books have {}; Stripe settled {} at {rate}", other.formatted(), settled.formatted());
            (Bucket::Explained, Reason::Fx, detail)
        }
        _ => {
            let detail =
                format!("Our books have {}, Stripe {}, and no rate of Stripe's leads from one to the other", other.formatted(), settled.formatted());
            (Bucket::Unexplained, Reason::Differs, detail)
        }
    }
}

/// Files a posting of ours that no movement answers.
pub fn file_alone(moved: Money, happened: Time, accepted: bool, now: Time) -> Filed {
    let (bucket, reason, detail) = if accepted {
        (Bucket::Explained, Reason::Operator, "Two people looked at it and accepted it.".to_owned())
    } else if now < happened.plus(SETTLED_BY) {
        (Bucket::Explained, Reason::Timing, "Stripe lists it once it settles, within three days".to_owned())
    } else {
        (Bucket::Unexplained, Reason::UnknownThere, format!("Our books moved {}, and Stripe knows nothing of it", moved.formatted()))
    };
    Filed { bucket, reason, detail, ours: moved.minor }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such comparison, line or item")]
    NotFound,
    #[error("{0}")]
    Conflict(&'static str),
    #[error("the same person cannot propose and approve")]
    TwoPeople,
    #[error("{pointer}: expected {expected}")]
    Invalid { pointer: &'static str, expected: String },
    #[error("the provider's list cannot be read: {0}")]
    Unreadable(String),
    #[error(transparent)]
    Unavailable(#[from] payments::Unavailable),
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl Retryable for Error {
    fn retryable(&self) -> bool {
        match self {
            Self::Db(error) | Self::Ledger(ledger::Error::Db(error)) => error.retryable(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        Time::from_unix(1_795_348_800).unwrap()
    }
    fn charge(amount: i64, fee: i64, hours: i64) -> Movement {
        Movement {
            id: "txn_1".into(),
            kind: "charge".into(),
            object: Some("ch_1".into()),
            amount: Money::new(amount, Currency::EUR),
            fee,
            net: amount - fee,
            rate: None,
            created: now().minus(SignedDuration::from_hours(hours)),
        }
    }
    fn ours(moved: &[(Currency, i64)]) -> Ours {
        Ours { moved: moved.iter().copied().collect(), accepted: None }
    }
    fn of(movement: &Movement, known: &Ours) -> (Bucket, Reason) {
        let filed = file(movement, known, now());
        (filed.bucket, filed.reason)
    }

    #[test]
    fn only_what_is_equal_to_the_cent_is_matched() {
        let movement = charge(10_000, 175, 2);
        assert_eq!(of(&movement, &ours(&[(Currency::EUR, 9825)])), (Bucket::Matched, Reason::Equal));
        for minor in [9824, 9826, 0] {
            assert_eq!(of(&movement, &ours(&[(Currency::EUR, minor)])), (Bucket::Unexplained, Reason::Differs), "{minor}");
        }
        assert_eq!(of(&movement, &ours(&[(Currency::EUR, 9825), (Currency::USD, 1)])).0, Bucket::Unexplained);
        let accepted = |by| Ours { accepted: Some(by), ..ours(&[(Currency::EUR, 9824)]) };
        assert_eq!(of(&movement, &accepted(1)), (Bucket::Explained, Reason::Operator));
        assert_eq!(of(&movement, &accepted(2)).0, Bucket::Unexplained, "that difference was accepted, and no other");
    }
    #[test]
    fn what_is_young_is_waited_for_and_no_longer() {
        assert_eq!(of(&charge(100, 3, 0), &Ours::default()), (Bucket::Explained, Reason::Timing));
        assert_eq!(of(&charge(100, 3, 1), &Ours::default()), (Bucket::Unexplained, Reason::UnknownHere));
        let without_fee = ours(&[(Currency::EUR, 100)]);
        assert_eq!(of(&charge(100, 3, 71), &without_fee), (Bucket::Explained, Reason::Timing));
        assert_eq!(of(&charge(100, 3, 72), &without_fee), (Bucket::Unexplained, Reason::Differs));
        let refund = Movement { kind: "refund".into(), ..charge(-100, -3, 100) };
        assert_eq!(of(&refund, &ours(&[(Currency::EUR, -100)])), (Bucket::Explained, Reason::Fee));
        let alone = |hours| file_alone(Money::new(5, Currency::EUR), now().minus(SignedDuration::from_hours(hours)), false, now()).bucket;
        assert_eq!((alone(71), alone(72)), (Bucket::Explained, Bucket::Unexplained));
    }
    #[test]
    fn another_currency_is_explained_by_the_provider_s_own_rate_alone() {
        let refund = Movement { kind: "refund".into(), rate: "0.9205".parse().ok(), ..charge(-9205, 0, 2) };
        assert_eq!(of(&refund, &ours(&[(Currency::USD, -10_000)])), (Bucket::Explained, Reason::Fx));
        let rounded = Movement { amount: Money::new(-9206, Currency::EUR), net: -9206, ..refund.clone() };
        assert_eq!(of(&rounded, &ours(&[(Currency::USD, -10_000)])).0, Bucket::Explained);
        let wrong = Movement { amount: Money::new(-9207, Currency::EUR), net: -9207, ..refund.clone() };
        assert_eq!(of(&wrong, &ours(&[(Currency::USD, -10_000)])).0, Bucket::Unexplained);
        let without = Movement { rate: None, ..refund };
        assert_eq!(of(&without, &ours(&[(Currency::USD, -10_000)])).0, Bucket::Unexplained);
    }
}
