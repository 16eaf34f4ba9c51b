//! Item records that anyone can verify: the format of Haat's public item events, and everything needed to write and check
//! them. No I/O, no clock, no randomness: bytes in, bytes out. The server writes with it, `haat verify` and third parties
//! check with it; `tests/independent/verify.py` checks the same bundles with software that is not ours.
//!
//! # The format in one page
//!
//! | piece | is | module |
//! |---|---|---|
//! | leaf | one event of one item as canonical JSON (RFC 8785), ≤ 65,535 bytes: `v` 1, `type`, `item` (an address that ends in the item's code), `seq` from 0, `prev`, `day`, `by` (a DID), `evidence`, `facts`, `sd`, `key` | [`leaf`], [`event`], [`facts`] |
//! | leaf hash | SHA-256(0x00 ‖ leaf) (RFC 6962, 2.1) | [`digest`] |
//! | chain | `prev` of each leaf is the hash of the one before it and absent at 0; days never go back; one item, one cooperative | [`chain`] |
//! | signature | Ed25519 (RFC 8032) over `"haat-leaf-v1\n" ‖ leaf`, beside the leaf | [`key`] |
//! | key id | SHA-256(`"haat-key-v1\n"` ‖ JCS([public, by, name])) | [`key`] |
//! | disclosure | base64url(JCS([salt, name, value])), its SHA-256 in the leaf's `sd` (RFC 9901, 4.2) | [`disclosure`] |
//! | codes | Crockford base 32 with a check character | [`code`] |
//! | phrase | four words for the first leaf's hash | [`mod@phrase`] |
//! | bundle | all of it in one file, and the verdict on it | [`bundle`], [`verdict`] |
//! | credential | the record as a passport that others' software reads, and who issues and revokes it | [`credential`] |
//! | log | a public tree over all records, so that none is changed or shown differently unseen | [`log`] |
//!
//! Binary values are base64url without padding (RFC 4648, section 5); every value has exactly one spelling. Numbers are
//! whole and within ±(2⁵³ − 1); fractions are decimal strings; absent facts are left out.
//!
//! # Invariants
//!
//! - A batch's chain begins with `created` and holds only `made` and `quality_check`; an item's begins with `minted`, which
//!   names the batch, the batch's newest leaf hash and the SHA-256 of the item's claim code.
//! - No personal data in a leaf: facts are an allow-list, people are behind salted digests, and deleting a person's
//!   [`SubjectKey`] and cleartext erases her from every record while every check still passes.
//! - Unknown fields, events and versions are refused. A leaf's bytes depend on nothing that is added later (log proofs,
//!   EPCIS events, credentials), so none of those ever changes a record.
//!
//! # What a valid bundle shows, and what not
//!
//! It shows that these records were signed by the holder of these keys in this order, unchanged since. It does not show
//! that they are true, that the keys are the cooperative's ([`verify_bundle_knowing`] does, given the ids), that a tag was not
//! copied, or that no newer record was left off; the [`Verdict`] says each of these where it applies.

pub mod bundle;
pub mod chain;
pub mod code;
pub mod credential;
pub mod digest;
pub mod disclosure;
pub mod event;
pub mod facts;
pub mod jcs;
pub mod key;
pub mod leaf;
pub mod log;
pub mod phrase;
pub mod values;
pub mod verdict;

pub use bundle::{Bundle, History};
pub use chain::{ChainError, verify_chain};
pub use code::{ClaimCode, CodeError, ItemCode};
pub use digest::Digest;
pub use disclosure::{Disclosure, SubjectKey};
pub use event::{ChainKind, Event, EventType, Evidence};
pub use key::{KeySet, PublicKey, Signature, SigningKey};
pub use leaf::{Draft, Leaf, LeafError, SignedLeaf, Tip};
pub use phrase::phrase;
pub use values::{Country, Day, Did, EventId, FieldName, ItemUri, Share, Text, ValueError};
pub use verdict::{Known, Outcome, Step, Verdict, verify_bundle, verify_bundle_knowing};
