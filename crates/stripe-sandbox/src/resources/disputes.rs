//! Disputes: a buyer's bank takes a payment back, and decides later whose it is. Stripe withdraws the money and keeps a fee at once; a won
//! dispute brings the money back, the fee never.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::resources::balance::Movement;
use crate::resources::payments::ChargeStatus;
use crate::state::{Context, Record, State, find, find_mut};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub id: String,
    pub status: DisputeStatus,
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub payment_intent: String,
    pub reason: String,
    pub balance_transactions: Vec<String>,
    pub due_by: i64,
    pub created: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisputeStatus {
    NeedsResponse,
    Won,
    Lost,
}

/// Stripe's fee for a dispute, in minor units of the settlement currency.
const FEE: i64 = 2000;
/// Cards leave a week or more; two and a half are common.
const DAYS_TO_ANSWER: i64 = 18;

impl State {
    /// The buyer's bank takes back what is left of a charge, or part of it. Gives the dispute's id.
    pub fn dispute(&mut self, charge: &str, amount: Option<i64>, cx: &Context) -> Result<String, ApiError> {
        let id = self.id("du_");
        let charge = find_mut(&mut self.charges, charge, "charge")?;
        let left = charge.amount - charge.amount_refunded;
        let amount = amount.unwrap_or(left);
        // A bank takes back what it paid, and not what is still under way.
        if charge.status != ChargeStatus::Succeeded || charge.disputed || !(1..=left).contains(&amount) {
            return Err(ApiError::refused(None, format!("Charge {} cannot be disputed for {amount}.", charge.id)));
        }
        charge.disputed = true;
        let (charge, payment_intent, currency) = (charge.id.clone(), charge.payment_intent.clone(), charge.currency.clone());
        let dispute = Dispute {
            id: id.clone(),
            status: DisputeStatus::NeedsResponse,
            amount,
            currency,
            charge: charge.clone(),
            payment_intent,
            reason: "product_not_received".to_owned(),
            balance_transactions: Vec::new(),
            due_by: cx.now + DAYS_TO_ANSWER * 24 * 60 * 60,
            created: cx.now,
        };
        self.disputes.insert(id.clone(), dispute);
        self.dispute_movement(&id, -1, FEE, cx);
        self.emit_id("charge.dispute.created", &id, cx);
        self.emit_id("charge.dispute.funds_withdrawn", &id, cx);
        self.emit_id("charge.updated", &charge, cx);
        Ok(id)
    }

    /// The bank decides. Gives whether it could.
    pub fn decide_dispute(&mut self, id: &str, won: bool, cx: &Context) -> bool {
        let Some(dispute) = self.disputes.get_mut(id).filter(|dispute| dispute.status == DisputeStatus::NeedsResponse) else {
            return false;
        };
        dispute.status = if won { DisputeStatus::Won } else { DisputeStatus::Lost };
        self.dirty = true;
        if won {
            self.dispute_movement(id, 1, 0, cx);
            self.emit_id("charge.dispute.funds_reinstated", id, cx);
        }
        self.emit_id("charge.dispute.closed", id, cx);
        true
    }

    /// Whether a bank has this charge's money, or may have it yet.
    pub fn is_taken_back(&self, charge: &str) -> bool {
        self.disputes.values().any(|dispute| dispute.charge == charge && dispute.status != DisputeStatus::Won)
    }

    fn dispute_movement(&mut self, id: &str, sign: i64, fee: i64, cx: &Context) {
        let Ok(dispute) = find(&self.disputes, id, "id") else { return };
        let (amount, currency, rate_micros) = cx.config.settle(dispute.amount, &dispute.currency);
        let movement = Movement { kind: "adjustment", amount: sign * amount, fee, currency: &currency, rate_micros, source: Some(id), at_once: true };
        let transaction = self.move_balance(movement, cx);
        if let Some(dispute) = self.disputes.get_mut(id) {
            dispute.balance_transactions.push(transaction);
        }
    }
}

impl Record for Dispute {
    const NOUN: &'static str = "dispute";
    const PATH: &'static str = "/v1/disputes";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, name: &str) -> Option<&str> {
        match name {
            "payment_intent" => Some(&self.payment_intent),
            "charge" => Some(&self.charge),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": self.balance_transactions,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": {},
            "evidence_details": {
                "due_by": self.due_by, "enhanced_eligibility": {}, "has_evidence": false, "past_due": false, "submission_count": 0,
            },
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "status": self.status,
        })
    }
}
