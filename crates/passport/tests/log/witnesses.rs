//! Witnesses: what they sign, when they refuse, and how many are enough.
use std::slice::from_ref;

use passport::Digest;
use passport::log::tree::{consistency_plan, empty_root};
use passport::log::{AddCheckpoint, Checkpoint, Note, NoteError, NoteSigner, NoteVerifier, Policy, Refusal, WitnessKey, WitnessSigner};

use crate::trees::{leaves, tiles};

const ORIGIN: &str = "haat.example/log";

fn log() -> NoteSigner {
    NoteSigner::from_seed(ORIGIN, &[7; 32]).unwrap()
}
fn witness(seed: u8) -> WitnessSigner {
    WitnessSigner::from_seed(&format!("w{seed}.example/witness"), &[seed; 32]).unwrap()
}
fn checkpoint(size: usize) -> Checkpoint {
    let root = if size == 0 { empty_root() } else { tiles(&leaves(size)).root(size as u64).unwrap() };
    Checkpoint { origin: ORIGIN.into(), size: size as u64, root }
}
fn note(size: usize) -> String {
    log().sign(&checkpoint(size).text()).unwrap().to_string()
}
fn proof(old: usize, new: usize) -> Vec<Digest> {
    tiles(&leaves(new)).proof(&consistency_plan(old as u64, new as u64).unwrap()).unwrap()
}
fn asked(old: usize, new: usize) -> AddCheckpoint {
    AddCheckpoint { old: old as u64, proof: proof(old, new), note: note(new) }
}

#[test]
fn a_cosignature_is_believed_for_its_text_its_time_and_its_key() {
    let witness = witness(1);
    let text = checkpoint(5).text();
    let line = witness.cosign(&text, 1_679_315_147);
    assert_eq!(witness.key().time(&text, &line), Ok(1_679_315_147));
    assert_eq!(line.to_string().parse().as_ref(), Ok(&line));
    // What is signed, written out: the standard's example with our numbers.
    let signed = format!("cosignature/v1\ntime 1679315147\n{text}");
    let by_hand = {
        use ed25519_dalek::Signer as _;
        ed25519_dalek::SigningKey::from_bytes(&[1; 32]).sign(signed.as_bytes()).to_bytes()
    };
    assert_eq!(line.signature, [&1_679_315_147_u64.to_be_bytes(), by_hand.as_slice()].concat());
    for at in 0..line.signature.len() {
        let mut wrong = line.clone();
        wrong.signature[at] ^= 1;
        assert!(witness.key().time(&text, &wrong).is_err(), "byte {at}");
    }
    assert!(witness.key().time(&checkpoint(6).text(), &line).is_err());
    // In a note, beside the log's own signature, which is none of a witness.
    let note: Note = Note::parse(&format!("{}{line}\n", note(5))).unwrap();
    assert_eq!(witness.key().cosigned(&note), Ok(1_679_315_147));
    assert!(note.verified_by(log().verifier()).is_ok(), "who does not know witnesses reads on");
    assert_eq!(self::witness(2).key().cosigned(&note), Err(NoteError::Unsigned("w2.example/witness".into())));
}

#[test]
fn a_witness_key_is_no_key_of_a_log() {
    let key = witness(1).key().to_string();
    assert_eq!(key.parse().as_ref(), Ok(witness(1).key()));
    assert!(key.parse::<NoteVerifier>().is_err());
    assert!(log().verifier().to_string().parse::<WitnessKey>().is_err());
    let same = WitnessSigner::from_seed(ORIGIN, &[7; 32]).unwrap();
    assert_ne!(same.key().id(), log().verifier().id(), "the type is in the id");
}

#[test]
fn what_is_asked_reads_back() {
    for (old, new) in [(0, 0), (0, 5), (3, 7), (7, 7), (8, 300)] {
        let asked = asked(old, new);
        assert_eq!(AddCheckpoint::parse(&asked.to_string()).as_ref(), Ok(&asked));
    }
    let whole = asked(3, 7).to_string();
    for wrong in [
        whole.replace("old 3", "old 03"),
        whole.replace("old 3", "new 3"),
        whole.replace("old 3\n", "old 3\nx\n"),
        whole.replacen("\n\n", "\n", 2),
        format!("old 3\n{}{}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".repeat(64), whole.split_once("old 3\n").unwrap().1),
        String::new(),
    ] {
        assert_eq!(AddCheckpoint::parse(&wrong).map_err(|refusal| refusal.status()), Err(400), "{wrong}");
    }
}

#[test]
fn a_witness_refuses_what_does_not_only_grow() {
    let (log, seen) = (log(), checkpoint(7));
    let judge = |asked: &AddCheckpoint, seen: Option<&Checkpoint>| asked.judge(from_ref(log.verifier()), seen);
    assert_eq!(judge(&asked(0, 0), None), Ok(checkpoint(0)));
    assert_eq!(judge(&asked(0, 5), None), Ok(checkpoint(5)));
    assert_eq!(judge(&asked(7, 12), Some(&seen)), Ok(checkpoint(12)));
    assert_eq!(judge(&asked(7, 7), Some(&seen)), Ok(checkpoint(7)), "what was cosigned is cosigned again");
    // Back, and from where it was not left.
    assert_eq!(judge(&asked(0, 5), Some(&seen)), Err(Refusal::OtherSize { size: 7 }));
    assert_eq!(judge(&asked(5, 12), Some(&seen)), Err(Refusal::OtherSize { size: 7 }));
    assert_eq!(judge(&asked(7, 12), None), Err(Refusal::OtherSize { size: 0 }));
    assert_eq!(judge(&AddCheckpoint { old: 8, ..asked(7, 7) }, Some(&seen)), Err(Refusal::OldBeyond));
    // A fork: another tree of the same size, and one that grew from it.
    let forked = |size: usize| {
        let mut other = leaves(size);
        other[2] = Digest::of(b"another");
        tiles(&other)
    };
    let fork = |old: usize, new: usize| {
        let tree = forked(new);
        let root = tree.root(new as u64).unwrap();
        let note = log.sign(&Checkpoint { origin: ORIGIN.into(), size: new as u64, root }.text()).unwrap().to_string();
        AddCheckpoint { old: old as u64, proof: tree.proof(&consistency_plan(old as u64, new as u64).unwrap()).unwrap(), note }
    };
    assert_eq!(judge(&fork(7, 7), Some(&seen)), Err(Refusal::OtherRoot { size: 7 }));
    assert_eq!(judge(&fork(7, 12), Some(&seen)), Err(Refusal::Inconsistent));
    let mut long = asked(7, 12);
    long.proof.push(Digest::of(b"more"));
    assert_eq!(judge(&long, Some(&seen)), Err(Refusal::Inconsistent));
    // Not by this log's key, and not of this log.
    let other = NoteSigner::from_seed(ORIGIN, &[8; 32]).unwrap();
    assert_eq!(asked(7, 12).judge(from_ref(other.verifier()), Some(&seen)), Err(Refusal::Unsigned));
    let elsewhere = NoteSigner::from_seed("other.example/log", &[7; 32]).unwrap();
    let note = log.sign(&Checkpoint { origin: "other.example/log".into(), ..checkpoint(12) }.text()).unwrap().to_string();
    assert_eq!(AddCheckpoint { note, ..asked(7, 12) }.judge(from_ref(log.verifier()), Some(&seen)), Err(Refusal::UnknownLog));
    assert_eq!(asked(7, 12).judge(from_ref(elsewhere.verifier()), Some(&seen)), Err(Refusal::Unsigned));
}

fn cosigned(by: &[u8]) -> Note {
    let lines: String = by.iter().map(|seed| format!("{}\n", witness(*seed).cosign(&checkpoint(5).text(), 1))).collect();
    Note::parse(&format!("{}{lines}", note(5))).unwrap()
}

#[test]
fn a_quorum_is_met_by_enough_of_the_named() {
    let key = |seed: u8| witness(seed).key().to_string();
    let text = format!(
        "# two houses\nlog {} https://haat.example\n\nwitness X1 {}\n\twitness X2 {}  https://x2.example\nwitness X3 {}\ngroup X 2 X1 X2 X3\nwitness Y1 {}\nwitness Y2 {}\ngroup Y any Y1 Y2\ngroup all-of all X Y\nquorum all-of\n",
        log().verifier(),
        key(1),
        key(2),
        key(3),
        key(4),
        key(5)
    );
    let policy: Policy = text.parse().unwrap();
    assert_eq!(policy.log(ORIGIN), Some(log().verifier()));
    assert_eq!(policy.witnesses().filter_map(|(name, _, url)| Some((name, url?))).collect::<Vec<_>>(), [("X2", "https://x2.example")]);
    for (by, met) in [
        (&[1, 2, 4][..], true),
        (&[1, 2, 3, 4, 5], true),
        (&[2, 3, 5], true),
        (&[1, 2], false),
        (&[1, 4], false),
        (&[4, 5], false),
        (&[], false),
        (&[1, 1, 4], false),
        (&[6, 7, 8], false),
    ] {
        let found = policy.judge(&cosigned(by)).unwrap();
        assert_eq!((found.met, found.witnesses), (met, 5), "{by:?}: {found:?}");
    }
    // A known witness under a line that does not fit: the note is not what it seems.
    let forged = format!("{}{}\n", note(5), witness(1).cosign("another text\n", 1));
    assert!(policy.judge(&Note::parse(&forged).unwrap()).is_err());
    let none: Policy = "quorum none".parse().unwrap();
    assert!(none.judge(&cosigned(&[])).unwrap().met);
}

#[test]
fn a_policy_says_one_thing_only() {
    let (w, l) = (witness(1).key().to_string(), log().verifier().to_string());
    for wrong in [
        String::new(),
        format!("witness A {w}"),
        format!("witness A {w}\nquorum B"),
        format!("quorum A\nwitness A {w}"),
        format!("witness A {w}\nquorum A\nquorum none"),
        format!("witness A {w}\nwitness B {w}\nquorum A"),
        format!("witness none {w}\nquorum none"),
        format!("witness A {l}\nquorum A"),
        format!("log {w}\nquorum none"),
        format!("log {l}\nlog {l}\nquorum none"),
        format!("witness A {w}\ngroup G 2 A\nquorum G"),
        format!("witness A {w}\ngroup G 0 A\nquorum G"),
        format!("witness A {w}\ngroup G 01 A\nquorum G"),
        format!("witness A {w}\ngroup G any\nquorum G"),
        format!("witness A {w}\ngroup G any A\ngroup H any A\nquorum G"),
        format!("witness A {w}\ngroup G any A A\nquorum G"),
        format!("witness A {w}\ngroup A any A\nquorum A"),
        format!("witness A {w}\r\nquorum A"),
        format!("witness\u{a0}A {w}\nquorum A"),
        "trust everybody".to_owned(),
    ] {
        assert!(wrong.parse::<Policy>().is_err(), "{wrong}");
    }
}
