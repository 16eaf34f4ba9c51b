//! Dates as people write them. Day before month, as in India and most of the world, unless the column itself shows otherwise;
//! a date that could be either and whose column shows neither is read day first and flagged.

use jiff::civil::Date;

use super::{Fault, Read, fold};
use crate::problem::Code;
use crate::table::{CellKind, Value};

/// Years accepted: makers' birthdays to long plans; others are typing errors.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;
/// Two-digit years from here on are of the last century.
const PIVOT: i16 = 50;
/// Serial numbers taken for dates: 1954 to 2119; smaller and larger numbers are something else.
const SERIALS: std::ops::RangeInclusive<i64> = 20_000..=80_000;

/// Which comes first in a column's `a/b/year`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    DayFirst,
    MonthFirst,
    /// No value shows it, or values contradict each other.
    Unproven,
}

/// Months by name: English, Hindi, Bengali; three letters are enough in English.
const MONTHS: [&[&str]; 12] = [
    &["january", "जनवरी", "জানুয়ারি"],
    &["february", "फरवरी", "फ़रवरी", "ফেব্রুয়ারি"],
    &["march", "मार्च", "মার্চ"],
    &["april", "अप्रैल", "এপ্রিল"],
    &["may", "मई", "মে"],
    &["june", "जून", "জুন"],
    &["july", "जुलाई", "জুলাই"],
    &["august", "अगस्त", "আগস্ট"],
    &["september", "सितंबर", "सितम्बर", "সেপ্টেম্বর"],
    &["october", "अक्टूबर", "अक्तूबर", "অক্টোবর"],
    &["november", "नवंबर", "नवम्बर", "নভেম্বর"],
    &["december", "दिसंबर", "दिसम्बर", "ডিসেম্বর"],
];

fn expected() -> Fault {
    Fault::new(Code::DateUnreadable, "a date such as 2026-03-04 or 04-03-2026 (day, month, year)")
}

/// What the values of one column show about their order.
pub fn order<'a>(values: impl Iterator<Item = Value<'a>>) -> Order {
    let (mut day_first, mut month_first) = (false, false);
    for value in values.filter(|value| value.kind == CellKind::Text) {
        let Some((first, second, _)) = numeric(&clean(value.text)) else { continue };
        day_first |= first > 12;
        month_first |= second > 12;
    }
    match (day_first, month_first) {
        (true, false) => Order::DayFirst,
        (false, true) => Order::MonthFirst,
        (true, true) | (false, false) => Order::Unproven,
    }
}

/// Reads one date.
pub fn parse(value: Value<'_>, order: Order) -> Result<Read<Date>, Fault> {
    let text = clean(value.text);
    match value.kind {
        CellKind::Date => return iso(&text).map(Read::plain).ok_or_else(expected),
        CellKind::Number => return serial(&text).map(Read::plain).ok_or_else(expected),
        CellKind::Flag | CellKind::Error => return Err(expected()),
        CellKind::Text => {}
    }
    if let Some(date) = iso(&text).or_else(|| named(&text)) {
        return Ok(Read::plain(date));
    }
    if let Some((first, second, year)) = numeric(&text) {
        return ordered(first, second, year, order);
    }
    let date = serial(&text).ok_or_else(expected)?;
    Ok(Read::noted(date, Code::DateSerial, format!("a date; the number of a spreadsheet program was read as {date}")))
}

fn clean(text: &str) -> String {
    fold(text).to_lowercase().trim().trim_start_matches('\'').trim().to_owned()
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    YEARS.contains(&year).then(|| Date::new(year, month, day).ok()).flatten()
}

fn year(text: &str) -> Option<i16> {
    let year: i16 = text.parse().ok()?;
    match text.len() {
        4 => Some(year),
        2 if year < PIVOT => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// `2026-03-04`, also with `/` or `.`, and whatever time follows.
fn iso(text: &str) -> Option<Date> {
    let day_part = text.split(['t', ' ']).next()?;
    let mut parts = day_part.split(['-', '/', '.']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || parts.next().is_some() {
        return None;
    }
    date(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// `a-b-year` with `-`, `/`, `.` or spaces, as the three numbers.
fn numeric(text: &str) -> Option<(i16, i16, i16)> {
    let mut parts = text.split(['-', '/', '.', ' ']);
    let (first, second, last) = (parts.next()?, parts.next()?, parts.next()?);
    if first.len() > 2 || second.len() > 2 || parts.next().is_some_and(|rest| !rest.contains(':')) {
        return None;
    }
    Some((first.parse().ok()?, second.parse().ok()?, year(last)?))
}

fn ordered(first: i16, second: i16, year: i16, order: Order) -> Result<Read<Date>, Fault> {
    let day_first = date(year, second, first);
    let month_first = date(year, first, second);
    match (day_first, month_first, order) {
        (Some(only), None, _) | (None, Some(only), _) => Ok(Read::plain(only)),
        (None, None, _) => Err(expected()),
        (Some(a), Some(b), _) if a == b => Ok(Read::plain(a)),
        (Some(a), Some(_), Order::DayFirst) => Ok(Read::plain(a)),
        (Some(_), Some(b), Order::MonthFirst) => Ok(Read::plain(b)),
        (Some(a), Some(b), Order::Unproven) => {
            Ok(Read::noted(a, Code::DateAmbiguous, format!("a date with one meaning; read as {a}, not {b} (day before month)")))
        }
    }
}

/// `3 March 2026`, `3rd Mar, 26`, `March 3, 2026`, `03-Mar-2026`.
fn named(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split([' ', '-', ',', '.', '/']).filter(|part| !part.is_empty()).collect();
    let [first, second, last] = parts.as_slice() else { return None };
    let (day, month) = match (month(first), month(second)) {
        (None, Some(month)) => (first, month),
        (Some(month), None) => (second, month),
        _ => return None,
    };
    let day = ["st", "nd", "rd", "th"].iter().find_map(|end| day.strip_suffix(end)).unwrap_or(day);
    date(year(last)?, month, day.parse().ok()?)
}

fn month(text: &str) -> Option<i16> {
    let is = |name: &&str| *name == text || (text.is_ascii() && text.len() >= 3 && name.starts_with(text));
    let at = MONTHS.iter().position(|names| names.iter().any(is))?;
    i16::try_from(at + 1).ok()
}

/// Days since 1899-12-30, as spreadsheet programs count them; a fraction is the time of day.
fn serial(text: &str) -> Option<Date> {
    let (days, time) = text.split_once('.').unwrap_or((text, "0"));
    let days: i64 = days.parse().ok()?;
    if !SERIALS.contains(&days) || !time.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Date::constant(1899, 12, 30).checked_add(jiff::Span::new().days(days)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, order: Order) -> Result<(String, Option<Code>), Code> {
        let read = parse(Value::text(text), order).map_err(|fault| fault.code)?;
        Ok((read.value.to_string(), read.note.map(|note| note.code)))
    }

    #[test]
    fn one_day_written_many_ways() {
        for text in [
            "2026-03-14",
            "2026/03/14",
            "2026-03-14T10:00:00Z",
            "14-03-2026",
            "14/3/26",
            "14.03.2026",
            "3/14/2026",
            "14 March 2026",
            "14th Mar, 2026",
            "March 14, 2026",
            "14-Mar-26",
            "१४-०३-२०२६",
            "14 मार्च 2026",
            "'14-03-2026",
            "14-03-2026 10:30",
        ] {
            assert_eq!(read(text, Order::Unproven), Ok(("2026-03-14".to_owned(), None)), "{text}");
        }
    }

    #[test]
    fn what_could_be_either_is_flagged_unless_the_column_shows_it() {
        assert_eq!(read("03/04/2026", Order::Unproven), Ok(("2026-04-03".to_owned(), Some(Code::DateAmbiguous))));
        assert_eq!(read("03/04/2026", Order::DayFirst), Ok(("2026-04-03".to_owned(), None)));
        assert_eq!(read("03/04/2026", Order::MonthFirst), Ok(("2026-03-04".to_owned(), None)));
        assert_eq!(read("04/04/2026", Order::Unproven), Ok(("2026-04-04".to_owned(), None)));
        let of = |texts: &[&str]| order(texts.iter().map(|text| Value::text(text)));
        assert_eq!(of(&["03/04/2026", "25/04/2026"]), Order::DayFirst);
        assert_eq!(of(&["03/04/2026", "04/25/2026"]), Order::MonthFirst);
        assert_eq!(of(&["25/04/2026", "04/25/2026"]), Order::Unproven);
    }

    #[test]
    fn serials_and_types() {
        assert_eq!(read("46095", Order::Unproven), Ok(("2026-03-14".to_owned(), Some(Code::DateSerial))));
        let typed = |text, kind| parse(Value { text, kind }, Order::Unproven).map(|read| read.value.to_string()).ok();
        assert_eq!(typed("46095.5", CellKind::Number).as_deref(), Some("2026-03-14"));
        assert_eq!(typed("2026-03-14", CellKind::Date).as_deref(), Some("2026-03-14"));
        assert_eq!(typed("12", CellKind::Number), None);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "soon", "31-02-2026", "2026-13-01", "1/2", "01-01-1066", "5", "ma 3 2026", "3/4/5/6"] {
            assert_eq!(read(text, Order::Unproven), Err(Code::DateUnreadable), "{text}");
        }
    }
}
