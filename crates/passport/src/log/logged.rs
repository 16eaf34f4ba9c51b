//! Where a bundle's records are in the public log: the bundle's member `log`.
//!
//! ```json
//! {"checkpoint": "haat.example/log\n…", "item": [{"index": 7, "path": ["base64url of a hash"]}, null], "batch": [{"index": 3, "path": []}]}
//! ```
//! One element per record of the chain, in its order; `null` for a record that the log had not taken in yet.

use serde::{Deserialize, Serialize};

use super::checkpoint::{Checkpoint, CheckpointError};
use super::note::{Note, NoteVerifier};
use super::tree::verify_inclusion;
use crate::digest::Digest;
use crate::leaf::SignedLeaf;

/// Proofs for the records of a bundle, all against one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logged {
    /// The signed note, as the log served it.
    pub checkpoint: String,
    pub item: Vec<Option<Entry>>,
    pub batch: Vec<Option<Entry>>,
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
    #[error("the file has no proofs from the log {0}")]
    Missing(String),
}

impl Logged {
    /// Checks every proof, and the checkpoint's signature if the log's key is known.
    pub(crate) fn check(&self, item: &[SignedLeaf], batch: &[SignedLeaf], key: Option<&NoteVerifier>) -> Result<Found, LoggedError> {
        let checkpoint = match key {
            Some(key) => Checkpoint::verified(&self.checkpoint, key)?,
            None => Checkpoint::parse(Note::parse(&self.checkpoint).map_err(CheckpointError::from)?.unverified())?,
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
        Ok(Found { checkpoint, signed: key.is_some(), inside, records })
    }
}
