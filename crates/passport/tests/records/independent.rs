//! The same bundles under `tests/independent/verify.py`, which shares no code with us: PyPI's `rfc8785` and `pynacl`.

use std::path::PathBuf;
use std::process::Command;

use passport::jcs;
use serde_json::json;

use crate::world;

/// `PYTHON` names another interpreter, for example that of a virtual environment with both packages.
fn python() -> Command {
    Command::new(std::env::var_os("PYTHON").unwrap_or("python3".into()))
}

#[test]
fn other_software_agrees() {
    let importable = python().args(["-c", "import rfc8785, nacl.signing"]).output();
    if !importable.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: other_software_agrees needs python3 with the packages rfc8785 and pynacl (set PYTHON to choose one)");
        return;
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/independent/verify.py");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let verdict = |name: &str, bytes: &[u8]| {
        let file = folder.join(name);
        std::fs::write(&file, bytes).unwrap();
        let output = python().arg(&script).arg(&file).output().unwrap();
        std::fs::remove_file(&file).unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let whole = world::bundle().to_bytes().unwrap();
    let (code, said) = verdict("whole.json", &whole);
    assert_eq!(code, Some(0), "{said}");

    let value = jcs::parse(&whole, usize::MAX).unwrap();
    for (name, path, wrong) in [
        ("name.json", "/keys/0/name", json!("Someone Else")),
        ("signature.json", "/leaves/1/signature", value["leaves"][2]["signature"].clone()),
        ("leaf.json", "/batch/leaves/1/bytes", value["batch"]["leaves"][2]["bytes"].clone()),
        ("disclosure.json", "/disclosures/0", value["batch"]["disclosures"][0].clone()),
        ("code.json", "/code", value["batch"]["code"].clone()),
        ("gap.json", "/leaves/2", value["leaves"][3].clone()),
    ] {
        let mut changed = value.clone();
        *changed.pointer_mut(path).unwrap() = wrong;
        let (code, said) = verdict(name, &jcs::canonical(&changed).unwrap());
        assert_eq!(code, Some(1), "{path}: {said}");
    }
}
