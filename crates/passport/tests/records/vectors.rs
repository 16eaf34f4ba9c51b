//! Good and tampered bundles with what this crate says of each, for verifiers in other languages: `golden/vectors.json`, which
//! `BLESS=1` writes anew. The item page's own verifier is held to it in `tests/outside/browser.sh`.
//!
//! A case is `[bundle, place, change, verdict]`. The place is a JSON pointer; behind `#` it goes on inside the leaf that stands there
//! in base64url. The change is one of [`CHANGES`], or an object of what it is put to. A verdict is an index into `verdicts`.
//! Places that are words: `put` puts leaves that are signed all the same, `text` replaces the first such text, `known` says what is
//! known beforehand.

mod rules;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use passport::facts::{SaleUndone, UndoneReason, Withdrawn, WithdrawnReason};
use passport::{Bundle, Digest, Event, Evidence, History, Known, Outcome, Verdict, jcs, log::NoteVerifier, verify_bundle_knowing};
use serde_json::{Map, Value, json};

use crate::tampering::{logged, places};
use crate::world;
use rules::rules;

/// The same changes are made by whoever reads the file.
const CHANGES: [&str; 9] = ["append", "first", "last", "empty", "null", "more", "less", "remove", "list"];

const STEPS: [(&str, &str); 13] = [
    ("File", "file"),
    ("Keys of the item", "item_keys"),
    ("Records of the item", "item_records"),
    ("Address and code of the item", "item_address"),
    ("Disclosures of the item", "item_disclosures"),
    ("Keys of the batch", "batch_keys"),
    ("Records of the batch", "batch_records"),
    ("Address and code of the batch", "batch_address"),
    ("Disclosures of the batch", "batch_disclosures"),
    ("Batch and item", "origin"),
    ("Signer", "signer"),
    ("Public log", "log"),
    ("Newest record", "newest"),
];

fn told(verdict: &Verdict) -> String {
    let step = |step: &passport::Step| {
        let (_, name) = STEPS.iter().find(|(ours, _)| *ours == step.name).unwrap();
        let mark = match step.outcome {
            Outcome::Passed => '+',
            Outcome::Failed => '-',
            Outcome::NotChecked => '?',
        };
        format!("{name}{mark}")
    };
    verdict.steps.iter().map(step).collect::<Vec<_>>().join(" ")
}

/// Another letter of base64url; what is none becomes one.
fn other(letter: char) -> char {
    if letter == 'A' { 'B' } else { 'A' }
}

/// `None`: the change makes no other value of this one.
fn changed(value: &Value, change: &str) -> Option<Value> {
    let text = |change: &dyn Fn(&str) -> String| Some(json!(change(value.as_str()?)));
    let number = |by: i64| Some(json!(value.as_i64()? + by));
    let new = match change {
        "append" => text(&|text| format!("{text}a"))?,
        "first" => text(&|text| text.chars().enumerate().map(|(at, c)| if at == 0 { other(c) } else { c }).collect())?,
        "last" => text(&|text| text.char_indices().map(|(at, c)| if at + c.len_utf8() == text.len() { other(c) } else { c }).collect())?,
        "empty" => match value {
            Value::String(_) => json!(""),
            Value::Array(_) => json!([]),
            Value::Object(_) => json!({}),
            Value::Bool(flag) => json!(!flag),
            Value::Null | Value::Number(_) => json!(0),
        },
        "null" => Value::Null,
        "more" => number(1)?,
        "less" => number(-1)?,
        "list" => json!([value]),
        _ => return None,
    };
    (new != *value).then_some(new)
}

/// The document with one place in it changed.
fn at(document: &Value, place: &str, change: &str) -> Option<Value> {
    let mut document = document.clone();
    if let Some((leaf, inside)) = place.split_once('#') {
        let bytes = URL_SAFE_NO_PAD.decode(document.pointer(leaf)?.as_str()?).unwrap();
        let changed = at(&jcs::parse(&bytes, usize::MAX).unwrap(), inside, change)?;
        *document.pointer_mut(leaf)? = json!(URL_SAFE_NO_PAD.encode(jcs::canonical(&changed).ok()?));
        return Some(document);
    }
    if change == "remove" {
        let (parent, key) = place.rsplit_once('/')?;
        match document.pointer_mut(parent)? {
            Value::Object(members) => drop(members.remove(key)),
            Value::Array(items) => drop(items.remove(key.parse().ok()?)),
            _ => return None,
        }
        return Some(document);
    }
    let new = changed(document.pointer(place)?, change)?;
    *document.pointer_mut(place)? = new;
    Some(document)
}

#[derive(Default)]
struct Vectors {
    bundles: BTreeMap<String, Value>,
    verdicts: Vec<String>,
    cases: Vec<Value>,
}

impl Vectors {
    fn bundle(&mut self, name: &str, bundle: &Bundle) -> Value {
        let value = jcs::parse(&bundle.to_bytes().unwrap(), usize::MAX).unwrap();
        self.bundles.insert(name.to_owned(), value.clone());
        value
    }

    fn case(&mut self, name: &str, place: &str, change: Value, verdict: &Verdict) {
        let told = told(verdict);
        let index = self.verdicts.iter().position(|known| *known == told).unwrap_or_else(|| {
            self.verdicts.push(told);
            self.verdicts.len() - 1
        });
        self.cases.push(json!([name, place, change, index]));
    }

    /// Every place of it with every change.
    fn tampered(&mut self, name: &str, prefix: &str) {
        let document = self.bundles[name].clone();
        let inside = match prefix.split_once('#') {
            Some((leaf, _)) => {
                let bytes = URL_SAFE_NO_PAD.decode(document.pointer(leaf).unwrap().as_str().unwrap()).unwrap();
                jcs::parse(&bytes, usize::MAX).unwrap()
            }
            None => document.clone(),
        };
        let mut ways = Vec::new();
        places(&inside, "", &mut ways);
        for way in ways {
            for change in CHANGES {
                let place = format!("{prefix}{way}");
                if let Some(new) = at(&document, &place, change) {
                    let verdict = verify_bundle_knowing(&serde_json::to_vec(&new).unwrap(), Known::default());
                    self.case(name, &place, json!(change), &verdict);
                }
            }
        }
    }

    fn text(&mut self, name: &str, from: &str, to: &str) {
        let text = String::from_utf8(jcs::canonical(&self.bundles[name]).unwrap()).unwrap();
        assert!(text.contains(from), "{from}");
        let verdict = verify_bundle_knowing(text.replacen(from, to, 1).as_bytes(), Known::default());
        self.case(name, "text", json!([from, to]), &verdict);
    }

    /// Leaves put into a bundle as they are, signed with its own key: nothing but the rules of records is in the way.
    fn put(&mut self, name: &str, leaves: &[(&str, Vec<u8>)]) {
        let (mut document, mut put) = (self.bundles[name].clone(), Map::new());
        for (place, bytes) in leaves {
            let signed = signed(bytes);
            *document.pointer_mut(place).unwrap() = signed.clone();
            put.insert((*place).to_owned(), signed);
        }
        let verdict = verify_bundle_knowing(&serde_json::to_vec(&document).unwrap(), Known::default());
        self.case(name, "put", Value::Object(put), &verdict);
    }

    fn known(&mut self, name: &str, keys: Option<&[Digest]>, log: &[NoteVerifier]) {
        let bytes = serde_json::to_vec(&self.bundles[name]).unwrap();
        let verdict = verify_bundle_knowing(&bytes, Known { keys, log, ..Known::default() });
        let mut known = Map::new();
        keys.map(|keys| known.insert("keys".to_owned(), json!(keys)));
        if !log.is_empty() {
            known.insert("log".to_owned(), json!(log.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
        }
        self.case(name, "known", Value::Object(known), &verdict);
    }
}

fn signed(bytes: &[u8]) -> Value {
    let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let signature = key.sign(&[b"haat-leaf-v1\n", bytes].concat()).to_bytes();
    json!({"bytes": URL_SAFE_NO_PAD.encode(bytes), "signature": URL_SAFE_NO_PAD.encode(signature)})
}

/// One batch record and an item with that of its minting and the given one.
fn short(last: Option<(Evidence, Event)>) -> Bundle {
    let (mut batch, mut item) = (world::empty(), world::empty());
    world::append(&mut batch, &world::batch_uri(), "2026-02-10", Evidence::Cooperative, world::created(), Vec::new());
    world::append(&mut item, &world::item_uri(), "2026-03-03", Evidence::Cooperative, world::minted(&batch), Vec::new());
    if let Some((evidence, event)) = last {
        world::append(&mut item, &world::item_uri(), "2026-03-20", evidence, event, Vec::new());
    }
    Bundle { item, batch, log: None }
}

fn leaf_value(history: &History, at: usize) -> Value {
    jcs::parse(history.leaves[at].leaf.bytes(), usize::MAX).unwrap()
}

/// Each rule of a record broken in a record that is signed and linked all the same.
fn broken(vectors: &mut Vectors) {
    let whole = world::bundle();
    let of = |at: usize| (whole.item.leaves[at].leaf.evidence(), whole.item.leaves[at].leaf.event().clone());
    let quality = whole.batch.leaves[2].leaf.event().clone();
    let undone = Event::SaleUndone(SaleUndone { reason: UndoneReason::Returned });
    let last = [
        ("made", (Evidence::Cooperative, world::made())),
        ("quality_check", (Evidence::ThirdParty, quality)),
        ("packed", of(2)),
        ("shipped", of(3)),
        ("sold", of(1)),
        ("sale_undone", (Evidence::Cooperative, undone)),
        ("paid", of(4)),
        ("withdrawn", (Evidence::Cooperative, Event::Withdrawn(Withdrawn { reason: WithdrawnReason::Lost }))),
    ];
    for (name, event) in last {
        let bundle = short(Some(event));
        vectors.bundle(name, &bundle);
        let leaf = leaf_value(&bundle.item, 1);
        let mut ways = Vec::new();
        places(if name == "paid" { &leaf } else { &leaf["facts"] }, if name == "paid" { "" } else { "/facts" }, &mut ways);
        for way in ways {
            for change in ["append", "empty", "null", "less", "remove"] {
                let Some(bytes) = at(&leaf, &way, change).and_then(|new| jcs::canonical(&new).ok()) else { continue };
                vectors.put(name, &[("/leaves/1", bytes)]);
            }
        }
        for (way, values) in rules(name) {
            for value in values {
                let mut new = leaf.clone();
                let (parent, key) = way.rsplit_once('/').unwrap();
                new.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
                vectors.put(name, &[("/leaves/1", jcs::canonical(&new).unwrap())]);
            }
        }
        let spaced = String::from_utf8(jcs::canonical(&leaf).unwrap()).unwrap().replacen(':', ": ", 1);
        vectors.put(name, &[("/leaves/1", spaced.into_bytes())]);
    }
    // What only an item has, in a batch's history.
    let mut sold = leaf_value(&whole.batch, 2);
    (sold["type"], sold["facts"]) = (json!("sold"), json!({}));
    vectors.put("plain", &[("/batch/leaves/2", jcs::canonical(&sold).unwrap())]);
    beginnings(vectors);
}

/// A batch's first record and an item's, which everything links to.
fn beginnings(vectors: &mut Vectors) {
    let bundle = short(None);
    vectors.bundle("minted", &bundle);
    let (created, minted) = (leaf_value(&bundle.batch, 0), leaf_value(&bundle.item, 0));
    for (of_batch, leaf, kind) in [(true, &created, "created"), (false, &minted, "minted")] {
        let mut ways = Vec::new();
        places(&leaf["facts"], "/facts", &mut ways);
        let changes = ways.iter().flat_map(|way| ["append", "empty", "null", "less", "more", "remove"].map(|change| at(leaf, way, change)));
        let picked = rules(kind).into_iter().flat_map(|(way, values)| {
            values.into_iter().map(move |value| {
                let mut new = leaf.clone();
                let (parent, key) = way.rsplit_once('/').unwrap();
                new.pointer_mut(parent)?.as_object_mut()?.insert(key.to_owned(), value);
                Some(new)
            })
        });
        for new in changes.chain(picked).flatten() {
            let bytes = jcs::canonical(&new).unwrap();
            if of_batch {
                let mut linked = minted.clone();
                linked["facts"]["batch_head"] = json!(Digest::of_leaf(&bytes));
                vectors.put("minted", &[("/batch/leaves/0", bytes), ("/leaves/0", jcs::canonical(&linked).unwrap())]);
            } else {
                vectors.put("minted", &[("/leaves/0", bytes)]);
            }
        }
    }
}

fn vectors() -> Vectors {
    let mut vectors = Vectors::default();
    let (bundle, signer) = logged();
    let cases = [("plain", world::bundle()), ("logged", bundle)];
    for (name, bundle) in &cases {
        vectors.bundle(name, bundle);
    }
    vectors.tampered("logged", "");
    for leaf in ["/leaves/0", "/leaves/4", "/batch/leaves/0", "/batch/leaves/1"] {
        vectors.tampered("plain", &format!("{leaf}/bytes#"));
    }
    let (key, other) = (world::key().public().id(), Digest::of(b"another"));
    let strange = passport::log::NoteSigner::from_seed("haat.example/log", &[8; 32]).unwrap();
    for name in ["plain", "logged"] {
        for keys in [None, Some(&[key][..]), Some(&[other, key][..]), Some(&[other][..]), Some(&[][..])] {
            let (own, other) = (signer.verifier().clone(), strange.verifier().clone());
            for log in [vec![], vec![own.clone()], vec![other.clone()], vec![other.clone(), own.clone()], vec![own, other]] {
                vectors.known(name, keys, &log);
            }
        }
    }
    let code = "\"code\":";
    for (from, to) in [
        (code, " \"code\" : "),
        (code, "\"code\":\"x\",\"code\":"),
        (code, "\"c\\u006fde\":"),
        (code, "\"code\":1.0,\"x\":"),
        ("\"index\":5", "\"index\":5.0"),
        ("\"index\":5", "\"index\":05"),
        ("\"index\":5", "\"index\":-0"),
        ("\"index\":5", "\"index\":9007199254740991"),
        ("\"index\":5", "\"index\":9007199254740992"),
        ("\"log\":{", "\"log\":null,\"x\":{"),
        ("haat-item-bundle-v1", "haat-item-bundle-v2"),
        ("{\"batch\"", "\u{feff}{\"batch\""),
        ("Kala Weavers", "Kala\u{a0}Weavers"),
        ("Kala Weavers", "Kala \\ud83dWeavers"),
        ("Kala Weavers", "Kala\tWeavers"),
        ("haat.example/log\\n", "haat.example/lag\\n"),
        ("haat.example/log\\n", "haat.example/log\\n1"),
        ("haat.example/log\\n", "haat.example/log\\n0"),
        ("haat.example/log\\n", "haat.example/log\\u0001\\n"),
        ("\\n\\n\u{2014} ", "\\nmore\\n\\n\u{2014} "),
        ("\\n\\n\u{2014} ", "\\n\u{2014} "),
        ("\\n\\n\u{2014} ", "\\n\\n- "),
    ] {
        vectors.text("logged", from, to);
    }
    broken(&mut vectors);
    vectors
}

#[test]
fn the_vectors_are_what_this_crate_says() {
    let Vectors { bundles, verdicts, cases } = vectors();
    let accepted = cases.iter().filter(|case| !verdicts[usize::try_from(case[3].as_u64().unwrap()).unwrap()].contains('-')).count();
    assert!(cases.len() > 1500 && accepted > 50, "{} cases, {accepted} of them accepted", cases.len());
    let lines = cases.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n");
    let text = format!("{{\"bundles\":{},\n\"verdicts\":{},\n\"cases\":[\n{lines}\n]}}\n", json!(bundles), json!(verdicts));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/records/golden/vectors.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap_or_default() == text, "{path} is not what the verifier says: BLESS=1 writes it anew");
}
