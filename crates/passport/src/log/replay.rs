//! A whole log, read again by somebody who does not trust it: its root, and whether its records keep their rules.
//!
//! The root tells whether what was read is what the log signed. The rules tell what no signature can: that no batch gave more
//! pieces than it had, no number twice, and no item two histories; that no key was taken out of a DID document and none signed that was
//! not in it; that no revocation was left out or taken back; and that what the log counts as the newest records are those.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::statement::{Statement, StatementError, TipTree, tip_hash};
use super::tile::Edge;
use crate::chain::{ChainError, verify_link};
use crate::credential::bitstring::{LENGTH, StatusList};
use crate::digest::Digest;
use crate::event::{ChainKind, Event};
use crate::leaf::{Leaf, LeafError, Tip};
use crate::values::{Day, Did, ItemUri};

/// What is wrong with an entry. Reading goes on: one fraud does not hide the next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    #[error("entry {index} is not a record: {error}")]
    NotARecord { index: u64, error: LeafError },
    #[error("entry {index} is not what it says it is: {error}")]
    NotAStatement { index: u64, error: StatementError },
    #[error("entry {index}: {item}: {error}")]
    Chain { index: u64, item: ItemUri, error: ChainError },
    #[error("entry {index}: {item} begins a second time")]
    SecondHistory { index: u64, item: ItemUri },
    #[error("entry {index}: {item} was taken from {batch}, which has no record here")]
    NoBatch { index: u64, item: ItemUri, batch: ItemUri },
    #[error("entry {index}: {item} was taken from a state of {batch} that is not in the log")]
    OtherHead { index: u64, item: ItemUri, batch: ItemUri },
    #[error("entry {index}: {item} is piece {serial} of {batch}, which has {quantity}")]
    TooMany { index: u64, item: ItemUri, batch: ItemUri, serial: u32, quantity: u32 },
    #[error("entry {index}: {item} is piece {serial} of {batch}, and another item is too")]
    SerialTwice { index: u64, item: ItemUri, batch: ItemUri, serial: u32 },
    #[error("entry {index}: {item} is signed with the key {key}, which no document of {by} shows")]
    KeyUnlisted { index: u64, item: ItemUri, by: Did, key: Digest },
    #[error("entry {index}: the document of {did} no longer shows its key {method}, or shows another under that name")]
    KeyGone { index: u64, did: String, method: String },
    #[error("entry {index}: the status list {list} is not that of the pieces that were withdrawn")]
    OtherStatus { index: u64, list: u64 },
    #[error("entry {index}: the newest records of {day} are not those that are counted here")]
    OtherTips { index: u64, day: Day },
    #[error("the log has not said that the status list {list} changed")]
    Unstated { list: u64 },
}

/// What is known of a batch when an item names it.
#[derive(Debug, Default)]
struct Batch {
    quantity: u32,
    /// Every state of its chain that an item may name.
    heads: BTreeSet<[u8; 32]>,
    serials: BTreeSet<u32>,
}

/// A chain: its end, its place among the tips, and where it begins.
#[derive(Debug)]
struct Chain {
    tip: Tip,
    place: u64,
    first: u64,
}

/// Memory grows with the number of items, not with the number of their records.
#[derive(Debug, Default)]
pub struct Replay {
    edge: Edge,
    chains: BTreeMap<String, Chain>,
    tips: TipTree,
    batches: BTreeMap<String, Batch>,
    documents: BTreeMap<String, Value>,
    /// By list: the places of withdrawn pieces, and whether the log said so.
    lists: BTreeMap<u64, (BTreeSet<u64>, bool)>,
}

impl Replay {
    /// Takes the next entry in and says what is wrong with it.
    pub fn take(&mut self, entry: &[u8]) -> Result<(), Finding> {
        let index = self.edge.size();
        self.edge.append(&[Digest::of_leaf(entry)]);
        match Statement::parse(entry) {
            Ok(Some(statement)) => return self.hold(index, statement),
            Ok(None) => {}
            Err(StatementError::Json(error)) => return Err(Finding::NotARecord { index, error: error.into() }),
            Err(error) => return Err(Finding::NotAStatement { index, error }),
        }
        let leaf = Leaf::parse(entry).map_err(|error| Finding::NotARecord { index, error })?;
        let kind = self.link(index, &leaf)?;
        self.move_tip(index, &leaf, kind);
        self.check_key(index, &leaf)?;
        self.balance(index, &leaf, kind)
    }

    /// How many entries were taken in.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The root over them.
    pub fn root(&self) -> Digest {
        self.edge.root()
    }

    /// How many items and batches they are about.
    pub fn chains(&self) -> usize {
        self.chains.len()
    }

    /// The newest document of each DID that the log has one of.
    pub fn documents(&self) -> &BTreeMap<String, Value> {
        &self.documents
    }

    /// The numbers of the status lists that there are.
    pub fn lists(&self) -> impl Iterator<Item = u64> {
        0..self.edge.size().div_ceil(LENGTH as u64)
    }

    /// What a status list must be after all entries that were taken in.
    pub fn list(&self, list: u64) -> StatusList {
        let mut bits = StatusList::default();
        for place in self.lists.get(&list).iter().flat_map(|(set, _)| set) {
            bits.set(*place as usize).expect("a place within its list");
        }
        bits
    }

    /// What should have been said by now, and was not: asked at the end of a signed tree.
    pub fn unstated(&self) -> Vec<Finding> {
        self.lists.iter().filter(|(_, (_, stated))| !stated).map(|(list, _)| Finding::Unstated { list: *list }).collect()
    }

    fn hold(&mut self, index: u64, statement: Statement) -> Result<(), Finding> {
        match statement {
            Statement::Did { document, .. } => self.hold_document(index, document),
            Statement::Status { list, .. } => {
                let expected = Statement::status(statement.day(), list, &self.list(list));
                if expected != statement {
                    return Err(Finding::OtherStatus { index, list });
                }
                self.lists.entry(list).or_default().1 = true;
                Ok(())
            }
            Statement::Tips { day, chains, root, .. } => {
                let same = chains == self.tips.chains() && root == self.tips.root();
                if same { Ok(()) } else { Err(Finding::OtherTips { index, day }) }
            }
        }
    }

    /// A document may get keys and keeps those that it had.
    fn hold_document(&mut self, index: u64, document: Value) -> Result<(), Finding> {
        let did = document["id"].as_str().unwrap_or_default().to_owned();
        let before = self.documents.insert(did.clone(), document);
        let now = methods(&self.documents[&did]);
        let gone = before.iter().flat_map(methods).find(|method| !now.contains(method));
        match gone {
            Some(method) => Err(Finding::KeyGone { index, did, method: method["id"].as_str().unwrap_or_default().to_owned() }),
            None => Ok(()),
        }
    }

    /// From the first document of a cooperative on, its records are signed with keys that it shows.
    fn check_key(&self, index: u64, leaf: &Leaf) -> Result<(), Finding> {
        let Some(document) = self.documents.get(leaf.by().as_str()) else { return Ok(()) };
        let method = format!("{}#{}", leaf.by(), leaf.key());
        let listed = methods(document).iter().any(|one| one["id"].as_str() == Some(&method));
        if listed { Ok(()) } else { Err(Finding::KeyUnlisted { index, item: leaf.item().clone(), by: leaf.by().clone(), key: leaf.key() }) }
    }

    fn move_tip(&mut self, index: u64, leaf: &Leaf, kind: ChainKind) {
        let (tip, hash) = (Tip::of(leaf, kind), tip_hash(leaf.item(), leaf.seq(), &leaf.hash()));
        let first = match self.chains.get_mut(leaf.item().as_str()) {
            Some(chain) => {
                self.tips.replace(chain.place, hash);
                chain.tip = tip;
                chain.first
            }
            None => {
                let place = self.tips.push(hash);
                self.chains.insert(leaf.item().as_str().to_owned(), Chain { tip, place, first: index });
                index
            }
        };
        if matches!(leaf.event(), Event::Withdrawn(_)) {
            let (set, stated) = self.lists.entry(first / LENGTH as u64).or_default();
            set.insert(first % LENGTH as u64);
            *stated = false;
        }
    }

    fn link(&self, index: u64, leaf: &Leaf) -> Result<ChainKind, Finding> {
        let item = || leaf.item().clone();
        match (self.chains.get(leaf.item().as_str()), leaf.event_type().opens()) {
            (None, Some(kind)) => Ok(kind),
            (None, None) => Err(Finding::Chain { index, item: item(), error: ChainError::Gap { expected: 0, found: leaf.seq() } }),
            (Some(_), Some(_)) => Err(Finding::SecondHistory { index, item: item() }),
            (Some(Chain { tip, .. }), None) => {
                verify_link(tip, leaf).map_err(|error| Finding::Chain { index, item: item(), error })?;
                Ok(tip.chain)
            }
        }
    }

    /// No more pieces than were made.
    fn balance(&mut self, index: u64, leaf: &Leaf, kind: ChainKind) -> Result<(), Finding> {
        if kind == ChainKind::Batch {
            let batch = self.batches.entry(leaf.item().as_str().to_owned()).or_default();
            batch.heads.insert(*leaf.hash().as_bytes());
            if let Event::Created(created) = leaf.event() {
                batch.quantity = created.quantity;
            }
            return Ok(());
        }
        let Event::Minted(minted) = leaf.event() else { return Ok(()) };
        let (item, of, serial) = (leaf.item().clone(), minted.batch.clone(), minted.serial);
        let Some(batch) = self.batches.get_mut(of.as_str()) else {
            return Err(Finding::NoBatch { index, item, batch: of });
        };
        if !batch.heads.contains(minted.batch_head.as_bytes()) {
            return Err(Finding::OtherHead { index, item, batch: of });
        }
        if serial > batch.quantity {
            return Err(Finding::TooMany { index, item, batch: of, serial, quantity: batch.quantity });
        }
        if batch.serials.insert(serial) { Ok(()) } else { Err(Finding::SerialTwice { index, item, batch: of, serial }) }
    }
}

fn methods(document: &Value) -> &[Value] {
    document["verificationMethod"].as_array().map_or(&[], Vec::as_slice)
}
