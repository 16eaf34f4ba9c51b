//! Embedded proofs, cryptosuite `eddsa-jcs-2022` (VC Data Integrity EdDSA Cryptosuites 1.0, section 3.3).
//!
//! What is signed is SHA-256(JCS(proof without its value)) ‖ SHA-256(JCS(document without its proof)). The W3C's own example
//! (appendix B.2) is reproduced in this crate's tests.

use serde_json::{Map, Value, json};

use super::multibase::{base58, from_base58};
use super::{CredentialError, Signer, check_issuer, fits};
use crate::digest::Digest;
use crate::jcs;

const SUITE: &str = "eddsa-jcs-2022";

/// The document with a proof of `signer`, made at `created` (an RFC 3339 time in UTC, to the second). Refuses one that has a proof
/// already, and whatever [`jcs::canonical_decimal`] refuses.
pub fn sign(document: &Value, signer: &Signer, created: &str) -> Result<Value, CredentialError> {
    let members = document.as_object().filter(|members| !members.contains_key("proof")).ok_or(CredentialError::Shape("it has a proof already"))?;
    let mut proof = options(document, signer.method(), created)?;
    let message = message(&proof, members)?;
    proof.insert("proofValue".to_owned(), json!(base58(&signer.sign(&message))));
    let mut secured = members.clone();
    secured.insert("proof".to_owned(), Value::Object(proof));
    Ok(Value::Object(secured))
}

/// Section 3.3.1, step 2, and 3.3.5: the document's context is part of the proof's.
fn options(document: &Value, method: String, created: &str) -> Result<Map<String, Value>, CredentialError> {
    let options = json!({"type": "DataIntegrityProof", "cryptosuite": SUITE, "created": created, "verificationMethod": method,
        "proofPurpose": "assertionMethod", "@context": document["@context"]});
    match options {
        Value::Object(options) if options["@context"].is_array() => Ok(options),
        _ => Err(CredentialError::Shape("it has no list of contexts")),
    }
}

/// Section 3.3.4.
fn message(options: &Map<String, Value>, document: &Map<String, Value>) -> Result<[u8; 64], CredentialError> {
    let mut message = [0; 64];
    for (half, members) in message.chunks_mut(32).zip([options, document]) {
        half.copy_from_slice(Digest::of(&jcs::canonical_decimal(&Value::Object(members.clone()))?).as_bytes());
    }
    Ok(message)
}

/// Who made a proof, and when they say they did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The verification method: a DID, `#`, and a key's name.
    pub method: String,
    pub created: Option<String>,
}

/// Whether the proof in the document fits it (section 3.3.2). `key_of` gives the key behind a verification method that may assert, such
/// as [`super::did::key`]. Whose document it is, is not looked at: [`verify_credential`] does that too.
pub fn verify(document: &Value, key_of: impl Fn(&str) -> Option<[u8; 32]>) -> Result<Proven, CredentialError> {
    let mut members = document.as_object().ok_or(CredentialError::Shape("it is no object"))?.clone();
    let Some(Value::Object(mut proof)) = members.remove("proof") else {
        return Err(CredentialError::Proof("there is not exactly one"));
    };
    let is = |member: &str, value: &str| proof.get(member).and_then(Value::as_str) == Some(value);
    if !is("type", "DataIntegrityProof") || !is("cryptosuite", SUITE) || !is("proofPurpose", "assertionMethod") {
        return Err(CredentialError::Proof("its type, cryptosuite or purpose"));
    }
    let Some(Value::String(value)) = proof.remove("proofValue") else {
        return Err(CredentialError::Proof("it has no value"));
    };
    let signature = from_base58(&value).ok_or(CredentialError::Proof("its value is not base58"))?;
    // Section 3.3.2, step 4: the proof's contexts are the first of the document's.
    if let Some(contexts) = proof.get("@context") {
        let (Some(inner), Some(outer)) = (contexts.as_array(), members.get("@context").and_then(Value::as_array)) else {
            return Err(CredentialError::Proof("its context"));
        };
        if !outer.starts_with(inner) {
            return Err(CredentialError::Proof("its context"));
        }
        members.insert("@context".to_owned(), contexts.clone());
    }
    let method = proof.get("verificationMethod").and_then(Value::as_str).ok_or(CredentialError::Proof("it names no key"))?.to_owned();
    let public = key_of(&method).ok_or_else(|| CredentialError::UnknownKey(method.clone()))?;
    if !fits(&public, &message(&proof, &members)?, &signature) {
        return Err(CredentialError::Signature);
    }
    Ok(Proven { method, created: proof.get("created").and_then(Value::as_str).map(ToOwned::to_owned) })
}

/// Like [`verify`], for a credential as bytes, and the key must be the issuer's own.
pub fn verify_credential(bytes: &[u8], key_of: impl Fn(&str) -> Option<[u8; 32]>) -> Result<(Value, Proven), CredentialError> {
    let document = jcs::parse_decimal(bytes, super::MAX_CREDENTIAL_BYTES)?;
    let proven = verify(&document, key_of)?;
    check_issuer(&document, &proven.method)?;
    Ok((document, proven))
}
