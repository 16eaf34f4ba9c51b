//! Which format a file has and what each of its columns means: proposed here, confirmed once by a person, saved by the caller.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Options;
use crate::field::Field;
use crate::headers;
use crate::table::Table;

/// Whose layout a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Shopify,
    Woocommerce,
    /// Our own export or template.
    Haat,
    /// Any other table, by its headers.
    Sheet,
}

/// What a file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Products,
    Artisans,
    Work,
}

/// What each column means, by the file's own header. Saved and given back, it reads the next file of the same layout alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping {
    pub columns: BTreeMap<String, Field>,
}

/// A column nothing was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmapped {
    pub header: String,
    /// Rows in which it holds something.
    pub filled: usize,
}

/// How a file is going to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub format: Format,
    pub kind: Kind,
    pub mapping: Mapping,
    /// Columns that hold something and mean nothing to us.
    pub unmapped: Vec<Unmapped>,
    /// Whether a person should confirm the mapping: it was guessed from headers of no known program.
    pub to_confirm: bool,
}

/// Detects what the options leave open.
pub fn propose(table: &Table, options: &Options) -> Proposal {
    let (format, kind) = detect(table, options);
    let names = match (format, kind) {
        (Format::Shopify, _) => headers::SHOPIFY,
        (Format::Woocommerce, _) => headers::WOOCOMMERCE,
        (Format::Haat | Format::Sheet, Kind::Products) => headers::PRODUCTS,
        (Format::Haat | Format::Sheet, Kind::Artisans) => headers::ARTISANS,
        (Format::Haat | Format::Sheet, Kind::Work) => headers::WORK,
    };
    let mut mapping = Mapping::default();
    let mut unmapped = Vec::new();
    for (column, header) in table.header.iter().enumerate() {
        let saved = options.mapping.as_ref().and_then(|mapping| mapping.columns.get(header).copied());
        if let Some(field) = saved.or_else(|| headers::lookup(names, header)) {
            mapping.columns.insert(header.clone(), field);
            continue;
        }
        let filled = table.rows.iter().filter(|row| !row.get(column).text.trim().is_empty()).count();
        if filled > 0 {
            unmapped.push(Unmapped { header: header.clone(), filled });
        }
    }
    let to_confirm = format == Format::Sheet && options.mapping.is_none();
    Proposal { format, kind, mapping, unmapped, to_confirm }
}

fn detect(table: &Table, options: &Options) -> (Format, Kind) {
    let header: Vec<String> = table.header.iter().map(|header| headers::normalise(header)).collect();
    let has = |name: &str| header.iter().any(|header| *header == headers::normalise(name));
    let shopify = (has("Handle") || has("URL handle")) && (has("Variant Price") || has("Option1 Value") || has("Variant SKU"));
    let woocommerce = has("Type") && has("Name") && (has("Regular price") || has("Parent") || has("Visibility in catalog"));
    let own = [(headers::OWN_PRODUCT, Kind::Products), (headers::OWN_ARTISAN, Kind::Artisans), (headers::OWN_WORK, Kind::Work)];
    let own_kind = own.into_iter().find(|(mark, _)| has(mark)).map(|(_, kind)| kind);
    let detected = match own_kind {
        Some(_) => Format::Haat,
        None if shopify => Format::Shopify,
        None if woocommerce => Format::Woocommerce,
        None => Format::Sheet,
    };
    let format = options.format.unwrap_or(detected);
    let kind = match format {
        Format::Shopify | Format::Woocommerce => Kind::Products,
        Format::Haat | Format::Sheet => options.kind.or(own_kind).unwrap_or_else(|| most_alike(&table.header)),
    };
    (format, kind)
}

/// The kind whose names know most of the headers; products win ties.
fn most_alike(header: &[String]) -> Kind {
    let known = |names| header.iter().filter(|header| headers::lookup(names, header).is_some()).count();
    let (products, artisans, work) = (known(headers::PRODUCTS), known(headers::ARTISANS), known(headers::WORK));
    if artisans > products && artisans >= work {
        Kind::Artisans
    } else if work > products {
        Kind::Work
    } else {
        Kind::Products
    }
}
