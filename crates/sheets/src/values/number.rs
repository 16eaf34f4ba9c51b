//! Counts, weights and truth values as people write them.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::{Fault, Read, fold};
use crate::problem::Code;
use crate::table::{CellKind, Value};

/// A million pieces: no cooperative has more of one thing; above it somebody typed a barcode.
pub const COUNT_MAX: i64 = 1_000_000;
/// Ten tonnes in grams: above it the unit is wrong.
pub const GRAMS_MAX: i64 = 10_000_000;
/// Words after a count that say "pieces".
const PIECES: [&str; 12] = ["pieces", "piece", "pcs.", "pcs", "pc", "nos.", "nos", "no.", "units", "unit", "नग", "st"];

/// The unit of a weight column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Gram,
    Kilogram,
    Pound,
    Ounce,
}

impl Unit {
    /// Grams in one unit; pound and ounce as internationally agreed in 1959.
    fn grams(self) -> Decimal {
        match self {
            Unit::Gram => Decimal::ONE,
            Unit::Kilogram => Decimal::new(1_000, 0),
            Unit::Pound => Decimal::new(45_359_237, 5),
            Unit::Ounce => Decimal::new(28_349_523_125, 9),
        }
    }
}

/// Units people write behind a weight; longest first, so that `kg` is not `g`.
const UNITS: [(&str, Unit); 18] = [
    ("kilograms", Unit::Kilogram),
    ("kilogram", Unit::Kilogram),
    ("pounds", Unit::Pound),
    ("ounces", Unit::Ounce),
    ("grams", Unit::Gram),
    ("किलो", Unit::Kilogram),
    ("ग्राम", Unit::Gram),
    ("gram", Unit::Gram),
    ("kilo", Unit::Kilogram),
    ("kgs", Unit::Kilogram),
    ("gms", Unit::Gram),
    ("lbs", Unit::Pound),
    ("kg", Unit::Kilogram),
    ("gm", Unit::Gram),
    ("gr", Unit::Gram),
    ("lb", Unit::Pound),
    ("oz", Unit::Ounce),
    ("g", Unit::Gram),
];

/// A plain decimal: digits with a decimal point or comma, thousands grouped by comma only in threes.
fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let text = match (text.split_once(','), text.contains('.')) {
        (Some((whole, after)), false) if after.len() != 3 || whole.starts_with('0') => format!("{whole}.{after}"),
        _ => text.replace(',', ""),
    };
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && digits.bytes().any(|b| b.is_ascii_digit());
    plain.then(|| Decimal::from_str_exact(&text).ok()).flatten()
}

fn folded(value: Value<'_>) -> String {
    fold(value.text).to_lowercase().trim().trim_start_matches('\'').trim().to_owned()
}

/// A whole number from 0 to [`COUNT_MAX`]; a negative one (a shop oversold) is none, and said so.
pub fn count(value: Value<'_>) -> Result<Read<i64>, Fault> {
    let expected = || Fault::new(Code::NumberUnreadable, "a whole number such as 12");
    if !matches!(value.kind, CellKind::Text | CellKind::Number) {
        return Err(expected());
    }
    let mut text = folded(value).as_str().to_owned();
    if let Some(bare) = PIECES.iter().find_map(|word| text.strip_suffix(word)) {
        text = bare.trim().to_owned();
    }
    let number = decimal(&text).ok_or_else(expected)?.normalize();
    if number.scale() > 0 {
        return Err(Fault::new(Code::StockFraction, "a whole number; pieces are not divided"));
    }
    let number = i64::try_from(number.mantissa()).unwrap_or(i64::MAX);
    if number > COUNT_MAX {
        return Err(Fault::new(Code::NumberTooLarge, format!("at most {COUNT_MAX}")));
    }
    if number < 0 {
        return Ok(Read::noted(0, Code::StockNegative, "a number not below 0; read as 0"));
    }
    Ok(Read::plain(number))
}

/// A weight to whole grams, half up, said so when rounded. A unit written behind the number wins over the column's.
pub fn grams(value: Value<'_>, unit: Unit) -> Result<Read<i64>, Fault> {
    let expected = || Fault::new(Code::WeightUnreadable, "a weight such as 250 or 250 g");
    if !matches!(value.kind, CellKind::Text | CellKind::Number) {
        return Err(expected());
    }
    let text = folded(value);
    let named = UNITS.iter().find_map(|(word, unit)| text.strip_suffix(word).map(|rest| (rest, *unit)));
    let (number, unit) = named.unwrap_or((&text, unit));
    let number = decimal(number.trim_end_matches('.')).ok_or_else(expected)?;
    if number.is_sign_negative() && !number.is_zero() {
        return Err(expected());
    }
    let too_large = || Fault::new(Code::NumberTooLarge, format!("at most {GRAMS_MAX} g"));
    let exact = number.checked_mul(unit.grams()).ok_or_else(too_large)?.normalize();
    let whole = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    let grams = i64::try_from(whole.mantissa()).ok().filter(|grams| *grams <= GRAMS_MAX).ok_or_else(too_large)?;
    if exact.scale() == 0 {
        return Ok(Read::plain(grams));
    }
    Ok(Read::noted(grams, Code::WeightRounded, format!("whole grams; {exact} g read as {grams} g")))
}

/// Yes and no in the languages we have met.
const YES: [&str; 17] = ["true", "yes", "y", "1", "x", "✓", "✔", "हाँ", "हां", "हा", "ja", "wahr", "oui", "vrai", "si", "sí", "হ্যাঁ"];
const NO: [&str; 12] = ["false", "no", "n", "0", "नहीं", "नही", "nein", "falsch", "non", "faux", "না", "✗"];

/// A truth value.
pub fn flag(value: Value<'_>) -> Result<bool, Fault> {
    let text = folded(value);
    if YES.contains(&text.as_str()) {
        return Ok(true);
    }
    if NO.contains(&text.as_str()) {
        return Ok(false);
    }
    Err(Fault::new(Code::FlagUnreadable, "yes or no"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let read = |text| count(Value::text(text)).map(|read| read.value).map_err(|fault| fault.code);
        for text in ["12", "12.0", " 12 pcs", "'12", "१२", "12 nos.", "12 नग"] {
            assert_eq!(read(text), Ok(12), "{text}");
        }
        assert_eq!(read("1,200"), Ok(1_200));
        assert_eq!(read("1.5"), Err(Code::StockFraction));
        assert_eq!(read("many"), Err(Code::NumberUnreadable));
        assert_eq!(read(""), Err(Code::NumberUnreadable));
        assert_eq!(read("8901234567890"), Err(Code::NumberTooLarge));
        let sold = count(Value::text("-2")).expect("readable");
        assert_eq!((sold.value, sold.note.map(|note| note.code)), (0, Some(Code::StockNegative)));
    }

    #[test]
    fn weights_become_whole_grams_and_say_when_rounded() {
        let read = |text, unit| grams(Value::text(text), unit).map(|read| (read.value, read.note.is_some())).map_err(|fault| fault.code);
        assert_eq!(read("250", Unit::Gram), Ok((250, false)));
        assert_eq!(read("0.0", Unit::Gram), Ok((0, false)));
        assert_eq!(read("453.59237", Unit::Gram), Ok((454, true)));
        assert_eq!(read("1", Unit::Pound), Ok((454, true)));
        assert_eq!(read("1.2 kg", Unit::Gram), Ok((1_200, false)));
        assert_eq!(read("1,2", Unit::Kilogram), Ok((1_200, false)));
        assert_eq!(read("250 gms.", Unit::Kilogram), Err(Code::WeightUnreadable));
        assert_eq!(read("250 gms", Unit::Kilogram), Ok((250, false)));
        assert_eq!(read("0.5", Unit::Gram), Ok((1, true)));
        assert_eq!(read("-1", Unit::Gram), Err(Code::WeightUnreadable));
        assert_eq!(read("99999999", Unit::Kilogram), Err(Code::NumberTooLarge));
    }

    #[test]
    fn flags() {
        let read = |text| flag(Value::text(text)).map_err(|fault| fault.code);
        assert_eq!(read("TRUE"), Ok(true));
        assert_eq!(read("हाँ"), Ok(true));
        assert_eq!(read("no"), Ok(false));
        assert_eq!(read("maybe"), Err(Code::FlagUnreadable));
    }
}
