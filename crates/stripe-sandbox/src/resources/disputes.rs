//! Disputes: a buyer's bank asks about a payment, or takes it back and decides later whose it is. For what it takes back Stripe withdraws the
//! money and keeps a fee at once; a won dispute brings the money back, the fee never. Evidence is kept as a draft until it is submitted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::params::Params;
use crate::resources::balance::Movement;
use crate::resources::payments::ChargeStatus;
use crate::state::{Context, Metadata, Record, State, find, find_mut};

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
    #[serde(default)]
    pub evidence: BTreeMap<String, String>,
    #[serde(default)]
    pub submissions: u32,
    #[serde(default)]
    pub metadata: Metadata,
    pub created: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisputeStatus {
    /// The bank asks, and has taken nothing.
    WarningNeedsResponse,
    WarningUnderReview,
    WarningClosed,
    /// The bank has taken it back.
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
    /// Settled before it became a dispute: the buyer has the money, and there is nothing to answer.
    Prevented,
}

impl DisputeStatus {
    /// Whether it waits for evidence.
    fn listens(self) -> bool {
        matches!(self, DisputeStatus::WarningNeedsResponse | DisputeStatus::NeedsResponse)
    }

    fn is_inquiry(self) -> bool {
        matches!(self, DisputeStatus::WarningNeedsResponse | DisputeStatus::WarningUnderReview | DisputeStatus::WarningClosed)
    }
}

/// How a dispute begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    Chargeback,
    Inquiry,
    Prevented,
}

/// Stripe's fee for a dispute, in minor units of the settlement currency.
const FEE: i64 = 2000;
/// Cards leave a week or more; two and a half are common.
const DAYS_TO_ANSWER: i64 = 18;

/// What can be said as evidence in text, and how much of it Stripe takes.
const TEXTS: &[(&str, usize)] = &[
    ("access_activity_log", 20_000),
    ("billing_address", 5_000),
    ("cancellation_policy_disclosure", 20_000),
    ("cancellation_rebuttal", 20_000),
    ("customer_email_address", 5_000),
    ("customer_name", 5_000),
    ("customer_purchase_ip", 5_000),
    ("duplicate_charge_explanation", 20_000),
    ("duplicate_charge_id", 5_000),
    ("product_description", 20_000),
    ("refund_policy_disclosure", 20_000),
    ("refund_refusal_explanation", 20_000),
    ("service_date", 5_000),
    ("shipping_address", 5_000),
    ("shipping_carrier", 5_000),
    ("shipping_date", 5_000),
    ("shipping_tracking_number", 5_000),
    ("uncategorized_text", 20_000),
];
/// What is the id of an uploaded file at Stripe. The sandbox takes no files, so none of them is ever there.
const FILES: &[&str] = &[
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
];
/// All of it together.
const MAX_EVIDENCE: usize = 150_000;

/// Stripe's test mode decides at once what is submitted with these words.
const WINNING: &str = "winning_evidence";
const LOSING: &str = "losing_evidence";

/// `POST /v1/disputes/{id}`: evidence, kept or submitted.
pub(crate) fn update(state: &mut State, id: &str, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let mut evidence = BTreeMap::new();
    for (name, most) in TEXTS {
        let param = format!("evidence[{name}]");
        if let Some(text) = p.text(&param) {
            if text.chars().count() > *most {
                let message = format!("Invalid string: must be at most {most} characters");
                return Err(ApiError::invalid(Some("parameter_invalid_string_length"), message, Some(&param)));
            }
            evidence.insert((*name).to_owned(), text);
        }
    }
    for name in FILES {
        let param = format!("evidence[{name}]");
        if let Some(file) = p.text(&param) {
            return Err(ApiError::no_such("file upload", &file, &param));
        }
    }
    let metadata = p.metadata("metadata")?;
    let submit = p.boolean("submit")?;
    p.finish()?;
    let dispute = find_mut(&mut state.disputes, id, "dispute")?;
    // Metadata alone says nothing to the bank.
    let answers = !evidence.is_empty() || submit.is_some();
    if answers && !dispute.status.listens() {
        return Err(ApiError::refused(None, "This dispute is already closed or under review: no evidence is taken any more."));
    }
    if answers && dispute.due_by <= cx.now {
        return Err(ApiError::refused(None, "The time to submit evidence for this dispute is over."));
    }
    let mut all = dispute.evidence.clone();
    all.extend(evidence);
    all.retain(|_, text| !text.is_empty());
    if all.values().map(|text| text.chars().count()).sum::<usize>() > MAX_EVIDENCE {
        return Err(ApiError::invalid(None, "The combined character count of all fields is limited to 150,000.", Some("evidence")));
    }
    let said = all.get("uncategorized_text").cloned().unwrap_or_default();
    dispute.evidence = all;
    dispute.metadata.extend(metadata);
    state.dirty = true;
    // Stripe submits unless it is told not to.
    let submitted = answers && submit.unwrap_or(true);
    if submitted {
        state.submit_evidence(id);
    }
    state.emit_id("charge.dispute.updated", id, cx);
    if submitted && (said == WINNING || said == LOSING) {
        state.decide_dispute(id, said == WINNING, cx);
    }
    find(&state.disputes, id, "dispute").map(Record::json).map(|dispute| state.with_movements(dispute))
}

/// `POST /v1/disputes/{id}/close`: we have nothing to say, and it is lost; an inquiry is over.
pub(crate) fn close(state: &mut State, id: &str, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    p.finish()?;
    let status = find(&state.disputes, id, "dispute")?.status;
    if !status.listens() {
        return Err(ApiError::refused(None, "This dispute is already closed."));
    }
    state.decide_dispute(id, status.is_inquiry(), cx);
    find(&state.disputes, id, "dispute").map(Record::json).map(|dispute| state.with_movements(dispute))
}

impl State {
    /// The buyer's bank takes back what is left of a charge, or part of it, or asks about it. Gives the dispute's id.
    pub fn dispute(&mut self, charge: &str, amount: Option<i64>, opening: Opening, cx: &Context) -> Result<String, ApiError> {
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
            status: match opening {
                Opening::Chargeback => DisputeStatus::NeedsResponse,
                Opening::Inquiry => DisputeStatus::WarningNeedsResponse,
                Opening::Prevented => DisputeStatus::Prevented,
            },
            amount,
            currency,
            charge: charge.clone(),
            payment_intent,
            reason: "product_not_received".to_owned(),
            balance_transactions: Vec::new(),
            due_by: cx.now + DAYS_TO_ANSWER * 24 * 60 * 60,
            evidence: BTreeMap::new(),
            submissions: 0,
            metadata: Metadata::new(),
            created: cx.now,
        };
        self.disputes.insert(id.clone(), dispute);
        if opening != Opening::Inquiry {
            self.dispute_movement(&id, -1, if opening == Opening::Prevented { 0 } else { FEE }, cx);
        }
        self.emit_id("charge.dispute.created", &id, cx);
        if opening != Opening::Inquiry {
            self.emit_id("charge.dispute.funds_withdrawn", &id, cx);
        }
        self.emit_id("charge.updated", &charge, cx);
        Ok(id)
    }

    /// The bank that asked takes the money back after all. Gives whether it could.
    pub fn escalate_dispute(&mut self, id: &str, cx: &Context) -> bool {
        let asked = [DisputeStatus::WarningNeedsResponse, DisputeStatus::WarningUnderReview];
        let Some(dispute) = self.disputes.get_mut(id).filter(|dispute| asked.contains(&dispute.status)) else {
            return false;
        };
        dispute.status = DisputeStatus::NeedsResponse;
        dispute.due_by = cx.now + DAYS_TO_ANSWER * 24 * 60 * 60;
        self.dispute_movement(id, -1, FEE, cx);
        self.emit_id("charge.dispute.updated", id, cx);
        self.emit_id("charge.dispute.funds_withdrawn", id, cx);
        true
    }

    fn submit_evidence(&mut self, id: &str) {
        if let Some(dispute) = self.disputes.get_mut(id) {
            dispute.submissions += 1;
            dispute.status = if dispute.status.is_inquiry() { DisputeStatus::WarningUnderReview } else { DisputeStatus::UnderReview };
        }
    }

    /// The bank decides; what it only asked about, it lets go. Gives whether it could.
    pub fn decide_dispute(&mut self, id: &str, won: bool, cx: &Context) -> bool {
        let Some(dispute) = self.disputes.get_mut(id) else {
            return false;
        };
        dispute.status = match (dispute.status, won) {
            (DisputeStatus::NeedsResponse | DisputeStatus::UnderReview, true) => DisputeStatus::Won,
            (DisputeStatus::NeedsResponse | DisputeStatus::UnderReview, false) => DisputeStatus::Lost,
            (DisputeStatus::WarningNeedsResponse | DisputeStatus::WarningUnderReview, true) => DisputeStatus::WarningClosed,
            _ => return false,
        };
        let reinstated = dispute.status == DisputeStatus::Won;
        self.dirty = true;
        if reinstated {
            self.dispute_movement(id, 1, 0, cx);
            self.emit_id("charge.dispute.funds_reinstated", id, cx);
        }
        self.emit_id("charge.dispute.closed", id, cx);
        true
    }

    /// Whether a bank has this charge's money, or may have it yet. What it only asks about may be given back.
    pub fn is_taken_back(&self, charge: &str) -> bool {
        let of = |dispute: &&Dispute| dispute.charge == charge;
        self.disputes.values().filter(of).any(|dispute| dispute.status != DisputeStatus::Won && !dispute.status.is_inquiry())
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
        let names = TEXTS.iter().map(|(name, _)| *name).chain(FILES.iter().copied());
        let mut evidence: serde_json::Map<String, Value> = names.map(|name| (name.to_owned(), json!(self.evidence.get(name)))).collect();
        evidence.insert("enhanced_evidence".to_owned(), json!({}));
        let case_type = match self.status {
            DisputeStatus::Prevented => "resolution",
            status if status.is_inquiry() => "inquiry",
            _ => "chargeback",
        };
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": self.balance_transactions,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": evidence,
            "evidence_details": {
                "due_by": self.due_by, "enhanced_eligibility": {}, "has_evidence": !self.evidence.is_empty(), "past_due": false,
                "submission_count": self.submissions,
            },
            "is_charge_refundable": self.status.is_inquiry(),
            "livemode": false,
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "case_type": case_type, "network": "visa", "network_reason_code": "13.1"}},
            "reason": self.reason,
            "status": self.status,
        })
    }
}
