//! Between ISO 4217's minor unit, in which Haat counts, and Stripe's, which is not always the same.
//!
//! Refused where one cannot be expressed in the other; nothing is ever rounded. Source: Stripe's documentation of supported
//! currencies (zero-decimal, three-decimal and special cases).

/// Why an amount has no counterpart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    #[error("{0:?} is not a currency code")]
    NotACurrency(String),
    #[error("Stripe does not take {0}")]
    Unsupported(String),
    #[error("{amount} in {currency} is not a multiple of {multiple}, and Stripe takes nothing finer")]
    TooFine { amount: i64, currency: String, multiple: i64 },
    #[error("{amount} in {currency} is too large for Stripe's unit")]
    TooLarge { amount: i64, currency: String },
}

/// How the two units relate.
#[derive(Clone, Copy)]
enum Rule {
    Same,
    /// ISO has no decimals, Stripe counts in hundredths.
    Hundredfold,
    /// ISO has two decimals, Stripe has none.
    Hundredth,
    /// Both have three decimals, and Stripe wants the last to be zero.
    Tens,
}

/// Every currency whose units are not the same on both sides, or that Stripe does not take: only of these can an amount be unpayable.
pub const UNUSUAL: [&str; 12] = ["ISK", "UGX", "MGA", "BHD", "JOD", "KWD", "OMR", "TND", "IQD", "LYD", "CLF", "UYW"];

/// The smallest amount in ISO minor units that Stripe can ask for, and what all others are multiples of. 1 where Stripe does not take the
/// currency: there is no better answer then, and nothing is charged.
pub fn step(currency: &str) -> i64 {
    match rule(currency) {
        Ok(Rule::Tens) => 10,
        Ok(Rule::Hundredth) => 100,
        Ok(Rule::Same | Rule::Hundredfold) | Err(_) => 1,
    }
}

fn rule(currency: &str) -> Result<Rule, UnitError> {
    let code = currency.to_ascii_uppercase();
    match code.as_str() {
        "ISK" | "UGX" => Ok(Rule::Hundredfold),
        "MGA" => Ok(Rule::Hundredth),
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => Ok(Rule::Tens),
        // The other three-decimal currencies of ISO 4217, and its four-decimal units of account.
        "IQD" | "LYD" | "CLF" | "UYW" => Err(UnitError::Unsupported(code)),
        _ if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) => Ok(Rule::Same),
        _ => Err(UnitError::NotACurrency(currency.to_owned())),
    }
}

/// An amount in ISO minor units as Stripe counts it: UGX 500 is 50000, KWD 1.230 (1230) stays, KWD 1.234 is refused.
pub fn to_stripe_units(minor: i64, currency: &str) -> Result<i64, UnitError> {
    match rule(currency)? {
        Rule::Same => Ok(minor),
        Rule::Hundredfold => times_hundred(minor, currency),
        Rule::Hundredth => exactly(minor, 100, currency).map(|()| minor / 100),
        Rule::Tens => exactly(minor, 10, currency).map(|()| minor),
    }
}

/// The way back. A UGX amount of Stripe's that is not whole shillings is refused.
pub fn from_stripe_units(units: i64, currency: &str) -> Result<i64, UnitError> {
    match rule(currency)? {
        Rule::Same | Rule::Tens => Ok(units),
        Rule::Hundredfold => exactly(units, 100, currency).map(|()| units / 100),
        Rule::Hundredth => times_hundred(units, currency),
    }
}

fn exactly(amount: i64, multiple: i64, currency: &str) -> Result<(), UnitError> {
    if amount % multiple == 0 {
        return Ok(());
    }
    Err(UnitError::TooFine { amount, currency: currency.to_owned(), multiple })
}

fn times_hundred(amount: i64, currency: &str) -> Result<i64, UnitError> {
    amount.checked_mul(100).ok_or_else(|| UnitError::TooLarge { amount, currency: currency.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_currencies_count_alike() {
        for currency in ["EUR", "usd", "INR", "JPY", "KES", "NPR", "XOF"] {
            assert_eq!(to_stripe_units(4800, currency), Ok(4800));
            assert_eq!(from_stripe_units(4800, currency), Ok(4800));
        }
    }

    #[test]
    fn special_currencies_are_converted_exactly_or_refused() {
        assert_eq!(to_stripe_units(500, "UGX"), Ok(50_000));
        assert_eq!(from_stripe_units(50_000, "ugx"), Ok(500));
        assert!(matches!(from_stripe_units(50_001, "ISK"), Err(UnitError::TooFine { multiple: 100, .. })));
        assert!(matches!(to_stripe_units(i64::MAX, "ISK"), Err(UnitError::TooLarge { .. })));
        assert_eq!(to_stripe_units(1230, "KWD"), Ok(1230));
        assert!(matches!(to_stripe_units(1234, "KWD"), Err(UnitError::TooFine { multiple: 10, .. })));
        assert_eq!(to_stripe_units(-300, "MGA"), Ok(-3));
        assert!(matches!(to_stripe_units(301, "MGA"), Err(UnitError::TooFine { .. })));
        assert!(matches!(to_stripe_units(1, "IQD"), Err(UnitError::Unsupported(_))));
        assert!(matches!(to_stripe_units(1, "EURO"), Err(UnitError::NotACurrency(_))));
    }

    #[test]
    fn a_step_is_the_least_that_can_be_asked_for() {
        for currency in UNUSUAL.into_iter().chain(["EUR", "JPY", "INR"]) {
            match to_stripe_units(step(currency), currency) {
                Ok(_) => assert!(step(currency) == 1 || to_stripe_units(step(currency) - 1, currency).is_err(), "{currency}"),
                Err(error) => assert!(matches!(error, UnitError::Unsupported(_)), "{currency}: {error}"),
            }
        }
        assert_eq!((step("KWD"), step("MGA"), step("UGX"), step("EUR")), (10, 100, 1, 1));
        // Control: a usual currency takes every amount.
        assert!((0..200).all(|minor| to_stripe_units(minor, "EUR").is_ok()) && (0..200).any(|minor| to_stripe_units(minor, "KWD").is_err()));
    }
}
