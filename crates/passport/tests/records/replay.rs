//! A log read again by somebody who does not trust it: each fraud is found where it stands.
use passport::{
    Digest, Draft, Evidence, History, Leaf, SignedLeaf, Tip,
    credential::{bitstring::StatusList, did},
    event::Event,
    facts::{Withdrawn, WithdrawnReason},
    log::{Edge, Finding, Replay, Statement, TipTree, tip_hash},
};

use crate::world;

fn bytes(history: &History) -> Vec<Vec<u8>> {
    history.leaves.iter().map(|signed| signed.leaf.bytes().to_vec()).collect()
}
/// Batch and item, as they are logged.
fn entries() -> Vec<Vec<u8>> {
    let bundle = world::bundle();
    [bytes(&bundle.batch), bytes(&bundle.item)].concat()
}
fn findings(entries: &[Vec<u8>]) -> Vec<Finding> {
    let mut replay = Replay::default();
    let found = entries.iter().filter_map(|entry| replay.take(entry).err()).collect();
    assert_eq!(replay.size(), entries.len() as u64, "reading goes on");
    found
}
/// Another item whose first record says this of its batch.
fn other(code: u8, change: impl FnOnce(&mut passport::facts::Minted)) -> Vec<u8> {
    let Event::Minted(mut minted) = world::minted(&world::batch()) else { panic!("an item begins with minting") };
    change(&mut minted);
    let code = passport::ItemCode::from_random([code; 7]);
    let item = passport::ItemUri::new("https://haat.example/i", &code).unwrap();
    let draft = Draft {
        item,
        day: "2026-03-03".parse().unwrap(),
        evidence: Evidence::Cooperative,
        event: Event::Minted(minted),
        event_id: None,
        sd: Vec::new(),
    };
    let SignedLeaf { leaf, .. } = draft.seal(None::<&Tip>, &world::key()).unwrap();
    leaf.bytes().to_vec()
}

#[test]
fn an_honest_log_has_its_root_and_no_findings() {
    let entries = entries();
    let mut replay = Replay::default();
    entries.iter().for_each(|entry| replay.take(entry).unwrap());
    let mut edge = Edge::default();
    edge.append(&entries.iter().map(|entry| Digest::of_leaf(entry)).collect::<Vec<_>>());
    assert_eq!((replay.root(), replay.chains()), (edge.root(), 2));
    let another = [entries, vec![other(1, |minted| minted.serial = 4)]].concat();
    assert_eq!(findings(&another), []);
}

fn said(statement: Statement) -> Vec<u8> {
    statement.to_bytes().unwrap()
}
fn document(keys: &[&passport::SigningKey]) -> Vec<u8> {
    let method = |key: &&passport::SigningKey| did::Method { fragment: key.public().id().to_string(), public: *key.public().public(), asserts: true };
    let document = did::document(keys[0].public().by(), &keys.iter().map(method).collect::<Vec<_>>());
    said(Statement::did("2026-02-01".parse().unwrap(), document).unwrap())
}

#[test]
fn a_key_that_is_shown_late_or_taken_out_is_found() {
    let (own, new, strange) = (world::key(), world::key_of([3; 32], "Kala Weavers"), world::key_of([4; 32], "Kala Weavers"));
    assert_eq!(findings(&[vec![document(&[&own])], entries()].concat()), []);
    assert_eq!(findings(&[vec![document(&[&own]), document(&[&new, &own])], entries()].concat()), [], "a key may be added");
    let found = findings(&[vec![document(&[&strange])], entries()].concat());
    assert!(found.len() == 8 && matches!(found[0], Finding::KeyUnlisted { index: 1, .. }), "{found:?}");
    let found = findings(&[vec![document(&[&own])], entries(), vec![document(&[&new])]].concat());
    assert!(matches!(found.as_slice(), [Finding::KeyGone { index: 9, .. }]), "{found:?}");
}

#[test]
fn a_revocation_is_said_and_never_taken_back() {
    let (bundle, day) = (world::bundle(), "2026-05-01".parse().unwrap());
    let mut item = bundle.item;
    world::append(
        &mut item,
        &world::item_uri(),
        "2026-05-01",
        Evidence::Cooperative,
        Event::Withdrawn(Withdrawn { reason: WithdrawnReason::Lost }),
        Vec::new(),
    );
    let mut set = StatusList::default();
    // The item begins behind three records of its batch, and the list's first version behind those.
    set.set(4).unwrap();
    let first = said(Statement::status(day, 0, &StatusList::default()));
    let log = [bytes(&bundle.batch), vec![first.clone()], bytes(&item)].concat();
    let unstated = |entries: &[Vec<u8>]| {
        let mut replay = Replay::default();
        entries.iter().for_each(|entry| replay.take(entry).unwrap());
        replay.unstated()
    };
    assert_eq!(unstated(&log), [Finding::Unstated { list: 0 }]);
    let stated = [log.clone(), vec![said(Statement::status(day, 0, &set))]].concat();
    assert_eq!((findings(&stated), unstated(&stated)), (vec![], vec![]));
    let found = findings(&[stated, vec![first]].concat());
    assert!(matches!(found.as_slice(), [Finding::OtherStatus { list: 0, .. }]), "{found:?}");
}

#[test]
fn a_wrong_count_of_newest_records_is_found() {
    let (bundle, day) = (world::bundle(), "2026-04-03".parse().unwrap());
    let count = |back: usize| {
        let mut tree = TipTree::default();
        for (history, back) in [(&bundle.batch, 0), (&bundle.item, back)] {
            let leaf = &history.leaves[history.leaves.len() - 1 - back].leaf;
            tree.push(tip_hash(leaf.item(), leaf.seq(), &leaf.hash()));
        }
        said(Statement::tips(day, tree.chains(), tree.root()))
    };
    assert_eq!(findings(&[entries(), vec![count(0)]].concat()), []);
    let found = findings(&[entries(), vec![count(1)]].concat());
    assert!(matches!(found.as_slice(), [Finding::OtherTips { index: 8, .. }]), "{found:?}");
    assert!(matches!(findings(&[br#"{"type":"tips","v":1}"#.to_vec()]).as_slice(), [Finding::NotAStatement { index: 0, .. }]));
}

#[test]
fn more_pieces_than_were_made_are_found() {
    let with = |entry| findings(&[entries(), vec![entry]].concat());
    assert!(matches!(with(other(1, |m| m.serial = 6)).as_slice(), [Finding::TooMany { serial: 6, quantity: 5, .. }]));
    assert!(matches!(with(other(1, |m| m.serial = 3)).as_slice(), [Finding::SerialTwice { serial: 3, .. }]));
    assert!(matches!(with(other(1, |m| m.batch_head = Digest::of(b"elsewhere"))).as_slice(), [Finding::OtherHead { .. }]));
    assert!(matches!(findings(&[other(1, |_| ())]).as_slice(), [Finding::NoBatch { .. }]));
}

#[test]
fn a_history_that_was_told_otherwise_is_found() {
    let honest = entries();
    let mut twice = honest.clone();
    twice.push(honest[0].clone());
    assert!(matches!(findings(&twice).as_slice(), [Finding::SecondHistory { index: 8, .. }]));
    let mut swapped = honest.clone();
    swapped.swap(4, 5);
    assert!(matches!(findings(&swapped).first(), Some(Finding::Chain { index: 4, .. })));
    let mut without = honest.clone();
    without.remove(5);
    assert!(matches!(findings(&without).first(), Some(Finding::Chain { index: 5, .. })));
    let mut garbage = honest.clone();
    garbage.insert(2, b"{}".to_vec());
    assert!(matches!(findings(&garbage).as_slice(), [Finding::NotARecord { index: 2, .. }]));
    assert!(Leaf::parse(&honest[0]).is_ok());
}
