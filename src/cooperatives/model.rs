//! A cooperative's standing, what its profile may say, and what can be wrong with either. Pure.
use crate::{
    auth,
    clock::Time,
    db::{DbError, Retryable},
    ids::CoopId,
    money::{BasisPoints, Currency},
    problem::FieldError,
    tenancy::Scope,
};

text_enum! {
    /// applied: waits for the operator · approved: sells · rejected: was told why, and may apply again · suspended: nothing of it is shown
    /// or paid out until it is reinstated.
    pub enum State { Applied = "applied", Approved = "approved", Rejected = "rejected", Suspended = "suspended" }
}
text_enum! { as CooperativeEvent,
    /// What can happen to a cooperative's standing.
    pub enum Event {
        /// It asked to sell here, for the first time or again after it was rejected.
        Apply = "applied",
        Approve = "approved",
        Reject = "rejected",
        Suspend = "suspended",
        Reinstate = "reinstated",
    }
}
impl State {
    /// # Errors
    /// The state and the event that do not go together.
    pub const fn apply(self, event: Event) -> Result<Self, (Self, Event)> {
        use Event::{Apply, Approve, Reinstate, Reject, Suspend};
        match (self, event) {
            (Self::Rejected, Apply) => Ok(Self::Applied),
            (Self::Applied, Approve) | (Self::Suspended, Reinstate) => Ok(Self::Approved),
            (Self::Applied, Reject) => Ok(Self::Rejected),
            (Self::Approved, Suspend) => Ok(Self::Suspended),
            (Self::Applied, Apply | Suspend | Reinstate)
            | (Self::Approved, Apply | Approve | Reject | Reinstate)
            | (Self::Rejected, Approve | Reject | Suspend | Reinstate)
            | (Self::Suspended, Apply | Approve | Reject | Suspend) => Err((self, event)),
        }
    }
}
impl Event {
    /// Whether whoever does it must say why.
    pub const fn needs_reason(self) -> bool {
        match self {
            Self::Reject | Self::Suspend => true,
            Self::Apply | Self::Approve | Self::Reinstate => false,
        }
    }
}

/// What a cooperative says of itself.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    /// "cooperative society", "SHG federation": the laws differ too much for a list.
    pub legal_form: String,
    pub about: String,
    /// ISO 3166-1, two letters.
    pub country: String,
    pub region: Option<String>,
    /// The only place that the public sees.
    pub district: String,
    /// What its makers are paid in.
    pub currency: Currency,
    pub locale: String,
    pub members: Option<i32>,
    pub women: Option<i32>,
    pub contact_email: String,
}
/// What its managers change; what is `None` stays. Country and currency are what was approved, and money hangs on them.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    pub name: Option<String>,
    pub legal_form: Option<String>,
    pub about: Option<String>,
    pub region: Option<Option<String>>,
    pub district: Option<String>,
    pub locale: Option<String>,
    pub members: Option<Option<i32>>,
    pub women: Option<Option<i32>>,
    pub contact_email: Option<String>,
}

/// What the operator agrees with a cooperative when it is approved.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Of the price before tax.
    pub commission_bp: BasisPoints,
    /// Of the producer's part, on top of it.
    pub premium_bp: BasisPoints,
}
impl Default for Terms {
    /// 15 % runs the platform and pays the card fees; 10 % is the premium that fair trade knows.
    fn default() -> Self {
        Self { commission_bp: 1500, premium_bp: 1000 }
    }
}
/// Half of a price is no commission any more (the table says the same).
const MAX_COMMISSION: BasisPoints = 5000;
const MAX_PREMIUM: BasisPoints = 10_000;

#[derive(Clone, Debug, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::cooperatives)]
pub struct Cooperative {
    pub id: CoopId,
    pub slug: String,
    pub name: String,
    pub legal_form: String,
    pub about: String,
    pub country: String,
    pub region: Option<String>,
    pub district: String,
    pub currency: Currency,
    pub locale: String,
    pub state: State,
    pub commission_bp: i32,
    pub premium_bp: i32,
    pub members: Option<i32>,
    pub women: Option<i32>,
    pub item_base_url: Option<String>,
    pub contact_email: String,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Cooperative {
    /// Its own data: of a cooperative that was found.
    pub const fn scope(&self) -> Scope {
        Scope::system(self.id)
    }
}

const MAX_NAME: usize = 120;
/// A page or two of words.
const MAX_ABOUT: usize = 5000;
/// The largest federations have some hundred thousand members; more is a typing error.
const MAX_MEMBERS: i32 = 10_000_000;
/// A paragraph or two: whoever is told must understand what to do.
const MAX_REASON: usize = 2000;

/// Collects what is wrong, field by field.
struct Check(Vec<FieldError>);
impl Check {
    fn text(&mut self, pointer: &str, text: Option<&str>, least: usize, most: usize) {
        let Some(text) = text else { return };
        let length = text.trim().chars().count();
        if length < least || length > most {
            self.0.push(FieldError::new(pointer, "length", format!("{least} to {most} characters")));
        }
    }
    fn auth<T>(&mut self, checked: Result<T, auth::Error>) {
        if let Err(auth::Error::Invalid(errors)) = checked {
            self.0.extend(errors);
        }
    }
    fn counts(&mut self, members: Option<i32>, women: Option<i32>) {
        if members.is_some_and(|n| !(0..=MAX_MEMBERS).contains(&n)) {
            self.0.push(FieldError::new("/members", "out_of_range", format!("0 to {MAX_MEMBERS}")));
        }
        if women.is_some_and(|n| n < 0 || n > members.unwrap_or(-1)) {
            self.0.push(FieldError::new("/women", "out_of_range", "0 or more, and no more than the members, whose number it needs"));
        }
    }
    fn done(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

impl Profile {
    pub fn check(&self) -> Result<(), Error> {
        let mut check = Check(Vec::new());
        check.text("/name", Some(&self.name), 2, MAX_NAME);
        check.text("/legal_form", Some(&self.legal_form), 2, MAX_NAME);
        check.text("/about", Some(&self.about), 0, MAX_ABOUT);
        check.text("/region", self.region.as_deref(), 2, MAX_NAME);
        check.text("/district", Some(&self.district), 2, MAX_NAME);
        if self.country.len() != 2 || !self.country.bytes().all(|b| b.is_ascii_uppercase()) {
            check.0.push(FieldError::new("/country", "malformed", "two capital letters, as IN or NP"));
        }
        check.auth(auth::model::locale("/locale", &self.locale));
        check.auth(auth::model::Email::parse("/contact_email", &self.contact_email));
        check.counts(self.members, self.women);
        check.done()
    }
    /// The same profile with these changes.
    pub fn changed(mut self, edit: &Edit) -> Self {
        let set = |into: &mut String, text: &Option<String>| {
            if let Some(text) = text {
                text.trim().clone_into(into);
            }
        };
        set(&mut self.name, &edit.name);
        set(&mut self.legal_form, &edit.legal_form);
        set(&mut self.about, &edit.about);
        set(&mut self.district, &edit.district);
        set(&mut self.locale, &edit.locale);
        set(&mut self.contact_email, &edit.contact_email);
        self.region = edit.region.clone().unwrap_or(self.region);
        self.members = edit.members.unwrap_or(self.members);
        self.women = edit.women.unwrap_or(self.women);
        self
    }
}
impl From<Cooperative> for Profile {
    fn from(c: Cooperative) -> Self {
        Self {
            name: c.name,
            legal_form: c.legal_form,
            about: c.about,
            country: c.country,
            region: c.region,
            district: c.district,
            currency: c.currency,
            locale: c.locale,
            members: c.members,
            women: c.women,
            contact_email: c.contact_email,
        }
    }
}
impl Terms {
    pub fn check(self) -> Result<(), Error> {
        let mut check = Check(Vec::new());
        for (pointer, bp, most) in [("/commission_bp", self.commission_bp, MAX_COMMISSION), ("/premium_bp", self.premium_bp, MAX_PREMIUM)] {
            if bp > most {
                check.0.push(FieldError::new(pointer, "out_of_range", format!("0 to {most} basis points; 1000 are 10 %")));
            }
        }
        check.done()
    }
}
/// What is told beside a move: enough to act on, where it must be told.
pub fn check_reason(event: Event, reason: Option<&str>) -> Result<(), Error> {
    let mut check = Check(Vec::new());
    let least = if event.needs_reason() { 3 } else { 0 };
    check.text("/reason", Some(reason.unwrap_or_default()), least, MAX_REASON);
    check.done()
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such cooperative")]
    NotFound,
    #[error("it changed since you read it")]
    Stale,
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    #[error("another destination waits: it is confirmed or rejected first")]
    Open,
    #[error("that is decided already")]
    Settled,
    #[error("a second person says yes: for the first destination the operator")]
    SecondPerson,
    #[error("a cooperative that is {0} cannot be {1}")]
    Move(State, Event),
    #[error(transparent)]
    Auth(#[from] auth::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl From<(State, Event)> for Error {
    fn from((state, event): (State, Event)) -> Self {
        Self::Move(state, event)
    }
}
/// Two cooperatives of one name at once: the loser, tried again, gets the next slug.
impl Retryable for Error {
    fn retryable(&self) -> bool {
        match self {
            Self::Db(error) => error.retryable() || error.is_unique_violation("cooperatives_slug_unique"),
            Self::Auth(error) => error.retryable(),
            Self::NotFound | Self::Stale | Self::Invalid(_) | Self::Move(..) | Self::Open | Self::Settled | Self::SecondPerson => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_matrix() {
        let mut matrix = String::new();
        for state in State::ALL {
            for event in Event::ALL {
                if let Ok(next) = state.apply(*event) {
                    matrix.push_str(&format!("{state} -{event}-> {next}\n"));
                }
            }
        }
        let expected = "applied -approved-> approved\napplied -rejected-> rejected\napproved -suspended-> suspended\n\
                        rejected -applied-> applied\nsuspended -reinstated-> approved\n";
        assert_eq!(matrix, expected);
    }
    #[test]
    fn a_profile_names_every_field_that_is_wrong() {
        let right = Profile {
            name: "Lal Darwaza".into(),
            legal_form: "society".into(),
            about: String::new(),
            country: "IN".into(),
            region: None,
            district: "Jaipur".into(),
            currency: Currency::INR,
            locale: "hi".into(),
            members: Some(34),
            women: Some(31),
            contact_email: "office@coop.example".into(),
        };
        assert!(right.check().is_ok());
        let wrong = Profile {
            name: " ".into(),
            country: "in".into(),
            locale: "Hindi".into(),
            women: Some(35),
            contact_email: "office".into(),
            district: "x".repeat(121),
            ..right.clone()
        };
        let Err(Error::Invalid(errors)) = wrong.check() else { panic!("accepted") };
        let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/district", "/country", "/locale", "/contact_email", "/women"]);
        // Women without members: the share would be of nothing.
        assert!(Profile { members: None, ..right }.check().is_err());
    }
}
