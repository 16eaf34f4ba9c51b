//! The log's key, and what can be wrong with a log.
use passport::log::{CheckpointError, NoteError, NoteSigner, PolicyError, tile};

use super::witnesses::Ahead;
use crate::{db::DbError, secrets};

/// The seed of the log's Ed25519 key, and while it changes, that of the one before. Never printed.
#[derive(Clone)]
pub struct LogKey {
    seed: [u8; 32],
    old: Option<[u8; 32]>,
}

impl LogKey {
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, old: None }
    }
    /// The same with the key that it takes the place of: both sign.
    pub fn after(self, old: Option<[u8; 32]>) -> Self {
        Self { old, ..self }
    }
    pub fn to_hex(&self) -> String {
        secrets::to_hex(&self.seed)
    }
    /// The key under the log's name.
    pub fn signer(&self, name: &str) -> Result<NoteSigner, NoteError> {
        NoteSigner::from_seed(name, &self.seed)
    }
    /// The one before, while there are two.
    pub fn old(&self, name: &str) -> Result<Option<NoteSigner>, NoteError> {
        self.old.map(|seed| NoteSigner::from_seed(name, &seed)).transpose()
    }
}
impl std::fmt::Debug for LogKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogKey(…)")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the log has no checkpoint: it was never begun")]
    Unbegun,
    #[error("the log's newest checkpoint was not made by this key (HAAT_LOG_KEY), nor by the one before it (HAAT_LOG_KEY_OLD): {0}")]
    Checkpoint(#[from] CheckpointError),
    #[error("the log's key cannot sign: {0}")]
    Note(#[from] NoteError),
    #[error("the tiles do not have the root that was signed for {size} entries: the log is not written any further")]
    Root { size: i64 },
    #[error("the log's tiles: {0}")]
    Tile(#[from] tile::WrongWidth),
    #[error("the log cannot say this: {0}")]
    Statement(#[from] passport::log::statement::StatementError),
    #[error("the log holds what it cannot: {0}")]
    Corrupt(&'static str),
    #[error("the witness {} saw {} entries of a log that is not this one: nothing is appended", .0.witness, .0.size)]
    Ahead(Ahead),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("no client for witnesses: {0}")]
    Client(reqwest::Error),
    /// Of one witness, for the log.
    #[error("{0}")]
    Witness(String),
    #[error("not found")]
    NotFound,
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
