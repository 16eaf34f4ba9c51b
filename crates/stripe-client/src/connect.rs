//! Connected accounts: where a cooperative with a Stripe account is paid.

use serde::Deserialize;

use crate::form::{Form, segment};
use crate::prepared::Prepared;
use crate::transport::Stripe;
use crate::{Metadata, StripeError};

/// An Express account that may receive transfers. Stripe asks the holder for everything else on a page of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateAccount {
    /// Two letters, ISO 3166-1.
    pub country: String,
    pub email: Option<String>,
    pub metadata: Metadata,
}

impl CreateAccount {
    pub fn prepare(&self) -> Prepared {
        let form = Form::new()
            .set("type", "express")
            .set("country", &self.country)
            .set_some("email", self.email.as_deref())
            .set("capabilities[transfers][requested]", true);
        Prepared::post("/v1/accounts", form.metadata("metadata", &self.metadata))
    }
}

/// A single-use address at which the holder tells Stripe who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateAccountLink {
    pub account: String,
    /// Where Stripe sends the holder when the link is used up: it should make a new one.
    pub refresh_url: String,
    /// Where Stripe sends the holder afterwards, finished or not.
    pub return_url: String,
}

impl CreateAccountLink {
    pub fn prepare(&self) -> Prepared {
        let form = Form::new()
            .set("account", &self.account)
            .set("refresh_url", &self.refresh_url)
            .set("return_url", &self.return_url)
            .set("type", "account_onboarding");
        Prepared::post("/v1/account_links", form)
    }
}

/// A connected account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    pub id: String,
    pub country: Option<String>,
    pub default_currency: Option<String>,
    #[serde(default)]
    pub details_submitted: bool,
    #[serde(default)]
    pub charges_enabled: bool,
    #[serde(default)]
    pub payouts_enabled: bool,
    #[serde(default)]
    pub capabilities: Capabilities,
    #[serde(default)]
    pub requirements: Requirements,
    #[serde(default)]
    pub metadata: Metadata,
}

impl Account {
    /// Whether a transfer to it would be taken.
    pub fn can_receive_transfers(&self) -> bool {
        self.capabilities.transfers.as_deref() == Some("active")
    }
}

/// `active`, `pending` or `inactive`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Capabilities {
    pub transfers: Option<String>,
}

/// What Stripe still wants to know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Requirements {
    #[serde(default)]
    pub currently_due: Option<Vec<String>>,
    pub disabled_reason: Option<String>,
}

/// The address, for the holder alone; it is not stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccountLink {
    pub url: String,
    pub expires_at: i64,
}

impl Stripe {
    pub async fn account(&self, id: &str) -> Result<Account, StripeError> {
        self.get(&format!("/v1/accounts/{}", segment(id)), Form::new()).await
    }
}
