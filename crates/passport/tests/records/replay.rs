//! A log read again by somebody who does not trust it: each fraud is found where it stands.
use passport::{
    Digest, Draft, Evidence, History, Leaf, SignedLeaf, Tip,
    event::Event,
    log::{Edge, Finding, Replay},
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
