//! Notes, checkpoints and proofs: made, read, and refused when one character differs.
use passport::Digest;
use passport::log::tree::inclusion_plan;
use passport::log::{Checkpoint, CheckpointError, Note, NoteError, NoteSigner, NoteVerifier, Proof, ProofError};

use crate::trees::{leaves, tiles};

const ORIGIN: &str = "haat.example/log";

fn signer() -> NoteSigner {
    NoteSigner::from_seed(ORIGIN, &[7; 32]).unwrap()
}
fn checkpoint(size: usize) -> Checkpoint {
    Checkpoint { origin: ORIGIN.into(), size: size as u64, root: tiles(&leaves(size)).root(size as u64).unwrap() }
}

/// A key that is in use elsewhere: its id is a hash that we compute anew.
#[test]
fn a_key_made_elsewhere_is_read() {
    let key: NoteVerifier = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8".parse().unwrap();
    assert_eq!((key.name(), key.id()), ("sum.golang.org", 0x033d_e0ae));
    for wrong in [
        "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033DE0AE+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.com+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae",
    ] {
        assert!(wrong.parse::<NoteVerifier>().is_err(), "{wrong}");
    }
}

#[test]
fn a_note_is_believed_exactly_as_it_was_signed() {
    let signer = signer();
    let text = "haat.example/log\n3\n\nand a line behind an empty one\n";
    let note = signer.sign(text).unwrap().to_string();
    assert_eq!(Note::parse(&note).unwrap().verified_by(signer.verifier()), Ok(text));
    for (at, _) in note.char_indices() {
        let mut wrong = note.clone();
        let old = wrong[at..].chars().next().unwrap();
        wrong.replace_range(at..at + old.len_utf8(), if old == 'A' { "B" } else { "A" });
        let believed = Note::parse(&wrong).is_ok_and(|note| note.verified_by(signer.verifier()).is_ok());
        assert!(!believed, "{wrong:?}");
    }
    let other = NoteSigner::from_seed(ORIGIN, &[8; 32]).unwrap();
    assert_eq!(Note::parse(&note).unwrap().verified_by(other.verifier()), Err(NoteError::Unsigned(ORIGIN.into())));
}

/// A log that changes its key: both sign for a while, and whoever knows one of them goes on.
#[test]
fn while_a_key_changes_either_is_enough_and_none_may_lie() {
    let (old, new) = (signer(), NoteSigner::from_seed(ORIGIN, &[8; 32]).unwrap());
    let keys = [old.verifier().clone(), new.verifier().clone()];
    let before = old.sign(&checkpoint(5).text()).unwrap();
    let both = new.sign(&checkpoint(9).text()).unwrap().signed_too(&old).unwrap();
    let after = new.sign(&checkpoint(12).text()).unwrap();
    assert_eq!(both.signatures().len(), 2);
    for (note, size, by_old, by_new) in [(&before, 5, true, false), (&both, 9, true, true), (&after, 12, false, true)] {
        let note = note.to_string();
        assert_eq!(Checkpoint::verified(&note, old.verifier()).is_ok(), by_old);
        assert_eq!(Checkpoint::verified(&note, new.verifier()).is_ok(), by_new);
        assert_eq!(Checkpoint::verified_by(&note, &keys), Ok(checkpoint(size)));
    }
    assert!(matches!(Checkpoint::verified_by(&both.to_string(), &[]), Err(CheckpointError::Note(NoteError::Unsigned(_)))));
    // A line of one of them that does not fit refuses the note, whatever the other signed.
    let forged = both.to_string().replace(&before.signatures()[0].name, ORIGIN);
    let other = old.sign(&checkpoint(8).text()).unwrap().signatures()[0].to_string();
    let forged = forged.replace(&both.signatures()[1].to_string(), &other);
    assert!(Checkpoint::verified(&forged, new.verifier()).is_ok());
    assert!(matches!(Checkpoint::verified_by(&forged, &keys), Err(CheckpointError::Note(NoteError::Signature(_)))));
}

#[test]
fn what_is_no_note_is_refused() {
    let signer = signer();
    for text in ["no end", "a\ttab\n", "a return\r\n"] {
        assert!(signer.sign(text).is_err(), "{text:?}");
    }
    for note in [
        "",
        "text\n",
        "text\n\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n— name\n",
        "text\n\n— na+me AAAAAAAA\n",
        "text\n\n— name AAAA\n",
        "text\n\n— name AAAAAAAA",
    ] {
        assert!(Note::parse(note).is_err(), "{note:?}");
    }
    for name in ["", "a b", "a+b", "a\u{a0}b"] {
        assert!(NoteSigner::from_seed(name, &[1; 32]).is_err(), "{name:?}");
    }
    assert!(Note::parse(&"x\n".repeat(40_000)).is_err());
}

#[test]
fn a_checkpoint_is_of_the_log_that_signed_it() {
    let signer = signer();
    let note = signer.sign(&checkpoint(9).text()).unwrap().to_string();
    assert_eq!(Checkpoint::verified(&note, signer.verifier()), Ok(checkpoint(9)));
    let stranger = Checkpoint { origin: "other.example/log".into(), ..checkpoint(9) };
    let note = signer.sign(&stranger.text()).unwrap().to_string();
    assert!(matches!(Checkpoint::verified(&note, signer.verifier()), Err(CheckpointError::OtherLog { .. })));
    for text in ["", "\n1\nAA==\n", "a\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "a\n-1\n", "a\n1\n47DEQpj8HBSa\n", "a\n1\n"] {
        assert!(Checkpoint::parse(text).is_err(), "{text:?}");
    }
    // What other logs add below the root is theirs.
    assert_eq!(Checkpoint::parse(&format!("{}more\n", checkpoint(9).text())), Ok(checkpoint(9)));
}

#[test]
fn a_proof_is_carried_as_a_text() {
    let (signer, leaves) = (signer(), leaves(300));
    let tiles = tiles(&leaves);
    let note = signer.sign(&checkpoint(300).text()).unwrap().to_string();
    for index in [0, 1, 128, 255, 256, 299_usize] {
        let path = tiles.proof(&inclusion_plan(index as u64, 300).unwrap()).unwrap();
        let proof = Proof { index: index as u64, path, checkpoint: note.clone() };
        let text = proof.to_string();
        assert_eq!(Proof::parse(&text), Ok(proof.clone()));
        assert_eq!(Proof::parse(&text.replacen("\nindex", "\nextra Zm9v\nindex", 1)), Ok(proof.clone()), "extra data is passed over");
        assert_eq!(proof.verify(&leaves[index], signer.verifier()), Ok(checkpoint(300)));
        assert_eq!(proof.verify(&leaves[(index + 1) % 300], signer.verifier()), Err(ProofError::NotIncluded));
        assert_eq!(Proof { index: proof.index ^ 1, ..proof.clone() }.verify(&leaves[index], signer.verifier()), Err(ProofError::NotIncluded));
        let unsigned = Proof { checkpoint: note.replace("300", "301"), ..proof };
        assert!(matches!(unsigned.verify(&leaves[index], signer.verifier()), Err(ProofError::Checkpoint(_))));
    }
    for wrong in [
        "",
        "c2sp.org/tlog-proof@v2\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0\nAA==\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0",
    ] {
        assert!(Proof::parse(wrong).is_err(), "{wrong:?}");
    }
    let long =
        format!("c2sp.org/tlog-proof@v1\nindex 0\n{}\n\nx", vec![Digest::of(b"").as_bytes().map(|_| 'A').iter().collect::<String>(); 2].join("\n"));
    assert!(Proof::parse(&long).is_err());
}
