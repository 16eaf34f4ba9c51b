//! Money in minor units. No floats, no bare integers, no arithmetic that can lose a cent.
use rust_decimal::Decimal;

/// An ISO 4217 currency with its own exponent (0, 2 or 3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow, utoipa::ToSchema)]
#[diesel(sql_type = diesel::sql_types::Text)]
#[schema(value_type = String, example = "EUR")]
pub struct Currency([u8; 3]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("{0:?} is not an ISO 4217 currency code in use")]
    UnknownCurrency(String),
    #[error("cannot combine {0} with {1}")]
    CurrencyMismatch(Currency, Currency),
    #[error("{0:?} is no amount of this currency")]
    BadAmount(String),
    #[error("the amount is out of range")]
    Overflow,
    #[error("weights must not be empty or sum to zero")]
    NoWeights,
    #[error("{0:?} is not a positive decimal rate")]
    BadRate(String),
}

impl Currency {
    pub const EUR: Self = Self(*b"EUR");
    pub const USD: Self = Self(*b"USD");
    pub const INR: Self = Self(*b"INR");
    pub const NPR: Self = Self(*b"NPR");

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("made from ASCII letters")
    }
    fn iso(self) -> iso_currency::Currency {
        iso_currency::Currency::from_code(self.as_str()).expect("checked when it was parsed")
    }
    /// How many decimal places the minor unit is behind the major one.
    pub fn exponent(self) -> u32 {
        self.iso().exponent().map_or(0, u32::from)
    }
    pub fn symbol(self) -> String {
        self.iso().symbol().symbol
    }
}
impl std::str::FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::UnknownCurrency(code.chars().take(8).collect());
        let bytes: [u8; 3] = code.as_bytes().try_into().map_err(|_| unknown())?;
        let known = iso_currency::Currency::from_code(code).filter(|c| c.exponent().is_some());
        known.map(|_| Self(bytes)).ok_or_else(unknown)
    }
}
impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for Currency {
    fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
        std::io::Write::write_all(out, &self.0)?;
        Ok(diesel::serialize::IsNull::No)
    }
}
impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for Currency {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
    }
}

/// An amount: integer minor units (cents, paise, yen) of one currency. In answers `{amount, currency, formatted}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

/// Parts per ten thousand. 1000 bp = 10 %.
pub type BasisPoints = u32;
pub const WHOLE_BP: BasisPoints = 10_000;

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }
    fn same(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::CurrencyMismatch(self.currency, other.currency)) }
    }
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        Ok(Self { minor: self.minor.checked_mul(count).ok_or(MoneyError::Overflow)?, ..self })
    }
    /// The share of `bp` in ten thousand, rounded half up: the one rounding point of a rate.
    pub fn share(self, bp: BasisPoints) -> Result<Self, MoneyError> {
        let exact = i128::from(self.minor) * i128::from(bp);
        let half = i128::from(WHOLE_BP) / 2;
        let minor = i64::try_from((exact + half).div_euclid(i128::from(WHOLE_BP))).map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
    /// Splits by integer weights; the parts always sum to the whole. The remainder goes, one minor unit each, to the parts that lost
    /// most to rounding, ties to the lowest index (largest remainder).
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let parts = split_minor(self.minor, weights)?;
        Ok(parts.into_iter().map(|minor| Self { minor, ..self }).collect())
    }
    /// Converts at `rate` units of `to` per unit of this currency, rounded half up to the minor unit: once, here.
    pub fn convert(self, to: Currency, rate: Decimal) -> Result<Self, MoneyError> {
        if rate <= Decimal::ZERO {
            return Err(MoneyError::BadRate(rate.to_string()));
        }
        let shift = Decimal::from(10_i64.pow(to.exponent())) / Decimal::from(10_i64.pow(self.currency.exponent()));
        let exact = Decimal::from(self.minor).checked_mul(rate).and_then(|v| v.checked_mul(shift)).ok_or(MoneyError::Overflow)?;
        let whole = exact.round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        let minor = i64::try_from(whole.mantissa()).map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, currency: to })
    }
    /// As machines read it: `-1234.50`, a point and no grouping, never through a float.
    pub fn decimal(self) -> String {
        let exponent = self.currency.exponent() as usize;
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        format!("{}{whole}{}{fraction}", if self.minor < 0 { "-" } else { "" }, if exponent == 0 { "" } else { "." })
    }
    /// Reads what [`Self::decimal`] writes, with as many places as the currency has or fewer: `5236.3` rupees are ₹5,236.30.
    ///
    /// # Errors
    /// [`MoneyError::BadAmount`] for anything else: an amount is never rounded when it is read.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = || MoneyError::BadAmount(text.to_owned());
        let (whole, places) = text.split_once('.').unwrap_or((text, ""));
        let exponent = currency.exponent() as usize;
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        // Zeros behind the currency's places are written by some banks, and mean nothing.
        let places = if places.len() > exponent { places.trim_end_matches('0') } else { places };
        if whole.is_empty() || !digits(whole) || !digits(places) || places.len() > exponent || text.ends_with('.') {
            return Err(bad());
        }
        let minor = format!("{whole}{places:0<exponent$}").parse().map_err(|_| bad())?;
        Ok(Self { minor, currency })
    }
    /// As people read it in English: `€12.99`, `₹1,25,000.00`, `¥500`.
    pub fn formatted(self) -> String {
        let exponent = self.currency.exponent() as usize;
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        let indian = matches!(self.currency.as_str(), "INR" | "NPR" | "BDT" | "PKR" | "LKR");
        let grouped = group(whole, indian);
        let sign = if self.minor < 0 { "-" } else { "" };
        let symbol = self.currency.symbol();
        let gap = if symbol.chars().last().is_some_and(char::is_alphabetic) { "\u{a0}" } else { "" };
        let point = if exponent == 0 { "" } else { "." };
        format!("{sign}{symbol}{gap}{grouped}{point}{fraction}")
    }
}

/// Thousands, or lakh and crore: the last three digits, then twos.
fn group(whole: &str, indian: bool) -> String {
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        let left = whole.len() - i;
        let boundary = if indian { left == 3 || (left > 3 && (left - 3).is_multiple_of(2)) } else { left.is_multiple_of(3) };
        if i > 0 && boundary {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Largest-remainder split of an integer, ties to the lowest index.
pub fn split_minor(whole: i64, weights: &[u64]) -> Result<Vec<i64>, MoneyError> {
    let total: i128 = weights.iter().map(|&w| i128::from(w)).sum();
    if total == 0 {
        return Err(MoneyError::NoWeights);
    }
    let exact = |w: u64| i128::from(whole).checked_mul(i128::from(w)).ok_or(MoneyError::Overflow);
    let mut parts = Vec::with_capacity(weights.len());
    let mut order = Vec::with_capacity(weights.len());
    for (i, &w) in weights.iter().enumerate() {
        let e = exact(w)?;
        parts.push(e.div_euclid(total));
        order.push((std::cmp::Reverse(e.rem_euclid(total)), i));
    }
    order.sort_unstable();
    let left = i128::from(whole) - parts.iter().sum::<i128>();
    for &(_, i) in order.iter().take(usize::try_from(left).map_err(|_| MoneyError::Overflow)?) {
        parts[i] += 1;
    }
    parts.into_iter().map(|p| i64::try_from(p).map_err(|_| MoneyError::Overflow)).collect()
}

/// The part of `amount` that belongs to the range (`before`, `before + step`] of `whole`, so that N partial refunds equal one full one.
/// `whole` > 0; `before + step` ≤ `whole`.
pub fn cumulative_part(amount: i64, whole: i64, before: i64, step: i64) -> i64 {
    let at = |x: i64| (i128::from(amount) * i128::from(x) + i128::from(whole) / 2).div_euclid(i128::from(whole));
    i64::try_from(at(before + step) - at(before)).expect("a part is no larger than the amount")
}

pub fn parse_rate(text: &str) -> Result<Decimal, MoneyError> {
    let rate: Decimal = text.parse().map_err(|_| MoneyError::BadRate(text.into()))?;
    if rate > Decimal::ZERO { Ok(rate) } else { Err(MoneyError::BadRate(text.into())) }
}

/// Money in an answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct MoneyView {
    /// Integer minor units: 1299 is €12.99, 500 is ¥500.
    #[schema(example = 1299)]
    pub amount: i64,
    pub currency: Currency,
    #[schema(example = "€12.99")]
    pub formatted: String,
}
impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self { amount: money.minor, currency: money.currency, formatted: money.formatted() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_amount_is_read_as_it_is_written() {
        let read = |text: &str, currency| Money::from_decimal(text, currency).ok().map(|m| m.minor);
        assert_eq!(
            [read("5236.36", Currency::INR), read("5236.3", Currency::INR), read("7", Currency::EUR)],
            [Some(523_636), Some(523_630), Some(700)]
        );
        assert_eq!(read("7.5000", Currency::EUR), Some(750));
        for wrong in ["", "-1", "1.", ".5", "1.005", "1,00", "1e3", "99999999999999999999"] {
            assert_eq!(read(wrong, Currency::EUR), None, "{wrong}");
        }
        let yen: Currency = "JPY".parse().unwrap();
        assert_eq!([read("500", yen), read("500.00", yen), read("500.5", yen)], [Some(500), Some(500), None]);
    }
    #[test]
    fn the_vectors() {
        assert_eq!(split_minor(100_000, &[37, 41, 55]).unwrap(), [27_820, 30_827, 41_353]);
        assert_eq!(split_minor(1, &[1, 1, 1]).unwrap(), [1, 0, 0]);
        assert_eq!(split_minor(5100, &[10_000, 1000]).unwrap(), [4636, 464]);
        assert_eq!(split_minor(1, &[]), Err(MoneyError::NoWeights));
    }
    #[test]
    fn the_order_in_dollars_is_owed_in_rupees() {
        let seller = Money::new(4080, Currency::USD).convert(Currency::INR, parse_rate("88.00").unwrap()).unwrap();
        assert_eq!(seller, Money::new(359_040, Currency::INR));
        assert_eq!(split_minor(seller.minor, &[10_000, 1000]).unwrap(), [326_400, 32_640]);
    }
    #[test]
    fn money_reads_as_people_write_it() {
        let shown = |minor, code: &str| Money::new(minor, code.parse().unwrap()).formatted();
        assert_eq!(shown(1299, "EUR"), "€12.99");
        assert_eq!(shown(12_500_000, "INR"), "₹1,25,000.00");
        assert_eq!(shown(500, "JPY"), "¥500");
        assert_eq!(shown(-5, "USD"), "-$0.05");
        assert!(shown(123_456_789, "KWD").ends_with("123,456.789"), "three places behind the point");
    }
    #[test]
    fn money_reads_as_machines_write_it() {
        let plain = |minor, code: &str| Money::new(minor, code.parse().unwrap()).decimal();
        assert_eq!([plain(-5, "USD"), plain(12_500_000, "INR"), plain(500, "JPY"), plain(1, "KWD")], ["-0.05", "125000.00", "500", "0.001"]);
    }
    #[test]
    fn an_unknown_currency_is_refused() {
        assert!("EURO".parse::<Currency>().is_err());
        assert!("XXQ".parse::<Currency>().is_err());
        assert!("eur".parse::<Currency>().is_err());
    }
    proptest! {
        #[test]
        fn split_never_loses_a_cent(minor in -1_000_000_i64..1_000_000, w in prop::collection::vec(0_u64..100, 1..6)) {
            prop_assume!(w.iter().sum::<u64>() > 0);
            prop_assert_eq!(split_minor(minor, &w).unwrap().iter().sum::<i64>(), minor);
        }
        #[test]
        fn partial_refunds_sum_to_the_whole(amount in 0_i64..1_000_000, steps in prop::collection::vec(1_i64..50, 1..8)) {
            let whole = steps.iter().sum();
            let mut before = 0;
            let mut given = 0;
            for step in steps {
                given += cumulative_part(amount, whole, before, step);
                before += step;
            }
            prop_assert_eq!(given, amount);
        }
    }
}
