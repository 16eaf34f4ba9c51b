//! Registrations and rates as they are written down, and what can be wrong with them. Pure.
use super::numbers;
use crate::{
    clock::Day,
    countries,
    db::{DbError, Retryable},
    ids::{CoopId, TaxRegistrationId},
    problem::FieldError,
    tenancy::Scope,
};

text_enum! {
    as TaxNumberKind,
    /// gstin: goods and services tax, India · vat: value-added or goods and services tax elsewhere · pan: income tax, India · iec: importers
    /// and exporters, India · eori: customs, Europe · ein: employers, United States. Tax is collected under the first two.
    pub enum Kind { Gstin = "gstin", Pan = "pan", Iec = "iec", Eori = "eori", Vat = "vat", Ein = "ein" }
}
impl Kind {
    /// Whether whoever has such a number collects tax from buyers.
    pub const fn collects(self) -> bool {
        match self {
            Self::Gstin | Self::Vat => true,
            Self::Pan | Self::Iec | Self::Eori | Self::Ein => false,
        }
    }
}

/// Whose registration it is. The platform's covers every seller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seller {
    Platform,
    Cooperative(Scope),
}
impl Seller {
    pub(super) const fn coop(self) -> Option<CoopId> {
        match self {
            Self::Platform => None,
            Self::Cooperative(scope) => Some(scope.coop()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::tax_registrations)]
pub struct Registration {
    pub id: TaxRegistrationId,
    pub coop_id: Option<CoopId>,
    pub jurisdiction: String,
    pub kind: Kind,
    pub number: String,
    pub valid_from: Day,
    /// The last day on which it holds.
    pub valid_to: Option<Day>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRegistration {
    pub jurisdiction: String,
    pub kind: Kind,
    pub number: String,
    pub valid_from: Day,
}

/// What a parcel there bears from a day on.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable, diesel::Selectable, diesel::Insertable)]
#[diesel(table_name = crate::schema::tax_rates)]
pub struct NewRate {
    pub jurisdiction: String,
    pub category: String,
    pub rate_bp: i32,
    /// Whether consumers there are told prices with tax.
    pub inclusive: bool,
    pub valid_from: Day,
    pub source: String,
}

/// Every member state has a rate of its own.
pub const EUROPEAN_UNION: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO",
    "SE", "SI", "SK",
];
/// Half of a price: no tax on goods is higher, and a rate of 190 % is a slip.
const MAX_RATE: i32 = 5000;
const MAX_CATEGORY: usize = 40;
const MAX_SOURCE: usize = 300;
/// Laws are passed a few years ahead, and typing errors lie further off.
const AHEAD_DAYS: i64 = 5 * 366;
/// Before it nothing was registered for any of these taxes.
const EARLIEST: Day = Day(jiff::civil::date(1900, 1, 1));

#[derive(Default)]
struct Check(Vec<FieldError>);
impl Check {
    fn when(&mut self, wrong: bool, pointer: &str, code: &'static str, expected: impl Into<String>) {
        if wrong {
            self.0.push(FieldError::new(pointer, code, expected));
        }
    }
    fn jurisdiction(&mut self, code: &str) {
        self.when(countries::find(code).is_none(), "/jurisdiction", "unknown", "a country: two capital letters of ISO 3166-1, as DE");
    }
    fn day(&mut self, day: Day, today: Day) {
        let latest = today.plus_days(AHEAD_DAYS);
        self.when(!(EARLIEST..=latest).contains(&day), "/valid_from", "out_of_range", format!("a day from {EARLIEST} to {latest}"));
    }
}

impl NewRegistration {
    /// The number without what people put between its groups.
    pub fn normalised(mut self) -> Self {
        self.number = numbers::normalised(&self.number);
        self
    }
    /// Every field that cannot be right.
    pub fn check(&self, today: Day) -> Vec<FieldError> {
        let mut check = Check::default();
        check.jurisdiction(&self.jurisdiction);
        check.day(self.valid_from, today);
        if check.0.is_empty()
            && let Err(wrong) = numbers::check(&self.jurisdiction, self.kind, &self.number)
        {
            let (pointer, code, expected) = match wrong {
                numbers::Wrong::Place(expected) => ("/kind", "contradiction", expected),
                numbers::Wrong::Form(expected) => ("/number", "malformed", expected),
                numbers::Wrong::Digit => ("/number", "check_digit", "a number whose check digit fits: one of its characters is wrong".into()),
            };
            check.when(true, pointer, code, expected);
        }
        check.0
    }
}
impl NewRate {
    pub fn normalised(mut self) -> Self {
        self.source = self.source.trim().to_owned();
        self
    }
    /// Every field that cannot be right.
    pub fn check(&self, today: Day) -> Vec<FieldError> {
        let mut check = Check::default();
        check.jurisdiction(&self.jurisdiction);
        let plain = self.category.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let named = (2..=MAX_CATEGORY).contains(&self.category.len()) && plain;
        check.when(!named, "/category", "malformed", format!("2 to {MAX_CATEGORY} lower-case letters and underscores, as standard"));
        check.when(!(0..=MAX_RATE).contains(&self.rate_bp), "/rate_bp", "out_of_range", format!("0 to {MAX_RATE} basis points; 1900 are 19 %"));
        check.day(self.valid_from, today);
        let told = (3..=MAX_SOURCE).contains(&self.source.chars().count());
        check.when(!told, "/source", "length", format!("where it is written: 3 to {MAX_SOURCE} characters"));
        check.0
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such registration")]
    NotFound,
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    #[error("a registration of this kind holds there already: end it first")]
    Open,
    #[error("its end is written down already")]
    Ended,
    #[error("a rate of this category begins there on that day already, and none is ever changed: write down the next one")]
    Dated,
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
            Self::NotFound | Self::Invalid(_) | Self::Open | Self::Ended | Self::Dated => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }
    fn pointers(errors: &[FieldError]) -> Vec<(&str, &str)> {
        errors.iter().map(|e| (e.pointer.as_str(), &*e.code)).collect()
    }
    #[test]
    fn a_registration_says_what_is_wrong_with_it() {
        let today = day("2026-11-22");
        let of = |jurisdiction: &str, kind, number: &str, from: &str| {
            let new = NewRegistration { jurisdiction: jurisdiction.into(), kind, number: number.into(), valid_from: day(from) }.normalised();
            new.check(today)
        };
        assert_eq!(of("DE", Kind::Vat, "de 136.695.976", "2026-01-01"), []);
        assert_eq!(pointers(&of("DE", Kind::Vat, "DE136695975", "2026-01-01")), [("/number", "check_digit")]);
        assert_eq!(pointers(&of("DE", Kind::Vat, "136695976", "2026-01-01")), [("/number", "malformed")]);
        assert_eq!(pointers(&of("DE", Kind::Gstin, "27AAPFU0939F1ZV", "2026-01-01")), [("/kind", "contradiction")]);
        assert_eq!(pointers(&of("de", Kind::Vat, "x", "2106-01-01")), [("/jurisdiction", "unknown"), ("/valid_from", "out_of_range")]);
    }
    #[test]
    fn a_rate_says_what_is_wrong_with_it() {
        let rate = |jurisdiction: &str, category: &str, rate_bp, source: &str| {
            let (jurisdiction, category, source) = (jurisdiction.into(), category.into(), source.into());
            NewRate { jurisdiction, category, rate_bp, inclusive: true, valid_from: day("2027-01-01"), source }.normalised().check(day("2026-11-22"))
        };
        assert_eq!(rate("DE", "standard", 1900, "UStG"), []);
        let all = [("/jurisdiction", "unknown"), ("/category", "malformed"), ("/rate_bp", "out_of_range"), ("/source", "length")];
        assert_eq!(pointers(&rate("XX", "Books!", 19_000, " ? ")), all);
    }
}
