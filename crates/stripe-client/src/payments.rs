//! Payment intents and charges: what was asked of the buyer's bank, and what it gave.

use serde::Deserialize;

use crate::balance::BalanceTransaction;
use crate::form::{Form, segment};
use crate::list::Expandable;
use crate::transport::Stripe;
use crate::{Metadata, StripeError};

/// The payment of one session.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PaymentIntent {
    pub id: String,
    /// `succeeded`, `processing`, `requires_payment_method`, `canceled` and others.
    pub status: String,
    #[serde(default)]
    pub amount: i64,
    #[serde(default)]
    pub amount_received: i64,
    #[serde(default)]
    pub currency: String,
    pub latest_charge: Option<Expandable<Charge>>,
    pub last_payment_error: Option<PaymentError>,
    pub transfer_group: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
    pub livemode: bool,
}

/// Why the last attempt to pay failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PaymentError {
    pub code: Option<String>,
    pub decline_code: Option<String>,
    pub message: Option<String>,
}

/// Money taken from a buyer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Charge {
    pub id: String,
    /// `succeeded`, `pending` or `failed`.
    pub status: String,
    pub paid: bool,
    pub amount: i64,
    #[serde(default)]
    pub amount_captured: i64,
    pub amount_refunded: i64,
    pub refunded: bool,
    #[serde(default)]
    pub disputed: bool,
    pub currency: String,
    pub payment_intent: Option<Expandable<PaymentIntent>>,
    /// Fee and settlement amount. Absent until Stripe has finished an asynchronous capture.
    pub balance_transaction: Option<Expandable<BalanceTransaction>>,
    pub transfer_group: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
    pub created: i64,
    pub livemode: bool,
}

impl Stripe {
    /// The payment with its latest charge and that charge's balance transaction.
    pub async fn payment_intent(&self, id: &str) -> Result<PaymentIntent, StripeError> {
        let query = Form::new().expand(&["latest_charge.balance_transaction"]);
        self.get(&format!("/v1/payment_intents/{}", segment(id)), query).await
    }

    /// The charge with its balance transaction.
    pub async fn charge(&self, id: &str) -> Result<Charge, StripeError> {
        self.get(&format!("/v1/charges/{}", segment(id)), Form::new().expand(&["balance_transaction"])).await
    }
}
