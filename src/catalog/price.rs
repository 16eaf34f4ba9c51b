//! One arithmetic for a price. Pure; every rounding point of a price is in this file.
//!
//! tax-exclusive price = producer + premium + commission; commission = rule × price, rounded half up; the rest splits
//! producer : premium = 10000 : premium_bp by largest remainder. A price template divides only the producer part.
use rust_decimal::Decimal;

use crate::money::{BasisPoints, Currency, Money, MoneyError, WHOLE_BP, split_minor};

/// What a tax-exclusive price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    pub producer: Money,
    pub premium: Money,
    pub commission: Money,
}

/// How the producer part of a price divides, in basis points that sum to ten thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    pub maker_bp: BasisPoints,
    pub materials_bp: BasisPoints,
    pub cooperative_bp: BasisPoints,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Split {
    /// Minor units of the maker side's own currency.
    pub maker: i64,
    pub materials: i64,
    pub cooperative: i64,
}

pub fn parts(price: Money, commission_bp: BasisPoints, premium_bp: BasisPoints) -> Result<Parts, MoneyError> {
    let commission = price.share(commission_bp)?;
    let seller = price.checked_sub(commission)?;
    let (producer, premium) = producer_and_premium(seller, premium_bp)?;
    Ok(Parts { producer, premium, commission })
}

pub fn producer_and_premium(seller: Money, premium_bp: BasisPoints) -> Result<(Money, Money), MoneyError> {
    let split = split_minor(seller.minor, &[u64::from(WHOLE_BP), u64::from(premium_bp)])?;
    Ok((Money::new(split[0], seller.currency), Money::new(split[1], seller.currency)))
}

/// What the maker side is owed, in its own currency: the seller's part is converted once, then split.
pub fn own(parts: &Parts, premium_bp: BasisPoints, own: Currency, rate: Decimal) -> Result<(Money, Money), MoneyError> {
    if parts.producer.currency == own {
        return Ok((parts.producer, parts.premium));
    }
    producer_and_premium(parts.producer.checked_add(parts.premium)?.convert(own, rate)?, premium_bp)
}

pub fn divide(producer: Money, division: Division) -> Result<Split, MoneyError> {
    let Division { maker_bp, materials_bp, cooperative_bp } = division;
    let parts = split_minor(producer.minor, &[u64::from(maker_bp), u64::from(materials_bp), u64::from(cooperative_bp)])?;
    Ok(Split { maker: parts[0], materials: parts[1], cooperative: parts[2] })
}

/// The tax inside an inclusive amount, rounded half up: `amount × bp / (10000 + bp)`.
pub fn tax_within(amount: Money, tax_bp: BasisPoints) -> Money {
    let (bp, whole) = (i128::from(tax_bp), i128::from(WHOLE_BP) + i128::from(tax_bp));
    let minor = (i128::from(amount.minor) * bp + whole / 2).div_euclid(whole);
    Money::new(i64::try_from(minor).unwrap_or(amount.minor), amount.currency)
}

/// The tax on top of an exclusive amount, rounded half up.
pub fn tax_on(amount: Money, tax_bp: BasisPoints) -> Result<Money, MoneyError> {
    amount.share(tax_bp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::parse_rate;
    use proptest::prelude::*;

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }
    #[test]
    fn the_canonical_lines() {
        assert_eq!(parts(eur(6000), 1500, 1000).unwrap(), Parts { producer: eur(4636), premium: eur(464), commission: eur(900) });
        assert_eq!(parts(eur(2400), 1500, 1000).unwrap(), Parts { producer: eur(1855), premium: eur(185), commission: eur(360) });
    }
    #[test]
    fn dollars_in_rupees_out() {
        let usd = |minor| Money::new(minor, Currency::USD);
        let p = parts(usd(4800), 1500, 1000).unwrap();
        assert_eq!(p, Parts { producer: usd(3709), premium: usd(371), commission: usd(720) });
        let (producer, premium) = own(&p, 1000, Currency::INR, parse_rate("88.00").unwrap()).unwrap();
        assert_eq!((producer.minor, premium.minor), (326_400, 32_640));
    }
    #[test]
    fn inclusive_tax_comes_out_first() {
        assert_eq!(tax_within(eur(11_900), 1900), eur(1900));
        assert_eq!(tax_within(eur(100), 0), eur(0));
        assert_eq!(tax_on(eur(10_000), 1900).unwrap(), eur(1900));
    }
    proptest! {
        #[test]
        fn parts_sum_to_the_price(minor in 0_i64..10_000_000, commission in 0_u32..5000, premium in 0_u32..10_000) {
            let p = parts(eur(minor), commission, premium).unwrap();
            prop_assert_eq!(p.producer.minor + p.premium.minor + p.commission.minor, minor);
        }
        #[test]
        fn a_division_sums_to_the_producer_part(minor in 0_i64..10_000_000, maker in 0_u32..=10_000, rest in 0_u32..=10_000) {
            let materials = (10_000 - maker).min(rest);
            let division = Division { maker_bp: maker, materials_bp: materials, cooperative_bp: 10_000 - maker - materials };
            let split = divide(eur(minor), division).unwrap();
            prop_assert_eq!(split.maker + split.materials + split.cooperative, minor);
        }
    }
}
