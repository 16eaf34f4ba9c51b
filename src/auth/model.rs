//! Roles, names, passwords, and what can be wrong with them.
use jiff::SignedDuration;

use crate::{db::DbError, problem::FieldError};

text_enum! {
    /// What a person may be. Operators and auditors belong to the platform, the others to one cooperative.
    pub enum Role {
        Operator = "operator", Auditor = "auditor", Manager = "manager", Member = "member", Agent = "agent",
    }
}
impl Role {
    pub const fn of_platform(self) -> bool {
        match self {
            Self::Operator | Self::Auditor => true,
            Self::Manager | Self::Member | Self::Agent => false,
        }
    }
    /// How long the role lasts once it is taken up; none if until it is revoked. An audit of a month's books takes days; who needs longer is
    /// invited again.
    pub const fn lasts(self) -> Option<SignedDuration> {
        match self {
            Self::Auditor => Some(SignedDuration::from_hours(30 * 24)),
            Self::Operator | Self::Manager | Self::Member | Self::Agent => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Unknown account, wrong password, disabled account: one answer.
    #[error("this identifier and this password do not belong together")]
    BadCredentials,
    #[error("too many tries")]
    TooMany { seconds: u64 },
    #[error("too many passwords are being checked")]
    Busy,
    #[error("the password could not be hashed")]
    Hashing,
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    #[error("no such thing")]
    NotFound,
    /// A link that was mailed: used, expired, withdrawn or forged, which is one answer.
    #[error("the link does not hold")]
    DeadLink,
    #[error("this person has this role already")]
    AlreadyMember,
    /// Nobody could let anyone in again.
    #[error("the last {0} cannot go: invite another one first")]
    LastOne(Role),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl Error {
    pub(super) fn field(pointer: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(pointer, code, message)])
    }
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl crate::db::Retryable for Error {
    fn retryable(&self) -> bool {
        matches!(self, Self::Db(error) if crate::db::Retryable::retryable(error))
    }
}

/// What somebody signs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    Email(Email),
    Phone(String),
}
impl Identifier {
    pub fn parse(pointer: &str, text: &str) -> Result<Self, Error> {
        if text.contains('@') {
            return Email::parse(pointer, text).map(Self::Email);
        }
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
        let national = digits.strip_prefix('+').unwrap_or_default();
        let e164 = (7..=15).contains(&national.len()) && national.bytes().all(|b| b.is_ascii_digit()) && !national.starts_with('0');
        let expected = "an e-mail address, or a phone number with its country code, as +91 98765 43210";
        if e164 { Ok(Self::Phone(digits)) } else { Err(Error::field(pointer, "malformed", expected)) }
    }
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Phone(phone) => phone,
        }
    }
}

/// An e-mail address in lower case: two spellings are one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);
impl Email {
    /// RFC 5321.
    const MAX: usize = 254;
    pub fn parse(pointer: &str, text: &str) -> Result<Self, Error> {
        let folded = text.trim().to_lowercase();
        let address = folded.len() <= Self::MAX && folded.is_ascii() && folded.parse::<lettre::Address>().is_ok();
        let dotted = folded.rsplit('@').next().is_some_and(|domain| domain.contains('.') && !domain.starts_with('.'));
        if address && dotted { Ok(Self(folded)) } else { Err(Error::field(pointer, "malformed", "an e-mail address, as asha@shop.example")) }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password that may be set; it never prints.
#[derive(Clone)]
pub struct NewPassword(String);
impl NewPassword {
    /// Length is what resists guessing (NIST SP 800-63B); there are no rules about kinds of characters.
    pub const SHORTEST: usize = 10;
    /// Argon2 reads any length; nobody types more.
    pub const LONGEST: usize = 256;
    /// `identifier` is what must not be the password.
    pub fn parse(pointer: &str, text: &str, identifier: &str) -> Result<Self, Error> {
        let length = text.chars().count();
        if length < Self::SHORTEST || text.len() > Self::LONGEST {
            return Err(Error::field(pointer, "length", format!("{} characters or more, {} bytes at most", Self::SHORTEST, Self::LONGEST)));
        }
        let folded = text.to_lowercase();
        let one_character = text.chars().all(|c| text.starts_with(c));
        let counted =
            "01234567890123456789".contains(&*folded) || "abcdefghijklmnopqrstuvwxyz".contains(&*folded) || "qwertyuiopasdfghjkl".contains(&*folded);
        if one_character || counted || folded == identifier {
            return Err(Error::field(pointer, "guessable", "not a row of one character, not a count, and not the e-mail address"));
        }
        Ok(Self(text.to_owned()))
    }
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// How somebody is called. One field: many people have one name.
pub fn person_name(pointer: &str, text: &str) -> Result<String, Error> {
    let name = text.trim();
    let fits = (1..=120).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(Error::field(pointer, "length", "1 to 120 characters")) }
}

/// A BCP 47 tag of language, script and region: `hi`, `en-IN`, `sr-Latn-RS`.
pub fn locale(pointer: &str, text: &str) -> Result<String, Error> {
    let mut parts = text.split('-').peekable();
    let all = |part: &str, of: fn(&u8) -> bool| part.bytes().all(|b| of(&b));
    let language = parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && all(p, u8::is_ascii_lowercase));
    parts.next_if(|p| p.len() == 4 && p.starts_with(|c: char| c.is_ascii_uppercase()) && all(&p[1..], u8::is_ascii_lowercase));
    parts.next_if(|p| (p.len() == 2 && all(p, u8::is_ascii_uppercase)) || (p.len() == 3 && all(p, u8::is_ascii_digit)));
    let well = language && parts.next().is_none();
    if well { Ok(text.to_owned()) } else { Err(Error::field(pointer, "malformed", "a language tag, as hi or en-IN")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn an_identifier_is_an_address_or_a_number() {
        let text = |t: &str| Identifier::parse("/identifier", t).map(|i| i.as_str().to_owned());
        assert_eq!(text(" Asha@Coop.Example ").unwrap(), "asha@coop.example");
        assert_eq!(text("+91 98765-43210").unwrap(), "+919876543210");
        for wrong in
            ["", "asha", "@coop.example", "asha@coop", "98765 43210", "+0123456789", "+9", "a@b@c.example", "a\r\nb@c.example", "+91x98765432"]
        {
            assert!(matches!(text(wrong), Err(Error::Invalid(_))), "{wrong}");
        }
    }
    #[test]
    fn a_password_is_long_and_no_row() {
        let parse = |t: &str| NewPassword::parse("/password", t, "asha@coop.example");
        assert!(parse("हाट का नीला रंग").is_ok());
        for wrong in ["short", "aaaaaaaaaaaaa", "1234567890", "Asha@Coop.example", &"x".repeat(300)] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{:?}", parse("indigo and madder").unwrap()), "NewPassword(…)");
    }
    #[test]
    fn locales_are_tags() {
        for right in ["hi", "en-IN", "sr-Latn-RS", "es-419", "mai"] {
            assert!(locale("/locale", right).is_ok(), "{right}");
        }
        for wrong in ["", "h", "HI", "en_IN", "en-in", "en-IN-x", "-IN", "हि"] {
            assert!(locale("/locale", wrong).is_err(), "{wrong}");
        }
    }
}
