//! What a log says in its own name, as entries between the records: whose keys there are, which passports are revoked, and which record of
//! each item is the newest.
//!
//! | `type` | is | members besides `v` (1) and `day` |
//! |---|---|---|
//! | `did` | a DID document from now on: keys that are swapped in silence are seen by everybody | `document` |
//! | `status` | a status list from now on: a revocation that is taken back is too | `list` (its number), `set` (how many bits), `hash` (SHA-256 of its bits) |
//! | `tips` | the newest record of every item and batch that the log has at this point: what is left off a file is missed | `chains` (how many), `root` |
//!
//! Each is canonical JSON (RFC 8785) of at most [`MAX_LEAF_BYTES`], like a record, and is none: a record names an item. The root of `tips` is
//! that of a tree (RFC 6962, 2.1) over [`tip_hash`] of every chain, in the order in which the chains began in the log.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::tree::{Node, fold, inclusion_plan, node_hash, root_plan};
use crate::digest::Digest;
use crate::jcs;
use crate::leaf::MAX_LEAF_BYTES;
use crate::values::{Day, Did, ItemUri};

/// The only version there is.
const VERSION: u8 = 1;

/// An entry of the log's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Statement {
    Did { v: u8, day: Day, document: Value },
    Status { v: u8, day: Day, list: u64, set: u64, hash: Digest },
    Tips { v: u8, day: Day, chains: u64, root: Digest },
}

/// Why an entry says it is one of the log's own, and is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("not strict JSON: {0}")]
    Json(#[from] jcs::Error),
    #[error("not the fields of a statement: {0}")]
    Shape(String),
    #[error("the bytes are not the canonical form (RFC 8785) of what they say")]
    NotCanonical,
}

impl Statement {
    /// That this document holds from `day` on. Refuses one without the DID it is of.
    pub fn did(day: Day, document: Value) -> Result<Self, StatementError> {
        subject(&document).ok_or_else(|| StatementError::Shape("the document is of no DID".to_owned()))?;
        Ok(Self::Did { v: VERSION, day, document })
    }

    /// That the list of this number has these bits from `day` on.
    pub fn status(day: Day, list: u64, bits: &crate::credential::bitstring::StatusList) -> Self {
        let set = bits.bytes().iter().map(|byte| u64::from(byte.count_ones())).sum();
        Self::Status { v: VERSION, day, list, set, hash: Digest::of(bits.bytes()) }
    }

    /// That the newest records of so many chains have this root.
    pub fn tips(day: Day, chains: u64, root: Digest) -> Self {
        Self::Tips { v: VERSION, day, chains, root }
    }

    /// Reads an entry; `None` if it does not say that it is one of these: then it should be a record.
    pub fn parse(entry: &[u8]) -> Result<Option<Self>, StatementError> {
        let value = jcs::parse(entry, MAX_LEAF_BYTES)?;
        if !matches!(value["type"].as_str(), Some("did" | "status" | "tips")) {
            return Ok(None);
        }
        let statement: Self = serde_json::from_value(value).map_err(|error| StatementError::Shape(error.to_string()))?;
        let (Self::Did { v, .. } | Self::Status { v, .. } | Self::Tips { v, .. }) = &statement;
        if *v != VERSION {
            return Err(StatementError::Shape(format!("version {v} is not known; this reads version 1")));
        }
        if let Self::Did { document, .. } = &statement {
            subject(document).ok_or_else(|| StatementError::Shape("the document is of no DID".to_owned()))?;
        }
        if statement.to_bytes()? == entry { Ok(Some(statement)) } else { Err(StatementError::NotCanonical) }
    }

    /// The entry's bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StatementError> {
        let value = serde_json::to_value(self).map_err(|error| StatementError::Shape(error.to_string()))?;
        let bytes = jcs::canonical(&value)?;
        match bytes.len() {
            0..=MAX_LEAF_BYTES => Ok(bytes),
            bytes => Err(jcs::Error::TooLong { bytes, limit: MAX_LEAF_BYTES }.into()),
        }
    }

    pub fn day(&self) -> Day {
        let (Self::Did { day, .. } | Self::Status { day, .. } | Self::Tips { day, .. }) = self;
        *day
    }

    /// What the statement replaces an older one of: a DID, a list's number, or nothing for `tips`.
    pub fn about(&self) -> String {
        match self {
            Self::Did { document, .. } => subject(document).map(String::from).unwrap_or_default(),
            Self::Status { list, .. } => list.to_string(),
            Self::Tips { .. } => String::new(),
        }
    }

    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Did { .. } => "did",
            Self::Status { .. } => "status",
            Self::Tips { .. } => "tips",
        }
    }
}

fn subject(document: &Value) -> Option<Did> {
    document["id"].as_str()?.parse().ok()
}

/// What the tree of tips has for a chain whose newest record has this number and hash: SHA-256(0x00 ‖ JCS([item, seq, hash])).
pub fn tip_hash(item: &ItemUri, seq: u32, hash: &Digest) -> Digest {
    let content = jcs::canonical(&json!([item, seq, hash])).expect("two strings and a small number have canonical bytes");
    Digest::of_leaf(&content)
}

/// The tree of tips in memory: two hashes for each chain.
#[derive(Debug, Clone, Default)]
pub struct TipTree {
    /// Of each level the complete subtrees.
    levels: Vec<Vec<Digest>>,
}

impl TipTree {
    /// How many chains there are.
    pub fn chains(&self) -> u64 {
        self.levels.first().map_or(0, |level| level.len() as u64)
    }

    /// A new chain's tip behind the others; its place.
    pub fn push(&mut self, tip: Digest) -> u64 {
        let place = self.chains();
        self.put(place as usize, tip);
        place
    }

    /// Another tip in the place of a chain that is there.
    pub fn replace(&mut self, place: u64, tip: Digest) {
        if place < self.chains() {
            self.put(place as usize, tip);
        }
    }

    fn put(&mut self, place: usize, tip: Digest) {
        let (mut at, mut hash) = (place, tip);
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            match hashes.get_mut(at) {
                Some(known) => *known = hash,
                None => hashes.push(hash),
            }
            let Some(pair) = hashes.get(at & !1..(at & !1) + 2) else { break };
            (hash, at) = (node_hash(&pair[0], &pair[1]), at / 2);
        }
    }

    fn fold(&self, plan: &[Node]) -> Digest {
        let hash = |node: &Node| self.levels[usize::from(node.level)][node.index as usize];
        fold(&plan.iter().map(hash).collect::<Vec<_>>())
    }

    /// The root over all chains.
    pub fn root(&self) -> Digest {
        self.fold(&root_plan(self.chains()))
    }

    /// The way from a chain's tip to the root; `None` if there is no such chain.
    pub fn proof(&self, place: u64) -> Option<Vec<Digest>> {
        Some(inclusion_plan(place, self.chains())?.iter().map(|plan| self.fold(plan)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Edge, tree::verify_inclusion};

    #[test]
    fn a_tree_of_tips_is_that_of_its_tips_whatever_changed_before() {
        let tip = |n: u8| Digest::of_leaf(&[n]);
        for chains in 1..70_u8 {
            let mut tree = TipTree::default();
            (0..chains).for_each(|n| assert_eq!(tree.push(tip(n)), u64::from(n)));
            (0..chains).step_by(3).for_each(|n| tree.replace(n.into(), tip(n + 100)));
            let now: Vec<_> = (0..chains).map(|n| if n % 3 == 0 { tip(n + 100) } else { tip(n) }).collect();
            let mut edge = Edge::default();
            edge.append(&now);
            assert_eq!(tree.root(), edge.root());
            for n in 0..chains {
                let path = tree.proof(n.into()).unwrap();
                assert!(verify_inclusion(&now[usize::from(n)], n.into(), chains.into(), &path, &tree.root()));
                assert!(!verify_inclusion(&tip(99), n.into(), chains.into(), &path, &tree.root()));
            }
        }
        assert_eq!(TipTree::default().proof(0), None);
    }

    #[test]
    fn a_statement_has_one_spelling_and_is_no_record() {
        let day: Day = "2026-11-28".parse().unwrap();
        let all = [
            Statement::did(day, json!({"id": "did:web:haat.example", "verificationMethod": []})).unwrap(),
            Statement::status(day, 3, &Default::default()),
            Statement::tips(day, 2, Digest::of(b"root")),
        ];
        for statement in all {
            let bytes = statement.to_bytes().unwrap();
            assert_eq!(Statement::parse(&bytes), Ok(Some(statement.clone())));
            assert!(crate::leaf::Leaf::parse(&bytes).is_err());
            let text = String::from_utf8(bytes).unwrap();
            for wrong in [
                text.replace("\"v\":1", "\"v\":2"),
                text.replace("\"v\":1", "\"v\": 1"),
                text.replace("\"v\":1", "\"v\":1,\"w\":1"),
                text.replace("2026-11-28", "2026-11-31"),
            ] {
                assert!(Statement::parse(wrong.as_bytes()).is_err(), "{wrong}");
            }
        }
        assert_eq!(Statement::parse(br#"{"type":"minted"}"#), Ok(None));
        assert!(Statement::parse(br#"{"day":"2026-11-28","document":{"id":"x"},"type":"did","v":1}"#).is_err());
        assert!(Statement::did(day, json!({})).is_err());
    }
}
