//! How a payout divides among makers and purposes. Pure; every part goes somewhere, and the parts sum to the payout.
//!
//! A line divides as its price was promised. The makers' part of a batch's pieces divides by the work register, rate × pieces. Out of her
//! own part, and no one else's, what a maker was paid at work goes back to the cooperative that paid it. Work without a maker, a batch
//! without work, a piece without a batch and a price without a division are `unallocated`: nothing is guessed.
use std::collections::BTreeMap;

use crate::{
    catalog::price::Split,
    ids::{ArtisanId, BatchId},
    money::{MoneyError, cumulative_part, split_minor},
};

text_enum! {
    pub enum Purpose {
        Reimbursement = "reimbursement", Maker = "maker", Materials = "materials", Cooperative = "cooperative", Shipping = "shipping",
        Premium = "premium", Unallocated = "unallocated",
    }
}

/// A sold line's part in the payout.
#[derive(Clone, Debug, Default)]
pub struct Sold {
    pub minor: i64,
    /// How the price was promised to divide; none if that was not declared.
    pub split: Option<Split>,
    /// Its pieces by the batch they came from.
    pub pieces: Vec<(Option<BatchId>, u32)>,
}

/// A batch as the register knows it.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub quantity: u32,
    /// Its pieces that standing payouts paid for before.
    pub paid_before: u32,
    pub work: Vec<Worked>,
    /// What each maker was paid for her work on it, in the payout's currency.
    pub paid_at_work: BTreeMap<ArtisanId, i64>,
}
#[derive(Clone, Debug)]
pub struct Worked {
    pub artisan: Option<ArtisanId>,
    pub pieces: u32,
    /// rate × pieces; none where the rate is of another currency than the payout and so cannot be compared.
    pub weight: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub artisan: Option<ArtisanId>,
    pub purpose: Purpose,
    pub pieces: i32,
    pub minor: i64,
}

/// Everything that a payout consists of.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    pub sold: Vec<Sold>,
    pub shipping: i64,
    /// Bought for what nobody will get.
    pub material: i64,
    /// Negative: a debt that was paid back out of it. It is set against the cooperative's own part.
    pub recovered: i64,
    pub batches: BTreeMap<BatchId, Batch>,
}

#[derive(Default)]
struct Sums {
    materials: i64,
    cooperative: i64,
    unallocated: i64,
    /// The makers' part of each batch, and for how many pieces.
    batches: BTreeMap<BatchId, (i64, u32)>,
    /// What each maker gets back to her cooperative, gets herself, and for how many pieces.
    makers: BTreeMap<ArtisanId, (i64, i64, u32)>,
}

pub fn divide(whole: &Whole) -> Result<Vec<Share>, MoneyError> {
    let mut sums = Sums::default();
    for sold in &whole.sold {
        sums.line(sold)?;
    }
    for (id, (minor, pieces)) in std::mem::take(&mut sums.batches) {
        match whole.batches.get(&id) {
            Some(batch) => sums.batch(batch, minor, pieces)?,
            None => sums.unallocated += minor,
        }
    }
    Ok(sums.shares(whole))
}

impl Sums {
    fn line(&mut self, sold: &Sold) -> Result<(), MoneyError> {
        let weight = |minor: i64| u64::try_from(minor).unwrap_or(0);
        let parts = match sold.split {
            Some(s) if s.maker + s.materials + s.cooperative > 0 => {
                split_minor(sold.minor, &[weight(s.maker), weight(s.materials), weight(s.cooperative)])?
            }
            Some(_) | None => {
                self.unallocated += sold.minor;
                return Ok(());
            }
        };
        self.materials += parts[1];
        self.cooperative += parts[2];
        let pieces: Vec<u64> = sold.pieces.iter().map(|(_, n)| u64::from(*n)).collect();
        if pieces.iter().sum::<u64>() == 0 {
            self.unallocated += parts[0];
            return Ok(());
        }
        for (minor, (batch, n)) in split_minor(parts[0], &pieces)?.into_iter().zip(&sold.pieces) {
            match batch {
                Some(batch) => {
                    let sum = self.batches.entry(*batch).or_default();
                    *sum = (sum.0 + minor, sum.1 + n);
                }
                None => self.unallocated += minor,
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: &Batch, minor: i64, pieces: u32) -> Result<(), MoneyError> {
        let mut weights: BTreeMap<Option<ArtisanId>, (u64, u32)> = BTreeMap::new();
        for work in &batch.work {
            let Some(weight) = work.weight else {
                self.unallocated += minor;
                return Ok(());
            };
            let sum = weights.entry(work.artisan).or_default();
            *sum = (sum.0.checked_add(weight).ok_or(MoneyError::Overflow)?, sum.1.max(work.pieces));
        }
        let each: Vec<u64> = weights.values().map(|(weight, _)| *weight).collect();
        if each.iter().all(|w| *w == 0) {
            self.unallocated += minor;
            return Ok(());
        }
        for (part, (artisan, (_, worked))) in split_minor(minor, &each)?.into_iter().zip(weights) {
            let Some(artisan) = artisan else {
                self.unallocated += part;
                continue;
            };
            // As many pieces of the batch as are paid for now have brought her cooperative as much of what it paid her.
            let paid = batch.paid_at_work.get(&artisan).copied().unwrap_or(0);
            let whole = batch.quantity.max(batch.paid_before + pieces).max(1);
            let due = cumulative_part(paid, i64::from(whole), i64::from(batch.paid_before), i64::from(pieces));
            let back = due.clamp(0, part.max(0));
            let sum = self.makers.entry(artisan).or_default();
            *sum = (sum.0 + back, sum.1 + part - back, sum.2 + pieces.min(worked));
        }
        Ok(())
    }

    fn shares(self, whole: &Whole) -> Vec<Share> {
        let mut shares = Vec::new();
        for (artisan, (back, own, pieces)) in self.makers {
            let pieces = i32::try_from(pieces).unwrap_or(i32::MAX);
            shares.push(Share { artisan: Some(artisan), purpose: Purpose::Reimbursement, pieces, minor: back });
            shares.push(Share { artisan: Some(artisan), purpose: Purpose::Maker, pieces, minor: own });
        }
        let others = [
            (Purpose::Materials, self.materials + whole.material),
            (Purpose::Cooperative, self.cooperative),
            (Purpose::Cooperative, whole.recovered),
            (Purpose::Shipping, whole.shipping),
            (Purpose::Unallocated, self.unallocated),
        ];
        shares.extend(others.map(|(purpose, minor)| Share { artisan: None, purpose, pieces: 0, minor }));
        shares.retain(|share| share.minor != 0);
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn maker(n: u128) -> ArtisanId {
        uuid::Uuid::from_u128(n).into()
    }
    fn batch(n: u128) -> BatchId {
        uuid::Uuid::from_u128(n).into()
    }
    fn worked(artisan: Option<ArtisanId>, pieces: u32, rate: u64) -> Worked {
        Worked { artisan, pieces, weight: Some(rate * u64::from(pieces)) }
    }
    fn of(shares: &[Share], artisan: Option<ArtisanId>, purpose: Purpose) -> i64 {
        shares.iter().filter(|s| s.artisan == artisan && s.purpose == purpose).map(|s| s.minor).sum()
    }
    /// 46.36 for one piece: maker 25.50, materials 13.91, cooperative 6.95.
    fn sold(pieces: Vec<(Option<BatchId>, u32)>) -> Sold {
        Sold { minor: 4636, split: Some(Split { maker: 2550, materials: 1391, cooperative: 695 }), pieces }
    }

    #[test]
    fn the_register_divides_what_the_price_promised() {
        let register = Batch { quantity: 10, work: vec![worked(Some(maker(1)), 10, 200), worked(Some(maker(2)), 10, 100)], ..Batch::default() };
        let whole = Whole {
            sold: vec![sold(vec![(Some(batch(1)), 1)])],
            shipping: 400,
            recovered: -100,
            batches: [(batch(1), register)].into(),
            ..Whole::default()
        };
        let shares = divide(&whole).unwrap();
        assert_eq!((of(&shares, Some(maker(1)), Purpose::Maker), of(&shares, Some(maker(2)), Purpose::Maker)), (1700, 850));
        assert_eq!(of(&shares, None, Purpose::Cooperative), 695 - 100, "a debt is the cooperative's, never a maker's");
        assert_eq!(shares.iter().map(|s| s.minor).sum::<i64>(), 4636 + 400 - 100);
    }
    #[test]
    fn what_she_was_paid_at_work_goes_back_out_of_her_part_alone() {
        let mut register = Batch { quantity: 10, work: vec![worked(Some(maker(1)), 10, 100), worked(Some(maker(2)), 10, 100)], ..Batch::default() };
        register.paid_at_work = [(maker(1), 10_000)].into();
        let mut whole = Whole { sold: vec![sold(vec![(Some(batch(1)), 1)])], batches: [(batch(1), register)].into(), ..Whole::default() };
        let shares = divide(&whole).unwrap();
        assert_eq!((of(&shares, Some(maker(1)), Purpose::Reimbursement), of(&shares, Some(maker(1)), Purpose::Maker)), (1000, 275));
        assert_eq!(of(&shares, Some(maker(2)), Purpose::Maker), 1275, "another's wage is not paid out of hers");
        // Ten payouts of one piece reimburse exactly what was paid.
        let mut back = 0;
        for before in 0..10 {
            whole.batches.get_mut(&batch(1)).unwrap().paid_before = before;
            whole.batches.get_mut(&batch(1)).unwrap().paid_at_work = [(maker(1), 9_999)].into();
            back += of(&divide(&whole).unwrap(), Some(maker(1)), Purpose::Reimbursement);
        }
        assert_eq!(back, 9_999);
    }
    #[test]
    fn what_is_not_known_is_not_guessed() {
        let unknown = |whole: Whole| of(&divide(&whole).unwrap(), None, Purpose::Unallocated);
        let one = |pieces, register: Option<Batch>| Whole {
            sold: vec![sold(pieces)],
            batches: register.map(|r| (batch(1), r)).into_iter().collect(),
            ..Whole::default()
        };
        assert_eq!(unknown(one(vec![], None)), 2550, "no piece");
        assert_eq!(unknown(one(vec![(None, 1)], None)), 2550, "no batch");
        assert_eq!(unknown(one(vec![(Some(batch(1)), 1)], Some(Batch::default()))), 2550, "no work");
        let nobody = Batch { quantity: 1, work: vec![worked(None, 1, 100), worked(Some(maker(1)), 1, 100)], ..Batch::default() };
        assert_eq!(unknown(one(vec![(Some(batch(1)), 1)], Some(nobody))), 1275, "work without a maker");
        let foreign = Batch { quantity: 1, work: vec![Worked { artisan: Some(maker(1)), pieces: 1, weight: None }], ..Batch::default() };
        assert_eq!(unknown(one(vec![(Some(batch(1)), 1)], Some(foreign))), 2550, "a rate that cannot be compared");
        assert_eq!(unknown(Whole { sold: vec![Sold { split: None, ..sold(vec![(None, 1)]) }], ..Whole::default() }), 4636, "no division");
    }
    proptest! {
        #[test]
        fn the_shares_are_the_payout(
            lines in prop::collection::vec((1_i64..1_000_000, prop::option::of((0_i64..1000, 0_i64..1000, 0_i64..1000)),
                prop::collection::vec((prop::option::of(0_u128..3), 1_u32..5), 0..3)), 0..6),
            registers in prop::collection::vec(prop::collection::vec((prop::option::of(0_u128..4), 1_u32..9, 0_u64..500), 0..5), 0..3),
            paid in 0_i64..50_000, shipping in 0_i64..10_000, recovered in -10_000_i64..=0,
        ) {
            let sold = lines.into_iter().map(|(minor, split, pieces)| Sold {
                minor,
                split: split.map(|(maker, materials, cooperative)| Split { maker, materials, cooperative }),
                pieces: pieces.into_iter().map(|(b, n)| (b.map(batch), n)).collect(),
            });
            let batches = registers.into_iter().zip(0_u128..).map(|(work, n)| {
                let work = work.into_iter().map(|(m, pieces, rate)| worked(m.map(maker), pieces, rate)).collect();
                (batch(n), Batch { quantity: 8, paid_before: 1, work, paid_at_work: [(maker(1), paid)].into() })
            });
            let whole = Whole { sold: sold.collect(), shipping, recovered, batches: batches.collect(), ..Whole::default() };
            let shares = divide(&whole).unwrap();
            let all: i64 = whole.sold.iter().map(|s| s.minor).sum::<i64>() + shipping + recovered;
            prop_assert_eq!(shares.iter().map(|s| s.minor).sum::<i64>(), all);
            prop_assert!(shares.iter().all(|s| s.minor > 0 || (s.purpose == Purpose::Cooperative && s.artisan.is_none())));
        }
    }
}
