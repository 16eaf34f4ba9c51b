//! A statement that is put together: its text grows with its values.
use diesel::sql_types as sql;

use crate::{
    clock::Time,
    db::{self, Statement},
    ids::ProductId,
};

pub(super) struct Query<'a> {
    text: String,
    values: Vec<Binder<'a>>,
}
type Binder<'a> = Box<dyn FnOnce(Statement<'a>) -> Statement<'a> + Send + 'a>;

impl<'a> Query<'a> {
    pub fn new() -> Self {
        Self { text: String::new(), values: Vec::new() }
    }
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }
    /// Keeps a value for the statement; its `$n`. Every one that is kept must be in the text.
    pub fn value(&mut self, bind: impl FnOnce(Statement<'a>) -> Statement<'a> + Send + 'a) -> String {
        self.values.push(Box::new(bind));
        format!("${}", self.values.len())
    }
    /// The same behind a sub-select, which hides it from the planner: a plan that would be a little cheaper for the value at hand is made
    /// anew each time, at more than running it costs.
    fn hidden(&mut self, kind: &str, bind: impl FnOnce(Statement<'a>) -> Statement<'a> + Send + 'a) -> String {
        format!("(SELECT {}::{kind})", self.value(bind))
    }
    pub fn text(&mut self, value: &'a str) -> String {
        self.hidden("text", move |s| s.bind::<sql::Text, _>(value))
    }
    pub fn texts(&mut self, values: &'a [String]) -> String {
        self.value(move |s| s.bind::<sql::Array<sql::Text>, _>(values))
    }
    pub fn number(&mut self, value: i64) -> String {
        self.hidden("bigint", move |s| s.bind::<sql::BigInt, _>(value))
    }
    pub fn time(&mut self, at: Time) -> String {
        self.hidden("timestamptz", move |s| s.bind::<sql::Timestamptz, _>(at))
    }
    pub fn id(&mut self, id: ProductId) -> String {
        self.hidden("uuid", move |s| s.bind::<sql::Uuid, _>(id))
    }
    /// `kept`: whether a connection is to remember its plan.
    pub fn finish(self, kept: bool) -> Statement<'a> {
        let statement = self.values.into_iter().fold(db::sql(self.text), |s, bind| bind(s));
        if kept { statement } else { statement.planned_afresh() }
    }
}

/// The tsquery of an array of words, folded as the index is: every one must begin some word. What folding makes into signs is quoted, so
/// that nothing but words reaches the query; the space keeps the quotes apart where folding leaves nothing.
pub(super) fn tsquery(words: &str) -> String {
    let word = r"'''' || ' ' || translate(fold(w), '''\', '  ') || ''':*'";
    format!("(SELECT to_tsquery('simple', string_agg({word}, ' & ')) FROM unnest({words}::text[]) w)")
}
