//! Making a session: everything that Stripe would check is checked before anything is made.

use serde_json::Value;

use super::{Line, Session, SessionStatus};
use crate::error::ApiError;
use crate::params::Params;
use crate::resources::prices::Price;
use crate::state::{Context, Record, State, find};

/// Stripe's bounds on a session's life, and its length when none is asked for.
const MIN_LIFE_SECONDS: i64 = 30 * 60;
const MAX_LIFE_SECONDS: i64 = 24 * 60 * 60;

/// Stripe's bound on `client_reference_id`.
const MAX_REFERENCE_LENGTH: usize = 200;

/// The most that one payment can be, in Stripe's unit: eight digits.
const MAX_TOTAL: i64 = 99_999_999;

/// The least that can be charged, where Stripe publishes one; other currencies need the equivalent of half a dollar, which the sandbox
/// does not know and does not check.
const MIN_TOTALS: &[(&str, i64)] = &[
    ("aud", 50),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("inr", 50),
    ("jpy", 50),
    ("mxn", 1000),
    ("nok", 300),
    ("nzd", 50),
    ("pln", 200),
    ("sek", 300),
    ("sgd", 50),
    ("usd", 50),
];

const LOCALES: &[&str] = &[
    "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt",
    "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
];

/// `POST /v1/checkout/sessions`.
pub(crate) fn create(state: &mut State, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    p.choice("mode", &["payment"])?.ok_or_else(|| ApiError::missing("mode"))?;
    p.choice("ui_mode", &["hosted_page"])?;
    let (currency, lines) = take_lines(state, p)?;
    let expires_at = p.integer("expires_at")?.unwrap_or(cx.now + MAX_LIFE_SECONDS);
    let mut session = Session {
        id: String::new(),
        status: SessionStatus::Open,
        paid: false,
        currency,
        lines,
        client_reference_id: p.text("client_reference_id"),
        customer_email: p.text("customer_email"),
        locale: p.choice("locale", LOCALES)?,
        adaptive_pricing: p.boolean("adaptive_pricing[enabled]")?.unwrap_or(true),
        success_url: p.required_url("success_url")?,
        cancel_url: p.url("cancel_url")?,
        url: String::new(),
        metadata: p.metadata("metadata")?,
        transfer_group: p.text("payment_intent_data[transfer_group]"),
        payment_description: p.text("payment_intent_data[description]"),
        payment_metadata: p.metadata("payment_intent_data[metadata]")?,
        payment_method_types: p.method_types("payment_method_types")?.unwrap_or_else(super::all_method_types),
        setup_future_usage: p.choice("payment_intent_data[setup_future_usage]", &["off_session", "on_session"])?,
        shipping: p.shipping("payment_intent_data[shipping]"),
        payment_intent: None,
        expires_at,
        created: cx.now,
    };
    p.finish()?;
    check(&session, cx.now)?;
    session.id = state.id("cs_test_");
    session.url = format!("{}/c/pay/{}", cx.public_url, session.id);
    for line in &mut session.lines {
        line.id = state.id("li_");
    }
    let shown = session.json();
    state.open_sessions.insert((session.expires_at, session.id.clone()));
    state.sessions.insert(session.id.clone(), session);
    Ok(shown)
}

/// The lines and their one currency.
fn take_lines(state: &State, p: &mut Params) -> Result<(String, Vec<Line>), ApiError> {
    let mut lines = Vec::new();
    let mut session_currency: Option<String> = None;
    for i in 0.. {
        let key = format!("line_items[{i}]");
        if !p.has(&key) {
            break;
        }
        let (currency, name, unit_amount, price) = match p.text(&format!("{key}[price]")) {
            Some(id) => {
                let price = find(&state.prices, &id, &format!("{key}[price]"))?.clone();
                let name = find(&state.products, &price.product, &format!("{key}[price]"))?.name.clone();
                (price.currency.clone(), name, price.unit_amount, Some(price))
            }
            None => own_price(p, &key)?,
        };
        if session_currency.get_or_insert_with(|| currency.clone()) != &currency {
            let message = "All line items must have the same currency.";
            return Err(ApiError::invalid(None, message, Some(&format!("{key}[price_data][currency]"))));
        }
        let quantity = p.required_at_least(&format!("{key}[quantity]"), 1)?;
        let amount = unit_amount.checked_mul(quantity).filter(|amount| *amount <= MAX_TOTAL);
        amount.ok_or_else(|| too_large(&format!("{key}[price_data][unit_amount]")))?;
        lines.push(Line { id: String::new(), name, unit_amount, quantity, price });
    }
    session_currency.map(|currency| (currency, lines)).ok_or_else(|| ApiError::missing("line_items"))
}

/// What a line brings with itself.
fn own_price(p: &mut Params, key: &str) -> Result<(String, String, i64, Option<Price>), ApiError> {
    let currency = p.currency(&format!("{key}[price_data][currency]"))?;
    let name = p.required(&format!("{key}[price_data][product_data][name]"))?;
    p.text(&format!("{key}[price_data][product_data][description]"));
    let unit_amount = p.required_at_least(&format!("{key}[price_data][unit_amount]"), 0)?;
    Ok((currency, name, unit_amount, None))
}

fn too_large(param: &str) -> ApiError {
    ApiError::invalid(Some("amount_too_large"), "Amount must be no more than 99999999.", Some(param))
}

fn check(session: &Session, now: i64) -> Result<(), ApiError> {
    let life = session.expires_at - now;
    if !(MIN_LIFE_SECONDS..=MAX_LIFE_SECONDS).contains(&life) {
        let message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.";
        return Err(ApiError::invalid(None, message, Some("expires_at")));
    }
    if session.client_reference_id.as_ref().is_some_and(|r| r.is_empty() || r.len() > MAX_REFERENCE_LENGTH) {
        return Err(ApiError::invalid(None, "Invalid string: must be 1 to 200 characters", Some("client_reference_id")));
    }
    if session.customer_email.as_ref().is_some_and(|email| !email.contains('@')) {
        let message = format!("Invalid email address: {}", session.customer_email.as_deref().unwrap_or_default());
        return Err(ApiError::invalid(Some("email_invalid"), message, Some("customer_email")));
    }
    check_total(session.total(), &session.currency, "line_items").map_err(|error| match error.code.as_deref() {
        // It is no parameter's fault.
        Some("amount_too_small") => ApiError { param: None, ..error },
        _ => error,
    })
}

/// Whether Stripe takes a payment of this amount.
pub(crate) fn check_total(total: i64, currency: &str, param: &str) -> Result<(), ApiError> {
    let least = MIN_TOTALS.iter().find(|(known, _)| *known == currency).map_or(1, |(_, least)| *least);
    if total > MAX_TOTAL {
        return Err(too_large(param));
    }
    if total < least {
        let message = format!("The total amount due must add up to at least the minimum charge of its currency, {least} {currency}.");
        return Err(ApiError::invalid(Some("amount_too_small"), message, Some(param)));
    }
    Ok(())
}
