//! Dated exchange rates: the newest one on or before the day, with its source, frozen on the line that used it.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use rust_decimal::Decimal;

use super::model::Fx;
use crate::{
    clock::Day,
    db::{Conn, DbError},
    money::{Currency, MoneyError, parse_rate},
    schema::fx_rates,
};

/// `rate` units of `quote` for one of `base`.
#[derive(Clone, Debug)]
pub struct Rate {
    pub base: Currency,
    pub quote: Currency,
    pub value: Decimal,
    pub frozen: Fx,
}

/// The rates of one base into every currency wanted, one statement. A currency into itself is 1 and needs no row.
pub async fn rates(mut conn: &Conn, base: Currency, quotes: &[Currency], day: Day) -> Result<Vec<Rate>, DbError> {
    let rows: Vec<(Currency, Day, String, String)> = fx_rates::table
        .filter(fx_rates::base.eq(base).and(fx_rates::quote.eq_any(quotes)).and(fx_rates::day.le(day)))
        .distinct_on(fx_rates::quote)
        .order((fx_rates::quote, fx_rates::day.desc()))
        .select((fx_rates::quote, fx_rates::day, fx_rates::rate, fx_rates::source))
        .load(&mut conn)
        .await?;
    let mut rates: Vec<Rate> = rows
        .into_iter()
        .filter_map(|(quote, day, rate, source)| Some(Rate { base, quote, value: parse_rate(&rate).ok()?, frozen: Fx { rate, source, day } }))
        .collect();
    rates.push(Rate { base, quote: base, value: Decimal::ONE, frozen: Fx { rate: "1".into(), source: "same currency".into(), day } });
    Ok(rates)
}

/// A rate's inverse, to 12 decimals: delivery prices are in the cooperative's currency and go the other way.
pub fn inverse(rate: &Rate) -> Result<Decimal, MoneyError> {
    Decimal::ONE.checked_div(rate.value).map(|d| d.round_dp(12)).ok_or_else(|| MoneyError::BadRate(rate.frozen.rate.clone()))
}
