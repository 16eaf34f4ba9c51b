//! Credentials as signed tokens, `application/vc+jwt` (VC-JOSE-COSE, section 3.1): the credential itself is the payload, as canonical
//! JSON; EdDSA over Ed25519 (RFC 8037, section 3.1), compact serialisation (RFC 7515, section 3.1).

use serde_json::{Value, json};

use super::{CredentialError, MAX_CREDENTIAL_BYTES, Signer, check_issuer, fits};
use crate::digest::{base64url, base64url_bytes};
use crate::jcs;

const TYPE: &str = "vc+jwt";

/// The token of a credential that has no proof of its own.
pub fn sign(credential: &Value, signer: &Signer) -> Result<String, CredentialError> {
    let header = json!({"alg": "EdDSA", "cty": "vc", "kid": signer.jwk_method(), "typ": TYPE});
    let input = format!("{}.{}", base64url(&jcs::canonical(&header)?), base64url(&jcs::canonical_decimal(credential)?));
    Ok(format!("{input}.{}", base64url(&signer.sign(input.as_bytes()))))
}

/// The credential in a token, if the key that it names made it and is the issuer's own. `key_of` is as for [`super::proof::verify`].
/// Any other algorithm or type is refused before a signature is looked at (RFC 8725, sections 3.1 and 3.11).
pub fn verify(token: &str, key_of: impl Fn(&str) -> Option<[u8; 32]>) -> Result<(Value, String), CredentialError> {
    let wrong = CredentialError::Shape("a token is three parts in base64url with points between");
    // Four letters are three bytes, and a header and a signature are small.
    if token.len() > MAX_CREDENTIAL_BYTES * 2 {
        return Err(wrong);
    }
    let (input, signature) = token.rsplit_once('.').ok_or(wrong.clone())?;
    let (header, payload) = input.split_once('.').ok_or(wrong.clone())?;
    let bytes = |part: &str| base64url_bytes(part).ok_or(wrong.clone());
    let header = jcs::parse(&bytes(header)?, MAX_CREDENTIAL_BYTES)?;
    if header["alg"] != "EdDSA" || header["typ"] != TYPE || header.get("crit").is_some() {
        return Err(CredentialError::Proof("the token's algorithm or type"));
    }
    let method = header["kid"].as_str().ok_or(CredentialError::Proof("the token names no key"))?.to_owned();
    let public = key_of(&method).ok_or_else(|| CredentialError::UnknownKey(method.clone()))?;
    if !fits(&public, input.as_bytes(), &bytes(signature)?) {
        return Err(CredentialError::Signature);
    }
    let credential = jcs::parse_decimal(&bytes(payload)?, MAX_CREDENTIAL_BYTES)?;
    check_issuer(&credential, &method)?;
    Ok((credential, method))
}
