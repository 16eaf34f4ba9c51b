//! The public log: every leaf of every item's record in one Merkle tree, signed, so that nobody is shown another history than anybody else.
//!
//! - Chains are written by `provenance`, which queues each leaf in the transaction that made it. The sequencer only orders: it takes
//!   what is queued, appends it to the tiles and signs the new tree, all in one transaction.
//! - One root for a size: checkpoints are insert-only by size, and a tile only grows. The database refuses both otherwise.
//! - The log's key is neither the master key nor a cooperative's: whoever holds the database cannot sign a tree. When it changes, both keys
//!   sign for a while, and every key that the log ever had stays known.
//! - What it says in its own name is in it too: every DID document and status list, and once a day which records are the newest.
//! - Others witness it: a checkpoint is served with their signatures, and nothing is appended while one of them saw a log that is not this one.
//! - The log's name is that of its first checkpoint, also when the service moves to another address: proofs outlive addresses.
pub mod http;
pub mod jobs;
pub mod lists;
mod model;
pub mod read;
pub mod statements;
mod store;
pub mod tips;
pub mod verify;
pub mod witnesses;

pub use model::{Error, LogKey};
pub use witnesses::Witnesses;

use passport::{
    Digest,
    log::{Checkpoint, Edge, NoteSigner, NoteVerifier},
};

use crate::{
    clock::Time,
    db::{Conn, Db, Tx},
};

/// As many leaves as one transaction appends: enough that a burst is signed for once, few enough that it is short.
const BATCH: i64 = 512;

/// The log that this program writes. Its tree is in the database; what is here is who signs it, and who watches.
#[derive(Clone, Debug)]
pub struct Log {
    signer: NoteSigner,
    /// While the key changes: it signs too.
    old: Option<NoteSigner>,
    /// Every key that the log has had, the one that it has now first.
    keys: Vec<NoteVerifier>,
    witnesses: Option<Witnesses>,
}

impl Log {
    /// Opens the log, or begins it under the name that the public address gives. Refuses one whose newest checkpoint is not by this key,
    /// or whose tiles do not have its root: a log that went on after that would have two histories.
    pub async fn open(db: &Db, now: Time, key: &LogKey, public_url: &str) -> Result<Self, Error> {
        let found = Self::found(&mut *db.conn().await?, key).await?;
        let log = match found {
            Some(log) => log,
            None => {
                let log = Self::of(key, &name(public_url))?;
                log.begin(db, now).await?;
                log
            }
        };
        let conn = &mut *db.conn().await?;
        // The old one first, where both are new to this database.
        for key in log.old.iter().chain([&log.signer]) {
            store::keep_key(conn, now, &key.verifier().to_string()).await?;
        }
        log.with_keys(conn).await
    }
    fn of(key: &LogKey, name: &str) -> Result<Self, Error> {
        let (signer, old) = (key.signer(name)?, key.old(name)?);
        let keys = [&signer].into_iter().chain(&old).map(|key| key.verifier().clone()).collect();
        Ok(Self { signer, old, keys, witnesses: None })
    }
    /// With those keys too that it had before.
    async fn with_keys(mut self, conn: &mut Conn) -> Result<Self, Error> {
        for key in store::keys(conn).await? {
            let key: NoteVerifier = key.parse()?;
            if !self.keys.contains(&key) {
                self.keys.push(key);
            }
        }
        Ok(self)
    }
    /// The log that is there, checked as for opening; begins none.
    pub async fn found(conn: &mut Conn, key: &LogKey) -> Result<Option<Self>, Error> {
        let Some(newest) = store::newest(conn).await? else { return Ok(None) };
        let log = Self::of(key, newest.origin()?)?;
        log.check(conn, &newest).await?;
        Ok(Some(log))
    }
    /// The same log, watched by those of a policy.
    pub fn watched(self, witnesses: Option<Witnesses>) -> Self {
        Self { witnesses, ..self }
    }
    pub fn witnesses(&self) -> Option<&Witnesses> {
        self.witnesses.as_ref()
    }
    /// Whose signatures to expect.
    pub fn verifier(&self) -> &NoteVerifier {
        self.signer.verifier()
    }
    /// Whose signatures there were ever, the present one first: who saved a checkpoint before the key changed verifies it still.
    pub fn verifiers(&self) -> &[NoteVerifier] {
        &self.keys
    }
    fn sign(&self, edge: &Edge) -> Result<(Digest, String), Error> {
        let (origin, root) = (self.verifier().name().to_owned(), edge.root());
        let note = self.signer.sign(&Checkpoint { origin, size: edge.size(), root }.text())?;
        let note = match &self.old {
            Some(old) => note.signed_too(old)?,
            None => note,
        };
        Ok((root, note.to_string()))
    }
    /// A log without entries has a checkpoint too: who watches it can begin there.
    async fn begin(&self, db: &Db, now: Time) -> Result<(), Error> {
        let (root, note) = self.sign(&Edge::default())?;
        Ok(db.transaction(async |tx| store::insert_checkpoint(tx, now, 0, &root, &note).await).await?)
    }
    async fn check(&self, conn: &mut Conn, newest: &store::Stored) -> Result<(), Error> {
        // Before the keys of earlier days are read: those may verify what they signed, and not go on signing.
        let signed = Checkpoint::verified_by(&newest.note, &self.keys)?;
        let edge = store::edge(conn, newest.size()).await?;
        let entries = store::next_index(conn).await?;
        if (signed.size, signed.root) != (edge.size(), edge.root()) || entries != newest.size {
            return Err(Error::Root { size: newest.size });
        }
        Ok(())
    }
    /// Appends what is queued, up to a batch of it; gives how many leaves that were. Another program that is appending just now makes it
    /// none. Refused while a witness is ahead.
    pub async fn append(&self, db: &Db, now: Time) -> Result<usize, Error> {
        if let Some(ahead) = self.witnesses.as_ref().and_then(Witnesses::ahead) {
            return Err(Error::Ahead(ahead));
        }
        // Asked twice a second, and mostly in vain: that is one statement and no transaction.
        if !store::is_waiting(&mut *db.conn().await?).await? {
            return Ok(0);
        }
        db.transaction(async |tx| {
            if !store::hold(tx).await? {
                return Ok(0);
            }
            let queued = store::queued(tx, BATCH).await?;
            if queued.is_empty() {
                return Ok(0);
            }
            let newest = store::newest(tx).await?.ok_or(Error::Unbegun)?;
            let mut hashes = queued.iter().map(store::Queued::hash).collect::<Result<Vec<_>, _>>()?;
            store::move_to_entries(tx, newest.size, &queued).await?;
            // A revocation and what the log says of it are in one tree: nobody sees one without the other.
            for statement in lists::changed(tx, now, newest.size, newest.size + hashes.len() as i64).await? {
                hashes.push(statements::enter(tx, now, newest.size + hashes.len() as i64, &statement).await?);
            }
            self.extend(tx, now, &newest, &hashes).await?;
            Ok(queued.len())
        })
        .await
    }
    /// Signs the tree with these entries behind those of `newest`; their rows are there already.
    async fn extend(&self, tx: &mut Tx, now: Time, newest: &store::Stored, hashes: &[Digest]) -> Result<(), Error> {
        let mut edge = store::edge(tx, newest.size()).await?;
        store::keep_tiles(tx, &edge.append(hashes)).await?;
        let (root, note) = self.sign(&edge)?;
        Ok(store::insert_checkpoint(tx, now, i64::try_from(edge.size()).unwrap_or(i64::MAX), &root, &note).await?)
    }
}

/// The public address without its scheme, and where the log is below it.
fn name(public_url: &str) -> String {
    let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    format!("{}/log", host.trim_end_matches('/'))
}
