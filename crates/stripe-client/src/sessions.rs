//! Checkout sessions: the page on which a buyer pays.

use serde::Deserialize;

use crate::form::{Form, segment};
use crate::list::{Expandable, List, Page};
use crate::payments::PaymentIntent;
use crate::prepared::Prepared;
use crate::transport::Stripe;
use crate::{Metadata, StripeError};

/// A page that asks for exactly these lines: no promotion codes, tax, shipping or presentment currency of Stripe's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateSession {
    pub currency: String,
    pub lines: Vec<LineItem>,
    /// Our order, as Stripe gives it back.
    pub client_reference_id: String,
    pub metadata: Metadata,
    /// Links later transfers to this payment in Stripe's reports.
    pub transfer_group: String,
    pub payment_metadata: Metadata,
    /// May hold `{CHECKOUT_SESSION_ID}`, which Stripe fills in.
    pub success_url: String,
    pub cancel_url: String,
    /// Unix seconds, 30 minutes to 24 hours from when Stripe first sees the request.
    pub expires_at: i64,
    pub customer_email: Option<String>,
    /// Stripe's locale tag, such as `de`; none lets the browser decide.
    pub locale: Option<String>,
}

/// A line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineItem {
    pub name: String,
    /// Of one piece, in Stripe's unit.
    pub unit_amount: i64,
    pub quantity: u32,
}

impl CreateSession {
    pub fn prepare(&self) -> Prepared {
        let mut form = Form::new()
            .set("mode", "payment")
            .set("client_reference_id", &self.client_reference_id)
            .set("success_url", &self.success_url)
            .set("cancel_url", &self.cancel_url)
            .set("expires_at", self.expires_at)
            .set("adaptive_pricing[enabled]", false)
            .set_some("customer_email", self.customer_email.as_deref())
            .set_some("locale", self.locale.as_deref());
        for (i, line) in self.lines.iter().enumerate() {
            form = form
                .set(&format!("line_items[{i}][price_data][currency]"), &self.currency)
                .set(&format!("line_items[{i}][price_data][unit_amount]"), line.unit_amount)
                .set(&format!("line_items[{i}][price_data][product_data][name]"), &line.name)
                .set(&format!("line_items[{i}][quantity]"), line.quantity);
        }
        form = form
            .metadata("metadata", &self.metadata)
            .set("payment_intent_data[transfer_group]", &self.transfer_group)
            .metadata("payment_intent_data[metadata]", &self.payment_metadata);
        Prepared::post("/v1/checkout/sessions", form)
    }
}

/// Closes an open page. Refused with `Rejected` when it is no longer open: a complete one means that the buyer paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpireSession {
    pub session: String,
}

impl ExpireSession {
    pub fn prepare(&self) -> Prepared {
        Prepared::post(format!("/v1/checkout/sessions/{}/expire", segment(&self.session)), Form::new())
    }
}

/// A checkout session.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Session {
    pub id: String,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`. `complete` and `unpaid` is an asynchronous payment under way.
    pub payment_status: String,
    /// Where the buyer pays; gone once the session is no longer open.
    pub url: Option<String>,
    pub amount_total: Option<i64>,
    pub currency: Option<String>,
    pub client_reference_id: Option<String>,
    #[serde(default)]
    pub metadata: Option<Metadata>,
    pub payment_intent: Option<Expandable<PaymentIntent>>,
    pub expires_at: i64,
    pub created: i64,
    pub livemode: bool,
}

impl Stripe {
    /// The session with its payment, charge and balance transaction in full: what settling needs, in one call.
    pub async fn session(&self, id: &str) -> Result<Session, StripeError> {
        let query = Form::new().expand(&["payment_intent.latest_charge.balance_transaction"]);
        self.get(&format!("/v1/checkout/sessions/{}", segment(id)), query).await
    }

    /// Sessions created from `from` to `to`, both included. Stripe cannot list by our reference: a caller looking for a lost session
    /// scans the time around its first attempt.
    pub async fn sessions_created(&self, from: i64, to: i64, page: &Page) -> Result<List<Session>, StripeError> {
        self.get("/v1/checkout/sessions", page.apply(Form::new().set("created[gte]", from).set("created[lte]", to))).await
    }

    /// The session that a payment was made in; none for one that was made elsewhere.
    pub async fn sessions_of(&self, payment_intent: &str) -> Result<List<Session>, StripeError> {
        self.get("/v1/checkout/sessions", Page { limit: 1, starting_after: None }.apply(Form::new().set("payment_intent", payment_intent))).await
    }
}
