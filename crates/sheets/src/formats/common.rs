//! What all product formats share: the pieces of a variant, pictures, status, policy, repeated SKUs.

use std::collections::BTreeMap;

use crate::catalogue::{Image, Policy, Product, Status, Stock, Variant};
use crate::field::Field;
use crate::problem::{Code, Problem, Severity, shorten};
use crate::reader::Reader;
use crate::table::Row;
use crate::values::{Fault, fold};

/// A variant without options, from the cells every format has.
pub(super) fn variant<'t>(reader: &mut Reader<'t>, row: &'t Row) -> Variant {
    check_currency(reader, row);
    Variant {
        id: None,
        options: Vec::new(),
        sku: reader.identifier(row, Field::Sku),
        barcode: reader.identifier(row, Field::Barcode),
        price_minor: reader.amount(row, Field::Price),
        compare_at_minor: reader.amount(row, Field::CompareAt),
        grams: reader.grams(row),
        stock: stock(reader, row),
        policy: policy(reader, row),
        image: reader.identifier(row, Field::VariantImage),
        row: row.number,
    }
}

fn check_currency<'t>(reader: &mut Reader<'t>, row: &'t Row) {
    let Some(named) = reader.identifier(row, Field::Currency) else { return };
    let wanted = reader.currency.code();
    if !named.eq_ignore_ascii_case(wanted) {
        let fault = Fault::new(Code::AmountOtherCurrency, format!("{wanted}, the currency this file is read in"));
        reader.fault(row, Field::Currency, Severity::Error, fault);
    }
}

fn stock<'t>(reader: &mut Reader<'t>, row: &'t Row) -> Stock {
    if reader.value(row, Field::Stock).text.trim().eq_ignore_ascii_case("parent") {
        let fault = Fault::new(Code::StockOfParent, "a number for each variation; stock kept by the product is not divided, so it is unknown here");
        reader.fault(row, Field::Stock, Severity::Warning, fault);
        return Stock::Absent;
    }
    reader.count(row, Field::Stock).map_or(Stock::Absent, Stock::Column)
}

fn policy<'t>(reader: &mut Reader<'t>, row: &'t Row) -> Policy {
    let Some(text) = reader.text(row, Field::Policy) else {
        return Policy::Deny;
    };
    match text.to_lowercase().as_str() {
        "deny" | "false" | "no" | "0" => Policy::Deny,
        "continue" | "true" | "yes" | "1" | "notify" | "made to order" | "made_to_order" => Policy::Continue,
        _ => {
            reader.fault(row, Field::Policy, Severity::Error, Fault::new(Code::PolicyUnknown, "deny or continue"));
            Policy::Deny
        }
    }
}

/// The status a word means.
pub(super) fn status<'t>(reader: &mut Reader<'t>, row: &'t Row, word: &str) -> Status {
    match fold(word).to_lowercase().trim() {
        "active" | "published" | "live" | "unlisted" | "publish" => Status::Active,
        "draft" | "hidden" | "private" | "pending" => Status::Draft,
        "archived" | "archive" | "trash" | "discontinued" => Status::Archived,
        _ => {
            let fault = Fault::new(Code::StatusUnknown, "active, draft or archived; read as draft");
            reader.fault(row, Field::Status, Severity::Warning, fault);
            Status::Draft
        }
    }
}

/// Collects a product's pictures: web addresses only, each once.
#[derive(Default)]
pub(super) struct Pictures {
    /// Place asked for, then order of arrival.
    found: Vec<(u32, Image)>,
}

impl Pictures {
    /// Adds the picture an address cell names.
    pub fn add<'t>(&mut self, reader: &mut Reader<'t>, row: &'t Row, field: Field, url: &str, place: Option<u32>, alt: Option<String>) {
        let url = url.trim();
        let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        if !(lower.starts_with("https://") || lower.starts_with("http://")) || url.contains(char::is_whitespace) {
            let fault = Fault::new(Code::ImageUnreadable, "a web address starting with https://; the picture was left out");
            return reader.fault(row, field, Severity::Warning, fault);
        }
        if self.found.iter().any(|(_, image)| image.url == url) {
            let fault = Fault::new(Code::ImageRepeated, "each picture once for a product; the second was passed over");
            return reader.fault(row, field, Severity::Warning, fault);
        }
        let image = Image { url: url.to_owned(), position: 0, alt, row: row.number };
        self.found.push((place.unwrap_or(u32::MAX), image));
    }

    /// Adds the variant's picture unless the product shows it already.
    pub fn add_of_variant<'t>(&mut self, reader: &mut Reader<'t>, row: &'t Row, field: Field, url: &str) {
        if !self.found.iter().any(|(_, image)| image.url == url) {
            self.add(reader, row, field, url, None, None);
        }
    }

    /// The pictures in order, numbered from 1.
    pub fn finish(mut self) -> Vec<Image> {
        self.found.sort_by_key(|(place, _)| *place);
        let numbered = (1..).zip(self.found);
        numbered.map(|(position, (_, image))| Image { position, ..image }).collect()
    }
}

/// A SKU is nobody's identity, so one that repeats is only worth a word: one for each, at its second row.
pub(super) fn repeated_skus(reader: &mut Reader<'_>, products: &[Product]) {
    let mut rows: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for variant in products.iter().flat_map(|product| &product.variants) {
        if let Some(sku) = &variant.sku {
            rows.entry(sku).or_default().push(variant.row);
        }
    }
    for (sku, rows) in rows {
        let [first, second, ..] = rows.as_slice() else { continue };
        reader.problems.push(Problem {
            row: Some(*second),
            column: reader.header_of(Field::Sku),
            value: shorten(sku),
            expected: format!("a SKU of its own; {} variants have this one, first in row {first}. Imported as they are", rows.len()),
            severity: Severity::Warning,
            code: Code::SkuRepeated,
        });
    }
}
