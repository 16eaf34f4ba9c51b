//! `expand[]`: linked objects in full instead of by id.

use serde_json::Value;

use crate::error::ApiError;
use crate::resources::sessions;
use crate::state::State;

/// Stripe's bound on how deep an expansion goes.
const MAX_DEPTH: usize = 4;

/// Links that objects leave out when there is none, instead of showing null.
const LEFT_OUT: &[&str] = &["failure_balance_transaction"];

/// Replaces the ids along each path by the objects they name.
pub(crate) fn expand(value: &mut Value, paths: &[String], state: &State) -> Result<(), ApiError> {
    for path in paths {
        let segments: Vec<&str> = path.split('.').collect();
        if segments.len() > MAX_DEPTH + usize::from(segments[0] == "data") {
            let message = format!("You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}");
            return Err(ApiError::invalid(None, message, Some("expand")));
        }
        walk(value, &segments, path, state)?;
    }
    Ok(())
}

fn walk(value: &mut Value, segments: &[&str], path: &str, state: &State) -> Result<(), ApiError> {
    let Some((first, rest)) = segments.split_first() else {
        return Ok(());
    };
    if *first == "line_items" && value["object"] == "checkout.session" {
        let id = value["id"].as_str().unwrap_or_default();
        value["line_items"] = state.sessions.get(id).map(sessions::line_items).unwrap_or_default();
        return Ok(());
    }
    match value.get_mut(*first) {
        Some(Value::Array(items)) => items.iter_mut().try_for_each(|item| walk(item, rest, path, state)),
        // Nothing is linked: there is nothing to expand, here or further on.
        Some(Value::Null) => Ok(()),
        None if LEFT_OUT.contains(first) => Ok(()),
        Some(linked @ Value::String(_)) => {
            let object = linked.as_str().and_then(|id| state.render(id)).ok_or_else(|| not_expandable(path))?;
            *linked = object;
            walk(linked, rest, path, state)
        }
        // Already in full, by an earlier path or by nature.
        Some(object @ Value::Object(_)) if !rest.is_empty() || object.get("id").is_some() => walk(object, rest, path, state),
        Some(_) | None => Err(not_expandable(path)),
    }
}

fn not_expandable(path: &str) -> ApiError {
    ApiError::invalid(None, format!("This property cannot be expanded ({path})."), Some("expand"))
}
