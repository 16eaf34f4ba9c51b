//! The small values records are made of. Each has one spelling, is checked when made, and cannot be made otherwise.

use serde::{Deserialize, Serialize};

use crate::code::ItemCode;

/// A value that does not have the shape its type promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {expected}")]
pub struct ValueError {
    pub expected: &'static str,
    pub found: String,
}

/// A string with a rule: parsed by `check`, printed as it is.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = ValueError;

            fn try_from(text: String) -> Result<Self, ValueError> {
                let check: fn(&str) -> bool = $check;
                match check(&text) {
                    true => Ok(Self(text)),
                    false => Err(ValueError { expected: $expected, found: text }),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Longest free text of a fact, in characters: a title or a technique, not a story (stories are disclosures).
pub const MAX_TEXT: usize = 200;
/// Longest address or DID, in bytes: both go into QR codes and into every record.
pub const MAX_URI: usize = 256;

checked_text! {
    /// A short public text: a title, a technique, a district. Never about a person.
    Text, "a text of 1 to 200 characters without control characters or spaces at its ends",
    |text| {
        let length = text.chars().count();
        (1..=MAX_TEXT).contains(&length) && text.trim() == text && !text.chars().any(char::is_control)
    }
}

checked_text! {
    /// Who vouches and signs, as a DID (W3C DID Core 1.0, section 3.1): `did:web:example.org:coop:kala`.
    Did, "a DID such as did:web:example.org:coop:kala, at most 256 bytes",
    |text| {
        let mut parts = text.splitn(3, ':');
        let (scheme, method, name) = (parts.next(), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        scheme == Some("did")
            && text.len() <= MAX_URI
            && !method.is_empty()
            && method.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && !name.is_empty()
            && !name.ends_with(':')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:%".contains(&b))
    }
}

checked_text! {
    /// The address of an item or a batch; its last segment is its code in canonical form:
    /// `https://example.org/i/7K3M-9QXW-2BCV`. It is a name first: it stays when the host is gone.
    ItemUri, "an http(s) address of at most 256 bytes that ends in a valid code such as /7K3M-9QXW-2BCV",
    |text| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let Some((before, code)) = rest.and_then(|rest| rest.rsplit_once('/')) else { return false };
        let host_is_there = before.split('/').next().is_some_and(|host| !host.is_empty());
        text.len() <= MAX_URI
            && host_is_there
            && before.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/[]".contains(&b))
            && code.parse::<ItemCode>().is_ok_and(|parsed| parsed.to_string() == code)
    }
}

impl ItemUri {
    /// The address of `code` under a base such as `https://example.org/i` (no slash at its end).
    pub fn new(base: &str, code: &ItemCode) -> Result<Self, ValueError> {
        format!("{base}/{code}").try_into()
    }

    /// The code that the address ends in.
    pub fn code(&self) -> ItemCode {
        let last = self.0.rsplit('/').next().unwrap_or_default();
        last.parse().expect("checked when the address was made")
    }
}

checked_text! {
    /// A country as two capital letters (the form of ISO 3166-1 alpha-2; membership is not checked here).
    Country, "a country as two capital letters",
    |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

checked_text! {
    /// Shared by the leaves of one change that touched several items: a UUID in lower case with hyphens.
    EventId, "a UUID in lower case with hyphens",
    |text| {
        text.len() == 36
            && text.bytes().enumerate().all(|(at, b)| match at {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
            })
    }
}

checked_text! {
    /// What a disclosure discloses, e.g. `maker_name`.
    FieldName, "a field name of 1 to 64 letters a-z, digits and _, beginning with a letter",
    |text| {
        (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }
}

/// A calendar day, `2026-03-01` (RFC 3339 `full-date`), of the cooperative's own calendar: work has no finer time in public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, ValueError> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if !(1..=9999).contains(&year) || !(1..=days).contains(&day) {
            return Err(not_a_day(&format!("{year:04}-{month:02}-{day:02}")));
        }
        Ok(Self { year, month, day })
    }
}

fn not_a_day(found: &str) -> ValueError {
    ValueError { expected: "a day such as 2026-03-01", found: found.to_owned() }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl std::str::FromStr for Day {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?;
            digits.parse::<u16>().ok()
        };
        let hyphens = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
        let (Some(year), Some(month), Some(day), true) = (number(0, 4), number(5, 7), number(8, 10), hyphens) else {
            return Err(not_a_day(text));
        };
        // Two digits each, so they fit into a byte.
        Day::new(year, month as u8, day as u8).map_err(|_| not_a_day(text))
    }
}

impl TryFrom<String> for Day {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

/// A part of the whole, 0 to 1 in millionths, written as the shortest decimal string: `"0.6"`, `"1"`, `"0.333333"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share {
    millionths: u32,
}

impl Share {
    /// The whole, in millionths.
    pub const WHOLE: u32 = 1_000_000;

    pub fn from_millionths(millionths: u32) -> Result<Self, ValueError> {
        match millionths <= Self::WHOLE {
            true => Ok(Self { millionths }),
            false => Err(not_a_share(&format!("{millionths} millionths"))),
        }
    }

    pub fn millionths(self) -> u32 {
        self.millionths
    }
}

fn not_a_share(found: &str) -> ValueError {
    ValueError { expected: "a part from 0 to 1 with at most six decimals, none of them spare, such as 0.6", found: found.to_owned() }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, rest) = (self.millionths / Self::WHOLE, self.millionths % Self::WHOLE);
        match rest {
            0 => write!(f, "{whole}"),
            _ => f.write_str(format!("{whole}.{rest:06}").trim_end_matches('0')),
        }
    }
}

impl std::str::FromStr for Share {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let decimals = text.strip_prefix("0.").filter(|d| d.len() <= 6 && d.bytes().all(|b| b.is_ascii_digit()));
        let millionths = match (text, decimals) {
            ("0", _) => 0,
            ("1", _) => Self::WHOLE,
            (_, Some(decimals)) => format!("{decimals:0<6}").parse().map_err(|_| not_a_share(text))?,
            (_, None) => return Err(not_a_share(text)),
        };
        let share = Self { millionths };
        // Printing again leaves exactly one spelling: no "0.60", no "0.0".
        match share.to_string() == text {
            true => Ok(share),
            false => Err(not_a_share(text)),
        }
    }
}

impl TryFrom<String> for Share {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<Share> for String {
    fn from(share: Share) -> String {
        share.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_real_and_ordered() {
        for day in ["2026-03-01", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(day.parse::<Day>().unwrap().to_string(), day);
        }
        for wrong in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-04-31",
            "26-01-01",
            "2026-1-01",
            "2026-01-01 ",
            "+026-01-01",
            "2026/01/01",
            "0000-01-01",
            "२०२६-०",
        ] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
        assert!("2026-02-28".parse::<Day>().unwrap() < "2026-03-01".parse().unwrap());
    }

    #[test]
    fn shares_have_one_spelling() {
        for share in ["0", "1", "0.6", "0.333333", "0.000001"] {
            assert_eq!(share.parse::<Share>().unwrap().to_string(), share);
        }
        for wrong in ["", "0.", "0.0", "0.60", "1.0", "1.1", "2", "-0.5", ".5", "0.1234567", "0,5", "0.+5"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn texts_keep_their_rules() {
        assert!("Ikat stole, हथकरघा".parse::<Text>().is_ok());
        for wrong in ["", " a", "a\n", "a\u{7}b", &"a".repeat(MAX_TEXT + 1)] {
            assert!(wrong.parse::<Text>().is_err(), "{wrong:?}");
        }
        assert!("did:web:example.org:coop:kala".parse::<Did>().is_ok());
        for wrong in ["did:web", "did:web:", "did:Web:a", "did::a", "web:a:b", "did:web:a b", "did:web:a:"] {
            assert!(wrong.parse::<Did>().is_err(), "{wrong:?}");
        }
        assert!("NP".parse::<Country>().is_ok() && "np".parse::<Country>().is_err() && "NPL".parse::<Country>().is_err());
        assert!("018f3c1e-0000-7000-8000-00000000000a".parse::<EventId>().is_ok());
        assert!("018F3C1E-0000-7000-8000-00000000000a".parse::<EventId>().is_err());
        assert!("maker_name".parse::<FieldName>().is_ok() && "Maker".parse::<FieldName>().is_err() && "a\nb".parse::<FieldName>().is_err());
    }

    #[test]
    fn an_address_ends_in_its_code() {
        let code = ItemCode::from_random([7; 7]);
        let uri = ItemUri::new("https://example.org/i", &code).unwrap();
        assert_eq!(uri.code(), code);
        assert!(ItemUri::new("http://127.0.0.1:8080/b", &code).is_ok());
        let lower = uri.as_str().replace(&code.to_string(), &code.to_string().to_lowercase());
        for wrong in [
            lower,
            format!("https:///{code}"),
            format!("ftp://a/{code}"),
            format!("https://a b/{code}"),
            "https://example.org/i".to_owned(),
            format!("{uri}?x"),
            format!("https://a?b/{code}"),
        ] {
            assert!(wrong.parse::<ItemUri>().is_err(), "{wrong:?}");
        }
    }
}
