//! Cosignatures (C2SP tlog-cosignature, the Ed25519 kind): a witness says when it saw a checkpoint, and that it fits all that it saw before.
//!
//! What is signed is `"cosignature/v1\ntime " ‖ seconds ‖ "\n" ‖ the note's text`; the line under the note holds the key's id, the
//! time as 8 bytes, and the signature.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signer as _, VerifyingKey};

use super::note::{Note, NoteError, NoteSignature, checked_name, key_id, key_text, parse_key, usable};

/// The type byte of Ed25519 cosignatures in a key's id and in its text.
const COSIGNATURE_V1: u8 = 4;

/// The public half of a witness's key; its text is `name+hash+base64(0x04 ‖ key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    point: VerifyingKey,
}

impl WitnessKey {
    /// Refuses what [`super::NoteVerifier::new`] refuses.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        Ok(Self { name: checked_name(name)?, point: usable(&public)? })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn public(&self) -> &[u8; 32] {
        self.point.as_bytes()
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x04 ‖ public key).
    pub fn id(&self) -> u32 {
        key_id(&self.name, COSIGNATURE_V1, self.public())
    }

    /// When this witness cosigned the note, in seconds since 1970: the newest of its lines. One that does not fit refuses the note.
    pub fn cosigned(&self, note: &Note) -> Result<u64, NoteError> {
        let times = note.signatures().iter().filter(|line| self.is_of(line)).map(|line| self.time(note.unverified(), line));
        times.collect::<Result<Vec<_>, _>>()?.into_iter().max().ok_or_else(|| NoteError::Unsigned(self.name.clone()))
    }

    /// Whether the line says that it is by this key.
    pub fn is_of(&self, line: &NoteSignature) -> bool {
        line.name == self.name && line.id == self.id()
    }

    /// The time in a line that fits the text.
    pub fn time(&self, text: &str, line: &NoteSignature) -> Result<u64, NoteError> {
        let wrong = || NoteError::Signature(self.name.clone());
        let (time, signature) = line.signature.split_first_chunk::<8>().ok_or_else(wrong)?;
        let time = Some(u64::from_be_bytes(*time)).filter(|time| i64::try_from(*time).is_ok()).ok_or_else(wrong)?;
        let signature = <[u8; 64]>::try_from(signature).map_err(|_| wrong())?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature);
        self.point.verify_strict(message(text, time).as_bytes(), &signature).map_err(|_| wrong())?;
        Ok(time)
    }
}

fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key_text(&self.name, COSIGNATURE_V1, self.public()))
    }
}

impl FromStr for WitnessKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (name, public) = parse_key(text, COSIGNATURE_V1)?;
        Self::new(&name, public)
    }
}

/// The secret half. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct WitnessSigner {
    secret: ed25519_dalek::SigningKey,
    key: WitnessKey,
}

impl WitnessSigner {
    /// From a name and 32 secret random bytes (the seed of RFC 8032, section 5.1.5). The key is for cosigning only.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let key = WitnessKey::new(name, secret.verifying_key().to_bytes())?;
        Ok(Self { secret, key })
    }

    pub fn key(&self) -> &WitnessKey {
        &self.key
    }

    /// The line that goes under the note with this text. `time` is in seconds since 1970.
    pub fn cosign(&self, text: &str, time: u64) -> NoteSignature {
        let signature = self.secret.sign(message(text, time).as_bytes()).to_bytes();
        NoteSignature { name: self.key.name.clone(), id: self.key.id(), signature: [&time.to_be_bytes(), signature.as_slice()].concat() }
    }
}

impl fmt::Debug for WitnessSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WitnessSigner").field("key", &self.key).finish_non_exhaustive()
    }
}
