//! One arithmetic for a price. Pure; every rounding point of a price is in this file.
//!
//! tax-exclusive price = producer + premium + commission; commission = rule × price, rounded half up; the rest splits
//! producer : premium = 10000 : premium_bp by largest remainder. A price template divides only the producer part.
use rust_decimal::Decimal;

use crate::{
    money::{BasisPoints, Currency, Money, MoneyError, WHOLE_BP, cumulative_part, split_minor},
    payments,
};

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

/// What of a line's amount belongs to the `sent` of its `quantity` pieces that left: what leaves is taken from the back.
pub fn sent_share(minor: i64, quantity: i32, sent: i32) -> i64 {
    cumulative_part(minor, quantity.into(), (quantity - sent).into(), sent.into())
}

/// `amount × part / whole`, rounded half up; nothing where there is no whole.
pub fn share_of(amount: i64, part: i64, whole: i64) -> Result<i64, MoneyError> {
    if whole == 0 {
        return Ok(0);
    }
    let (twice, whole) = (2 * i128::from(amount) * i128::from(part), i128::from(whole));
    i64::try_from((twice + whole).div_euclid(2 * whole)).map_err(|_| MoneyError::Overflow)
}

/// The tax inside an inclusive amount, rounded half up: `amount × bp / (10000 + bp)`.
pub fn tax_within(amount: Money, tax_bp: BasisPoints) -> Money {
    let (bp, whole) = (i128::from(tax_bp), i128::from(WHOLE_BP) + i128::from(tax_bp));
    let minor = (i128::from(amount.minor) * bp + whole / 2).div_euclid(whole);
    Money::new(i64::try_from(minor).unwrap_or(amount.minor), amount.currency)
}

/// The tax on top of an exclusive amount, rounded half up, once, to what a buyer can be asked for: fils are counted in tens.
pub fn tax_on(amount: Money, tax_bp: BasisPoints) -> Result<Money, MoneyError> {
    let step = payments::step(amount.currency);
    let (exact, whole) = (i128::from(amount.minor) * i128::from(tax_bp), i128::from(WHOLE_BP) * i128::from(step));
    let steps = i64::try_from((exact + whole / 2).div_euclid(whole)).map_err(|_| MoneyError::Overflow)?;
    Ok(Money::new(steps.checked_mul(step).ok_or(MoneyError::Overflow)?, amount.currency))
}

/// An amount that nobody typed, rounded up to what a buyer can be asked for: whoever pays a courier is not left short.
pub fn payable(amount: Money) -> Result<Money, MoneyError> {
    let step = payments::step(amount.currency);
    let over = amount.minor.rem_euclid(step);
    if over == 0 { Ok(amount) } else { amount.checked_add(Money::new(step - over, amount.currency)) }
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
    #[test]
    fn a_share_is_rounded_half_up() {
        assert_eq!((share_of(5, 1, 2).unwrap(), share_of(-5, 1, 2).unwrap(), share_of(7, 3, 0).unwrap()), (3, -2, 0));
        assert_eq!((0..=3).map(|sent| sent_share(100, 3, sent)).collect::<Vec<_>>(), [0, 33, 67, 100]);
    }
    #[test]
    fn what_is_computed_can_be_paid() {
        let kwd = |minor| Money::new(minor, "KWD".parse().unwrap());
        assert_eq!((tax_on(kwd(1230), 500).unwrap(), tax_on(kwd(1290), 500).unwrap()), (kwd(60), kwd(60)), "61.5 and 64.5 fils");
        assert_eq!(tax_on(kwd(1300), 500).unwrap(), kwd(70), "half a step goes up");
        assert_eq!((payable(kwd(1231)).unwrap(), payable(kwd(1230)).unwrap(), payable(kwd(0)).unwrap()), (kwd(1240), kwd(1230), kwd(0)));
        // Control: cents are as they are.
        assert_eq!((payable(eur(1231)).unwrap(), tax_on(eur(1230), 500).unwrap()), (eur(1231), eur(62)));
    }
    proptest! {
        #[test]
        fn a_buyer_can_be_asked_for_every_tax_and_every_delivery(minor in 0_i64..1_000_000_000, bp in 0_u32..5000, currency in 0_usize..5) {
            let amount = Money::new(minor, ["KWD", "MGA", "EUR", "JPY", "UGX"][currency].parse().unwrap());
            let (tax, up) = (tax_on(amount, bp).unwrap(), payable(amount).unwrap());
            prop_assert!(payments::units(tax).is_ok() && payments::units(up).is_ok());
            let step = payments::step(amount.currency);
            prop_assert!((up.minor - amount.minor) < step && up.minor >= amount.minor);
            prop_assert!((i128::from(tax.minor) * 10_000 - i128::from(minor) * i128::from(bp)).abs() <= i128::from(step) * 5_000);
        }
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
