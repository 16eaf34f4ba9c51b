//! What a column can mean: the one vocabulary of mappings, cells and our own exports.

use serde::{Deserialize, Serialize};

use crate::values::number::Unit;

/// Options a product of ours can have; Shopify has three, WooCommerce's attributes run on.
pub const OPTIONS: u8 = 9;

/// The meaning of a column, by a stable name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Field {
    // products
    Source,
    /// The product's identity within its source.
    Handle,
    Title,
    Body,
    /// WooCommerce's short description: used where the long one is empty.
    ShortBody,
    Vendor,
    Categories,
    ProductType,
    Tags,
    Status,
    Published,
    Visibility,
    Craft,
    Materials,
    GiftCard,
    OptionName(u8),
    OptionValue(u8),
    /// A column that is itself an option: its header is the name ("Colour").
    Option,
    /// WooCommerce: simple, variable, variation, grouped, external; virtual, downloadable.
    RowType,
    /// WooCommerce: the product a variation belongs to.
    Parent,
    // variants
    VariantId,
    Sku,
    Barcode,
    Price,
    SalePrice,
    SaleFrom,
    SaleTo,
    CompareAt,
    Currency,
    Weight(Unit),
    Stock,
    Policy,
    RequiresShipping,
    VariantImage,
    // images
    Image,
    ImagePosition,
    ImageAlt,
    /// Several addresses in one cell.
    ImageList,
    // artisans
    ArtisanId,
    Name,
    Alias,
    Village,
    District,
    Region,
    Phone,
    Language,
    Consent,
    ConsentDate,
    // work
    WorkId,
    Maker,
    Batch,
    Product,
    Step,
    Pieces,
    Rate,
    Total,
    Date,
    Minutes,
    /// Known and of no use to us, such as the column our own error report adds.
    Ignored,
}

/// Names of the fields without a number.
const NAMES: [(&str, Field); 59] = [
    ("source", Field::Source),
    ("handle", Field::Handle),
    ("title", Field::Title),
    ("body", Field::Body),
    ("short_body", Field::ShortBody),
    ("vendor", Field::Vendor),
    ("categories", Field::Categories),
    ("product_type", Field::ProductType),
    ("tags", Field::Tags),
    ("status", Field::Status),
    ("published", Field::Published),
    ("visibility", Field::Visibility),
    ("craft", Field::Craft),
    ("materials", Field::Materials),
    ("gift_card", Field::GiftCard),
    ("option", Field::Option),
    ("row_type", Field::RowType),
    ("parent", Field::Parent),
    ("variant_id", Field::VariantId),
    ("sku", Field::Sku),
    ("barcode", Field::Barcode),
    ("price", Field::Price),
    ("sale_price", Field::SalePrice),
    ("sale_from", Field::SaleFrom),
    ("sale_to", Field::SaleTo),
    ("compare_at", Field::CompareAt),
    ("currency", Field::Currency),
    ("weight_g", Field::Weight(Unit::Gram)),
    ("weight_kg", Field::Weight(Unit::Kilogram)),
    ("weight_lb", Field::Weight(Unit::Pound)),
    ("weight_oz", Field::Weight(Unit::Ounce)),
    ("stock", Field::Stock),
    ("policy", Field::Policy),
    ("requires_shipping", Field::RequiresShipping),
    ("variant_image", Field::VariantImage),
    ("image", Field::Image),
    ("image_position", Field::ImagePosition),
    ("image_alt", Field::ImageAlt),
    ("image_list", Field::ImageList),
    ("artisan_id", Field::ArtisanId),
    ("name", Field::Name),
    ("alias", Field::Alias),
    ("village", Field::Village),
    ("district", Field::District),
    ("region", Field::Region),
    ("phone", Field::Phone),
    ("language", Field::Language),
    ("consent", Field::Consent),
    ("consent_date", Field::ConsentDate),
    ("work_id", Field::WorkId),
    ("maker", Field::Maker),
    ("batch", Field::Batch),
    ("product", Field::Product),
    ("step", Field::Step),
    ("pieces", Field::Pieces),
    ("rate", Field::Rate),
    ("total", Field::Total),
    ("date", Field::Date),
    ("minutes", Field::Minutes),
];

impl From<Field> for String {
    fn from(field: Field) -> String {
        match field {
            Field::OptionName(n) => format!("option_{n}_name"),
            Field::OptionValue(n) => format!("option_{n}_value"),
            Field::Ignored => "ignored".to_owned(),
            named => NAMES.iter().find(|(_, field)| *field == named).map_or("ignored", |(name, _)| name).to_owned(),
        }
    }
}

impl TryFrom<String> for Field {
    type Error = String;

    fn try_from(name: String) -> Result<Field, String> {
        if name == "ignored" {
            return Ok(Field::Ignored);
        }
        if let Some((_, field)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Ok(*field);
        }
        let numbered = name.strip_prefix("option_").and_then(|rest| rest.split_once('_'));
        let number = numbered.and_then(|(n, part)| Some((n.parse::<u8>().ok().filter(|n| (1..=OPTIONS).contains(n))?, part)));
        match number {
            Some((n, "name")) => Ok(Field::OptionName(n)),
            Some((n, "value")) => Ok(Field::OptionValue(n)),
            _ => Err(format!("{name:?} is not a field that a column can be mapped to")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_fields_are_one_to_one() {
        let numbered = (1..=OPTIONS).flat_map(|n| [Field::OptionName(n), Field::OptionValue(n)]);
        for field in NAMES.iter().map(|(_, field)| *field).chain(numbered).chain([Field::Ignored]) {
            assert_eq!(Field::try_from(String::from(field)), Ok(field));
        }
        assert!(Field::try_from("option_0_name".to_owned()).is_err());
        assert!(Field::try_from("colour".to_owned()).is_err());
    }
}
