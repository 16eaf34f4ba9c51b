//! Everything the sandbox knows: objects by kind, idempotency keys, faults, and what has yet to be told.
//!
//! One mutex guards it; each request is one critical section, so it is atomic. Nothing here does I/O or reads a clock.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::faults::Faults;
use crate::idempotency::SavedResult;
use crate::resources::accounts::Account;
use crate::resources::balance::BalanceTransaction;
use crate::resources::disputes::Dispute;
use crate::resources::events::Event;
use crate::resources::methods::PaymentMethod;
use crate::resources::payments::{Charge, PaymentIntent};
use crate::resources::payouts::Payout;
use crate::resources::prices::{Price, Product};
use crate::resources::refunds::Refund;
use crate::resources::sessions::Session;
use crate::resources::transfers::{Reversal, Transfer};
use crate::{Config, Counts};

/// Text to text, as Stripe keeps it.
pub(crate) type Metadata = BTreeMap<String, String>;

/// Objects of one kind by id. Ids rise with creation, so the order is creation order.
pub(crate) type Table<R> = BTreeMap<String, R>;

/// What an operation may know besides the state.
pub(crate) struct Context<'a> {
    /// Unix seconds by the configured clock.
    pub now: i64,
    pub config: &'a Config,
    /// Where a browser finds the sandbox.
    pub public_url: &'a str,
    /// The idempotency key of the request, recorded in its events.
    pub key: Option<&'a str>,
}

/// An object that Stripe shows.
pub(crate) trait Record {
    /// How an error names it.
    const NOUN: &'static str;
    /// Its collection's path, for lists.
    const PATH: &'static str;
    fn created(&self) -> i64;
    /// A field by which lists can be filtered.
    fn field(&self, name: &str) -> Option<&str>;
    fn json(&self) -> Value;
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// Makes ids differ between sandboxes: a database outlives a sandbox without a state file.
    seed: u64,
    counter: u64,
    pub sessions: Table<Session>,
    pub payment_intents: Table<PaymentIntent>,
    pub charges: Table<Charge>,
    pub balance_transactions: Table<BalanceTransaction>,
    pub refunds: Table<Refund>,
    /// A state file that was written before there were disputes has none.
    #[serde(default)]
    pub disputes: Table<Dispute>,
    #[serde(default)]
    pub payment_methods: Table<PaymentMethod>,
    #[serde(default)]
    pub products: Table<Product>,
    #[serde(default)]
    pub prices: Table<Price>,
    pub accounts: Table<Account>,
    pub transfers: Table<Transfer>,
    pub reversals: Table<Reversal>,
    pub payouts: Table<Payout>,
    pub events: Table<Event>,
    pub keys: BTreeMap<String, SavedResult>,
    /// When the oldest of them was first used.
    pub oldest_key: Option<i64>,
    /// Open sessions by the moment they expire.
    pub open_sessions: BTreeSet<(i64, String)>,
    /// Available funds per currency.
    pub available: BTreeMap<String, i64>,
    /// Balance transactions that are not available yet, by the moment they will be.
    pub maturing: BTreeSet<(i64, String)>,
    /// Events whose webhook is withheld until released, in order of creation.
    pub withheld: Vec<String>,
    /// The last moment that was looked at.
    #[serde(skip)]
    pub now: i64,
    #[serde(skip)]
    pub webhook_url: Option<String>,
    #[serde(skip)]
    pub faults: Faults,
    /// Events of the critical section under way, to be delivered after it.
    #[serde(skip)]
    pub outbox: Vec<String>,
    #[serde(skip)]
    pub counts: Counts,
    /// Whether the state file is behind.
    #[serde(skip)]
    pub dirty: bool,
}

impl State {
    pub fn new(seed: u64) -> State {
        State { seed, ..State::default() }
    }

    /// A new id: prefix, a rising number, and a digest that no other sandbox makes.
    pub fn id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        self.dirty = true;
        let digest = Sha256::digest([self.seed.to_be_bytes(), self.counter.to_be_bytes()].concat());
        let tail: String = digest.iter().take(7).map(|byte| format!("{byte:02x}")).collect();
        format!("{prefix}{:010}{tail}", self.counter)
    }

    /// Lets time pass: sessions expire, funds become available, old idempotency keys are forgotten.
    pub fn sweep(&mut self, cx: &Context) {
        self.now = cx.now;
        while let Some((at, id)) = self.maturing.first().filter(|(at, _)| *at <= cx.now).cloned() {
            self.maturing.remove(&(at, id.clone()));
            self.make_available(&id);
        }
        while let Some((_, id)) = self.open_sessions.first().filter(|(at, _)| *at <= cx.now).cloned() {
            self.expire_session(&id, cx);
        }
        crate::idempotency::prune(self, cx.now);
    }

    /// The object with this id, whatever its kind.
    pub fn render(&self, id: &str) -> Option<Value> {
        fn of<R: Record>(table: &Table<R>, id: &str) -> Option<Value> {
            table.get(id).map(Record::json)
        }
        let (prefix, _) = id.split_once('_')?;
        match prefix {
            "cs" => of(&self.sessions, id),
            "pi" => of(&self.payment_intents, id),
            "ch" => of(&self.charges, id),
            "txn" => of(&self.balance_transactions, id),
            "re" => of(&self.refunds, id),
            "du" => of(&self.disputes, id).map(|dispute| self.with_movements(dispute)),
            "pm" => of(&self.payment_methods, id),
            "prod" => of(&self.products, id),
            "price" => of(&self.prices, id),
            "acct" => of(&self.accounts, id),
            "tr" => of(&self.transfers, id),
            "trr" => of(&self.reversals, id),
            "po" => of(&self.payouts, id),
            "evt" => of(&self.events, id),
            _ => None,
        }
    }

    /// Stripe shows a dispute's balance transactions in full, and whether the time to answer is over.
    pub fn with_movements(&self, mut dispute: Value) -> Value {
        if let Some(Value::Array(ids)) = dispute.get_mut("balance_transactions") {
            for id in ids {
                let found = id.as_str().and_then(|id| self.render(id));
                *id = found.unwrap_or_default();
            }
        }
        let due_by = dispute["evidence_details"]["due_by"].as_i64();
        dispute["evidence_details"]["past_due"] = json!(due_by.is_some_and(|due_by| due_by <= self.now));
        dispute
    }

    /// The same of each in a list.
    pub fn with_all_movements(&self, mut list: Value) -> Value {
        if let Some(Value::Array(disputes)) = list.get_mut("data") {
            for dispute in disputes {
                *dispute = self.with_movements(dispute.take());
            }
        }
        list
    }

    /// Records that something happened to `object`, as it is now.
    pub fn emit(&mut self, kind: &str, object: Value, cx: &Context) {
        let id = self.id("evt_");
        let event = Event::new(id.clone(), kind, object, cx);
        self.events.insert(id.clone(), event);
        self.outbox.push(id);
    }

    /// Records that something happened to the object with this id, as it is now.
    pub fn emit_id(&mut self, kind: &str, id: &str, cx: &Context) {
        if let Some(object) = self.render(id) {
            self.emit(kind, object, cx);
        }
    }
}

/// Looks an object up for a request that names it as `param`.
pub(crate) fn find<'a, R: Record>(table: &'a Table<R>, id: &str, param: &str) -> Result<&'a R, ApiError> {
    table.get(id).ok_or_else(|| ApiError::no_such(R::NOUN, id, param))
}

/// Looks an object up in order to change it.
pub(crate) fn find_mut<'a, R: Record>(table: &'a mut Table<R>, id: &str, param: &str) -> Result<&'a mut R, ApiError> {
    table.get_mut(id).ok_or_else(|| ApiError::no_such(R::NOUN, id, param))
}

/// A list object around these.
pub(crate) fn list_object(data: Vec<Value>, has_more: bool, url: &str) -> Value {
    json!({"object": "list", "data": data, "has_more": has_more, "url": url})
}
