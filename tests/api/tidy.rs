//! What can be checked about the code is a test.
use std::path::{Path, PathBuf};

/// A file that does not fit in two screens of a tall monitor hides things.
const MAX_LINES: usize = 400;

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Every place where `rule` finds something in our own code, tests aside.
fn offences(rule: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    for entry in std::fs::read_dir(root.join("crates")).unwrap().map(Result::unwrap) {
        sources(&entry.path().join("src"), &mut files);
    }
    assert!(files.len() > 100, "the code was found");
    files.sort();
    // Generated from the migrations.
    files.retain(|f| !f.ends_with("src/schema.rs"));
    let told = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.strip_prefix(root).unwrap().display().to_string();
        rule(&text).into_iter().map(|what| format!("{name}: {what}")).collect::<Vec<_>>()
    };
    files.iter().flat_map(told).collect()
}

fn too_long(text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines > MAX_LINES { vec![format!("{lines} lines")] } else { Vec::new() }
}
fn unwrapped(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let bare = |line: &&str| !line.trim_start().starts_with("//") && (line.contains(".unwrap()") || line.contains("#[allow("));
    code.lines().filter(bare).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn files_are_short() {
    assert_eq!(offences(too_long), Vec::<String>::new());
}
#[test]
fn nothing_is_unwrapped_or_allowed_outside_tests() {
    assert_eq!(offences(unwrapped), Vec::<String>::new());
}
#[test]
fn control_the_rules_find_what_they_forbid() {
    assert_eq!(too_long(&"x\n".repeat(MAX_LINES + 1)).len(), 1);
    assert_eq!(unwrapped("let x = y.unwrap();\n// z.unwrap()\n#[cfg(test)]\na.unwrap();").len(), 1);
}
