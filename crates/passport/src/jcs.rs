//! Strict JSON in, canonical JSON out (RFC 8785, "JCS"): the only way bytes that get hashed or signed are made here.
//!
//! JCS alone is not safe enough to sign: a number such as 9007199254740993 silently becomes …992, and most parsers keep
//! the last of two equal keys, so that two readers can see two documents under one signature. Hence a stricter input:
//! no duplicate keys, whole numbers within ±(2⁵³ − 1) and nothing else, nesting of at most [`MAX_DEPTH`].
//! Credentials (`crate::credential`) have fractions in them, since others' vocabularies say so: [`parse_decimal`] and [`canonical_decimal`]
//! take those too, each in the one spelling that RFC 8785 has for it, so that nothing is rounded there either.
//! The parser is our own because serde_json's reading of numbers depends on features that any crate of a build can turn on.

use serde_json::{Map, Value};

/// Deepest nesting of arrays and objects. Ours need six; the rest is room, short of any reader's stack.
pub const MAX_DEPTH: usize = 128;
/// Largest whole number that every JSON reader holds exactly: 2⁵³ − 1 (RFC 7493, section 2.2).
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// Why some JSON cannot be signed, or be trusted to read the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{bytes} bytes, but at most {limit} are allowed")]
    TooLong { bytes: usize, limit: usize },
    #[error("at byte {at}: expected {expected}")]
    Syntax { at: usize, expected: &'static str },
    #[error("the key \"{key}\" appears twice in one object")]
    DuplicateKey { key: String },
    #[error("{number} is not a plain whole number; write fractions and money as strings")]
    NotWhole { number: String },
    #[error("{number} is not spelled as RFC 8785 spells a number")]
    OtherSpelling { number: String },
    #[error("{number} is beyond ±(2^53 - 1) and would be rounded by some readers")]
    TooLarge { number: String },
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// Which numbers a document may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbers {
    Whole,
    /// Fractions too, as RFC 8785, section 3.2.2.3, writes them.
    Decimal,
}

/// Reads at most `limit` bytes of JSON under the rules above (RFC 8259 grammar, RFC 7493 restrictions).
pub fn parse(bytes: &[u8], limit: usize) -> Result<Value, Error> {
    parse_as(bytes, limit, Numbers::Whole)
}

/// Like [`parse`], and takes fractions that are spelled as RFC 8785 spells them: `0.6`, and neither `0.60` nor `6e-1`.
pub fn parse_decimal(bytes: &[u8], limit: usize) -> Result<Value, Error> {
    parse_as(bytes, limit, Numbers::Decimal)
}

fn parse_as(bytes: &[u8], limit: usize, numbers: Numbers) -> Result<Value, Error> {
    if bytes.len() > limit {
        return Err(Error::TooLong { bytes: bytes.len(), limit });
    }
    let mut parser = Parser { bytes, at: 0, numbers };
    let value = parser.value(0)?;
    parser.skip_space();
    if parser.at < bytes.len() {
        return Err(parser.expected("the end of the document"));
    }
    Ok(value)
}

/// The one canonical encoding of a value (RFC 8785, section 3.2): keys sorted by UTF-16 code unit, no white space,
/// the shortest escapes. Values built in memory are held to the same rules as parsed ones.
pub fn canonical(value: &Value) -> Result<Vec<u8>, Error> {
    canonical_as(value, Numbers::Whole)
}

/// Like [`canonical`], and takes finite fractions too.
pub fn canonical_decimal(value: &Value) -> Result<Vec<u8>, Error> {
    canonical_as(value, Numbers::Decimal)
}

fn canonical_as(value: &Value, numbers: Numbers) -> Result<Vec<u8>, Error> {
    check(value, 0, numbers)?;
    serde_json_canonicalizer::to_vec(value)
        // The canonicaliser fails on non-finite numbers and foreign serialisers, neither of which passed `check`.
        .map_err(|_| Error::NotWhole { number: "a number".to_owned() })
}

fn check(value: &Value, depth: usize, numbers: Numbers) -> Result<(), Error> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => in_range(whole).map(|_| ()),
            None if number.is_u64() => Err(Error::TooLarge { number: number.to_string() }),
            None if numbers == Numbers::Decimal => Ok(()),
            None => Err(Error::NotWhole { number: number.to_string() }),
        },
        Value::Array(_) | Value::Object(_) if depth == MAX_DEPTH => Err(Error::TooDeep),
        Value::Array(items) => items.iter().try_for_each(|item| check(item, depth + 1, numbers)),
        Value::Object(members) => members.values().try_for_each(|member| check(member, depth + 1, numbers)),
    }
}

fn in_range(whole: i64) -> Result<i64, Error> {
    if whole.unsigned_abs() > MAX_INTEGER.unsigned_abs() {
        return Err(Error::TooLarge { number: whole.to_string() });
    }
    Ok(whole)
}

/// `-?(0|[1-9][0-9]*)` without fraction or exponent, and not −0, which JCS would turn into 0.
fn whole(number: String) -> Result<i64, Error> {
    let digits = number.strip_prefix('-').unwrap_or(&number);
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty();
    if !plain || (digits.starts_with('0') && digits.len() > 1) || number == "-0" {
        return Err(Error::NotWhole { number });
    }
    match number.parse() {
        Ok(whole) => in_range(whole),
        Err(_) => Err(Error::TooLarge { number }),
    }
}

/// One that reads back as the very text it was: then no reader's rounding changes what was signed.
fn fraction(number: String) -> Result<Value, Error> {
    let read = number.parse().ok().and_then(serde_json::Number::from_f64).map(Value::Number);
    let again = read.as_ref().and_then(|value| serde_json_canonicalizer::to_string(value).ok());
    match read.filter(|_| again.as_deref() == Some(number.as_str())) {
        Some(value) => Ok(value),
        None => Err(Error::OtherSpelling { number }),
    }
}

/// Recursive descent; every method leaves `at` behind what it read.
struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    numbers: Numbers,
}

impl Parser<'_> {
    /// `depth` counts the arrays and objects already open around this value.
    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        self.skip_space();
        match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => Err(Error::TooDeep),
            Some(b'{') => self.object(depth + 1).map(Value::Object),
            Some(b'[') => self.array(depth + 1).map(Value::Array),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(self.expected("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Map<String, Value>, Error> {
        let mut members = Map::new();
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(members);
        }
        loop {
            self.skip_space();
            let key = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return Err(self.expected("\":\" after a key"));
            }
            let value = self.value(depth)?;
            if members.contains_key(&key) {
                return Err(Error::DuplicateKey { key });
            }
            members.insert(key, value);
            self.skip_space();
            match (self.take(b','), self.take(b'}')) {
                (true, false) => {}
                (false, true) => return Ok(members),
                (true, true) | (false, false) => {
                    return Err(self.expected("\",\" and a key, or \"}\""));
                }
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_space();
            match (self.take(b','), self.take(b']')) {
                (true, false) => {}
                (false, true) => return Ok(items),
                (true, true) | (false, false) => {
                    return Err(self.expected("\",\" and a value, or \"]\""));
                }
            }
        }
    }

    /// Finds the closing quote and leaves escapes, UTF-8 and surrogate pairs to serde_json, which refuses lone ones.
    fn string(&mut self) -> Result<String, Error> {
        let start = self.at;
        if !self.take(b'"') {
            return Err(self.expected("a string in double quotes"));
        }
        loop {
            match self.peek() {
                None => return Err(self.expected("the closing quote of a string")),
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_slice(&self.bytes[start..self.at]).map_err(|_| Error::Syntax { at: start, expected: "a valid Unicode string" })
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let number = String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned();
        match self.numbers {
            Numbers::Decimal if number.contains(['.', 'e']) => fraction(number),
            Numbers::Decimal | Numbers::Whole => whole(number).map(Value::from),
        }
    }

    fn literal(&mut self, word: &'static str, value: Value) -> Result<Value, Error> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.expected("true, false or null"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expected(&self, expected: &'static str) -> Error {
        Error::Syntax { at: self.at, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(text: &str) -> Result<String, Error> {
        let value = parse(text.as_bytes(), 1 << 20)?;
        Ok(String::from_utf8(canonical(&value)?).expect("canonical JSON is UTF-8"))
    }

    #[test]
    fn fractions_have_one_spelling_where_they_are_taken() {
        for whole in ["0.6", "0.333333", "1e+21", "1e-7", "-0.5", "3", "0"] {
            let value = parse_decimal(whole.as_bytes(), 100).unwrap();
            assert_eq!(String::from_utf8(canonical_decimal(&value).unwrap()).unwrap(), whole);
        }
        for wrong in ["0.60", "6e-1", "1.0", "1E-7", "1e999", "0.1000000000000000055", ".5", "-0", "1e400"] {
            assert!(parse_decimal(wrong.as_bytes(), 100).is_err(), "{wrong}");
        }
        // Records have none, and say so.
        assert_eq!(parse(b"0.6", 100), Err(Error::NotWhole { number: "0.6".to_owned() }));
        let half = parse_decimal(b"0.5", 100).unwrap();
        assert_eq!(canonical(&half), Err(Error::NotWhole { number: "0.5".to_owned() }));
    }

    /// RFC 8785, section 3.2.3: sorted by UTF-16 code unit, so the emoji (a surrogate pair) precedes U+FB33.
    #[test]
    fn sorts_keys_as_rfc_8785_3_2_3_says() {
        let input = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
            "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
        let keys = ["Carriage Return", "One", "Control", "Latin Small", "Euro Sign", "Emoji", "Hebrew"];
        let out = round(input).unwrap();
        let places: Vec<_> = keys.iter().map(|key| out.find(key).unwrap()).collect();
        assert!(places.is_sorted(), "{out}");
    }

    /// RFC 8785, section 3.2.2.2: only what must be escaped is, with the short form where JSON has one.
    #[test]
    fn escapes_strings_as_rfc_8785_3_2_2_2_says() {
        let input = r#"{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#;
        let expected = r#"{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
        assert_eq!(round(input).unwrap(), expected);
        assert_eq!(round(r#""\u007f\b\f\t\u2028""#).unwrap(), "\"\u{7f}\\b\\f\\t\u{2028}\"");
    }

    #[test]
    fn keeps_whole_numbers_up_to_2_to_the_53_minus_1() {
        assert_eq!(round("[0,-1,9007199254740991,-9007199254740991]").unwrap(), "[0,-1,9007199254740991,-9007199254740991]");
        for text in ["9007199254740992", "-9007199254740992", "9007199254740993", "99999999999999999999999"] {
            assert_eq!(round(text), Err(Error::TooLarge { number: text.to_owned() }));
        }
        for text in ["1.0", "1e2", "-0", "0.1", "01", "-", "1-1", "1E400"] {
            assert_eq!(round(text), Err(Error::NotWhole { number: text.to_owned() }));
        }
    }

    #[test]
    fn refuses_what_two_readers_could_read_differently() {
        assert_eq!(round(r#"{"a":1,"\u0061":2}"#), Err(Error::DuplicateKey { key: "a".to_owned() }));
        for text in ["", "{", "[1,]", "{\"a\":1,}", "[1 2]", "nul", "\"\\ud800\"", "\"a", "\"\\", "{1:2}", "1 1", "\u{feff}1", "\"\n\""] {
            assert!(matches!(round(text), Err(Error::Syntax { .. })), "{text:?}: {:?}", round(text));
        }
        assert!(parse(b"\"\xff\"", 10).is_err());
    }

    #[test]
    fn bounds_depth_and_length() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(round(&nested(MAX_DEPTH)).unwrap(), nested(MAX_DEPTH));
        assert_eq!(round(&nested(MAX_DEPTH + 1)), Err(Error::TooDeep));
        let built = (0..MAX_DEPTH).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert!(canonical(&built).is_ok());
        assert_eq!(canonical(&Value::Array(vec![built])), Err(Error::TooDeep));
        assert_eq!(parse(b"[1]", 2), Err(Error::TooLong { bytes: 3, limit: 2 }));
    }

    #[test]
    fn holds_values_built_in_memory_to_the_same_rules() {
        assert!(matches!(canonical(&serde_json::json!({"a": 0.5})), Err(Error::NotWhole { .. })));
        assert!(matches!(canonical(&serde_json::json!([u64::MAX])), Err(Error::TooLarge { .. })));
        assert!(matches!(canonical(&serde_json::json!([i64::MIN])), Err(Error::TooLarge { .. })));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-MAX_INTEGER..=MAX_INTEGER).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5).prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_bytes_read_back_to_the_same_value_and_bytes(value in any_json()) {
            let bytes = canonical(&value).unwrap();
            let again = parse(&bytes, usize::MAX).unwrap();
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(canonical(&again).unwrap(), bytes);
        }

        #[test]
        fn no_input_makes_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let ours = parse(&bytes, usize::MAX);
            // Whatever we accept, an ordinary parser accepts with the same meaning.
            if let Ok(value) = ours {
                prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
            }
        }
    }
}
