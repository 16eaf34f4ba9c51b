//! Webhooks: signed events, delivered in the background, tried again when the receiver does not take them.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::faults::{WebhookFaultKind, shuffle};
use crate::server::Shared;
use crate::state::{Record, State};

/// How long after a change its webhooks leave: later than the answer to the request that made it, which is what `WebhookEarly` turns round.
const AFTER_ANSWER: Duration = Duration::from_millis(20);

/// How long a receiver may take.
const RECEIVER_TIMEOUT: Duration = Duration::from_secs(10);

/// When a webhook is tried again (real time). Stripe keeps on for three days; here a person or a test is waiting.
const RETRIES: [Duration; 5] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];

/// The events of one change, in the order in which they are to be delivered, each after a wait of its own.
pub(crate) type Batch = Vec<(String, Duration)>;

/// Turns the outbox into deliveries, with the faults that apply. Withheld events wait in the state.
pub(crate) fn take_batch(state: &mut State) -> Batch {
    let mut batch = Batch::new();
    let mut seeds = Vec::new();
    for id in std::mem::take(&mut state.outbox) {
        let kind = state.events.get(&id).map(|event| event.kind.clone()).unwrap_or_default();
        let (mut wait, mut copies, mut withheld) = (Duration::ZERO, 1, false);
        for fault in state.faults.take_webhook(&kind) {
            match fault {
                WebhookFaultKind::Late { milliseconds } => wait += Duration::from_millis(milliseconds),
                WebhookFaultKind::Doubled => copies += 1,
                WebhookFaultKind::Shuffled { seed } => seeds.push(seed),
                WebhookFaultKind::Withheld => withheld = true,
            }
        }
        if withheld {
            state.withheld.push(id);
        } else {
            batch.extend(std::iter::repeat_n((id, wait), copies));
        }
    }
    for seed in seeds {
        shuffle(&mut batch, seed);
    }
    batch
}

/// Delivers a batch in the background, one after the other.
pub(crate) fn spawn(shared: &Arc<Shared>, batch: Batch, wait: Duration) {
    if batch.is_empty() {
        return;
    }
    let pending = shared.deliveries.begin();
    let shared = Arc::clone(shared);
    shared.runtime.clone().spawn(async move {
        let _pending = pending;
        tokio::time::sleep(wait).await;
        deliver_now(&shared, batch).await;
    });
}

/// Delivers a change's webhooks in the background, after its answer has left.
pub(crate) fn spawn_after_answer(shared: &Arc<Shared>, batch: Batch) {
    spawn(shared, batch, AFTER_ANSWER);
}

/// Delivers a batch and waits for the receiver's answers. What is not taken is tried again in the background.
pub(crate) async fn deliver_now(shared: &Arc<Shared>, batch: Batch) {
    for (id, wait) in batch {
        tokio::time::sleep(wait).await;
        if !attempt(shared, &id).await {
            retry_later(shared, id);
        }
    }
}

fn retry_later(shared: &Arc<Shared>, id: String) {
    let pending = shared.deliveries.begin();
    let shared = Arc::clone(shared);
    shared.runtime.clone().spawn(async move {
        let _pending = pending;
        for wait in RETRIES {
            tokio::time::sleep(wait).await;
            if attempt(&shared, &id).await {
                return;
            }
        }
    });
}

/// One attempt. Whether there is nothing left to do.
async fn attempt(shared: &Arc<Shared>, id: &str) -> bool {
    let (url, body) = {
        let mut state = shared.lock();
        let Some(url) = state.webhook_url.clone() else {
            return true;
        };
        let Some(event) = state.events.get(id) else {
            return true;
        };
        let body = format!("{:#}", event.json());
        state.counts.webhooks_sent += 1;
        (url, body)
    };
    shared.recording.webhook(&body);
    let signature = sign(body.as_bytes(), &shared.config.webhook_secret, (shared.config.clock)());
    let request = shared
        .http
        .post(url)
        .header("Content-Type", "application/json; charset=utf-8")
        .header("Stripe-Signature", signature)
        .header("User-Agent", "Stripe/1.0 (sandbox)")
        .timeout(RECEIVER_TIMEOUT)
        .body(body);
    let taken = request.send().await.is_ok_and(|response| response.status().is_success());
    if taken {
        let mut state = shared.lock();
        state.counts.webhooks_taken += 1;
        state.dirty = true;
        if let Some(event) = state.events.get_mut(id) {
            event.pending_webhooks = 0;
        }
    }
    taken
}

/// The `Stripe-Signature` header: HMAC-SHA256 of time, dot and body. Written apart from the client's, so that the two can disagree.
fn sign(body: &[u8], secret: &str, unix: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{unix}.").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={unix},v1={hex}")
}
