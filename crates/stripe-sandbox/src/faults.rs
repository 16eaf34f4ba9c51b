//! Faults on demand: what the outside world does, when a test or a person asks for it.

use serde::{Deserialize, Serialize};

use crate::routes::Operation;

/// A fault in answering an API operation. It applies to the next `times` requests of that operation, replays included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub operation: Operation,
    pub kind: FaultKind,
    #[serde(default = "once")]
    pub times: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// The connection is lost before Stripe does anything.
    DropBefore,
    /// Stripe carries the request out, keeps the result, and the connection is lost before the answer.
    DropAfter,
    /// A 500 before anything is done, kept under the key and replayed.
    ServerErrorBefore,
    /// A 500 although everything was done, kept under the key and replayed.
    ServerErrorAfter,
    /// Too many requests: nothing is done and nothing kept.
    RateLimited { retry_after_seconds: u32 },
    /// Nothing is done, and the refusal is kept: a `card_error` with 402, an `invalid_request_error` otherwise.
    Refused { status: u16, code: String, message: String },
    /// The answer waits this long (real time) after everything was done.
    Delay { milliseconds: u64 },
    /// The answer waits after everything was done, until `release_held`.
    Hold,
    /// The webhooks of what was done arrive, and are answered, before this answer leaves.
    WebhookEarly,
    /// A refund starts as `pending`; it is decided by `settle_refund`.
    RefundPending,
}

/// A fault in delivering webhooks. It applies to the next `times` events of that type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookFault {
    /// An event type, or `*` for any.
    pub event: String,
    pub kind: WebhookFaultKind,
    #[serde(default = "once")]
    pub times: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WebhookFaultKind {
    /// Delivered this much later (real time).
    Late { milliseconds: u64 },
    /// Delivered twice.
    Doubled,
    /// The events of one change are delivered in another order, chosen by `seed`.
    Shuffled { seed: u64 },
    /// Not delivered until `deliver_withheld`.
    Withheld,
}

/// What is asked for and not yet used up.
#[derive(Default)]
pub(crate) struct Faults {
    pub operations: Vec<Fault>,
    pub webhooks: Vec<WebhookFault>,
    /// How many of the next charges have no balance transaction at first, as under Stripe's asynchronous capture.
    pub late_balances: u32,
}

fn once() -> u32 {
    1
}

impl Faults {
    /// All faults that apply to this request; each counts down.
    pub fn take(&mut self, operation: Operation) -> Vec<FaultKind> {
        let mut taken = Vec::new();
        for fault in self.operations.iter_mut().filter(|fault| fault.operation == operation && fault.times > 0) {
            fault.times -= 1;
            taken.push(fault.kind.clone());
        }
        self.operations.retain(|fault| fault.times > 0);
        taken
    }

    /// All faults that apply to this event's delivery; each counts down.
    pub fn take_webhook(&mut self, event: &str) -> Vec<WebhookFaultKind> {
        let mut taken = Vec::new();
        for fault in self.webhooks.iter_mut().filter(|f| (f.event == "*" || f.event == event) && f.times > 0) {
            fault.times -= 1;
            taken.push(fault.kind.clone());
        }
        self.webhooks.retain(|fault| fault.times > 0);
        taken
    }

    /// Whether the next charge's balance transaction is late.
    pub fn take_late_balance(&mut self) -> bool {
        let late = self.late_balances > 0;
        self.late_balances = self.late_balances.saturating_sub(1);
        late
    }
}

/// Another order of `items`, the same for the same seed; for two or more items never the one they came in.
pub(crate) fn shuffle<T: PartialEq + Clone>(items: &mut [T], seed: u64) {
    let before = items.to_vec();
    let mut x = seed | 1;
    for i in (1..items.len()).rev() {
        // xorshift64: any mixing will do, it only has to be repeatable.
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        let j = usize::try_from(x % (i as u64 + 1)).unwrap_or_default();
        items.swap(i, j);
    }
    if items.len() > 1 && items == before {
        items.rotate_left(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_counts_down_and_keeps_to_its_operation() {
        let mut faults = Faults::default();
        faults.operations.push(Fault { operation: Operation::CreateRefund, kind: FaultKind::Hold, times: 2 });
        assert_eq!(faults.take(Operation::CreateTransfer), []);
        assert_eq!(faults.take(Operation::CreateRefund), [FaultKind::Hold]);
        assert_eq!(faults.take(Operation::CreateRefund), [FaultKind::Hold]);
        assert_eq!(faults.take(Operation::CreateRefund), []);
    }

    #[test]
    fn a_shuffle_is_repeatable_and_moves_something() {
        for seed in 0..50 {
            let (mut a, mut b) = ([1, 2, 3], [1, 2, 3]);
            shuffle(&mut a, seed);
            shuffle(&mut b, seed);
            assert_eq!(a, b);
            assert_ne!(a, [1, 2, 3]);
        }
    }
}
