//! Where a bundle's records are in the public log: the bundle's member `log`.
//!
//! ```json
//! {"checkpoint": "haat.example/log\n…", "item": [{"index": 7, "path": ["base64url of a hash"]}, null], "batch": [{"index": 3, "path": []}]}
//! ```
//! One element per record of the chain, in its order; `null` for a record that the log had not taken in yet. The member `tips`, if there, shows
//! that nothing was left off up to a day: an entry in which the log counted the newest record of every chain, and these two chains' places
//! in that count:
//!
//! ```json
//! {"entry": "base64url of the entry", "index": 90, "path": ["…"], "item": {"place": 4, "seq": 2, "path": ["…"]}, "batch": {"place": 3, "seq": 1, "path": ["…"]}}
//! ```

use serde::{Deserialize, Serialize};

use super::checkpoint::{Checkpoint, CheckpointError};
use super::note::{Note, NoteVerifier};
use super::statement::{Statement, tip_hash};
use super::tree::verify_inclusion;
use crate::digest::{Digest, base64url, base64url_bytes};
use crate::leaf::SignedLeaf;
use crate::values::Day;

/// Proofs for the records of a bundle, all against one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logged {
    /// The signed note, as the log served it.
    pub checkpoint: String,
    pub item: Vec<Option<Entry>>,
    pub batch: Vec<Option<Entry>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tips: Option<Counted>,
}

/// The log's last count of its newest records, and where these chains are in it; `None` for one that began after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// The entry's bytes ([`Statement::Tips`]) in base64url.
    pub entry: String,
    pub index: u64,
    /// From the entry's sibling up.
    pub path: Vec<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Place>,
}

impl Counted {
    /// From the entry's bytes, its index and path in the log, and the chains' places in it.
    pub fn new(entry: &[u8], index: u64, path: Vec<Digest>, item: Option<Place>, batch: Option<Place>) -> Self {
        Self { entry: base64url(entry), index, path, item, batch }
    }
}

/// A chain's place in a count: which of its records was its newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub place: u64,
    pub seq: u32,
    /// From the tip's sibling up.
    pub path: Vec<Digest>,
}

/// Up to which day nothing was left off, and which records were the newest then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Newest {
    pub day: Day,
    pub item: Option<u32>,
    pub batch: Option<u32>,
}

/// A record's place in the log, and the way from it to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub index: u64,
    /// From the record's sibling up.
    pub path: Vec<Digest>,
}

/// What was found: the checkpoint, whether the log's own key was there to check it with, and how many records are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub checkpoint: Checkpoint,
    pub signed: bool,
    pub inside: usize,
    pub records: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoggedError {
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("there is not one place in the log for each record")]
    Count,
    #[error("record {seq} of the {chain} is not in the log at {index}: the proof does not lead to the root of the checkpoint")]
    NotIncluded { chain: &'static str, seq: u32, index: u64 },
    #[error("the count of newest records that the file shows is none of this log's")]
    NotCounted,
    #[error("record {seq} of the {chain} is not the one that the log counted as its newest: others were left off, or the proof is not of this count")]
    NotNewest { chain: &'static str, seq: u32 },
    #[error("the file has no proofs from the log {0}")]
    Missing(String),
}

impl Logged {
    /// Checks every proof, and the checkpoint's signature if keys of the log are known.
    pub(crate) fn check(&self, item: &[SignedLeaf], batch: &[SignedLeaf], keys: &[NoteVerifier]) -> Result<Found, LoggedError> {
        let checkpoint = match keys {
            [_, ..] => Checkpoint::verified_by(&self.checkpoint, keys)?,
            [] => Checkpoint::parse(Note::parse(&self.checkpoint).map_err(CheckpointError::from)?.unverified())?,
        };
        let (mut inside, mut records) = (0, 0);
        for (chain, leaves, entries) in [("item", item, &self.item), ("batch", batch, &self.batch)] {
            if leaves.len() != entries.len() {
                return Err(LoggedError::Count);
            }
            records += leaves.len();
            for (signed, entry) in leaves.iter().zip(entries) {
                let Some(Entry { index, path }) = entry else { continue };
                if !verify_inclusion(&signed.leaf.hash(), *index, checkpoint.size, path, &checkpoint.root) {
                    return Err(LoggedError::NotIncluded { chain, seq: signed.leaf.seq(), index: *index });
                }
                inside += 1;
            }
        }
        Ok(Found { checkpoint, signed: !keys.is_empty(), inside, records })
    }

    /// Checks the count, against the checkpoint whose signature [`Self::check`] looks at.
    pub(crate) fn newest(&self, item: &[SignedLeaf], batch: &[SignedLeaf]) -> Result<Option<Newest>, LoggedError> {
        let Some(counted) = &self.tips else { return Ok(None) };
        let checkpoint = Checkpoint::parse(Note::parse(&self.checkpoint).map_err(CheckpointError::from)?.unverified())?;
        let entry = base64url_bytes(&counted.entry).ok_or(LoggedError::NotCounted)?;
        let Ok(Some(Statement::Tips { day, chains, root, .. })) = Statement::parse(&entry) else { return Err(LoggedError::NotCounted) };
        if !verify_inclusion(&Digest::of_leaf(&entry), counted.index, checkpoint.size, &counted.path, &checkpoint.root) {
            return Err(LoggedError::NotCounted);
        }
        let seq = |chain: &'static str, leaves: &[SignedLeaf], place: &Option<Place>| {
            let Some(Place { place, seq, path }) = place else { return Ok(None) };
            let wrong = LoggedError::NotNewest { chain, seq: *seq };
            let leaf = &leaves.get(*seq as usize).ok_or(wrong.clone())?.leaf;
            let tip = tip_hash(leaf.item(), leaf.seq(), &leaf.hash());
            if verify_inclusion(&tip, *place, chains, path, &root) { Ok(Some(*seq)) } else { Err(wrong) }
        };
        Ok(Some(Newest { day, item: seq("item", item, &counted.item)?, batch: seq("batch", batch, &counted.batch)? }))
    }
}
