//! Whole histories: each way to break one is found, at the right record.

use passport::chain::{ChainError, verify_chain};
use passport::key::KeyError;
use passport::leaf::{Draft, SignedLeaf, Tip};
use passport::{ChainKind, Event, Evidence, History, KeySet, Signature};

use crate::world;

fn verify(history: &History) -> Result<Tip, ChainError> {
    verify_chain(&history.leaves, &history.keys)
}

fn whole() -> History {
    world::item(&world::batch())
}

#[test]
fn a_whole_history_gives_its_end() {
    let history = whole();
    let tip = verify(&history).unwrap();
    let last = &history.leaves.last().unwrap().leaf;
    assert_eq!(tip, Tip { item: world::item_uri(), chain: ChainKind::Item, seq: 4, hash: last.hash(), day: last.day() });
    assert_eq!(verify(&world::batch()).unwrap().chain, ChainKind::Batch);
}

#[test]
fn nothing_at_all_is_not_a_history() {
    assert_eq!(verify(&world::empty()), Err(ChainError::Empty));
}

#[test]
fn missing_doubled_and_swapped_records_are_gaps() {
    let mut without_first = whole();
    without_first.leaves.remove(0);
    assert_eq!(verify(&without_first), Err(ChainError::Gap { expected: 0, found: 1 }));
    let mut without_middle = whole();
    without_middle.leaves.remove(2);
    assert_eq!(verify(&without_middle), Err(ChainError::Gap { expected: 2, found: 3 }));
    let mut swapped = whole();
    swapped.leaves.swap(2, 3);
    assert_eq!(verify(&swapped), Err(ChainError::Gap { expected: 2, found: 3 }));
    let mut doubled = whole();
    doubled.leaves.insert(1, doubled.leaves[1].clone());
    assert_eq!(verify(&doubled), Err(ChainError::Gap { expected: 2, found: 1 }));
}

/// A record that its own key signed, but for another place.
fn replaced(at: usize, change: impl FnOnce(&mut Draft, &mut Tip)) -> History {
    let mut history = whole();
    let before = &history.leaves[at - 1].leaf;
    let mut tip = Tip::of(before, ChainKind::Item);
    let old = &history.leaves[at].leaf;
    let mut draft =
        Draft { item: tip.item.clone(), day: old.day(), evidence: old.evidence(), event: old.event().clone(), event_id: None, sd: old.sd().to_vec() };
    change(&mut draft, &mut tip);
    history.leaves[at] = draft.seal(Some(&tip), &world::key()).unwrap();
    history
}

#[test]
fn the_control_of_replaced_changes_nothing() {
    assert_eq!(replaced(2, |_, _| ()), whole());
}

#[test]
fn a_rewritten_record_breaks_the_link_of_the_next() {
    let history = replaced(2, |draft, _| draft.evidence = Evidence::Own);
    assert_eq!(verify(&history), Err(ChainError::BrokenLink { seq: 3, actual: history.leaves[2].leaf.hash() }));
}

#[test]
fn a_foreign_link_is_found() {
    let history = replaced(2, |_, tip| tip.hash = passport::Digest::of(b"another history"));
    assert_eq!(verify(&history), Err(ChainError::BrokenLink { seq: 2, actual: history.leaves[1].leaf.hash() }));
}

#[test]
fn a_record_of_another_item_is_found() {
    let history = replaced(2, |draft, tip| {
        draft.item = world::batch_uri();
        tip.item = world::batch_uri();
    });
    assert_eq!(verify(&history), Err(ChainError::OtherItem { seq: 2, found: world::batch_uri() }));
}

#[test]
fn time_does_not_run_backwards() {
    let history = replaced(2, |draft, tip| {
        draft.day = "2026-03-19".parse().unwrap();
        tip.day = draft.day;
    });
    assert!(matches!(verify(&history), Err(ChainError::DayBefore { seq: 2, .. })));
}

#[test]
fn a_batch_is_not_sold() {
    let mut history = world::batch();
    let tip = Tip { chain: ChainKind::Item, ..verify(&history).unwrap() };
    let draft = Draft {
        item: tip.item.clone(),
        day: tip.day,
        evidence: Evidence::Ledger,
        event: Event::Sold(passport::facts::Sold {}),
        event_id: None,
        sd: Vec::new(),
    };
    history.leaves.push(draft.seal(Some(&tip), &world::key()).unwrap());
    assert!(matches!(verify(&history), Err(ChainError::Misplaced { seq: 3, .. })));
}

fn signed_by(key: &passport::SigningKey, history: &mut History) {
    let tip = Tip::of(&history.leaves[3].leaf, ChainKind::Item);
    let old = &history.leaves[4].leaf;
    let draft =
        Draft { item: tip.item.clone(), day: old.day(), evidence: old.evidence(), event: old.event().clone(), event_id: None, sd: Vec::new() };
    history.leaves[4] = draft.seal(Some(&tip), key).unwrap();
}

#[test]
fn keys_may_change_but_not_the_cooperative() {
    let mut history = whole();
    let second = world::key_of([2; 32], "Kala Weavers");
    signed_by(&second, &mut history);
    assert_eq!(verify(&history), Err(ChainError::UnknownKey { seq: 4, key: second.public().id() }));
    history.keys.insert(second.public().clone()).unwrap();
    assert!(verify(&history).is_ok());

    let stranger = passport::SigningKey::from_seed(&[3; 32], "did:web:haat.example:coop:other".parse().unwrap(), "Others".parse().unwrap());
    signed_by(&stranger, &mut history);
    history.keys.insert(stranger.public().clone()).unwrap();
    assert!(matches!(verify(&history), Err(ChainError::OtherVoice { seq: 4, .. })));
}

#[test]
fn no_bit_of_a_signature_can_change() {
    let history = whole();
    for bit in 0..512 {
        let mut bytes = *history.leaves[2].signature.as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let mut forged = history.clone();
        forged.leaves[2].signature = Signature::from_bytes(bytes);
        assert_eq!(verify(&forged), Err(ChainError::Signature { seq: 2, error: KeyError::Signature }), "bit {bit}");
    }
}

#[test]
fn a_key_signs_only_leaves_that_name_it() {
    let SignedLeaf { leaf, .. } = &whole().leaves[0];
    assert!(matches!(world::key_of([2; 32], "Kala Weavers").sign(leaf), Err(KeyError::NotItsKey { .. })));
    assert!(matches!(world::key_of([1; 32], "Kala").sign(leaf), Err(KeyError::NotItsKey { .. })));
    assert_eq!(verify_chain(&whole().leaves, &KeySet::default()), Err(ChainError::UnknownKey { seq: 0, key: leaf.key() }));
}
