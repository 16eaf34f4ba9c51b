//! The shop's shelves: one statement on one table, whatever is filtered and however it is ordered, by an index that has that order.
//!
//! Each combination of filters is a text of its own, so that no plan is made for conditions that are not there.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::super::model::is_mark;
use crate::{
    clock::Time,
    db::{self, Conn, DbError, Statement},
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

/// A text that grows with its values.
pub(super) struct Query<'a> {
    text: String,
    statement: Vec<Binder<'a>>,
}
type Binder<'a> = Box<dyn FnOnce(Statement<'a>) -> Statement<'a> + Send + 'a>;

impl<'a> Query<'a> {
    fn new() -> Self {
        Self { text: String::new(), statement: Vec::new() }
    }
    fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }
    /// Keeps a value for the statement; its `$n`.
    fn value(&mut self, bind: impl FnOnce(Statement<'a>) -> Statement<'a> + Send + 'a) -> String {
        self.statement.push(Box::new(bind));
        format!("${}", self.statement.len())
    }
    fn text_value(&mut self, value: &'a str) -> String {
        self.value(move |s| s.bind::<sql::Text, _>(value))
    }
    fn number(&mut self, value: i64) -> String {
        self.value(move |s| s.bind::<sql::BigInt, _>(value))
    }
    fn finish(self, searches: bool) -> Statement<'a> {
        let statement = self.statement.into_iter().fold(db::sql(self.text), |s, bind| bind(s));
        if searches { statement.planned_afresh() } else { statement }
    }
}

const COLUMNS: &str = "k.product_id AS id, k.coop_id AS coop, k.slug, k.title, k.title_key, k.cooperative, k.cooperative_slug, k.craft_code AS craft,
  k.price_minor AS price_from, k.tax_inclusive, k.tax_category, k.in_stock, k.picture, k.blurhash, k.alt, k.published_at";

/// The values of the filters, each bound once however often its condition is written.
struct Filters {
    from: String,
    conditions: String,
    /// tsqueries: words anywhere, and words of title, kind or tags.
    anywhere: Option<String>,
    named: Option<String>,
}

impl Wanted {
    fn filters<'a>(&'a self, query: &mut Query<'a>) -> Filters {
        let currency = query.value(move |s| s.bind::<sql::Text, _>(self.currency));
        let mut from = "product_cards k".to_owned();
        let mut conditions = format!("k.currency = {currency}");
        if let Some(slug) = &self.collection {
            let slug = query.text_value(slug);
            from.push_str(" JOIN collection_products i ON i.coop_id = k.coop_id AND i.product_id = k.product_id");
            conditions.push_str(&format!(
                " AND i.collection_id = (SELECT g.id FROM collections g WHERE g.slug = {slug}) AND i.coop_id = (SELECT g.coop_id FROM collections g WHERE g.slug = {slug})"
            ));
        }
        if self.in_stock {
            conditions.push_str(" AND k.in_stock");
        }
        for (column, value) in [("cooperative_slug", &self.coop), ("craft_code", &self.craft)] {
            if let Some(value) = value {
                conditions.push_str(&format!(" AND k.{column} = {}", query.text_value(value)));
            }
        }
        for (sign, value) in [(">=", self.price_min), ("<=", self.price_max)] {
            if let Some(value) = value {
                conditions.push_str(&format!(" AND k.price_minor {sign} {}", query.number(value)));
            }
        }
        let mut filters = Filters { from, conditions, anywhere: None, named: None };
        if !self.words.is_empty() {
            let given: Vec<String> = self.words.iter().map(|word| query.text_value(word)).collect();
            filters.anywhere = Some(search_words(&given, ""));
            filters.named = Some(search_words(&given, "AB"));
        }
        filters
    }
    fn searches(&self) -> bool {
        !self.words.is_empty()
    }
}

/// The tsquery of words in parameters, folded as the index is. What folding makes into signs is quoted, so that nothing but words
/// reaches the query. Each word stands beside its beginning: that changes nothing of what is found, and PostgreSQL, which works the query
/// out while it plans, knows how frequent a word is and not how frequent a beginning.
pub(super) fn search_words(parameters: &[String], weights: &str) -> String {
    let whole = if weights.is_empty() { String::new() } else { format!(":{weights}") };
    let word = |p: &String| {
        let folded = format!(r"translate(fold({p}), '''\', '  ')");
        format!("to_tsquery('simple', '''' || {folded} || '''{whole} | ''' || {folded} || ''':*{weights}')")
    };
    format!("({})", parameters.iter().map(word).collect::<Vec<_>>().join(" && "))
}

/// The page's rows, one more than `limit` if there are more.
pub async fn list(conn: &mut Conn, wanted: &Wanted, sort: Sort, after: Option<&After>, limit: i64) -> Result<Vec<Card>, DbError> {
    let mut query = Query::new();
    let filters = wanted.filters(&mut query);
    match (sort, &filters.anywhere, &filters.named) {
        (Sort::Relevance, Some(anywhere), Some(named)) => by_relevance(&mut query, &filters, anywhere, named, after, limit),
        _ => in_order(&mut query, &filters, sort, after, limit),
    }
    Ok(query.finish(wanted.searches()).load(conn).await?)
}

fn in_order<'a>(query: &mut Query<'a>, filters: &Filters, sort: Sort, after: Option<&'a After>, limit: i64) {
    let place = if sort == Sort::Place { "i.position" } else { "0" };
    query.push(&format!("SELECT {COLUMNS}, {place} AS place FROM {} WHERE {}", filters.from, filters.conditions));
    if let Some(anywhere) = &filters.anywhere {
        query.push(&format!(" AND k.words @@ {anywhere}"));
    }
    if let Some(after) = after {
        let (columns, sign, key, id) = match after {
            After::Newest(at, id) | After::Relevance(_, at, id) => ("k.published_at", "<", time_value(query, *at), id),
            After::PriceUp(minor, id) => ("k.price_minor", ">", query.number(*minor), id),
            After::PriceDown(minor, id) => ("k.price_minor", "<", query.number(*minor), id),
            After::Title(key, id) => ("k.title_key", ">", query.text_value(key), id),
            After::Place(place, id) => ("i.position", ">", query.number(i64::from(*place)), id),
        };
        let id = id_value(query, *id);
        query.push(&format!(" AND ({columns}, k.product_id) {sign} ({key}, {id})"));
    }
    let order = match sort {
        Sort::Newest | Sort::Relevance => "k.published_at DESC, k.product_id DESC",
        Sort::PriceUp => "k.price_minor, k.product_id",
        Sort::PriceDown => "k.price_minor DESC, k.product_id DESC",
        Sort::Title => "k.title_key, k.product_id",
        Sort::Place => "i.position, k.product_id",
    };
    let limit = query.number(limit);
    query.push(&format!(" ORDER BY {order} LIMIT {limit}"));
}

/// First what has every word in its title, kind or tags, then the rest. Each part ends at the page's length: a frequent word is found by
/// walking from the newest, a rare one by its index, and neither costs more in a larger catalogue.
fn by_relevance<'a>(query: &mut Query<'a>, filters: &Filters, anywhere: &str, named: &str, after: Option<&'a After>, limit: i64) {
    let limit = query.number(limit);
    let behind = after.and_then(|after| match after {
        After::Relevance(place, at, id) => Some((*place, time_value(query, *at), id_value(query, *id))),
        _ => None,
    });
    let part = |place: i32, condition: String| {
        let reached = match &behind {
            Some((at_place, at, id)) if *at_place == place => format!(" AND (k.published_at, k.product_id) < ({at}, {id})"),
            Some(_) | None => String::new(),
        };
        format!(
            "(SELECT {COLUMNS}, {place} AS place FROM {} WHERE {} AND {condition}{reached} ORDER BY k.published_at DESC, k.product_id DESC LIMIT {limit})",
            filters.from, filters.conditions
        )
    };
    let mut parts = Vec::new();
    if behind.as_ref().is_none_or(|(place, ..)| *place == 1) {
        parts.push(part(1, format!("k.words @@ {named}")));
    }
    parts.push(part(0, format!("k.words @@ {anywhere} AND NOT k.words @@ {named}")));
    query.push(&format!("SELECT * FROM ({}) found ORDER BY place DESC, published_at DESC, id DESC LIMIT {limit}", parts.join(" UNION ALL ")));
}

fn time_value(query: &mut Query<'_>, at: Time) -> String {
    query.value(move |s| s.bind::<sql::Timestamptz, _>(at))
}
fn id_value(query: &mut Query<'_>, id: ProductId) -> String {
    query.value(move |s| s.bind::<sql::Uuid, _>(id))
}

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

pub async fn counted(conn: &mut Conn, wanted: &Wanted) -> Result<Counted, DbError> {
    let mut query = Query::new();
    let filters = wanted.filters(&mut query);
    let limit = query.number(MAX_COUNTED + 1);
    let searched = filters.anywhere.as_ref().map(|anywhere| format!(" AND k.words @@ {anywhere}")).unwrap_or_default();
    query.push(&format!(
        "WITH hits AS MATERIALIZED (SELECT k.craft_code, k.cooperative_slug, k.cooperative, k.price_minor, k.in_stock
                                    FROM {} WHERE {}{searched} LIMIT {limit})
         SELECT (SELECT count(*) FROM hits) AS hits, (SELECT count(*) FROM hits WHERE in_stock) AS in_stock,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('value', f.craft_code, 'label', f.name, 'count', f.n) ORDER BY f.n DESC, f.name), '[]')
            FROM (SELECT h.craft_code, c.name, count(*) AS n FROM hits h JOIN crafts c ON c.code = h.craft_code GROUP BY 1, 2) f) AS crafts,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('value', f.slug, 'label', f.name, 'count', f.n) ORDER BY f.n DESC, f.name), '[]')
            FROM (SELECT cooperative_slug AS slug, cooperative AS name, count(*) AS n FROM hits GROUP BY 1, 2) f) AS cooperatives,
           ARRAY(SELECT price_minor FROM hits ORDER BY 1) AS prices",
        filters.from, filters.conditions
    ));
    Ok(query.finish(wanted.searches()).get_result(conn).await?)
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
    let filters = wanted.filters(&mut query);
    let limit = query.number(MAX_TOTAL + 1);
    let searched = filters.anywhere.as_ref().map(|anywhere| format!(" AND k.words @@ {anywhere}")).unwrap_or_default();
    query.push(&format!("SELECT count(*) AS n FROM (SELECT FROM {} WHERE {}{searched} LIMIT {limit}) t", filters.from, filters.conditions));
    Ok(query.finish(wanted.searches()).get_result::<Total>(conn).await?.n)
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

/// How many cards are not what the tables say they must be: none, ever.
pub async fn wrong(conn: &mut Conn) -> Result<i64, DbError> {
    let row: Total = db::sql(
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
