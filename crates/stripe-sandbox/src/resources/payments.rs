//! Payment intents and charges, and what a buyer does on the page: pay, be declined, pay late.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::DECLINED;
use crate::resources::balance::Movement;
use crate::resources::methods::PaymentMethod;
use crate::state::{Context, Metadata, Record, State};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PaymentIntent {
    pub id: String,
    pub status: IntentStatus,
    pub amount: i64,
    pub currency: String,
    pub latest_charge: Option<String>,
    pub declined: bool,
    pub transfer_group: Option<String>,
    pub description: Option<String>,
    pub metadata: Metadata,
    #[serde(default)]
    pub payment_method: Option<String>,
    #[serde(default)]
    pub payment_method_types: Vec<String>,
    #[serde(default)]
    pub receipt_email: Option<String>,
    #[serde(default)]
    pub setup_future_usage: Option<String>,
    #[serde(default)]
    pub shipping: Option<Value>,
    pub created: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    Processing,
    Succeeded,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub id: String,
    pub status: ChargeStatus,
    pub amount: i64,
    pub amount_refunded: i64,
    #[serde(default)]
    pub disputed: bool,
    pub currency: String,
    pub payment_intent: String,
    pub balance_transaction: Option<String>,
    pub email: Option<String>,
    pub method: Method,
    #[serde(default)]
    pub payment_method: Option<String>,
    /// Brand and last four digits of a test card; none on the page, where there is no card.
    #[serde(default)]
    pub card: Option<(String, String)>,
    #[serde(default)]
    pub shipping: Option<Value>,
    pub transfer_group: Option<String>,
    pub metadata: Metadata,
    pub created: i64,
}

/// What a payment is made with.
pub(crate) struct With {
    pub method: Method,
    pub email: Option<String>,
    pub payment_method: Option<String>,
    pub card: Option<(String, String)>,
}

impl With {
    /// What the buyer chose on the page.
    pub fn page(method: Method, email: Option<String>) -> With {
        With { method, email, payment_method: None, card: None }
    }

    pub fn method(method: &PaymentMethod) -> With {
        let card = (method.method == Method::Card).then(|| (method.brand.clone(), method.last4.clone()));
        With { method: method.method, email: method.email.clone(), payment_method: Some(method.id.clone()), card }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChargeStatus {
    Succeeded,
    Pending,
    Failed,
}

/// How the buyer pays: at once, or by a bank debit that is decided days later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    Card,
    SepaDebit,
}

impl State {
    /// Attempts a payment: makes a charge in this status and tells of it. Gives the charge's id.
    pub fn charge(&mut self, intent: &str, status: ChargeStatus, with: With, cx: &Context) -> String {
        let id = self.id("ch_");
        let Some(pi) = self.payment_intents.get_mut(intent) else {
            return id;
        };
        pi.latest_charge = Some(id.clone());
        let charge = Charge {
            id: id.clone(),
            status: ChargeStatus::Pending,
            amount: pi.amount,
            amount_refunded: 0,
            disputed: false,
            currency: pi.currency.clone(),
            payment_intent: intent.to_owned(),
            balance_transaction: None,
            email: with.email.or_else(|| pi.receipt_email.clone()),
            method: with.method,
            payment_method: with.payment_method,
            card: with.card,
            shipping: pi.shipping.clone(),
            transfer_group: pi.transfer_group.clone(),
            metadata: pi.metadata.clone(),
            created: cx.now,
        };
        self.charges.insert(id.clone(), charge);
        match status {
            ChargeStatus::Pending => {
                self.set_intent(intent, IntentStatus::Processing, false);
                self.emit_id("charge.pending", &id, cx);
                self.emit_id("payment_intent.processing", intent, cx);
            }
            ChargeStatus::Succeeded => self.charge_succeeded(&id, cx),
            ChargeStatus::Failed => self.charge_failed(&id, cx),
        }
        id
    }

    /// The money is the platform's.
    pub fn charge_succeeded(&mut self, id: &str, cx: &Context) {
        let late = self.faults.take_late_balance();
        let Some(charge) = self.charges.get_mut(id) else {
            return;
        };
        charge.status = ChargeStatus::Succeeded;
        let intent = charge.payment_intent.clone();
        if !late {
            self.settle_charge(id, cx);
        }
        self.set_intent(&intent, IntentStatus::Succeeded, false);
        self.emit_id("charge.succeeded", id, cx);
        self.emit_id("payment_intent.succeeded", &intent, cx);
    }

    pub fn charge_failed(&mut self, id: &str, cx: &Context) {
        let Some(charge) = self.charges.get_mut(id) else {
            return;
        };
        charge.status = ChargeStatus::Failed;
        let intent = charge.payment_intent.clone();
        self.set_intent(&intent, IntentStatus::RequiresPaymentMethod, true);
        self.emit_id("charge.failed", id, cx);
        self.emit_id("payment_intent.payment_failed", &intent, cx);
    }

    /// Puts a succeeded charge into the balance, less Stripe's fee.
    pub fn settle_charge(&mut self, id: &str, cx: &Context) {
        let Some(charge) = self.charges.get(id) else {
            return;
        };
        let (amount, currency, rate_micros) = cx.config.settle(charge.amount, &charge.currency);
        let fee = cx.config.fee.of(amount);
        let movement = Movement { kind: "charge", amount, fee, currency: &currency, rate_micros, source: Some(id), at_once: false };
        let transaction = self.move_balance(movement, cx);
        if let Some(charge) = self.charges.get_mut(id) {
            charge.balance_transaction = Some(transaction);
        }
    }

    /// Ends the lateness of every succeeded charge without a balance transaction. Gives their ids.
    pub fn settle_late_charges(&mut self, cx: &Context) -> Vec<String> {
        let late = |c: &&Charge| c.status == ChargeStatus::Succeeded && c.balance_transaction.is_none();
        let ids: Vec<String> = self.charges.values().filter(late).map(|c| c.id.clone()).collect();
        for id in &ids {
            self.settle_charge(id, cx);
            self.emit_id("charge.updated", id, cx);
        }
        ids
    }

    fn set_intent(&mut self, id: &str, status: IntentStatus, declined: bool) {
        if let Some(intent) = self.payment_intents.get_mut(id) {
            intent.status = status;
            intent.declined = declined;
        }
    }
}

impl Record for PaymentIntent {
    const NOUN: &'static str = "payment_intent";
    const PATH: &'static str = "/v1/payment_intents";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, _name: &str) -> Option<&str> {
        None
    }

    fn json(&self) -> Value {
        let received = if self.status == IntentStatus::Succeeded { self.amount } else { 0 };
        let error = self.declined.then(|| {
            json!({"type": "card_error", "code": "card_declined", "decline_code": "generic_decline", "message": DECLINED,
                   "charge": self.latest_charge})
        });
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": 0,
            "amount_received": received,
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": null,
            "canceled_at": null,
            "cancellation_reason": null,
            "capture_method": "automatic_async",
            "client_secret": format!("{}_secret_sandbox", self.id),
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "description": self.description,
            "last_payment_error": error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": null,
            "on_behalf_of": null,
            "payment_method": self.payment_method,
            "payment_method_options": {},
            "payment_method_types": self.payment_method_types,
            "processing": null,
            "receipt_email": self.receipt_email,
            "review": null,
            "setup_future_usage": self.setup_future_usage,
            "shipping": self.shipping,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": self.status,
            "transfer_data": null,
            "transfer_group": self.transfer_group,
        })
    }
}

impl Record for Charge {
    const NOUN: &'static str = "charge";
    const PATH: &'static str = "/v1/charges";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, name: &str) -> Option<&str> {
        match name {
            "payment_intent" => Some(&self.payment_intent),
            "transfer_group" => self.transfer_group.as_deref(),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        let captured = if self.status == ChargeStatus::Succeeded { self.amount } else { 0 };
        let failed = self.status == ChargeStatus::Failed;
        let (brand, last4) = self.card.as_ref().map_or(("visa", "4242"), |(brand, last4)| (brand.as_str(), last4.as_str()));
        let details = match self.method {
            Method::Card => json!({"type": "card", "card": {
                "brand": brand, "country": "US", "exp_month": 12, "exp_year": 2040, "funding": "credit", "last4": last4,
                "network": brand, "checks": null, "installments": null, "mandate": null, "three_d_secure": null, "wallet": null,
            }}),
            Method::SepaDebit => json!({"type": "sepa_debit", "sepa_debit": {
                "bank_code": "37040044", "branch_code": "", "country": "DE", "fingerprint": null, "last4": "3000", "mandate": null,
            }}),
        };
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": captured,
            "amount_refunded": self.amount_refunded,
            "application": null,
            "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": self.balance_transaction,
            "billing_details": {"address": null, "email": self.email, "name": null, "phone": null, "tax_id": null},
            "calculated_statement_descriptor": null,
            "captured": self.status == ChargeStatus::Succeeded,
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "description": null,
            "disputed": self.disputed,
            "failure_balance_transaction": null,
            "failure_code": failed.then_some("card_declined"),
            "failure_message": failed.then_some(DECLINED),
            "fraud_details": {},
            "livemode": false,
            "metadata": self.metadata,
            "on_behalf_of": null,
            "outcome": null,
            "paid": !failed,
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "payment_method_details": details,
            "receipt_email": null,
            "receipt_number": null,
            "receipt_url": null,
            "refunded": self.amount_refunded == self.amount,
            "review": null,
            "shipping": self.shipping,
            "source_transfer": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": self.status,
            "transfer_data": null,
            "transfer_group": self.transfer_group,
        })
    }
}
