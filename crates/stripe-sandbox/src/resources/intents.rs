//! Payment intents that a request makes, beside those that a checkout session makes: how Stripe's own tools play a payment.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::params::Params;
use crate::resources::disputes::Opening;
use crate::resources::methods::{self, Behaviour, PaymentMethod};
use crate::resources::payments::{ChargeStatus, IntentStatus, PaymentIntent, With};
use crate::resources::sessions::check_total;
use crate::state::{Context, Record, State, find, find_mut};

/// `POST /v1/payment_intents`, with `confirm` also paid.
pub(crate) fn create(state: &mut State, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let amount = p.required_at_least("amount", 1)?;
    let currency = p.currency("currency")?;
    let types = p.method_types("payment_method_types")?;
    let method = p.text("payment_method");
    let confirm = p.boolean("confirm")?.unwrap_or(false);
    let intent = PaymentIntent {
        id: String::new(),
        status: if method.is_some() { IntentStatus::RequiresConfirmation } else { IntentStatus::RequiresPaymentMethod },
        amount,
        currency,
        latest_charge: None,
        declined: false,
        transfer_group: p.text("transfer_group"),
        description: p.text("description"),
        metadata: p.metadata("metadata")?,
        payment_method: None,
        payment_method_types: types.unwrap_or_else(|| vec!["card".to_owned()]),
        receipt_email: p.text("receipt_email"),
        setup_future_usage: p.choice("setup_future_usage", &["off_session", "on_session"])?,
        shipping: p.shipping("shipping"),
        created: cx.now,
    };
    p.finish()?;
    check_total(intent.amount, &intent.currency, "amount")?;
    if confirm && method.is_none() {
        return Err(unpaid_without_method());
    }
    let method = method.map(|id| methods::named(state, &id, cx)).transpose()?;
    let id = state.id("pi_");
    let payment_method = method.as_ref().map(|method| method.id.clone());
    state.payment_intents.insert(id.clone(), PaymentIntent { id: id.clone(), payment_method, ..intent });
    state.emit_id("payment_intent.created", &id, cx);
    if let Some(method) = method.filter(|_| confirm) {
        pay(state, &id, &method, cx)?;
    }
    find(&state.payment_intents, &id, "intent").map(Record::json)
}

/// `POST /v1/payment_intents/{id}/confirm`.
pub(crate) fn confirm(state: &mut State, id: &str, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let method = p.text("payment_method");
    p.finish()?;
    let intent = find(&state.payment_intents, id, "intent")?;
    if !matches!(intent.status, IntentStatus::RequiresConfirmation | IntentStatus::RequiresPaymentMethod) {
        let message = format!("This PaymentIntent ({id}) could not be confirmed: it is under way or has succeeded.");
        return Err(ApiError::refused(Some("payment_intent_unexpected_state"), message));
    }
    let method = method.or_else(|| intent.payment_method.clone()).ok_or_else(unpaid_without_method)?;
    let method = methods::named(state, &method, cx)?;
    find_mut(&mut state.payment_intents, id, "intent")?.payment_method = Some(method.id.clone());
    pay(state, id, &method, cx)?;
    find(&state.payment_intents, id, "intent").map(Record::json)
}

fn unpaid_without_method() -> ApiError {
    let message = "You cannot confirm this PaymentIntent because it's missing a payment method.";
    ApiError::invalid(Some("payment_intent_unexpected_state"), message, None)
}

/// Pays an intent with a method, and lets come of it what the method is for. A card that is declined is an error that is kept: the charge
/// was tried.
fn pay(state: &mut State, intent: &str, method: &PaymentMethod, cx: &Context) -> Result<(), ApiError> {
    let status = match method.behaviour {
        Behaviour::Succeeds | Behaviour::IsDisputed | Behaviour::IsAskedAbout => ChargeStatus::Succeeded,
        Behaviour::IsDeclined => ChargeStatus::Failed,
        Behaviour::Waits | Behaviour::ArrivesLate | Behaviour::FailsLate => ChargeStatus::Pending,
    };
    let charge = state.charge(intent, status, With::method(method), cx);
    match method.behaviour {
        Behaviour::Succeeds | Behaviour::Waits => Ok(()),
        Behaviour::IsDeclined => Err(declined(state, intent, &charge, method)),
        Behaviour::IsDisputed => state.dispute(&charge, None, Opening::Chargeback, cx).map(drop),
        Behaviour::IsAskedAbout => state.dispute(&charge, None, Opening::Inquiry, cx).map(drop),
        Behaviour::ArrivesLate => {
            state.charge_succeeded(&charge, cx);
            Ok(())
        }
        Behaviour::FailsLate => {
            state.charge_failed(&charge, cx);
            Ok(())
        }
    }
}

fn declined(state: &State, intent: &str, charge: &str, method: &PaymentMethod) -> ApiError {
    let about = json!({
        "charge": charge, "decline_code": "generic_decline", "payment_intent": state.render(intent), "payment_method": method.json(),
        "payment_method_type": "card",
    });
    ApiError::declined(about)
}
