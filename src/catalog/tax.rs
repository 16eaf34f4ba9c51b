//! Tax on what is sold: the one place where a line's tax is rounded.
use super::price;
use crate::money::{BasisPoints, Money, MoneyError};

pub use crate::tax::{Reason, Rules, STANDARD, rules};

/// A line's tax: (tax-exclusive amount, tax, what is added on top). Rounded once, here.
pub fn of_line(goods: Money, inclusive: bool, bp: BasisPoints) -> Result<(Money, Money, Money), MoneyError> {
    let zero = Money::zero(goods.currency);
    if inclusive {
        let tax = price::tax_within(goods, bp);
        return Ok((goods.checked_sub(tax)?, tax, zero));
    }
    let tax = price::tax_on(goods, bp)?;
    Ok((goods, tax, tax))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    #[test]
    fn inclusive_and_exclusive_meet() {
        let eur = |minor| Money::new(minor, Currency::EUR);
        assert_eq!(of_line(eur(11_900), true, 1900).unwrap(), (eur(10_000), eur(1900), eur(0)));
        assert_eq!(of_line(eur(10_000), false, 1900).unwrap(), (eur(10_000), eur(1900), eur(1900)));
    }
}
