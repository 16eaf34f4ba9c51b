//! What a witness is asked and when it refuses (C2SP tlog-witness, `add-checkpoint`). Pure: what it saw last is handed in, and whoever
//! calls keeps the new checkpoint before it says anything.

use std::fmt;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::note::{Note, NoteError, NoteVerifier};
use super::tree::{empty_root, verify_consistency};
use super::{base64, decimal, hash_from_base64};
use crate::digest::Digest;

/// A tree of 2^63 leaves has no longer proof.
const MAX_HASHES: usize = 63;

/// The body of the request: the size that the witness saw last, the proof from there, and the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    pub old: u64,
    /// RFC 6962, section 2.1.2; empty from 0.
    pub proof: Vec<Digest>,
    /// The note as the log signed it.
    pub note: String,
}

/// Why a witness does not cosign; each has its status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("not a request to add a checkpoint: {0}")]
    Malformed(&'static str),
    #[error("the log is not one of this witness's")]
    UnknownLog,
    #[error("the log's key did not sign it")]
    Unsigned,
    #[error("the old size is beyond that of the checkpoint")]
    OldBeyond,
    #[error("what was cosigned last has the size {size}")]
    OtherSize { size: u64 },
    #[error("another tree of the size {size} was cosigned")]
    OtherRoot { size: u64 },
    #[error("the proof does not show that the tree only grew")]
    Inconsistent,
}

impl Refusal {
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::OldBeyond => 400,
            Self::Unsigned => 403,
            Self::UnknownLog => 404,
            Self::OtherSize { .. } | Self::OtherRoot { .. } => 409,
            Self::Inconsistent => 422,
        }
    }

    /// What a conflict tells: the size that was cosigned last, as `text/x.tlog.size`.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::OtherSize { size } | Self::OtherRoot { size } => Some(*size),
            Self::Malformed(_) | Self::UnknownLog | Self::Unsigned | Self::OldBeyond | Self::Inconsistent => None,
        }
    }
}

impl AddCheckpoint {
    pub fn parse(body: &str) -> Result<Self, Refusal> {
        let (head, note) = body.split_once("\n\n").ok_or(Refusal::Malformed("no blank line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old = old.ok_or(Refusal::Malformed("the first line is: old, and a size"))?;
        let proof = lines.map(hash_from_base64).collect::<Option<Vec<_>>>().filter(|proof| proof.len() <= MAX_HASHES);
        let proof = proof.ok_or(Refusal::Malformed("at most 63 lines of 32 bytes as base64 follow"))?;
        Ok(Self { old, proof, note: note.to_owned() })
    }

    /// Whose log it says it is of.
    pub fn origin(&self) -> &str {
        self.note.split('\n').next().unwrap_or_default()
    }

    /// The checkpoint, if it may be cosigned by who knows these keys of the log and saw `seen` of it last.
    pub fn judge(&self, keys: &[NoteVerifier], seen: Option<&Checkpoint>) -> Result<Checkpoint, Refusal> {
        let new = Checkpoint::verified_by(&self.note, keys).map_err(|error| match error {
            CheckpointError::Note(NoteError::Unsigned(_) | NoteError::Signature(_)) => Refusal::Unsigned,
            CheckpointError::Note(_) => Refusal::Malformed("the checkpoint is not a signed note"),
            CheckpointError::Shape(what) => Refusal::Malformed(what),
            CheckpointError::OtherLog { .. } => Refusal::UnknownLog,
        })?;
        if self.old > new.size {
            return Err(Refusal::OldBeyond);
        }
        let (size, root) = seen.map_or((0, empty_root()), |seen| (seen.size, seen.root));
        if self.old != size {
            return Err(Refusal::OtherSize { size });
        }
        if new.size == size && new.root != root {
            return Err(Refusal::OtherRoot { size });
        }
        if verify_consistency(size, &root, new.size, &new.root, &self.proof) { Ok(new) } else { Err(Refusal::Inconsistent) }
    }

    /// The text that a cosignature is over.
    pub fn text(&self) -> Result<String, NoteError> {
        Ok(Note::parse(&self.note)?.unverified().to_owned())
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", base64(hash.as_bytes())))?;
        write!(f, "\n{}", self.note)
    }
}
