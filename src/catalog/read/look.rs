//! Finding the few that match along an order, when nobody knows how many do.
//!
//! Frequent matches are found by walking the order's own index until the page is full, rare ones by an index on what is matched; the wrong
//! choice of the two looks at the whole catalogue. The planner cannot know: it takes any unknown beginning of a word for one in a hundred.
//! So the statement tries: it walks a few steps; if that was promising it walks on, within bounds; and only if neither filled the page it
//! asks for all that match, which are then few. Its plan is the same whatever is asked for, so that it is made once.

/// How far the first walk goes.
const NEAR: i64 = 300;
/// And the second, if it is made.
const FAR: i64 = 3000;
/// Where so many of the first walk match, the second fills a page of twenty more often than not.
const PROMISING: i64 = 3;

/// How far to walk.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    pub near: i64,
    pub far: i64,
    pub promising: i64,
}
impl Reach {
    /// For a page: longer ones need as many more matches.
    pub fn of_page(limit: i64) -> Self {
        let pages = 1 + limit / 22;
        Self { near: NEAR * pages, far: FAR * pages, promising: PROMISING * pages }
    }
}

/// One look; its rows are those of the common table expression `name`.
pub(super) struct Look<'t> {
    pub name: &'t str,
    pub columns: &'t str,
    pub from: &'t str,
    /// What an index serves that has the order.
    pub along: String,
    /// What is asked of each row on the way; only of columns of `k`.
    pub matching: String,
    /// The order of the walk, and the same in the words of `columns`; without the latter any rows do, in no order.
    pub order: &'t str,
    pub ordered: Option<&'t str>,
    pub place: &'t str,
    /// Looked at all only if this holds.
    pub when: &'t str,
    pub limit: i64,
    pub reach: Reach,
}

impl Look<'_> {
    /// Common table expressions, the last of which is `name`.
    pub fn tables(&self) -> String {
        let Self { name, columns, from, along, matching, order, ordered, place, when, limit, reach } = self;
        let page = match ordered {
            Some(ordered) => format!("ORDER BY {ordered} LIMIT {limit}"),
            None => format!("LIMIT {limit}"),
        };
        // Any rows: what is found by the index needs no more of them than the page. In an order, all must be seen.
        let (at_once, at_last) = if ordered.is_some() { ("", page.as_str()) } else { (page.as_str(), "") };
        let way = if ordered.is_some() { format!("ORDER BY {order}") } else { String::new() };
        let walk = |steps: i64| format!("(SELECT k.*, {place} AS place FROM {from} WHERE {along} {way} LIMIT {steps}) k");
        let (near, far) = (walk(reach.near), walk(reach.far));
        let (promising, short) = (reach.promising, limit - 1);
        format!(
            "{name}_near AS MATERIALIZED (SELECT {columns}, k.place FROM {near} WHERE {when} AND {matching} {page}),
             {name}_far AS MATERIALIZED (SELECT {columns}, k.place FROM {far}
               WHERE (SELECT count(*) BETWEEN {promising} AND {short} FROM {name}_near) AND {matching} {page}),
             {name}_all AS MATERIALIZED (SELECT {columns}, {place} AS place FROM {from}
               WHERE {when} AND (SELECT count(*) < {limit} FROM {name}_near) AND (SELECT count(*) < {limit} FROM {name}_far)
                 AND {along} AND {matching} {at_once}),
             {name} AS MATERIALIZED (
               SELECT * FROM {name}_near WHERE (SELECT count(*) = {limit} FROM {name}_near)
               UNION ALL SELECT * FROM {name}_far WHERE (SELECT count(*) = {limit} FROM {name}_far)
               UNION ALL (SELECT * FROM {name}_all {at_last}))"
        )
    }
}
