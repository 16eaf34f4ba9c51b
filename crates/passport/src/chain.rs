//! A whole history: is it gapless, in order, of one item, and signed throughout by its cooperative?

use crate::digest::Digest;
use crate::event::EventType;
use crate::key::{KeyError, KeySet};
use crate::leaf::{Leaf, SignedLeaf, Tip};
use crate::values::{Day, Did, ItemUri};

/// What is broken first, and at which record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("there is no record at all")]
    Empty,
    #[error("record {expected} is missing: record {found} stands in its place")]
    Gap { expected: u32, found: u32 },
    #[error("record {seq} is of another item, {found}")]
    OtherItem { seq: u32, found: ItemUri },
    #[error("record {seq} does not link to the record before it, whose hash is {actual}")]
    BrokenLink { seq: u32, actual: Digest },
    #[error("record {seq} is of {day}, before {previous}, the day of the record before it")]
    DayBefore { seq: u32, day: Day, previous: Day },
    #[error("record {seq} (\"{event}\") does not belong in this kind of history")]
    Misplaced { seq: u32, event: EventType },
    #[error("record {seq} is asserted by {found}, not by {expected} as the first one is")]
    OtherVoice { seq: u32, expected: Did, found: Did },
    #[error("record {seq} is signed with the key {key}, which is not among the keys")]
    UnknownKey { seq: u32, key: Digest },
    #[error("record {seq}: {error}")]
    Signature { seq: u32, error: KeyError },
}

/// Checks a history from its first record to its newest and returns its end. The leaves themselves were checked when they
/// were parsed. What this cannot see: newer records that were left off.
pub fn verify_chain(leaves: &[SignedLeaf], keys: &KeySet) -> Result<Tip, ChainError> {
    let Some(SignedLeaf { leaf: first, .. }) = leaves.first() else {
        return Err(ChainError::Empty);
    };
    let Some(chain) = first.event_type().opens() else {
        // A leaf opens a chain exactly at seq 0, so this one is not the first of anything.
        return Err(ChainError::Gap { expected: 0, found: first.seq() });
    };
    let mut tip: Option<Tip> = None;
    for signed in leaves {
        if let Some(tip) = &tip {
            verify_link(tip, &signed.leaf)?;
        }
        let leaf = &signed.leaf;
        if leaf.by() != first.by() {
            return Err(ChainError::OtherVoice { seq: leaf.seq(), expected: first.by().clone(), found: leaf.by().clone() });
        }
        verify_signature(signed, keys)?;
        tip = Some(Tip::of(leaf, chain));
    }
    tip.ok_or(ChainError::Empty)
}

/// Does `leaf` follow right behind `tip`? Who signed it is not looked at.
pub(crate) fn verify_link(tip: &Tip, leaf: &Leaf) -> Result<(), ChainError> {
    let seq = leaf.seq();
    if Ok(seq) != tip.next_seq() {
        return Err(ChainError::Gap { expected: tip.seq.saturating_add(1), found: seq });
    }
    if leaf.item() != &tip.item {
        return Err(ChainError::OtherItem { seq, found: leaf.item().clone() });
    }
    if leaf.prev() != Some(tip.hash) {
        return Err(ChainError::BrokenLink { seq, actual: tip.hash });
    }
    if leaf.day() < tip.day {
        return Err(ChainError::DayBefore { seq, day: leaf.day(), previous: tip.day });
    }
    if !leaf.event_type().belongs_in(tip.chain) {
        return Err(ChainError::Misplaced { seq, event: leaf.event_type() });
    }
    Ok(())
}

fn verify_signature(signed: &SignedLeaf, keys: &KeySet) -> Result<(), ChainError> {
    let (seq, id) = (signed.leaf.seq(), signed.leaf.key());
    let key = keys.get(&id).ok_or(ChainError::UnknownKey { seq, key: id })?;
    key.verify(&signed.leaf, &signed.signature).map_err(|error| ChainError::Signature { seq, error })
}
