//! Our own exports of makers and of the work register: one row each, known again by the number in its first column.

use super::{Out, WriteError, sheet};
use crate::headers::{OWN_ARTISAN, OWN_WORK};
use crate::register::{Artisan, Work};
use crate::table::FileType;
use crate::values::amount::Currency;

const ARTISAN_HEADERS: [&str; 10] = [OWN_ARTISAN, "name", "known as", "village", "district", "craft", "phone", "language", "consent", "consent date"];
const WORK_HEADERS: [&str; 9] = [OWN_WORK, "date", "maker", "batch", "step", "pieces", "rate", "currency", "minutes"];

fn header(names: &[&str]) -> Vec<Out> {
    names.iter().map(|name| Out::Text((*name).to_owned())).collect()
}
fn text(value: Option<&str>) -> Out {
    Out::Text(value.unwrap_or_default().to_owned())
}
fn number(value: Option<impl ToString>) -> Out {
    value.map_or(text(None), |value| Out::Number(value.to_string()))
}

/// Writes makers. Personal data throughout: the answer is its cooperative's alone.
pub fn artisans<'a>(artisans: impl IntoIterator<Item = &'a Artisan>, file_type: FileType) -> Result<Vec<u8>, WriteError> {
    let row = |a: &Artisan| {
        let consent = a.consent.map(|given| if given { "yes" } else { "no" });
        let date = a.consent_on.map(|date| date.to_string());
        let crafts = a.crafts.join(", ");
        let own = [a.id.as_deref(), Some(&a.name), a.alias.as_deref(), a.village.as_deref(), a.district.as_deref(), Some(&crafts)];
        own.into_iter().chain([a.phone.as_deref(), a.language.as_deref(), consent, date.as_deref()]).map(text).collect()
    };
    let rows: Vec<Vec<Out>> = std::iter::once(header(&ARTISAN_HEADERS)).chain(artisans.into_iter().map(row)).collect();
    sheet(&rows, file_type, ',')
}

/// Writes work whose rates are in `currency`.
pub fn work<'a>(entries: impl IntoIterator<Item = &'a Work>, currency: &Currency, file_type: FileType) -> Result<Vec<u8>, WriteError> {
    let row = |w: &Work| {
        let date = w.date.map(|date| date.to_string());
        vec![
            text(w.id.as_deref()),
            text(date.as_deref()),
            text(Some(&w.maker)),
            text(w.batch.as_deref()),
            text(w.step.as_deref()),
            number(Some(w.pieces)),
            number(w.rate_minor.map(|rate| currency.plain(rate))),
            text(Some(currency.code())),
            number(w.minutes),
        ]
    };
    let rows: Vec<Vec<Out>> = std::iter::once(header(&WORK_HEADERS)).chain(entries.into_iter().map(row)).collect();
    sheet(&rows, file_type, ',')
}
