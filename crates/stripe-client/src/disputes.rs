//! Disputes: a buyer's bank takes a payment back, and decides later whose it is.

use serde::Deserialize;

use crate::StripeError;
use crate::balance::BalanceTransaction;
use crate::form::{Form, segment};
use crate::list::Expandable;
use crate::payments::{Charge, PaymentIntent};
use crate::transport::Stripe;

/// A dispute.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Dispute {
    pub id: String,
    /// `needs_response`, `under_review`, `won`, `lost`; those that begin with `warning_` took no money (yet).
    pub status: String,
    /// What the bank took back, in the currency of the charge.
    pub amount: i64,
    pub currency: String,
    pub charge: Option<Expandable<Charge>>,
    pub payment_intent: Option<Expandable<PaymentIntent>>,
    #[serde(default)]
    pub reason: String,
    /// Withdrawal and fee; after a won dispute, the way back.
    #[serde(default)]
    pub balance_transactions: Vec<BalanceTransaction>,
    pub evidence_details: Option<EvidenceDetails>,
    pub created: i64,
    pub livemode: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EvidenceDetails {
    /// Until when the bank listens to us.
    pub due_by: Option<i64>,
}

impl Stripe {
    /// The dispute. Its balance transactions come in full.
    pub async fn dispute(&self, id: &str) -> Result<Dispute, StripeError> {
        self.get(&format!("/v1/disputes/{}", segment(id)), Form::new()).await
    }
}
