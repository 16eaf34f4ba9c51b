//! The hand that plays buyers, banks and Stripe itself, for tests and the demo. Every call is one change, like a request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::faults::{Fault, WebhookFault, shuffle};
use crate::resources::balance::Movement;
use crate::resources::disputes::Opening;
use crate::resources::sessions::Buyer;
use crate::routes::Operation;
use crate::server::Shared;
use crate::state::{Context, Record, State, Table};
use crate::webhooks;

/// A handle on a running sandbox. Cheap to clone; usable from any thread.
#[derive(Clone)]
pub struct Control(Arc<Shared>);

/// Why something could not be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlError(String);

impl std::fmt::Display for ControlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ControlError {}

impl From<ApiError> for ControlError {
    fn from(error: ApiError) -> ControlError {
        ControlError(error.message)
    }
}

/// How the outside world decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Succeeds,
    Fails,
}

/// In which order withheld webhooks are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    AsCreated,
    Reversed,
    Shuffled { seed: u64 },
}

/// What has happened since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests, replays and refusals included.
    pub requests: BTreeMap<Operation, u64>,
    /// Requests answered from a saved result.
    pub replays: u64,
    /// Attempts to deliver a webhook, and those that the receiver took.
    pub webhooks_sent: u64,
    pub webhooks_taken: u64,
    /// Answers waiting for `release_held` now.
    pub held: u64,
}

impl Control {
    pub(crate) fn new(shared: Arc<Shared>) -> Control {
        Control(shared)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State, &Context) -> T) -> T {
        let (result, batch) = self.0.change(None, change);
        webhooks::spawn_after_answer(&self.0, batch);
        result
    }

    /// The buyer pays. Gives the payment intent's id.
    pub fn pay(&self, session: &str) -> Result<String, ControlError> {
        Ok(self.change(|state, cx| state.act(session, Buyer::Pays, cx))?)
    }

    /// The buyer's card is declined; the session stays open. Gives the payment intent's id.
    pub fn decline(&self, session: &str) -> Result<String, ControlError> {
        Ok(self.change(|state, cx| state.act(session, Buyer::IsDeclined, cx))?)
    }

    /// The buyer pays by a debit that is decided by [`Control::settle_async`]. Gives the payment intent's id.
    pub fn pay_later(&self, session: &str) -> Result<String, ControlError> {
        Ok(self.change(|state, cx| state.act(session, Buyer::PaysLater, cx))?)
    }

    /// A late payment arrives, or does not.
    pub fn settle_async(&self, session: &str, outcome: Outcome) -> Result<(), ControlError> {
        Ok(self.change(|state, cx| state.decide_late_payment(session, outcome == Outcome::Succeeds, cx))?)
    }

    /// The buyer abandons the page, and its time is over at once.
    pub fn expire(&self, session: &str) -> Result<(), ControlError> {
        let mut none = crate::params::Params::parse("")?;
        self.change(|state, cx| crate::resources::sessions::expire(state, session, &mut none, cx))?;
        Ok(())
    }

    /// The next `times` charges have no balance transaction until [`Control::settle_balance_transactions`].
    pub fn delay_balance_transactions(&self, times: u32) {
        self.change(|state, _| state.faults.late_balances += times);
    }

    /// Ends that lateness. Gives the charges' ids.
    pub fn settle_balance_transactions(&self) -> Vec<String> {
        self.change(|state, cx| state.settle_late_charges(cx))
    }

    /// Decides a pending refund, or lets one that succeeded fail after all.
    pub fn settle_refund(&self, refund: &str, outcome: Outcome) -> Result<(), ControlError> {
        let decided = self.change(|state, cx| state.decide_refund(refund, outcome == Outcome::Succeeds, cx));
        decided.then_some(()).ok_or_else(|| ControlError(format!("refund {refund} cannot take that outcome")))
    }

    /// The buyer's bank takes a charge back, or part of it. Gives the dispute's id.
    pub fn dispute(&self, charge: &str, amount: Option<i64>) -> Result<String, ControlError> {
        Ok(self.change(|state, cx| state.dispute(charge, amount, Opening::Chargeback, cx))?)
    }

    /// The buyer's bank asks about a charge, and takes nothing. Gives the dispute's id.
    pub fn inquire(&self, charge: &str) -> Result<String, ControlError> {
        Ok(self.change(|state, cx| state.dispute(charge, None, Opening::Inquiry, cx))?)
    }

    /// What would have become a dispute is settled with the buyer's money before it does. Gives the dispute's id.
    pub fn prevent_dispute(&self, charge: &str) -> Result<String, ControlError> {
        Ok(self.change(|state, cx| state.dispute(charge, None, Opening::Prevented, cx))?)
    }

    /// The bank that asked takes the money back.
    pub fn escalate_dispute(&self, dispute: &str) -> Result<(), ControlError> {
        let escalated = self.change(|state, cx| state.escalate_dispute(dispute, cx));
        escalated.then_some(()).ok_or_else(|| ControlError(format!("dispute {dispute} is no open inquiry")))
    }

    /// The bank decides: it succeeds for us if we keep the money. What it only asked about can only be let go.
    pub fn settle_dispute(&self, dispute: &str, outcome: Outcome) -> Result<(), ControlError> {
        let decided = self.change(|state, cx| state.decide_dispute(dispute, outcome == Outcome::Succeeds, cx));
        decided.then_some(()).ok_or_else(|| ControlError(format!("dispute {dispute} is decided, or is not there")))
    }

    /// Decides a pending payout, or lets one that arrived come back.
    pub fn settle_payout(&self, payout: &str, outcome: Outcome) -> Result<(), ControlError> {
        let decided = self.change(|state, cx| state.decide_payout(payout, outcome == Outcome::Succeeds, cx));
        decided.then_some(()).ok_or_else(|| ControlError(format!("payout {payout} cannot take that outcome")))
    }

    /// An account's holder tells Stripe everything: it can receive transfers from now on.
    pub fn onboard(&self, account: &str) -> Result<(), ControlError> {
        let known = self.change(|state, cx| state.onboard(account, cx));
        known.then_some(()).ok_or_else(|| ControlError(format!("there is no account {account}")))
    }

    /// Adds available funds from outside; a negative amount takes them away.
    pub fn top_up(&self, amount: i64, currency: &str) {
        self.change(|state, cx| {
            let kind = if amount < 0 { "adjustment" } else { "topup" };
            let movement = Movement { kind, amount, fee: 0, currency, rate_micros: None, source: None, at_once: true };
            state.move_balance(movement, cx)
        });
    }

    /// A movement of the balance as Stripe may make one by itself, about `source` or about nothing. Gives its id.
    pub fn plant_movement(&self, kind: &str, amount: i64, fee: i64, currency: &str, source: Option<&str>) -> String {
        self.change(|state, cx| state.move_balance(Movement { kind, amount, fee, currency, rate_micros: None, source, at_once: true }, cx))
    }

    pub fn fault(&self, fault: Fault) {
        self.change(|state, _| state.faults.operations.push(fault));
    }

    pub fn webhook_fault(&self, fault: WebhookFault) {
        self.change(|state, _| state.faults.webhooks.push(fault));
    }

    /// Forgets every fault. What is held or withheld already stays so.
    pub fn clear_faults(&self) {
        self.change(|state, _| state.faults = Default::default());
    }

    /// Lets every held answer go. Gives how many there were.
    pub fn release_held(&self) -> u64 {
        let held = self.counts().held;
        self.0.gate.add_permits(usize::try_from(held).unwrap_or_default());
        held
    }

    /// Delivers what was withheld, in this order. Gives how many there were.
    pub fn deliver_withheld(&self, order: Order) -> usize {
        let mut ids = std::mem::take(&mut self.0.lock().withheld);
        match order {
            Order::AsCreated => {}
            Order::Reversed => ids.reverse(),
            Order::Shuffled { seed } => shuffle(&mut ids, seed),
        }
        let count = ids.len();
        webhooks::spawn(&self.0, ids.into_iter().map(|id| (id, Duration::ZERO)).collect(), Duration::ZERO);
        count
    }

    /// Delivers an event's webhook again, `times` at once.
    pub fn redeliver(&self, event: &str, times: usize) {
        for _ in 0..times {
            webhooks::spawn(&self.0, vec![(event.to_owned(), Duration::ZERO)], Duration::ZERO);
        }
    }

    /// Waits until no webhook is under way, retries included. Withheld ones are not waited for.
    pub async fn webhooks_settled(&self) {
        self.0.deliveries.none().await;
    }

    pub fn set_webhook_url(&self, url: Option<&str>) {
        self.0.lock().webhook_url = url.map(str::to_owned);
    }

    pub fn counts(&self) -> Counts {
        self.0.lock().counts.clone()
    }

    /// The object with this id, as the API shows it.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.change(|state, _| state.render(id))
    }

    /// All objects whose ids begin so (`cs`, `pi`, `ch`, `txn`, `re`, `du`, `acct`, `tr`, `po`, `evt`), oldest first.
    pub fn all(&self, prefix: &str) -> Vec<Value> {
        fn of<R: Record>(table: &Table<R>) -> Vec<Value> {
            table.values().map(Record::json).collect()
        }
        self.change(|state, _| match prefix {
            "cs" => of(&state.sessions),
            "pi" => of(&state.payment_intents),
            "ch" => of(&state.charges),
            "txn" => of(&state.balance_transactions),
            "re" => of(&state.refunds),
            "du" => of(&state.disputes),
            "acct" => of(&state.accounts),
            "tr" => of(&state.transfers),
            "po" => of(&state.payouts),
            "evt" => of(&state.events),
            _ => Vec::new(),
        })
    }
}
