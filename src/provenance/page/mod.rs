//! The page that a buyer sees when she scans a tag: plain words first, proof terms under Details. Complete without a script; the one
//! that it has checks the record in the browser.
mod script;
mod words;

use std::{str::FromStr, sync::LazyLock};

use minijinja::{
    Environment, Error, ErrorKind, State, Value, context,
    value::{Kwargs, Serde},
};

pub(super) use script::SCRIPT;
pub(super) use words::Lang;

use super::view::ItemView;
use crate::{clock::Day, money::Money};
use words::Words;

/// The template's name ends in `.html`, so that every fact is escaped.
const TEMPLATE: &str = include_str!("../templates/item.html");

/// What the page tells of a form that was sent, by the key of its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    ClaimDone,
    ClaimTaken,
    ClaimWrong,
    DoubtDone,
    /// It lacks a field, has one too many, or is no form at all.
    FormUnread,
    Slow,
}
impl Note {
    fn key(self) -> &'static str {
        match self {
            Self::ClaimDone => "claim_done",
            Self::ClaimTaken => "claim_taken",
            Self::ClaimWrong => "claim_wrong",
            Self::DoubtDone => "doubt_done",
            Self::FormUnread => "form_unread",
            Self::Slow => "slow",
        }
    }
}

/// Parsed once, for every language.
static PAGES: LazyLock<Result<Vec<(Lang, String, Environment<'static>)>, String>> =
    LazyLock::new(|| Lang::ALL.into_iter().map(|lang| environment(lang).map_err(|e| format!("{e:#}"))).collect());

fn environment(lang: Lang) -> Result<(Lang, String, Environment<'static>), Error> {
    let words = || Words::of(lang).map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string()));
    let name = words()?.name;
    let mut env = Environment::new();
    let (t, days, countries) = (words()?, words()?, words()?);
    env.add_function("t", move |_: &State, key: &str, places: Kwargs| say(&t, lang, key, &places));
    env.add_filter("day", move |day: &str| Day::from_str(day).map(|day| days.day(lang, day)).unwrap_or_else(|_| day.to_owned()));
    env.add_filter("country", move |code: &str| countries.country(code).to_owned());
    env.add_filter("money", move |amount: Value| money(lang, &amount));
    env.add_filter("percent", move |fraction: &str| lang.percent(fraction));
    env.add_filter("whole_percent", move |percent: u32| lang.percent(&rust_decimal::Decimal::new(percent.into(), 2).to_string()));
    env.add_filter("basis_points", move |bp: i64| lang.percent(&rust_decimal::Decimal::new(bp, 4).to_string()));
    env.add_template("item.html", TEMPLATE)?;
    Ok((lang, name, env))
}

fn say(words: &Words, lang: Lang, key: &str, places: &Kwargs) -> Result<String, Error> {
    let n: Option<u64> = places.get("n")?;
    let names: Vec<&str> = places.args().filter(|name| *name != "n").collect();
    let filled = names.into_iter().map(|name| Ok((name, places.get::<Value>(name)?.to_string()))).collect::<Result<Vec<_>, Error>>()?;
    words.say(lang, key, n, &filled).ok_or_else(|| Error::new(ErrorKind::UndefinedError, format!("no words for {key:?}")))
}

/// `{amount, currency}` as the language writes it.
fn money(lang: Lang, value: &Value) -> Result<String, Error> {
    let wrong = || Error::new(ErrorKind::InvalidOperation, "not an amount of money");
    let currency = value.get_attr("currency")?;
    let currency = currency.as_str().and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
    let minor = value.get_attr("amount")?.as_i64().ok_or_else(wrong)?;
    Ok(lang.money(Money::new(minor, currency)))
}

/// `item` none: a kind page that says what to check on the tag. `invented` marks a demonstration's people.
pub(super) fn render(lang: Lang, item: Option<&ItemView>, code: &str, note: Option<Note>, invented: bool) -> Result<String, Error> {
    let pages = PAGES.as_ref().map_err(|e| Error::new(ErrorKind::BadSerialization, e.clone()))?;
    let found = pages.iter().find(|(of, _, _)| *of == lang);
    let (_, _, env) = found.ok_or_else(|| Error::new(ErrorKind::TemplateNotFound, "no page in this language"))?;
    let languages: Vec<_> = pages.iter().map(|(of, name, _)| context! { tag => of.tag(), name => name }).collect();
    let shown: Vec<_> = item.iter().flat_map(|item| &item.makers).filter(|maker| maker.is_shown()).map(|maker| Value::from(Serde(maker))).collect();
    let hidden = item.map_or(0, |item| item.makers.len() - shown.len());
    let item = item.map(|item| Value::from(Serde(item)));
    let note = note.map(Note::key);
    env.get_template("item.html")?
        .render(context! { lang => lang.tag(), languages, item, shown, hidden, code, note, invented, script => SCRIPT.name.as_str() })
}

/// A country's name in English, for print; its code if we have no name for it.
pub(super) fn country(code: &str) -> String {
    static ENGLISH: LazyLock<Option<Words>> = LazyLock::new(|| Words::of(Lang::En).ok());
    ENGLISH.as_ref().map_or_else(|| code.to_owned(), |words| words.country(code).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn what_was_typed_is_text_and_never_markup() {
        for lang in Lang::ALL {
            let unknown = render(lang, None, "<script>", None, false).unwrap();
            assert!(!unknown.contains("<script>") && unknown.contains("&lt;script&gt;"), "{unknown}");
            assert!(unknown.contains(&format!("<html lang=\"{}\"", lang.tag())), "{unknown}");
        }
    }
}
