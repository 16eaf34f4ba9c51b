//! Transfers to connected accounts, and their reversals. Nothing leaves that is not available.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::list::list;
use crate::params::Params;
use crate::resources::balance::Movement;
use crate::state::{Context, Metadata, Record, State, Table, find, find_mut, list_object};

/// How many reversals a transfer shows.
const SHOWN_REVERSALS: usize = 10;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub id: String,
    pub amount: i64,
    pub amount_reversed: i64,
    pub currency: String,
    pub destination: String,
    pub destination_payment: String,
    pub balance_transaction: String,
    pub transfer_group: Option<String>,
    pub description: Option<String>,
    /// In order of creation.
    pub reversals: Vec<Reversal>,
    pub metadata: Metadata,
    pub created: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reversal {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub transfer: String,
    pub balance_transaction: String,
    pub metadata: Metadata,
    pub created: i64,
}

/// `POST /v1/transfers`.
pub(crate) fn create(state: &mut State, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let amount = p.required_at_least("amount", 1)?;
    let currency = p.currency("currency")?;
    let destination = p.required("destination")?;
    let transfer_group = p.text("transfer_group");
    let description = p.text("description");
    let metadata = p.metadata("metadata")?;
    p.finish()?;
    let account = state
        .accounts
        .get(&destination)
        .ok_or_else(|| ApiError::invalid(Some("resource_missing"), format!("No such destination: '{destination}'"), Some("destination")))?;
    if !account.can_receive_transfers() {
        let message = "Your destination account needs to have at least one of the following capabilities enabled: transfers";
        return Err(ApiError::refused(Some("insufficient_capabilities_for_transfer"), message));
    }
    if state.available_in(&currency) < amount {
        let message = "You have insufficient available funds in your Stripe account.";
        return Err(ApiError::refused(Some("balance_insufficient"), message));
    }
    let id = state.id("tr_");
    let destination_payment = state.id("py_");
    let balance_transaction = state.move_balance(movement("transfer", -amount, &currency, &id), cx);
    let transfer = Transfer {
        id: id.clone(),
        amount,
        amount_reversed: 0,
        currency,
        destination,
        destination_payment,
        balance_transaction,
        transfer_group,
        description,
        reversals: Vec::new(),
        metadata,
        created: cx.now,
    };
    state.transfers.insert(id.clone(), transfer);
    state.emit_id("transfer.created", &id, cx);
    find(&state.transfers, &id, "id").map(Record::json)
}

/// `POST /v1/transfers/{id}/reversals`.
pub(crate) fn reverse(state: &mut State, transfer: &str, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let amount = p.at_least("amount", 1)?;
    p.text("description");
    let metadata = p.metadata("metadata")?;
    p.finish()?;
    let found = find(&state.transfers, transfer, "id")?;
    let left = found.amount - found.amount_reversed;
    let currency = found.currency.clone();
    let amount = amount.unwrap_or(left);
    if left == 0 {
        return Err(ApiError::refused(None, format!("Transfer {transfer} is already fully reversed.")));
    }
    if amount > left {
        let message = format!("Transfer reversal amount ({amount}) is greater than unreversed amount on transfer ({left})");
        return Err(ApiError { param: Some("amount".to_owned()), ..ApiError::refused(None, message) });
    }
    let id = state.id("trr_");
    let balance_transaction = state.move_balance(movement("transfer_refund", amount, &currency, &id), cx);
    let reversal = Reversal { id: id.clone(), amount, currency, transfer: transfer.to_owned(), balance_transaction, metadata, created: cx.now };
    let shown = reversal.json();
    let changed = find_mut(&mut state.transfers, transfer, "id")?;
    changed.amount_reversed += amount;
    changed.reversals.push(reversal.clone());
    state.reversals.insert(id, reversal);
    state.emit_id("transfer.reversed", transfer, cx);
    Ok(shown)
}

/// `GET /v1/transfers/{id}/reversals`.
pub(crate) fn list_reversals(state: &State, transfer: &str, p: &mut Params) -> Result<Value, ApiError> {
    let transfer = find(&state.transfers, transfer, "id")?;
    let table: Table<Reversal> = transfer.reversals.iter().map(|r| (r.id.clone(), r.clone())).collect();
    let mut page = list(&table, &[], p)?;
    page["url"] = json!(format!("/v1/transfers/{}/reversals", transfer.id));
    Ok(page)
}

fn movement<'a>(kind: &'a str, amount: i64, currency: &'a str, source: &'a str) -> Movement<'a> {
    Movement { kind, amount, fee: 0, currency, rate_micros: None, source: Some(source), at_once: true }
}

impl Record for Transfer {
    const NOUN: &'static str = "transfer";
    const PATH: &'static str = "/v1/transfers";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, name: &str) -> Option<&str> {
        match name {
            "transfer_group" => self.transfer_group.as_deref(),
            "destination" => Some(&self.destination),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        let reversals: Vec<Value> = self.reversals.iter().rev().take(SHOWN_REVERSALS).map(Record::json).collect();
        let shown = list_object(reversals, self.reversals.len() > SHOWN_REVERSALS, &format!("/v1/transfers/{}/reversals", self.id));
        json!({
            "id": self.id,
            "object": "transfer",
            "amount": self.amount,
            "amount_reversed": self.amount_reversed,
            "balance_transaction": self.balance_transaction,
            "created": self.created,
            "currency": self.currency,
            "description": self.description,
            "destination": self.destination,
            "destination_payment": self.destination_payment,
            "livemode": false,
            "metadata": self.metadata,
            "reversals": shown,
            "reversed": self.amount_reversed == self.amount,
            "source_transaction": null,
            "source_type": "card",
            "transfer_group": self.transfer_group,
        })
    }
}

impl Record for Reversal {
    const NOUN: &'static str = "transfer reversal";
    const PATH: &'static str = "/v1/transfers/reversals";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, _name: &str) -> Option<&str> {
        None
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "transfer_reversal",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "created": self.created,
            "currency": self.currency,
            "destination_payment_refund": null,
            "metadata": self.metadata,
            "source_refund": null,
            "transfer": self.transfer,
        })
    }
}
