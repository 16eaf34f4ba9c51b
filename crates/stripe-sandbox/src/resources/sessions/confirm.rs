//! Paying a session's page by request, as Stripe's own command line does. These two calls are in no document of Stripe's: they are what its
//! page speaks with its server, here as far as the command line uses it.

use serde_json::{Value, json};

use super::{Buyer, Session};
use crate::error::ApiError;
use crate::params::Params;
use crate::resources::disputes::Opening;
use crate::resources::methods::{self, Behaviour};
use crate::state::{Context, Record, State, find, find_mut};

/// `GET /v1/payment_pages/{session}`.
pub(crate) fn page(state: &State, id: &str, p: &mut Params) -> Result<Value, ApiError> {
    p.finish()?;
    find(&state.sessions, id, "session").map(shown)
}

/// `POST /v1/payment_pages/{session}/confirm`.
pub(crate) fn confirm(state: &mut State, id: &str, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let method = p.required("payment_method")?;
    let expected = p.integer("expected_amount")?;
    p.finish()?;
    let total = find(&state.sessions, id, "session")?.total();
    if expected.is_some_and(|expected| expected != total) {
        return Err(ApiError::invalid(None, "The page asks for another amount by now.", Some("expected_amount")));
    }
    let method = methods::named(state, &method, cx)?;
    if let Some(email) = &method.email {
        find_mut(&mut state.sessions, id, "session")?.customer_email.get_or_insert_with(|| email.clone());
    }
    match method.behaviour {
        Behaviour::IsDeclined => drop(state.act(id, Buyer::IsDeclined, cx)?),
        Behaviour::Waits => drop(state.act(id, Buyer::PaysLater, cx)?),
        Behaviour::ArrivesLate | Behaviour::FailsLate => {
            state.act(id, Buyer::PaysLater, cx)?;
            state.decide_late_payment(id, method.behaviour == Behaviour::ArrivesLate, cx)?;
        }
        Behaviour::Succeeds => drop(state.act(id, Buyer::Pays, cx)?),
        Behaviour::IsDisputed | Behaviour::IsAskedAbout => {
            let intent = state.act(id, Buyer::Pays, cx)?;
            let charge = find(&state.payment_intents, &intent, "intent")?.latest_charge.clone().unwrap_or_default();
            let opening = if method.behaviour == Behaviour::IsDisputed { Opening::Chargeback } else { Opening::Inquiry };
            state.dispute(&charge, None, opening, cx)?;
        }
    }
    find(&state.sessions, id, "session").map(shown)
}

fn shown(session: &Session) -> Value {
    json!({"id": session.id, "object": "payment_page", "session": session.json()})
}
