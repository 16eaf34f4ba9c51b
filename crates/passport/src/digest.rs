//! SHA-256 digests and how they are written: base64url without padding (RFC 4648, section 5), 43 characters.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Text that should have been unpadded base64url of so many bytes, and is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {bytes} bytes as base64url without padding")]
pub struct NotBase64Url {
    pub bytes: usize,
}

/// 32 bytes of SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// SHA-256 of the bytes as they are.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Hash of a leaf: SHA-256 over 0x00 and its bytes (RFC 6962, section 2.1), so that the very same hash is the item's
    /// link to its next record and the leaf hash in a log tree. The 0x00 keeps a leaf from passing for an inner node.
    pub fn of_leaf(bytes: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&base64url(&self.0))
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl std::str::FromStr for Digest {
    type Err = NotBase64Url;

    fn from_str(text: &str) -> Result<Self, NotBase64Url> {
        from_base64url(text).map(Self)
    }
}

impl TryFrom<String> for Digest {
    type Error = NotBase64Url;

    fn try_from(text: String) -> Result<Self, NotBase64Url> {
        text.parse()
    }
}

/// Unpadded base64url, the only binary encoding in a record.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Exactly `N` bytes; padding and stray trailing bits are refused, so that each value has one spelling.
pub(crate) fn from_base64url<const N: usize>(text: &str) -> Result<[u8; N], NotBase64Url> {
    let bytes = base64url_bytes(text).ok_or(NotBase64Url { bytes: N })?;
    bytes.try_into().map_err(|_| NotBase64Url { bytes: N })
}

/// Any number of bytes, as strictly.
pub(crate) fn base64url_bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// FIPS 180-4 examples, and RFC 6962's hash of the empty leaf.
    #[test]
    fn known_hashes() {
        assert_eq!(hex(Digest::of(b"abc").as_bytes()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hex(Digest::of_leaf(b"").as_bytes()), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }

    /// The JCS document hash of the W3C eddsa-jcs-2022 example (Data Integrity EdDSA Cryptosuites 1.0, appendix B.2).
    #[test]
    fn w3c_eddsa_jcs_2022_document_hash() {
        let document = br#"{"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
            "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33", "type": ["VerifiableCredential", "AlumniCredential"],
            "name": "Alumni Credential", "description": "A minimum viable example of an Alumni Credential.",
            "issuer": "https://vc.example/issuers/5678", "validFrom": "2023-01-01T00:00:00Z",
            "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"}}"#;
        let canonical = crate::jcs::canonical(&crate::jcs::parse(document, 10_000).unwrap()).unwrap();
        assert_eq!(hex(Digest::of(&canonical).as_bytes()), "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19");
    }

    #[test]
    fn one_spelling_only() {
        let digest = Digest::of(b"abc");
        let text = digest.to_string();
        assert_eq!(text.len(), 43);
        assert_eq!(text.parse(), Ok(digest));
        // The last character carries four bits and two that must be zero.
        let stray = format!("{}1", &text[..42]);
        for wrong in [format!("{text}="), stray, text[..42].to_owned(), format!(" {text}"), text.replace('_', "/") + "A"] {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
    }
}
