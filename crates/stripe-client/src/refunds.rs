//! Refunds: money back to a buyer.

use serde::Deserialize;

use crate::balance::BalanceTransaction;
use crate::form::{Form, segment};
use crate::list::{Expandable, List, Page};
use crate::payments::{Charge, PaymentIntent};
use crate::prepared::Prepared;
use crate::transport::Stripe;
use crate::{Metadata, StripeError};

/// Gives back part or all of a payment. Reverses no transfer: that is a call of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRefund {
    pub payment_intent: String,
    pub amount: i64,
    pub metadata: Metadata,
}

impl CreateRefund {
    pub fn prepare(&self) -> Prepared {
        let form = Form::new().set("payment_intent", &self.payment_intent).set("amount", self.amount);
        Prepared::post("/v1/refunds", form.metadata("metadata", &self.metadata))
    }
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Refund {
    pub id: String,
    /// `pending`, `succeeded`, `failed`, `requires_action` or `canceled`. One that succeeded may still fail weeks later.
    pub status: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub charge: Option<Expandable<Charge>>,
    pub payment_intent: Option<Expandable<PaymentIntent>>,
    pub balance_transaction: Option<Expandable<BalanceTransaction>>,
    /// The money's way back to us, when the refund failed.
    pub failure_balance_transaction: Option<Expandable<BalanceTransaction>>,
    pub failure_reason: Option<String>,
    #[serde(default)]
    pub metadata: Option<Metadata>,
    pub created: i64,
}

impl Stripe {
    /// The refund with both of its balance transactions.
    pub async fn refund(&self, id: &str) -> Result<Refund, StripeError> {
        let query = Form::new().expand(&["balance_transaction", "failure_balance_transaction"]);
        self.get(&format!("/v1/refunds/{}", segment(id)), query).await
    }

    /// Refunds of one payment, those made in Stripe's dashboard included.
    pub async fn refunds_of(&self, payment_intent: &str, page: &Page) -> Result<List<Refund>, StripeError> {
        self.get("/v1/refunds", page.apply(Form::new().set("payment_intent", payment_intent))).await
    }
}
