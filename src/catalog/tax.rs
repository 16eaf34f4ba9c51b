//! Tax by destination: dated rates, applied only where the seller is registered; otherwise zero, with the reason.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::price;
use crate::{
    clock::Day,
    db::{self, Conn, DbError},
    ids::CoopId,
    money::{BasisPoints, Money, MoneyError},
};

/// Everything about tax at one destination on one day: one statement, whatever is sold.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rates: Vec<(String, BasisPoints)>,
    /// None in it is the platform itself, whose registration covers every seller.
    registered: Vec<Option<CoopId>>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql::Array<sql::Nullable<sql::Uuid>>)]
    registered: Vec<Option<CoopId>>,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    categories: Vec<String>,
    #[diesel(sql_type = sql::Array<sql::Integer>)]
    rates: Vec<i32>,
}

pub async fn rules(conn: &mut Conn, country: &str, today: Day) -> Result<Rules, DbError> {
    let row: Row = db::sql(
        "WITH rate AS (SELECT DISTINCT ON (category) category, rate_bp FROM tax_rates WHERE jurisdiction = $1 AND valid_from <= $2
                       ORDER BY category, valid_from DESC)
         SELECT ARRAY(SELECT coop_id FROM tax_registrations
                      WHERE jurisdiction = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)) AS registered,
                ARRAY(SELECT category FROM rate ORDER BY category) AS categories, ARRAY(SELECT rate_bp FROM rate ORDER BY category) AS rates",
    )
    .bind::<sql::Text, _>(country)
    .bind::<sql::Date, _>(today)
    .get_result(conn)
    .await?;
    let rates = row.categories.into_iter().zip(row.rates).map(|(category, bp)| (category, BasisPoints::try_from(bp).unwrap_or(0)));
    Ok(Rules { rates: rates.collect(), registered: row.registered })
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
