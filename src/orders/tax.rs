//! Tax by destination: dated rates, applied only where the seller is registered; otherwise zero, with the reason.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use crate::{
    catalog::price,
    clock::Day,
    db::{Conn, DbError},
    ids::CoopId,
    money::{BasisPoints, Money, MoneyError},
};

/// What applies to one seller's goods of one category at one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    pub bp: BasisPoints,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql::Text)]
    category: String,
    #[diesel(sql_type = sql::Integer)]
    rate_bp: i32,
}
#[derive(QueryableByName)]
struct Registered {
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    coop_id: Option<CoopId>,
}

/// Everything about tax at one destination on one day: two statements, whatever the cart holds.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rates: Vec<(String, BasisPoints)>,
    /// None in it is the platform itself, whose registration covers every seller.
    registered: Vec<Option<CoopId>>,
}

pub async fn rules(conn: &mut Conn, country: &str, today: Day) -> Result<Rules, DbError> {
    let registered: Vec<Registered> = diesel::sql_query(
        "SELECT coop_id FROM tax_registrations WHERE jurisdiction = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)",
    )
    .bind::<sql::Text, _>(country)
    .bind::<sql::Date, _>(today)
    .load(conn)
    .await?;
    if registered.is_empty() {
        return Ok(Rules::default());
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT DISTINCT ON (category) category, rate_bp FROM tax_rates WHERE jurisdiction = $1 AND valid_from <= $2 ORDER BY category, valid_from DESC",
    )
    .bind::<sql::Text, _>(country)
    .bind::<sql::Date, _>(today)
    .load(conn)
    .await?;
    Ok(Rules {
        rates: rows.into_iter().map(|r| (r.category, BasisPoints::try_from(r.rate_bp).unwrap_or(0))).collect(),
        registered: registered.into_iter().map(|r| r.coop_id).collect(),
    })
}

/// Why an order bears the tax it bears; stable.
pub const NOT_REGISTERED: &str = "seller_not_registered";
pub const BY_DESTINATION: &str = "destination_rate";
/// The category of delivery, and of goods that have no rate of their own.
pub const STANDARD: &str = "standard";

impl Rules {
    /// What the seller collects; zero while it is not known, so that prices can be shown. Nothing is sold then: [`Rules::known`].
    pub fn rate(&self, seller: CoopId, category: &str) -> BasisPoints {
        self.find(seller, category).unwrap_or(0)
    }
    /// Whether it is known what the seller collects: a zero that nobody decided would be owed later.
    pub fn known(&self, seller: CoopId, category: &str) -> bool {
        self.find(seller, category).is_some()
    }
    fn find(&self, seller: CoopId, category: &str) -> Option<BasisPoints> {
        if !self.registered.iter().any(|who| who.is_none_or(|coop| coop == seller)) {
            return Some(0);
        }
        let of = |wanted: &str| self.rates.iter().find(|(c, _)| c == wanted).map(|(_, bp)| *bp);
        of(category).or_else(|| of(STANDARD))
    }
    pub fn reason(&self) -> &'static str {
        if self.registered.is_empty() { NOT_REGISTERED } else { BY_DESTINATION }
    }
}

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
    fn only_a_registered_seller_collects() {
        let (a, b) = (CoopId::new(), CoopId::new());
        let rules = Rules { rates: vec![("standard".into(), 1900), ("books".into(), 700)], registered: vec![Some(a)] };
        assert_eq!((rules.rate(a, "standard"), rules.rate(a, "books"), rules.rate(a, "other"), rules.rate(b, "standard")), (1900, 700, 1900, 0));
        let platform = Rules { registered: vec![None], ..rules };
        assert_eq!((platform.rate(b, "standard"), platform.known(b, "standard")), (1900, true));
        let unknown = Rules { rates: Vec::new(), ..platform };
        assert!(!unknown.known(b, "standard"), "registered, and nobody wrote down what to collect");
        assert!(Rules::default().known(b, "standard"), "not registered: nothing is to be collected");
        assert_eq!(Rules::default().reason(), NOT_REGISTERED);
    }
    #[test]
    fn inclusive_and_exclusive_meet() {
        let eur = |minor| Money::new(minor, Currency::EUR);
        assert_eq!(of_line(eur(11_900), true, 1900).unwrap(), (eur(10_000), eur(1900), eur(0)));
        assert_eq!(of_line(eur(10_000), false, 1900).unwrap(), (eur(10_000), eur(1900), eur(1900)));
    }
}
