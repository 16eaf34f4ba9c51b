//! Products in nobody's format: what any shop's export says, typed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::mapping::Format;
use crate::problem::Skipped;
use crate::values::amount::Currency;
use crate::values::html;

/// Where a product's identity comes from. Our own export keeps it, so that reading one back finds the same products.
pub type Source = Format;

/// Whether the shop shows a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    Draft,
    Archived,
}

impl Status {
    /// As our files write it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Draft => "draft",
            Status::Archived => "archived",
        }
    }
}

/// Pieces on hand, where the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stock {
    Column(i64),
    /// The file has no stock column, or the cell is empty: unknown, not zero.
    Absent,
}

/// What happens when stock is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    Deny,
    /// Sold on: made to order.
    Continue,
}

impl Policy {
    /// As our files write it.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Deny => "deny",
            Policy::Continue => "continue",
        }
    }
}

/// One thing that can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// The shop's own id of it, where the file has one.
    pub id: Option<String>,
    /// One value per option of the product.
    pub options: Vec<String>,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    /// Minor units of the catalogue's currency.
    pub price_minor: Option<i64>,
    pub compare_at_minor: Option<i64>,
    pub grams: Option<i64>,
    pub stock: Stock,
    pub policy: Policy,
    /// Address of the picture that shows this variant.
    pub image: Option<String>,
    pub row: u32,
}

/// A picture to be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub url: String,
    /// From 1, without gaps.
    pub position: u32,
    pub alt: Option<String>,
    pub row: u32,
}

/// A product with its variants and pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub source: Source,
    /// Its identity within the source: Shopify's handle, WooCommerce's id, our own key.
    pub handle: String,
    pub title: String,
    /// Cleaned.
    pub body_html: Option<String>,
    pub vendor: Option<String>,
    /// Paths such as `Clothing > Scarves`.
    pub categories: Vec<String>,
    pub product_type: Option<String>,
    pub tags: Vec<String>,
    pub status: Status,
    /// Whether the online shop showed it: an active product may be for the counter only.
    pub published: bool,
    pub craft: Option<String>,
    pub materials: Vec<String>,
    /// Names of the options; none when there is one variant without a choice.
    pub options: Vec<String>,
    pub variants: Vec<Variant>,
    pub images: Vec<Image>,
    /// Every row it was read from.
    pub rows: Vec<u32>,
    /// Whether one of its rows has a problem of severity error.
    pub faulty: bool,
}

impl Product {
    /// The description as plain text.
    pub fn body_text(&self) -> Option<String> {
        self.body_html.as_deref().map(html::plain).filter(|text| !text.is_empty())
    }
}

/// All a file says about products; the problems are in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    pub currency: Currency,
    /// What the file has columns for.
    pub columns: BTreeSet<Field>,
    pub products: Vec<Product>,
    pub skipped: Vec<Skipped>,
    /// What the file holds, skipped products included.
    pub found: Tally,
}

/// Counts of a catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub products: usize,
    pub active: usize,
    pub draft: usize,
    pub archived: usize,
    pub variants: usize,
    pub images: usize,
    /// SKUs that more than one variant has.
    pub repeated_skus: usize,
}

impl Tally {
    /// Counts products.
    pub fn of<'a>(products: impl Iterator<Item = &'a Product>) -> Tally {
        let mut tally = Tally::default();
        let mut skus = std::collections::BTreeMap::new();
        for product in products {
            tally.products += 1;
            match product.status {
                Status::Active => tally.active += 1,
                Status::Draft => tally.draft += 1,
                Status::Archived => tally.archived += 1,
            }
            tally.variants += product.variants.len();
            tally.images += product.images.len();
            for sku in product.variants.iter().filter_map(|variant| variant.sku.as_deref()) {
                *skus.entry(sku).or_insert(0_usize) += 1;
            }
        }
        tally.repeated_skus = skus.values().filter(|count| **count > 1).count();
        tally
    }
}
