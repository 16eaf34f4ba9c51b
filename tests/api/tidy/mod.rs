//! What can be checked about the code is a test.
mod modules;
mod sql;

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

/// A function that does not fit on a screen does two things.
const MAX_FUNCTION: usize = 70;
/// Where floating point may be: never near money.
const FLOATS: &[(&str, &str)] = &[("src/telemetry.rs", "seconds that were measured")];

/// Every place where `rule` finds something in our own code, tests aside.
fn offences(rule: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    code().iter().flat_map(|(name, text)| rule(text).into_iter().map(move |what| format!("{name}: {what}"))).collect()
}
/// Our own code, tests aside: each file's name and text.
fn code() -> Vec<(String, String)> {
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
    let named = |file: &PathBuf| (file.strip_prefix(root).unwrap().display().to_string(), std::fs::read_to_string(file).unwrap());
    files.iter().map(named).collect()
}
/// The text without its comments and its unit tests.
fn bare(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

fn too_long(text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines > MAX_LINES { vec![format!("{lines} lines")] } else { Vec::new() }
}
fn unwrapped(text: &str) -> Vec<String> {
    bare(text).lines().filter(|line| line.contains(".unwrap()") || line.contains("#[allow(")).map(|line| line.trim().to_owned()).collect()
}
/// As rustfmt writes it: a function ends at the first closing brace below it that stands where it began.
fn long_functions(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let words = trimmed.split('(').next().unwrap_or_default();
        if !words.split(' ').any(|word| word == "fn") || trimmed.starts_with("//") || trimmed.ends_with('}') || trimmed.ends_with(';') {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - trimmed.len()]);
        let length = lines[at..].iter().position(|l| *l == end).unwrap_or_default() + 1;
        if length > MAX_FUNCTION {
            found.push(format!("line {}: a function of {length} lines", at + 1));
        }
    }
    found
}
fn floats(text: &str) -> Vec<String> {
    let is_float = |word: &str| word == "f64" || word == "f32" || word.ends_with("as_f64") || word.ends_with("as_f32");
    let has = |line: &&str| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(is_float);
    bare(text).lines().filter(has).map(|line| line.trim().to_owned()).collect()
}

/// What the API document calls the types of this file. (It has one list: of two types with one name, one would be described as the other.)
fn documented(text: &str) -> Vec<String> {
    let text = bare(text);
    let after = |text: &str, word: &str| -> Option<String> {
        let rest = &text[text.find(word)? + word.len()..];
        Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
    };
    let declared = |part: &str| after(part, "pub enum ").or_else(|| after(part, "enum ")).filter(|n| n.starts_with(|c: char| c.is_ascii_uppercase()));
    let enums = text.split("text_enum! {").skip(1);
    let enums = enums.filter_map(|part| part.trim_start().strip_prefix("as ").map_or_else(|| declared(part), |named| after(named, "")));
    let derived = text.split("#[derive(").skip(1).filter(|part| part.split(")]").next().is_some_and(|list| list.contains("ToSchema")));
    let derived = derived.filter_map(|part| {
        let (at, word) =
            [part.find("struct "), part.find("enum ")].into_iter().zip(["struct ", "enum "]).filter_map(|(at, w)| Some((at?, w))).min()?;
        after(&part[..at], "schema(as = ").or_else(|| after(&part[at..], word))
    });
    // What a macro fills in has no name here.
    enums.chain(derived).filter(|name| !name.is_empty()).collect()
}

#[test]
fn the_document_calls_no_two_types_the_same() {
    let mut names: Vec<(String, String)> =
        code().into_iter().flat_map(|(file, text)| documented(&text).into_iter().map(move |n| (n, file.clone()))).collect();
    names.sort();
    assert!(names.len() > 100, "{}", names.len());
    let twice: Vec<_> =
        names.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| format!("{}: {}, {}", pair[0].0, pair[0].1, pair[1].1)).collect();
    assert_eq!(twice, Vec::<String>::new(), "give one #[schema(as = …)], or text_enum! {{ as …, pub enum");
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
fn functions_are_short() {
    assert_eq!(offences(long_functions), Vec::<String>::new());
}
#[test]
fn there_are_no_floats_near_money() {
    let mut found = offences(floats);
    // The leaf crates that draw, scale and read sheets know no money of ours but what is parsed from its text.
    found.retain(|place| place.starts_with("src/") && !FLOATS.iter().any(|(file, _)| place.starts_with(file)));
    assert_eq!(found, Vec::<String>::new());
}
#[test]
fn control_the_rules_find_what_they_forbid() {
    assert_eq!(too_long(&"x\n".repeat(MAX_LINES + 1)).len(), 1);
    assert_eq!(unwrapped("let x = y.unwrap();\n// z.unwrap()\n#[cfg(test)]\na.unwrap();").len(), 1);
    let function = |lines: usize| format!("    pub async fn f(\n        a: u8,\n    ) {{\n{}    }}\n", "        x();\n".repeat(lines - 4));
    assert_eq!(long_functions(&function(MAX_FUNCTION)), Vec::<String>::new());
    assert_eq!(long_functions(&function(MAX_FUNCTION + 1)), ["line 1: a function of 71 lines"]);
    let types = "text_enum! { pub enum State { A = \"a\" } }\ntext_enum! {\n as Other,\n pub enum State { A = \"a\" } }
        #[derive(Debug, utoipa::ToSchema)]\n#[schema(as = Third)]\npub(super) struct State {\n}\n#[derive(utoipa::ToSchema)]\nstruct Fourth;\n#[derive(Debug)]\nstruct Fifth;";
    assert_eq!(documented(types), ["State", "Other", "Third", "Fourth"]);
    assert_eq!(floats("let total = amount as f64 * 1.2;\n// f64\nlet f64ish = 1;").len(), 1);
}
