//! Amounts of money as people write them, to integer minor units, exactly or not at all.
//!
//! `₹1,25,000.00`, `1,250/-`, `Rs. 1 250`, `1.250,00 €`, `१,२५०` are read. A point before exactly three digits is never guessed
//! (`1.250` may be a thousand or one and a quarter), nothing is rounded, and a symbol of another currency is refused.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Fault, fold};
use crate::problem::Code;
use crate::table::{CellKind, Value};

/// 10¹³ minor units: a hundred billion of a two-decimal currency; above it somebody typed a barcode into the price.
pub const MINOR_MAX: i64 = 10_000_000_000_000;
/// The most decimals a currency of ISO 4217 has.
const EXPONENT_MAX: u32 = 4;

/// A currency and how many decimals its amounts have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawCurrency", into = "RawCurrency")]
pub struct Currency {
    code: String,
    exponent: u32,
}

#[derive(Serialize, Deserialize)]
struct RawCurrency {
    code: String,
    exponent: u32,
}

impl TryFrom<RawCurrency> for Currency {
    type Error = String;
    fn try_from(raw: RawCurrency) -> Result<Self, String> {
        Currency::new(&raw.code, raw.exponent)
    }
}

impl From<Currency> for RawCurrency {
    fn from(currency: Currency) -> Self {
        RawCurrency { code: currency.code, exponent: currency.exponent }
    }
}

impl Currency {
    /// A currency by its ISO 4217 code and exponent; the caller knows the standard's table.
    pub fn new(code: &str, exponent: u32) -> Result<Currency, String> {
        if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(format!("{code:?} is not a currency code of three capital letters"));
        }
        if exponent > EXPONENT_MAX {
            return Err(format!("{exponent} decimals; a currency has at most {EXPONENT_MAX}"));
        }
        Ok(Currency { code: code.to_owned(), exponent })
    }

    /// ISO 4217 code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Decimals of an amount.
    pub fn exponent(&self) -> u32 {
        self.exponent
    }

    /// An amount as plain decimal text with all its decimals, as our exports have it.
    pub fn plain(&self, minor: i64) -> String {
        Decimal::from_i128_with_scale(i128::from(minor), self.exponent).to_string()
    }

    fn example(&self) -> String {
        format!("an amount in {} such as {}", self.code, self.plain(125_000))
    }
}

/// Signs, words and codes that name a currency, and which currencies each may mean; longest first, so that `US$` is not `$`.
const SIGNS: [(&str, &[&str]); 31] = [
    ("rupees", &["INR", "NPR", "PKR", "LKR", "MUR"]),
    ("rupee", &["INR", "NPR", "PKR", "LKR", "MUR"]),
    ("रुपये", &["INR", "NPR"]),
    ("रुपए", &["INR", "NPR"]),
    ("टाका", &["BDT"]),
    ("টাকা", &["BDT", "INR"]),
    ("taka", &["BDT"]),
    ("euro", &["EUR"]),
    ("nrs.", &["NPR"]),
    ("nrs", &["NPR"]),
    ("us$", &["USD"]),
    ("ca$", &["CAD"]),
    ("au$", &["AUD"]),
    ("nz$", &["NZD"]),
    ("रु.", &["INR", "NPR"]),
    ("रू.", &["INR", "NPR"]),
    ("रु", &["INR", "NPR"]),
    ("रू", &["INR", "NPR"]),
    ("rs.", &["INR", "NPR", "PKR", "LKR", "MUR"]),
    ("rs", &["INR", "NPR", "PKR", "LKR", "MUR"]),
    ("tk.", &["BDT"]),
    ("tk", &["BDT"]),
    ("a$", &["AUD"]),
    ("c$", &["CAD"]),
    ("kr", &["SEK", "NOK", "DKK", "ISK"]),
    ("₹", &["INR"]),
    ("₨", &["INR", "NPR", "PKR", "LKR", "MUR"]),
    ("৳", &["BDT", "INR"]),
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("¥", &["JPY", "CNY"]),
];
/// What a bare dollar sign may mean.
const DOLLARS: [&str; 12] = ["USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "TWD", "BND", "FJD", "JMD", "TTD"];
/// Endings that say "and nothing more": `1,250/-`.
const ENDINGS: [&str; 5] = ["/-", "/=", "/–", "only", "-/"];

/// Reads an amount in the expected currency into its minor units.
pub fn parse(value: Value<'_>, currency: &Currency) -> Result<i64, Fault> {
    let unreadable = || Fault::new(Code::AmountUnreadable, currency.example());
    if value.kind == CellKind::Number {
        let decimal = Decimal::from_str_exact(value.text).map_err(|_| unreadable())?;
        return to_minor(decimal, currency);
    }
    if value.kind != CellKind::Text {
        return Err(unreadable());
    }
    let folded = fold(value.text).to_lowercase();
    let text = folded.trim().trim_start_matches('\'').trim();
    let bare = strip_signs(text, currency)?;
    let (bare, negative) = strip_minus(bare);
    let (bare, inner) = (strip_signs(bare, currency)?, negative);
    if bare.contains('e') && bare.bytes().all(|b| b.is_ascii_digit() || b"e+-.,".contains(&b)) {
        return Err(Fault::new(Code::NumberDamaged, "the whole amount: a spreadsheet program shortened this one"));
    }
    let decimal = Decimal::from_str_exact(&plain_digits(bare, currency)?).map_err(|_| unreadable())?;
    to_minor(if inner { -decimal } else { decimal }, currency)
}

fn strip_minus(text: &str) -> (&str, bool) {
    if let Some(rest) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return (rest.trim(), true);
    }
    match text.strip_prefix('-').or_else(|| text.strip_suffix('-')) {
        Some(rest) if !rest.is_empty() => (rest.trim(), true),
        _ => (text.strip_prefix('+').unwrap_or(text).trim(), false),
    }
}

/// Takes signs, words and codes off both ends, refusing those of another currency.
fn strip_signs<'a>(text: &'a str, currency: &Currency) -> Result<&'a str, Fault> {
    let mut text = text;
    loop {
        let before = text;
        for ending in ENDINGS {
            text = text.strip_suffix(ending).unwrap_or(text).trim_end();
        }
        for (sign, may_be) in SIGNS {
            if let Some(rest) = strip_either(text, sign) {
                check(may_be, sign, currency)?;
                text = rest;
            }
        }
        if let Some(rest) = strip_either(text, "$") {
            check(&DOLLARS, "$", currency)?;
            text = rest;
        }
        if let Some((code, rest)) = leading_code(text).or_else(|| trailing_code(text)) {
            check(&[code.to_uppercase().as_str()], code, currency)?;
            text = rest;
        }
        if text == before {
            return Ok(text);
        }
    }
}

/// Takes a sign off the front or the back, where no letter continues it.
fn strip_either<'a>(text: &'a str, sign: &str) -> Option<&'a str> {
    let word = sign.ends_with(|c: char| c.is_ascii_lowercase());
    if let Some(rest) = text.strip_prefix(sign)
        && !(word && rest.starts_with(|c: char| c.is_alphabetic()))
    {
        return Some(rest.trim_start());
    }
    let word = sign.starts_with(|c: char| c.is_ascii_lowercase());
    let rest = text.strip_suffix(sign)?;
    (!(word && rest.ends_with(|c: char| c.is_alphabetic()))).then(|| rest.trim_end())
}

fn leading_code(text: &str) -> Option<(&str, &str)> {
    let (code, rest) = text.split_at_checked(3)?;
    let is_code = code.bytes().all(|b| b.is_ascii_lowercase()) && !rest.starts_with(|c: char| c.is_alphabetic());
    is_code.then(|| (code, rest.trim_start_matches('.').trim_start()))
}

fn trailing_code(text: &str) -> Option<(&str, &str)> {
    let (rest, code) = text.split_at_checked(text.len().checked_sub(3)?)?;
    let is_code = code.bytes().all(|b| b.is_ascii_lowercase()) && !rest.ends_with(|c: char| c.is_alphabetic());
    is_code.then(|| (code, rest.trim_end()))
}

fn check(may_be: &[&str], sign: &str, currency: &Currency) -> Result<(), Fault> {
    if may_be.contains(&currency.code()) {
        return Ok(());
    }
    // Three letters that are no code at all ("abc") make an unreadable amount; saying "another currency" of it is true enough.
    Err(Fault::new(Code::AmountOtherCurrency, format!("{}, not {}", currency.example(), sign.to_uppercase())))
}

/// Digits with at most one point, from digits grouped in any of the usual ways.
fn plain_digits(text: &str, currency: &Currency) -> Result<String, Fault> {
    let unreadable = || Fault::new(Code::AmountUnreadable, currency.example());
    if !text.bytes().all(|b| b.is_ascii_digit() || b"., '".contains(&b)) || !text.bytes().any(|b| b.is_ascii_digit()) {
        return Err(unreadable());
    }
    let (whole, fraction) = match decimal_mark(text, currency)? {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(unreadable());
    }
    let groups: Vec<&str> = whole.split(['.', ',', ' ', '\'']).collect();
    if !groups_are_usual(&groups) {
        return Err(unreadable());
    }
    let whole = groups.concat();
    let whole = if whole.is_empty() { "0" } else { &whole };
    Ok(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

/// Where the decimal mark is, if there is one.
fn decimal_mark(text: &str, currency: &Currency) -> Result<Option<usize>, Fault> {
    let points = text.matches('.').count();
    let commas = text.matches(',').count();
    let last = |mark: char| text.rfind(mark);
    match (points, commas) {
        (0, 0) => Ok(None),
        (0, 1) => lone_mark(text, ',', currency),
        (1, 0) => lone_mark(text, '.', currency),
        // Several of one kind can only group.
        (0, _) | (_, 0) => Ok(None),
        // Both kinds: the last one divides, and only if it stands once.
        _ => {
            let (mark, count) = if last('.') > last(',') { ('.', points) } else { (',', commas) };
            if count == 1 { Ok(last(mark)) } else { Err(Fault::new(Code::AmountUnreadable, currency.example())) }
        }
    }
}

/// One mark alone: a comma before three digits groups; a point before three digits could do either and is not guessed.
fn lone_mark(text: &str, mark: char, currency: &Currency) -> Result<Option<usize>, Fault> {
    let Some(at) = text.find(mark) else { return Ok(None) };
    let (whole, after) = (&text[..at], &text[at + 1..]);
    let could_group = after.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    let digits = whole.bytes().all(|b| b.is_ascii_digit());
    match mark {
        _ if !could_group || !digits => Ok(Some(at)),
        // Three decimals are this currency's own: a point is its decimal point, a comma could be either.
        '.' if currency.exponent() == 3 => Ok(Some(at)),
        ',' if currency.exponent() != 3 => Ok(None),
        _ => Err(Fault::new(
            if mark == '.' { Code::AmountTooPrecise } else { Code::AmountAmbiguous },
            format!(
                "{} with {} decimals; {whole}{mark}{after} could be {whole}{after} or {whole} and a fraction",
                currency.example(),
                currency.exponent()
            ),
        )),
    }
}

/// Groups of three, or of two before a last three as in India; one group is plain digits.
fn groups_are_usual(groups: &[&str]) -> bool {
    let [first, middle @ .., last] = groups else {
        return true;
    };
    let sizes = |size: usize| middle.iter().all(|group| group.len() == size);
    (1..=3).contains(&first.len()) && last.len() == 3 && (sizes(3) || sizes(2))
}

fn to_minor(decimal: Decimal, currency: &Currency) -> Result<i64, Fault> {
    if decimal.is_sign_negative() && !decimal.is_zero() {
        return Err(Fault::new(Code::AmountNegative, format!("{}, not negative", currency.example())));
    }
    let decimal = decimal.normalize();
    if decimal.scale() > currency.exponent() {
        let places = currency.exponent();
        return Err(Fault::new(Code::AmountTooPrecise, format!("{} with at most {places} decimals; nothing is rounded", currency.example())));
    }
    let too_large = || Fault::new(Code::AmountTooLarge, format!("at most {} {}", currency.plain(MINOR_MAX), currency.code()));
    // The scale fits the exponent, so widening to it is exact.
    let factor = 10_i128.pow(currency.exponent() - decimal.scale());
    let minor = decimal.mantissa().checked_mul(factor).ok_or_else(too_large)?;
    i64::try_from(minor).ok().filter(|minor| *minor <= MINOR_MAX).ok_or_else(too_large)
}

#[cfg(test)]
#[path = "amount_tests.rs"]
mod tests;
