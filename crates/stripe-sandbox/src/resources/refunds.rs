//! Refunds. They never exceed what is left of the charge, and reverse no transfer by themselves.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::params::Params;
use crate::resources::balance::Movement;
use crate::resources::payments::{Charge, ChargeStatus};
use crate::state::{Context, Metadata, Record, State, find, find_mut};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub id: String,
    pub status: RefundStatus,
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub payment_intent: String,
    pub balance_transaction: Option<String>,
    pub failure_balance_transaction: Option<String>,
    pub reason: Option<String>,
    pub metadata: Metadata,
    pub created: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundStatus {
    Pending,
    Succeeded,
    Failed,
}

/// `POST /v1/refunds`. `pending` leaves the decision to [`State::decide_refund`].
pub(crate) fn create(state: &mut State, p: &mut Params, pending: bool, cx: &Context) -> Result<Value, ApiError> {
    let (intent, charge) = (p.text("payment_intent"), p.text("charge"));
    let amount = p.at_least("amount", 1)?;
    let reason = p.choice("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
    let metadata = p.metadata("metadata")?;
    p.finish()?;
    let charge = charge_named(state, intent, charge)?;
    if state.is_taken_back(&charge) {
        let message = format!("Charge {charge} has been charged back; cannot issue a refund.");
        return Err(ApiError::refused(Some("charge_disputed"), message));
    }
    let id = state.id("re_");
    let charge = find_mut(&mut state.charges, &charge, "charge")?;
    let amount = refundable(charge, amount)?;
    charge.amount_refunded += amount;
    let charge = charge.clone();
    let refund = Refund {
        id: id.clone(),
        status: if pending { RefundStatus::Pending } else { RefundStatus::Succeeded },
        amount,
        currency: charge.currency,
        charge: charge.id.clone(),
        payment_intent: charge.payment_intent,
        balance_transaction: None,
        failure_balance_transaction: None,
        reason,
        metadata,
        created: cx.now,
    };
    state.refunds.insert(id.clone(), refund);
    let transaction = state.refund_movement(&id, "refund", -1, cx);
    find_mut(&mut state.refunds, &id, "id")?.balance_transaction = transaction;
    state.emit_id("refund.created", &id, cx);
    state.emit_id("charge.refunded", &charge.id, cx);
    find(&state.refunds, &id, "id").map(Record::json)
}

/// `POST /v1/refunds/{id}`: its metadata, which is all that can be changed of it.
pub(crate) fn update(state: &mut State, id: &str, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let metadata = p.metadata("metadata")?;
    p.finish()?;
    find_mut(&mut state.refunds, id, "id")?.metadata.extend(metadata);
    state.emit_id("refund.updated", id, cx);
    state.emit_id("charge.refund.updated", id, cx);
    find(&state.refunds, id, "id").map(Record::json)
}

/// The charge that a request names, by itself or through its payment intent.
fn charge_named(state: &State, intent: Option<String>, charge: Option<String>) -> Result<String, ApiError> {
    match (intent, charge) {
        (Some(intent), None) => {
            let intent = find(&state.payment_intents, &intent, "payment_intent")?;
            let message = format!("This PaymentIntent ({}) does not have a successful charge to refund.", intent.id);
            intent.latest_charge.clone().ok_or_else(|| ApiError::refused(None, message))
        }
        (None, Some(charge)) => Ok(charge),
        (Some(_), Some(_)) => {
            let message = "You may only specify one of these parameters: charge, payment_intent.";
            Err(ApiError::invalid(None, message, Some("charge")))
        }
        (None, None) => Err(ApiError::missing("payment_intent")),
    }
}

/// The amount asked for, or all that is left, if the charge has it.
fn refundable(charge: &Charge, amount: Option<i64>) -> Result<i64, ApiError> {
    if charge.status != ChargeStatus::Succeeded {
        let message = format!("This Charge ({}) does not have a successful payment to refund.", charge.id);
        return Err(ApiError::refused(None, message));
    }
    let left = charge.amount - charge.amount_refunded;
    let amount = amount.unwrap_or(left);
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(ApiError::refused(Some("charge_already_refunded"), message));
    }
    if amount > left {
        let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
        return Err(ApiError { param: Some("amount".to_owned()), ..ApiError::refused(None, message) });
    }
    Ok(amount)
}

impl State {
    /// Decides a refund: a pending one succeeds or fails, and one that succeeded may still fail later. Gives whether it could.
    pub fn decide_refund(&mut self, id: &str, succeeds: bool, cx: &Context) -> bool {
        let Some(refund) = self.refunds.get_mut(id) else {
            return false;
        };
        match (refund.status, succeeds) {
            (RefundStatus::Pending, true) => {
                refund.status = RefundStatus::Succeeded;
                self.emit_id("refund.updated", id, cx);
            }
            (RefundStatus::Pending | RefundStatus::Succeeded, false) => {
                refund.status = RefundStatus::Failed;
                let (charge, amount) = (refund.charge.clone(), refund.amount);
                if let Some(charge) = self.charges.get_mut(&charge) {
                    charge.amount_refunded -= amount;
                }
                let transaction = self.refund_movement(id, "refund_failure", 1, cx);
                if let Some(refund) = self.refunds.get_mut(id) {
                    refund.failure_balance_transaction = transaction;
                }
                self.emit_id("refund.updated", id, cx);
                self.emit_id("refund.failed", id, cx);
            }
            (RefundStatus::Succeeded, true) | (RefundStatus::Failed, _) => return false,
        }
        self.dirty = true;
        true
    }

    /// Moves a refund's amount out of the balance (`sign` −1) or back into it (1), at the charge's own rate.
    fn refund_movement(&mut self, id: &str, kind: &str, sign: i64, cx: &Context) -> Option<String> {
        let refund = self.refunds.get(id)?;
        let (amount, currency, rate_micros) = cx.config.settle(refund.amount, &refund.currency);
        let movement = Movement { kind, amount: sign * amount, fee: 0, currency: &currency, rate_micros, source: Some(id), at_once: true };
        Some(self.move_balance(movement, cx))
    }
}

impl Record for Refund {
    const NOUN: &'static str = "refund";
    const PATH: &'static str = "/v1/refunds";

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
        let mut value = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": self.status,
            "transfer_reversal": null,
        });
        match self.status {
            RefundStatus::Succeeded => {}
            RefundStatus::Pending => value["pending_reason"] = json!("processing"),
            RefundStatus::Failed => {
                value["failure_reason"] = json!("expired_or_canceled_card");
                value["failure_balance_transaction"] = json!(self.failure_balance_transaction);
            }
        }
        value
    }
}
