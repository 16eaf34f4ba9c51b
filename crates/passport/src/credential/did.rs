//! DID documents (DID Core 1.0; Controlled Identifiers 1.0, section 2): whose keys these are, as the holder of a web address says it.

use serde_json::{Value, json};

use super::multibase::{from_multikey, multikey};
use crate::digest::{base64url, from_base64url};
use crate::values::Did;

/// Put behind a key's name for the same key as a JSON Web Key: software reads one form or the other.
pub const JWK: &str = "-jwk";

/// A key of a DID document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Its name behind the `#`.
    pub fragment: String,
    /// The 32 bytes of an Ed25519 point.
    pub public: [u8; 32],
    /// Whether credentials may be signed with it; one that is not is only shown.
    pub asserts: bool,
}

/// The document of `did` with these keys, each as a Multikey (Controlled Identifiers 1.0, 2.2.2) and as a JsonWebKey (2.2.3), in the
/// order given. Keys that are no longer signed with stay in it: copies that they signed are still out there.
pub fn document(did: &Did, methods: &[Method]) -> Value {
    let id = |method: &Method, end: &str| format!("{did}#{}{end}", method.fragment);
    let both = |method: &Method| {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(&method.public)});
        [
            json!({"id": id(method, ""), "type": "Multikey", "controller": did, "publicKeyMultibase": multikey(&method.public)}),
            json!({"id": id(method, JWK), "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk}),
        ]
    };
    let asserts: Vec<String> = methods.iter().filter(|method| method.asserts).flat_map(|method| [id(method, ""), id(method, JWK)]).collect();
    json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1"],
        "id": did,
        "verificationMethod": methods.iter().flat_map(both).collect::<Vec<_>>(),
        "assertionMethod": asserts,
    })
}

/// The key behind a verification method (Controlled Identifiers 1.0, section 3.3): it must be in the document under exactly this id, be
/// controlled by the document's subject and be listed for assertion. Ed25519 only.
pub fn key(document: &Value, method: &str) -> Option<[u8; 32]> {
    let subject = document["id"].as_str()?;
    let listed = document["assertionMethod"].as_array()?.iter().any(|one| one.as_str() == Some(method));
    let mut found = document["verificationMethod"].as_array()?.iter().filter(|one| one["id"].as_str() == Some(method));
    // Two of one name would be two answers.
    let (Some(one), None, true) = (found.next(), found.next(), listed) else { return None };
    if one["controller"].as_str() != Some(subject) || method.split_once('#')?.0 != subject {
        return None;
    }
    match one["type"].as_str()? {
        "Multikey" => from_multikey(one["publicKeyMultibase"].as_str()?),
        "JsonWebKey" => {
            let jwk = &one["publicKeyJwk"];
            let kind = (jwk["kty"].as_str(), jwk["crv"].as_str());
            if kind == (Some("OKP"), Some("Ed25519")) { from_base64url(jwk["x"].as_str()?).ok() } else { None }
        }
        _ => None,
    }
}

/// Where the document of a `did:web` is (did:web method, section 3.2); `None` for other DIDs.
pub fn address(did: &Did) -> Option<String> {
    let mut parts = did.as_str().strip_prefix("did:web:")?.split(':');
    let host = parts.next()?.replace("%3A", ":");
    let path: Vec<&str> = parts.collect();
    Some(match path.as_slice() {
        [] => format!("https://{host}/.well-known/did.json"),
        path => format!("https://{host}/{}/did.json", path.join("/")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_key_are_found_and_no_other() {
        let did: Did = "did:web:haat.example:coop:kala".parse().unwrap();
        let public =
            *b"\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";
        let method = |fragment: &str, asserts| Method { fragment: fragment.to_owned(), public, asserts };
        let document = document(&did, &[method("one", true), method("shown", false)]);
        let of = |fragment: &str| key(&document, &format!("{did}#{fragment}"));
        assert_eq!((of("one"), of("one-jwk")), (Some(public), Some(public)));
        assert_eq!((of("shown"), of("shown-jwk"), of("two"), of("")), (None, None, None, None));
        assert_eq!(key(&document, "#one"), None);
        let mut stolen = document.clone();
        stolen["verificationMethod"][0]["controller"] = json!("did:web:other.example");
        assert_eq!(key(&stolen, &format!("{did}#one")), None);
        let mut twice = document.clone();
        twice["verificationMethod"].as_array_mut().unwrap().push(document["verificationMethod"][0].clone());
        assert_eq!(key(&twice, &format!("{did}#one")), None);
    }

    #[test]
    fn a_web_did_is_an_address() {
        let of = |did: &str| address(&did.parse().unwrap());
        assert_eq!(of("did:web:haat.example"), Some("https://haat.example/.well-known/did.json".to_owned()));
        assert_eq!(of("did:web:haat.example%3A8443:coop:kala"), Some("https://haat.example:8443/coop/kala/did.json".to_owned()));
        assert_eq!(of("did:key:z6Mk"), None);
    }
}
