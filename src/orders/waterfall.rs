//! Where every cent that was paid goes, in the buyer's own currency. Pure.
use crate::{
    money::{Currency, Money, MoneyError, split_minor},
    orders::{FrozenGroup, FrozenLine},
};

/// The parts of what was paid; they sum to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waterfall {
    pub maker: Money,
    pub materials: Money,
    pub cooperative: Money,
    /// The maker side's part of goods whose division was not declared.
    pub undeclared: Money,
    /// Of goods that the brand owns: their makers were paid before.
    pub brand: Money,
    pub premium: Money,
    pub platform: Money,
    pub shipping: Money,
    /// Inside prices, on top of them, and on delivery.
    pub tax: Money,
}

impl Waterfall {
    pub fn of(currency: Currency, lines: &[FrozenLine], groups: &[FrozenGroup]) -> Result<Self, MoneyError> {
        let zero = Money::zero(currency);
        let mut all = Self {
            maker: zero,
            materials: zero,
            cooperative: zero,
            undeclared: zero,
            brand: zero,
            premium: zero,
            platform: zero,
            shipping: zero,
            tax: zero,
        };
        for line in lines {
            all.add_line(line)?;
        }
        for group in groups {
            add(&mut all.shipping, group.shipping)?;
            add(&mut all.tax, group.shipping_tax)?;
        }
        Ok(all)
    }
    fn add_line(&mut self, line: &FrozenLine) -> Result<(), MoneyError> {
        add(&mut self.platform, line.commission)?;
        add(&mut self.tax, line.tax)?;
        if line.brand_owned {
            add(&mut self.brand, line.producer)?;
            return add(&mut self.brand, line.premium);
        }
        add(&mut self.premium, line.premium)?;
        let weights = line.split.map(|s| [s.maker, s.materials, s.cooperative].map(|part| u64::try_from(part).unwrap_or(0)));
        // The division is in the maker side's own currency; what was paid divides in the same proportions.
        match weights.filter(|weights| weights.iter().any(|w| *w > 0)) {
            Some(weights) => {
                let parts = split_minor(line.producer.minor, &weights)?;
                for (sum, minor) in [&mut self.maker, &mut self.materials, &mut self.cooperative].into_iter().zip(parts) {
                    add(sum, Money::new(minor, line.producer.currency))?;
                }
                Ok(())
            }
            None => add(&mut self.undeclared, line.producer),
        }
    }
    /// What the parts sum to.
    pub fn total(&self) -> Result<Money, MoneyError> {
        let parts = [self.materials, self.cooperative, self.undeclared, self.brand, self.premium, self.platform, self.shipping, self.tax];
        parts.into_iter().try_fold(self.maker, Money::checked_add)
    }
}

fn add(sum: &mut Money, part: Money) -> Result<(), MoneyError> {
    *sum = sum.checked_add(part)?;
    Ok(())
}
