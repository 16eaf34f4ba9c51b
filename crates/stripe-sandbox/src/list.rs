//! Lists: newest first, filtered by creation time and by an allow-list of fields, in pages.

use serde_json::Value;

use crate::error::ApiError;
use crate::params::Params;
use crate::state::{Record, Table, find, list_object};

/// Stripe's page sizes.
const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: i64 = 100;

/// One page of `table`. `fields` are the filters that this list takes, each by equality.
pub(crate) fn list<R: Record>(
    table: &Table<R>,
    fields: &[&str],
    params: &mut Params,
) -> Result<Value, ApiError> {
    let limit = params.at_least("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
    if limit > MAX_LIMIT {
        let message = format!("This value must be less than or equal to {MAX_LIMIT}.");
        return Err(ApiError::invalid(
            Some("parameter_invalid_integer"),
            message,
            Some("limit"),
        ));
    }
    let limit = usize::try_from(limit).unwrap_or_default();
    let (after, before) = (params.text("starting_after"), params.text("ending_before"));
    let created = Created::take(params)?;
    let filters: Vec<(&str, String)> = fields
        .iter()
        .filter_map(|f| params.text(f).map(|value| (*f, value)))
        .collect();
    let types = params.list("types");
    params.finish()?;
    for (param, id) in [("starting_after", &after), ("ending_before", &before)] {
        if let Some(id) = id {
            find(table, id, param)?;
        }
    }
    let wanted = |record: &&R| {
        created.contains(record.created())
            && filters
                .iter()
                .all(|(name, value)| record.field(name) == Some(value))
            && (types.is_empty()
                || record
                    .field("type")
                    .is_some_and(|kind| types.iter().any(|t| t == kind)))
    };
    // Towards older objects from the newest or from `starting_after`; towards newer ones from `ending_before`.
    let mut page: Vec<&R> = match (&after, &before) {
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid(
                None,
                "You can only pass one of starting_after and ending_before.",
                Some("ending_before"),
            ));
        }
        (Some(id), None) => table
            .range(..id.clone())
            .rev()
            .map(|(_, r)| r)
            .filter(wanted)
            .take(limit + 1)
            .collect(),
        (None, Some(id)) => table
            .range(id.clone()..)
            .skip(1)
            .map(|(_, r)| r)
            .filter(wanted)
            .take(limit + 1)
            .collect(),
        (None, None) => table
            .values()
            .rev()
            .filter(wanted)
            .take(limit + 1)
            .collect(),
    };
    let has_more = page.len() > limit;
    page.truncate(limit);
    if before.is_some() {
        page.reverse();
    }
    Ok(list_object(
        page.into_iter().map(Record::json).collect(),
        has_more,
        R::PATH,
    ))
}

/// `created=…` or `created[gt|gte|lt|lte]=…`, as an inclusive range.
struct Created {
    from: i64,
    to: i64,
}

impl Created {
    fn take(params: &mut Params) -> Result<Created, ApiError> {
        let mut created = Created {
            from: i64::MIN,
            to: i64::MAX,
        };
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
