//! Events: Stripe's news. A doorbell, not data: state comes from fetching the object it names.

use serde::Deserialize;

use crate::StripeError;
use crate::form::{Form, segment};
use crate::list::{List, Page};
use crate::transport::Stripe;

/// A piece of news, from a webhook or from the list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Event {
    pub id: String,
    /// Such as `checkout.session.completed`.
    #[serde(rename = "type")]
    pub kind: String,
    pub created: i64,
    pub livemode: bool,
    /// The connected account it happened in, if not our own.
    pub account: Option<String>,
    #[serde(default)]
    pub pending_webhooks: i64,
    pub data: EventData,
}

/// The object as it was at the time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EventData {
    pub object: serde_json::Value,
}

impl Event {
    /// Reads a webhook's body. Only after [`crate::verify_signature`] has passed over the same bytes.
    pub fn parse(payload: &[u8]) -> Result<Event, StripeError> {
        serde_json::from_slice(payload).map_err(|e| StripeError::Decode(e.to_string()))
    }

    /// The id of the object to fetch.
    pub fn object_id(&self) -> Option<&str> {
        self.data.object.get("id").and_then(|id| id.as_str())
    }
}

impl Stripe {
    pub async fn event(&self, id: &str) -> Result<Event, StripeError> {
        self.get(&format!("/v1/events/{}", segment(id)), Form::new()).await
    }

    /// Events created at or after `from`, newest first: how a sweeper learns what no webhook told it. Stripe keeps 30 days.
    pub async fn events_since(&self, from: i64, page: &Page) -> Result<List<Event>, StripeError> {
        self.get("/v1/events", page.apply(Form::new().set("created[gte]", from))).await
    }
}
