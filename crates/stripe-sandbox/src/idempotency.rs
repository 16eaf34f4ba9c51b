//! Idempotency keys: the first result is kept and given again, and the same key with other parameters is refused.

use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::state::State;

/// Stripe may forget a key after this long; the sandbox does.
const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// The longest key that Stripe takes.
const MAX_KEY_LENGTH: usize = 255;

/// What a key's first request was, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedResult {
    pub path: String,
    pub parameters: String,
    pub status: u16,
    pub body: String,
    pub request_id: String,
    pub created: i64,
    /// The answer is still under way: the same key meanwhile gets a 409.
    #[serde(skip)]
    pub in_flight: bool,
}

/// What a key says about a request.
pub(crate) enum Lookup {
    New,
    Replay(SavedResult),
}

pub(crate) fn look_up(state: &State, key: &str, path: &str, parameters: &str) -> Result<Lookup, ApiError> {
    if key.is_empty() || key.len() > MAX_KEY_LENGTH {
        return Err(ApiError::invalid(None, "Idempotency keys are 1 to 255 characters.", None));
    }
    match state.keys.get(key) {
        None => Ok(Lookup::New),
        Some(saved) if saved.path != path || saved.parameters != parameters => Err(ApiError::key_reused(key)),
        Some(saved) if saved.in_flight => Err(ApiError::key_in_use(key)),
        Some(saved) => Ok(Lookup::Replay(saved.clone())),
    }
}

/// Forgets old keys. The table is walked only when its oldest key is due.
pub(crate) fn prune(state: &mut State, now: i64) {
    if state.oldest_key.is_some_and(|oldest| oldest + KEPT_SECONDS <= now) {
        state.keys.retain(|_, saved| saved.created + KEPT_SECONDS > now);
        state.oldest_key = state.keys.values().map(|saved| saved.created).min();
        state.dirty = true;
    }
}

pub(crate) fn save(state: &mut State, key: &str, saved: SavedResult) {
    state.oldest_key = Some(state.oldest_key.map_or(saved.created, |oldest| oldest.min(saved.created)));
    state.keys.insert(key.to_owned(), saved);
    state.dirty = true;
}
