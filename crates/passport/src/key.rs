//! Ed25519 keys of cooperatives, and signatures over leaves (RFC 8032, section 5.1, pure Ed25519).
//!
//! What is signed is `"haat-leaf-v1\n" ‖ leaf bytes`: the prefix keeps a leaf's signature from ever standing for anything
//! else. A key's id is a digest over its public half, its owner's DID and its name, and every leaf holds the id of its
//! key; so a leaf's signature also covers who its key says it belongs to. It does not prove that this is true: compare
//! the id with one that the cooperative publishes.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, VerifyingKey};
use serde_json::json;

use crate::digest::{Digest, NotBase64Url, base64url, from_base64url};
use crate::jcs;
use crate::leaf::Leaf;
use crate::values::{Did, Text};

/// Put before the bytes of a leaf when it is signed.
pub const LEAF_CONTEXT: &[u8] = b"haat-leaf-v1\n";

/// Why a key or a signature is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("these 32 bytes are not a usable Ed25519 public key")]
    NotAPoint,
    #[error("the key says its id is {stated}, but its contents have the id {computed}")]
    WrongId { stated: Digest, computed: Digest },
    #[error("the key {id} is listed twice")]
    Twice { id: Digest },
    #[error("the leaf names the key {named} of {by}, not this one")]
    NotItsKey { named: Digest, by: Did },
    #[error("the signature does not fit the leaf")]
    Signature,
}

/// An Ed25519 signature, 64 bytes; written as 86 characters of base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&base64url(&self.0))
    }
}

impl std::str::FromStr for Signature {
    type Err = NotBase64Url;

    fn from_str(text: &str) -> Result<Self, NotBase64Url> {
        from_base64url(text).map(Self)
    }
}

/// The public half of a cooperative's key: enough to check what it signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: Digest,
    point: VerifyingKey,
    by: Did,
    name: Text,
}

impl PublicKey {
    /// Refuses bytes that are no curve point and the few weak points that fit many messages.
    pub fn new(public: [u8; 32], by: Did, name: Text) -> Result<Self, KeyError> {
        let point = VerifyingKey::from_bytes(&public).map_err(|_| KeyError::NotAPoint)?;
        if point.is_weak() {
            return Err(KeyError::NotAPoint);
        }
        Ok(Self { id: key_id(&public, &by, &name), point, by, name })
    }

    /// SHA-256 of `"haat-key-v1\n" ‖ JCS([public key in base64url, by, name])`.
    pub fn id(&self) -> Digest {
        self.id
    }

    /// The 32 bytes of the point (RFC 8032, section 5.1.2).
    pub fn public(&self) -> &[u8; 32] {
        self.point.as_bytes()
    }

    /// Whose key it says it is.
    pub fn by(&self) -> &Did {
        &self.by
    }

    /// Under which name its owner signs.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// Whether this key made the signature over this leaf, and the leaf names this key and its owner. Strict: one
    /// signature has one encoding, and small-order points are refused.
    pub fn verify(&self, leaf: &Leaf, signature: &Signature) -> Result<(), KeyError> {
        if leaf.key() != self.id || leaf.by() != &self.by {
            return Err(KeyError::NotItsKey { named: leaf.key(), by: leaf.by().clone() });
        }
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.point.verify_strict(&signed_bytes(leaf), &signature).map_err(|_| KeyError::Signature)
    }
}

fn key_id(public: &[u8; 32], by: &Did, name: &Text) -> Digest {
    let content = jcs::canonical(&json!([base64url(public), by, name])).expect("three strings have canonical bytes");
    Digest::of(&[b"haat-key-v1\n", content.as_slice()].concat())
}

fn signed_bytes(leaf: &Leaf) -> Vec<u8> {
    [LEAF_CONTEXT, leaf.bytes()].concat()
}

/// The secret half. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct SigningKey {
    secret: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// From 32 secret random bytes (the seed of RFC 8032, section 5.1.5), whose key it is and the name to sign under.
    pub fn from_seed(seed: &[u8; 32], by: Did, name: Text) -> Self {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = PublicKey::new(secret.verifying_key().to_bytes(), by, name).expect("clamping keeps a seed off the weak points");
        Self { secret, public }
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn secret(&self) -> &ed25519_dalek::SigningKey {
        &self.secret
    }

    /// Signs a leaf that names this key; any other is refused.
    pub fn sign(&self, leaf: &Leaf) -> Result<Signature, KeyError> {
        if leaf.key() != self.public.id || leaf.by() != &self.public.by {
            return Err(KeyError::NotItsKey { named: leaf.key(), by: leaf.by().clone() });
        }
        Ok(Signature(self.secret.sign(&signed_bytes(leaf)).to_bytes()))
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The keys that a chain may be signed with, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet(BTreeMap<[u8; 32], PublicKey>);

impl KeySet {
    pub fn insert(&mut self, key: PublicKey) -> Result<(), KeyError> {
        match self.0.insert(*key.id.as_bytes(), key) {
            Some(known) => Err(KeyError::Twice { id: known.id }),
            None => Ok(()),
        }
    }

    pub fn get(&self, id: &Digest) -> Option<&PublicKey> {
        self.0.get(id.as_bytes())
    }

    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> [u8; 32] {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        std::array::from_fn(|i| byte(2 * i))
    }

    fn owner() -> (Did, Text) {
        ("did:web:example.org:coop:kala".parse().unwrap(), "Kala Weavers".parse().unwrap())
    }

    /// RFC 8032, section 7.1, test 1: the public key of a known seed.
    #[test]
    fn rfc_8032_public_key() {
        let (by, name) = owner();
        let key = SigningKey::from_seed(&hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"), by, name);
        assert_eq!(key.public().public(), &hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
        assert!(!format!("{key:?}").contains("9d61"));
    }

    #[test]
    fn an_id_covers_key_owner_and_name() {
        let (by, name) = owner();
        let public = *SigningKey::from_seed(&[1; 32], by.clone(), name.clone()).public().public();
        let id = PublicKey::new(public, by.clone(), name.clone()).unwrap().id();
        let other_name = PublicKey::new(public, by.clone(), "Kala weavers".parse().unwrap()).unwrap().id();
        let other_owner = PublicKey::new(public, "did:web:example.org:coop:other".parse().unwrap(), name.clone()).unwrap().id();
        let other_key = SigningKey::from_seed(&[2; 32], by, name).public().id();
        assert!(id != other_name && id != other_owner && id != other_key);
    }

    #[test]
    fn weak_points_are_refused() {
        let (by, name) = owner();
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::new(identity, by, name), Err(KeyError::NotAPoint));
    }

    #[test]
    fn a_key_is_listed_once() {
        let (by, name) = owner();
        let key = SigningKey::from_seed(&[1; 32], by, name).public().clone();
        let mut keys = KeySet::default();
        assert_eq!(keys.insert(key.clone()), Ok(()));
        assert_eq!(keys.insert(key.clone()), Err(KeyError::Twice { id: key.id() }));
        assert_eq!(keys.get(&key.id()), Some(&key));
    }
}
