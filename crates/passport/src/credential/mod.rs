//! Verifiable credentials: what the world's other software reads of an item. No I/O, as everywhere in this crate.
//!
//! | piece | is | standard | module |
//! |---|---|---|---|
//! | passport | an item's record as a Digital Product Passport | UNTP DPP 0.7.0; VC Data Model 2.0 | [`untp`] |
//! | proof | the signature inside the JSON, `eddsa-jcs-2022` | VC Data Integrity EdDSA Cryptosuites 1.0, 3.3 | [`proof`] |
//! | token | the same credential as `application/vc+jwt` | VC-JOSE-COSE, 3.1; RFC 7515; RFC 8037 | [`jwt`] |
//! | did document | whose keys these are | DID Core 1.0; did:web; Controlled Identifiers 1.0, 2.2 | [`did`] |
//! | status list | which passports were revoked, a bit each | Bitstring Status List 1.0 | [`bitstring`] |
//! | multibase | how keys and signatures are written | Controlled Identifiers 1.0, 2.4 | [`multibase`] |
//!
//! A credential is a pure function of records, of what their people agree to show, and of a key: Ed25519 has one signature for a
//! message (RFC 8032, 5.1.6) and every time in it is a day of the record, so the same record gives the same bytes whenever it is
//! asked for, and none has to be kept.

pub mod bitstring;
pub mod did;
pub mod jwt;
pub mod multibase;
pub mod proof;
pub mod untp;

use ed25519_dalek::{Signer as _, VerifyingKey};

use crate::jcs;
use crate::key::SigningKey;
use crate::values::Did;

/// Largest credential that is read, in bytes: a passport has some 4,000, a status list without luck 25,000.
pub const MAX_CREDENTIAL_BYTES: usize = 1024 * 1024;
/// The one context that every credential of the second data model begins with (VC Data Model 2.0, 4.3).
pub const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";

/// Why a credential is not made, or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    #[error("not strict JSON: {0}")]
    Json(#[from] jcs::Error),
    #[error("not a credential: {0}")]
    Shape(&'static str),
    #[error("the proof is not one that is known here: {0}")]
    Proof(&'static str),
    #[error("{0} is not a key that this issuer asserts with")]
    UnknownKey(String),
    #[error("the key {method} is not the issuer's, {issuer}")]
    OtherIssuer { method: String, issuer: String },
    #[error("the signature does not fit")]
    Signature,
    #[error("the record has no {0}")]
    Record(&'static str),
}

/// Who signs credentials: a key under a DID. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct Signer {
    did: Did,
    fragment: String,
    secret: ed25519_dalek::SigningKey,
}

impl Signer {
    /// From whose it is, what it is called in the DID document, and 32 secret random bytes (the seed of RFC 8032, 5.1.5).
    pub fn from_seed(did: Did, fragment: &str, seed: &[u8; 32]) -> Self {
        Self { did, fragment: fragment.to_owned(), secret: ed25519_dalek::SigningKey::from_bytes(seed) }
    }

    /// The key that a cooperative signs its records with, under its id there.
    pub fn of(key: &SigningKey) -> Self {
        Self { did: key.public().by().clone(), fragment: key.public().id().to_string(), secret: key.secret().clone() }
    }

    pub fn did(&self) -> &Did {
        &self.did
    }

    /// What it is called in the DID document, without the `#`.
    pub fn fragment(&self) -> &str {
        &self.fragment
    }

    /// The 32 bytes of the point (RFC 8032, 5.1.2).
    pub fn public(&self) -> [u8; 32] {
        self.secret.verifying_key().to_bytes()
    }

    /// The verification method that has the key as a Multikey: what an embedded proof names.
    pub fn method(&self) -> String {
        format!("{}#{}", self.did, self.fragment)
    }

    /// The one that has it as a JSON Web Key: what a token names.
    pub fn jwk_method(&self) -> String {
        format!("{}{}", self.method(), did::JWK)
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("method", &self.method()).finish_non_exhaustive()
    }
}

/// Strict, as for records: one signature has one encoding, and points of small order are refused.
fn fits(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(point), Ok(signature)) = (VerifyingKey::from_bytes(public), <[u8; 64]>::try_from(signature)) else { return false };
    !point.is_weak() && point.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&signature)).is_ok()
}

/// That the method is one of the issuer's own: a good signature by anybody else says nothing.
fn check_issuer(credential: &serde_json::Value, method: &str) -> Result<(), CredentialError> {
    let issuer = &credential["issuer"];
    let issuer = issuer.as_str().or_else(|| issuer["id"].as_str()).ok_or(CredentialError::Shape("it names no issuer"))?;
    match method.split_once('#') {
        Some((did, _)) if did == issuer => Ok(()),
        _ => Err(CredentialError::OtherIssuer { method: method.to_owned(), issuer: issuer.to_owned() }),
    }
}
