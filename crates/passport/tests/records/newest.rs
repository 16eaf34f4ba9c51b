//! What is left off at the end of a history: no link shows it, and the log's count of newest records does.

use passport::log::{Entry, Logged, NoteSigner};
use passport::{Bundle, Known, Outcome, verify_bundle_knowing};

use crate::tampering::logged;

fn newest(bundle: &Bundle, signer: Option<&NoteSigner>) -> (bool, Option<Outcome>, String) {
    let known = Known { log: signer.map(NoteSigner::verifier).map_or(&[], std::slice::from_ref), ..Known::default() };
    let verdict = verify_bundle_knowing(&bundle.to_bytes().unwrap(), known);
    let step = verdict.steps.iter().find(|step| step.name == "Newest record");
    (verdict.ok(), step.map(|step| step.outcome), step.map(|step| step.detail.clone()).unwrap_or_default())
}
/// The bundle without its item's last records, as somebody hands it on who would rather not show them.
fn without(mut bundle: Bundle, records: usize) -> Bundle {
    let kept = bundle.item.leaves.len() - records;
    bundle.item.leaves.truncate(kept);
    let leaves = bundle.item.leaves.clone();
    bundle.item.disclosures.retain(|open| leaves.iter().any(|signed| open.is_in(&signed.leaf)));
    bundle.log.as_mut().unwrap().item.truncate(kept);
    bundle
}

#[test]
fn what_the_log_counted_is_in_the_file_and_one_more() {
    let (bundle, signer) = logged();
    let (ok, outcome, detail) = newest(&bundle, Some(&signer));
    assert!(ok && outcome == Some(Outcome::Passed), "{detail}");
    assert!(
        detail.contains("On 2026-03-25 the log counted record 3")
            && detail.contains("one more has come since")
            && detail.ends_with("nothing was left off."),
        "{detail}"
    );
    let (ok, outcome, detail) = newest(&bundle, None);
    assert!(ok && outcome == Some(Outcome::NotChecked) && detail.contains("its key tells"), "{detail}");
    let (ok, outcome, detail) = newest(&without(bundle, 1), Some(&signer));
    assert!(
        ok && outcome == Some(Outcome::Passed) && detail.contains("the newest in this file too"),
        "what came after that day may be missing: {detail}"
    );
}

#[test]
fn a_record_that_was_left_off_is_missed() {
    let (bundle, signer) = logged();
    let short = without(bundle.clone(), 2);
    let (ok, outcome, detail) = newest(&short, Some(&signer));
    assert!(!ok && outcome == Some(Outcome::Failed) && detail.contains("left off"), "{detail}");
    // Nor with another number, or the batch's place in its stead.
    let changed = |change: &dyn Fn(&mut Logged)| {
        let mut short = short.clone();
        change(short.log.as_mut().unwrap());
        newest(&short, Some(&signer)).1
    };
    assert_eq!(changed(&|log| log.tips.as_mut().unwrap().item.as_mut().unwrap().seq = 2), Some(Outcome::Failed));
    assert_eq!(changed(&|log| log.tips.as_mut().unwrap().item = log.tips.as_ref().unwrap().batch.clone()), Some(Outcome::Failed));
    assert_eq!(changed(&|log| log.tips.as_mut().unwrap().index -= 1), Some(Outcome::Failed));
    assert_eq!(changed(&|log| log.tips.as_mut().unwrap().entry.push('A')), Some(Outcome::Failed));
    // Without the count nobody says that it is whole.
    assert_eq!(changed(&|log| log.tips.as_mut().unwrap().item = None), Some(Outcome::NotChecked));
    assert_eq!(changed(&|log| log.tips = None), Some(Outcome::NotChecked));
    // Another entry of the log in the count's stead.
    let Entry { index, path } = short.log.as_ref().unwrap().item[0].clone().unwrap();
    assert_eq!(
        changed(&|log| {
            let tips = log.tips.as_mut().unwrap();
            (tips.index, tips.path) = (index, path.clone());
        }),
        Some(Outcome::Failed)
    );
}
