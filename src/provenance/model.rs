//! Facts that callers hand in, and what can go wrong. Pure.
use passport::{Did, ItemCode, Text, ValueError};

use crate::{
    db::{DbError, Retryable},
    ids::{ItemId, OrderLineId, VariantId},
    secrets::Unsealed,
    tenancy::Scope,
};

text_enum! {
    pub enum ItemState { InStock = "in_stock", Sold = "sold", Shipped = "shipped", Returned = "returned", Withdrawn = "withdrawn" }
}
text_enum! { pub enum Subject { Item = "item", Batch = "batch" } }

/// Who signs: the cooperative as its records name it.
#[derive(Clone, Debug)]
pub struct Issuer {
    pub scope: Scope,
    pub did: Did,
    pub name: Text,
    /// What an item's address starts with, such as `https://haat.example/i`.
    pub base: String,
}

/// Identical pieces entering the record.
#[derive(Clone, Debug)]
pub struct NewBatch {
    pub variant: VariantId,
    pub quantity: u32,
    pub title: String,
    pub category: Option<String>,
    pub craft: Option<String>,
}

/// A paid order line. What is sold is always serial pieces.
#[derive(Clone, Debug)]
pub struct Sale {
    pub line: OrderLineId,
    pub quantity: u32,
    /// What a batch is called if the pieces come from none that is recorded (made to order, or stock older than its record).
    pub batch: NewBatch,
}

/// A piece that belongs to an order now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocated {
    pub id: ItemId,
    pub code: ItemCode,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such item")]
    NotFound,
    #[error("the record cannot be written: {0}")]
    Leaf(#[from] passport::LeafError),
    #[error("the record cannot hold a value: {0}")]
    Value(#[from] ValueError),
    #[error("a stored record does not read: {0}")]
    Corrupt(String),
    #[error(transparent)]
    Key(#[from] Unsealed),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl Retryable for Error {
    fn retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.retryable())
    }
}

/// A fact as a record holds it: trimmed, without control characters, cut to what the format allows: a sale must not fail over a
/// long title.
pub fn text(value: &str) -> Result<Text, ValueError> {
    let plain: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain: String = plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(passport::values::MAX_TEXT).collect();
    plain.trim().to_owned().try_into()
}
