//! Events: what happened, with the object as it was then.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::API_VERSION;
use crate::state::{Context, Record};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub id: String,
    pub kind: String,
    pub object: Value,
    pub created: i64,
    /// Webhooks not yet accepted by the receiver: 1 or 0.
    pub pending_webhooks: u8,
    /// The idempotency key of the request that caused it.
    pub key: Option<String>,
}

impl Event {
    pub fn new(id: String, kind: &str, object: Value, cx: &Context) -> Event {
        let key = cx.key.map(str::to_owned);
        Event { id, kind: kind.to_owned(), object, created: cx.now, pending_webhooks: 1, key }
    }
}

impl Record for Event {
    const NOUN: &'static str = "event";
    const PATH: &'static str = "/v1/events";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, name: &str) -> Option<&str> {
        match name {
            "type" => Some(&self.kind),
            "delivery_success" => Some(if self.pending_webhooks == 0 { "true" } else { "false" }),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "event",
            "api_version": API_VERSION,
            "created": self.created,
            "data": {"object": self.object},
            "livemode": false,
            "pending_webhooks": self.pending_webhooks,
            "request": {"id": null, "idempotency_key": self.key},
            "type": self.kind,
        })
    }
}
