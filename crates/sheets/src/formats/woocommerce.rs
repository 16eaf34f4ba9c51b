//! WooCommerce's export: a row is a simple product, a variable one, or a variation that names its parent by id or SKU.

use std::collections::HashMap;

use super::Built;
use super::common::{self, Pictures};
use crate::catalogue::{Product, Source, Status, Variant};
use crate::field::{Field, OPTIONS};
use crate::problem::{Code, Severity, Skipped};
use crate::reader::Reader;
use crate::table::Row;
use crate::values::{Fault, html};

/// What a row is.
enum RowType {
    Simple,
    Variable,
    Variation,
    /// Not a piece that is made and sent, and why.
    Skipped(String),
}

/// A product's row and the rows of its variations.
struct Family<'t> {
    row: &'t Row,
    variable: bool,
    skip: Option<String>,
    variations: Vec<&'t Row>,
}

pub(super) fn products(reader: &mut Reader<'_>) -> (Vec<Built>, Vec<Skipped>) {
    if !reader.has(Field::Title) {
        reader.whole_file(Severity::Error, Code::ColumnMissing, None, "a column Name with the title of each product");
    }
    if !reader.has(Field::Handle) {
        let expected = "the column ID, which stays when a title changes; titles are used in its place";
        reader.whole_file(Severity::Warning, Code::IdentityMissing, None, expected);
    }
    let mut skipped = Vec::new();
    let families = families(reader, &mut skipped);
    (families.iter().map(|family| build(reader, family)).collect(), skipped)
}

fn row_type(text: &str) -> RowType {
    let words: Vec<String> = text.to_lowercase().split(',').map(|word| word.trim().to_owned()).collect();
    let has = |word: &str| words.iter().any(|known| known == word);
    if has("grouped") {
        RowType::Skipped("a grouped product, which only lists others".to_owned())
    } else if has("external") || has("affiliate") {
        RowType::Skipped("an external product, which another shop sells".to_owned())
    } else if has("virtual") || has("downloadable") {
        RowType::Skipped("a virtual or downloadable product, which is not a piece that is sent".to_owned())
    } else if has("variation") {
        RowType::Variation
    } else if has("variable") {
        RowType::Variable
    } else if has("simple") || text.trim().is_empty() {
        RowType::Simple
    } else {
        RowType::Skipped(format!("a product of the type {text:?}, which is not read"))
    }
}

fn families<'t>(reader: &mut Reader<'t>, skipped: &mut Vec<Skipped>) -> Vec<Family<'t>> {
    let mut families: Vec<Family<'t>> = Vec::new();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    let mut variations = Vec::new();
    for row in &reader.table.rows {
        let kind = row_type(reader.value(row, Field::RowType).text);
        let is_child = reader.filled(row, Field::Parent);
        let (variable, skip) = match kind {
            RowType::Variation => {
                variations.push(row);
                continue;
            }
            RowType::Skipped(reason) if is_child => {
                skipped.push(Skipped { row: row.number, reason });
                continue;
            }
            RowType::Skipped(reason) => (false, Some(reason)),
            RowType::Simple => (false, None),
            RowType::Variable => (true, None),
        };
        let at = families.len();
        if let Some(id) = reader.identifier(row, Field::Handle)
            && by_key.insert(format!("id:{id}"), at).is_some()
        {
            reader.fault(row, Field::Handle, Severity::Error, Fault::new(Code::IdentityRepeated, "an ID that no other row has"));
        }
        if let Some(sku) = reader.identifier(row, Field::Sku) {
            by_key.entry(sku).or_insert(at);
        }
        families.push(Family { row, variable, skip, variations: Vec::new() });
    }
    for row in variations {
        let parent = reader.identifier(row, Field::Parent);
        match parent.and_then(|parent| by_key.get(&parent).copied()) {
            Some(at) => families[at].variations.push(row),
            None => {
                let fault = Fault::new(Code::ParentUnknown, "the SKU, or id: and the ID, of a product in this file");
                reader.fault(row, Field::Parent, Severity::Error, fault);
            }
        }
    }
    families
}

fn build<'t>(reader: &mut Reader<'t>, family: &Family<'t>) -> Built {
    let row = family.row;
    let title = reader.text(row, Field::Title).unwrap_or_else(|| {
        reader.row_problem(row, Severity::Error, Code::TitleMissing, "a name of the product");
        String::new()
    });
    let handle = reader.identifier(row, Field::Handle).unwrap_or_else(|| title.to_lowercase());
    let body = reader.text(row, Field::Body).or_else(|| reader.text(row, Field::ShortBody));
    let categories = reader.text(row, Field::Categories).map(|text| escaped_list(&text)).unwrap_or_default();
    let (status, published) = status(reader, row);
    let (options, variants) = if family.variable { variations(reader, family) } else { (Vec::new(), vec![priced(reader, row, &family.skip)]) };
    let mut pictures = Pictures::default();
    let rows = || std::iter::once(row).chain(family.variations.iter().copied());
    for row in rows() {
        for url in addresses(reader, row) {
            if row.number == family.row.number {
                pictures.add(reader, row, Field::ImageList, &url, None, None);
            } else {
                pictures.add_of_variant(reader, row, Field::ImageList, &url);
            }
        }
    }
    let product = Product {
        source: Source::Woocommerce,
        handle,
        title,
        // The exporter writes line breaks as a backslash and an n.
        body_html: body.map(|body| html::sanitise(&body.replace("\\n", "\n"))).filter(|body| !body.is_empty()),
        vendor: reader.text(row, Field::Vendor),
        product_type: categories.first().and_then(|path| path.rsplit('>').next()).map(|leaf| leaf.trim().to_owned()),
        categories,
        tags: reader.text(row, Field::Tags).map(|text| escaped_list(&text)).unwrap_or_default(),
        status,
        published,
        craft: reader.text(row, Field::Craft),
        materials: reader.text(row, Field::Materials).map(|text| escaped_list(&text)).unwrap_or_default(),
        options,
        variants,
        images: pictures.finish(),
        rows: rows().map(|row| row.number).collect(),
        faulty: false,
    };
    Built { product, skip: family.skip.clone() }
}

/// 1 is published, 0 private, -1 a draft.
fn status<'t>(reader: &mut Reader<'t>, row: &'t Row) -> (Status, bool) {
    let hidden = reader.value(row, Field::Visibility).text.trim().eq_ignore_ascii_case("hidden");
    let status = match reader.value(row, Field::Published).text.trim().trim_start_matches('\'') {
        "1" => Status::Active,
        "" | "0" | "-1" => Status::Draft,
        other => common::status(reader, row, other),
    };
    (status, status == Status::Active && !hidden)
}

/// A list whose own commas are escaped.
fn escaped_list(text: &str) -> Vec<String> {
    let marked = text.replace("\\,", "\u{1}");
    let parts = marked.split([',', '\n']).map(|part| part.trim().replace('\u{1}', ",")).filter(|part| !part.is_empty());
    parts.collect()
}

fn addresses<'t>(reader: &mut Reader<'t>, row: &'t Row) -> Vec<String> {
    let cell = reader.text(row, Field::ImageList).unwrap_or_default();
    cell.split([',', '\n', ' ']).map(str::trim).filter(|url| !url.is_empty()).map(str::to_owned).collect()
}

/// A variant at its sale price beside the regular one; a sale with dates is over or to come for all we know.
fn priced<'t>(reader: &mut Reader<'t>, row: &'t Row, skip: &Option<String>) -> Variant {
    let mut variant = common::variant(reader, row);
    if let Some(sale) = reader.amount(row, Field::SalePrice) {
        if reader.filled(row, Field::SaleFrom) || reader.filled(row, Field::SaleTo) {
            let fault = Fault::new(Code::SaleDated, "a price without dates; the regular price was used");
            reader.fault(row, Field::SalePrice, Severity::Warning, fault);
        } else {
            variant.compare_at_minor = variant.price_minor;
            variant.price_minor = Some(sale);
        }
    }
    if variant.price_minor.is_none() && !reader.filled(row, Field::Price) && skip.is_none() {
        reader.row_problem(row, Severity::Warning, Code::PriceMissing, "a price; without one the product stays a draft");
    }
    variant
}

fn variations<'t>(reader: &mut Reader<'t>, family: &Family<'t>) -> (Vec<String>, Vec<Variant>) {
    let mut options: Vec<(u8, String)> = Vec::new();
    for n in 1..=OPTIONS {
        let chosen = family.variations.iter().any(|row| reader.filled(row, Field::OptionValue(n)));
        let offered = reader.text(family.row, Field::OptionValue(n)).is_some_and(|values| values.contains(','));
        let name = reader.text(family.row, Field::OptionName(n));
        let name = name.or_else(|| family.variations.iter().find_map(|row| reader.text(row, Field::OptionName(n))));
        if chosen {
            options.push((n, name.unwrap_or_else(|| format!("Option {n}"))));
        } else if offered {
            let name = name.unwrap_or_default();
            let expected = format!("variations for each {name}; no row has one, so {name} is not a choice here");
            reader.fault(family.row, Field::OptionValue(n), Severity::Warning, Fault::new(Code::OptionAny, expected));
        }
    }
    let parent_grams = reader.grams(family.row);
    let mut variants: Vec<Variant> = Vec::new();
    for row in &family.variations {
        let mut variant = priced(reader, row, &None);
        variant.id = reader.identifier(row, Field::Handle);
        variant.grams = variant.grams.or(parent_grams);
        variant.image = addresses(reader, row).into_iter().next();
        for (n, name) in &options {
            let value = reader.text(row, Field::OptionValue(*n)).unwrap_or_else(|| {
                let fault = Fault::new(Code::OptionAny, format!("a {name} for this variation; read as any"));
                reader.fault(row, Field::OptionValue(*n), Severity::Warning, fault);
                "Any".to_owned()
            });
            variant.options.push(value);
        }
        let same = |known: &Variant| (variant.id.is_some() && known.id == variant.id) || (variant.id.is_none() && known.options == variant.options);
        if variants.iter().any(same) {
            reader.row_problem(row, Severity::Error, Code::VariantRepeated, "an ID or option values that no other variation has");
            continue;
        }
        variants.push(variant);
    }
    if variants.is_empty() {
        reader.row_problem(family.row, Severity::Warning, Code::PriceMissing, "variations of this product in the file; without one it stays a draft");
    }
    (options.into_iter().map(|(_, name)| name).collect(), variants)
}
