//! A statement written as SQL, which each connection parses and plans once.
//!
//! diesel's own `sql_query` is parsed and planned anew each time, which costs more than running most of ours does.
use std::{borrow::Cow, marker::PhantomData};

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{HasSqlType, Untyped},
};

/// The number of different texts must be small and known: a connection keeps each one that it has prepared.
pub fn sql<'a>(text: impl Into<Cow<'static, str>>) -> Statement<'a> {
    Statement { text: text.into(), values: Vec::new(), planned_afresh: false }
}

pub struct Statement<'a> {
    text: Cow<'static, str>,
    values: Vec<Box<dyn QueryFragment<Pg> + Send + 'a>>,
    planned_afresh: bool,
}

impl<'a> Statement<'a> {
    /// The next `$n`; every one must occur in the text, as often as it likes.
    pub fn bind<ST: Send + 'a, T: ToSql<ST, Pg> + Send + 'a>(mut self, value: T) -> Self
    where
        Pg: HasSqlType<ST>,
    {
        self.values.push(Box::new(Value(value, PhantomData::<ST>)));
        self
    }
    /// For texts of which there are too many to remember, each of them rare.
    pub fn planned_afresh(self) -> Self {
        Self { planned_afresh: true, ..self }
    }
}

struct Value<T, ST>(T, PhantomData<ST>);

impl<T: ToSql<ST, Pg>, ST> QueryFragment<Pg> for Value<T, ST>
where
    Pg: HasSqlType<ST>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param(&self.0)
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    /// diesel writes `$1$2…` where it takes the values in, and our text has them in their places already: those go into a comment.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.planned_afresh {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(&self.text);
        if !self.values.is_empty() {
            out.push_sql("\n--");
        }
        self.values.iter().try_for_each(|value| value.walk_ast(out.reborrow()))
    }
}

/// What diesel puts together and would have parsed and planned anew each time: updates and upserts, whose text it cannot know to stay the same.
pub trait PlanOnce: QueryFragment<Pg> + Sized {
    /// For a text of which there are few: each connection parses and plans it once.
    fn plan_once(self) -> PlannedOnce<Self> {
        PlannedOnce(self, true)
    }
    /// For an insert of so many rows: each number of rows is a text of its own, and a connection keeps those of the few that are common.
    fn plan_once_up_to(self, rows: usize) -> PlannedOnce<Self> {
        PlannedOnce(self, rows <= FEW)
    }
}
/// More than most orders have lines, or postings legs.
const FEW: usize = 24;
impl<Q: QueryFragment<Pg>> PlanOnce for Q {}

pub struct PlannedOnce<Q>(Q, bool);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for PlannedOnce<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(self.1)
    }
}
impl<Q> QueryId for PlannedOnce<Q> {
    type QueryId = ();
    /// Known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<Q: Query> Query for PlannedOnce<Q> {
    type SqlType = Q::SqlType;
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    /// Known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl Query for Statement<'_> {
    type SqlType = Untyped;
}
