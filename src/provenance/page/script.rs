//! The page's one script: what checks a record in the browser. Its address holds its hash, so that it is kept for ever and never stale.
use std::sync::LazyLock;

use crate::secrets::{sha256, to_hex};

/// The verifier, which other programs may use too, and the page's button for it: one module, so that a phone asks once.
const SOURCES: [&str; 2] = [include_str!("script/verify.js"), include_str!("script/show.js")];

pub struct Script {
    pub name: String,
    pub text: String,
}

pub static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
    // Every byte costs a buyer on 2G: notes and indentation stay here.
    let lines = SOURCES.iter().flat_map(|source| source.lines()).map(str::trim_start);
    let text: String = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).flat_map(|line| [line, "\n"]).collect();
    Script { name: format!("check-{}.js", to_hex(&sha256(text.as_bytes())[..8])), text }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_notes_and_indentation_is_left_out() {
        for source in SOURCES {
            // In a text over several lines, indentation would mean something.
            for (number, line) in source.lines().enumerate() {
                assert!(line.matches('`').count() % 2 == 0, "line {}: a template over several lines", number + 1);
                assert!(!line.contains("/*"), "line {}: a note of another kind", number + 1);
            }
        }
        assert!(SCRIPT.text.len() < 27_000, "{} bytes", SCRIPT.text.len());
        assert!(SCRIPT.text.contains("export function verify") && !SCRIPT.text.contains("\n//"));
    }
}
