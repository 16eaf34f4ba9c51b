//! The shop's shelves: one statement on one table, whatever is filtered and however it is ordered, by an index that has that order.
//!
//! Each combination of filters is a text of its own, so that no plan is made for conditions that are not there.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{
    super::model::is_mark,
    look::{Look, Reach},
    query::{Query, tsquery},
};
use crate::{
    clock::Time,
    db::{self, Conn, DbError},
    ids::{CoopId, ProductId},
    money::Currency,
};

/// What a list shows of a product.
#[derive(Debug, QueryableByName)]
pub struct Card {
    #[diesel(sql_type = sql::Uuid)]
    pub id: ProductId,
    #[diesel(sql_type = sql::Uuid)]
    pub coop: CoopId,
    #[diesel(sql_type = sql::Text)]
    pub slug: String,
    #[diesel(sql_type = sql::Text)]
    pub title: String,
    #[diesel(sql_type = sql::Text)]
    pub title_key: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative_slug: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft: Option<String>,
    #[diesel(sql_type = sql::BigInt)]
    pub price_from: i64,
    #[diesel(sql_type = sql::Bool)]
    pub tax_inclusive: bool,
    #[diesel(sql_type = sql::Text)]
    pub tax_category: String,
    #[diesel(sql_type = sql::Bool)]
    pub in_stock: bool,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub picture: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub blurhash: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub alt: Option<String>,
    #[diesel(sql_type = sql::Timestamptz)]
    pub published_at: Time,
    /// Of a search: 1 if its title, kind or tags have every word. Of a collection: its place. Otherwise 0.
    #[diesel(sql_type = sql::Integer)]
    pub place: i32,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Newest,
    PriceUp,
    PriceDown,
    Title,
    /// What is called by the words before what only speaks of them; the newest first among equals.
    Relevance,
    /// As the manager put the collection.
    Place,
}

/// Where the page before ended, in its own order.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum After {
    Newest(Time, ProductId),
    PriceUp(i64, ProductId),
    PriceDown(i64, ProductId),
    Title(String, ProductId),
    Relevance(i32, Time, ProductId),
    Place(i32, ProductId),
}
impl After {
    pub fn of(card: &Card, sort: Sort) -> Self {
        match sort {
            Sort::Newest => Self::Newest(card.published_at, card.id),
            Sort::PriceUp => Self::PriceUp(card.price_from, card.id),
            Sort::PriceDown => Self::PriceDown(card.price_from, card.id),
            Sort::Title => Self::Title(card.title_key.clone(), card.id),
            Sort::Relevance => Self::Relevance(card.place, card.published_at, card.id),
            Sort::Place => Self::Place(card.place, card.id),
        }
    }
    pub fn sort(&self) -> Sort {
        match self {
            Self::Newest(..) => Sort::Newest,
            Self::PriceUp(..) => Sort::PriceUp,
            Self::PriceDown(..) => Sort::PriceDown,
            Self::Title(..) => Sort::Title,
            Self::Relevance(..) => Sort::Relevance,
            Self::Place(..) => Sort::Place,
        }
    }
}

/// Which products a list is of.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub currency: Currency,
    /// Of [`words`].
    pub words: Vec<String>,
    pub coop: Option<String>,
    pub craft: Option<String>,
    pub collection: Option<String>,
    pub price_min: Option<i64>,
    pub price_max: Option<i64>,
    pub in_stock: bool,
}

/// The words of a search. Every one must begin some word of the product.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).filter(|w| !w.is_empty()).take(MAX_WORDS).map(ToOwned::to_owned).collect()
}
/// More words than anyone types; each is one index scan.
const MAX_WORDS: usize = 8;

const COLUMNS: &str = "k.product_id AS id, k.coop_id AS coop, k.slug, k.title, k.title_key, k.cooperative, k.cooperative_slug, k.craft_code AS craft,
  k.price_minor AS price_from, k.tax_inclusive, k.tax_category, k.in_stock, k.picture, k.blurhash, k.alt, k.published_at";

/// How wanted products are told from others.
pub(super) struct Filters {
    pub from: String,
    /// What the indexes of every order serve, or a collection, which is short.
    pub along: String,
    /// What an order's index does not know.
    pub beside: Vec<String>,
    /// The `$n` of the words.
    pub words: Option<String>,
}

impl Filters {
    /// The common table expression that holds the words' tsquery, if there are words.
    pub fn wanted(&self) -> String {
        self.words.as_ref().map(|words| format!("wanted AS MATERIALIZED (SELECT {} AS q), ", tsquery(words))).unwrap_or_default()
    }
    /// What is asked of each row: the rest of the filters, and `words`.
    pub fn matching(&self, words: &str) -> String {
        let words = self.words.as_ref().map(|_| words.to_owned());
        self.beside.iter().cloned().chain(words).collect::<Vec<_>>().join(" AND ")
    }
}
/// Conditions on the words: anywhere, and in title, kind or tags.
pub(super) const SAID: &str = "k.words @@ (SELECT q FROM wanted)";
const CALLED: &str = "k.named @@ (SELECT q FROM wanted)";

impl Wanted {
    pub(super) fn filters<'a>(&'a self, query: &mut Query<'a>, sort: Sort) -> Filters {
        let currency = query.value(move |s| s.bind::<sql::Text, _>(self.currency));
        let mut filters = Filters { from: "product_cards k".into(), along: format!("k.currency = {currency}"), beside: Vec::new(), words: None };
        if let Some(slug) = &self.collection {
            let slug = query.text(slug);
            filters.from.push_str(" JOIN collection_products i ON i.coop_id = k.coop_id AND i.product_id = k.product_id");
            filters.along.push_str(&format!(
                " AND i.collection_id = (SELECT g.id FROM collections g WHERE g.slug = {slug}) AND i.coop_id = (SELECT g.coop_id FROM collections g WHERE g.slug = {slug})"
            ));
        }
        if self.in_stock {
            filters.along.push_str(" AND k.in_stock");
        }
        for (column, value) in [("cooperative_slug", &self.coop), ("craft_code", &self.craft)] {
            if let Some(value) = value {
                filters.along.push_str(&format!(" AND k.{column} = {}", query.text(value)));
            }
        }
        if self.price_min.is_some() || self.price_max.is_some() {
            let (min, max) = (query.number(self.price_min.unwrap_or(0)), query.number(self.price_max.unwrap_or(i64::MAX)));
            match sort {
                Sort::PriceUp | Sort::PriceDown => filters.along.push_str(&format!(" AND k.price_minor BETWEEN {min} AND {max}")),
                // Words are rarer than prices: the sum keeps the planner from going by the price.
                _ if !self.words.is_empty() => filters.beside.push(format!("k.price_minor + 0 BETWEEN {min} AND {max}")),
                Sort::Newest | Sort::Title | Sort::Relevance | Sort::Place => filters.beside.push(format!("k.price_minor BETWEEN {min} AND {max}")),
            }
        }
        if !self.words.is_empty() {
            filters.words = Some(query.texts(&self.words));
        }
        filters
    }
    /// Whether its statements are among those that a connection keeps: what storefronts ask for again and again. Every combination of
    /// everything would be more than it should remember.
    pub(super) fn is_usual(&self) -> bool {
        [self.coop.is_some(), self.craft.is_some(), self.collection.is_some()].into_iter().filter(|given| *given).count() < 2
    }
}

/// Rows that are read for a page of up to twenty, and the one that tells whether there are more. A number in the text: a plan that does
/// not know how few rows are wanted is never trusted, and made anew each time.
const USUAL: i64 = 21;

/// The page's rows, one more than `limit` if there are more.
pub async fn list(conn: &mut Conn, wanted: &Wanted, sort: Sort, after: Option<&After>, limit: i64) -> Result<Vec<Card>, DbError> {
    let mut query = Query::new();
    let filters = wanted.filters(&mut query, sort);
    let read = limit.max(USUAL);
    if sort == Sort::Relevance {
        by_relevance(&mut query, &filters, after, read);
    } else {
        in_order(&mut query, &filters, sort, after, read);
    }
    let mut cards: Vec<Card> = query.finish(wanted.is_usual() && read == USUAL).load(conn).await?;
    cards.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(cards)
}

/// How the walk goes, and the same in the words of [`COLUMNS`].
pub(super) fn order(sort: Sort) -> (&'static str, &'static str) {
    match sort {
        Sort::Newest | Sort::Relevance => ("k.published_at DESC, k.product_id DESC", "published_at DESC, id DESC"),
        Sort::PriceUp => ("k.price_minor, k.product_id", "price_from, id"),
        Sort::PriceDown => ("k.price_minor DESC, k.product_id DESC", "price_from DESC, id DESC"),
        Sort::Title => ("k.title_key, k.product_id", "title_key, id"),
        Sort::Place => ("i.position, k.product_id", "place, id"),
    }
}

fn in_order<'a>(query: &mut Query<'a>, filters: &Filters, sort: Sort, after: Option<&'a After>, limit: i64) {
    let (order, ordered) = order(sort);
    let place = if sort == Sort::Place { "i.position" } else { "0" };
    let mut along = filters.along.clone();
    if let Some(after) = after {
        let (columns, sign, key, id) = match after {
            After::Newest(at, id) | After::Relevance(_, at, id) => ("k.published_at", "<", query.time(*at), id),
            After::PriceUp(minor, id) => ("k.price_minor", ">", query.number(*minor), id),
            After::PriceDown(minor, id) => ("k.price_minor", "<", query.number(*minor), id),
            After::Title(key, id) => ("k.title_key", ">", query.text(key), id),
            After::Place(place, id) => ("i.position", ">", query.number(i64::from(*place)), id),
        };
        let id = query.id(*id);
        along.push_str(&format!(" AND ({columns}, k.product_id) {sign} ({key}, {id})"));
    }
    let (from, matching) = (&filters.from, filters.matching(SAID));
    if matching.is_empty() {
        query.push(&format!("SELECT {COLUMNS}, {place} AS place FROM {from} WHERE {along} ORDER BY {order} LIMIT {limit}"));
        return;
    }
    let reach = Reach::of_page(limit);
    let look = Look { name: "found", columns: COLUMNS, from, along, matching, order, ordered: Some(ordered), place, when: "true", limit, reach };
    query.push(&format!("WITH {}{} SELECT * FROM found ORDER BY {ordered} LIMIT {limit}", filters.wanted(), look.tables()));
}

/// First what has every word in its title, kind or tags, then, where that is less than a page, the rest.
fn by_relevance<'a>(query: &mut Query<'a>, filters: &Filters, after: Option<&'a After>, limit: i64) {
    let (order, ordered) = order(Sort::Relevance);
    let behind = after.and_then(|after| match after {
        After::Relevance(place, at, id) => Some((*place, query.time(*at), query.id(*id))),
        _ => None,
    });
    let part = |name: &str, place: i32, words: &str, when: &str| {
        let mut along = filters.along.clone();
        if let Some((_, at, id)) = behind.as_ref().filter(|(reached, ..)| *reached == place) {
            along.push_str(&format!(" AND (k.published_at, k.product_id) < ({at}, {id})"));
        }
        let (matching, reach) = (filters.matching(words), Reach::of_page(limit));
        let (from, place) = (&filters.from, place.to_string());
        Look { name, columns: COLUMNS, from, along, matching, order, ordered: Some(ordered), place: &place, when, limit, reach }.tables()
    };
    let said = format!("{SAID} AND NOT {CALLED}");
    let (tables, all) = if behind.as_ref().is_none_or(|(place, ..)| *place == 1) {
        let called = part("called", 1, CALLED, "true");
        let said = part("said", 0, &said, &format!("(SELECT count(*) < {limit} FROM called)"));
        (format!("{called}, {said}"), "TABLE called UNION ALL TABLE said")
    } else {
        (part("said", 0, &said, "true"), "TABLE said")
    };
    query.push(&format!("WITH {}{tables} SELECT * FROM ({all}) found ORDER BY place DESC, {ordered} LIMIT {limit}", filters.wanted()));
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = sql::BigInt)]
    version: i64,
}
/// A number that never comes back: it is another one after every change of what lists show.
pub async fn version(conn: &mut Conn) -> Result<i64, DbError> {
    let row: Version =
        db::sql("SELECT coalesce(bit_xor(hashtextextended(id::text, 0)), 0) AS version FROM catalogue_changes").get_result(conn).await?;
    Ok(row.version)
}

#[derive(QueryableByName)]
struct Wrong {
    #[diesel(sql_type = sql::BigInt)]
    n: i64,
}
/// How many cards are not what the tables say they must be: none, ever.
pub async fn wrong(conn: &mut Conn) -> Result<i64, DbError> {
    let row: Wrong = db::sql(
        "SELECT count(*) AS n FROM ((TABLE product_cards EXCEPT TABLE product_card_source) UNION ALL (TABLE product_card_source EXCEPT TABLE product_cards)) w",
    )
    .get_result(conn)
    .await?;
    Ok(row.n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_and_nothing_else() {
        assert_eq!(words("Indigo stólé"), ["Indigo", "stólé"]);
        assert_eq!(words("a & !b | (c):*'"), ["a", "b", "c"]);
        assert_eq!(words(" -- "), [""; 0]);
        assert_eq!(words("ढाका टोपी"), ["ढाका", "टोपी"]);
    }
}
