//! Payouts from the platform's balance to its own bank.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::params::Params;
use crate::resources::balance::Movement;
use crate::state::{Context, Metadata, Record, State, find};

/// How long a payout takes to arrive.
const ARRIVAL_SECONDS: i64 = 2 * 24 * 60 * 60;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payout {
    pub id: String,
    pub status: PayoutStatus,
    pub amount: i64,
    pub currency: String,
    pub balance_transaction: String,
    pub failure_balance_transaction: Option<String>,
    pub description: Option<String>,
    pub metadata: Metadata,
    pub created: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PayoutStatus {
    Pending,
    Paid,
    Failed,
}

/// `POST /v1/payouts`.
pub(crate) fn create(state: &mut State, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let amount = p.required_at_least("amount", 1)?;
    let currency = p.currency("currency")?;
    let description = p.text("description");
    let metadata = p.metadata("metadata")?;
    p.finish()?;
    if state.available_in(&currency) < amount {
        let message = "You have insufficient funds in your Stripe account for this transfer.";
        return Err(ApiError::refused(Some("balance_insufficient"), message));
    }
    let id = state.id("po_");
    let balance_transaction = state.move_balance(movement("payout", -amount, &currency, &id), cx);
    let payout = Payout {
        id: id.clone(),
        status: PayoutStatus::Pending,
        amount,
        currency,
        balance_transaction,
        failure_balance_transaction: None,
        description,
        metadata,
        created: cx.now,
    };
    state.payouts.insert(id.clone(), payout);
    state.emit_id("payout.created", &id, cx);
    find(&state.payouts, &id, "id").map(Record::json)
}

fn movement<'a>(kind: &'a str, amount: i64, currency: &'a str, source: &'a str) -> Movement<'a> {
    Movement { kind, amount, fee: 0, currency, rate_micros: None, source: Some(source), at_once: true }
}

impl State {
    /// The bank's answer: a pending payout arrives or fails, and one that arrived may still come back. Gives whether it could.
    pub fn decide_payout(&mut self, id: &str, succeeds: bool, cx: &Context) -> bool {
        let Some(payout) = self.payouts.get_mut(id) else {
            return false;
        };
        match (payout.status, succeeds) {
            (PayoutStatus::Pending, true) => {
                payout.status = PayoutStatus::Paid;
                self.emit_id("payout.paid", id, cx);
            }
            (PayoutStatus::Pending | PayoutStatus::Paid, false) => {
                payout.status = PayoutStatus::Failed;
                let (amount, currency) = (payout.amount, payout.currency.clone());
                let back = self.move_balance(movement("payout_failure", amount, &currency, id), cx);
                if let Some(payout) = self.payouts.get_mut(id) {
                    payout.failure_balance_transaction = Some(back);
                }
                self.emit_id("payout.failed", id, cx);
            }
            (PayoutStatus::Paid, true) | (PayoutStatus::Failed, _) => return false,
        }
        true
    }
}

impl Record for Payout {
    const NOUN: &'static str = "payout";
    const PATH: &'static str = "/v1/payouts";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, name: &str) -> Option<&str> {
        match (name, self.status) {
            ("status", PayoutStatus::Pending) => Some("pending"),
            ("status", PayoutStatus::Paid) => Some("paid"),
            ("status", PayoutStatus::Failed) => Some("failed"),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        let failed = self.status == PayoutStatus::Failed;
        json!({
            "id": self.id,
            "object": "payout",
            "amount": self.amount,
            "application_fee": null,
            "application_fee_amount": null,
            "arrival_date": self.created + ARRIVAL_SECONDS,
            "automatic": false,
            "balance_transaction": self.balance_transaction,
            "created": self.created,
            "currency": self.currency,
            "description": self.description,
            "destination": null,
            "failure_balance_transaction": self.failure_balance_transaction,
            "failure_code": failed.then_some("account_closed"),
            "failure_message": failed.then_some("The bank account has been closed"),
            "livemode": false,
            "metadata": self.metadata,
            "method": "standard",
            "original_payout": null,
            "payout_method": null,
            "reconciliation_status": "not_applicable",
            "reversed_by": null,
            "source_type": "card",
            "statement_descriptor": null,
            "status": self.status,
            "trace_id": null,
            "type": "bank_account",
        })
    }
}
