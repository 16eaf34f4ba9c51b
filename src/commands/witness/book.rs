//! What a witness saw, on disk: a file per log with the newest checkpoint that it cosigned, or was about to.
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use passport::{
    Digest,
    log::{AddCheckpoint, Checkpoint, NoteVerifier, Refusal},
};

use crate::commands::Failure;

pub struct Book {
    dir: PathBuf,
    /// Compare and keep are one step: two requests at once must not both be newer than the same checkpoint.
    step: Mutex<()>,
    /// Held as long as the program runs.
    _lock: File,
}

/// Why something was not kept, and so not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum Unkept {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Disk(#[from] io::Error),
}

impl Book {
    /// Refuses a folder that another witness has: two memories of one key could sign two histories.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(dir)?;
        let lock = File::create(dir.join("lock"))?;
        lock.try_lock().map_err(|_| format!("another witness is at work in {}", dir.display()))?;
        Ok(Self { dir: dir.to_owned(), step: Mutex::new(()), _lock: lock })
    }

    /// Keeps the checkpoint if it may be cosigned. When this returns, it is on the disk.
    pub fn admit(&self, keys: &[NoteVerifier], asked: &AddCheckpoint) -> Result<(), Unkept> {
        // A request that ended in a panic left the disk as it was or as it should be: what counts is read from there.
        let _step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.dir.join(format!("{}.checkpoint", name(asked.origin())));
        let seen = match fs::read_to_string(&path) {
            Ok(note) => Some(Checkpoint::verified_by(&note, keys).map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let new = asked.judge(keys, seen.as_ref())?;
        if seen.as_ref() != Some(&new) {
            self.keep(&path, &asked.note)?;
        }
        Ok(())
    }

    /// Whole or not at all, whenever the power fails.
    fn keep(&self, path: &Path, note: &str) -> io::Result<()> {
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(&self.dir)?.sync_all()
    }
}

/// A log's name holds what a file's cannot.
fn name(log: &str) -> String {
    Digest::of(log.as_bytes()).to_string()
}
