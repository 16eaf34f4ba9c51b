//! An item's whole record as one self-contained JSON document, for a file, a page or a USB stick.
//!
//! ```json
//! {"format": "haat-item-bundle-v1", "item": "https://…/i/7K3M-9QXW-2BCV", "code": "7K3M-9QXW-2BCV",
//!  "leaves": [{"bytes": "base64url of the leaf's canonical bytes", "signature": "base64url"}],
//!  "disclosures": ["base64url of JCS([salt, name, value])"],
//!  "keys": [{"id": "…", "public": "base64url", "by": "did:web:…", "name": "Kala Weavers"}],
//!  "batch": {"item": …, "code": …, "leaves": […], "disclosures": […], "keys": […]}}
//! ```
//! `disclosures` holds what its people agreed to show, and may be empty. Every value is either covered by a signature or
//! computed from one that is, so none can be changed unnoticed; white space and the order of keys are free. The member
//! `log`, if there, says where the records are in the public log ([`crate::log::logged`]): it is about leaves and never in them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::{base64url, base64url_bytes, from_base64url};
use crate::disclosure::{Disclosure, DisclosureError};
use crate::jcs;
use crate::key::{KeyError, KeySet, PublicKey};
use crate::leaf::{Leaf, LeafError, SignedLeaf};
use crate::log::Logged;
use crate::values::ValueError;

/// What `format` says.
pub const FORMAT: &str = "haat-item-bundle-v1";
/// Largest bundle that is read: some hundred full leaves, and no phone runs out of memory over it.
pub const MAX_BUNDLE_BYTES: usize = 16 * 1024 * 1024;

/// Why a document is not a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("not strict JSON: {0}")]
    Json(#[from] jcs::Error),
    #[error("not the fields of a bundle: {0}")]
    Shape(String),
    #[error("the format is {found:?}, expected {FORMAT:?}")]
    Format { found: String },
    #[error("a history needs at least one record")]
    NoRecord,
    #[error("\"{field}\" of key {position} is not what it should be: {problem}")]
    KeyField { position: usize, field: &'static str, problem: String },
    #[error("key {position}: {error}")]
    Key { position: usize, error: KeyError },
    #[error("\"{field}\" of record {position} is not base64url of the right length")]
    Encoding { position: usize, field: &'static str },
    #[error("record {position}: {error}")]
    Leaf { position: usize, error: LeafError },
    #[error("disclosure {position}: {error}")]
    Disclosure { position: usize, error: DisclosureError },
    #[error("disclosure {position} is there twice")]
    DisclosureTwice { position: usize },
    #[error("disclosure {position} (\"{name}\") belongs to none of the records, or was changed")]
    DisclosureUnknown { position: usize, name: String },
    #[error("the key {id} signed none of the records")]
    UnusedKey { id: String },
    #[error("the address {stated:?} is not that of the records, {actual:?}")]
    Address { stated: String, actual: String },
    #[error("the code {stated:?} is not that of the address, {actual:?}")]
    Code { stated: String, actual: String },
}

/// One chain with the keys that signed it and what of it is disclosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// From `seq` 0 to the newest.
    pub leaves: Vec<SignedLeaf>,
    pub disclosures: Vec<Disclosure>,
    /// Exactly the keys that the leaves name.
    pub keys: KeySet,
}

impl History {
    /// The disclosures that open a digest of this leaf.
    pub fn disclosed<'a>(&'a self, leaf: &'a Leaf) -> impl Iterator<Item = &'a Disclosure> {
        self.disclosures.iter().filter(|disclosure| disclosure.is_in(leaf))
    }
}

/// An item's history and that of its batch. To get one from a document, verify it: [`crate::verify_bundle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub item: History,
    pub batch: History,
    /// Where the records are in the public log, if they are.
    pub log: Option<Logged>,
}

impl Bundle {
    /// The document, in canonical form so that equal bundles are equal files. Fails on a history without records.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        let item = DocumentChain::of(&self.item)?;
        let document = Document {
            format: FORMAT.to_owned(),
            item: item.item,
            code: item.code,
            leaves: item.leaves,
            disclosures: item.disclosures,
            keys: item.keys,
            batch: DocumentChain::of(&self.batch)?,
            log: self.log.clone(),
        };
        let value = serde_json::to_value(&document).map_err(|error| BundleError::Shape(error.to_string()))?;
        Ok(jcs::canonical(&value)?)
    }
}

/// The document as JSON has it; nothing in it is trusted yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    format: String,
    item: String,
    code: String,
    leaves: Vec<DocumentLeaf>,
    disclosures: Vec<String>,
    keys: Vec<DocumentKey>,
    batch: DocumentChain,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Logged>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentChain {
    item: String,
    code: String,
    leaves: Vec<DocumentLeaf>,
    disclosures: Vec<String>,
    keys: Vec<DocumentKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentLeaf {
    bytes: String,
    signature: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentKey {
    id: String,
    public: String,
    by: String,
    name: String,
}

impl Document {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        let value = jcs::parse(bytes, MAX_BUNDLE_BYTES)?;
        // Looked at first, so that a bundle of a later version is called that and not a list of unknown fields.
        match value.get("format") {
            Some(Value::String(found)) if found != FORMAT => {
                return Err(BundleError::Format { found: found.clone() });
            }
            _ => {}
        }
        let shape = |error: serde_json::Error| BundleError::Shape(error.to_string());
        let document: Self = serde_json::from_value(value.clone()).map_err(shape)?;
        // A list in place of an object, or a null where nothing should be, reads the same here and might not elsewhere.
        if serde_json::to_value(&document).map_err(shape)? != value {
            return Err(BundleError::Shape("something is written in another form than a bundle has".to_owned()));
        }
        Ok(document)
    }

    /// The item's chain, the batch's, and where they are in the log.
    pub(crate) fn into_chains(self) -> (DocumentChain, DocumentChain, Option<Logged>) {
        let Self { format: _, item, code, leaves, disclosures, keys, batch, log } = self;
        (DocumentChain { item, code, leaves, disclosures, keys }, batch, log)
    }
}

impl DocumentChain {
    /// The code it states.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    fn of(history: &History) -> Result<Self, BundleError> {
        let Some(SignedLeaf { leaf: first, .. }) = history.leaves.first() else {
            return Err(BundleError::NoRecord);
        };
        let leaf = |signed: &SignedLeaf| DocumentLeaf { bytes: base64url(signed.leaf.bytes()), signature: signed.signature.to_string() };
        let key = |key: &PublicKey| DocumentKey {
            id: key.id().to_string(),
            public: base64url(key.public()),
            by: key.by().to_string(),
            name: key.name().to_string(),
        };
        Ok(Self {
            item: first.item().to_string(),
            code: first.item().code().to_string(),
            leaves: history.leaves.iter().map(leaf).collect(),
            disclosures: history.disclosures.iter().map(|disclosure| disclosure.as_str().to_owned()).collect(),
            keys: history.keys.iter().map(key).collect(),
        })
    }

    /// Each key, its id recomputed from its contents.
    pub(crate) fn read_keys(&self) -> Result<KeySet, BundleError> {
        let mut keys = KeySet::default();
        for (position, listed) in self.keys.iter().enumerate() {
            let wrong = |field, problem: String| BundleError::KeyField { position, field, problem };
            let public = from_base64url(&listed.public).map_err(|error| wrong("public", error.to_string()))?;
            let by = listed.by.parse().map_err(|error: ValueError| wrong("by", error.to_string()))?;
            let name = listed.name.parse().map_err(|error: ValueError| wrong("name", error.to_string()))?;
            let stated = listed.id.parse().map_err(|error: crate::digest::NotBase64Url| wrong("id", error.to_string()))?;
            let key = PublicKey::new(public, by, name).map_err(|error| BundleError::Key { position, error })?;
            if key.id() != stated {
                return Err(BundleError::Key { position, error: KeyError::WrongId { stated, computed: key.id() } });
            }
            keys.insert(key).map_err(|error| BundleError::Key { position, error })?;
        }
        Ok(keys)
    }

    /// Each leaf by itself; how they hang together is [`crate::verify_chain`]'s matter.
    pub(crate) fn read_leaves(&self) -> Result<Vec<SignedLeaf>, BundleError> {
        let read = |(position, listed): (usize, &DocumentLeaf)| {
            let bytes = base64url_bytes(&listed.bytes).ok_or(BundleError::Encoding { position, field: "bytes" })?;
            let signature = listed.signature.parse().map_err(|_| BundleError::Encoding { position, field: "signature" })?;
            let leaf = Leaf::parse(&bytes).map_err(|error| BundleError::Leaf { position, error })?;
            Ok(SignedLeaf { leaf, signature })
        };
        self.leaves.iter().enumerate().map(read).collect()
    }

    /// Each disclosure; every one must open a digest in one of the leaves.
    pub(crate) fn read_disclosures(&self, leaves: &[SignedLeaf]) -> Result<Vec<Disclosure>, BundleError> {
        let mut seen = BTreeSet::new();
        let mut disclosures = Vec::new();
        for (position, text) in self.disclosures.iter().enumerate() {
            let disclosure = Disclosure::parse(text).map_err(|error| BundleError::Disclosure { position, error })?;
            if !seen.insert(text) {
                return Err(BundleError::DisclosureTwice { position });
            }
            if !leaves.iter().any(|signed| disclosure.is_in(&signed.leaf)) {
                return Err(BundleError::DisclosureUnknown { position, name: disclosure.name().to_string() });
            }
            disclosures.push(disclosure);
        }
        Ok(disclosures)
    }

    /// That the stated address and code are those of the records.
    pub(crate) fn check_address(&self, leaves: &[SignedLeaf]) -> Result<(), BundleError> {
        let Some(SignedLeaf { leaf: first, .. }) = leaves.first() else {
            return Err(BundleError::NoRecord);
        };
        if self.item != first.item().as_str() {
            return Err(BundleError::Address { stated: self.item.clone(), actual: first.item().to_string() });
        }
        let actual = first.item().code().to_string();
        if self.code != actual {
            return Err(BundleError::Code { stated: self.code.clone(), actual });
        }
        Ok(())
    }
}

/// That every key signed something: an unused one could name anybody.
pub(crate) fn check_all_used(keys: &KeySet, leaves: &[SignedLeaf]) -> Result<(), BundleError> {
    match keys.iter().find(|key| !leaves.iter().any(|signed| signed.leaf.key() == key.id())) {
        Some(key) => Err(BundleError::UnusedKey { id: key.id().to_string() }),
        None => Ok(()),
    }
}
