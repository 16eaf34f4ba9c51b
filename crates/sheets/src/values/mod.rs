//! Values as people write them, read exactly or refused with what was expected.

pub mod amount;
pub mod date;
pub mod html;
pub mod number;

use crate::problem::Code;
use crate::table::Value;

/// Why a value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: Code,
    pub expected: String,
}

impl Fault {
    pub(crate) fn new(code: Code, expected: impl Into<String>) -> Self {
        Fault { code, expected: expected.into() }
    }
}

/// A value and, where it was read in a way its sender should know of, that way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T> {
    pub value: T,
    pub note: Option<Fault>,
}

impl<T> Read<T> {
    pub(crate) fn plain(value: T) -> Self {
        Read { value, note: None }
    }

    pub(crate) fn noted(value: T, code: Code, how: impl Into<String>) -> Self {
        Read { value, note: Some(Fault::new(code, how)) }
    }
}

/// First code points of blocks of ten decimal digits, zero to nine, from Arabic and the scripts of India to full width.
const DIGIT_BLOCKS: [u32; 23] = [
    0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1946,
    0x1C50, 0xA8D0, 0xABF0, 0x1090, 0xFF10,
];

/// Writes every script's digits as 0–9, every kind of space as a space and every kind of separator as its ASCII form.
pub fn fold(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}')).map(fold_char).collect()
}

fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let code = u32::from(c);
    for block in DIGIT_BLOCKS {
        if (block..block + 10).contains(&code) {
            // 0..=9 above b'0' is an ASCII digit.
            return char::from(b'0' + (code - block) as u8);
        }
    }
    match c {
        '٫' | '．' => '.',
        '٬' | '，' => ',',
        '\u{2019}' | '\u{02bc}' => '\'',
        '\u{2212}' | '\u{2013}' | '\u{2014}' => '-',
        other if other.is_whitespace() => ' ',
        other => other,
    }
}

/// Characters a spreadsheet program takes for the start of a formula.
pub(crate) fn starts_a_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r')
}

/// Free text of a cell: trimmed, line ends as `\n`, the apostrophe that guards a formula taken off.
pub fn text(value: Value<'_>) -> String {
    let trimmed = value.text.trim();
    let mut rest = trimmed.chars();
    let guarded = rest.next() == Some('\'') && rest.next().is_some_and(|c| starts_a_formula(c) || c == '\'');
    let bare = if guarded { trimmed[1..].trim() } else { trimmed };
    if bare.contains('\r') { bare.replace("\r\n", "\n").replace('\r', "\n") } else { bare.to_owned() }
}

/// An identifier (SKU, barcode, phone): as text, and without the apostrophes that keep a spreadsheet program from counting with it.
pub fn identifier(value: Value<'_>) -> String {
    value.text.trim().trim_start_matches('\'').trim().to_owned()
}

/// A cell of several things, separated by commas, semicolons or lines.
pub fn list(text: &str) -> Vec<String> {
    let parts = text.split([',', ';', '\n']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_many_scripts_fold() {
        for text in ["१२५०", "১২৫০", "౧౨౫౦", "୧୨୫୦", "૧૨૫૦", "੧੨੫੦", "௧௨௫௦", "೧೨೫೦", "൧൨൫൦", "١٢٥٠", "۱۲۵۰", "１２５０"]
        {
            assert_eq!(fold(text), "1250", "{text}");
        }
        assert_eq!(fold("1\u{a0}250\u{202f}’"), "1 250 '");
    }

    #[test]
    fn only_guarding_apostrophes_are_taken_off() {
        let read = |s| text(Value::text(s));
        assert_eq!(read("'=1+1"), "=1+1");
        assert_eq!(read("''=x"), "'=x");
        assert_eq!(read("'90s jacket"), "'90s jacket");
        assert_eq!(read(" two\r\nlines\r"), "two\nlines");
        assert_eq!(identifier(Value::text("'98482749")), "98482749");
    }
}
