//! A small invented world: one cooperative, one batch of five stoles, one of them sold. Everything is fixed, so that the
//! bytes it gives can be compared with stored ones.

use passport::facts::{Band, Created, Made, Material, Minted, Packed, Paid, Photo, Place, QualityCheck, Shipped, Sold, Step};
use passport::{
    Bundle, ClaimCode, Digest, Disclosure, Draft, Event, Evidence, History, ItemCode, ItemUri, KeySet, SignedLeaf, SigningKey, SubjectKey, Tip,
};
use serde_json::{Value, json};

pub fn key() -> SigningKey {
    key_of([1; 32], "Kala Weavers")
}

pub fn key_of(seed: [u8; 32], name: &str) -> SigningKey {
    SigningKey::from_seed(&seed, "did:web:haat.example:coop:kala".parse().unwrap(), name.parse().unwrap())
}

pub fn sita() -> SubjectKey {
    SubjectKey::from_bytes([9; 32])
}

pub fn batch_uri() -> ItemUri {
    ItemUri::new("https://haat.example/i", &ItemCode::from_random([2, 71, 82, 81, 82, 84, 59])).unwrap()
}

pub fn item_uri() -> ItemUri {
    ItemUri::new("https://haat.example/i", &ItemCode::from_random([31, 41, 59, 26, 53, 58, 97])).unwrap()
}

pub fn claim() -> ClaimCode {
    ClaimCode::from_random([5; 12])
}

/// Adds to a history, keeping the disclosures of the event with it.
pub fn append(history: &mut History, item: &ItemUri, day: &str, evidence: Evidence, event: Event, disclosures: Vec<Disclosure>) {
    let tip = history.leaves.last().map(|last| tip_of(history, last));
    let draft = Draft {
        item: item.clone(),
        day: day.parse().unwrap(),
        evidence,
        event,
        event_id: None,
        sd: disclosures.iter().map(Disclosure::digest).collect(),
    };
    history.leaves.push(draft.seal(tip.as_ref(), &key()).unwrap());
    history.disclosures.extend(disclosures);
}

fn tip_of(history: &History, last: &SignedLeaf) -> Tip {
    let kind = history.leaves[0].leaf.event_type().opens().unwrap();
    Tip::of(&last.leaf, kind)
}

pub fn empty() -> History {
    let mut keys = KeySet::default();
    keys.insert(key().public().clone()).unwrap();
    History { leaves: Vec::new(), disclosures: Vec::new(), keys }
}

fn opened(item: &ItemUri, seq: u32, name: &str, value: Value) -> Disclosure {
    sita().disclose(item, seq, &name.parse().unwrap(), 0, &value).unwrap()
}

pub fn created() -> Event {
    Event::Created(Created {
        title: "Ikat stole, indigo".parse().unwrap(),
        category: Some("Stoles".parse().unwrap()),
        craft: Some("Ikat".parse().unwrap()),
        quantity: 5,
        photos: vec![Photo { sha256: Digest::of(b"a picture"), bytes: 48_213, media_type: "image/jpeg".parse().unwrap() }],
    })
}

pub fn made() -> Event {
    let material = |name: &str, country: &str, fraction: &str, local| Material {
        name: name.parse().unwrap(),
        country: country.parse().unwrap(),
        fraction: fraction.parse().unwrap(),
        local,
    };
    let step = |technique: &str, minutes| Step { technique: technique.parse().unwrap(), minutes };
    Event::Made(Made {
        makers: 2,
        craft: None,
        steps: vec![step("Tie-dyeing the warp", Some(240)), step("Weaving", Some(960)), step("Knotting", None)],
        materials: vec![material("Cotton", "IN", "0.7", true), material("Tussar silk", "NP", "0.3", false)],
        place: Some(Place {
            district: "Bargarh".parse().unwrap(),
            country: "IN".parse().unwrap(),
            latitude_tenths: Some(213),
            longitude_tenths: Some(836),
        }),
        photos: Vec::new(),
    })
}

pub fn batch() -> History {
    let (mut history, uri) = (empty(), batch_uri());
    append(&mut history, &uri, "2026-02-10", Evidence::Cooperative, created(), Vec::new());
    let of_sita = vec![opened(&uri, 1, "maker_name", json!("Sita")), opened(&uri, 1, "village", json!({"name": "Barpali"}))];
    append(&mut history, &uri, "2026-02-28", Evidence::Cooperative, made(), of_sita);
    let check = QualityCheck { passed: true, checks: vec!["Colour fast".parse().unwrap()], photos: Vec::new() };
    append(&mut history, &uri, "2026-03-01", Evidence::Cooperative, Event::QualityCheck(check), Vec::new());
    history
}

pub fn minted(batch: &History) -> Event {
    Event::Minted(Minted { batch: batch_uri(), batch_head: batch.leaves.last().unwrap().leaf.hash(), serial: 3, claim: claim().digest() })
}

pub fn item(batch: &History) -> History {
    let (mut history, uri) = (empty(), item_uri());
    append(&mut history, &uri, "2026-03-03", Evidence::Cooperative, minted(batch), Vec::new());
    append(&mut history, &uri, "2026-03-20", Evidence::Ledger, Event::Sold(Sold {}), Vec::new());
    append(&mut history, &uri, "2026-03-21", Evidence::Cooperative, Event::Packed(Packed {}), Vec::new());
    let shipped = Shipped { carrier: Some("India Post".parse().unwrap()), destination: Some("DE".parse().unwrap()) };
    append(&mut history, &uri, "2026-03-21", Evidence::Cooperative, Event::Shipped(shipped), Vec::new());
    let paid = Paid { makers: 2, share_of_price: Some(Band { from_percent: 40, to_percent: 45 }) };
    let pay = vec![opened(&uri, 4, "pay", json!({"amount_minor": "185000", "currency": "INR"}))];
    append(&mut history, &uri, "2026-04-02", Evidence::Ledger, Event::Paid(paid), pay);
    history
}

pub fn bundle() -> Bundle {
    let batch = batch();
    Bundle { item: item(&batch), batch, log: None }
}
