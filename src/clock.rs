//! Time is passed in. Production reads the system; tests set it and move it.
use std::sync::{Arc, Mutex};

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, Output, ToSql},
    sql_types::{BigInt, Date, Integer, Timestamptz},
};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

/// A moment, UTC, to the microsecond: PostgreSQL's `timestamptz`, RFC 3339 in JSON.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[schema(value_type = String, format = DateTime)]
#[diesel(sql_type = Timestamptz)]
#[serde(transparent)]
pub struct Time(Timestamp);

const EPOCH_2000_US: i64 = 946_684_800_000_000;

impl Time {
    /// Truncates to the microsecond, so that what is stored equals what is held.
    pub fn from_timestamp(at: Timestamp) -> Self {
        Self(Timestamp::from_microsecond(at.as_microsecond()).expect("truncating keeps a timestamp in range"))
    }
    pub fn from_unix(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).ok().map(Self)
    }
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
    pub fn unix(self) -> i64 {
        self.0.as_second()
    }
    pub fn day(self) -> Day {
        Day(self.0.to_zoned(TimeZone::UTC).date())
    }
    /// Saturates at the ends of time, which no clock here reaches.
    pub fn plus(self, by: SignedDuration) -> Self {
        Self(self.0.saturating_add(by).unwrap_or(self.0))
    }
    pub fn minus(self, by: SignedDuration) -> Self {
        Self(self.0.saturating_sub(by).unwrap_or(self.0))
    }
}
impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl FromSql<Timestamptz, Pg> for Time {
    fn from_sql(v: PgValue<'_>) -> deserialize::Result<Self> {
        let us = <i64 as FromSql<BigInt, Pg>>::from_sql(v)?;
        Ok(Self(Timestamp::from_microsecond(us.checked_add(EPOCH_2000_US).ok_or("timestamp out of range")?)?))
    }
}
impl ToSql<Timestamptz, Pg> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<BigInt, Pg>::to_sql(&(self.0.as_microsecond() - EPOCH_2000_US), &mut out.reborrow())
    }
}

/// A calendar day: PostgreSQL's `date`, `2026-03-03` in JSON.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[schema(value_type = String, format = Date)]
#[diesel(sql_type = Date)]
#[serde(transparent)]
pub struct Day(pub civil::Date);

const DAY_2000: civil::Date = civil::date(2000, 1, 1);

impl Day {
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(days)))
    }
    /// Midnight UTC at the day's start.
    pub fn start(self) -> Time {
        Time(self.0.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |z| z.timestamp()))
    }
}
impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::str::FromStr for Day {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}
impl FromSql<Date, Pg> for Day {
    fn from_sql(v: PgValue<'_>) -> deserialize::Result<Self> {
        let days = <i32 as FromSql<Integer, Pg>>::from_sql(v)?;
        Ok(Self(DAY_2000.checked_add(jiff::Span::new().days(days))?))
    }
}
impl ToSql<Date, Pg> for Day {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let days = self.0.since((jiff::Unit::Day, DAY_2000))?.get_days();
        ToSql::<Integer, Pg>::to_sql(&days, &mut out.reborrow())
    }
}

#[derive(Clone)]
pub enum Clock {
    System,
    /// Set by tests and by the demo's story.
    Manual(Arc<Mutex<Time>>),
}

impl Clock {
    pub fn manual(start: Time) -> Self {
        Self::Manual(Arc::new(Mutex::new(start)))
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> Time {
        match self {
            Self::System => Time::from_timestamp(Timestamp::now()),
            Self::Manual(at) => *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }
    pub fn today(&self) -> Day {
        self.now().day()
    }
    /// Moves a manual clock; the system's is not ours to move.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Manual(at) = self {
            let mut at = at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *at = at.plus(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_day_is_utc_and_counts() {
        let at = Time("2026-11-22T23:59:59.123456789Z".parse().unwrap());
        assert_eq!(at.day().to_string(), "2026-11-22");
        assert_eq!(at.day().plus_days(40).to_string(), "2027-01-01");
        assert_eq!(Time::from_timestamp(at.0).to_string(), "2026-11-22T23:59:59.123456Z");
    }
    #[test]
    fn a_manual_clock_moves_only_when_moved() {
        let clock = Clock::manual(Time::from_unix(0).unwrap());
        assert_eq!(clock.now(), clock.now());
        clock.advance(SignedDuration::from_hours(1));
        assert_eq!(clock.now().unix(), 3600);
    }
}
