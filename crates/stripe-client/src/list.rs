//! Pages of objects, and links that Stripe may or may not expand.

use serde::Deserialize;

use crate::form::Form;

/// The most that Stripe puts on one page.
pub const PAGE_LIMIT: u32 = 100;

/// Which page of a list: newest first, up to `limit` (1 to [`PAGE_LIMIT`]), after the object `starting_after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub limit: u32,
    pub starting_after: Option<String>,
}

/// The first page, as large as it gets.
impl Default for Page {
    fn default() -> Page {
        Page { limit: PAGE_LIMIT, starting_after: None }
    }
}

impl Page {
    pub fn after(id: &str) -> Page {
        Page { limit: PAGE_LIMIT, starting_after: Some(id.to_owned()) }
    }

    pub(crate) fn apply(&self, form: Form) -> Form {
        form.set("limit", self.limit).set_some("starting_after", self.starting_after.as_deref())
    }
}

/// One page. When `has_more`, ask again with [`Page::after`] the last object's id.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct List<T> {
    #[serde(default = "Vec::new")]
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

/// No objects: what a parent without an embedded list has.
impl<T> Default for List<T> {
    fn default() -> List<T> {
        List { data: Vec::new(), has_more: false }
    }
}

/// A linked object: its id, or the whole of it where it was asked for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Expandable<T> {
    Id(String),
    Object(Box<T>),
}

impl<T> Expandable<T> {
    /// The object, if it was expanded.
    pub fn object(&self) -> Option<&T> {
        match self {
            Expandable::Id(_) => None,
            Expandable::Object(object) => Some(object),
        }
    }
}

/// Ids of objects that carry one, whether expanded or not.
macro_rules! expandable_id {
    ($($object:ty),+) => {$(
        impl Expandable<$object> {
            pub fn id(&self) -> &str {
                match self {
                    Expandable::Id(id) => id,
                    Expandable::Object(object) => &object.id,
                }
            }
        }
    )+};
}

expandable_id!(crate::BalanceTransaction, crate::Charge, crate::PaymentIntent);
