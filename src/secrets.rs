//! Secrets: made from 256 random bits, kept as hashes, derived when they must be shown again, sealed when they must be read again.
//!
//! No row, job or stored answer holds a secret in the clear.
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::{Digest, Sha256};

/// Fresh bytes from the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness, or nothing here is safe");
    bytes
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// 32 bytes from 64 hexadecimal digits, as keys are written in settings.
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A bearer secret on its way to its owner: the only time it is in the clear.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// `prefix` says what it is when it turns up somewhere it should not.
    pub fn random(prefix: &str) -> Self {
        Self(format!("{prefix}_{}", BASE64_URL_SAFE_NO_PAD.encode(random::<32>())))
    }
    /// What the database keeps.
    pub fn hash(&self) -> Vec<u8> {
        sha256(self.0.as_bytes()).to_vec()
    }
    pub fn parse(text: &str) -> Self {
        Self(text.to_owned())
    }
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes do not open: another master key, or they were changed")]
pub struct Unsealed;

/// `HAAT_MASTER_KEY`: wraps signing, subject and payout-detail keys, and derives the tokens that are shown more than once.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    /// 32 bytes as 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }
    /// One key per purpose, so that none can stand in for another.
    fn derive(&self, purpose: &str) -> [u8; 32] {
        hmac(&self.0, &[b"haat-key-v1\n", purpose.as_bytes()])
    }
    /// The seed of the key that the platform itself signs for one purpose with: kept nowhere, made from this one each time.
    pub fn signing_seed(&self, purpose: &str) -> [u8; 32] {
        self.derive(&format!("signing/{purpose}"))
    }
    /// HMAC(key, purpose ‖ id ‖ generation): a token that is derived each time it is sent, and dies when the generation moves on.
    pub fn token(&self, purpose: &str, id: uuid::Uuid, generation: i32) -> Token {
        let tag = hmac(&self.derive("tokens"), &[purpose.as_bytes(), b"\n", id.as_bytes(), &generation.to_be_bytes()]);
        Token(format!("{purpose}_{}", BASE64_URL_SAFE_NO_PAD.encode(tag)))
    }
    /// Compares in constant time.
    pub fn token_matches(&self, given: &str, purpose: &str, id: uuid::Uuid, generation: i32) -> bool {
        same(self.token(purpose, id, generation).0.as_bytes(), given.as_bytes())
    }
    /// XChaCha20-Poly1305 under a random nonce; `context` (table and id) is authenticated, so that a row cannot be moved.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let nonce = random::<24>();
        let cipher = XChaCha20Poly1305::new(&self.derive("seal").into());
        let sealed = cipher.encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: context.as_bytes() });
        let mut out = nonce.to_vec();
        out.extend(sealed.expect("the plain text is far below the cipher's limit"));
        out
    }
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, Unsealed> {
        let (nonce, body) = sealed.split_at_checked(24).ok_or(Unsealed)?;
        let cipher = XChaCha20Poly1305::new(&self.derive("seal").into());
        cipher.decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: context.as_bytes() }).map_err(|_| Unsealed)
    }
}
impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256>>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Constant time in the length of what is expected.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn sealed_bytes_open_only_in_their_place() {
        let key = MasterKey::new([7; 32]);
        let sealed = key.seal("a/1", b"account 42");
        assert_eq!(key.open("a/1", &sealed).unwrap(), b"account 42");
        assert_eq!(key.open("a/2", &sealed), Err(Unsealed));
        assert_eq!(MasterKey::new([8; 32]).open("a/1", &sealed), Err(Unsealed));
        assert!(!sealed.windows(7).any(|w| w == b"account"));
    }
    #[test]
    fn a_token_dies_with_its_generation() {
        let (key, id) = (MasterKey::new([7; 32]), uuid::Uuid::nil());
        let token = key.token("order", id, 1);
        assert!(key.token_matches(token.reveal(), "order", id, 1));
        assert!(!key.token_matches(token.reveal(), "order", id, 2));
        assert!(!key.token_matches(token.reveal(), "reset", id, 1));
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        let key = MasterKey::new([0xab; 32]);
        assert_eq!(MasterKey::parse(&key.to_hex()).unwrap().0, key.0);
        assert!(MasterKey::parse("abc").is_none());
    }
}
