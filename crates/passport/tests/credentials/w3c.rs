//! The W3C's example of `eddsa-jcs-2022` (VC Data Integrity EdDSA Cryptosuites 1.0, appendix B.2), made again and verified.

use passport::credential::{Signer, multibase, proof};
use passport::{Digest, jcs};
use serde_json::{Value, json};

const PUBLIC: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
const SECRET: &str = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq";
const VALUE: &str = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX";
const CREATED: &str = "2023-02-24T23:36:38Z";

fn unsigned() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    })
}

fn signer() -> Signer {
    // 0x1300 as a variable-length integer: the multicodec of Ed25519 seeds.
    let secret = multibase::from_base58(SECRET).unwrap();
    let seed = secret.strip_prefix(&[0x80, 0x26]).unwrap().try_into().unwrap();
    Signer::from_seed(format!("did:key:{PUBLIC}").parse().unwrap(), PUBLIC, &seed)
}

#[test]
fn the_example_is_made_again_to_the_letter() {
    assert_eq!(multibase::multikey(&signer().public()), PUBLIC);
    let signed = proof::sign(&unsigned(), &signer(), CREATED).unwrap();
    assert_eq!(signed["proof"]["proofValue"], VALUE);
    let mut options = signed["proof"].clone();
    options.as_object_mut().unwrap().remove("proofValue");
    let hash = |value: &Value| Digest::of(&jcs::canonical(value).unwrap()).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hash(&options), "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db");
    assert_eq!(hash(&unsigned()), "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19");
}

#[test]
fn the_example_verifies_and_its_changes_do_not() {
    let mut signed = unsigned();
    let method = format!("did:key:{PUBLIC}#{PUBLIC}");
    signed["proof"] = json!({"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": CREATED, "verificationMethod": method,
        "proofPurpose": "assertionMethod", "@context": unsigned()["@context"], "proofValue": VALUE});
    let key = |name: &str| (name == method).then(|| multibase::from_multikey(PUBLIC)).flatten();
    assert_eq!(proof::verify(&signed, key).unwrap().method, method);
    let mut other = signed.clone();
    other["credentialSubject"]["alumniOf"] = json!("The School of Samples");
    assert!(proof::verify(&other, key).is_err());
    // A context behind those that were signed means nothing to the proof; one before them would change what was said.
    let mut more = signed.clone();
    more["@context"].as_array_mut().unwrap().push(json!("https://example.org/more"));
    assert!(proof::verify(&more, key).is_ok());
    more["@context"].as_array_mut().unwrap().rotate_right(1);
    assert!(proof::verify(&more, key).is_err());
}
