//! The words of every mail, per language: one table each, English behind all of them.
use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;

type Table = BTreeMap<String, String>;

/// A language that is spoken here, by its code.
const SPOKEN: [(&str, &str); 4] = [
    ("en", include_str!("words/en.json")),
    ("es", include_str!("words/es.json")),
    ("fr", include_str!("words/fr.json")),
    ("hi", include_str!("words/hi.json")),
];
static TABLES: LazyLock<BTreeMap<&'static str, Table>> =
    LazyLock::new(|| SPOKEN.into_iter().map(|(language, text)| (language, serde_json::from_str(text).expect("a test reads every table"))).collect());

/// The tables for a locale: its language's, then English.
#[derive(Clone)]
pub(super) struct Words {
    pub language: &'static str,
    tables: [Option<&'static Table>; 2],
}
impl Words {
    /// `hi-IN` is Hindi; a language that is not spoken here is English.
    pub fn of(locale: Option<&str>) -> Self {
        let wanted = locale.and_then(|l| l.split(['-', '_']).next()).unwrap_or("en").to_lowercase();
        let language = SPOKEN.iter().map(|(code, _)| *code).find(|code| *code == wanted).unwrap_or("en");
        Self { language, tables: [TABLES.get(language), TABLES.get("en")] }
    }
    /// The sentence `key` with its `{names}` filled in.
    ///
    /// # Errors
    /// Names a key that no table has, or a name that no fact fills: the mail must not go out with a hole.
    pub fn say(&self, key: &str, fact: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let sentence = self.tables.iter().flatten().find_map(|table| table.get(key)).ok_or_else(|| format!("no words for {key}"))?;
        let mut said = String::with_capacity(sentence.len());
        let mut rest = sentence.as_str();
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').ok_or_else(|| format!("{key} opens a name and does not close it"))?;
            said.push_str(before);
            said.push_str(&fact(name).ok_or_else(|| format!("{key} needs {name}"))?);
            rest = after;
        }
        said.push_str(rest);
        Ok(said)
    }
}

/// A fact as it is said.
pub(super) fn spoken(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(sentence: &str) -> BTreeSet<&str> {
        sentence.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect()
    }
    /// Keys that differ, and sentences that name other facts than the English ones.
    fn differences(english: &Table, other: &Table) -> Vec<String> {
        let keys = english.keys().chain(other.keys()).collect::<BTreeSet<_>>();
        let same = |key: &&&String| match (english.get(**key), other.get(**key)) {
            (Some(one), Some(two)) => names(one) == names(two),
            (None, Some(_)) | (Some(_), None) | (None, None) => false,
        };
        keys.iter().filter(|key| !same(key)).map(|key| (*key).clone()).collect()
    }
    #[test]
    fn every_language_says_everything() {
        for (language, table) in TABLES.iter() {
            assert_eq!(differences(&TABLES["en"], table), Vec::<String>::new(), "{language}");
        }
    }
    #[test]
    fn control_a_missing_sentence_and_a_missing_name_are_found() {
        let mut lame = TABLES["fr"].clone();
        lame.remove("footer");
        lame.insert("shipped.subject".into(), "Un colis est parti".into());
        assert_eq!(differences(&TABLES["en"], &lame), ["footer", "shipped.subject"]);
    }
    #[test]
    fn a_language_that_is_not_spoken_is_english() {
        for (locale, language) in [(Some("hi-IN"), "hi"), (Some("FR"), "fr"), (Some("pt-BR"), "en"), (Some("hin"), "en"), (None, "en")] {
            assert_eq!(Words::of(locale).language, language, "{locale:?}");
        }
    }
    #[test]
    fn no_sentence_goes_out_with_a_hole() {
        let words = Words::of(None);
        assert_eq!(words.say("refunded.subject", |_| Some("X".into())).unwrap(), "X of your order X is on its way back");
        assert!(words.say("refunded.subject", |_| None).is_err());
        assert!(words.say("no.such", |_| None).is_err());
    }
}
