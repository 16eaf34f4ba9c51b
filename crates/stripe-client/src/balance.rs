//! The platform's balance at Stripe, and each movement of it.

use serde::Deserialize;

use crate::StripeError;
use crate::form::{Form, segment};
use crate::list::{List, Page};
use crate::transport::Stripe;

/// What lies at Stripe, per currency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Balance {
    /// May be transferred or paid out now.
    #[serde(default)]
    pub available: Vec<Funds>,
    /// Paid by buyers, not yet available.
    #[serde(default)]
    pub pending: Vec<Funds>,
    pub livemode: bool,
}

/// An amount, negative when we owe Stripe.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Funds {
    pub amount: i64,
    pub currency: String,
}

/// One movement: what reconciliation compares with the ledger.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BalanceTransaction {
    pub id: String,
    /// `charge`, `refund`, `transfer`, `payout`, `adjustment` and others, as Stripe writes them.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub reporting_category: String,
    /// Before the fee, in the settlement currency; `net` is `amount − fee`.
    pub amount: i64,
    pub fee: i64,
    pub net: i64,
    pub currency: String,
    /// Settlement units for one unit charged, where the two currencies differ. Decimal text as Stripe wrote it, for the record:
    /// amounts are never computed from it.
    pub exchange_rate: Option<serde_json::Number>,
    /// The id of the charge, refund, transfer or payout behind it.
    pub source: Option<String>,
    /// `available` or `pending`.
    pub status: String,
    pub available_on: i64,
    pub created: i64,
}

impl Stripe {
    pub async fn balance(&self) -> Result<Balance, StripeError> {
        self.get("/v1/balance", Form::new()).await
    }

    pub async fn balance_transaction(&self, id: &str) -> Result<BalanceTransaction, StripeError> {
        self.get(&format!("/v1/balance_transactions/{}", segment(id)), Form::new()).await
    }

    /// Movements created from `from` to `to`, both included, newest first.
    pub async fn balance_transactions(&self, from: i64, to: i64, page: &Page) -> Result<List<BalanceTransaction>, StripeError> {
        self.get("/v1/balance_transactions", page.apply(Form::new().set("created[gte]", from).set("created[lte]", to))).await
    }
}
