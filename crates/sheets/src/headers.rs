//! Headers as programs and people write them, and what each means.

mod registers;

pub(crate) use registers::{ARTISANS, WORK};

use crate::field::{Field, OPTIONS};
use crate::values::number::Unit;

/// Header of the column our error report adds; passed over when the corrected sheet comes back.
pub(crate) const PROBLEMS: &str = "haat: problems";
/// Headers that mark our own files.
pub(crate) const OWN_PRODUCT: &str = "haat: product";
pub(crate) const OWN_SOURCE: &str = "haat: source";
pub(crate) const OWN_VARIANT: &str = "haat: variant";
pub(crate) const OWN_ARTISAN: &str = "haat: artisan";
pub(crate) const OWN_WORK: &str = "haat: work";

type Names = &'static [(&'static str, Field)];

/// Shopify's product export, the older layout and the newer one.
pub(crate) const SHOPIFY: Names = &[
    ("handle", Field::Handle),
    ("url handle", Field::Handle),
    ("title", Field::Title),
    ("body html", Field::Body),
    ("description", Field::Body),
    ("vendor", Field::Vendor),
    ("product category", Field::Categories),
    ("standardized product type", Field::Categories),
    ("type", Field::ProductType),
    ("custom product type", Field::ProductType),
    ("tags", Field::Tags),
    ("published", Field::Published),
    ("published on online store", Field::Published),
    ("status", Field::Status),
    ("gift card", Field::GiftCard),
    ("variant sku", Field::Sku),
    ("sku", Field::Sku),
    ("variant barcode", Field::Barcode),
    ("barcode", Field::Barcode),
    ("variant grams", Field::Weight(Unit::Gram)),
    ("weight value grams", Field::Weight(Unit::Gram)),
    // Grams are grams: the unit the shop shows them in says nothing about the number.
    ("variant weight unit", Field::Ignored),
    ("weight unit for display", Field::Ignored),
    ("variant inventory qty", Field::Stock),
    ("inventory quantity", Field::Stock),
    ("variant inventory policy", Field::Policy),
    ("continue selling when out of stock", Field::Policy),
    ("variant price", Field::Price),
    ("price", Field::Price),
    ("variant compare at price", Field::CompareAt),
    ("compare at price", Field::CompareAt),
    ("variant requires shipping", Field::RequiresShipping),
    ("requires shipping", Field::RequiresShipping),
    ("image src", Field::Image),
    ("product image url", Field::Image),
    ("image position", Field::ImagePosition),
    ("image alt text", Field::ImageAlt),
    ("variant image", Field::VariantImage),
    ("variant image url", Field::VariantImage),
];

/// WooCommerce's product export.
pub(crate) const WOOCOMMERCE: Names = &[
    ("id", Field::Handle),
    ("type", Field::RowType),
    ("sku", Field::Sku),
    ("gtin upc ean or isbn", Field::Barcode),
    ("name", Field::Title),
    ("published", Field::Published),
    ("visibility in catalog", Field::Visibility),
    ("short description", Field::ShortBody),
    ("description", Field::Body),
    ("date sale price starts", Field::SaleFrom),
    ("date sale price ends", Field::SaleTo),
    ("stock", Field::Stock),
    ("backorders allowed", Field::Policy),
    ("weight kg", Field::Weight(Unit::Kilogram)),
    ("weight g", Field::Weight(Unit::Gram)),
    ("weight lbs", Field::Weight(Unit::Pound)),
    ("weight oz", Field::Weight(Unit::Ounce)),
    ("sale price", Field::SalePrice),
    ("regular price", Field::Price),
    ("categories", Field::Categories),
    ("tags", Field::Tags),
    ("images", Field::ImageList),
    ("parent", Field::Parent),
    ("brands", Field::Vendor),
];

/// Our own product export; also what every generic product table may use.
pub(crate) const OWN: Names = &[
    ("haat product", Field::Handle),
    ("haat source", Field::Source),
    ("haat variant", Field::VariantId),
    ("haat artisan", Field::ArtisanId),
    ("haat work", Field::WorkId),
];

/// Headers people write over a list of products, in the languages we have met.
pub(crate) const PRODUCTS: Names = &[
    ("handle", Field::Handle),
    ("product id", Field::Handle),
    ("id", Field::Handle),
    ("code", Field::Handle),
    ("item code", Field::Handle),
    ("product code", Field::Handle),
    ("design no", Field::Handle),
    ("design code", Field::Handle),
    ("article", Field::Handle),
    ("कोड", Field::Handle),
    ("title", Field::Title),
    ("name", Field::Title),
    ("product", Field::Title),
    ("product name", Field::Title),
    ("item", Field::Title),
    ("item name", Field::Title),
    ("product title", Field::Title),
    ("naam", Field::Title),
    ("nam", Field::Title),
    ("particulars", Field::Title),
    ("नाम", Field::Title),
    ("उत्पाद", Field::Title),
    ("वस्तु", Field::Title),
    ("নাম", Field::Title),
    ("పేరు", Field::Title),
    ("ନାମ", Field::Title),
    ("નામ", Field::Title),
    ("பெயர்", Field::Title),
    ("produkt", Field::Title),
    ("nom", Field::Title),
    ("nombre", Field::Title),
    ("bezeichnung", Field::Title),
    ("description", Field::Body),
    ("body html", Field::Body),
    ("details", Field::Body),
    ("product description", Field::Body),
    ("vivaran", Field::Body),
    ("विवरण", Field::Body),
    ("বিবরণ", Field::Body),
    ("beschreibung", Field::Body),
    ("descripción", Field::Body),
    ("vendor", Field::Vendor),
    ("brand", Field::Vendor),
    ("supplier", Field::Vendor),
    ("category", Field::Categories),
    ("categories", Field::Categories),
    ("श्रेणी", Field::Categories),
    ("kategorie", Field::Categories),
    ("type", Field::ProductType),
    ("product type", Field::ProductType),
    ("प्रकार", Field::ProductType),
    ("tags", Field::Tags),
    ("keywords", Field::Tags),
    ("status", Field::Status),
    ("published", Field::Published),
    ("craft", Field::Craft),
    ("technique", Field::Craft),
    ("art form", Field::Craft),
    ("kala", Field::Craft),
    ("शिल्प", Field::Craft),
    ("कला", Field::Craft),
    ("material", Field::Materials),
    ("materials", Field::Materials),
    ("fabric", Field::Materials),
    ("सामग्री", Field::Materials),
    ("কাপড়", Field::Materials),
    ("sku", Field::Sku),
    ("variant sku", Field::Sku),
    ("barcode", Field::Barcode),
    ("ean", Field::Barcode),
    ("gtin", Field::Barcode),
    ("price", Field::Price),
    ("selling price", Field::Price),
    ("sale price", Field::Price),
    ("unit price", Field::Price),
    ("rate", Field::Price),
    ("amount", Field::Price),
    ("cost price", Field::Ignored),
    ("daam", Field::Price),
    ("dam", Field::Price),
    ("kimat", Field::Price),
    ("keemat", Field::Price),
    ("bhav", Field::Price),
    ("मूल्य", Field::Price),
    ("कीमत", Field::Price),
    ("क़ीमत", Field::Price),
    ("दाम", Field::Price),
    ("भाव", Field::Price),
    ("দাম", Field::Price),
    ("মূল্য", Field::Price),
    ("ధర", Field::Price),
    ("ମୂଲ୍ୟ", Field::Price),
    ("ભાવ", Field::Price),
    ("விலை", Field::Price),
    ("preis", Field::Price),
    ("prix", Field::Price),
    ("precio", Field::Price),
    ("retail price", Field::Price),
    ("mrp", Field::CompareAt),
    ("compare at price", Field::CompareAt),
    ("list price", Field::CompareAt),
    ("currency", Field::Currency),
    ("weight", Field::Weight(Unit::Gram)),
    ("weight g", Field::Weight(Unit::Gram)),
    ("weight gm", Field::Weight(Unit::Gram)),
    ("weight gms", Field::Weight(Unit::Gram)),
    ("weight grams", Field::Weight(Unit::Gram)),
    ("weight in grams", Field::Weight(Unit::Gram)),
    ("grams", Field::Weight(Unit::Gram)),
    ("weight kg", Field::Weight(Unit::Kilogram)),
    ("weight kgs", Field::Weight(Unit::Kilogram)),
    ("weight lbs", Field::Weight(Unit::Pound)),
    ("weight lb", Field::Weight(Unit::Pound)),
    ("weight oz", Field::Weight(Unit::Ounce)),
    ("वज़न", Field::Weight(Unit::Gram)),
    ("वजन", Field::Weight(Unit::Gram)),
    ("stock", Field::Stock),
    ("qty", Field::Stock),
    ("quantity", Field::Stock),
    ("inventory", Field::Stock),
    ("stock qty", Field::Stock),
    ("in stock", Field::Stock),
    ("available", Field::Stock),
    ("pieces", Field::Stock),
    ("pcs", Field::Stock),
    ("matra", Field::Stock),
    ("nag", Field::Stock),
    ("मात्रा", Field::Stock),
    ("स्टॉक", Field::Stock),
    ("संख्या", Field::Stock),
    ("পরিমাণ", Field::Stock),
    ("bestand", Field::Stock),
    ("menge", Field::Stock),
    ("when out of stock", Field::Policy),
    ("variant image", Field::VariantImage),
    ("image", Field::Image),
    ("image url", Field::Image),
    ("photo", Field::Image),
    ("picture", Field::Image),
    ("image src", Field::Image),
    ("फोटो", Field::Image),
    ("images", Field::ImageList),
    ("photos", Field::ImageList),
    ("image urls", Field::ImageList),
    ("image position", Field::ImagePosition),
    ("image alt", Field::ImageAlt),
    ("image alt text", Field::ImageAlt),
    ("size", Field::Option),
    ("color", Field::Option),
    ("colour", Field::Option),
    ("shade", Field::Option),
    ("rang", Field::Option),
    ("आकार", Field::Option),
    ("रंग", Field::Option),
    ("farbe", Field::Option),
    ("größe", Field::Option),
];

/// Words in a header that only name a currency: `Price (INR)`.
const CURRENCY_WORDS: [&str; 12] = ["inr", "rs", "rupees", "npr", "bdt", "usd", "eur", "gbp", "₹", "€", "£", "रुपये"];

/// A header as it is shown: trimmed, on one line.
pub(crate) fn tidy(header: &str) -> String {
    header.trim_start_matches('\u{feff}').split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A header as it is compared: lower case, words only.
pub(crate) fn normalise(header: &str) -> String {
    let indic = |c: char| ('\u{0900}'..='\u{0dff}').contains(&c);
    let keep = |c: char| if c.is_alphanumeric() || indic(c) || "₹€£".contains(c) { c } else { ' ' };
    let words: String = header.chars().map(keep).collect::<String>().to_lowercase();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The field a header means under a table of names, with options' numbers and a currency in the header understood.
pub(crate) fn lookup(names: Names, header: &str) -> Option<Field> {
    let full = normalise(header);
    let find = |wanted: &str| OWN.iter().chain(names).find(|(name, _)| *name == wanted).map(|(_, field)| *field);
    // The header of our report's column also holds what is wrong with the file as a whole.
    if full.starts_with("haat problems") {
        return Some(Field::Ignored);
    }
    find(&full).or_else(|| numbered_option(&full)).or_else(|| metafield(header)).or_else(|| {
        let words: Vec<&str> = full.split(' ').filter(|word| !CURRENCY_WORDS.contains(word)).collect();
        find(&words.join(" "))
    })
}

/// `Option1 Name`, `Option 2 value`, `Attribute 3 value(s)`.
fn numbered_option(header: &str) -> Option<Field> {
    let rest = header.strip_prefix("option").or_else(|| header.strip_prefix("attribute"))?.trim_start();
    let (number, part) = rest.split_once(' ')?;
    let number = number.parse::<u8>().ok().filter(|n| (1..=OPTIONS).contains(n))?;
    match part {
        "name" => Some(Field::OptionName(number)),
        "value" | "value s" | "values" => Some(Field::OptionValue(number)),
        _ => None,
    }
}

/// Shopify's own fields end in `(product.metafields.shop.name)`.
fn metafield(header: &str) -> Option<Field> {
    let (_, path) = header.split_once("product.metafields.")?;
    let name = path.trim_end_matches(')').rsplit('.').next()?;
    match name {
        "material" | "materials" | "fabric" => Some(Field::Materials),
        "craft" | "technique" => Some(Field::Craft),
        _ => None,
    }
}

/// The ISO code a header names for its amounts, if it names one.
pub(crate) fn currency_named(header: &str) -> Option<String> {
    const CODES: [&str; 6] = ["inr", "npr", "bdt", "usd", "eur", "gbp"];
    let words = normalise(header);
    words.split(' ').find(|word| CODES.contains(word)).map(str::to_uppercase)
}

/// How many of a row's cells are headers we know, in whatever kind of file.
pub(crate) fn recognised<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    let tables = [SHOPIFY, WOOCOMMERCE, PRODUCTS, ARTISANS, WORK];
    cells.filter(|cell| !cell.trim().is_empty() && tables.iter().any(|names| lookup(names, cell).is_some())).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_however_they_are_written() {
        assert_eq!(lookup(SHOPIFY, "Body (HTML)"), Some(Field::Body));
        assert_eq!(lookup(SHOPIFY, "Option2 Value"), Some(Field::OptionValue(2)));
        assert_eq!(lookup(SHOPIFY, "Weight value (grams)"), Some(Field::Weight(Unit::Gram)));
        assert_eq!(lookup(SHOPIFY, "Fabric (product.metafields.custom.fabric)"), Some(Field::Materials));
        assert_eq!(lookup(WOOCOMMERCE, "Attribute 3 value(s)"), Some(Field::OptionValue(3)));
        assert_eq!(lookup(WOOCOMMERCE, "Weight (lbs)"), Some(Field::Weight(Unit::Pound)));
        assert_eq!(lookup(PRODUCTS, "PRICE (₹)"), Some(Field::Price));
        assert_eq!(lookup(PRODUCTS, "Rate in Rs."), None);
        assert_eq!(lookup(PRODUCTS, "Rate Rs."), Some(Field::Price));
        assert_eq!(lookup(PRODUCTS, "मूल्य"), Some(Field::Price));
        assert_eq!(lookup(PRODUCTS, "haat: problems"), Some(Field::Ignored));
        assert_eq!(lookup(PRODUCTS, "SEO Title"), None);
        assert_eq!(currency_named("Price (INR)").as_deref(), Some("INR"));
        assert_eq!(currency_named("Price"), None);
    }

    #[test]
    fn names_are_written_as_they_are_compared() {
        for (name, _) in [SHOPIFY, WOOCOMMERCE, OWN, PRODUCTS, ARTISANS, WORK].concat() {
            assert_eq!(normalise(name), name);
        }
    }
}
