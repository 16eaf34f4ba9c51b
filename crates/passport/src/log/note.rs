//! Signed notes (C2SP signed-note): a text, a blank line, and a line per signature. Ed25519 only, which is what public
//! logs must have.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signer as _, VerifyingKey};

use super::{base64, from_base64};
use crate::digest::Digest;

/// The type byte of Ed25519 in a key's id and in its text.
const ED25519: u8 = 1;
/// Longest note that is read: a checkpoint with a hundred cosignatures fits.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;

/// Why a note or a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("not a signed note: {0}")]
    Shape(&'static str),
    #[error("not a verifier key: expected name+8 hexadecimal digits+base64")]
    Key,
    #[error("a key's name is not empty and has neither spaces nor plus signs: {0:?}")]
    Name(String),
    #[error("no signature by {0}")]
    Unsigned(String),
    #[error("the signature by {0} does not fit the text")]
    Signature(String),
}

/// The public half of a key that signs notes; its text is `name+hash+base64(type ‖ key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    point: VerifyingKey,
}

impl NoteVerifier {
    /// Refuses bytes that are no curve point and the few weak points that fit many messages.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        Ok(Self { name: checked_name(name)?, point: usable(&public)? })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn public(&self) -> &[u8; 32] {
        self.point.as_bytes()
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key): a label, not a proof.
    pub fn id(&self) -> u32 {
        key_id(&self.name, ED25519, self.public())
    }

    /// Whether `signature` is this key's over `text`. Strict, as for records.
    fn fits(&self, text: &str, signature: &[u8]) -> bool {
        let Ok(bytes) = <[u8; 64]>::try_from(signature) else {
            return false;
        };
        self.point.verify_strict(text.as_bytes(), &ed25519_dalek::Signature::from_bytes(&bytes)).is_ok()
    }
}

impl fmt::Display for NoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key_text(&self.name, ED25519, self.public()))
    }
}

impl FromStr for NoteVerifier {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (name, public) = parse_key(text, ED25519)?;
        Self::new(&name, public)
    }
}

/// A name that a signature line can hold.
pub(super) fn checked_name(name: &str) -> Result<String, NoteError> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control()) {
        return Err(NoteError::Name(name.to_owned()));
    }
    Ok(name.to_owned())
}

/// No weak point: one fits many messages.
pub(super) fn usable(public: &[u8; 32]) -> Result<VerifyingKey, NoteError> {
    VerifyingKey::from_bytes(public).ok().filter(|point| !point.is_weak()).ok_or(NoteError::Key)
}

/// The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key).
pub(super) fn key_id(name: &str, kind: u8, public: &[u8; 32]) -> u32 {
    let hash = *Digest::of(&[name.as_bytes(), &[b'\n', kind], public].concat()).as_bytes();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// `name+hash+base64(type ‖ key)`.
pub(super) fn key_text(name: &str, kind: u8, public: &[u8; 32]) -> String {
    format!("{name}+{:08x}+{}", key_id(name, kind, public), base64(&[&[kind], public.as_slice()].concat()))
}

/// What [`key_text`] wrote, and nothing else.
pub(super) fn parse_key(text: &str, kind: u8) -> Result<(String, [u8; 32]), NoteError> {
    // Base64 may hold plus signs, so only the first two divide.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::Key);
    };
    let key = from_base64(key).ok_or(NoteError::Key)?;
    let (found, public) = key.split_first().ok_or(NoteError::Key)?;
    let public = <[u8; 32]>::try_from(public).map_err(|_| NoteError::Key)?;
    // The id is computed, so a wrong one shows as another spelling.
    if *found == kind && key_text(name, kind, &public) == text { Ok((name.to_owned(), public)) } else { Err(NoteError::Key) }
}

/// The secret half. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct NoteSigner {
    secret: ed25519_dalek::SigningKey,
    verifier: NoteVerifier,
}

impl NoteSigner {
    /// From a name and 32 secret random bytes (the seed of RFC 8032, section 5.1.5).
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = NoteVerifier::new(name, secret.verifying_key().to_bytes())?;
        Ok(Self { secret, verifier })
    }

    pub fn verifier(&self) -> &NoteVerifier {
        &self.verifier
    }

    /// The note of this text with this key's signature. The text must end a line, and hold nothing that a note may not.
    pub fn sign(&self, text: &str) -> Result<Note, NoteError> {
        check_text(text)?;
        let signature = self.secret.sign(text.as_bytes()).to_bytes().to_vec();
        let line = NoteSignature { name: self.verifier.name.clone(), id: self.verifier.id(), signature };
        Ok(Note { text: text.to_owned(), signatures: vec![line] })
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteSigner").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// One line under a note; whose it is, is not known until it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    pub name: String,
    pub id: u32,
    pub signature: Vec<u8>,
}

/// The line as it stands under a note, without its end.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "— {} {}", self.name, base64(&[&self.id.to_be_bytes(), self.signature.as_slice()].concat()))
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        parse_signature(line)
    }
}

/// A text and its signatures. Nothing in it is to be believed before [`Note::verified_by`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    pub fn parse(note: &str) -> Result<Note, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Shape("it is longer than 64 KiB"));
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Shape("no blank line before the signatures"))?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Shape("it does not end a line"))?;
        let signatures = lines.split('\n').map(parse_signature).collect::<Result<_, _>>()?;
        Ok(Note { text: text.to_owned(), signatures })
    }

    /// The text, if this key signed it. A signature under its name and id that does not fit refuses the whole note.
    pub fn verified_by(&self, key: &NoteVerifier) -> Result<&str, NoteError> {
        let mut lines = self.signatures.iter().filter(|line| line.name == key.name && line.id == key.id()).peekable();
        if lines.peek().is_none() {
            return Err(NoteError::Unsigned(key.name.clone()));
        }
        if lines.all(|line| key.fits(&self.text, &line.signature)) { Ok(&self.text) } else { Err(NoteError::Signature(key.name.clone())) }
    }

    /// The same note with another's signature under it: while a log changes its key, the old one signs too.
    pub fn signed_too(mut self, signer: &NoteSigner) -> Result<Note, NoteError> {
        self.signatures.extend(signer.sign(&self.text)?.signatures);
        Ok(self)
    }

    /// What it says, unverified: for showing, and for telling which key would be needed.
    pub fn unverified(&self) -> &str {
        &self.text
    }

    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Shape("the text does not end a line"));
    }
    if text.bytes().any(|b| b < b' ' && b != b'\n') {
        return Err(NoteError::Shape("the text has a control character"));
    }
    Ok(())
}

fn parse_signature(line: &str) -> Result<NoteSignature, NoteError> {
    let wrong = NoteError::Shape("a signature line is: em dash, name, base64");
    let (name, encoded) = line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(wrong.clone())?;
    let bytes = from_base64(encoded).ok_or(wrong.clone())?;
    let (id, signature) = bytes.split_first_chunk::<4>().filter(|(_, signature)| !signature.is_empty()).ok_or(wrong.clone())?;
    let name = checked_name(name).map_err(|_| wrong)?;
    Ok(NoteSignature { name, id: u32::from_be_bytes(*id), signature: signature.to_vec() })
}
