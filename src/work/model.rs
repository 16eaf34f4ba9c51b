//! Entries of the work register, payments to makers, and what they must satisfy. Pure.
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    clock::{Day, Time},
    db::{DbError, Retryable},
    ids::{ArtisanId, BatchId, MakerPaymentId, WorkId},
    money::{Currency, Money},
    problem::FieldError,
    provenance::{self, Registered},
};

/// Nobody works longer in a day: more is a typing error, or something to be asked about.
pub const MAX_MINUTES_A_DAY: i64 = 16 * 60;
/// A month of a small workshop; a longer register comes as a file.
pub const MAX_ENTRIES: usize = 200;
const MAX_STEP: usize = 80;

text_enum! { as PayMethod, pub enum Method { Cash = "cash", Bank = "bank", Upi = "upi" } }

/// Work that was done, as it is about to be written down.
#[derive(Clone, Debug)]
pub struct NewWork {
    /// None: whose work it was is not known, and is never guessed.
    pub artisan: Option<ArtisanId>,
    pub batch: Option<BatchId>,
    pub step: String,
    pub pieces: i32,
    /// For all of the pieces together.
    pub minutes: Option<i32>,
    /// For one piece.
    pub rate: Money,
    pub date: Day,
}
impl NewWork {
    /// One step however it was typed.
    pub fn step_key(&self) -> String {
        self.step.to_lowercase()
    }
}

#[derive(Clone, Debug, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::work_entries)]
pub struct Work {
    pub id: WorkId,
    #[diesel(column_name = artisan_id)]
    pub artisan: Option<ArtisanId>,
    #[diesel(column_name = batch_id)]
    pub batch: Option<BatchId>,
    pub step: String,
    pub pieces: i32,
    pub minutes: Option<i32>,
    pub rate_minor: i64,
    pub currency: Currency,
    #[diesel(column_name = worked_on)]
    pub date: Day,
    pub created_at: Time,
}

#[derive(Clone, Debug)]
pub struct NewPayment {
    pub artisan: ArtisanId,
    /// The work it pays for; none if it is her part of a payout, or an advance.
    pub work: Option<WorkId>,
    pub amount: Money,
    pub paid_on: Day,
    pub method: Method,
    pub evidence: Option<String>,
}

#[derive(Clone, Debug, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::maker_payments)]
pub struct Payment {
    pub id: MakerPaymentId,
    #[diesel(column_name = artisan_id)]
    pub artisan: ArtisanId,
    #[diesel(column_name = work_id)]
    pub work: Option<WorkId>,
    pub amount_minor: i64,
    pub currency: Currency,
    pub paid_on: Day,
    pub method: Method,
    pub evidence: Option<String>,
    pub created_at: Time,
}

/// What the register holds already, read under the makers' and batches' locks.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub artisans: BTreeSet<ArtisanId>,
    /// How many pieces each batch has.
    pub batches: BTreeMap<BatchId, i32>,
    pub minutes: BTreeMap<(ArtisanId, Day), i64>,
    pub pieces: BTreeMap<(BatchId, String), i64>,
}

impl Known {
    /// The same without an entry that is about to be corrected.
    pub fn without(&mut self, entry: &Work) {
        if let Some(minutes) = entry.artisan.and_then(|artisan| self.minutes.get_mut(&(artisan, entry.date))) {
            *minutes -= i64::from(entry.minutes.unwrap_or(0));
        }
        if let Some(pieces) = entry.batch.and_then(|batch| self.pieces.get_mut(&(batch, entry.step.to_lowercase()))) {
            *pieces -= i64::from(entry.pieces);
        }
    }
}

/// Every rule that an entry can break by itself. `at` names a field of the entry with that number.
pub fn check(entries: &[NewWork], today: Day, own: Currency, at: &impl Fn(usize, &str) -> String) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let mut wrong = |field: &str, code: &'static str, message: String| errors.push(FieldError::new(at(i, field), code, message));
        let length = entry.step.chars().count();
        if length == 0 || length > MAX_STEP || entry.step.chars().any(char::is_control) {
            wrong("step", "length", format!("1 to {MAX_STEP} characters on one line"));
        }
        if entry.pieces < 1 {
            wrong("pieces", "out_of_range", "at least 1".into());
        }
        if entry.minutes.is_some_and(|m| m < 1) {
            wrong("minutes", "out_of_range", "at least 1, or left out where they are not known".into());
        }
        if entry.rate.minor < 0 {
            wrong("rate/amount", "out_of_range", "0 or more, in minor units, for one piece".into());
        }
        if entry.rate.currency != own {
            wrong("rate/currency", "currency", format!("makers of this cooperative are paid in {own}"));
        }
        if entry.date > today {
            wrong("date", "future", "the day of the work cannot be in the future".into());
        }
    }
    errors
}

/// The rules that what is already written down decides; `known` is counted up as entries are taken in.
pub fn gates(entries: &[NewWork], mut known: Known, at: &impl Fn(usize, &str) -> String) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let mut wrong = |field: &str, code: &'static str, message: String| errors.push(FieldError::new(at(i, field), code, message));
        if let Some(artisan) = entry.artisan {
            if !known.artisans.contains(&artisan) {
                wrong("artisan", "unknown", "no such maker of this cooperative".into());
            }
            let worked = known.minutes.entry((artisan, entry.date)).or_default();
            *worked += i64::from(entry.minutes.unwrap_or(0));
            if *worked > MAX_MINUTES_A_DAY {
                let message = format!("that makes {worked} minutes for this maker on {}; {MAX_MINUTES_A_DAY} at most", entry.date);
                wrong("minutes", "too_long_a_day", message);
            }
        }
        let Some(batch) = entry.batch else { continue };
        let Some(quantity) = known.batches.get(&batch).copied() else {
            wrong("batch", "unknown", "no such batch of this cooperative".into());
            continue;
        };
        let done = known.pieces.entry((batch, entry.step_key())).or_default();
        *done += i64::from(entry.pieces);
        if *done > i64::from(quantity) {
            wrong("pieces", "more_than_batch", format!("that makes {done} pieces of \"{}\"; the batch has {quantity}", entry.step));
        }
    }
    errors
}

/// New entries, by batch.
pub fn made(entries: &[NewWork]) -> BTreeMap<BatchId, Registered> {
    let mut by_batch: BTreeMap<BatchId, Vec<&NewWork>> = BTreeMap::new();
    for entry in entries {
        if let Some(batch) = entry.batch {
            by_batch.entry(batch).or_default().push(entry);
        }
    }
    by_batch.into_iter().map(|(batch, entries)| (batch, facts(&entries))).collect()
}

fn facts(entries: &[&NewWork]) -> Registered {
    let makers: BTreeSet<_> = entries.iter().filter_map(|e| e.artisan).collect();
    let mut steps: Vec<(String, Option<u32>)> = Vec::new();
    for entry in entries {
        if steps.iter().any(|(step, _)| step.to_lowercase() == entry.step_key()) {
            continue;
        }
        let same: Vec<_> = entries.iter().filter(|e| e.step_key() == entry.step_key()).collect();
        let pieces: i64 = same.iter().map(|e| i64::from(e.pieces)).sum();
        let minutes: Option<i64> = same.iter().map(|e| e.minutes.map(i64::from)).sum();
        // A piece of work shorter than half a minute is written as one, not as none.
        let each = minutes.filter(|_| pieces > 0).and_then(|m| u32::try_from(((m + pieces / 2) / pieces).max(1)).ok());
        steps.push((entry.step.clone(), each));
    }
    Registered { makers: u32::try_from(makers.len()).unwrap_or(u32::MAX).max(1), named: makers.into_iter().collect(), steps }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} fields cannot be accepted", .0.len())]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    Provenance(#[from] provenance::Error),
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
            Self::Provenance(error) => error.retryable(),
            Self::Invalid(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(artisan: Option<ArtisanId>, batch: Option<BatchId>, step: &str, pieces: i32, minutes: Option<i32>) -> NewWork {
        let date = Time::from_unix(1_795_348_800).unwrap().day();
        NewWork { artisan, batch, step: step.into(), pieces, minutes, rate: Money::new(100, Currency::INR), date }
    }
    fn codes(errors: &[FieldError]) -> Vec<(&str, &str)> {
        errors.iter().map(|e| (e.pointer.as_str(), e.code.as_ref())).collect()
    }

    #[test]
    fn the_sixteenth_hour_is_the_last_and_the_batch_has_as_many_pieces_as_it_has() {
        let (maker, batch) = (ArtisanId::new(), BatchId::new());
        let day = work(None, None, "x", 1, None).date;
        let known = Known {
            artisans: [maker].into(),
            batches: [(batch, 10)].into(),
            minutes: [((maker, day), 900)].into(),
            pieces: [((batch, "printing".into()), 8)].into(),
        };
        let at = |i: usize, field: &str| format!("/{i}/{field}");
        let fits = [work(Some(maker), Some(batch), "Printing", 2, Some(60))];
        assert_eq!(codes(&gates(&fits, known.clone(), &at)), []);
        let over = [fits[0].clone(), work(Some(maker), Some(batch), "printing", 1, Some(1))];
        assert_eq!(codes(&gates(&over, known.clone(), &at)), [("/1/minutes", "too_long_a_day"), ("/1/pieces", "more_than_batch")]);
        let foreign = [work(Some(ArtisanId::new()), Some(BatchId::new()), "dyeing", 1, None)];
        assert_eq!(codes(&gates(&foreign, known, &at)), [("/0/artisan", "unknown"), ("/0/batch", "unknown")]);
    }
    #[test]
    fn a_record_counts_people_and_never_invents_minutes() {
        let (a, b, batch) = (ArtisanId::new(), ArtisanId::new(), BatchId::new());
        let entries = [
            work(Some(a), Some(batch), "printing", 4, Some(120)),
            work(Some(b), Some(batch), "Printing", 2, Some(60)),
            work(None, Some(batch), "washing", 6, None),
            work(Some(a), None, "sweeping", 1, None),
        ];
        let made = made(&entries);
        assert_eq!(made.len(), 1);
        assert_eq!(made[&batch], Registered { makers: 2, named: vec![a, b], steps: vec![("printing".into(), Some(30)), ("washing".into(), None)] });
    }
}
