//! The public log: what it takes to write one and to check one, without I/O.
//!
//! | piece | is | standard | module |
//! |---|---|---|---|
//! | tree | SHA-256 Merkle tree over leaf hashes; proofs of inclusion and of consistency | RFC 6962, 2.1; RFC 9162, 2.1.3 and 2.1.4 | [`tree`] |
//! | tile | 256 hashes of one level in one file; entries in bundles of 256 | C2SP tlog-tiles | [`tile`] |
//! | note | a text and who signed it | C2SP signed-note | [`note`] |
//! | checkpoint | origin, size and root of the tree, as a note | C2SP tlog-checkpoint | [`checkpoint`] |
//! | cosignature | a witness's word, with its time, that it saw this tree and no other of this size | C2SP tlog-cosignature | [`cosignature`] |
//! | witness | what a witness is asked, and when it refuses | C2SP tlog-witness | [`witness`] |
//! | policy | which logs and witnesses are believed, and how many are enough | C2SP tlog-policy | [`policy`] |
//! | logged | the proofs that a bundle carries for its records | ours | [`logged`] |
//! | statement | what the log says in its own name: DID documents, status lists, and which records are the newest | ours | [`statement`] |
//! | replay | a whole log read again: its root, and whether its records keep their rules | ours | [`replay`] |
//! | proof | index, hashes and checkpoint in one text, checked offline | C2SP tlog-proof | [`proof`] |
//!
//! An entry is the bytes of a record (or of a statement), so its hash in the tree is the very hash that its item's chain links to. Binary
//! values are standard base64 with padding here (RFC 4648, section 4), as these formats have it; records use base64url.

pub mod checkpoint;
pub mod cosignature;
pub mod logged;
pub mod note;
pub mod policy;
pub mod proof;
pub mod replay;
pub mod statement;
pub mod tile;
pub mod tree;
pub mod witness;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::{WitnessKey, WitnessSigner};
pub use logged::{Counted, Entry, Logged, Place};
pub use note::{Note, NoteError, NoteSignature, NoteSigner, NoteVerifier};
pub use policy::{Policy, PolicyError};
pub use proof::{Proof, ProofError};
pub use replay::{Finding, Replay};
pub use statement::{Statement, TipTree, tip_hash};
pub use tile::{Edge, Tile, Tiles};
pub use tree::{Node, verify_consistency, verify_inclusion};
pub use witness::{AddCheckpoint, Refusal};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digest::Digest;

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn hash_from_base64(text: &str) -> Option<Digest> {
    from_base64(text)?.try_into().ok().map(Digest::from_bytes)
}

/// A decimal without sign or leading zeros: one number, one spelling.
fn decimal(text: &str) -> Option<u64> {
    let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    if plain { text.parse().ok() } else { None }
}
