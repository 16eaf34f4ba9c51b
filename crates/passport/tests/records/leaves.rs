//! One leaf: strict reading, and the rules of drafts.

use passport::facts::{Created, FactsError, Made, Paid, Place, QualityCheck};
use passport::leaf::{LeafError, MAX_LEAF_BYTES};
use passport::{ChainKind, Digest, Draft, Event, Evidence, Leaf, Tip, jcs};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world;

fn made_leaf() -> Leaf {
    world::batch().leaves[1].leaf.clone()
}

/// The leaf with one change to its JSON, read again.
fn changed(leaf: &Leaf, change: impl FnOnce(&mut Value)) -> Result<Leaf, LeafError> {
    let mut value = jcs::parse(leaf.bytes(), MAX_LEAF_BYTES).unwrap();
    change(&mut value);
    Leaf::parse(&jcs::canonical(&value).unwrap())
}

#[test]
fn every_leaf_of_a_bundle_reads_back() {
    let bundle = world::bundle();
    for signed in bundle.item.leaves.iter().chain(&bundle.batch.leaves) {
        assert_eq!(Leaf::parse(signed.leaf.bytes()).as_ref(), Ok(&signed.leaf));
    }
    // The control of all that follows: an unchanged leaf is accepted through the same door.
    assert_eq!(changed(&made_leaf(), |_| ()), Ok(made_leaf()));
}

#[test]
fn unknown_missing_and_wrong_fields_are_refused() {
    let leaf = made_leaf();
    assert!(matches!(changed(&leaf, |v| v["more"] = json!(1)), Err(LeafError::Shape(_))));
    assert!(matches!(changed(&leaf, |v| v["facts"]["maker"] = json!("Sita")), Err(LeafError::Facts(FactsError::Shape { .. }))));
    assert!(matches!(changed(&leaf, |v| v["facts"]["place"]["village"] = json!("Barpali")), Err(LeafError::Facts(FactsError::Shape { .. }))));
    assert_eq!(changed(&leaf, |v| v["v"] = json!(2)), Err(LeafError::Version { found: 2 }));
    for field in ["v", "type", "item", "seq", "day", "by", "evidence", "facts", "sd", "key"] {
        let without = changed(&leaf, |v| {
            v.as_object_mut().unwrap().remove(field);
        });
        assert!(matches!(without, Err(LeafError::Shape(_))), "{field}: {without:?}");
    }
    for (field, wrong) in [
        ("type", json!("gifted")),
        ("item", json!("https://haat.example/i/0000-0000-0001")),
        ("seq", json!(-1)),
        ("day", json!("2026-02-30")),
        ("by", json!("Kala")),
        ("evidence", json!("rumour")),
        ("sd", json!(["short"])),
        ("key", Value::Null),
    ] {
        let result = changed(&leaf, |v| v[field] = wrong);
        assert!(matches!(result, Err(LeafError::Shape(_))), "{field}: {result:?}");
    }
}

#[test]
fn one_record_has_one_spelling() {
    let leaf = made_leaf();
    let spaced = [leaf.bytes(), b"\n"].concat();
    assert_eq!(Leaf::parse(&spaced), Err(LeafError::NotCanonical));
    assert_eq!(changed(&leaf, |v| v["facts"]["craft"] = Value::Null), Err(LeafError::NotCanonical));
    assert_eq!(changed(&leaf, |v| v["facts"]["photos"] = json!([])), Err(LeafError::NotCanonical));
    let first = world::batch().leaves[0].leaf.clone();
    assert_eq!(changed(&first, |v| v["prev"] = Value::Null), Err(LeafError::NotCanonical));
    let twice = changed(&leaf, |v| {
        let digest = v["sd"][0].clone();
        v["sd"].as_array_mut().unwrap().push(digest);
    });
    assert_eq!(twice, Err(LeafError::DigestOrder));
    assert_eq!(changed(&leaf, |v| v["sd"].as_array_mut().unwrap().reverse()), Err(LeafError::DigestOrder));
    let doubled = String::from_utf8(leaf.bytes().to_vec()).unwrap().replacen("\"by\"", "\"by\":\"did:web:a\",\"by\"", 1);
    assert!(matches!(Leaf::parse(doubled.as_bytes()), Err(LeafError::Json(jcs::Error::DuplicateKey { .. }))));
}

#[test]
fn place_in_the_chain_fits_the_event() {
    let (first, leaf) = (world::batch().leaves[0].leaf.clone(), made_leaf());
    let prev = json!(Digest::of(b"x"));
    assert!(matches!(changed(&leaf, |v| v["seq"] = json!(0)), Err(LeafError::Opening { .. })));
    let late = changed(&first, |v| {
        v["seq"] = json!(1);
        v["prev"] = prev.clone();
    });
    assert!(matches!(late, Err(LeafError::Opening { .. })));
    assert!(matches!(changed(&first, |v| v["prev"] = prev), Err(LeafError::Prev { seq: 0, .. })));
    let unlinked = changed(&leaf, |v| {
        v.as_object_mut().unwrap().remove("prev");
    });
    assert!(matches!(unlinked, Err(LeafError::Prev { seq: 1, .. })));
}

fn draft(event: Event) -> Draft {
    Draft { item: world::batch_uri(), day: "2026-03-05".parse().unwrap(), evidence: Evidence::Cooperative, event, event_id: None, sd: Vec::new() }
}

fn batch_tip() -> Tip {
    Tip::of(&world::batch().leaves[2].leaf, ChainKind::Batch)
}

#[test]
fn facts_keep_their_rules() {
    let seal = |event| draft(event).seal(Some(&batch_tip()), &world::key()).map(|_| ());
    let Event::Made(made) = world::made() else { unreachable!() };
    assert_eq!(seal(Event::Made(made.clone())), Ok(()));
    let range = |result: Result<(), LeafError>, name: &str| {
        assert!(matches!(&result, Err(LeafError::Facts(FactsError::Range { field, .. })) if *field == name), "{result:?}");
    };
    range(seal(Event::Made(Made { makers: 0, ..made.clone() })), "makers");
    let mut short = made.clone();
    short.materials.pop();
    assert_eq!(seal(Event::Made(short)), Err(FactsError::MaterialSum { sum: "0.700000".to_owned() }.into()));
    for (latitude, longitude) in [(Some(901), Some(0)), (Some(0), Some(-1801)), (Some(1), None)] {
        let place = Place { latitude_tenths: latitude, longitude_tenths: longitude, ..made.place.clone().unwrap() };
        range(seal(Event::Made(Made { place: Some(place), ..made.clone() })), "place");
    }
    let Event::Created(created) = world::created() else { unreachable!() };
    let none = Event::Created(Created { quantity: 0, ..created });
    range(draft(none).seal(None, &world::key()).map(|_| ()), "quantity");
    assert_eq!(made.local_share().map(|share| share.to_string()).as_deref(), Some("0.7"));
    assert_eq!(Made { materials: Vec::new(), ..made }.local_share(), None);
}

#[test]
fn paid_needs_evidence_of_money() {
    let paid = || Event::Paid(Paid { makers: 1, share_of_price: None });
    let tip = Tip { chain: ChainKind::Item, ..batch_tip() };
    let seal = |evidence| Draft { evidence, ..draft(paid()) }.seal(Some(&tip), &world::key()).map(|_| ());
    for good in [Evidence::Ledger, Evidence::Cooperative, Evidence::Counterparty] {
        assert_eq!(seal(good), Ok(()));
    }
    for hearsay in [Evidence::Own, Evidence::ThirdParty] {
        assert_eq!(seal(hearsay), Err(LeafError::PaidEvidence));
    }
}

#[test]
fn a_draft_cannot_break_its_chain() {
    let check = || Event::QualityCheck(QualityCheck { passed: true, checks: Vec::new(), photos: Vec::new() });
    let tip = batch_tip();
    let signed = draft(check()).seal(Some(&tip), &world::key()).unwrap();
    assert_eq!((signed.leaf.seq(), signed.leaf.prev()), (3, Some(tip.hash)));
    let early = Draft { day: "2026-02-28".parse().unwrap(), ..draft(check()) };
    assert!(matches!(early.seal(Some(&tip), &world::key()), Err(LeafError::DayBefore { .. })));
    let other = Draft { item: world::item_uri(), ..draft(check()) };
    assert!(matches!(other.seal(Some(&tip), &world::key()), Err(LeafError::OtherItem { .. })));
    let sold = draft(Event::Sold(passport::facts::Sold {}));
    assert!(matches!(sold.seal(Some(&tip), &world::key()), Err(LeafError::OtherChain { .. })));
    assert!(matches!(draft(world::created()).seal(Some(&tip), &world::key()), Err(LeafError::Opening { .. })));
    assert!(matches!(draft(check()).seal(None, &world::key()), Err(LeafError::Opening { .. })));
    let full = Tip { seq: u32::MAX, ..tip };
    assert_eq!(draft(check()).seal(Some(&full), &world::key()), Err(LeafError::ChainFull));
}

#[test]
fn a_leaf_is_at_most_65_535_bytes() {
    let many = |count| Event::QualityCheck(QualityCheck { passed: true, checks: vec!["x".repeat(200).parse().unwrap(); count], photos: Vec::new() });
    assert!(draft(many(300)).seal(Some(&batch_tip()), &world::key()).is_ok());
    let long = draft(many(330)).seal(Some(&batch_tip()), &world::key());
    assert!(matches!(long, Err(LeafError::Json(jcs::Error::TooLong { .. }))));
}

#[test]
fn a_change_of_several_items_shares_an_event_id() {
    let id = "018f3c1e-0000-7000-8000-00000000000a".parse().unwrap();
    let shared = Draft { event_id: Some(id), ..draft(world::made()) };
    let signed = shared.seal(Some(&batch_tip()), &world::key()).unwrap();
    let read = Leaf::parse(signed.leaf.bytes()).unwrap();
    assert_eq!(read.event_id().unwrap().as_str(), "018f3c1e-0000-7000-8000-00000000000a");
    assert_eq!(read.facts()["event"], json!("018f3c1e-0000-7000-8000-00000000000a"));
    assert_eq!(read.event(), &world::made());
}

proptest! {
    #[test]
    fn no_bytes_make_reading_a_leaf_panic(at in 0_usize..600, byte: u8) {
        let mut bytes = made_leaf().bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        // Whatever is still accepted is its own canonical form.
        if let Ok(leaf) = Leaf::parse(&bytes) {
            prop_assert_eq!(leaf.bytes(), &bytes[..]);
        }
    }

    #[test]
    fn any_text_survives_sealing(text in "\\PC{1,60}", minutes: Option<u32>, makers in 1_u32..) {
        prop_assume!(text.trim() == text);
        let Event::Made(made) = world::made() else { unreachable!() };
        let step = passport::facts::Step { technique: text.parse().unwrap(), minutes };
        let event = Event::Made(Made { makers, steps: vec![step], ..made });
        let signed = draft(event.clone()).seal(Some(&batch_tip()), &world::key()).unwrap();
        let read = Leaf::parse(signed.leaf.bytes()).unwrap();
        prop_assert_eq!(read.event(), &event);
        prop_assert!(world::key().public().verify(&read, &signed.signature).is_ok());
    }
}
