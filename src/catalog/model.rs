//! Products, their prices, and the publish gate. Pure.
use crate::{
    db::DbError,
    ids::{PriceTemplateId, ProductId, VariantId},
    media,
    money::{Currency, MoneyError},
    problem::FieldError,
};

use super::stock::Policy;

text_enum! { pub enum Status { Draft = "draft", Published = "published", Archived = "archived" } }
text_enum! {
    /// Whose the stock is until it is sold. What a brand owns credits no cooperative a second time.
    pub enum StockOwner { Cooperative = "cooperative", Brand = "brand" }
}

/// More variants than any honest product; a spreadsheet mistake stops here.
pub const MAX_VARIANTS: usize = 250;
pub const MAX_TITLE: usize = 255;
pub const MAX_BODY: usize = 60_000;
pub const MAX_TAGS: usize = 100;
pub const MAX_OPTIONS: usize = 3;

/// A product to be made.
#[derive(Clone, Debug)]
pub struct NewProduct {
    pub title: String,
    /// Sanitised.
    pub body_html: String,
    pub body_text: String,
    pub kind: String,
    pub tags: Vec<String>,
    pub craft: Option<String>,
    pub tax_category: String,
    pub materials: serde_json::Value,
    pub options: Vec<String>,
    pub made_to_order_days: Option<i32>,
    pub template: Option<PriceTemplateId>,
    pub variants: Vec<NewVariant>,
}
#[derive(Clone, Debug)]
pub struct NewVariant {
    pub options: Vec<String>,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub grams: Option<i32>,
    pub prices: Vec<NewPrice>,
    pub stock: NewStock,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPrice {
    pub currency: Currency,
    pub minor: i64,
    pub compare_at_minor: Option<i64>,
    pub tax_inclusive: bool,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewStock {
    pub policy: Policy,
    pub on_hand: i32,
}

impl NewProduct {
    /// Every field that cannot be accepted, by JSON Pointer.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: String, code: &'static str, message: String| errors.push(FieldError::new(pointer, code, message));
        let length = self.title.chars().count();
        if self.title.trim().is_empty() || length > MAX_TITLE {
            wrong("/title".into(), "length", format!("1 to {MAX_TITLE} characters; this has {length}"));
        }
        if self.body_html.len() > MAX_BODY {
            wrong("/body_html".into(), "length", format!("at most {MAX_BODY} bytes"));
        }
        if self.tags.len() > MAX_TAGS {
            wrong("/tags".into(), "length", format!("at most {MAX_TAGS} tags"));
        }
        if self.options.len() > MAX_OPTIONS {
            wrong("/options".into(), "length", format!("at most {MAX_OPTIONS} options"));
        }
        if self.variants.is_empty() || self.variants.len() > MAX_VARIANTS {
            wrong("/variants".into(), "length", format!("1 to {MAX_VARIANTS} variants"));
        }
        let mut seen = std::collections::HashSet::new();
        for (i, variant) in self.variants.iter().enumerate() {
            if variant.options.len() != self.options.len() {
                wrong(format!("/variants/{i}/options"), "length", format!("one value for each of the {} options", self.options.len()));
            }
            if !seen.insert(&variant.options) {
                wrong(format!("/variants/{i}/options"), "duplicate", "another variant has the same option values".into());
            }
            for (j, price) in variant.prices.iter().enumerate() {
                if price.minor <= 0 {
                    wrong(format!("/variants/{i}/prices/{j}/amount"), "out_of_range", "more than zero".into());
                }
            }
            if variant.stock.on_hand < 0 {
                wrong(format!("/variants/{i}/stock/on_hand"), "out_of_range", "zero or more".into());
            }
        }
        errors
    }
}

/// The gate's answer. Nothing else decides whether a product may be seen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Gate {
    Pass,
    /// It is published, and what is not declared is left out of every pay figure.
    Undeclared {
        reasons: Vec<Reason>,
    },
    Blocked {
        reasons: Vec<Reason>,
    },
}
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Reason {
    /// Stable.
    pub code: String,
    pub detail: String,
}
impl Gate {
    pub fn lets_through(&self) -> bool {
        matches!(self, Self::Pass | Self::Undeclared { .. })
    }
}

/// What the gate looks at.
#[derive(Clone, Debug, Default)]
pub struct GateFacts {
    pub title: String,
    pub active_variants: usize,
    /// Variants without any price.
    pub unpriced: usize,
    pub has_template: bool,
    /// The template that divides its price was accepted by a named representative.
    pub template_accepted: bool,
    pub cooperative_approved: bool,
}

/// Rules 5 and 6: what blocks, and what is merely undeclared. Publishing needs no stock.
pub fn gate(facts: &GateFacts) -> Gate {
    let mut blocked = Vec::new();
    let mut undeclared = Vec::new();
    let reason = |code: &str, detail: String| Reason { code: code.into(), detail };
    if !facts.cooperative_approved {
        blocked.push(reason("cooperative_not_approved", "the cooperative is not approved yet".into()));
    }
    if facts.title.trim().is_empty() {
        blocked.push(reason("no_title", "it has no title".into()));
    }
    if facts.active_variants == 0 {
        blocked.push(reason("no_variant", "it has no variant that is for sale".into()));
    }
    if facts.unpriced > 0 {
        blocked.push(reason("no_price", format!("{} of its variants have no price", facts.unpriced)));
    }
    if facts.has_template && !facts.template_accepted {
        blocked.push(reason("template_not_agreed", "the maker side has not agreed to the price template that divides its price".into()));
    }
    if !facts.has_template {
        undeclared.push(reason("pay_not_declared", "no price template says what part of the price the makers get".into()));
    }
    match (blocked.is_empty(), undeclared.is_empty()) {
        (false, _) => Gate::Blocked { reasons: blocked },
        (true, false) => Gate::Undeclared { reasons: undeclared },
        (true, true) => Gate::Pass,
    }
}

/// What a product is called in an address: lower-case letters and digits of any script, joined by hyphens.
pub fn slugify(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || is_mark(c) {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() >= MAX_SLUG {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "item".into() } else { slug.into() }
}
/// Accents, vowel signs and joiners belong to the letter before them: without them the word is another one.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}'   // combining accents
        | '\u{0900}'..='\u{0963}' // Devanagari, up to its full stops
        | '\u{0970}'..='\u{0DFF}' // Devanagari's rest to Sinhala
        | '\u{0E31}'..='\u{0E4E}' // Thai
        | '\u{200C}' | '\u{200D}') // joiners inside Indic words
}

/// Long enough to be read, short enough for an address bar.
const MAX_SLUG: usize = 80;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such product")]
    NotFound,
    #[error("it changed since you read it")]
    Stale,
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    #[error("an archived product cannot be published")]
    Archived,
    #[error("the publish gate blocks it")]
    Blocked { product: ProductId, gate: Gate },
    #[error("no such variant: {0}")]
    NoVariant(VariantId),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Media(#[from] media::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> GateFacts {
        GateFacts { title: "Stole".into(), active_variants: 1, unpriced: 0, has_template: true, template_accepted: true, cooperative_approved: true }
    }
    #[test]
    fn the_gate_is_three_valued() {
        assert_eq!(gate(&good()), Gate::Pass);
        assert!(matches!(gate(&GateFacts { has_template: false, template_accepted: false, ..good() }), Gate::Undeclared { .. }));
        for blocked in [
            GateFacts { unpriced: 1, ..good() },
            GateFacts { active_variants: 0, ..good() },
            GateFacts { title: " ".into(), ..good() },
            GateFacts { template_accepted: false, ..good() },
            GateFacts { cooperative_approved: false, ..good() },
        ] {
            assert!(!gate(&blocked).lets_through(), "{blocked:?}");
        }
    }
    #[test]
    fn slugs_keep_the_script() {
        assert_eq!(slugify("Dabu Stole, indigo (2 m)"), "dabu-stole-indigo-2-m");
        assert_eq!(slugify("ढाका टोपी"), "ढाका-टोपी".chars().filter(|c| c.is_alphanumeric() || *c == '-').collect::<String>());
        assert_eq!(slugify("हस्तशिल्प कड़ा"), "हस्तशिल्प-कड़ा", "a virama and a nukta are part of the word");
        assert_eq!(slugify("नमस्ते। फिर"), "नमस्ते-फिर", "a full stop is not");
        assert_eq!(slugify("ผ้าไหม"), "ผ้าไหม");
        assert_eq!(slugify("!!!"), "item");
    }
}
