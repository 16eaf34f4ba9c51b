//! A passport of the invented world: the same bytes each time, nothing of people who do not agree, and no value that can be changed.

use passport::credential::bitstring::StatusList;
use passport::credential::untp::{self, Frame, Status};
use passport::credential::{CredentialError, Signer, did, jwt, proof};
use passport::{Bundle, jcs};
use serde_json::{Value, json};

use crate::world;

const LIST: &str = "https://haat.example/status/0";

fn made(bundle: &Bundle) -> Value {
    let (key, country) = (world::key(), "IN".parse().unwrap());
    let status = Some(Status { list: LIST, index: 70_000 });
    let frame = Frame { id: "https://haat.example/p", bundle: "https://haat.example/b", issuer: key.public(), country: &country, status };
    untp::passport(bundle, &frame).unwrap()
}

fn document() -> Value {
    let key = world::key();
    let method = did::Method { fragment: key.public().id().to_string(), public: *key.public().public(), asserts: true };
    did::document(key.public().by(), &[method])
}

fn signer() -> Signer {
    Signer::of(&world::key())
}

fn embedded(passport: &Value) -> Value {
    proof::sign(passport, &signer(), &untp::created(&world::bundle()).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    jcs::canonical_decimal(value).unwrap()
}

#[test]
fn it_says_what_the_records_say() {
    let passport = made(&world::bundle());
    let product = &passport["credentialSubject"];
    assert_eq!(passport["name"], "Ikat stole, indigo, 3WMK-P6HN-79GW");
    assert_eq!(passport["validFrom"], "2026-03-03T00:00:00Z");
    assert_eq!(passport["credentialStatus"]["statusListIndex"], 70_000);
    assert_eq!((&product["itemNumber"], &product["idGranularity"]), (&json!("3WMK-P6HN-79GW"), &json!("item")));
    assert_eq!((&product["idScheme"]["id"], &product["productionDate"]), (&json!("https://haat.example/i"), &json!("2026-02-28")));
    let fractions: Vec<_> = product["materialProvenance"].as_array().unwrap().iter().map(|m| m["massFraction"].to_string()).collect();
    assert_eq!(fractions, ["0.7", "0.3"]);
    assert_eq!(product["characteristics"]["record"][0]["hash"], json!(world::bundle().item.leaves[4].leaf.hash()));
    assert_eq!(bytes(&embedded(&passport)), bytes(&embedded(&made(&world::bundle()))), "the same record, the same bytes");
    assert_eq!(embedded(&passport)["proof"]["created"], "2026-04-02T00:00:00Z");
}

#[test]
fn who_does_not_agree_is_not_in_it() {
    let mut bundle = world::bundle();
    assert!(made(&bundle).to_string().contains("Sita"));
    bundle.batch.disclosures.clear();
    bundle.item.disclosures.clear();
    let without = made(&bundle).to_string();
    for personal in ["Sita", "Barpali", "185000", "disclosed"] {
        assert!(!without.contains(personal), "{personal}");
    }
}

#[test]
fn a_record_of_another_cooperative_gets_none() {
    let other = passport::SigningKey::from_seed(&[2; 32], "did:web:other.example".parse().unwrap(), "Other".parse().unwrap());
    let country = "IN".parse().unwrap();
    let frame = Frame { id: "x", bundle: "x", issuer: other.public(), country: &country, status: None };
    assert!(matches!(untp::passport(&world::bundle(), &frame), Err(CredentialError::OtherIssuer { .. })));
}

/// Every value of the document, one after the other, made another.
fn changes(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, inner)| changes(inner).into_iter().map(move |new| (key, new)))
            .map(|(key, new)| {
                let mut changed = members.clone();
                changed.insert(key.clone(), new);
                Value::Object(changed)
            })
            .collect(),
        Value::Array(items) => (0..items.len())
            .flat_map(|at| changes(&items[at]).into_iter().map(move |new| (at, new)))
            .map(|(at, new)| {
                let mut changed = items.clone();
                changed[at] = new;
                Value::Array(changed)
            })
            .collect(),
        Value::String(text) => vec![json!(format!("{text}1"))],
        Value::Number(number) => vec![json!(number.as_i64().map_or(0, |whole| whole + 1))],
        Value::Bool(flag) => vec![json!(!flag)],
        Value::Null => vec![json!(0)],
    }
}

#[test]
fn no_value_can_be_changed_in_the_json() {
    let (keys, whole) = (document(), embedded(&made(&world::bundle())));
    let verify = |value: &Value| proof::verify_credential(&bytes(value), |method| did::key(&keys, method));
    let (read, proven) = verify(&whole).unwrap();
    assert_eq!((read, proven.method), (whole.clone(), signer().method()));
    let all = changes(&whole);
    assert!(all.len() > 80, "{}", all.len());
    for changed in all {
        assert!(verify(&changed).is_err(), "{changed}");
    }
    for member in whole.as_object().unwrap().keys() {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(member);
        assert!(verify(&less).is_err(), "without {member}");
    }
    let mut twice = whole.clone();
    twice["proof"] = json!([whole["proof"], whole["proof"]]);
    assert!(verify(&twice).is_err());
}

#[test]
fn no_letter_can_be_changed_in_the_token() {
    let (keys, passport) = (document(), made(&world::bundle()));
    let token = jwt::sign(&passport, &signer()).unwrap();
    let verify = |token: &str| jwt::verify(token, |method| did::key(&keys, method));
    assert_eq!(verify(&token), Ok((passport.clone(), signer().jwk_method())));
    for at in (0..token.len()).step_by(7).chain(token.len() - 90..token.len()) {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(verify(&String::from_utf8(changed).unwrap()).is_err(), "{at}");
    }
    for wrong in ["", "a.b", "..", &token[..token.len() - 1], &format!("{token}A"), &format!("{token}.")] {
        assert!(verify(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_good_signature_by_somebody_else_is_refused() {
    let stranger = Signer::from_seed("did:web:stranger.example".parse().unwrap(), "key", &[8; 32]);
    let passport = made(&world::bundle());
    let method = did::Method { fragment: "key".to_owned(), public: stranger.public(), asserts: true };
    let keys = did::document(stranger.did(), &[method]);
    let key_of = |method: &str| did::key(&keys, method);
    let signed = proof::sign(&passport, &stranger, "2026-04-02T00:00:00Z").unwrap();
    assert!(proof::verify(&signed, key_of).is_ok(), "control: the signature itself is good");
    assert!(matches!(proof::verify_credential(&bytes(&signed), key_of), Err(CredentialError::OtherIssuer { .. })));
    assert!(matches!(jwt::verify(&jwt::sign(&passport, &stranger).unwrap(), key_of), Err(CredentialError::OtherIssuer { .. })));
    // A key that is only shown asserts nothing.
    let shown = did::document(stranger.did(), &[did::Method { fragment: "key".to_owned(), public: stranger.public(), asserts: false }]);
    assert!(matches!(proof::verify(&signed, |method| did::key(&shown, method)), Err(CredentialError::UnknownKey(_))));
}

#[test]
fn a_list_says_whose_bit_is_set() {
    let (mut list, keys) = (StatusList::default(), document());
    list.set(70_000).unwrap();
    let signed = proof::sign(&list.credential(LIST, signer().did(), "2026-05-01T00:00:00Z"), &signer(), "2026-05-01T00:00:00Z").unwrap();
    let (read, _) = proof::verify_credential(&bytes(&signed), |method| did::key(&keys, method)).unwrap();
    let read = StatusList::decode(read["credentialSubject"]["encodedList"].as_str().unwrap()).unwrap();
    assert_eq!((read.is_set(70_000), read.is_set(69_999)), (Some(true), Some(false)));
}
