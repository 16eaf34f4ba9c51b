//! Artisans and work, one row each.

use std::collections::HashMap;

use crate::field::Field;
use crate::problem::{Code, Severity};
use crate::reader::Reader;
use crate::register::{Artisan, Work};
use crate::table::Row;
use crate::values::{self, Fault};

pub(super) fn artisans(reader: &mut Reader<'_>) -> Vec<Artisan> {
    if !reader.has(Field::Name) {
        reader.whole_file(Severity::Error, Code::ColumnMissing, None, "a column with the name of each artisan");
    }
    let order = reader.date_order(Field::ConsentDate);
    let mut artisans = Vec::with_capacity(reader.table.rows.len());
    let mut seen: HashMap<String, u32> = HashMap::new();
    for row in &reader.table.rows {
        let Some(name) = reader.text(row, Field::Name) else {
            if reader.has(Field::Name) {
                reader.row_problem(row, Severity::Error, Code::TitleMissing, "a name");
            }
            continue;
        };
        let artisan = Artisan {
            id: reader.identifier(row, Field::ArtisanId),
            name,
            alias: reader.text(row, Field::Alias),
            village: reader.text(row, Field::Village),
            district: reader.text(row, Field::District),
            region: reader.text(row, Field::Region),
            crafts: reader.text(row, Field::Craft).map(|text| values::list(&text)).unwrap_or_default(),
            phone: phone(reader, row),
            language: reader.text(row, Field::Language),
            consent: reader.flag(row, Field::Consent),
            consent_on: reader.date(row, Field::ConsentDate, order),
            row: row.number,
            faulty: false,
        };
        if let Some(first) = seen.insert(artisan.key(), row.number) {
            let expected = format!("an id, or a name and village, of her own; row {first} has the same. If they are two people, give each an id");
            reader.row_problem(row, Severity::Error, Code::IdentityRepeated, expected);
        }
        artisans.push(artisan);
    }
    let errors = super::error_rows(&reader.problems);
    artisans.iter_mut().for_each(|artisan| artisan.faulty = errors.contains(&artisan.row));
    artisans
}

/// Digits with a leading plus where written; anything but separators between them is a problem.
fn phone<'t>(reader: &mut Reader<'t>, row: &'t Row) -> Option<String> {
    let written = reader.identifier(row, Field::Phone)?;
    let folded = values::fold(&written);
    let digits: String = folded.chars().filter(char::is_ascii_digit).collect();
    let usual = folded.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
    if !usual || !(6..=15).contains(&digits.len()) {
        reader.fault(row, Field::Phone, Severity::Error, Fault::new(Code::NumberUnreadable, "a telephone number of 6 to 15 digits"));
        return None;
    }
    Some(if folded.trim_start().starts_with('+') { format!("+{digits}") } else { digits })
}

pub(super) fn work(reader: &mut Reader<'_>) -> Vec<Work> {
    for (field, what) in [(Field::Maker, "the maker"), (Field::Pieces, "the number of pieces")] {
        if !reader.has(field) {
            reader.whole_file(Severity::Error, Code::ColumnMissing, None, format!("a column with {what} of each entry"));
        }
    }
    let order = reader.date_order(Field::Date);
    let mut entries: Vec<Work> = Vec::with_capacity(reader.table.rows.len());
    let mut turns: HashMap<String, u32> = HashMap::new();
    for row in &reader.table.rows {
        // Whose work it was may be unknown, where the entry is known by a number of its own.
        let maker = reader.text(row, Field::Maker).or_else(|| reader.filled(row, Field::WorkId).then(String::new));
        let Some(maker) = maker else {
            reader.row_problem(row, Severity::Error, Code::TitleMissing, "the maker who did the work");
            continue;
        };
        let pieces = reader.count(row, Field::Pieces);
        if pieces.is_none() && !reader.filled(row, Field::Pieces) {
            reader.row_problem(row, Severity::Error, Code::NumberUnreadable, "a number of pieces");
        }
        let mut entry = Work {
            id: reader.identifier(row, Field::WorkId),
            maker,
            batch: reader.identifier(row, Field::Batch),
            product: reader.identifier(row, Field::Product),
            step: reader.text(row, Field::Step),
            pieces: pieces.unwrap_or_default(),
            rate_minor: reader.amount(row, Field::Rate),
            date: reader.date(row, Field::Date, order),
            minutes: reader.count(row, Field::Minutes),
            turn: 1,
            row: row.number,
            faulty: false,
        };
        check_total(reader, row, &mut entry);
        let turn = turns.entry(entry.key()).or_insert(0);
        *turn += 1;
        entry.turn = *turn;
        if entry.id.is_some() && entry.turn > 1 {
            reader.fault(row, Field::WorkId, Severity::Error, Fault::new(Code::IdentityRepeated, "a number that no other entry has"));
        }
        entries.push(entry);
    }
    let errors = super::error_rows(&reader.problems);
    entries.iter_mut().for_each(|entry| entry.faulty = errors.contains(&entry.row));
    entries
}

/// Where both a rate and a total stand they must agree; a total alone gives the rate if it divides exactly.
fn check_total<'t>(reader: &mut Reader<'t>, row: &'t Row, entry: &mut Work) {
    let Some(total) = reader.amount(row, Field::Total) else { return };
    let currency = reader.currency;
    match entry.rate_minor {
        Some(rate) if rate.checked_mul(entry.pieces) == Some(total) => {}
        Some(rate) => {
            let due = rate.saturating_mul(entry.pieces);
            let expected = format!("{} pieces at {} make {}", entry.pieces, currency.plain(rate), currency.plain(due));
            reader.fault(row, Field::Total, Severity::Error, Fault::new(Code::TotalDiffers, expected));
        }
        None if entry.pieces > 0 && total % entry.pieces == 0 => entry.rate_minor = Some(total / entry.pieces),
        None => {
            let expected = format!("a total that {} pieces share exactly, or a rate", entry.pieces);
            reader.fault(row, Field::Total, Severity::Error, Fault::new(Code::TotalDiffers, expected));
        }
    }
}
