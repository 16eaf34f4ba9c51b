//! Checkout sessions: `open` until the buyer pays (`complete`) or their time is over (`expired`).

mod buyer;
mod confirm;
mod create;

pub(crate) use buyer::Buyer;
pub(crate) use confirm::{confirm, page};
pub(crate) use create::{check_total, create};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::params::Params;
use crate::resources::prices::Price;
use crate::state::{Context, Metadata, Record, State, find, list_object};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub id: String,
    pub status: SessionStatus,
    pub paid: bool,
    pub currency: String,
    pub lines: Vec<Line>,
    pub client_reference_id: Option<String>,
    pub customer_email: Option<String>,
    pub locale: Option<String>,
    pub adaptive_pricing: bool,
    pub success_url: String,
    pub cancel_url: Option<String>,
    pub url: String,
    pub metadata: Metadata,
    pub transfer_group: Option<String>,
    pub payment_description: Option<String>,
    pub payment_metadata: Metadata,
    #[serde(default = "all_method_types")]
    pub payment_method_types: Vec<String>,
    #[serde(default)]
    pub setup_future_usage: Option<String>,
    #[serde(default)]
    pub shipping: Option<Value>,
    pub payment_intent: Option<String>,
    pub expires_at: i64,
    pub created: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionStatus {
    Open,
    Complete,
    Expired,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub id: String,
    pub name: String,
    pub unit_amount: i64,
    pub quantity: i64,
    /// The price that it names, if it does not bring its own.
    #[serde(default)]
    pub price: Option<Price>,
}

/// What a page offers where nothing else is asked for.
fn all_method_types() -> Vec<String> {
    ["card", "sepa_debit"].map(str::to_owned).to_vec()
}

impl Session {
    /// No overflow: the total was checked when the session was made.
    pub fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.unit_amount * line.quantity).sum()
    }

    /// Where the browser goes after paying.
    pub fn success_address(&self) -> String {
        self.success_url.replace("{CHECKOUT_SESSION_ID}", &self.id)
    }
}

/// `POST /v1/checkout/sessions/{id}/expire`.
pub(crate) fn expire(state: &mut State, id: &str, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    p.finish()?;
    let status = find(&state.sessions, id, "session")?.status;
    if status != SessionStatus::Open {
        let status = json!(status);
        let message = format!(
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `{}`.",
            status.as_str().unwrap_or_default()
        );
        return Err(ApiError::refused(None, message));
    }
    state.expire_session(id, cx);
    find(&state.sessions, id, "session").map(Record::json)
}

/// `GET /v1/checkout/sessions/{id}/line_items`, and the `line_items` expansion.
pub(crate) fn line_items(session: &Session) -> Value {
    let data = session.lines.iter().map(|line| line_json(line, session)).collect();
    list_object(data, false, &format!("/v1/checkout/sessions/{}/line_items", session.id))
}

fn line_json(line: &Line, session: &Session) -> Value {
    let amount = line.unit_amount * line.quantity;
    let own = || {
        json!({
            "id": line.id.replacen("li_", "price_", 1), "object": "price", "active": false, "billing_scheme": "per_unit",
            "created": session.created, "currency": session.currency, "custom_unit_amount": null, "livemode": false, "lookup_key": null,
            "metadata": {}, "nickname": null, "product": line.id.replacen("li_", "prod_", 1), "recurring": null,
            "tax_behavior": "unspecified", "tiers_mode": null, "transform_quantity": null, "type": "one_time",
            "unit_amount": line.unit_amount, "unit_amount_decimal": line.unit_amount.to_string(),
        })
    };
    let price = line.price.as_ref().map_or_else(own, Record::json);
    json!({
        "id": line.id, "object": "item", "amount_discount": 0, "amount_subtotal": amount, "amount_tax": 0, "amount_total": amount,
        "currency": session.currency, "description": line.name, "metadata": {}, "price": price, "quantity": line.quantity,
    })
}

impl Record for Session {
    const NOUN: &'static str = "checkout.session";
    const PATH: &'static str = "/v1/checkout/sessions";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, name: &str) -> Option<&str> {
        match (name, self.status) {
            ("payment_intent", _) => self.payment_intent.as_deref(),
            ("status", SessionStatus::Open) => Some("open"),
            ("status", SessionStatus::Complete) => Some("complete"),
            ("status", SessionStatus::Expired) => Some("expired"),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        let total = self.total();
        let open = self.status == SessionStatus::Open;
        let customer = (!open).then_some(&self.customer_email).and_then(|email| email.as_ref()).map(|email| {
            json!({"address": null, "business_name": null, "email": email, "individual_name": null, "name": null, "phone": null,
                   "tax_exempt": "none", "tax_ids": []})
        });
        json!({
            "id": self.id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": self.adaptive_pricing},
            "after_expiration": null,
            "allow_promotion_codes": null,
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": {"enabled": false, "liability": null, "provider": null, "status": null},
            "billing_address_collection": null,
            "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id,
            "client_secret": null,
            "consent": null,
            "consent_collection": null,
            "created": self.created,
            "currency": self.currency,
            "currency_conversion": null,
            "custom_fields": [],
            "custom_text": {"after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null},
            "customer": null,
            "customer_creation": "if_required",
            "customer_details": customer,
            "customer_email": self.customer_email,
            "expires_at": self.expires_at,
            "invoice": null,
            "livemode": false,
            "locale": self.locale,
            "metadata": self.metadata,
            "mode": "payment",
            "payment_intent": self.payment_intent,
            "payment_link": null,
            "payment_method_collection": "if_required",
            "payment_method_options": {},
            "payment_method_types": self.payment_method_types,
            "payment_status": if self.paid { "paid" } else { "unpaid" },
            "phone_number_collection": {"enabled": false},
            "recovered_from": null,
            "setup_intent": null,
            "shipping_address_collection": null,
            "shipping_cost": null,
            "shipping_options": [],
            "status": self.status,
            "submit_type": null,
            "subscription": null,
            "success_url": self.success_url,
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted_page",
            "url": open.then_some(&self.url),
        })
    }
}
