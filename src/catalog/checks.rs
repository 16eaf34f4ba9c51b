//! What a product's fields may be. Pure; every refusal names its field by JSON Pointer and says what was expected.
use std::collections::HashSet;

use rust_decimal::Decimal;

use super::model::{
    Edit, MAX_BODY, MAX_DAYS, MAX_GRAMS, MAX_MATERIALS, MAX_OPTIONS, MAX_PRICE, MAX_PRICES, MAX_TAGS, MAX_TITLE, MAX_VARIANTS, MAX_WORD, Material,
    NewPrice, NewProduct, NewVariant, VariantEdit, slugify,
};
use crate::{money::Money, payments, problem::FieldError};

/// Why a buyer could not be asked for exactly this price: the payment provider's unit is coarser, or it does not take the currency.
pub fn unpayable(price: &NewPrice) -> Option<String> {
    payments::units(Money::new(price.minor, price.currency)).err().map(|e| e.to_string())
}

/// What is wrong, field by field.
#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn when(&mut self, wrong: bool, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        if wrong {
            self.0.push(FieldError::new(pointer, code, message));
        }
    }
    fn title(&mut self, title: &str) {
        let length = title.chars().count();
        self.when(title.trim().is_empty() || length > MAX_TITLE, "/title", "length", format!("1 to {MAX_TITLE} characters; this has {length}"));
    }
    fn body(&mut self, html: &str) {
        self.when(html.len() > MAX_BODY, "/body_html", "length", format!("at most {MAX_BODY} bytes"));
    }
    fn word(&mut self, word: &str, pointer: impl Into<String>) {
        self.when(word.chars().count() > MAX_WORD, pointer, "length", format!("at most {MAX_WORD} characters"));
    }
    fn tags(&mut self, tags: &[String]) {
        self.when(tags.len() > MAX_TAGS, "/tags", "length", format!("at most {MAX_TAGS} tags"));
        for (i, tag) in tags.iter().enumerate() {
            self.word(tag, format!("/tags/{i}"));
        }
    }
    fn days(&mut self, days: Option<i32>) {
        let wrong = days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days));
        self.when(wrong, "/made_to_order_days", "out_of_range", format!("1 to {MAX_DAYS} days"));
    }
    fn prices(&mut self, prices: &[NewPrice], at: &str) {
        self.when(prices.len() > MAX_PRICES, format!("{at}/prices"), "length", format!("at most {MAX_PRICES} prices"));
        let mut seen = HashSet::new();
        for (i, price) in prices.iter().enumerate() {
            let wrong = !(1..=MAX_PRICE).contains(&price.minor);
            self.when(wrong, format!("{at}/prices/{i}/amount"), "out_of_range", "more than zero, in minor units");
            let before = price.compare_at_minor.is_some_and(|before| !(1..=MAX_PRICE).contains(&before));
            self.when(before, format!("{at}/prices/{i}/compare_at"), "out_of_range", "more than zero, in minor units");
            if let Some(why) = unpayable(price) {
                self.when(true, format!("{at}/prices/{i}/amount"), "unpayable", why);
            }
            self.when(!seen.insert(price.currency), format!("{at}/prices/{i}/currency"), "duplicate", "one price in each currency");
        }
    }
    fn grams(&mut self, grams: Option<i32>, at: &str) {
        self.when(grams.is_some_and(|g| !(0..=MAX_GRAMS).contains(&g)), format!("{at}/grams"), "out_of_range", format!("0 to {MAX_GRAMS}"));
    }
    fn words(&mut self, sku: Option<&str>, barcode: Option<&str>, at: &str) {
        self.word(sku.unwrap_or_default(), format!("{at}/sku"));
        self.word(barcode.unwrap_or_default(), format!("{at}/barcode"));
    }
    fn variant(&mut self, variant: &NewVariant, options: usize, at: &str) {
        self.when(variant.options.len() != options, format!("{at}/options"), "length", format!("one value for each of the {options} options"));
        for (i, value) in variant.options.iter().enumerate() {
            self.word(value, format!("{at}/options/{i}"));
        }
        self.words(variant.sku.as_deref(), variant.barcode.as_deref(), at);
        self.grams(variant.grams, at);
        self.prices(&variant.prices, at);
        self.when(variant.stock.on_hand < 0, format!("{at}/stock/on_hand"), "out_of_range", "zero or more");
    }
    fn materials(&mut self, materials: &[Material]) {
        self.when(materials.len() > MAX_MATERIALS, "/materials", "length", format!("at most {MAX_MATERIALS} materials"));
        let mut sum = Decimal::ZERO;
        for (i, material) in materials.iter().enumerate() {
            let length = material.name.chars().count();
            self.when(material.name.trim().is_empty() || length > MAX_WORD, format!("/materials/{i}/name"), "length", "what it is called");
            let country = material.country.as_deref();
            let wrong = country.is_some_and(|c| c.len() != 2 || !c.bytes().all(|b| b.is_ascii_uppercase()));
            self.when(wrong, format!("/materials/{i}/country"), "unacceptable", "an ISO 3166 code such as IN");
            match material.share.parse::<Decimal>() {
                Ok(share) if share > Decimal::ZERO && share <= Decimal::ONE => sum += share,
                Ok(_) | Err(_) => self.when(true, format!("/materials/{i}/share"), "out_of_range", "a decimal above 0 and up to 1, as text"),
            }
        }
        self.when(!materials.is_empty() && sum != Decimal::ONE, "/materials", "sum", format!("the shares must sum to 1; these sum to {sum}"));
    }
}

impl NewProduct {
    /// Every field that cannot be accepted, by JSON Pointer.
    pub fn check(&self) -> Vec<FieldError> {
        let mut wrong = Wrong::default();
        wrong.title(&self.title);
        wrong.body(&self.body_html);
        wrong.word(&self.kind, "/kind");
        wrong.tags(&self.tags);
        wrong.days(self.made_to_order_days);
        wrong.when(self.options.len() > MAX_OPTIONS, "/options", "length", format!("at most {MAX_OPTIONS} options"));
        for (i, option) in self.options.iter().enumerate() {
            wrong.word(option, format!("/options/{i}"));
        }
        let variants = self.variants.len();
        wrong.when(!(1..=MAX_VARIANTS).contains(&variants), "/variants", "length", format!("1 to {MAX_VARIANTS} variants"));
        let mut seen = HashSet::new();
        for (i, variant) in self.variants.iter().enumerate() {
            wrong.variant(variant, self.options.len(), &format!("/variants/{i}"));
            let twice = !seen.insert(&variant.options);
            wrong.when(twice, format!("/variants/{i}/options"), "duplicate", "another variant has the same option values");
        }
        wrong.0
    }
}

impl Edit {
    pub fn check(&self) -> Vec<FieldError> {
        let mut wrong = Wrong::default();
        if let Some(title) = &self.title {
            wrong.title(title);
        }
        if let Some((html, _)) = &self.body {
            wrong.body(html);
        }
        wrong.word(self.kind.as_deref().unwrap_or_default(), "/kind");
        wrong.tags(self.tags.as_deref().unwrap_or_default());
        wrong.days(self.made_to_order_days.flatten());
        wrong.materials(self.materials.as_deref().unwrap_or_default());
        if let Some(slug) = &self.slug {
            let own = slugify(slug) == *slug && slug.parse::<uuid::Uuid>().is_err();
            wrong.when(!own, "/slug", "unacceptable", "lower-case letters and digits joined by hyphens, such as indigo-stole");
        }
        wrong.0
    }
}

impl VariantEdit {
    pub fn check(&self) -> Vec<FieldError> {
        let mut wrong = Wrong::default();
        wrong.words(self.sku.as_ref().and_then(Option::as_deref), self.barcode.as_ref().and_then(Option::as_deref), "");
        wrong.grams(self.grams.flatten(), "");
        wrong.prices(self.prices.as_deref().unwrap_or_default(), "");
        wrong.when(self.stock.is_some_and(|s| s.on_hand < 0), "/stock/on_hand", "out_of_range", "zero or more");
        wrong.0
    }
}

/// A variant for a product that has `options` options and `variants` variants already.
pub fn added_variant(new: &NewVariant, options: usize, variants: usize) -> Vec<FieldError> {
    let mut wrong = Wrong::default();
    wrong.variant(new, options, "");
    wrong.when(variants >= MAX_VARIANTS, "", "length", format!("a product has at most {MAX_VARIANTS} variants"));
    wrong.0
}

/// For a form that takes materials beside a new product.
pub fn materials(materials: &[Material]) -> Vec<FieldError> {
    let mut wrong = Wrong::default();
    wrong.materials(materials);
    wrong.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(shares: &[&str]) -> Vec<String> {
        let material = |share: &&str| Material { name: "cotton".into(), country: None, share: (*share).into(), local: None };
        materials(&shares.iter().map(material).collect::<Vec<_>>()).into_iter().map(|e| e.pointer).collect()
    }
    #[test]
    fn shares_sum_to_one_exactly() {
        assert_eq!(shares(&["0.85", "0.15"]), Vec::<String>::new());
        assert_eq!(shares(&["1"]), Vec::<String>::new());
        assert_eq!(shares(&[]), Vec::<String>::new());
        assert_eq!(shares(&["0.85", "0.14"]), ["/materials"]);
        assert_eq!(shares(&["0.333", "0.333", "0.334"]), Vec::<String>::new());
        assert_eq!(shares(&["1.5", "-0.5"]), ["/materials/0/share", "/materials/1/share", "/materials"]);
        assert_eq!(shares(&["half", "1"]), ["/materials/0/share"]);
    }
    #[test]
    fn a_price_that_no_buyer_can_pay_is_refused_when_it_is_listed() {
        let wrong = |currency: &str, minor| {
            let price = NewPrice { currency: currency.parse().unwrap(), minor, compare_at_minor: None, tax_inclusive: false };
            VariantEdit { prices: Some(vec![price]), ..VariantEdit::default() }.check().into_iter().map(|e| (e.pointer, e.code)).collect::<Vec<_>>()
        };
        assert_eq!(wrong("KWD", 1234), [("/prices/0/amount".to_owned(), "unpayable".into())]);
        assert_eq!(wrong("LYD", 1000), [("/prices/0/amount".to_owned(), "unpayable".into())]);
        assert_eq!((wrong("KWD", 1230), wrong("UGX", 500), wrong("JPY", 501)), (vec![], vec![], vec![]));
    }
    #[test]
    fn a_slug_is_what_a_title_would_make() {
        let wrong = |slug: &str| !Edit { slug: Some(slug.into()), ..Edit::default() }.check().is_empty();
        assert!(!wrong("indigo-stole") && !wrong("ढाका-टोपी"));
        assert!(wrong("Indigo Stole") && wrong("") && wrong("a/b") && wrong("0191d2f0-0000-7000-8000-000000000000"));
    }
}
