//! The negative control of everything: change any one thing of a valid bundle, and it is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passport::leaf::Tip;
use passport::{
    Bundle, ChainKind, Digest, Draft, Event, History, Known, Outcome, Verdict, jcs,
    log::{Checkpoint, Counted, Edge, Entry, Logged, NoteSigner, Place, Statement, Tiles, TipTree, tip_hash, tree::inclusion_plan},
    verify_bundle, verify_bundle_knowing,
};
use serde_json::{Value, json};

use crate::world;

fn failed(verdict: &Verdict) -> Vec<&str> {
    verdict.steps.iter().filter(|step| step.outcome == Outcome::Failed).map(|step| step.name).collect()
}

fn judged(change: impl FnOnce(&mut Value)) -> Verdict {
    let mut value = jcs::parse(&world::bundle().to_bytes().unwrap(), usize::MAX).unwrap();
    change(&mut value);
    verify_bundle(&jcs::canonical(&value).unwrap())
}

#[test]
fn a_whole_bundle_is_accepted() {
    let verdict = verify_bundle(&world::bundle().to_bytes().unwrap());
    assert_eq!(failed(&verdict), Vec::<&str>::new());
    assert_eq!(verdict.bundle, Some(world::bundle()));
    assert_eq!(verdict.steps.len(), 12);
    assert!(verdict.steps.iter().all(|step| step.ok() && step.detail.ends_with('.')));
}

#[test]
fn spaces_and_key_order_are_free() {
    let value = jcs::parse(&world::bundle().to_bytes().unwrap(), usize::MAX).unwrap();
    assert!(verify_bundle(&serde_json::to_vec_pretty(&value).unwrap()).ok());
}

/// Each byte of a small bundle with its lowest bit flipped, and then replaced or left out in turn.
#[test]
fn no_byte_can_change() {
    let mut batch = world::batch();
    batch.leaves.truncate(2);
    let mut item = world::empty();
    world::append(&mut item, &world::item_uri(), "2026-03-03", passport::Evidence::Cooperative, world::minted(&batch), Vec::new());
    let whole = Bundle { item, batch, log: None }.to_bytes().unwrap();
    assert!(verify_bundle(&whole).ok());
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(!verify_bundle(&changed).ok(), "byte {at} of {}, lowest bit", whole.len());
        match at % 2 {
            0 => changed[at] = if whole[at] == b'A' { b'Z' } else { b'A' },
            _ => drop(changed.remove(at)),
        }
        assert!(!verify_bundle(&changed).ok(), "byte {at} of {}, replaced or left out", whole.len());
    }
}

/// Every place in a JSON value, as the way to it.
pub fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, inner)| places(inner, &format!("{here}/{key}"), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, inner)| places(inner, &format!("{here}/{at}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(here.to_owned());
}

fn altered(value: &Value) -> Value {
    match value {
        Value::Null => json!(0),
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) => json!(number.as_i64().unwrap() + 1),
        Value::String(text) => json!(format!("{text}a")),
        Value::Array(items) if items.is_empty() => json!([""]),
        Value::Array(_) => json!([]),
        Value::Object(members) if members.is_empty() => json!({"a": 1}),
        Value::Object(_) => json!({}),
    }
}

/// Each value of each leaf changed inside the signed bytes, which stay canonical: nothing but the signature is in the way.
#[test]
fn no_value_inside_a_leaf_can_change() {
    let whole = jcs::parse(&world::bundle().to_bytes().unwrap(), usize::MAX).unwrap();
    let mut tried = 0;
    for path in ["/leaves/0", "/leaves/1", "/leaves/3", "/leaves/4", "/batch/leaves/0", "/batch/leaves/1", "/batch/leaves/2"] {
        let bytes = URL_SAFE_NO_PAD.decode(whole.pointer(path).unwrap()["bytes"].as_str().unwrap()).unwrap();
        let leaf = jcs::parse(&bytes, usize::MAX).unwrap();
        let mut ways = Vec::new();
        places(&leaf, "", &mut ways);
        for way in ways {
            let mut changed = leaf.clone();
            let place = changed.pointer_mut(&way).unwrap();
            *place = altered(place);
            let mut bundle = whole.clone();
            bundle.pointer_mut(path).unwrap()["bytes"] = json!(URL_SAFE_NO_PAD.encode(jcs::canonical(&changed).unwrap()));
            assert!(!verify_bundle(&jcs::canonical(&bundle).unwrap()).ok(), "{path}{way}");
            tried += 1;
        }
    }
    assert!(tried > 100, "only {tried} values were tried");
}

/// Each value of the document itself changed, emptied or taken away. Only disclosures may go: that is consent withdrawn.
#[test]
fn no_value_of_the_document_can_change() {
    let whole = jcs::parse(&world::bundle().to_bytes().unwrap(), usize::MAX).unwrap();
    let mut ways = Vec::new();
    places(&whole, "", &mut ways);
    for way in ways {
        let mut changed = whole.clone();
        let place = changed.pointer_mut(&way).unwrap();
        *place = altered(place);
        let accepted = verify_bundle(&jcs::canonical(&changed).unwrap()).ok();
        assert_eq!(accepted, way.ends_with("/disclosures"), "{way}");
    }
    for field in ["format", "item", "code", "leaves", "disclosures", "keys", "batch"] {
        let verdict = judged(|bundle| {
            bundle.as_object_mut().unwrap().remove(field);
        });
        assert_eq!(failed(&verdict), ["File"], "{field}");
    }
    assert_eq!(failed(&judged(|bundle| bundle["note"] = json!("hello"))), ["File"]);
    // One form only: neither a null for nothing nor a list for an object.
    assert_eq!(failed(&judged(|bundle| bundle["log"] = Value::Null)), ["File"]);
    let listed = judged(|bundle| {
        let leaf = bundle["leaves"][0].clone();
        bundle["leaves"][0] = json!([leaf["bytes"], leaf["signature"]]);
    });
    assert_eq!(failed(&listed), ["File"]);
}

#[test]
fn each_step_fails_for_its_own_reason() {
    assert_eq!(failed(&judged(|b| b["format"] = json!("haat-item-bundle-v2"))), ["File"]);
    assert_eq!(failed(&judged(|b| b["keys"][0]["name"] = json!("Someone Else"))), ["Keys of the item"]);
    assert_eq!(failed(&judged(|b| b["batch"]["keys"][0]["by"] = json!("did:web:haat.example:coop:b"))), ["Keys of the batch"]);
    let swapped = judged(|b| {
        let other = b["leaves"][1]["signature"].clone();
        b["leaves"][2]["signature"] = other;
    });
    assert_eq!(failed(&swapped), ["Records of the item"]);
    assert_eq!(failed(&judged(|b| b["code"] = b["batch"]["code"].clone())), ["Address and code of the item"]);
    assert_eq!(failed(&judged(|b| b["item"] = b["batch"]["item"].clone())), ["Address and code of the item"]);
    let doubled = judged(|b| {
        let again = b["disclosures"][0].clone();
        b["disclosures"].as_array_mut().unwrap().push(again);
    });
    assert_eq!(failed(&doubled), ["Disclosures of the item"]);
    let moved = judged(|b| {
        let foreign = b["batch"]["disclosures"][0].clone();
        b["disclosures"].as_array_mut().unwrap().push(foreign);
    });
    assert_eq!(failed(&moved), ["Disclosures of the item"]);
    let item_as_batch = judged(|b| {
        let mut item = b.clone();
        for field in ["format", "batch"] {
            item.as_object_mut().unwrap().remove(field);
        }
        b["batch"] = item;
    });
    assert_eq!(failed(&item_as_batch), ["Records of the batch"]);
}

#[test]
fn a_key_that_signed_nothing_is_refused() {
    let mut bundle = world::bundle();
    bundle.item.keys.insert(world::key_of([2; 32], "Somebody Famous").public().clone()).unwrap();
    assert_eq!(failed(&verify_bundle(&bundle.to_bytes().unwrap())), ["Records of the item"]);
}

/// A bundle whose item was minted with `change`d facts, properly signed.
fn minted_with(batch: History, change: impl FnOnce(&mut Draft)) -> Vec<&'static str> {
    let mut draft = Draft {
        item: world::item_uri(),
        day: "2026-03-03".parse().unwrap(),
        evidence: passport::Evidence::Cooperative,
        event: world::minted(&batch),
        event_id: None,
        sd: Vec::new(),
    };
    change(&mut draft);
    let mut item = world::empty();
    item.leaves.push(draft.seal(None, &world::key()).unwrap());
    let verdict = verify_bundle(&Bundle { item, batch, log: None }.to_bytes().unwrap());
    verdict.steps.into_iter().filter(|step| !step.ok()).map(|step| step.name).collect()
}

#[test]
fn an_item_belongs_to_its_batch() {
    let facts = |draft: &mut Draft, change: &dyn Fn(&mut passport::facts::Minted)| match &mut draft.event {
        Event::Minted(minted) => change(minted),
        other => panic!("{other:?}"),
    };
    assert_eq!(minted_with(world::batch(), |_| ()), Vec::<&str>::new());
    assert_eq!(minted_with(world::batch(), |d| facts(d, &|minted| minted.serial = 5)), Vec::<&str>::new());
    let wrong = ["Batch and item"];
    assert_eq!(minted_with(world::batch(), |d| facts(d, &|minted| minted.serial = 6)), wrong);
    assert_eq!(minted_with(world::batch(), |d| facts(d, &|minted| minted.batch = world::item_uri())), wrong);
    assert_eq!(minted_with(world::batch(), |d| facts(d, &|minted| minted.batch_head = passport::Digest::of(b"x"))), wrong);
    assert_eq!(minted_with(world::batch(), |d| d.day = "2026-02-28".parse().unwrap()), wrong);
    let mut cut = world::batch();
    let head = cut.leaves.pop().unwrap().leaf.hash();
    assert_eq!(minted_with(cut, |d| facts(d, &|minted| minted.batch_head = head)), wrong);
}

#[test]
fn an_erased_person_leaves_every_proof_valid() {
    let mut bundle = world::bundle();
    bundle.item.disclosures.clear();
    bundle.batch.disclosures.clear();
    let bytes = bundle.to_bytes().unwrap();
    assert!(verify_bundle(&bytes).ok());
    let text = bundle.batch.leaves.iter().map(|signed| String::from_utf8_lossy(signed.leaf.bytes()).into_owned()).collect::<String>();
    assert!(!text.contains("Sita") && !text.contains("Barpali"));
    // The control: with the disclosures, the same leaves show her.
    let whole = world::bundle();
    let shown = whole.batch.disclosed(&whole.batch.leaves[1].leaf).map(|open| open.value().to_string()).collect::<String>();
    assert!(shown.contains("Sita") && shown.contains("Barpali"));
}

/// Who rewrites everything and signs it anew has a flawless file; only knowing the cooperative's key tells.
#[test]
fn a_forger_with_a_key_of_her_own_is_found_by_its_id() {
    let forger = world::key_of([66; 32], "Kala Weavers");
    let again = |history: History, kind: ChainKind| {
        let mut forged = History { leaves: Vec::new(), keys: passport::KeySet::default(), ..history };
        forged.keys.insert(forger.public().clone()).unwrap();
        for old in history.leaves.iter().map(|signed| &signed.leaf) {
            let event = match old.event() {
                Event::Minted(minted) => Event::Minted(passport::facts::Minted { batch_head: forged_head(&forger), ..minted.clone() }),
                other => other.clone(),
            };
            let draft = Draft { item: old.item().clone(), day: old.day(), evidence: old.evidence(), event, event_id: None, sd: old.sd().to_vec() };
            let tip = forged.leaves.last().map(|last: &passport::SignedLeaf| Tip::of(&last.leaf, kind));
            forged.leaves.push(draft.seal(tip.as_ref(), &forger).unwrap());
        }
        forged
    };
    let Bundle { item, batch, log: _ } = world::bundle();
    let forged = Bundle { batch: again(batch, ChainKind::Batch), item: again(item, ChainKind::Item), log: None }.to_bytes().unwrap();
    assert!(verify_bundle(&forged).ok());
    let known = [world::key().public().id()];
    assert_eq!(failed(&verify_bundle_knowing(&forged, keys(&known))), ["Signer"]);
    assert!(verify_bundle_knowing(&world::bundle().to_bytes().unwrap(), keys(&known)).ok());
    assert_eq!(failed(&verify_bundle_knowing(&world::bundle().to_bytes().unwrap(), keys(&[]))), ["Signer"]);
}

/// The hash of the last leaf of the batch, all of it signed by `key`.
fn forged_head(key: &passport::SigningKey) -> passport::Digest {
    let mut tip: Option<Tip> = None;
    for old in world::batch().leaves.iter().map(|signed| &signed.leaf) {
        let draft = Draft {
            item: old.item().clone(),
            day: old.day(),
            evidence: old.evidence(),
            event: old.event().clone(),
            event_id: None,
            sd: old.sd().to_vec(),
        };
        tip = Some(Tip::of(&draft.seal(tip.as_ref(), key).unwrap().leaf, ChainKind::Batch));
    }
    tip.unwrap().hash
}

fn keys(ids: &[Digest]) -> Known<'_> {
    Known { keys: Some(ids), ..Known::default() }
}

/// Three chains: another, the batch, and the item as it was before its last record.
fn count(bundle: &Bundle) -> TipTree {
    let (mut tree, newest) = (TipTree::default(), |history: &History, back: usize| history.leaves[history.leaves.len() - 1 - back].leaf.clone());
    tree.push(Digest::of(b"another chain"));
    for leaf in [newest(&bundle.batch, 0), newest(&bundle.item, 1)] {
        tree.push(tip_hash(leaf.item(), leaf.seq(), &leaf.hash()));
    }
    tree
}
fn counted(bundle: &Bundle, tree: TipTree, tiles: &Tiles, size: u64) -> Counted {
    let index = size - 2;
    let entry = Statement::tips("2026-03-25".parse().unwrap(), tree.chains(), tree.root()).to_bytes().unwrap();
    let place = |place: u64, seq: usize| Some(Place { place, seq: u32::try_from(seq).unwrap(), path: tree.proof(place).unwrap() });
    Counted {
        entry: URL_SAFE_NO_PAD.encode(entry),
        index,
        path: tiles.proof(&inclusion_plan(index, size).unwrap()).unwrap(),
        item: place(2, bundle.item.leaves.len() - 2),
        batch: place(1, bundle.batch.leaves.len() - 1),
    }
}

/// The bundle's records between those of others in a log, and the log's key.
pub fn logged() -> (Bundle, NoteSigner) {
    let mut bundle = world::bundle();
    let signer = NoteSigner::from_seed("haat.example/log", &[7; 32]).unwrap();
    let hashes = |history: &History| history.leaves.iter().map(|signed| signed.leaf.hash()).collect::<Vec<_>>();
    let others: Vec<_> = (0..5_u8).map(|i| Digest::of_leaf(&[i])).collect();
    // The log counts when the item's last record is not in yet.
    let tips = count(&bundle);
    let entry = Digest::of_leaf(&Statement::tips("2026-03-25".parse().unwrap(), tips.chains(), tips.root()).to_bytes().unwrap());
    let (mut of_item, last) = (hashes(&bundle.item), hashes(&bundle.item).pop().unwrap());
    of_item.pop();
    let all = [others.clone(), hashes(&bundle.batch), others, of_item, vec![entry, last]].concat();
    let (mut edge, mut tiles) = (Edge::default(), Tiles::default());
    edge.append(&all).into_iter().for_each(|(place, bytes)| tiles.insert(place, bytes));
    let size = edge.size();
    let entries = |first: usize, count: usize| -> Vec<_> {
        (first..first + count)
            .map(|index| {
                let path = tiles.proof(&inclusion_plan(index as u64, size).unwrap()).unwrap();
                Some(Entry { index: index as u64, path })
            })
            .collect()
    };
    let checkpoint = Checkpoint { origin: "haat.example/log".into(), size, root: edge.root() };
    let (of_batch, of_item) = (bundle.batch.leaves.len(), bundle.item.leaves.len());
    bundle.log = Some(Logged {
        checkpoint: signer.sign(&checkpoint.text()).unwrap().to_string(),
        batch: entries(5, of_batch),
        item: [entries(10 + of_batch, of_item - 1), entries(size as usize - 1, 1)].concat(),
        tips: Some(counted(&bundle, tips, &tiles, size)),
    });
    (bundle, signer)
}
fn in_log(bundle: &Bundle, signer: Option<&NoteSigner>) -> (bool, Outcome, String) {
    let known = Known { log: signer.map(NoteSigner::verifier).map_or(&[], std::slice::from_ref), ..Known::default() };
    let verdict = verify_bundle_knowing(&bundle.to_bytes().unwrap(), known);
    let step = verdict.steps.iter().find(|step| step.name == "Public log").unwrap();
    (verdict.ok(), step.outcome, step.detail.clone())
}

#[test]
fn records_in_the_log_are_proven_with_its_key_alone() {
    let (bundle, signer) = logged();
    let (ok, outcome, detail) = in_log(&bundle, Some(&signer));
    assert!(ok && outcome == Outcome::Passed && detail.contains("haat.example/log"), "{detail}");
    let (ok, outcome, detail) = in_log(&bundle, None);
    assert!(ok && outcome == Outcome::NotChecked && detail.contains("its key"), "{detail}");
    let (ok, outcome, _) = in_log(&world::bundle(), None);
    assert!(ok && outcome == Outcome::NotChecked);
    let (ok, outcome, detail) = in_log(&world::bundle(), Some(&signer));
    assert!(!ok && outcome == Outcome::Failed && detail.contains("no proofs"), "who asks for the log is not put off: {detail}");
    let other = NoteSigner::from_seed("haat.example/log", &[8; 32]).unwrap();
    assert!(!in_log(&bundle, Some(&other)).0);
}

#[test]
fn a_place_in_the_log_that_is_not_the_records_is_refused() {
    let (bundle, signer) = logged();
    let changed = |change: &dyn Fn(&mut Logged)| {
        let mut bundle = bundle.clone();
        change(bundle.log.as_mut().unwrap());
        [in_log(&bundle, None), in_log(&bundle, Some(&signer))].map(|(ok, outcome, _)| ok || outcome != Outcome::Failed)
    };
    let refused = [false, false];
    assert_eq!(changed(&|log| log.item[0].as_mut().unwrap().index += 1), refused);
    assert_eq!(changed(&|log| log.item.swap(0, 1)), refused);
    assert_eq!(changed(&|log| log.batch[0].as_mut().unwrap().path.truncate(0)), refused);
    assert_eq!(changed(&|log| log.batch[0].as_mut().unwrap().path[0] = Digest::of(b"another")), refused);
    assert_eq!(changed(&|log| drop(log.item.pop())), refused);
    assert_eq!(changed(&|log| log.checkpoint = "…".into()), refused);
    // A record that is too new is said to be, and not refused.
    let mut new = bundle.clone();
    *new.log.as_mut().unwrap().item.last_mut().unwrap() = None;
    let (ok, outcome, detail) = in_log(&new, Some(&signer));
    assert!(ok && outcome == Outcome::NotChecked && detail.contains("too new"), "{detail}");
}
