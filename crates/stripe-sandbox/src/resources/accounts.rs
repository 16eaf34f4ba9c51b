//! Connected accounts and the links by which their holders introduce themselves.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::params::Params;
use crate::state::{Context, Metadata, Record, State, find};

/// How long an account link works.
const LINK_SECONDS: i64 = 300;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub id: String,
    pub kind: String,
    pub country: String,
    pub email: Option<String>,
    /// Whether the transfers capability was asked for.
    pub transfers: bool,
    /// Whether the holder has told Stripe everything.
    pub onboarded: bool,
    pub return_url: Option<String>,
    pub metadata: Metadata,
    pub created: i64,
}

impl Account {
    pub fn can_receive_transfers(&self) -> bool {
        self.transfers && self.onboarded
    }
}

/// `POST /v1/accounts`.
pub(crate) fn create(state: &mut State, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let kind = p.choice("type", &["custom", "express", "standard"])?.unwrap_or_else(|| "standard".to_owned());
    let country = p.text("country").unwrap_or_else(|| "US".to_owned());
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(ApiError::invalid(Some("country_unsupported"), format!("{country} is not currently supported by Stripe"), Some("country")));
    }
    let email = p.text("email");
    let transfers = p.boolean("capabilities[transfers][requested]")?.unwrap_or(false);
    let metadata = p.metadata("metadata")?;
    p.finish()?;
    let id = state.id("acct_");
    let account = Account { id: id.clone(), kind, country, email, transfers, onboarded: false, return_url: None, metadata, created: cx.now };
    state.accounts.insert(id.clone(), account);
    find(&state.accounts, &id, "id").map(Record::json)
}

/// `POST /v1/account_links`.
pub(crate) fn create_link(state: &mut State, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let account = p.required("account")?;
    p.required_url("refresh_url")?;
    let return_url = p.required_url("return_url")?;
    p.choice("type", &["account_onboarding", "account_update"])?.ok_or_else(|| ApiError::missing("type"))?;
    p.finish()?;
    let account = state.accounts.get_mut(&account).ok_or_else(|| ApiError::no_such(Account::NOUN, &account, "account"))?;
    account.return_url = Some(return_url);
    state.dirty = true;
    let url = format!("{}/c/onboard/{}", cx.public_url, account.id);
    Ok(json!({"object": "account_link", "created": cx.now, "expires_at": cx.now + LINK_SECONDS, "url": url}))
}

impl State {
    /// The holder has told Stripe everything. Gives whether there is such an account.
    pub fn onboard(&mut self, id: &str, cx: &Context) -> bool {
        let Some(account) = self.accounts.get_mut(id) else {
            return false;
        };
        account.onboarded = true;
        self.emit_id("account.updated", id, cx);
        true
    }
}

impl Record for Account {
    const NOUN: &'static str = "account";
    const PATH: &'static str = "/v1/accounts";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, _name: &str) -> Option<&str> {
        None
    }

    fn json(&self) -> Value {
        let due: &[&str] = if self.onboarded { &[] } else { &["external_account", "tos_acceptance.date"] };
        let requirements = json!({
            "alternatives": [], "current_deadline": null, "currently_due": due, "errors": [], "eventually_due": due,
            "disabled_reason": (!self.onboarded).then_some("requirements.past_due"), "past_due": due, "pending_verification": [],
        });
        let capabilities = match (self.transfers, self.onboarded) {
            (false, _) => json!({}),
            (true, false) => json!({"transfers": "inactive"}),
            (true, true) => json!({"transfers": "active"}),
        };
        json!({
            "id": self.id,
            "object": "account",
            "business_profile": null,
            "business_type": null,
            "capabilities": capabilities,
            "charges_enabled": self.onboarded,
            "country": self.country,
            "created": self.created,
            "details_submitted": self.onboarded,
            "email": self.email,
            "external_accounts": {
                "object": "list", "data": [], "has_more": false, "url": format!("/v1/accounts/{}/external_accounts", self.id),
            },
            "future_requirements": {
                "alternatives": [], "current_deadline": null, "currently_due": [], "disabled_reason": null, "errors": [],
                "eventually_due": [], "past_due": [], "pending_verification": [],
            },
            "metadata": self.metadata,
            "payouts_enabled": self.onboarded,
            "requirements": requirements,
            "tos_acceptance": {"date": null, "ip": null, "user_agent": null},
            "type": self.kind,
        })
    }
}
