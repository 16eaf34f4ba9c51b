//! What the price of one piece is for, and what was really paid of each part. Pure.
use passport::EventType;

use super::{
    model::Error,
    read::{Facts, FrozenLine},
};
use crate::{
    clock::Day,
    money::{Money, MoneyError, MoneyView, cumulative_part, split_minor},
};

/// Without delivery. The parts sum to the price.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct PriceView {
    total: MoneyView,
    parts: Vec<PartView>,
    /// Units of the maker side's currency for one of the buyer's, on a day; null where they are the same.
    rate: Option<RateView>,
    maker_share: ItemMakerShare,
    /// What the maker side got more or less than was promised, of all pieces of its order line that left; null before any did.
    tilt: Option<ItemTilt>,
}
/// The makers' part of the price without tax, in basis points; null where it was not declared how the price divides.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ItemMakerShare {
    #[schema(example = 4250)]
    promised: Option<i64>,
    /// Null until it was paid out.
    realised: Option<i64>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ItemTilt {
    promised: MoneyView,
    realised: MoneyView,
    /// Minor units; negative: less than was promised.
    difference: i64,
    basis_points: Option<i64>,
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
    /// What was really paid of it; null while it is promised, and for parts that the buyer paid to nobody else.
    realised: Option<MoneyView>,
    status: PartStatus,
    /// The day since which the status holds.
    on: Option<Day>,
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

/// One piece of a frozen line. Rounding happens once, in the price of the piece; its parts are split by those of the line.
pub(super) fn price(facts: &Facts) -> Result<Option<PriceView>, Error> {
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
        books: Books { shipped: sale.shipped.unwrap_or(0), released: sale.released, premium: sale.premium },
    };
    parts(&line, &proof).map(Some).map_err(|e| Error::Corrupt(e.to_string()))
}

/// What happened with the money of a sale, and when.
struct Proof {
    reached: Option<Day>,
    paid_out: Option<Day>,
    released: Option<Day>,
    sold: Option<Day>,
    books: Books,
}
/// What the books have of the whole line, in the maker side's own currency.
#[derive(Clone, Copy, Default)]
struct Books {
    shipped: i32,
    released: i64,
    premium: i64,
}
impl Books {
    /// What was promised of `minor` for the pieces that left.
    fn promised(self, line: &FrozenLine, minor: i64) -> i64 {
        let shipped = i64::from(self.shipped);
        cumulative_part(minor, line.quantity, line.quantity - shipped, shipped)
    }
    fn tilt(self, line: &FrozenLine) -> Option<ItemTilt> {
        let promised = self.promised(line, line.producer_own) + self.promised(line, line.premium_own);
        let realised = self.released + self.premium;
        let view = |minor| MoneyView::from(Money::new(minor, line.own_currency));
        let difference = realised - promised;
        let basis_points = basis_points(difference, promised);
        (self.shipped > 0).then(|| ItemTilt { promised: view(promised), realised: view(realised), difference, basis_points })
    }
}
fn basis_points(part: i64, whole: i64) -> Option<i64> {
    (whole != 0).then(|| i64::try_from(i128::from(part) * 10_000 / i128::from(whole)).unwrap_or(i64::MAX))
}
impl Proof {
    /// What was paid of a part of one piece: as much of what was promised for it as was paid of the line's promise.
    fn realised(&self, line: &FrozenLine, part: PricePart, amount: i64) -> Option<i64> {
        let (got, promised) = match part {
            PricePart::Maker | PricePart::Materials | PricePart::Cooperative | PricePart::Producer => {
                self.paid_out?;
                (self.books.released, self.books.promised(line, line.producer_own))
            }
            PricePart::Premium => {
                self.released?;
                (self.books.premium, self.books.promised(line, line.premium_own))
            }
            PricePart::Platform | PricePart::Tax => return None,
        };
        let scaled = i128::from(amount) * i128::from(got) * 2 + i128::from(promised);
        (promised > 0).then(|| i64::try_from(scaled.div_euclid(2 * i128::from(promised))).unwrap_or(amount))
    }

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
        let realised = proof.realised(line, part, amount).map(|minor| Money::new(minor, line.currency).into());
        PartView { part, amount: Money::new(amount, line.currency).into(), percent, owed: owed.map(Into::into), realised, status, on }
    };
    let maker = parts.iter().find(|(part, _, _)| *part == PricePart::Maker).map(|(_, amount, _)| *amount);
    let share = |minor: Option<i64>| minor.and_then(|minor| basis_points(minor, total - whole[3]));
    let realised = maker.and_then(|amount| proof.realised(line, PricePart::Maker, amount));
    let maker_share = ItemMakerShare { promised: share(maker), realised: share(realised) };
    let rate = RateView { rate: line.rate.clone(), source: line.rate_source.clone(), day: line.rate_day };
    Ok(PriceView {
        total: Money::new(total, line.currency).into(),
        parts: parts.into_iter().zip(percents).map(view).collect(),
        rate: Some(rate).filter(|_| line.currency != line.own_currency),
        maker_share,
        tilt: proof.books.tilt(line),
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
    const NOTHING: Proof = Proof { reached: None, paid_out: None, released: None, sold: None, books: Books { shipped: 0, released: 0, premium: 0 } };

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
    #[test]
    fn what_was_paid_stands_beside_what_was_promised() {
        let day: Day = "2026-12-01".parse().unwrap();
        let whole = line(2, 12_000, Some((509_960, 278_160, 139_080)));
        let kept = Books { shipped: 1, released: 463_600, premium: 46_400 };
        let proof = Proof { paid_out: Some(day), released: Some(day), books: kept, ..NOTHING };
        let view = parts(&whole, &proof).unwrap();
        let paid: Vec<_> = view.parts.iter().map(|p| p.realised.as_ref().map(|m| m.amount)).collect();
        assert_eq!(paid, [Some(2550), Some(1391), Some(695), Some(464), None]);
        assert_eq!((view.maker_share.promised, view.maker_share.realised, view.tilt.map(|t| t.difference)), (Some(4250), Some(4250), Some(0)));
        // Control: a tenth less is a tenth less for everybody of the maker side, and for nobody else.
        let less = Books { released: 417_240, ..kept };
        let view = parts(&whole, &Proof { paid_out: Some(day), released: Some(day), books: less, ..NOTHING }).unwrap();
        assert_eq!((view.maker_share.realised, view.tilt.map(|t| (t.difference, t.basis_points))), (Some(3825), Some((-46_360, Some(-909)))));
        let view = parts(&whole, &NOTHING).unwrap();
        assert!(view.tilt.is_none() && view.maker_share.realised.is_none(), "nothing left, nothing was paid");
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
