//! Lists: newest first, filtered by creation time and by an allow-list of fields, in pages.

use serde_json::Value;

use crate::error::ApiError;
use crate::params::Params;
use crate::state::{Record, Table, find, list_object};

/// Stripe's page sizes.
const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: i64 = 100;

/// One page of `table`. `fields` are the filters that this list takes, each by equality; `types` among them is a list of types.
pub(crate) fn list<R: Record>(table: &Table<R>, fields: &[&str], params: &mut Params) -> Result<Value, ApiError> {
    let query = Query::take(fields, params)?;
    for (param, id) in [("starting_after", &query.after), ("ending_before", &query.before)] {
        if let Some(id) = id {
            find(table, id, param)?;
        }
    }
    let wanted = |record: &&R| query.wants(*record);
    let enough = query.limit + 1;
    // Towards newer objects from `ending_before`, and otherwise towards older ones.
    let mut page: Vec<&R> = match (&query.after, &query.before) {
        (_, Some(id)) => table.range(id.clone()..).skip(1).map(|(_, r)| r).filter(wanted).take(enough).collect(),
        (Some(id), None) => table.range(..id.clone()).rev().map(|(_, r)| r).filter(wanted).take(enough).collect(),
        (None, None) => table.values().rev().filter(wanted).take(enough).collect(),
    };
    let has_more = page.len() > query.limit;
    page.truncate(query.limit);
    if query.before.is_some() {
        page.reverse();
    }
    Ok(list_object(page.into_iter().map(Record::json).collect(), has_more, R::PATH))
}

/// Which objects, and which page of them.
struct Query {
    limit: usize,
    after: Option<String>,
    before: Option<String>,
    created: Created,
    filters: Vec<(String, String)>,
    types: Vec<String>,
}

impl Query {
    fn take(fields: &[&str], params: &mut Params) -> Result<Query, ApiError> {
        let limit = params.at_least("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
        if limit > MAX_LIMIT {
            let message = format!("This value must be less than or equal to {MAX_LIMIT}.");
            return Err(ApiError::invalid(Some("parameter_invalid_integer"), message, Some("limit")));
        }
        let (after, before) = (params.text("starting_after"), params.text("ending_before"));
        if after.is_some() && before.is_some() {
            let message = "You can only pass one of starting_after and ending_before.";
            return Err(ApiError::invalid(None, message, Some("ending_before")));
        }
        let created = Created::take(params)?;
        let types = if fields.contains(&"types") { params.list("types") } else { Vec::new() };
        let filters = fields.iter().filter_map(|f| params.text(f).map(|value| ((*f).to_owned(), value))).collect();
        params.finish()?;
        Ok(Query { limit: usize::try_from(limit).unwrap_or_default(), after, before, created, filters, types })
    }

    fn wants<R: Record>(&self, record: &R) -> bool {
        let listed = |kind: &str| self.types.iter().any(|listed| listed == kind);
        self.created.contains(record.created())
            && self.filters.iter().all(|(name, value)| record.field(name) == Some(value))
            && (self.types.is_empty() || record.field("type").is_some_and(listed))
    }
}

/// `created=…` or `created[gt|gte|lt|lte]=…`, as an inclusive range.
struct Created {
    from: i64,
    to: i64,
}

impl Created {
    fn take(params: &mut Params) -> Result<Created, ApiError> {
        let mut created = Created { from: i64::MIN, to: i64::MAX };
        if let Some(at) = params.integer("created")? {
            (created.from, created.to) = (at, at);
        }
        if let Some(at) = params.integer("created[gte]")? {
            created.from = created.from.max(at);
        }
        if let Some(at) = params.integer("created[gt]")? {
            created.from = created.from.max(at.saturating_add(1));
        }
        if let Some(at) = params.integer("created[lte]")? {
            created.to = created.to.min(at);
        }
        if let Some(at) = params.integer("created[lt]")? {
            created.to = created.to.min(at.saturating_sub(1));
        }
        Ok(created)
    }

    fn contains(&self, at: i64) -> bool {
        (self.from..=self.to).contains(&at)
    }
}
