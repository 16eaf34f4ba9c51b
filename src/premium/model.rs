//! What members decide, and what of it can be right. Pure.
use crate::{
    clock::{Day, Time},
    db::{DbError, Retryable},
    ids::{AccountId, PremiumDecisionId},
    ledger,
    money::{Currency, Money},
    payouts::{self, Skipped},
    problem::FieldError,
};

text_enum! { as PremiumDecisionState,
    /// recorded: waits for a second person.
    pub enum State { Recorded = "recorded", Confirmed = "confirmed", Rejected = "rejected" }
}
text_enum! { as PremiumCategory,
    /// What a fund is spent on, so that funds can be compared.
    pub enum Category {
        Health = "health", Education = "education", Equipment = "equipment", Water = "water", Housing = "housing", Training = "training",
        Savings = "savings", Relief = "relief", Other = "other",
    }
}

/// A sentence on a public page.
const MAX_PURPOSE: usize = 200;
/// The minutes of a long meeting.
const MAX_MINUTES: usize = 20_000;
const MAX_WORDS: usize = 500;
/// More than any cooperative has members.
const MAX_PEOPLE: i32 = 100_000;
/// Longer ago is a mistake of the year.
const MAX_AGE_DAYS: i64 = 3 * 366;
/// A number this long in a public sentence is somebody's telephone or account.
const LONG_NUMBER: usize = 7;

#[derive(Clone, Debug)]
pub struct NewDecision {
    pub met_on: Day,
    pub category: Category,
    pub purpose: String,
    pub amount: Money,
    pub votes: Votes,
    pub minutes: String,
    /// Of the signed document; of the text, where there is none.
    pub minutes_sha256: Option<[u8; 32]>,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Votes {
    pub present: i32,
    pub yes: i32,
    pub no: i32,
    pub abstained: i32,
}

pub fn wrong(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> FieldError {
    FieldError::new(pointer, code, message.into())
}
pub fn words(field: &'static str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_WORDS {
        return Err(Error::Invalid(vec![wrong(field, "length", format!("1 to {MAX_WORDS} characters"))]));
    }
    Ok(text.to_owned())
}

impl Votes {
    fn check(self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (field, count) in [("present", self.present), ("for", self.yes), ("against", self.no), ("abstained", self.abstained)] {
            if !(0..=MAX_PEOPLE).contains(&count) {
                errors.push(wrong(format!("/votes/{field}"), "out_of_range", format!("0 to {MAX_PEOPLE}")));
            }
        }
        if !errors.is_empty() {
            return errors;
        }
        let cast = self.yes + self.no + self.abstained;
        if cast > self.present {
            errors.push(wrong("/votes/present", "sum", format!("{cast} voted or abstained, and {} were present", self.present)));
        }
        if self.yes <= self.no {
            errors.push(wrong("/votes/for", "not_carried", "more for it than against it: else nothing was decided"));
        }
        errors
    }
}

/// Whether a sentence holds what tells of one person rather than of what was bought.
fn personal(text: &str) -> bool {
    let digits = text.split(|c: char| !(c.is_ascii_digit() || matches!(c, ' ' | '-'))).any(|run| {
        let count = run.chars().filter(char::is_ascii_digit).count();
        count >= LONG_NUMBER
    });
    text.contains('@') || digits
}

impl NewDecision {
    /// Every field that cannot be right, but for what depends on the fund.
    pub fn check(&self, today: Day) -> Vec<FieldError> {
        let mut errors = self.votes.check();
        if self.met_on > today {
            errors.push(wrong("/met_on", "future", "the day of the meeting cannot be in the future"));
        }
        if self.met_on < today.plus_days(-MAX_AGE_DAYS) {
            errors.push(wrong("/met_on", "out_of_range", "a day of the last three years"));
        }
        let length = self.purpose.chars().count();
        if length == 0 || length > MAX_PURPOSE || self.purpose.chars().any(char::is_control) {
            errors.push(wrong("/purpose", "length", format!("1 to {MAX_PURPOSE} characters on one line")));
        }
        if personal(&self.purpose) {
            errors.push(wrong("/purpose", "personal", "everybody reads it: no addresses, no numbers of people"));
        }
        if self.amount.minor < 1 {
            errors.push(wrong("/amount/amount", "out_of_range", "more than nothing, in minor units"));
        }
        let length = self.minutes.chars().count();
        if self.minutes.trim().is_empty() || length > MAX_MINUTES {
            errors.push(wrong("/minutes", "length", format!("what the minutes say of it, in 1 to {MAX_MINUTES} characters")));
        }
        errors
    }
}

/// A decision as it is kept, without its minutes.
#[derive(Clone, Debug, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::premium_decisions)]
pub struct Decision {
    pub id: PremiumDecisionId,
    pub met_on: Day,
    pub category: Category,
    pub purpose: String,
    pub amount_minor: i64,
    pub currency: Currency,
    pub present: i32,
    pub votes_for: i32,
    pub votes_against: i32,
    pub abstained: i32,
    pub minutes_sha256: Vec<u8>,
    pub state: State,
    pub recorded_by: AccountId,
    pub recorded_at: Time,
    pub ended_at: Option<Time>,
    pub reason: Option<String>,
}
impl Decision {
    pub const fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
    /// Whether an amount can be spent for it at all.
    pub fn check(&self, amount: Money) -> Result<(), Error> {
        if amount.currency != self.currency {
            return Err(Error::Invalid(vec![wrong("/amount/currency", "currency", format!("it was decided in {}", self.currency))]));
        }
        if amount.minor < 1 {
            return Err(Error::Invalid(vec![wrong("/amount/amount", "out_of_range", "more than nothing, in minor units")]));
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such decision")]
    NotFound,
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    #[error("whoever wrote it down cannot confirm it")]
    TwoPeople,
    #[error("it is {0} already")]
    Ended(State),
    #[error("it is {0}: only what a second person confirmed can be spent for")]
    NotConfirmed(State),
    #[error("{} is left of what was decided", .left.formatted())]
    MoreThanDecided { left: Money },
    #[error("{} is in the fund", .fund.formatted())]
    MoreThanThere { fund: Money },
    #[error("another spending took of the fund in this moment: look at it again")]
    Raced,
    #[error("nothing can be paid out: {}", .0.detail)]
    NotPaid(Skipped),
    #[error(transparent)]
    Payout(#[from] payouts::Error),
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
            Self::Db(error) => error.retryable(),
            Self::Payout(error) => error.retryable(),
            Self::Ledger(error) => error.retryable(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }
    fn good() -> NewDecision {
        NewDecision {
            met_on: day("2026-11-20"),
            category: Category::Health,
            purpose: "Glasses for twelve members, 2026-27".into(),
            amount: Money::new(400, Currency::EUR),
            votes: Votes { present: 20, yes: 15, no: 2, abstained: 3 },
            minutes: "Point 3: glasses.".into(),
            minutes_sha256: None,
        }
    }
    fn pointers(new: &NewDecision) -> Vec<String> {
        new.check(day("2026-11-22")).into_iter().map(|e| format!("{} {}", e.pointer, e.code)).collect()
    }
    #[test]
    fn what_was_not_decided_is_no_decision() {
        assert_eq!(pointers(&good()), Vec::<String>::new());
        let votes = |present, yes, no, abstained| pointers(&NewDecision { votes: Votes { present, yes, no, abstained }, ..good() });
        assert_eq!(votes(20, 2, 2, 0), ["/votes/for not_carried"]);
        assert_eq!(votes(20, 18, 2, 1), ["/votes/present sum"]);
        assert_eq!(votes(20, -1, 0, 0), ["/votes/for out_of_range"]);
        assert_eq!(pointers(&NewDecision { met_on: day("2026-11-23"), ..good() }), ["/met_on future"]);
        assert_eq!(pointers(&NewDecision { met_on: day("2016-11-20"), ..good() }), ["/met_on out_of_range"]);
        assert_eq!(pointers(&NewDecision { amount: Money::new(0, Currency::EUR), ..good() }), ["/amount/amount out_of_range"]);
        assert_eq!(pointers(&NewDecision { minutes: " ".into(), ..good() }), ["/minutes length"]);
    }
    #[test]
    fn a_public_sentence_tells_of_nobody() {
        let of = |purpose: &str| pointers(&NewDecision { purpose: purpose.into(), ..good() });
        for wrong in ["Glasses for Asha, +91 98290 12345", "Ask asha@coop.example", "Account 000123456789"] {
            assert_eq!(of(wrong), ["/purpose personal"], "{wrong}");
        }
        for fine in ["A loom of 1200 threads, 2 m", "School fees 2026-27 for 14 children"] {
            assert_eq!(of(fine), Vec::<String>::new(), "control: {fine}");
        }
    }
}
