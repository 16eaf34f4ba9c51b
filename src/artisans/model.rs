//! Makers, their consents, and what can be wrong with either. Pure.
use crate::{
    auth,
    clock::{Day, Time},
    db::{DbError, Retryable},
    ids::{AccountId, ArtisanId, ConsentId, MediaId},
    problem::FieldError,
    secrets::Unsealed,
};

text_enum! {
    as ConsentPurpose,
    /// What she may agree to, each by itself.
    pub enum Purpose {
        Name = "name", Portrait = "portrait", Story = "story", Village = "village",
        /// What she was paid, beside a piece she made.
        Pay = "pay",
        Voice = "voice",
    }
}
text_enum! {
    /// How she said it.
    pub enum Medium { Written = "written", Spoken = "spoken", Recorded = "recorded", Thumbprint = "thumbprint", Message = "message" }
}
impl Medium {
    /// Nothing is left of a word or a thumb that shows who gave it: somebody must have been there.
    pub const fn needs_witness(self) -> bool {
        match self {
            Self::Spoken | Self::Thumbprint => true,
            Self::Written | Self::Recorded | Self::Message => false,
        }
    }
}

/// Somebody to be written down.
#[derive(Clone, Debug, Default)]
pub struct NewArtisan {
    /// The cooperative's own number for her; one is made if absent.
    pub reference: Option<String>,
    /// Never public.
    pub legal_name: String,
    /// What she is called in public if she agrees to her name.
    pub display_name: Option<String>,
    /// What the public sees instead of a name.
    pub public_alias: Option<String>,
    pub village: Option<String>,
    /// The cooperative's own if absent.
    pub district: Option<String>,
    pub craft: Option<String>,
    /// The cooperative's own if absent.
    pub language: Option<String>,
    pub phone: Option<String>,
    pub birth_year: Option<i32>,
    pub story: Option<String>,
    pub portrait: Option<MediaId>,
}

/// What a manager changes; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    pub reference: Option<String>,
    pub legal_name: Option<String>,
    pub display_name: Option<Option<String>>,
    pub public_alias: Option<Option<String>>,
    pub village: Option<Option<String>>,
    pub district: Option<String>,
    pub craft: Option<Option<String>>,
    pub language: Option<String>,
    pub phone: Option<Option<String>>,
    pub birth_year: Option<Option<i32>>,
    pub story: Option<Option<String>>,
    pub portrait: Option<Option<MediaId>>,
}

#[derive(Clone, Debug, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::artisans)]
pub struct Artisan {
    pub id: ArtisanId,
    pub reference: String,
    pub legal_name: String,
    pub display_name: Option<String>,
    pub public_alias: Option<String>,
    pub village: Option<String>,
    pub district: String,
    #[diesel(column_name = craft_code)]
    pub craft: Option<String>,
    pub language: String,
    pub phone: Option<String>,
    pub birth_year: Option<i32>,
    pub story: Option<String>,
    #[diesel(column_name = portrait_id)]
    pub portrait: Option<MediaId>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
    pub erased_at: Option<Time>,
}

/// Her word, as it is about to be written down.
#[derive(Clone, Debug)]
pub struct NewConsent {
    /// One act may be about several things, each of which she was asked.
    pub purposes: Vec<Purpose>,
    pub granted: bool,
    /// In which she was asked.
    pub language: String,
    pub medium: Medium,
    pub witness: Option<String>,
}
#[derive(Clone, Debug, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::consents)]
pub struct Consent {
    pub id: ConsentId,
    pub purpose: Purpose,
    pub granted: bool,
    pub language: String,
    pub medium: Medium,
    pub witness: Option<String>,
    pub recorded_by: Option<AccountId>,
    pub at: Time,
}

pub const MAX_NAME: usize = 120;
const MAX_REFERENCE: usize = 40;
/// A page or two of words.
const MAX_STORY: usize = 5000;
/// The oldest person alive was born later; nobody works before she is born.
const FIRST_YEAR: i32 = 1905;
/// A maker of fourteen may help at home; below that nobody is written down as working.
const YOUNGEST: i32 = 14;

fn length(errors: &mut Vec<FieldError>, pointer: &str, text: Option<&str>, most: usize) {
    if text.is_some_and(|t| !(1..=most).contains(&t.trim().chars().count()) || t.chars().any(|c| c.is_control() && c != '\n')) {
        errors.push(FieldError::new(pointer, "length", format!("1 to {most} characters, or null")));
    }
}

/// Digits, with a plus before a country's code: nothing else is a telephone number, however it was typed.
pub fn phone(text: &str) -> Option<String> {
    let plain: String = text.trim().chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    ((6..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(plain)
}

impl Edit {
    /// Every rule a field can break by itself; `today` bounds a year of birth.
    pub fn check(&self, today: Day) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let inner = |text: &Option<Option<String>>| text.clone().flatten();
        length(&mut errors, "/reference", self.reference.as_deref(), MAX_REFERENCE);
        length(&mut errors, "/legal_name", self.legal_name.as_deref(), MAX_NAME);
        length(&mut errors, "/display_name", inner(&self.display_name).as_deref(), MAX_NAME);
        length(&mut errors, "/public_alias", inner(&self.public_alias).as_deref(), MAX_NAME);
        length(&mut errors, "/village", inner(&self.village).as_deref(), MAX_NAME);
        length(&mut errors, "/district", self.district.as_deref(), MAX_NAME);
        length(&mut errors, "/story", inner(&self.story).as_deref(), MAX_STORY);
        if let Some(Err(auth::Error::Invalid(wrong))) = self.language.as_deref().map(|tag| auth::model::locale("/language", tag)) {
            errors.extend(wrong);
        }
        if inner(&self.phone).is_some_and(|text| phone(&text).is_none()) {
            errors.push(FieldError::new("/phone", "malformed", "6 to 15 digits, with + before a country's code"));
        }
        let last = i32::from(today.0.year()) - YOUNGEST;
        if self.birth_year.flatten().is_some_and(|year| !(FIRST_YEAR..=last).contains(&year)) {
            errors.push(FieldError::new("/birth_year", "out_of_range", format!("{FIRST_YEAR} to {last}")));
        }
        errors
    }
}
impl NewArtisan {
    pub fn check(&self, today: Day) -> Vec<FieldError> {
        self.edit().check(today)
    }
    /// The same fields as a change of somebody who has none.
    pub fn edit(&self) -> Edit {
        let n = self.clone();
        Edit {
            reference: n.reference,
            legal_name: Some(n.legal_name),
            display_name: Some(n.display_name),
            public_alias: Some(n.public_alias),
            village: Some(n.village),
            district: n.district,
            craft: Some(n.craft),
            language: n.language,
            phone: Some(n.phone),
            birth_year: Some(n.birth_year),
            story: Some(n.story),
            portrait: Some(n.portrait),
        }
    }
}
impl NewConsent {
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let distinct: std::collections::BTreeSet<_> = self.purposes.iter().collect();
        if self.purposes.is_empty() || distinct.len() != self.purposes.len() {
            errors.push(FieldError::new("/purposes", "distinct", "one or more, each once"));
        }
        if let Err(auth::Error::Invalid(wrong)) = auth::model::locale("/language", &self.language) {
            errors.extend(wrong);
        }
        length(&mut errors, "/witness", self.witness.as_deref(), MAX_NAME);
        // Taking back needs no witness: it must be as easy as giving, and hiding somebody harms nobody.
        if self.granted && self.medium.needs_witness() && self.witness.is_none() {
            errors.push(FieldError::new("/witness", "missing", "who was there when she said so"));
        }
        errors
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such maker")]
    NotFound,
    #[error("it changed since you read it")]
    Stale,
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    #[error("what was known of her was erased")]
    Erased,
    #[error(transparent)]
    Unsealed(#[from] Unsealed),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
/// Two were written down at once and got one number: the loser, tried again, gets the next.
impl Retryable for Error {
    fn retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.retryable() || error.is_unique_violation("artisans_reference_unique"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(errors: &[FieldError]) -> Vec<&str> {
        errors.iter().map(|e| e.pointer.as_str()).collect()
    }
    #[test]
    fn what_is_wrong_is_named() {
        let today = Time::from_unix(1_795_348_800).unwrap().day();
        let right =
            NewArtisan { legal_name: "Ganga Devi".into(), phone: Some("+91 98765-43210".into()), birth_year: Some(1995), ..Default::default() };
        assert_eq!(pointers(&right.check(today)), [""; 0]);
        let wrong = NewArtisan {
            legal_name: " ".into(),
            phone: Some("call her".into()),
            birth_year: Some(2015),
            language: Some("Hindi".into()),
            village: Some("x".repeat(121)),
            ..right
        };
        assert_eq!(pointers(&wrong.check(today)), ["/legal_name", "/village", "/language", "/phone", "/birth_year"]);
    }
    #[test]
    fn a_word_needs_a_witness_and_taking_back_needs_none() {
        let said = NewConsent { purposes: vec![Purpose::Name], granted: true, language: "hi".into(), medium: Medium::Spoken, witness: None };
        assert_eq!(pointers(&said.check()), ["/witness"]);
        assert_eq!(pointers(&NewConsent { granted: false, ..said.clone() }.check()), [""; 0]);
        assert_eq!(pointers(&NewConsent { medium: Medium::Written, ..said.clone() }.check()), [""; 0]);
        assert_eq!(pointers(&NewConsent { purposes: vec![], granted: false, ..said }.check()), ["/purposes"]);
    }
    #[test]
    fn a_number_is_its_digits() {
        assert_eq!(phone(" +91 98765-43210 ").as_deref(), Some("+919876543210"));
        assert_eq!(phone("9876543210").as_deref(), Some("9876543210"));
        for wrong in ["12345", "call her", "++9198765432", "98765432109876543"] {
            assert_eq!(phone(wrong), None, "{wrong}");
        }
    }
}
