//! Proofs in one text (C2SP tlog-proof): that an entry is in a log, checked offline with nothing but the log's key.

use super::checkpoint::{Checkpoint, CheckpointError};
use super::note::{MAX_NOTE_BYTES, NoteVerifier};
use super::tree::verify_inclusion;
use super::{base64, decimal, hash_from_base64};
use crate::digest::Digest;

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^63 leaves has no longer path.
const MAX_HASHES: usize = 63;

/// Where an entry is in a log, the way from it to the root, and the signed checkpoint with that root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub index: u64,
    /// From the entry's sibling up.
    pub path: Vec<Digest>,
    /// The note as the log served it, with every signature under it.
    pub checkpoint: String,
}

/// Why a text is no proof, or does not prove.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("not a {HEADER}: {0}")]
    Shape(&'static str),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("the proof does not lead from this entry to the root of the checkpoint")]
    NotIncluded,
}

impl Proof {
    /// Reads one; a line of extra data is passed over, since nothing vouches for it.
    pub fn parse(text: &str) -> Result<Proof, ProofError> {
        if text.len() > 2 * MAX_NOTE_BYTES {
            return Err(ProofError::Shape("it is longer than 128 KiB"));
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofError::Shape("no blank line before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ProofError::Shape("the first line is not the format's name"));
        }
        lines.next_if(|line| line.starts_with("extra "));
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(ProofError::Shape("the index is missing or not a plain number"))?;
        let path = lines.map(hash_from_base64).collect::<Option<Vec<_>>>().filter(|path| path.len() <= MAX_HASHES);
        let path = path.ok_or(ProofError::Shape("at most 63 lines of 32 bytes as base64 follow the index"))?;
        Ok(Proof { index, path, checkpoint: checkpoint.to_owned() })
    }

    /// Whether the log with this key had the entry with this leaf hash at this index; the checkpoint that says so.
    pub fn verify(&self, leaf: &Digest, log: &NoteVerifier) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::verified(&self.checkpoint, log)?;
        if verify_inclusion(leaf, self.index, checkpoint.size, &self.path, &checkpoint.root) { Ok(checkpoint) } else { Err(ProofError::NotIncluded) }
    }
}

impl std::fmt::Display for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{HEADER}\nindex {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", base64(hash.as_bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
