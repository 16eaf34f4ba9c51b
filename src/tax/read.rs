//! What is asked of registrations and rates.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{
    model::{Kind, NewRate, Registration, Seller},
    rules::Rules,
};
use crate::{
    clock::Day,
    db::{self, Conn, DbError},
    ids::{CoopId, TaxRegistrationId},
    money::BasisPoints,
    schema::{tax_rates as t, tax_registrations as r},
};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql::Array<sql::Nullable<sql::Uuid>>)]
    registered: Vec<Option<CoopId>>,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    categories: Vec<String>,
    #[diesel(sql_type = sql::Array<sql::Integer>)]
    rates: Vec<i32>,
}

/// One statement, whatever is sold.
pub async fn rules(mut conn: &Conn, country: &str, today: Day) -> Result<Rules, DbError> {
    let collecting: Vec<&str> = Kind::ALL.iter().filter(|kind| kind.collects()).map(|kind| kind.as_str()).collect();
    let row: Row = db::sql(
        "WITH rate AS (SELECT DISTINCT ON (category) category, rate_bp FROM tax_rates WHERE jurisdiction = $1 AND valid_from <= $2
                       ORDER BY category, valid_from DESC)
         SELECT ARRAY(SELECT coop_id FROM tax_registrations
                      WHERE jurisdiction = $1 AND kind = ANY($3) AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)) AS registered,
                ARRAY(SELECT category FROM rate ORDER BY category) AS categories, ARRAY(SELECT rate_bp FROM rate ORDER BY category) AS rates",
    )
    .bind::<sql::Text, _>(country)
    .bind::<sql::Date, _>(today)
    .bind::<sql::Array<sql::Text>, _>(collecting)
    .get_result(&mut conn)
    .await?;
    let rates = row.categories.into_iter().zip(row.rates).map(|(category, bp)| (category, BasisPoints::try_from(bp).unwrap_or(0)));
    Ok(Rules { rates: rates.collect(), registered: row.registered })
}

/// A seller's registrations, newest first: there are a handful.
pub(super) async fn registrations(conn: &mut Conn, seller: Seller) -> Result<Vec<Registration>, DbError> {
    let mine = r::table.filter(r::coop_id.is_not_distinct_from(seller.coop())).order(r::id.desc());
    Ok(mine.select(Registration::as_select()).load(conn).await?)
}
/// Everybody's, newest first.
pub(super) async fn all_registrations(conn: &mut Conn, before: Option<TaxRegistrationId>, limit: i64) -> Result<Vec<Registration>, DbError> {
    let mut all = r::table.order(r::id.desc()).limit(limit).select(Registration::as_select()).into_boxed();
    if let Some(before) = before {
        all = all.filter(r::id.lt(before));
    }
    Ok(all.load(conn).await?)
}

/// What the next page of rates starts behind.
pub(super) type RateKey = (String, String, Day);
/// By country, category and day.
pub(super) async fn rates(conn: &mut Conn, country: Option<&str>, after: Option<&RateKey>, limit: i64) -> Result<Vec<NewRate>, DbError> {
    let mut all = t::table.order((t::jurisdiction, t::category, t::valid_from)).limit(limit).select(NewRate::as_select()).into_boxed();
    if let Some(country) = country {
        all = all.filter(t::jurisdiction.eq(country.to_owned()));
    }
    if let Some((jurisdiction, category, day)) = after.cloned() {
        let later = t::category.gt(category.clone()).or(t::category.eq(category).and(t::valid_from.gt(day)));
        all = all.filter(t::jurisdiction.gt(jurisdiction.clone()).or(t::jurisdiction.eq(jurisdiction).and(later)));
    }
    Ok(all.load(conn).await?)
}
