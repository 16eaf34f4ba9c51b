//! The platform's balance and each movement of it. Available funds are the sum of the movements that have matured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use crate::state::{Context, Record, State};

/// A movement of the balance, in the settlement currency.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BalanceTransaction {
    pub id: String,
    pub kind: String,
    pub amount: i64,
    pub fee: i64,
    pub currency: String,
    /// Settlement units per charged unit, in millionths, where the currencies differ.
    pub rate_micros: Option<i64>,
    pub source: Option<String>,
    pub matured: bool,
    pub available_on: i64,
    pub created: i64,
}

impl BalanceTransaction {
    pub fn net(&self) -> i64 {
        self.amount - self.fee
    }

    fn reporting_category(&self) -> &str {
        match self.kind.as_str() {
            "transfer_refund" => "transfer_reversal",
            "payout_failure" => "payout_reversal",
            other => other,
        }
    }
}

/// A movement about to be recorded.
pub(crate) struct Movement<'a> {
    pub kind: &'a str,
    pub amount: i64,
    pub fee: i64,
    pub currency: &'a str,
    pub rate_micros: Option<i64>,
    pub source: Option<&'a str>,
    /// Whether it counts at once; a buyer's payment may take its time.
    pub at_once: bool,
}

impl State {
    /// Records a movement and gives its id.
    pub fn move_balance(&mut self, movement: Movement, cx: &Context) -> String {
        let id = self.id("txn_");
        let wait = if movement.at_once { 0 } else { cx.config.available_after_seconds };
        let transaction = BalanceTransaction {
            id: id.clone(),
            kind: movement.kind.to_owned(),
            amount: movement.amount,
            fee: movement.fee,
            currency: movement.currency.to_owned(),
            rate_micros: movement.rate_micros,
            source: movement.source.map(str::to_owned),
            matured: false,
            available_on: cx.now + wait,
            created: cx.now,
        };
        self.balance_transactions.insert(id.clone(), transaction);
        if wait > 0 {
            self.maturing.insert((cx.now + wait, id.clone()));
        } else {
            self.make_available(&id);
        }
        id
    }

    /// Counts a movement's net as available.
    pub fn make_available(&mut self, id: &str) {
        if let Some(transaction) = self.balance_transactions.get_mut(id) {
            transaction.matured = true;
            *self.available.entry(transaction.currency.clone()).or_default() += transaction.net();
            self.dirty = true;
        }
    }

    pub fn available_in(&self, currency: &str) -> i64 {
        self.available.get(currency).copied().unwrap_or_default()
    }

    /// The balance object.
    pub fn balance(&self) -> Value {
        let mut pending: BTreeMap<&str, i64> = self.available.keys().map(|c| (c.as_str(), 0)).collect();
        for transaction in self.maturing.iter().filter_map(|(_, id)| self.balance_transactions.get(id)) {
            *pending.entry(&transaction.currency).or_default() += transaction.net();
        }
        let funds = |amount: i64, currency: &str| json!({"amount": amount, "currency": currency, "source_types": {"card": amount}});
        let available: Vec<Value> = pending.keys().map(|currency| funds(self.available_in(currency), currency)).collect();
        let pending: Vec<Value> = pending.iter().map(|(currency, amount)| funds(*amount, currency)).collect();
        json!({"object": "balance", "available": available, "pending": pending, "livemode": false})
    }
}

impl Record for BalanceTransaction {
    const NOUN: &'static str = "balance transaction";
    const PATH: &'static str = "/v1/balance_transactions";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, name: &str) -> Option<&str> {
        match name {
            "type" => Some(&self.kind),
            "currency" => Some(&self.currency),
            "source" => self.source.as_deref(),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        let fee_details = if self.fee == 0 {
            json!([])
        } else {
            json!([{
                "amount": self.fee, "application": null, "currency": self.currency,
                "description": "Stripe processing fees", "type": "stripe_fee",
            }])
        };
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": self.available_on,
            "balance_type": "payments",
            "created": self.created,
            "currency": self.currency,
            "description": null,
            "exchange_rate": self.rate_micros.and_then(decimal),
            "fee": self.fee,
            "fee_details": fee_details,
            "net": self.net(),
            "reporting_category": self.reporting_category(),
            "source": self.source,
            "status": if self.matured { "available" } else { "pending" },
            "type": self.kind,
        })
    }
}

/// Millionths as a JSON number, by its digits: no binary fraction is involved on our side.
fn decimal(micros: i64) -> Option<Number> {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000).parse().ok()
}
