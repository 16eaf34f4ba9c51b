//! How much there is of what a list shows: by the values of further filters, and in all. Never more than a bounded part is looked at.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{
    cards::{SAID, Sort, Wanted, order},
    look::{Look, Reach},
    query::Query,
};
use crate::db::{Conn, DbError};

/// More matches than anyone looks through, and few enough to count while a buyer waits.
pub const MAX_COUNTED: i64 = 1000;

/// What further filters would leave. Counted over at most [`MAX_COUNTED`] matches.
#[derive(Debug, QueryableByName)]
pub struct Counted {
    #[diesel(sql_type = sql::BigInt)]
    pub hits: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub in_stock: i64,
    /// [{value, label, count}], the most frequent first.
    #[diesel(sql_type = sql::Jsonb)]
    pub crafts: serde_json::Value,
    #[diesel(sql_type = sql::Jsonb)]
    pub cooperatives: serde_json::Value,
    /// Ascending.
    #[diesel(sql_type = sql::Array<sql::BigInt>)]
    pub prices: Vec<i64>,
}

const FACTS: &str = "k.craft_code, k.cooperative_slug, k.cooperative, k.price_minor, k.in_stock";
/// Where one in eight matches, walking is the shorter way to a thousand.
const REACH: Reach = Reach { near: 500, far: 10_000, promising: 60 };

pub async fn counted(conn: &mut Conn, wanted: &Wanted) -> Result<Counted, DbError> {
    let mut query = Query::new();
    let filters = wanted.filters(&mut query, Sort::Newest);
    let limit = MAX_COUNTED + 1;
    let (from, along, matching) = (&filters.from, filters.along.clone(), filters.matching(SAID));
    let tables = if matching.is_empty() {
        format!("hits AS MATERIALIZED (SELECT {FACTS} FROM {from} WHERE {along} LIMIT {limit})")
    } else {
        let (order, _) = order(Sort::Newest);
        Look { name: "hits", columns: FACTS, from, along, matching, order, ordered: None, place: "0", when: "true", limit, reach: REACH }.tables()
    };
    query.push(&format!(
        "WITH {}{tables}
         SELECT (SELECT count(*) FROM hits) AS hits, (SELECT count(*) FROM hits WHERE in_stock) AS in_stock,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('value', f.craft_code, 'label', f.name, 'count', f.n) ORDER BY f.n DESC, f.name), '[]')
            FROM (SELECT h.craft_code, c.name, h.n FROM (SELECT craft_code, count(*) AS n FROM hits GROUP BY 1) h
                  JOIN crafts c ON c.code = h.craft_code) f) AS crafts,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('value', f.slug, 'label', f.name, 'count', f.n) ORDER BY f.n DESC, f.name), '[]')
            FROM (SELECT cooperative_slug AS slug, cooperative AS name, count(*) AS n FROM hits GROUP BY 1, 2) f) AS cooperatives,
           ARRAY(SELECT price_minor FROM hits ORDER BY 1) AS prices",
        filters.wanted()
    ));
    Ok(query.finish(wanted.is_usual()).get_result(conn).await?)
}

/// How far a list is counted when asked how long it is.
pub const MAX_TOTAL: i64 = 10_000;

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = sql::BigInt)]
    n: i64,
}
/// How many there are; [`MAX_TOTAL`] + 1 is more than that.
pub async fn total(conn: &mut Conn, wanted: &Wanted) -> Result<i64, DbError> {
    let mut query = Query::new();
    let filters = wanted.filters(&mut query, Sort::Newest);
    let (words, from, limit) = (filters.wanted(), &filters.from, MAX_TOTAL + 1);
    let (with, all) = (words.trim_end_matches(", "), [filters.along.clone(), filters.matching(SAID)]);
    let (with, all) = (if with.is_empty() { String::new() } else { format!("WITH {with} ") }, all.into_iter().filter(|c| !c.is_empty()));
    let conditions = all.collect::<Vec<_>>().join(" AND ");
    query.push(&format!("{with}SELECT count(*) AS n FROM (SELECT FROM {from} WHERE {conditions} LIMIT {limit}) t"));
    Ok(query.finish(false).get_result::<Total>(conn).await?.n)
}
