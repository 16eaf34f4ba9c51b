//! One public record: what happened to one item on one day, who vouches for it, and the hash of the record before it.
//!
//! ```json
//! {"by":"did:web:…","day":"2026-03-01","evidence":"cooperative","facts":{…},"item":"https://…/i/7K3M-9QXW-2BCV",
//!  "key":"…","prev":"…","sd":["…"],"seq":1,"type":"made","v":1}
//! ```
//! A leaf is its canonical bytes (RFC 8785), at most [`MAX_LEAF_BYTES`]; one that would be written differently is refused.
//! Everything that follows from leaves (EPCIS events, credentials, log proofs) is computed from them and never stored in
//! them, which is why none of it can ever change a leaf.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digest::Digest;
use crate::event::{ChainKind, Event, EventType, Evidence};
use crate::facts::FactsError;
use crate::jcs;
use crate::key::{KeyError, Signature, SigningKey};
use crate::values::{Day, Did, EventId, ItemUri};

/// Longest leaf: what the two length bytes of a log's entry bundle can say (C2SP tlog-tiles, "Log entries").
pub const MAX_LEAF_BYTES: usize = 65_535;

/// The only version there is.
const VERSION: u8 = 1;

/// Why bytes are not a leaf, or a draft does not become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    #[error("not strict JSON: {0}")]
    Json(#[from] jcs::Error),
    #[error("not the fields of a record: {0}")]
    Shape(String),
    #[error("version {found} is not known; this reads version 1")]
    Version { found: u8 },
    #[error(transparent)]
    Facts(#[from] FactsError),
    #[error("\"{event}\" at seq {seq}: only \"created\" and \"minted\" begin a chain, and they are never later in it")]
    Opening { event: EventType, seq: u32 },
    #[error("at seq {seq}, \"prev\" must be {expected}")]
    Prev { seq: u32, expected: &'static str },
    #[error("\"paid\" rests on ledger, cooperative or counterparty evidence only")]
    PaidEvidence,
    #[error("the digests in \"sd\" must be sorted and different")]
    DigestOrder,
    #[error("the bytes are not the canonical form (RFC 8785) of what they say")]
    NotCanonical,
    #[error("the record is for {found}, the chain is of {expected}")]
    OtherItem { expected: ItemUri, found: ItemUri },
    #[error("{day} is before {previous}, the day of the record before it")]
    DayBefore { day: Day, previous: Day },
    #[error("\"{event}\" does not belong in the history of {chain}")]
    OtherChain { event: EventType, chain: ChainKind },
    #[error("a chain cannot have more than 2^32 records")]
    ChainFull,
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// One record, checked; equal leaves have equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    fields: Fields,
    event: Event,
    event_id: Option<EventId>,
    bytes: Vec<u8>,
}

/// The record as JSON has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    v: u8,
    #[serde(rename = "type")]
    event_type: EventType,
    item: ItemUri,
    seq: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<Digest>,
    day: Day,
    by: Did,
    evidence: Evidence,
    facts: Map<String, Value>,
    sd: Vec<Digest>,
    key: Digest,
}

impl Leaf {
    /// Reads a leaf and checks everything that can be checked without its neighbours and its signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let value = jcs::parse(bytes, MAX_LEAF_BYTES)?;
        let fields: Fields = serde_json::from_value(value).map_err(|error| LeafError::Shape(error.to_string()))?;
        let leaf = Self::from_fields(fields)?;
        match leaf.bytes == bytes {
            true => Ok(leaf),
            false => Err(LeafError::NotCanonical),
        }
    }

    fn from_fields(fields: Fields) -> Result<Self, LeafError> {
        if fields.v != VERSION {
            return Err(LeafError::Version { found: fields.v });
        }
        let mut facts = fields.facts.clone();
        let event_id = match facts.remove("event") {
            Some(id) => Some(serde_json::from_value(id).map_err(|error| LeafError::Shape(error.to_string()))?),
            None => None,
        };
        let event = Event::read(fields.event_type, facts)?;
        event.check()?;
        // A null or an empty list where the fact should be left out would be a second spelling of the same record.
        if fields.facts != facts_with_id(&event, event_id.as_ref()) {
            return Err(LeafError::NotCanonical);
        }
        check_fields(&fields)?;
        let value = serde_json::to_value(&fields).map_err(|error| LeafError::Shape(error.to_string()))?;
        let bytes = jcs::canonical(&value)?;
        if bytes.len() > MAX_LEAF_BYTES {
            return Err(jcs::Error::TooLong { bytes: bytes.len(), limit: MAX_LEAF_BYTES }.into());
        }
        Ok(Self { fields, event, event_id, bytes })
    }

    /// The canonical bytes: what is stored, hashed and signed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256(0x00 ‖ bytes), the `prev` of the next record.
    pub fn hash(&self) -> Digest {
        Digest::of_leaf(&self.bytes)
    }

    pub fn item(&self) -> &ItemUri {
        &self.fields.item
    }

    /// Place in the item's chain, from 0 without gaps.
    pub fn seq(&self) -> u32 {
        self.fields.seq
    }

    /// Hash of the record before this one; none at `seq` 0.
    pub fn prev(&self) -> Option<Digest> {
        self.fields.prev
    }

    pub fn day(&self) -> Day {
        self.fields.day
    }

    /// Who asserts and signs it.
    pub fn by(&self) -> &Did {
        &self.fields.by
    }

    pub fn evidence(&self) -> Evidence {
        self.fields.evidence
    }

    pub fn event(&self) -> &Event {
        &self.event
    }

    pub fn event_type(&self) -> EventType {
        self.fields.event_type
    }

    /// Shared with the leaves of other items that the same change touched.
    pub fn event_id(&self) -> Option<&EventId> {
        self.event_id.as_ref()
    }

    /// The facts as they stand in the record, the shared event id included.
    pub fn facts(&self) -> &Map<String, Value> {
        &self.fields.facts
    }

    /// Digests of what may be disclosed, sorted by their text.
    pub fn sd(&self) -> &[Digest] {
        &self.fields.sd
    }

    /// Id of the key that signs it.
    pub fn key(&self) -> Digest {
        self.fields.key
    }
}

fn facts_with_id(event: &Event, event_id: Option<&EventId>) -> Map<String, Value> {
    let mut facts = event.facts();
    if let Some(id) = event_id {
        facts.insert("event".to_owned(), Value::String(id.to_string()));
    }
    facts
}

/// The rules between fields of one record.
fn check_fields(fields: &Fields) -> Result<(), LeafError> {
    let (seq, event) = (fields.seq, fields.event_type);
    if event.opens().is_some() != (seq == 0) {
        return Err(LeafError::Opening { event, seq });
    }
    match (seq, fields.prev) {
        (0, Some(_)) => {
            return Err(LeafError::Prev { seq, expected: "absent" });
        }
        (1.., None) => {
            return Err(LeafError::Prev { seq, expected: "the hash of the record before" });
        }
        (0, None) | (1.., Some(_)) => {}
    }
    let paid_by_hearsay = matches!(fields.evidence, Evidence::Own | Evidence::ThirdParty);
    if event == EventType::Paid && paid_by_hearsay {
        return Err(LeafError::PaidEvidence);
    }
    if !fields.sd.is_sorted_by(|a, b| a.to_string() < b.to_string()) {
        return Err(LeafError::DigestOrder);
    }
    Ok(())
}

/// A leaf with its signature: what is stored per record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedLeaf {
    pub leaf: Leaf,
    pub signature: Signature,
}

/// The end of a chain, all that is needed to append to it. Take it under the item's lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    pub item: ItemUri,
    pub chain: ChainKind,
    pub seq: u32,
    pub hash: Digest,
    pub day: Day,
}

impl Tip {
    /// The end of `chain` if `leaf` is its newest record.
    pub fn of(leaf: &Leaf, chain: ChainKind) -> Self {
        Self { item: leaf.item().clone(), chain, seq: leaf.seq(), hash: leaf.hash(), day: leaf.day() }
    }

    /// The `seq` of the next record; the salts of its disclosures depend on it.
    pub fn next_seq(&self) -> Result<u32, LeafError> {
        self.seq.checked_add(1).ok_or(LeafError::ChainFull)
    }
}

/// A record to be: what the caller knows. [`Draft::seal`] adds its place in the chain, the signer and the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub item: ItemUri,
    pub day: Day,
    pub evidence: Evidence,
    pub event: Event,
    /// Set when one change touches several items; the same for each of them.
    pub event_id: Option<EventId>,
    /// [`Disclosure::digest`](crate::disclosure::Disclosure::digest) of each disclosure, in any order.
    pub sd: Vec<Digest>,
}

impl Draft {
    /// Appends to the chain that ends in `after`, or begins one, and signs. Refuses whatever would make the chain invalid.
    pub fn seal(self, after: Option<&Tip>, key: &SigningKey) -> Result<SignedLeaf, LeafError> {
        let event_type = self.event.event_type();
        if let Some(tip) = after {
            self.follows(tip)?;
        }
        let facts = facts_with_id(&self.event, self.event_id.as_ref());
        let mut sd = self.sd;
        sd.sort_by_cached_key(Digest::to_string);
        let leaf = Leaf::from_fields(Fields {
            v: VERSION,
            event_type,
            item: self.item,
            seq: after.map_or(Ok(0), Tip::next_seq)?,
            prev: after.map(|tip| tip.hash),
            day: self.day,
            by: key.public().by().clone(),
            evidence: self.evidence,
            facts,
            sd,
            key: key.public().id(),
        })?;
        let signature = key.sign(&leaf)?;
        Ok(SignedLeaf { leaf, signature })
    }

    fn follows(&self, tip: &Tip) -> Result<(), LeafError> {
        let event = self.event.event_type();
        if self.item != tip.item {
            return Err(LeafError::OtherItem { expected: tip.item.clone(), found: self.item.clone() });
        }
        if self.day < tip.day {
            return Err(LeafError::DayBefore { day: self.day, previous: tip.day });
        }
        if !event.belongs_in(tip.chain) {
            return Err(LeafError::OtherChain { event, chain: tip.chain });
        }
        Ok(())
    }
}
