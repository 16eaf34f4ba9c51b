//! Disputes: a buyer's bank takes a payment back, and decides later whose it is.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::StripeError;
use crate::balance::BalanceTransaction;
use crate::form::{Form, segment};
use crate::list::Expandable;
use crate::payments::{Charge, PaymentIntent};
use crate::prepared::Prepared;
use crate::transport::Stripe;

/// A dispute.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Dispute {
    pub id: String,
    /// `needs_response`, `under_review`, `won`, `lost`; those that begin with `warning_` took no money (yet); `prevented` was settled before it
    /// became a dispute, with the buyer's money or without.
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
    /// Whether anything is kept there, submitted or not.
    #[serde(default)]
    pub has_evidence: bool,
    /// How often evidence was submitted to the bank; some banks hear us once.
    #[serde(default)]
    pub submission_count: i64,
}

/// What is said to the bank. Stripe keeps it; with `submit` it is passed on, after which no more is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateDispute {
    pub dispute: String,
    /// By Stripe's names, such as `shipping_carrier`. Texts only: what is an uploaded file there is not sent by this client.
    pub evidence: BTreeMap<String, String>,
    pub submit: bool,
}

impl UpdateDispute {
    pub fn prepare(&self) -> Prepared {
        let form = Form::new().metadata("evidence", &self.evidence).set("submit", self.submit);
        Prepared::post(format!("/v1/disputes/{}", segment(&self.dispute)), form)
    }
}

impl Stripe {
    /// The dispute. Its balance transactions come in full.
    pub async fn dispute(&self, id: &str) -> Result<Dispute, StripeError> {
        self.get(&format!("/v1/disputes/{}", segment(id)), Form::new()).await
    }
}
