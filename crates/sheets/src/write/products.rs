//! Our own product export: a row for each variant and each further picture, what belongs to the product in its first row.
//!
//! Source and handle stand in every row, so that a sheet that was sorted is still read right, and so that products that came
//! from a shop's export are the same products when ours is read.

use super::{Out, WriteError, sheet};
use crate::catalogue::{Image, Product, Stock, Variant};
use crate::headers::{OWN_PRODUCT, OWN_SOURCE, OWN_VARIANT};
use crate::mapping::Format;
use crate::table::FileType;
use crate::values::amount::Currency;

/// Headers before the options.
const PRODUCT_HEADERS: [&str; 13] =
    [OWN_SOURCE, OWN_PRODUCT, OWN_VARIANT, "title", "description", "vendor", "category", "type", "tags", "status", "published", "craft", "materials"];
/// Headers after the options.
const VARIANT_HEADERS: [&str; 12] = [
    "sku",
    "barcode",
    "price",
    "compare at price",
    "currency",
    "weight g",
    "stock",
    "when out of stock",
    "variant image",
    "image",
    "image position",
    "image alt text",
];

/// Writes products whose amounts are in `currency`.
pub fn write<'a>(products: impl IntoIterator<Item = &'a Product>, currency: &Currency, file_type: FileType) -> Result<Vec<u8>, WriteError> {
    let products: Vec<&Product> = products.into_iter().collect();
    let options = products.iter().map(|product| product.options.len()).max().unwrap_or(0).max(1);
    let mut rows = vec![header(options)];
    for product in products {
        let lines = product.variants.len().max(product.images.len()).max(1);
        for line in 0..lines {
            let variant = product.variants.get(line);
            let mut row = product_cells(product, variant, line == 0);
            row.extend(option_cells(product, variant, line == 0, options));
            row.extend(variant_cells(variant, currency));
            row.extend(image_cells(product.images.get(line)));
            rows.push(row);
        }
    }
    sheet(&rows, file_type, ',')
}

fn header(options: usize) -> Vec<Out> {
    let names = (1..=options).flat_map(|n| [format!("option {n} name"), format!("option {n} value")]);
    let before = PRODUCT_HEADERS.iter().map(|name| (*name).to_owned());
    let after = VARIANT_HEADERS.iter().map(|name| (*name).to_owned());
    before.chain(names).chain(after).map(Out::Text).collect()
}

fn text(value: Option<&str>) -> Out {
    Out::Text(value.unwrap_or_default().to_owned())
}

fn source(format: Format) -> &'static str {
    match format {
        Format::Shopify => "shopify",
        Format::Woocommerce => "woocommerce",
        Format::Haat => "haat",
        Format::Sheet => "sheet",
    }
}

/// Identity in every row; the rest in the product's first.
fn product_cells(product: &Product, variant: Option<&Variant>, first: bool) -> Vec<Out> {
    let id = variant.and_then(|variant| variant.id.as_deref());
    let mut cells = vec![text(Some(source(product.source))), text(Some(&product.handle)), text(id)];
    if !first {
        cells.resize_with(PRODUCT_HEADERS.len(), || text(None));
        return cells;
    }
    cells.extend([
        text(Some(&product.title)),
        text(product.body_html.as_deref()),
        text(product.vendor.as_deref()),
        Out::Text(product.categories.join("\n")),
        text(product.product_type.as_deref()),
        Out::Text(product.tags.join("\n")),
        text(Some(product.status.name())),
        text(Some(if product.published { "yes" } else { "no" })),
        text(product.craft.as_deref()),
        Out::Text(product.materials.join("\n")),
    ]);
    cells
}

fn option_cells(product: &Product, variant: Option<&Variant>, first: bool, options: usize) -> Vec<Out> {
    let name = |n: usize| product.options.get(n).filter(|_| first).map(String::as_str);
    let value = |n: usize| variant.and_then(|variant| variant.options.get(n)).map(String::as_str);
    (0..options).flat_map(|n| [text(name(n)), text(value(n))]).collect()
}

fn variant_cells(variant: Option<&Variant>, currency: &Currency) -> Vec<Out> {
    let Some(variant) = variant else {
        return (0..9).map(|_| text(None)).collect();
    };
    let number = |value: Option<i64>| value.map_or(text(None), |value| Out::Number(value.to_string()));
    let amount = |minor: Option<i64>| minor.map_or(text(None), |minor| Out::Number(currency.plain(minor)));
    let stock = if let Stock::Column(pieces) = variant.stock { Some(pieces) } else { None };
    vec![
        text(variant.sku.as_deref()),
        text(variant.barcode.as_deref()),
        amount(variant.price_minor),
        amount(variant.compare_at_minor),
        text(Some(currency.code())),
        number(variant.grams),
        number(stock),
        text(Some(variant.policy.name())),
        text(variant.image.as_deref()),
    ]
}

fn image_cells(image: Option<&Image>) -> Vec<Out> {
    match image {
        None => vec![text(None), text(None), text(None)],
        Some(image) => vec![text(Some(&image.url)), Out::Number(image.position.to_string()), text(image.alt.as_deref())],
    }
}
