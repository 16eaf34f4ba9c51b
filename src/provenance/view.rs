//! An item as everybody may see it: the same facts for the page and for machines. Pure.
use passport::{Evidence, Leaf, Share, facts::Made};

use super::{
    model::{Error, ItemState},
    price::{PriceView, price},
    read::{Facts, Head, Maker},
};
use crate::{clock::Day, media};

#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ItemView {
    /// As on the tag.
    #[schema(example = "7K3M-9QXW-2BCV")]
    pub code: String,
    pub uri: String,
    pub state: ItemState,
    pub verdict: Verdict,
    /// Why it is suspicious: `claimed_before_sale`, `doubt_upheld`.
    pub reasons: Vec<&'static str>,
    /// When its owner showed its claim code.
    pub claimed_on: Option<Day>,
    /// Who signed its records.
    pub issuer: String,
    pub issuer_name: String,
    pub cooperative: CoopView,
    pub craft: Option<CraftView>,
    pub title: String,
    pub picture: Option<PictureView>,
    /// Whoever is known to have worked on it. Names, portraits and stories only while their owners agree.
    pub makers: Vec<MakerView>,
    pub materials: Vec<MaterialView>,
    /// The part of the mass that came from nearby, as a decimal.
    #[schema(example = "0.97")]
    pub local_share: Option<String>,
    /// What the price of this one piece is for; null while it is not sold.
    pub price: Option<PriceView>,
    pub batch: String,
    /// Oldest first: the batch's and the item's own.
    pub events: Vec<EventView>,
    /// Four words for its first record, as printed on its tag.
    pub phrase: String,
    /// The records as a file that anyone can check offline.
    pub bundle: String,
    /// The same as a Digital Product Passport, for others' software.
    pub passport: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct CoopView {
    slug: String,
    name: String,
    district: String,
    #[schema(example = "IN")]
    country: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = ItemCraft)]
pub struct CraftView {
    name: String,
    place: Option<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct PictureView {
    small: String,
    medium: String,
    large: String,
    width: Option<i32>,
    height: Option<i32>,
    alt: String,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = ItemMaker)]
pub struct MakerView {
    /// The name she chose to be known by.
    name: Option<String>,
    portrait: Option<String>,
    story: Option<String>,
    craft: Option<String>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct MaterialView {
    name: String,
    #[schema(example = "IN")]
    country: String,
    /// Of the mass, as a decimal.
    #[schema(example = "0.97")]
    fraction: String,
    local: bool,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = ItemEventView)]
pub struct EventView {
    #[schema(example = "sold")]
    r#type: String,
    day: String,
    /// On what it rests: self, cooperative, counterparty, third_party or ledger.
    evidence: String,
    #[schema(value_type = Object)]
    facts: serde_json::Value,
}
text_enum! {
    pub enum Verdict { Unclaimed = "genuine_unclaimed", Claimed = "genuine_claimed", Suspicious = "genuine_but_suspicious", Revoked = "revoked" }
}
impl ItemView {
    pub(super) fn of(facts: Facts, link: impl Fn(&str) -> String) -> Result<Self, Error> {
        let (Some(created), Some(first)) = (facts.batch.first(), facts.item.first()) else {
            return Err(Error::Corrupt("an item without records".into()));
        };
        let code = first.item().code().to_string();
        let text = |leaf: &Leaf, field: &str| leaf.facts().get(field).and_then(|t| t.as_str()).map(str::to_owned);
        let (verdict, reasons) = verdict(&facts.head);
        let (materials, local_share) = materials(&facts);
        let mut in_order: Vec<&Leaf> = facts.batch.iter().chain(&facts.item).collect();
        // Both chains go by day already; on the same day the batch speaks first.
        in_order.sort_by_key(|leaf| leaf.day());
        let Head { origin, picture, .. } = &facts.head;
        Ok(Self {
            bundle: link(&format!("/v1/provenance/items/{code}/bundle")),
            passport: link(&format!("/v1/provenance/items/{code}/passport")),
            uri: first.item().to_string(),
            state: facts.head.state,
            claimed_on: facts.head.claimed_at.map(crate::clock::Time::day),
            issuer: first.by().to_string(),
            issuer_name: origin.signer.clone().unwrap_or_else(|| origin.coop_name.clone()),
            cooperative: CoopView {
                slug: origin.coop_slug.clone(),
                name: origin.coop_name.clone(),
                district: origin.district.clone(),
                country: origin.country.clone(),
            },
            craft: craft(origin.craft.clone().or_else(|| text(created, "craft")), origin.craft_place.clone()),
            title: text(created, "title").unwrap_or_default(),
            picture: picture.picture.as_ref().map(|sha| PictureView::of(sha, picture, &link)),
            makers: facts.makers.iter().map(|maker| MakerView::of(maker, &link)).collect(),
            price: price(&facts)?,
            batch: created.item().to_string(),
            events: in_order.into_iter().map(EventView::of).collect(),
            phrase: passport::phrase(&first.hash()),
            verdict,
            reasons,
            materials,
            local_share,
            code,
        })
    }
}

fn craft(name: Option<String>, place: Option<String>) -> Option<CraftView> {
    name.map(|name| CraftView { name, place })
}

/// A copied tag cannot be told from its original; what can be seen is a claim that came before any sale, or a doubt that proved right.
fn verdict(head: &Head) -> (Verdict, Vec<&'static str>) {
    let mut reasons = Vec::new();
    if head.claimed_at.is_some() && head.state == ItemState::InStock {
        reasons.push("claimed_before_sale");
    }
    if head.doubted {
        reasons.push("doubt_upheld");
    }
    let verdict = match (head.state, head.claimed_at) {
        (ItemState::Withdrawn, _) => Verdict::Revoked,
        _ if !reasons.is_empty() => Verdict::Suspicious,
        (_, Some(_)) => Verdict::Claimed,
        (_, None) => Verdict::Unclaimed,
    };
    (verdict, reasons)
}

impl PictureView {
    fn of(sha: &str, row: &super::read::PictureRow, link: &impl Fn(&str) -> String) -> Self {
        let at = |edge| link(&media::path(sha, edge));
        let [small, medium, large] = pictures::EDGES.map(at);
        Self { small, medium, large, width: row.width, height: row.height, alt: row.alt.clone().unwrap_or_default() }
    }
}
impl MakerView {
    fn of(maker: &Maker, link: &impl Fn(&str) -> String) -> Self {
        let portrait = maker.portrait.as_ref().map(|sha| link(&media::path(sha, pictures::EDGES[0])));
        Self { name: maker.name.clone(), portrait, story: maker.story.clone(), craft: maker.craft.clone() }
    }
    /// Whether she agreed to show anything of herself.
    pub(super) fn is_shown(&self) -> bool {
        self.name.is_some() || self.portrait.is_some() || self.story.is_some()
    }
}
impl EventView {
    fn of(leaf: &Leaf) -> Self {
        Self {
            r#type: leaf.event_type().as_str().to_owned(),
            day: leaf.day().to_string(),
            evidence: grade(leaf.evidence()).to_owned(),
            facts: serde_json::Value::Object(leaf.facts().clone()),
        }
    }
}
fn grade(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Own => "self",
        Evidence::Cooperative => "cooperative",
        Evidence::Counterparty => "counterparty",
        Evidence::ThirdParty => "third_party",
        Evidence::Ledger => "ledger",
    }
}

/// What the newest record that declares materials says; else what the catalogue declares.
fn materials(facts: &Facts) -> (Vec<MaterialView>, Option<String>) {
    let made = facts.item.iter().rev().chain(facts.batch.iter().rev()).filter_map(made).find(|made| !made.materials.is_empty());
    if let Some(made) = made {
        let view = |m: &passport::facts::Material| MaterialView {
            name: m.name.to_string(),
            country: m.country.to_string(),
            fraction: m.fraction.to_string(),
            local: m.local,
        };
        return (made.materials.iter().map(view).collect(), made.local_share().map(|s| s.to_string()));
    }
    let listed: Vec<Listed> = serde_json::from_value(facts.head.origin.materials.clone()).unwrap_or_default();
    let millionths = |m: &Listed| m.share.parse::<Share>().map_or(0, Share::millionths);
    let local = Share::from_millionths(listed.iter().filter(|m| m.local).map(millionths).sum()).ok().filter(|_| !listed.is_empty());
    let view = |m: Listed| MaterialView { name: m.name, country: m.country, fraction: m.share, local: m.local };
    (listed.into_iter().map(view).collect(), local.map(|s| s.to_string()))
}
#[derive(serde::Deserialize)]
struct Listed {
    name: String,
    country: String,
    share: String,
    local: bool,
}
fn made(leaf: &Leaf) -> Option<&Made> {
    match leaf.event() {
        passport::Event::Made(made) => Some(made),
        _ => None,
    }
}
