//! The page's words in five languages, with each language's plurals, days, numbers and money. A language is a file in `words/`.
use std::collections::BTreeMap;

use crate::{clock::Day, money::Money};

/// A language that the page speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    En,
    Hi,
    Ne,
    Es,
    Fr,
}

impl Lang {
    pub const ALL: [Self; 5] = [Self::En, Self::Hi, Self::Ne, Self::Es, Self::Fr];
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Hi => "hi",
            Self::Ne => "ne",
            Self::Es => "es",
            Self::Fr => "fr",
        }
    }
    const fn file(self) -> &'static str {
        match self {
            Self::En => include_str!("words/en.json"),
            Self::Hi => include_str!("words/hi.json"),
            Self::Ne => include_str!("words/ne.json"),
            Self::Es => include_str!("words/es.json"),
            Self::Fr => include_str!("words/fr.json"),
        }
    }
    /// `hi-IN` is Hindi; a tag we do not speak is nothing.
    fn parse(tag: &str) -> Option<Self> {
        let base = tag.split(['-', '_']).next()?.trim();
        Self::ALL.into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(base))
    }
    /// What was asked for in the address, else what the browser prefers (RFC 9110, 12.5.4), else English.
    pub fn choose(asked: Option<&str>, accept: &str) -> Self {
        let weighted = accept.split(',').filter_map(|part| {
            let (tag, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight = rest.trim().strip_prefix("q=").map_or(Some(1000), thousandths)?;
            Some((weight, Self::parse(tag)?)).filter(|(weight, _)| *weight > 0)
        });
        // The first of the heaviest: `max_by_key` would give the last.
        let preferred = weighted.rev().max_by_key(|(weight, _)| *weight).map(|(_, lang)| lang);
        asked.and_then(Self::parse).or(preferred).unwrap_or(Self::En)
    }
    /// Whether `n` things take the singular (Unicode CLDR 46, plural rules for whole numbers; Spanish and French millions do not occur).
    const fn is_one(self, n: u64) -> bool {
        match self {
            Self::En | Self::Ne | Self::Es => n == 1,
            Self::Hi | Self::Fr => n <= 1,
        }
    }
    /// Nepali is written with digits of its own; the other four with ours.
    fn digits(self, text: &str) -> String {
        let digit = |c: char| c.to_digit(10).and_then(|d| char::from_u32('०' as u32 + d)).unwrap_or(c);
        if self == Self::Ne { text.chars().map(digit).collect() } else { text.to_owned() }
    }
    pub fn number(self, n: u64) -> String {
        self.digits(&n.to_string())
    }
    pub fn money(self, money: Money) -> String {
        match self {
            Self::En | Self::Hi => money.formatted(),
            Self::Ne => self.digits(&money.formatted()),
            // Spanish and French set the comma before the cents and the sign behind the number.
            Self::Es | Self::Fr => {
                let figure = money.formatted();
                let (figure, sign) = (figure.replace(|c: char| !c.is_ascii_digit() && c != '.' && c != ',', ""), money.currency.symbol());
                let gap = if self == Self::Es { "." } else { "\u{202f}" };
                let figure = figure.trim_matches('.').replace(',', "\u{0}").replace('.', ",").replace('\u{0}', gap);
                let minus = if money.minor < 0 { "-" } else { "" };
                format!("{minus}{figure}\u{a0}{sign}")
            }
        }
    }
    /// A decimal fraction such as `0.275` as a percentage of at most one decimal.
    pub fn percent(self, fraction: &str) -> String {
        let share = fraction.parse::<rust_decimal::Decimal>().unwrap_or_default() * rust_decimal::Decimal::ONE_HUNDRED;
        let figure = share.round_dp(1).normalize().to_string();
        match self {
            Self::Es | Self::Fr => format!("{}\u{a0}%", figure.replace('.', ",")),
            Self::En | Self::Hi | Self::Ne => format!("{}%", self.digits(&figure)),
        }
    }
}

/// `0.8` is 800.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(whole.parse::<u32>().ok()?.min(1) * 1000 + fraction.parse::<u32>().ok()?).filter(|w| *w <= 1000)
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// What the language calls itself.
    pub name: String,
    date: String,
    months: [String; 12],
    countries: BTreeMap<String, String>,
    text: BTreeMap<String, Text>,
}
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Counted { one: String, other: String },
}

impl Words {
    pub fn of(lang: Lang) -> Result<Self, serde_json::Error> {
        serde_json::from_str(lang.file())
    }
    /// The text `key` with its places filled; `n` chooses the plural. Places that nothing fills stay visible.
    pub fn say(&self, lang: Lang, key: &str, n: Option<u64>, places: &[(&str, String)]) -> Option<String> {
        let mut said = match self.text.get(key)? {
            Text::Plain(text) => text.clone(),
            Text::Counted { one, other } => if n.is_some_and(|n| lang.is_one(n)) { one } else { other }.clone(),
        };
        if let Some(n) = n {
            said = said.replace("{n}", &lang.number(n));
        }
        for (place, value) in places {
            said = said.replace(&format!("{{{place}}}"), value);
        }
        Some(said)
    }
    pub fn day(&self, lang: Lang, day: Day) -> String {
        let (year, month, number) = (day.0.year(), day.0.month(), day.0.day());
        let name = usize::try_from(month).ok().and_then(|m| self.months.get(m.checked_sub(1)?)).map_or("", String::as_str);
        // French counts the first of a month.
        let number = if lang == Lang::Fr && number == 1 { "1er".to_owned() } else { number.to_string() };
        lang.digits(&self.date.replace("{day}", &number).replace("{year}", &year.to_string())).replace("{month}", name)
    }
    /// A country by its code; one that is not in the list is shown by its code.
    pub fn country<'a>(&'a self, code: &'a str) -> &'a str {
        self.countries.get(code).map_or(code, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn places(text: &str) -> Vec<String> {
        let mut found: Vec<_> = text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned())).collect();
        found.sort();
        found
    }
    fn shape(text: &Text) -> (bool, Vec<String>) {
        match text {
            Text::Plain(text) => (false, places(text)),
            Text::Counted { one, other } => {
                assert_eq!(places(one), places(other));
                (true, places(other))
            }
        }
    }
    #[test]
    fn every_language_says_everything_with_the_same_places() {
        let english = Words::of(Lang::En).unwrap();
        for lang in Lang::ALL {
            let words = Words::of(lang).unwrap();
            assert_eq!(words.text.keys().collect::<Vec<_>>(), english.text.keys().collect::<Vec<_>>(), "{lang:?}");
            assert_eq!(words.countries.keys().collect::<Vec<_>>(), english.countries.keys().collect::<Vec<_>>(), "{lang:?}");
            for (key, text) in &words.text {
                assert_eq!(shape(text), shape(&english.text[key]), "{lang:?} {key}");
            }
            // Control: another language is another text.
            let differs = |key: &str| words.say(lang, key, None, &[]) != english.say(Lang::En, key, None, &[]);
            assert_eq!(differs("history"), lang != Lang::En);
        }
    }
    #[test]
    fn one_and_many_are_each_languages_own() {
        let said = |lang, n| Words::of(lang).unwrap().say(lang, "e_paid", Some(n), &[]).unwrap();
        assert_eq!((said(Lang::En, 0), said(Lang::En, 1)), ("0 makers were paid for it".into(), "1 maker was paid for it".into()));
        assert_eq!(said(Lang::Fr, 0), "0 artisan a été payé pour elle");
        assert_eq!(said(Lang::Es, 2), "2 personas artesanas cobraron por ella");
        assert!(said(Lang::Ne, 12).starts_with("१२ "));
    }
    #[test]
    fn days_money_and_shares_are_written_as_there() {
        let day: Day = "2026-03-01".parse().unwrap();
        let written = Lang::ALL.map(|lang| Words::of(lang).unwrap().day(lang, day));
        assert_eq!(written, ["1 March 2026", "1 मार्च 2026", "२०२६ मार्च १", "1 de marzo de 2026", "1er mars 2026"]);
        let amount = Money::new(123_456, Currency::EUR);
        let expected = ["€1,234.56", "€1,234.56", "€१,२३४.५६", "1.234,56\u{a0}€", "1\u{202f}234,56\u{a0}€"];
        assert_eq!(Lang::ALL.map(|lang| lang.money(amount)), expected);
        assert_eq!(Lang::ALL.map(|lang| lang.percent("0.975")), ["97.5%", "97.5%", "९७.५%", "97,5\u{a0}%", "97,5\u{a0}%"]);
        assert_eq!(Lang::En.percent("1"), "100%");
    }
    #[test]
    fn the_language_is_what_was_asked_for_then_what_is_preferred() {
        assert_eq!(Lang::choose(None, "de, hi-IN;q=0.5, es;q=0.9"), Lang::Es);
        assert_eq!(Lang::choose(None, "fr, es"), Lang::Fr);
        assert_eq!(Lang::choose(Some("ne"), "fr"), Lang::Ne);
        assert_eq!(Lang::choose(Some("xx"), "fr-CA"), Lang::Fr);
        assert_eq!(Lang::choose(None, "de, fr;q=0"), Lang::En);
        assert_eq!(Lang::choose(None, "*;q=x,,;"), Lang::En);
    }
}
