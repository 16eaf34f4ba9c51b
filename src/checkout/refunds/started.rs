//! What is due when somebody gives up what is being made for her. Pure.
//!
//! Before a piece is started it is free. After that her price stands for `work done × labour + material bought`, never for more than the maker
//! side's part of the pieces that are given up; so much less goes back to her. Of that the cooperative is paid what it does not hold as an
//! advance already: `due = work done × labour + material bought − advance held`, never below nothing. The pieces that nobody has worked on are given up first: the work
//! on the others is still used. Amounts are of the maker side's own currency.
use crate::{
    catalog::price,
    ids::{BatchId, OrderLineId},
    money::{Money, MoneyError},
    orders::{FrozenLine, model::Pieces},
};

use super::model::Reason;

impl Reason {
    /// Whether it is the buyer's own: only then is anything due.
    pub const fn buyers_own(self) -> bool {
        match self {
            Self::BuyerChangedMind | Self::Cancelled => true,
            Self::Fault | Self::NotReceived | Self::Unfulfillable => false,
        }
    }
}

/// What was put into a line that is made to order, since it was sold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Started {
    pub line: Option<OrderLineId>,
    /// Of the batches that its pieces are from: how many pieces they have in all.
    pub batch_pieces: i64,
    pub batches: Vec<BatchId>,
    pub steps: Vec<Step>,
    pub material: i64,
    pub advance: i64,
}
/// One step of the work: on how many pieces it was done, and what it paid for them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub done: i64,
    pub minor: i64,
}

/// What giving up some pieces of a line owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub line: OrderLineId,
    pub quantity: i32,
    /// For work and for material, in the maker side's currency.
    pub labour: Money,
    pub material: Money,
    /// Of both: what the cooperative holds already. The rest is due.
    pub advance: Money,
    /// Labour and material in the buyer's currency, at the order's rate: so much less goes back.
    pub withheld: Money,
    /// Whose work it is.
    pub batches: Vec<BatchId>,
}
impl Due {
    /// What of the maker side's part stands.
    pub const fn own(&self) -> i64 {
        self.labour.minor + self.material.minor
    }
    /// What is due: it is paid now.
    pub const fn now(&self) -> i64 {
        self.own() - self.advance.minor
    }
    /// What is paid now for work, and for material: the advance was for material first.
    pub fn paid_now(&self) -> (Money, Money) {
        let of_material = self.advance.minor.min(self.material.minor);
        let less = |money: Money, minor| Money::new(money.minor - minor, money.currency);
        (less(self.labour, self.advance.minor - of_material), less(self.material, of_material))
    }
}

impl Started {
    /// What the work on the last of `pieces` came to once `given_up` of them are not wanted.
    fn labour(&self, pieces: i64, given_up: i64) -> Result<i64, MoneyError> {
        let elsewhere = (self.batch_pieces - pieces).max(0);
        self.steps.iter().try_fold(0_i64, |sum, step| {
            let mine = (step.done - elsewhere).clamp(0, pieces);
            let wasted = (mine - (pieces - given_up)).max(0);
            sum.checked_add(price::share_of(step.minor, wasted, step.done)?).ok_or(MoneyError::Overflow)
        })
    }
    /// What is due for the next `quantity` pieces of the line that are given up before they left.
    pub fn due(&self, line: &FrozenLine, quantity: i32) -> Result<Due, MoneyError> {
        let (whole, before) = (i64::from(line.quantity), i64::from(line.refunded_here));
        let until = before + i64::from(quantity);
        let between = |of: &dyn Fn(i64) -> Result<i64, MoneyError>| Ok::<_, MoneyError>((of(until)? - of(before)?).max(0));
        let labour = between(&|given_up| self.labour(whole, given_up))?;
        let material = between(&|given_up| price::share_of(self.material, given_up, whole))?;
        // What is still held is for the pieces that are still here.
        let advance = price::share_of(self.advance, quantity.into(), line.to_ship().into())?;
        let most = line.part(Pieces::Here, quantity, line.producer_own).minor;
        let stands = (labour + material).clamp(0, most.max(0));
        let labour = labour.min(stands);
        let own = |minor| Money::new(minor, line.producer_own.currency);
        let withheld = price::share_of(line.producer.minor, stands, line.producer_own.minor)?;
        // Never more than the part that it is taken from, which was rounded by itself.
        let withheld = withheld.min(line.part(Pieces::Here, quantity, line.producer).minor);
        Ok(Due {
            line: line.id,
            quantity,
            labour: own(labour),
            material: own(stands - labour),
            advance: own(advance.min(stands)),
            withheld: Money::new(withheld, line.producer.currency),
            batches: self.batches.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Time,
        ids::{CoopId, OrderGroupId, VariantId},
        money::Currency,
        orders::model::Fx,
    };
    use proptest::prelude::*;

    fn line(quantity: i32, given_up: i32) -> FrozenLine {
        let eur = |minor: i64| Money::new(minor * i64::from(quantity), Currency::EUR);
        let inr = |minor: i64| Money::new(minor * i64::from(quantity), Currency::INR);
        FrozenLine {
            id: OrderLineId::new(),
            coop: CoopId::new(),
            group: OrderGroupId::new(),
            variant: VariantId::new(),
            title: "Stole".into(),
            variant_title: String::new(),
            quantity,
            refunded_quantity: given_up,
            refunded_here: given_up,
            shipped_quantity: 0,
            brand_owned: false,
            made_to_order: true,
            goods: eur(6000),
            tax: eur(0),
            tax_inclusive: false,
            commission: eur(900),
            producer: eur(4636),
            premium: eur(464),
            producer_own: inr(463_600),
            premium_own: inr(46_400),
            split: None,
            fx: Fx { rate: "100".into(), source: "a test".into(), day: Time::from_unix(1_795_348_800).unwrap().day() },
        }
    }
    fn worked(steps: &[(i64, i64)], batch_pieces: i64) -> Started {
        Started { batch_pieces, steps: steps.iter().map(|(done, minor)| Step { done: *done, minor: *minor }).collect(), ..Started::default() }
    }

    #[test]
    fn what_is_not_started_is_free_and_what_is_started_last() {
        let three = line(3, 0);
        assert_eq!(Started::default().due(&three, 3).unwrap().own(), 0);
        // Printing was done on two of three pieces, at 1,000.00 each.
        let started = worked(&[(2, 200_000)], 3);
        let due = |given_up, quantity| started.due(&line(3, given_up), quantity).unwrap().own();
        assert_eq!((due(0, 1), due(0, 2), due(0, 3)), (0, 100_000, 200_000));
        assert_eq!((due(1, 1), due(2, 1)), (100_000, 100_000), "piece by piece it is the same");
    }
    #[test]
    fn material_is_due_and_an_advance_is_set_against_both_down_to_nothing() {
        let one = line(1, 0);
        let with = |material, advance| Started { material, advance, ..worked(&[(1, 50_000)], 1) }.due(&one, 1).unwrap();
        let due = with(30_000, 0);
        assert_eq!((due.labour.minor, due.material.minor, due.withheld), (50_000, 30_000, Money::new(800, Currency::EUR)));
        let now = |due: Due| (due.paid_now().0.minor, due.paid_now().1.minor, due.advance.minor, due.withheld.minor);
        assert_eq!(now(with(30_000, 0)), (50_000, 30_000, 0, 800));
        assert_eq!(now(with(30_000, 60_000)), (20_000, 0, 60_000, 800), "she pays for the work; a part of that is there already");
        assert_eq!(now(with(30_000, 90_000)), (0, 0, 80_000, 800), "never below nothing");
        assert_eq!(with(9_000_000, 0).own(), 463_600, "never more than the maker side's part");
    }
    #[test]
    fn work_on_a_batch_that_others_bought_of_is_not_one_buyers() {
        // Five pieces, of which she bought two; three are done.
        let started = worked(&[(3, 300_000)], 5);
        assert_eq!(started.due(&line(2, 0), 2).unwrap().own(), 0);
        assert_eq!(worked(&[(4, 400_000)], 5).due(&line(2, 0), 2).unwrap().own(), 100_000);
    }
    proptest! {
        #[test]
        fn piece_by_piece_is_all_at_once(pieces in 1_i32..12, done in 0_i64..12, rate in 0_i64..30_000, material in 0_i64..100_000) {
            let done = done.min(pieces.into());
            let started = Started { material, ..worked(&[(done, done * rate)], pieces.into()) };
            let whole = started.due(&line(pieces, 0), pieces).unwrap();
            let parts: i64 = (0..pieces).map(|n| started.due(&line(pieces, n), 1).unwrap().own()).sum();
            prop_assert_eq!(parts, whole.own());
            prop_assert!(whole.withheld.minor <= whole.own() / 100 + 1);
        }
    }
}
