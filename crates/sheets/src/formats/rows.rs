//! Products whose rows share a handle: Shopify's export, our own, and tables people keep themselves.
//!
//! What belongs to the product stands in any of its rows (the first that has it counts); each row with an option, a price or
//! an id is a variant; a row with nothing but a picture is a picture. Rows of a product need not stand together.

use std::collections::{BTreeSet, HashMap};

use super::Built;
use super::common::{self, Pictures};
use crate::catalogue::{Product, Source, Status, Variant};
use crate::field::{Field, OPTIONS};
use crate::mapping::Format;
use crate::problem::{Code, Severity, Skipped};
use crate::reader::Reader;
use crate::table::Row;
use crate::values::{self, Fault, html};

/// What Shopify writes where there is no choice.
const NO_CHOICE: (&str, &str) = ("Title", "Default Title");

struct Group<'t> {
    source: Source,
    handle: String,
    rows: Vec<&'t Row>,
}

pub(super) fn products(reader: &mut Reader<'_>, format: Format) -> (Vec<Built>, Vec<Skipped>) {
    if !reader.has(Field::Title) {
        reader.whole_file(Severity::Error, Code::ColumnMissing, None, "a column with the title or name of each product");
    }
    if format == Format::Sheet && !reader.has(Field::Handle) && reader.has(Field::Title) {
        let expected = "a column with an id or code of each product, which stays when its title changes; titles are used in its place";
        reader.whole_file(Severity::Warning, Code::IdentityMissing, None, expected);
    }
    let groups = group(reader, format);
    (groups.into_iter().map(|group| build(reader, &group)).collect(), Vec::new())
}

fn group<'t>(reader: &mut Reader<'t>, format: Format) -> Vec<Group<'t>> {
    let mut groups: Vec<Group<'t>> = Vec::new();
    let mut known: HashMap<(Source, String), usize> = HashMap::new();
    let mut last = None;
    for row in &reader.table.rows {
        let source = source(reader, row, format);
        let at = match handle(reader, row, format) {
            Some(handle) => *known.entry((source, handle.clone())).or_insert_with(|| {
                groups.push(Group { source, handle, rows: Vec::new() });
                groups.len() - 1
            }),
            None => match last.filter(|_| format == Format::Sheet) {
                Some(at) => {
                    let expected = "a title in every row; read as one more of the product above";
                    reader.row_problem(row, Severity::Warning, Code::ContinuedFromAbove, expected);
                    at
                }
                None => {
                    reader.row_problem(row, Severity::Error, Code::IdentityMissing, "the handle of the product this row belongs to");
                    continue;
                }
            },
        };
        groups[at].rows.push(row);
        last = Some(at);
    }
    groups
}

fn source<'t>(reader: &mut Reader<'t>, row: &'t Row, format: Format) -> Source {
    let Some(name) = reader.identifier(row, Field::Source) else { return format };
    match name.to_lowercase().as_str() {
        "shopify" => Source::Shopify,
        "woocommerce" => Source::Woocommerce,
        "haat" => Source::Haat,
        "sheet" => Source::Sheet,
        _ => {
            let fault = Fault::new(Code::SourceUnknown, "shopify, woocommerce, haat or sheet, as our export writes it");
            reader.fault(row, Field::Source, Severity::Error, fault);
            format
        }
    }
}

/// The row's own identity, or its title where the file has no better.
fn handle<'t>(reader: &mut Reader<'t>, row: &'t Row, format: Format) -> Option<String> {
    let own = reader.identifier(row, Field::Handle);
    match format {
        Format::Shopify | Format::Woocommerce => own,
        Format::Haat | Format::Sheet => own.or_else(|| {
            let title = values::text(reader.value(row, Field::Title));
            let key = title.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            (!key.is_empty()).then_some(key)
        }),
    }
}

fn build<'t>(reader: &mut Reader<'t>, group: &Group<'t>) -> Built {
    let rows = &group.rows;
    let first = rows[0];
    let title = shared(reader, rows, Field::Title).unwrap_or_else(|| {
        if reader.has(Field::Title) {
            reader.row_problem(first, Severity::Error, Code::TitleMissing, "a title in one of the product's rows");
        }
        group.handle.clone()
    });
    let (status, published) = status(reader, rows);
    let gift_card = rows.iter().find(|row| reader.filled(row, Field::GiftCard)).and_then(|row| reader.flag(row, Field::GiftCard));
    let (options, variants) = variants(reader, rows);
    let images = images(reader, rows, &variants);
    let listed = |reader: &mut Reader<'t>, field| shared(reader, rows, field).map(|text| values::list(&text)).unwrap_or_default();
    let product = Product {
        source: group.source,
        handle: group.handle.clone(),
        title,
        body_html: shared(reader, rows, Field::Body).map(|body| html::sanitise(&body)).filter(|body| !body.is_empty()),
        vendor: shared(reader, rows, Field::Vendor),
        // Shopify's category names hold commas; several stand on lines of their own.
        categories: shared(reader, rows, Field::Categories).map(|text| lines(&text)).unwrap_or_default(),
        product_type: shared(reader, rows, Field::ProductType),
        tags: listed(reader, Field::Tags),
        status,
        published,
        craft: shared(reader, rows, Field::Craft),
        materials: listed(reader, Field::Materials),
        options,
        variants,
        images,
        rows: rows.iter().map(|row| row.number).collect(),
        faulty: false,
    };
    let skip = (gift_card == Some(true)).then(|| "a gift card, which is money held and not a piece anyone made".to_owned());
    if skip.is_none() {
        not_shipped(reader, rows);
    }
    Built { product, skip }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The product's value of a field: the first row that has one; another that differs is said and passed over.
fn shared<'t>(reader: &mut Reader<'t>, rows: &[&'t Row], field: Field) -> Option<String> {
    if !reader.has(field) {
        return None;
    }
    let mut found: Option<(String, u32)> = None;
    for row in rows {
        if !reader.filled(row, field) {
            continue;
        }
        let Some(text) = reader.text(row, field) else { continue };
        match &found {
            None => found = Some((text, row.number)),
            Some((value, first)) if *value != text => {
                let fault = Fault::new(Code::ValuesDiffer, format!("the same as in row {first} of this product, which was used"));
                reader.fault(row, field, Severity::Warning, fault);
            }
            Some(_) => {}
        }
    }
    found.map(|(text, _)| text)
}

/// The status column if there is one, else whether it is published; a table that says neither lists drafts.
fn status<'t>(reader: &mut Reader<'t>, rows: &[&'t Row]) -> (Status, bool) {
    let with = |reader: &Reader<'t>, field| rows.iter().copied().find(|row| reader.filled(row, field));
    let published = with(reader, Field::Published).and_then(|row| reader.flag(row, Field::Published));
    let word = with(reader, Field::Status).and_then(|row| reader.text(row, Field::Status).map(|word| (row, word)));
    let status = match (word, published) {
        (Some((row, word)), _) => common::status(reader, row, &word),
        (None, Some(true)) => Status::Active,
        (None, Some(false) | None) => Status::Draft,
    };
    (status, published.unwrap_or(status == Status::Active))
}

fn is_variant<'t>(reader: &Reader<'t>, row: &'t Row) -> bool {
    let marks = [Field::Price, Field::Sku, Field::VariantId, Field::Barcode];
    let numbered = (1..=OPTIONS).map(Field::OptionValue);
    marks.into_iter().chain(numbered).any(|field| reader.filled(row, field))
        || reader.option_columns.iter().any(|(_, at)| !row.get(*at).text.trim().is_empty())
}

/// Where a product's option values are: a numbered column or a column of its own.
enum Place {
    Numbered(u8),
    Column(usize),
}

fn options<'t>(reader: &mut Reader<'t>, all: &[&'t Row], variant_rows: &[&'t Row]) -> Vec<(String, Place)> {
    let mut options = Vec::new();
    for n in 1..=OPTIONS {
        let used = variant_rows.iter().any(|row| reader.filled(row, Field::OptionValue(n)));
        if used {
            let name = shared(reader, all, Field::OptionName(n)).unwrap_or_else(|| format!("Option {n}"));
            options.push((name, Place::Numbered(n)));
        }
    }
    for (header, at) in &reader.option_columns {
        if variant_rows.iter().any(|row| !row.get(*at).text.trim().is_empty()) {
            options.push((header.clone(), Place::Column(*at)));
        }
    }
    options
}

fn variants<'t>(reader: &mut Reader<'t>, rows: &[&'t Row]) -> (Vec<String>, Vec<Variant>) {
    let mut variant_rows: Vec<&Row> = rows.iter().copied().filter(|row| is_variant(reader, row)).collect();
    if variant_rows.is_empty() {
        variant_rows.push(rows[0]);
    }
    let mut options = options(reader, rows, &variant_rows);
    let value = |row: &'t Row, place: &Place, reader: &Reader<'t>| match place {
        Place::Numbered(n) => values::text(reader.value(row, Field::OptionValue(*n))),
        Place::Column(at) => values::text(row.get(*at)),
    };
    if let [(name, place)] = options.as_slice()
        && name == NO_CHOICE.0
        && variant_rows.iter().all(|row| value(row, place, reader) == NO_CHOICE.1)
    {
        options.clear();
    }
    let mut variants = Vec::with_capacity(variant_rows.len());
    let mut seen = BTreeSet::new();
    for row in variant_rows {
        let id = reader.identifier(row, Field::VariantId);
        let options: Vec<String> = options.iter().map(|(_, place)| value(row, place, reader)).collect();
        if !seen.insert((id.clone(), options.clone())) {
            let expected = "option values or an id that no other row of this product has; give a product of its own a handle of its own";
            reader.row_problem(row, Severity::Error, Code::VariantRepeated, expected);
            continue;
        }
        if options.iter().any(String::is_empty) {
            reader.row_problem(row, Severity::Warning, Code::OptionAny, "a value for every option of the product; an empty one was kept as it is");
        }
        let variant = Variant { id, options, ..common::variant(reader, row) };
        if variant.price_minor.is_none() && !reader.filled(row, Field::Price) {
            reader.row_problem(row, Severity::Warning, Code::PriceMissing, "a price; without one the product stays a draft");
        }
        variants.push(variant);
    }
    (options.into_iter().map(|(name, _)| name).collect(), variants)
}

fn images<'t>(reader: &mut Reader<'t>, rows: &[&'t Row], variants: &[Variant]) -> Vec<crate::catalogue::Image> {
    let mut pictures = Pictures::default();
    for row in rows {
        if let Some(url) = reader.identifier(row, Field::Image) {
            let place = reader.filled(row, Field::ImagePosition).then(|| reader.count(row, Field::ImagePosition)).flatten();
            let alt = reader.text(row, Field::ImageAlt);
            pictures.add(reader, row, Field::Image, &url, place.and_then(|place| u32::try_from(place).ok()), alt);
        }
        if let Some(urls) = reader.text(row, Field::ImageList) {
            for url in urls.split([',', '\n', ';', ' ']).filter(|url| !url.trim().is_empty()) {
                pictures.add(reader, row, Field::ImageList, url, None, None);
            }
        }
    }
    for variant in variants {
        let row = rows.iter().copied().find(|row| row.number == variant.row);
        if let (Some(row), Some(url)) = (row, &variant.image) {
            pictures.add_of_variant(reader, row, Field::VariantImage, url);
        }
    }
    pictures.finish()
}

/// What is never sent may be a fee or a donation; it is imported, and somebody should look.
fn not_shipped<'t>(reader: &mut Reader<'t>, rows: &[&'t Row]) {
    let stated: Vec<&Row> = rows.iter().copied().filter(|row| reader.filled(row, Field::RequiresShipping)).collect();
    let mut all_false = !stated.is_empty();
    for row in &stated {
        all_false &= reader.flag(row, Field::RequiresShipping) == Some(false);
    }
    if all_false {
        let fault = Fault::new(Code::NotShipped, "goods that are sent; check that this is a piece somebody made and not a fee or a donation");
        reader.fault(stated[0], Field::RequiresShipping, Severity::Warning, fault);
    }
}
