//! Facts that callers hand in, and what can go wrong. Pure.
use passport::{Did, ItemCode, Text, ValueError};

use crate::{
    db::{DbError, Retryable},
    ids::{ArtisanId, ItemId, OrderLineId, VariantId},
    problem::FieldError,
    secrets::Unsealed,
    tenancy::Scope,
};

text_enum! {
    /// refunded: it left, its sale was undone, and nobody has seen it come back. returned: it came back.
    pub enum ItemState {
        InStock = "in_stock", Sold = "sold", Shipped = "shipped", Refunded = "refunded", Returned = "returned", Withdrawn = "withdrawn",
    }
}
text_enum! {
    /// What somebody finds wrong with a tag.
    pub enum Doubt {
        CopiedTag = "copied_tag", OtherProduct = "other_product", NotSoldByThem = "not_sold_by_them", AlreadyClaimed = "already_claimed",
        SomethingElse = "something_else",
    }
}
text_enum! { pub enum ReportState { Open = "open", Dismissed = "dismissed", Upheld = "upheld" } }
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

/// A piece of an order line.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct OfLine {
    pub line: OrderLineId,
    pub item: ItemId,
    pub code: String,
    pub state: ItemState,
}

/// Work of a register on a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// At least one: work does not do itself.
    pub makers: u32,
    /// Those of them whom somebody wrote down.
    pub named: Vec<ArtisanId>,
    /// (step, minutes for one piece where all of it was timed), in the order they were written down.
    pub steps: Vec<(String, Option<u32>)>,
}

/// A cooperative's decentralised identifier (W3C did:web). It is of the host in our public address, so that it stays the same whatever
/// path or scheme is in front; a port is part of it only where the address names one and others can reach it: on a loopback address it is
/// `localhost` alone, since a development server's port changes from day to day and its DID must not. A cooperative's key keeps the DID it
/// was made under, so that moving the service changes no record.
pub fn did(public_url: &str, slug: &str) -> String {
    format!("{}:coop:{}", platform_did(public_url), ascii(slug))
}

/// The platform's own.
pub fn platform_did(public_url: &str) -> String {
    let rest = public_url.trim_start_matches("https://").trim_start_matches("http://");
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let loopback = host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let host = if loopback { "localhost".to_owned() } else { authority.to_lowercase().replace(':', "%3A") };
    let path = path.split('/').filter(|part| !part.is_empty()).map(|part| format!(":{}", ascii(part))).collect::<String>();
    format!("did:web:{host}{path}")
}

/// A DID holds ASCII only; other letters are percent-encoded.
fn ascii(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() || b"-._".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such item")]
    NotFound,
    #[error("this is not the item's claim code")]
    WrongClaim,
    #[error("the item is claimed already")]
    Claimed,
    #[error("{} fields cannot be accepted", .0.len())]
    Invalid(Vec<FieldError>),
    #[error("the batch has {left} pieces left without a code")]
    TooFew { left: u32 },
    #[error("this photo stands in another record")]
    PhotoReused,
    #[error("this report is closed already")]
    ReportClosed,
    #[error("no record of this item is in the public log yet")]
    NotLogged,
    #[error(transparent)]
    Log(#[from] crate::log::Error),
    #[error("no credential can be made of the record: {0}")]
    Credential(#[from] passport::credential::CredentialError),
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

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_did_is_of_the_host_and_of_nothing_that_changes() {
        let of = |url: &str| did(url, "lal-darwaza");
        assert_eq!(of("https://haat.example"), "did:web:haat.example:coop:lal-darwaza");
        assert_eq!(of("http://haat.example/"), of("https://haat.example"));
        assert_eq!(of("https://haat.example:8443/shop"), "did:web:haat.example%3A8443:shop:coop:lal-darwaza");
        for local in ["http://127.0.0.1:8080", "http://127.0.0.1:41234", "http://localhost", "http://[::1]:9"] {
            assert_eq!(of(local), "did:web:localhost:coop:lal-darwaza");
        }
        // Control: an address of this network is not the machine itself.
        assert_eq!(of("http://192.168.1.7:8080"), "did:web:192.168.1.7%3A8080:coop:lal-darwaza");
        assert_eq!(did("https://haat.example", "बगरू"), "did:web:haat.example:coop:%E0%A4%AC%E0%A4%97%E0%A4%B0%E0%A5%82");
        assert!(of("http://127.0.0.1:1").parse::<passport::Did>().is_ok());
    }
}
