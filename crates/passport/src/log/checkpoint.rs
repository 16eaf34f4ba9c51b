//! Checkpoints (C2SP tlog-checkpoint): what a log signs about its tree.

use super::note::{Note, NoteError, NoteVerifier};
use super::{base64, decimal, hash_from_base64};
use crate::digest::Digest;

/// Which log, how many entries, and the root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name: its address without the scheme.
    pub origin: String,
    pub size: u64,
    pub root: Digest,
}

/// Why a note is no checkpoint of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error("not a checkpoint: {0}")]
    Shape(&'static str),
    #[error("the checkpoint is of {found:?}, not of {expected:?}")]
    OtherLog { found: String, expected: String },
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, each on a line.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64(self.root.as_bytes()))
    }

    /// From a note's text. Lines after the third may say more and are not looked at.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty()).ok_or(CheckpointError::Shape("the first line names the log"))?;
        let size = lines.next().and_then(decimal).ok_or(CheckpointError::Shape("the second line is the size, in digits"))?;
        let root = lines.next().and_then(hash_from_base64).ok_or(CheckpointError::Shape("the third line is the root, 32 bytes as base64"))?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root })
    }

    /// The checkpoint in a signed note, if the log with this key signed it. Our logs sign under their origin.
    pub fn verified(note: &str, log: &NoteVerifier) -> Result<Checkpoint, CheckpointError> {
        Self::verified_by(note, std::slice::from_ref(log))
    }

    /// The same for a log that has had several keys: one of them is enough, and a line of any of them that does not fit refuses the note.
    /// While a log changes its key, its notes have a line of each (C2SP signed-note: a note may have several signatures).
    pub fn verified_by(note: &str, keys: &[NoteVerifier]) -> Result<Checkpoint, CheckpointError> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(note.unverified())?;
        let of = |key: &&NoteVerifier| note.signatures().iter().any(|line| line.name == key.name() && line.id == key.id());
        let signed: Vec<_> = keys.iter().filter(of).collect();
        let Some(first) = signed.first() else {
            return Err(NoteError::Unsigned(keys.first().map(|key| key.name().to_owned()).unwrap_or_default()).into());
        };
        for key in &signed {
            note.verified_by(key)?;
        }
        match signed.iter().find(|key| key.name() != checkpoint.origin) {
            Some(_) => Err(CheckpointError::OtherLog { found: checkpoint.origin, expected: first.name().to_owned() }),
            None => Ok(checkpoint),
        }
    }
}
