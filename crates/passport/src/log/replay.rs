//! A whole log, read again by somebody who does not trust it: its root, and whether its records keep their rules.
//!
//! The root tells whether what was read is what the log signed. The rules tell what no signature can: that no batch gave more
//! pieces than it had, no number twice, and no item two histories.

use std::collections::{BTreeMap, BTreeSet};

use super::tile::Edge;
use crate::chain::{ChainError, verify_link};
use crate::digest::Digest;
use crate::event::{ChainKind, Event};
use crate::leaf::{Leaf, LeafError, Tip};
use crate::values::ItemUri;

/// What is wrong with an entry. Reading goes on: one fraud does not hide the next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    #[error("entry {index} is not a record: {error}")]
    NotARecord { index: u64, error: LeafError },
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
}

/// What is known of a batch when an item names it.
#[derive(Debug, Default)]
struct Batch {
    quantity: u32,
    /// Every state of its chain that an item may name.
    heads: BTreeSet<[u8; 32]>,
    serials: BTreeSet<u32>,
}

/// Memory grows with the number of items, not with the number of their records.
#[derive(Debug, Default)]
pub struct Replay {
    edge: Edge,
    tips: BTreeMap<String, Tip>,
    batches: BTreeMap<String, Batch>,
}

impl Replay {
    /// Takes the next entry in and says what is wrong with it.
    pub fn take(&mut self, entry: &[u8]) -> Result<(), Finding> {
        let index = self.edge.size();
        self.edge.append(&[Digest::of_leaf(entry)]);
        let leaf = Leaf::parse(entry).map_err(|error| Finding::NotARecord { index, error })?;
        let kind = self.link(index, &leaf)?;
        self.tips.insert(leaf.item().as_str().to_owned(), Tip::of(&leaf, kind));
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
        self.tips.len()
    }

    fn link(&self, index: u64, leaf: &Leaf) -> Result<ChainKind, Finding> {
        let item = || leaf.item().clone();
        match (self.tips.get(leaf.item().as_str()), leaf.event_type().opens()) {
            (None, Some(kind)) => Ok(kind),
            (None, None) => Err(Finding::Chain { index, item: item(), error: ChainError::Gap { expected: 0, found: leaf.seq() } }),
            (Some(_), Some(_)) => Err(Finding::SecondHistory { index, item: item() }),
            (Some(tip), None) => {
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
