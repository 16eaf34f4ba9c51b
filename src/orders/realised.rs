//! What became of a promise: the parts of a frozen order beside what the books say was paid. Pure.
//!
//! A part is promised, given back, realised, or still open; in the buyer's currency, at the order's own rate. The maker side's parts are
//! realised when a payout that holds them has left for good, the fund's when its pieces left. What the provider, the rate and refunds took
//! is the platform's loss and nobody else's; where anybody else got more or less than promised, that is a drift, and an alert.
use super::{
    FrozenGroup, FrozenLine,
    model::{GroupState, Order},
    read::Booked,
    waterfall::Waterfall,
};
use crate::{
    catalog::price,
    money::{Money, MoneyError, WHOLE_BP, split_minor},
};

/// Who got more or less than was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tilt {
    pub party: Party,
    /// Of what was not given back and is settled.
    pub promised: Money,
    pub realised: Money,
}
impl Tilt {
    pub const fn difference(&self) -> i64 {
        self.realised.minor - self.promised.minor
    }
    /// None where nothing was promised.
    pub fn basis_points(&self) -> Option<i64> {
        basis_points(self.difference(), self.promised.minor)
    }
}
text_enum! { as WaterfallParty,
    /// makers: whoever made it, with materials and cooperative.
    pub enum Party { MakerSide = "maker_side", Fund = "fund", Platform = "platform" }
}

fn basis_points(part: i64, whole: i64) -> Option<i64> {
    (whole != 0).then(|| i64::try_from(i128::from(part) * i128::from(WHOLE_BP) / i128::from(whole)).unwrap_or(i64::MAX))
}

/// An order's parts as they were realised; all of them, what was given back and what is open sum to its total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realised {
    pub parts: Waterfall,
    /// What the provider kept; none where it was not said yet, or in another currency.
    pub payment: Option<Money>,
    /// What the rate took since the sale; negative: gave.
    pub rate: Money,
    /// What refunds cost the platform, inside its part.
    pub losses: Money,
    pub refunded: Money,
    pub open: Money,
    /// Of the price of what was not given back, without tax.
    pub maker_share: (Option<i64>, Option<i64>),
    pub tilt: [Tilt; 3],
    /// Nothing is open: every piece left or was given back, and every payout of it has left for good.
    pub complete: bool,
}

/// What happened to a line, in the maker side's own currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfLine {
    /// Promised for the pieces that left.
    pub promised: Money,
    /// What became the cooperative's of it, and what left for good.
    pub released: Money,
    pub paid: Money,
    /// What the makers' part is of that, as the price was to divide.
    pub paid_to_makers: Option<Money>,
    pub fund_promised: Money,
    pub fund: Money,
}
impl OfLine {
    pub fn of(line: &FrozenLine, booked: &Booked) -> Result<Self, MoneyError> {
        let own = |minor| Money::new(minor, line.producer_own.currency);
        let owed = |money: Money| if line.brand_owned { Money::zero(money.currency) } else { line.sent(money) };
        let makers = line.split.map(|split| price::share_of(booked.paid, split.maker, split.maker + split.materials + split.cooperative));
        Ok(Self {
            promised: owed(line.producer_own),
            released: own(booked.released),
            paid: own(booked.paid),
            paid_to_makers: makers.transpose()?.map(own),
            fund_promised: owed(line.premium_own),
            fund: own(booked.premium),
        })
    }
    pub const fn difference(&self) -> i64 {
        self.released.minor - self.promised.minor + self.fund.minor - self.fund_promised.minor
    }
    pub fn basis_points(&self) -> Option<i64> {
        basis_points(self.difference(), self.promised.minor + self.fund_promised.minor)
    }
}

/// `minor` of the maker side's own currency in the buyer's, in the proportion of the frozen amounts.
fn at_rate(minor: i64, of: Money, own: Money) -> Result<Money, MoneyError> {
    Ok(Money::new(price::share_of(of.minor, minor, own.minor)?, of.currency))
}
fn add(sum: &mut Money, part: Money) -> Result<(), MoneyError> {
    *sum = sum.checked_add(part)?;
    Ok(())
}

struct Sums {
    real: Waterfall,
    promised: [Money; 2],
    got: [Money; 2],
    commission: Money,
    losses: Money,
    rate: Money,
    /// Of what was not given back, without tax; and its makers' part as promised.
    kept: Money,
    makers: Money,
    labour: Money,
    declared: bool,
    settled: bool,
}

impl Sums {
    fn line(&mut self, line: &FrozenLine, booked: &Booked) -> Result<(), MoneyError> {
        let kept = |money: Money| money.checked_sub(line.given_back(money));
        add(&mut self.commission, kept(line.commission)?)?;
        add(&mut self.real.tax, kept(line.tax)?)?;
        let goods = [line.producer, line.premium, line.commission].map(kept);
        for part in goods {
            add(&mut self.kept, part?)?;
        }
        self.settled &= line.to_ship() == 0;
        if line.brand_owned {
            add(&mut self.real.brand, kept(line.producer)?)?;
            return add(&mut self.real.brand, kept(line.premium)?);
        }
        self.settled &= booked.released == booked.paid && booked.due == booked.labour_paid + booked.material_paid;
        let bound = |minor| at_rate(minor, line.producer, line.producer_own);
        // Of pieces that nobody got: theirs who worked on them, and no part of a price.
        add(&mut self.labour, bound(booked.labour_paid)?)?;
        add(&mut self.real.materials, bound(booked.material_paid)?)?;
        let paid = bound(booked.paid)?;
        let fund = at_rate(booked.premium, line.premium, line.premium_own)?;
        match line.split.filter(|s| s.maker + s.materials + s.cooperative > 0) {
            Some(split) => {
                let weights = [split.maker, split.materials, split.cooperative].map(|part| u64::try_from(part).unwrap_or(0));
                let parts = split_minor(paid.minor, &weights)?;
                let sums = [&mut self.real.maker, &mut self.real.materials, &mut self.real.cooperative];
                for (sum, minor) in sums.into_iter().zip(parts) {
                    add(sum, Money::new(minor, paid.currency))?;
                }
                // A debt is the cooperative's, never a maker's.
                self.real.cooperative = self.real.cooperative.checked_sub(bound(booked.owed_back)?)?;
                let promised = kept(line.producer)?;
                add(&mut self.makers, Money::new(split_minor(promised.minor, &weights)?[0], promised.currency))?;
            }
            None => {
                self.declared = false;
                add(&mut self.real.undeclared, paid.checked_sub(bound(booked.owed_back)?)?)?;
            }
        }
        add(&mut self.real.premium, fund)?;
        add(&mut self.promised[0], bound(line.sent(line.producer_own).minor)?)?;
        add(&mut self.got[0], bound(booked.released - booked.owed_back)?)?;
        add(&mut self.promised[1], at_rate(line.sent(line.premium_own).minor, line.premium, line.premium_own)?)?;
        add(&mut self.got[1], fund)?;
        let paid_in = line.producer.currency;
        add(&mut self.losses, Money::new(booked.lost, paid_in))?;
        add(&mut self.rate, Money::new(booked.rate, paid_in))
    }
    fn group(&mut self, group: &FrozenGroup) -> Result<(), MoneyError> {
        if group.shipping_refunded {
            return Ok(());
        }
        add(&mut self.real.tax, group.shipping_tax)?;
        match group.state {
            GroupState::PartiallyShipped | GroupState::Shipped => add(&mut self.real.shipping, group.shipping),
            GroupState::Pending | GroupState::ToShip | GroupState::Cancelled | GroupState::Refunded => Ok(()),
        }
    }
}

impl Realised {
    /// `booked` has a row for each line; `fee` is what the provider kept, if it said so in the buyer's currency.
    pub fn of(order: &Order, lines: &[FrozenLine], groups: &[FrozenGroup], booked: &[Booked], fee: Option<i64>) -> Result<Self, MoneyError> {
        let currency = order.total.currency;
        let zero = Money::zero(currency);
        let mut sums = Sums {
            real: Waterfall::of(currency, &[], &[])?,
            promised: [zero; 2],
            got: [zero; 2],
            commission: zero,
            losses: zero,
            rate: zero,
            kept: zero,
            makers: zero,
            labour: zero,
            declared: true,
            settled: true,
        };
        let nothing = Booked::default();
        for line in lines {
            sums.line(line, booked.iter().find(|b| b.line == line.id).unwrap_or(&nothing))?;
        }
        for group in groups {
            sums.group(group)?;
        }
        let Sums { mut real, promised, got, commission, losses, rate, kept, makers, labour, declared, settled } = sums;
        add(&mut real.maker, labour)?;
        let payment = fee.map(|minor| Money::new(minor, currency));
        real.platform = commission.checked_sub(losses)?.checked_sub(rate)?.checked_sub(payment.unwrap_or(zero))?;
        let spoken_for = real.total()?.checked_add(payment.unwrap_or(zero))?.checked_add(rate)?.checked_add(order.refunded)?;
        let open = order.total.checked_sub(spoken_for)?;
        let tilt = |party, promised, realised| Tilt { party, promised, realised };
        Ok(Self {
            payment,
            rate,
            losses,
            refunded: order.refunded,
            open,
            maker_share: (
                Some(makers).filter(|_| declared).and_then(|m| basis_points(m.minor, kept.minor)),
                Some(real.maker.checked_sub(labour)?).filter(|_| declared && settled).and_then(|m| basis_points(m.minor, kept.minor)),
            ),
            tilt: [
                tilt(Party::MakerSide, promised[0], got[0]),
                tilt(Party::Fund, promised[1], got[1]),
                tilt(Party::Platform, commission, real.platform),
            ],
            complete: settled && payment.is_some(),
            parts: real,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::price::Split,
        clock::Time,
        ids::{CoopId, OrderGroupId, OrderId, OrderLineId, VariantId},
        money::Currency,
        orders::model::{Fx, OrderState},
    };

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }
    fn at() -> Time {
        Time::from_unix(1_795_348_800).unwrap()
    }
    fn line(quantity: i32, shipped: i32) -> FrozenLine {
        FrozenLine {
            id: OrderLineId::new(),
            coop: CoopId::new(),
            group: OrderGroupId::new(),
            variant: VariantId::new(),
            title: "Stole".into(),
            variant_title: String::new(),
            quantity,
            refunded_quantity: 0,
            refunded_here: 0,
            shipped_quantity: shipped,
            brand_owned: false,
            made_to_order: false,
            goods: eur(6000),
            tax: eur(667),
            tax_inclusive: false,
            commission: eur(900),
            producer: eur(4636),
            premium: eur(464),
            producer_own: Money::new(463_600, Currency::INR),
            premium_own: Money::new(46_400, Currency::INR),
            split: Some(Split { maker: 255_000, materials: 139_100, cooperative: 69_500 }),
            fx: Fx { rate: "100".into(), source: "a test".into(), day: at().day() },
        }
    }
    fn order(refunded: i64) -> Order {
        Order {
            id: OrderId::new(),
            number: "HA-1".into(),
            token_generation: 1,
            state: OrderState::Shipped,
            country: "DE".into(),
            locale: "en".into(),
            total: eur(6667),
            refunded: eur(refunded),
            placed_at: at(),
            paid_at: Some(at()),
            on_hold: false,
        }
    }
    fn booked(line: &FrozenLine, released: i64, premium: i64, paid: i64) -> Booked {
        Booked { line: line.id, released, premium, paid, ..Booked::default() }
    }

    #[test]
    fn a_kept_promise_tilts_to_nobody_but_the_provider() {
        let line = line(1, 1);
        let books = [Booked { rate: 34, ..booked(&line, 463_600, 46_400, 463_600) }];
        let real = Realised::of(&order(0), std::slice::from_ref(&line), &[], &books, Some(175)).unwrap();
        assert_eq!((real.parts.maker, real.parts.materials, real.parts.cooperative), (eur(2550), eur(1391), eur(695)));
        assert_eq!((real.parts.premium, real.parts.platform, real.payment, real.open), (eur(464), eur(900 - 175 - 34), Some(eur(175)), eur(0)));
        assert_eq!(real.tilt.map(|t| t.difference()), [0, 0, -209]);
        assert_eq!((real.tilt[2].basis_points(), real.maker_share), (Some(-2322), (Some(4250), Some(4250))));
        assert!(real.complete);
        let of_line = OfLine::of(&line, &books[0]).unwrap();
        assert_eq!((of_line.difference(), of_line.paid_to_makers), (0, Some(Money::new(255_000, Currency::INR))));
    }
    #[test]
    fn less_than_was_promised_is_seen() {
        let line = line(1, 1);
        let books = [booked(&line, 463_600 - 10_000, 46_400, 453_600)];
        let real = Realised::of(&order(0), std::slice::from_ref(&line), &[], &books, Some(175)).unwrap();
        assert_eq!((real.tilt[0].difference(), real.tilt[0].basis_points(), real.tilt[1].difference()), (-100, Some(-215), 0));
        assert_eq!(OfLine::of(&line, &books[0]).unwrap().difference(), -10_000);
    }
    #[test]
    fn what_has_not_left_is_open_and_no_tilt() {
        let line = line(2, 1);
        let books = [booked(&line, 231_800, 23_200, 0)];
        let real = Realised::of(&order(0), std::slice::from_ref(&line), &[], &books, None).unwrap();
        assert_eq!((real.tilt.map(|t| t.difference()), real.complete, real.maker_share.1), ([0, 0, 0], false, None));
        assert_eq!(real.open, eur(6667 - 667 - 900 - 232));
    }
    #[test]
    fn a_refund_after_it_left_is_the_platforms() {
        let mut line = line(1, 1);
        line.refunded_quantity = 1;
        let books = [Booked { lost: 5100, ..booked(&line, 463_600, 46_400, 463_600) }];
        let real = Realised::of(&order(6667), std::slice::from_ref(&line), &[], &books, Some(175)).unwrap();
        assert_eq!((real.parts.platform, real.open, real.tilt[0].difference()), (eur(-5275), eur(0), 0));
    }
}
