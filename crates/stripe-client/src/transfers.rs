//! Transfers: money from the platform's balance to a connected account, and its way back.

use serde::Deserialize;

use crate::balance::BalanceTransaction;
use crate::form::{Form, segment};
use crate::list::{Expandable, List, Page};
use crate::prepared::Prepared;
use crate::transport::Stripe;
use crate::{Metadata, StripeError};

/// One transfer per payout, from the balance as a whole: tied to no charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTransfer {
    pub amount: i64,
    pub currency: String,
    /// The connected account.
    pub destination: String,
    /// The payout's number: what an unknown outcome is looked up by.
    pub transfer_group: String,
    pub metadata: Metadata,
}

impl CreateTransfer {
    pub fn prepare(&self) -> Prepared {
        let form = Form::new()
            .set("amount", self.amount)
            .set("currency", &self.currency)
            .set("destination", &self.destination)
            .set("transfer_group", &self.transfer_group);
        Prepared::post("/v1/transfers", form.metadata("metadata", &self.metadata))
    }
}

/// Takes part or all of a transfer back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateReversal {
    pub transfer: String,
    pub amount: i64,
    pub metadata: Metadata,
}

impl CreateReversal {
    pub fn prepare(&self) -> Prepared {
        let form = Form::new().set("amount", self.amount).metadata("metadata", &self.metadata);
        Prepared::post(format!("/v1/transfers/{}/reversals", segment(&self.transfer)), form)
    }
}

/// A transfer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Transfer {
    pub id: String,
    pub amount: i64,
    pub amount_reversed: i64,
    pub reversed: bool,
    pub currency: String,
    /// The connected account's id.
    pub destination: Option<String>,
    pub transfer_group: Option<String>,
    pub balance_transaction: Option<Expandable<BalanceTransaction>>,
    /// The newest ten reversals.
    #[serde(default)]
    pub reversals: List<Reversal>,
    #[serde(default)]
    pub metadata: Metadata,
    pub created: i64,
    pub livemode: bool,
}

/// A transfer's way back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reversal {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub transfer: String,
    pub balance_transaction: Option<Expandable<BalanceTransaction>>,
    #[serde(default)]
    pub metadata: Option<Metadata>,
    pub created: i64,
}

impl Stripe {
    pub async fn transfer(&self, id: &str) -> Result<Transfer, StripeError> {
        self.get(&format!("/v1/transfers/{}", segment(id)), Form::new().expand(&["balance_transaction"])).await
    }

    /// The ways back of a transfer, each with what it moved, newest first.
    pub async fn reversals_of(&self, transfer: &str, page: &Page) -> Result<List<Reversal>, StripeError> {
        let query = page.apply(Form::new()).expand(&["data.balance_transaction"]);
        self.get(&format!("/v1/transfers/{}/reversals", segment(transfer)), query).await
    }

    /// Every transfer of one payout: none proves that no attempt has reached Stripe, once the first one's time-out is well past.
    pub async fn transfers_in_group(&self, transfer_group: &str, page: &Page) -> Result<List<Transfer>, StripeError> {
        self.get("/v1/transfers", page.apply(Form::new().set("transfer_group", transfer_group))).await
    }
}
