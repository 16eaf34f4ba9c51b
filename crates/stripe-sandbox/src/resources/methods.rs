//! Payment methods: Stripe's test cards and accounts by the names that it publishes for them. No card number is ever taken.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::params::Params;
use crate::resources::payments::Method;
use crate::state::{Context, Metadata, Record, State, find};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PaymentMethod {
    pub id: String,
    pub method: Method,
    pub behaviour: Behaviour,
    pub brand: String,
    pub last4: String,
    /// The bank's country, of a debit.
    pub country: String,
    pub email: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Value>,
    pub metadata: Metadata,
    pub created: i64,
}

/// What comes of paying with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Behaviour {
    Succeeds,
    IsDeclined,
    /// It succeeds, and the bank takes it back at once.
    IsDisputed,
    /// It succeeds, and the bank asks at once why.
    IsAskedAbout,
    /// A debit under way, until it is decided through the control.
    Waits,
    /// A debit that is decided as soon as it is under way.
    ArrivesLate,
    FailsLate,
}

/// Stripe's test cards: the part of `pm_card_…` and `tok_…` that names one, its brand and its last four digits.
const CARDS: &[(&str, &str, &str, Behaviour)] = &[
    ("visa", "visa", "4242", Behaviour::Succeeds),
    ("mastercard", "mastercard", "4444", Behaviour::Succeeds),
    ("amex", "amex", "8431", Behaviour::Succeeds),
    ("bypassPending", "visa", "0077", Behaviour::Succeeds),
    ("chargeDeclined", "visa", "0002", Behaviour::IsDeclined),
    ("visa_chargeDeclined", "visa", "0002", Behaviour::IsDeclined),
    ("createDispute", "visa", "0259", Behaviour::IsDisputed),
    ("createDisputeProductNotReceived", "visa", "2685", Behaviour::IsDisputed),
    ("createDisputeInquiry", "visa", "1976", Behaviour::IsAskedAbout),
];

/// Stripe's test accounts for debits. What takes minutes there is decided at once here, or waits for the control.
const DEBITS: &[(&str, Behaviour)] = &[
    ("AT611904300234573201", Behaviour::ArrivesLate),
    ("DE89370400440532013000", Behaviour::ArrivesLate),
    ("IT40S0542811101000000123456", Behaviour::ArrivesLate),
    ("AT321904300235473204", Behaviour::Waits),
    ("DE08370400440532013003", Behaviour::Waits),
    ("AT861904300235473202", Behaviour::FailsLate),
    ("DE62370400440532013001", Behaviour::FailsLate),
    ("IT60X0542811101000000123456", Behaviour::FailsLate),
];

/// `POST /v1/payment_methods`.
pub(crate) fn create(state: &mut State, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let kind = p.choice("type", &["card", "sepa_debit"])?.ok_or_else(|| ApiError::missing("type"))?;
    let (email, name, phone) = (p.text("billing_details[email]"), p.text("billing_details[name]"), p.text("billing_details[phone]"));
    let address = p.address("billing_details[address]");
    let metadata = p.metadata("metadata")?;
    let mut method =
        if kind == "card" { card(&p.required("card[token]")?, "tok_", "card[token]")? } else { debit(&p.required("sepa_debit[iban]")?)? };
    p.finish()?;
    (method.email, method.name, method.phone, method.address, method.metadata) = (email, name, phone, address, metadata);
    let id = keep(state, method, cx);
    find(&state.payment_methods, &id, "id").map(Record::json)
}

/// The method that a request names: one that was made, or one of Stripe's test cards, which makes one.
pub(crate) fn named(state: &mut State, id: &str, cx: &Context) -> Result<PaymentMethod, ApiError> {
    if let Some(method) = state.payment_methods.get(id) {
        return Ok(method.clone());
    }
    let method = card(id, "pm_card_", "payment_method")?;
    let id = keep(state, method, cx);
    find(&state.payment_methods, &id, "payment_method").cloned()
}

fn keep(state: &mut State, method: PaymentMethod, cx: &Context) -> String {
    let id = state.id("pm_");
    state.payment_methods.insert(id.clone(), PaymentMethod { id: id.clone(), created: cx.now, ..method });
    id
}

fn card(name: &str, prefix: &str, param: &str) -> Result<PaymentMethod, ApiError> {
    let known = name.strip_prefix(prefix).and_then(|name| CARDS.iter().find(|(known, ..)| *known == name));
    let (_, brand, last4, behaviour) = known.ok_or_else(|| ApiError::no_such(PaymentMethod::NOUN, name, param))?;
    Ok(blank(Method::Card, *behaviour, brand, last4, "US"))
}

fn debit(iban: &str) -> Result<PaymentMethod, ApiError> {
    let known = DEBITS.iter().find(|(known, _)| *known == iban);
    let invalid = || {
        ApiError::invalid(Some("invalid_bank_account_iban"), "The IBAN you provided is not one of Stripe's test accounts.", Some("sepa_debit[iban]"))
    };
    let (iban, behaviour) = known.ok_or_else(invalid)?;
    Ok(blank(Method::SepaDebit, *behaviour, "", &iban[iban.len() - 4..], &iban[..2]))
}

fn blank(method: Method, behaviour: Behaviour, brand: &str, last4: &str, country: &str) -> PaymentMethod {
    PaymentMethod {
        id: String::new(),
        method,
        behaviour,
        brand: brand.to_owned(),
        last4: last4.to_owned(),
        country: country.to_owned(),
        email: None,
        name: None,
        phone: None,
        address: None,
        metadata: Metadata::new(),
        created: 0,
    }
}

impl Record for PaymentMethod {
    const NOUN: &'static str = "PaymentMethod";
    const PATH: &'static str = "/v1/payment_methods";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, _name: &str) -> Option<&str> {
        None
    }

    fn json(&self) -> Value {
        let billing = json!({"address": self.address, "email": self.email, "name": self.name, "phone": self.phone, "tax_id": null});
        let mut shown = json!({
            "id": self.id, "object": "payment_method", "allow_redisplay": "unspecified", "billing_details": billing, "created": self.created,
            "customer": null, "livemode": false, "metadata": self.metadata, "type": self.method,
        });
        match self.method {
            Method::Card => {
                shown["card"] = json!({
                    "brand": self.brand, "checks": null, "country": self.country, "display_brand": self.brand, "exp_month": 12, "exp_year": 2040,
                    "fingerprint": null, "funding": "credit", "generated_from": null, "last4": self.last4, "networks": null,
                    "three_d_secure_usage": null, "wallet": null,
                });
            }
            Method::SepaDebit => {
                shown["sepa_debit"] = json!({
                    "bank_code": null, "branch_code": null, "country": self.country, "fingerprint": null, "generated_from": null, "last4": self.last4,
                });
            }
        }
        shown
    }
}
