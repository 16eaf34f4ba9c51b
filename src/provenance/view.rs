//! An item as everybody may see it: the same facts for the page and for machines. Pure.
use passport::{EventType, Evidence, Leaf, Share, facts::Made};

use super::{
    model::{Error, ItemState},
    read::{Facts, FrozenLine, Head, Maker},
};
use crate::{
    clock::Day,
    media,
    money::{Money, MoneyError, MoneyView, split_minor},
};

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
/// Without delivery. The parts sum to the price.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct PriceView {
    total: MoneyView,
    parts: Vec<PartView>,
    /// Units of the maker side's currency for one of the buyer's, on a day; null where they are the same.
    rate: Option<RateView>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct RateView {
    #[schema(example = "88.00")]
    rate: String,
    source: String,
    day: Day,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct PartView {
    part: PricePart,
    amount: MoneyView,
    /// Of the price, in whole percent.
    percent: u8,
    /// What is owed in the maker side's own currency, whatever a rate does later.
    owed: Option<MoneyView>,
    status: PartStatus,
    /// The day since which the status holds.
    on: Option<Day>,
}

text_enum! {
    pub enum Verdict { Unclaimed = "genuine_unclaimed", Claimed = "genuine_claimed", Suspicious = "genuine_but_suspicious", Revoked = "revoked" }
}
text_enum! {
    /// `producer` stands for maker, materials and cooperative where how they divide was not declared.
    pub enum PricePart {
        Maker = "maker", Materials = "materials", Cooperative = "cooperative", Producer = "producer", Premium = "premium", Platform = "platform", Tax = "tax",
    }
}
text_enum! {
    /// promised: frozen when it was sold, and owed. kept: by whom it is for, since the sale.
    pub enum PartStatus {
        Promised = "promised", ReachedCooperative = "reached_cooperative", ReachedMakers = "reached_makers", InFund = "in_fund", Kept = "kept",
    }
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

/// One piece of a frozen line. Rounding happens once, in the price of the piece; its parts are split by those of the line.
fn price(facts: &Facts) -> Result<Option<PriceView>, Error> {
    let sale = &facts.head.sale;
    let Some(line) = sale.line.clone() else { return Ok(None) };
    let line: FrozenLine = serde_json::from_value(line).map_err(|e| Error::Corrupt(e.to_string()))?;
    // The word of the books that money reached them, after this sale: one before it was for another.
    let sold = facts.item.iter().rposition(|leaf| leaf.event_type() == EventType::Sold).unwrap_or(0);
    let reached = facts.item[sold..].iter().rev().find(|leaf| leaf.event_type() == EventType::Paid);
    let day = |day: passport::Day| day.to_string().parse::<Day>().ok();
    let proof = Proof {
        reached: reached.and_then(|leaf| day(leaf.day())),
        paid_out: sale.paid_out_at.map(crate::clock::Time::day),
        released: sale.released_at.map(crate::clock::Time::day),
        sold: facts.item.get(sold).and_then(|leaf| day(leaf.day())),
    };
    parts(&line, &proof).map(Some).map_err(|e| Error::Corrupt(e.to_string()))
}

/// What happened with the money of a sale, and when.
struct Proof {
    reached: Option<Day>,
    paid_out: Option<Day>,
    released: Option<Day>,
    sold: Option<Day>,
}
impl Proof {
    fn of(&self, part: PricePart) -> (PartStatus, Option<Day>) {
        let (status, on) = match part {
            PricePart::Maker if self.reached.is_some() => (PartStatus::ReachedMakers, self.reached),
            PricePart::Maker | PricePart::Materials | PricePart::Cooperative | PricePart::Producer => (PartStatus::ReachedCooperative, self.paid_out),
            PricePart::Premium => (PartStatus::InFund, self.released),
            PricePart::Platform | PricePart::Tax => (PartStatus::Kept, self.sold),
        };
        if on.is_some() { (status, on) } else { (PartStatus::Promised, None) }
    }
}

fn parts(line: &FrozenLine, proof: &Proof) -> Result<PriceView, MoneyError> {
    let weight = |minor: i64| u64::try_from(minor).unwrap_or(0);
    let one = |minor: i64| split_minor(minor, &vec![1; usize::try_from(line.quantity).unwrap_or(1).max(1)]).map(|each| each[0]);
    let total = one(line.goods)?;
    let whole = split_minor(total, &[line.producer, line.premium, line.commission, line.tax].map(weight))?;
    let owed = |minor: i64| one(minor).map(|minor| Some(Money::new(minor, line.own_currency))).map(|m| m.filter(|m| m.currency != line.currency));
    let mut parts: Vec<(PricePart, i64, Option<Money>)> = Vec::with_capacity(6);
    match line.split {
        Some(split) => {
            let amounts = split_minor(whole[0], &[split.maker, split.materials, split.cooperative].map(weight))?;
            let named = [(PricePart::Maker, split.maker), (PricePart::Materials, split.materials), (PricePart::Cooperative, split.cooperative)];
            for ((part, own), amount) in named.into_iter().zip(amounts) {
                parts.push((part, amount, owed(own)?));
            }
        }
        None => parts.push((PricePart::Producer, whole[0], owed(line.producer_own)?)),
    }
    parts.push((PricePart::Premium, whole[1], owed(line.premium_own)?));
    parts.push((PricePart::Platform, whole[2], None));
    if line.tax > 0 {
        parts.push((PricePart::Tax, whole[3], None));
    }
    let percents = split_minor(100, &parts.iter().map(|(_, amount, _)| weight(*amount)).collect::<Vec<_>>())?;
    let view = |((part, amount, owed), percent): ((PricePart, i64, Option<Money>), i64)| {
        let (status, on) = proof.of(part);
        let percent = u8::try_from(percent).unwrap_or(0);
        PartView { part, amount: Money::new(amount, line.currency).into(), percent, owed: owed.map(Into::into), status, on }
    };
    let rate = RateView { rate: line.rate.clone(), source: line.rate_source.clone(), day: line.rate_day };
    Ok(PriceView {
        total: Money::new(total, line.currency).into(),
        parts: parts.into_iter().zip(percents).map(view).collect(),
        rate: Some(rate).filter(|_| line.currency != line.own_currency),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(quantity: i64, goods: i64, split: Option<(i64, i64, i64)>) -> FrozenLine {
        let whole = split_minor(goods, &[4636, 464, 900]).unwrap();
        let value = serde_json::json!({"quantity": quantity, "currency": "EUR", "goods": goods, "tax": 0, "producer": whole[0], "premium": whole[1],
            "commission": whole[2], "own_currency": "INR", "producer_own": whole[0] * 100, "premium_own": whole[1] * 100, "rate": "100.00",
            "rate_source": "a test", "rate_day": "2026-11-20", "split": split.map(|(maker, materials, cooperative)|
                serde_json::json!({"maker": maker, "materials": materials, "cooperative": cooperative}))});
        serde_json::from_value(value).unwrap()
    }
    const NOTHING: Proof = Proof { reached: None, paid_out: None, released: None, sold: None };

    #[test]
    fn a_promise_becomes_a_proof_part_by_part() {
        let day: Day = "2026-12-01".parse().unwrap();
        let proof = Proof { paid_out: Some(day), released: Some(day), ..NOTHING };
        let view = parts(&line(1, 6000, Some((254_980, 139_080, 69_540))), &proof).unwrap();
        let status: Vec<_> = view.parts.iter().map(|p| (p.part.as_str(), p.amount.amount, p.status.as_str())).collect();
        let paid = "reached_cooperative";
        let expected = [
            ("maker", 2550, paid),
            ("materials", 1391, paid),
            ("cooperative", 695, paid),
            ("premium", 464, "in_fund"),
            ("platform", 900, "promised"),
        ];
        assert_eq!(status, expected);
        // Control: only what says that it reached the makers says so.
        let reached = Proof { reached: Some(day), ..NOTHING };
        let view = parts(&line(1, 6000, Some((254_980, 139_080, 69_540))), &reached).unwrap();
        assert_eq!((view.parts[0].status, view.parts[1].status), (PartStatus::ReachedMakers, PartStatus::Promised));
    }
    proptest! {
        #[test]
        fn the_parts_of_a_piece_sum_to_its_price(quantity in 1_i64..40, goods in 100_i64..1_000_000, declared: bool) {
            let view = parts(&line(quantity, goods, declared.then_some((55, 30, 15))), &NOTHING).unwrap();
            prop_assert_eq!(view.parts.iter().map(|p| p.amount.amount).sum::<i64>(), view.total.amount);
            prop_assert_eq!(view.parts.iter().map(|p| u32::from(p.percent)).sum::<u32>(), 100);
            prop_assert!((view.total.amount - goods / quantity).abs() <= 1);
        }
    }
}
