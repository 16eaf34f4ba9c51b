//! What a merge compares: for every entity a stable key and its cells as canonical text.
//!
//! Only columns the file has yield cells, so a column left out can erase nothing. Entities with an error yield none. The text
//! of a cell is the same for the same meaning however it was written, so `1,250/-` after `1250.00` is no change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Content;
use crate::catalogue::{Catalogue, Product, Stock, Variant};
use crate::field::Field;
use crate::mapping::{Format, Kind};
use crate::register::{Artisan, Work};
use crate::values::number::Unit;

/// Cells of one entity by field.
pub type Cells = BTreeMap<Field, String>;

/// Something a file speaks of, as a merge sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Identity within the cooperative: a JSON array of source, kind, id and, for variants, id or option values.
    pub key: String,
    pub row: u32,
    pub cells: Cells,
}

/// A cell changed by the file and by somebody here since the file was last imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    pub field: Field,
    /// What the last import had; `None` if that file had no such column.
    pub base: Option<String>,
    pub file: String,
    pub ours: String,
}

/// What importing an entity's cells would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// Cells to write: the file changed them, nobody here did.
    pub write: Cells,
    /// Cells left alone and reported.
    pub conflicts: Vec<Conflict>,
}

/// Compares a file's cells with those of its last import (`base`) and with what stands here now (`ours`).
///
/// A cell the file did not change is left alone whatever stands here; one changed to what already stands here needs nothing;
/// one changed on both sides is a conflict. A field absent from `ours` counts as empty.
pub fn merge(base: &Cells, file: &Cells, ours: &Cells) -> Merge {
    let mut merge = Merge::default();
    for (field, value) in file {
        let before = base.get(field);
        let now = ours.get(field).map_or("", String::as_str);
        if before == Some(value) || now == value {
            continue;
        }
        // A column new to the file may fill what is empty here.
        if now == before.map_or("", String::as_str) {
            merge.write.insert(*field, value.clone());
        } else {
            merge.conflicts.push(Conflict { field: *field, base: before.cloned(), file: value.clone(), ours: now.to_owned() });
        }
    }
    merge
}

/// Every entity of a file's content, in the order of the file.
pub fn entities(content: &Content) -> Vec<Entity> {
    match content {
        Content::Products(catalogue) => catalogue.products.iter().flat_map(|product| of_product(catalogue, product)).collect(),
        Content::Artisans(artisans) => artisans.iter().filter(|artisan| !artisan.faulty).map(Artisan::entity).collect(),
        Content::Work(entries) => entries.iter().filter(|entry| !entry.faulty).map(Work::entity).collect(),
    }
}

/// The product first, then its variants; none if one of its rows has an error.
pub fn of_product(catalogue: &Catalogue, product: &Product) -> Vec<Entity> {
    if product.faulty {
        return Vec::new();
    }
    let row = product.rows.first().copied().unwrap_or_default();
    let mut entities = vec![Entity { key: product.key(), row, cells: product_cells(catalogue, product) }];
    let variants = product.variants.iter();
    entities.extend(variants.map(|variant| Entity { key: product.variant_key(variant), row: variant.row, cells: variant_cells(catalogue, variant) }));
    entities
}

fn key<T: Serialize>(source: Format, kind: Kind, rest: &T) -> String {
    serde_json::to_string(&(source, kind, rest)).expect("strings and lists of strings always serialise")
}

impl Product {
    /// Stable identity: source and handle.
    pub fn key(&self) -> String {
        key(self.source, Kind::Products, &self.handle)
    }

    /// Stable identity of one of its variants: the shop's own id, else the option values.
    pub fn variant_key(&self, variant: &Variant) -> String {
        match &variant.id {
            Some(id) => key(self.source, Kind::Products, &(&self.handle, id)),
            None => key(self.source, Kind::Products, &(&self.handle, &variant.options)),
        }
    }
}

/// Collects cells of those fields that the file has a column for.
struct Collector<'a> {
    catalogue: &'a Catalogue,
    cells: Cells,
}

impl Collector<'_> {
    /// Adds a cell under its field if any of the columns it may come from is there.
    fn add(&mut self, field: Field, columns: &[Field], value: impl Into<String>) {
        if columns.iter().any(|column| self.catalogue.columns.contains(column)) {
            self.cells.insert(field, value.into());
        }
    }

    fn one(&mut self, field: Field, value: Option<&str>) {
        self.add(field, &[field], value.unwrap_or_default());
    }
}

fn product_cells(catalogue: &Catalogue, product: &Product) -> Cells {
    let mut cells = Collector { catalogue, cells: Cells::new() };
    cells.one(Field::Title, Some(&product.title));
    cells.add(Field::Body, &[Field::Body, Field::ShortBody], product.body_html.as_deref().unwrap_or_default());
    cells.one(Field::Vendor, product.vendor.as_deref());
    cells.one(Field::Categories, Some(&product.categories.join("\n")));
    // WooCommerce has no type: it is read from the categories.
    let type_columns = if product.source == Format::Woocommerce { &[Field::ProductType, Field::Categories][..] } else { &[Field::ProductType] };
    cells.add(Field::ProductType, type_columns, product.product_type.as_deref().unwrap_or_default());
    cells.one(Field::Tags, Some(&product.tags.join("\n")));
    cells.add(Field::Status, &[Field::Status, Field::Published], product.status.name());
    cells.add(Field::Published, &[Field::Published, Field::Visibility], product.published.to_string());
    cells.one(Field::Craft, product.craft.as_deref());
    cells.one(Field::Materials, Some(&product.materials.join("\n")));
    let options: Vec<Field> = catalogue.columns.iter().copied().filter(|field| matches!(field, Field::OptionValue(_) | Field::Option)).collect();
    cells.add(Field::Option, &options, product.options.join("\n"));
    let images: Vec<String> = product.images.iter().map(|image| format!("{}\t{}", image.url, image.alt.as_deref().unwrap_or_default())).collect();
    cells.add(Field::ImageList, &[Field::Image, Field::ImageList], images.join("\n"));
    cells.cells
}

fn variant_cells(catalogue: &Catalogue, variant: &Variant) -> Cells {
    let mut cells = Collector { catalogue, cells: Cells::new() };
    let amount = |minor: Option<i64>| minor.map(|minor| format!("{minor} {}", catalogue.currency.code())).unwrap_or_default();
    let options: Vec<Field> = catalogue.columns.iter().copied().filter(|field| matches!(field, Field::OptionValue(_) | Field::Option)).collect();
    cells.add(Field::Option, &options, variant.options.join("\n"));
    cells.one(Field::Sku, variant.sku.as_deref());
    cells.one(Field::Barcode, variant.barcode.as_deref());
    cells.add(Field::Price, &[Field::Price, Field::SalePrice], amount(variant.price_minor));
    cells.add(Field::CompareAt, &[Field::CompareAt, Field::SalePrice], amount(variant.compare_at_minor));
    let weights = [Unit::Gram, Unit::Kilogram, Unit::Pound, Unit::Ounce].map(Field::Weight);
    cells.add(Field::Weight(Unit::Gram), &weights, variant.grams.map(|grams| grams.to_string()).unwrap_or_default());
    let stock = match variant.stock {
        Stock::Column(pieces) => pieces.to_string(),
        Stock::Absent => String::new(),
    };
    cells.add(Field::Stock, &[Field::Stock], stock);
    cells.one(Field::Policy, Some(variant.policy.name()));
    cells.add(Field::VariantImage, &[Field::VariantImage, Field::ImageList], variant.image.as_deref().unwrap_or_default());
    cells.cells
}

impl Artisan {
    /// Stable identity: the list's id, else name and village.
    pub fn key(&self) -> String {
        match &self.id {
            Some(id) => key(Format::Sheet, Kind::Artisans, id),
            None => key(Format::Sheet, Kind::Artisans, &(self.name.to_lowercase(), self.village.as_deref().unwrap_or_default().to_lowercase())),
        }
    }

    pub fn entity(&self) -> Entity {
        let optional = [
            (Field::Alias, self.alias.clone()),
            (Field::Village, self.village.clone()),
            (Field::District, self.district.clone()),
            (Field::Region, self.region.clone()),
            (Field::Craft, (!self.crafts.is_empty()).then(|| self.crafts.join("\n"))),
            (Field::Phone, self.phone.clone()),
            (Field::Language, self.language.clone()),
            (Field::Consent, self.consent.map(|consent| consent.to_string())),
            (Field::ConsentDate, self.consent_on.map(|date| date.to_string())),
        ];
        Entity { key: self.key(), row: self.row, cells: cells_of((Field::Name, self.name.clone()), optional) }
    }
}

impl Work {
    /// Stable identity: the register's number, else who did what when, to which its turn among equals belongs. Pieces, rate and minutes
    /// are what is corrected later, and so no part of it.
    pub fn key(&self) -> String {
        match &self.id {
            Some(id) => key(Format::Sheet, Kind::Work, id),
            None => {
                let date = self.date.map(|date| date.to_string());
                key(Format::Sheet, Kind::Work, &(self.maker.to_lowercase(), &self.batch, &self.product, &self.step, date))
            }
        }
    }

    /// The identity of the entry that has this turn among equals.
    pub fn key_of_turn(&self, turn: u32) -> String {
        format!("{}#{turn}", self.key())
    }

    pub fn entity(&self) -> Entity {
        let key = self.key_of_turn(self.turn);
        let optional = [
            (Field::Batch, self.batch.clone()),
            (Field::Product, self.product.clone()),
            (Field::Step, self.step.clone()),
            (Field::Pieces, Some(self.pieces.to_string())),
            (Field::Rate, self.rate_minor.map(|rate| rate.to_string())),
            (Field::Date, self.date.map(|date| date.to_string())),
            (Field::Minutes, self.minutes.map(|minutes| minutes.to_string())),
        ];
        Entity { key, row: self.row, cells: cells_of((Field::Maker, self.maker.clone()), optional) }
    }
}

/// Cells that hold something: a list of people or work adds and corrects, an empty cell in it takes nothing away.
fn cells_of<const N: usize>(first: (Field, String), optional: [(Field, Option<String>); N]) -> Cells {
    let filled = optional.into_iter().filter_map(|(field, value)| Some((field, value?)));
    std::iter::once(first).chain(filled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(pairs: &[(Field, &str)]) -> Cells {
        pairs.iter().map(|(field, value)| (*field, (*value).to_owned())).collect()
    }

    #[test]
    fn only_what_the_file_changed_is_written_and_both_sides_conflict() {
        let base = cells(&[(Field::Title, "A"), (Field::Price, "100 INR"), (Field::Sku, "s"), (Field::Tags, "old")]);
        let file = cells(&[
            (Field::Title, "A"),
            (Field::Price, "120 INR"),
            (Field::Sku, "t"),
            (Field::Tags, "new"),
            (Field::Craft, "ikat"),
            (Field::Vendor, "v"),
        ]);
        let ours = cells(&[(Field::Title, "ours"), (Field::Price, "100 INR"), (Field::Sku, "u"), (Field::Tags, "new"), (Field::Vendor, "w")]);
        let merge = merge(&base, &file, &ours);
        assert_eq!(merge.write, cells(&[(Field::Price, "120 INR"), (Field::Craft, "ikat")]));
        let fields: Vec<Field> = merge.conflicts.iter().map(|conflict| conflict.field).collect();
        assert_eq!(fields, [Field::Vendor, Field::Sku]);
    }

    #[test]
    fn the_same_file_again_writes_nothing() {
        let file = cells(&[(Field::Title, "A"), (Field::Price, "100 INR")]);
        let ours = cells(&[(Field::Title, "changed here"), (Field::Price, "100 INR")]);
        assert_eq!(merge(&file, &file, &ours), Merge::default());
    }
}
