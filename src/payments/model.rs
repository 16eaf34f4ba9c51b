//! Operations and what can come of an attempt. Pure.
use jiff::SignedDuration;
use stripe_client::StripeError;

text_enum! {
    pub enum Kind { Session = "session", Refund = "refund", Transfer = "transfer", Reversal = "reversal", Evidence = "evidence" }
}
text_enum! { as PaymentState,
    pub enum State { Pending = "pending", Unknown = "unknown", Succeeded = "succeeded", Rejected = "rejected" }
}

/// Stripe keeps a key's result for 24 hours; past that the same bytes would be a second payment. One hour is kept for clocks and queues.
pub const REPLAY_FOR: SignedDuration = SignedDuration::from_hours(23);

/// What came of sending an operation.
#[derive(Debug)]
pub enum Attempt<T> {
    Done(T),
    /// The provider did nothing, and said why.
    Rejected(Refusal),
    /// It may or may not have been done: send the same again.
    Unknown {
        why: String,
    },
    /// Nothing was done and nothing is wrong: send the same again later.
    Later,
    /// The key's memory is running out: whoever owns the operation must look it up instead.
    TooLate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub message: String,
}

/// The provider cannot be asked right now, or did not say what it did.
#[derive(Debug, thiserror::Error)]
#[error("the payment provider did not say: {0}")]
pub struct Unavailable(pub String);

pub(super) fn judge<T>(error: StripeError) -> Attempt<T> {
    match error {
        StripeError::Rejected { code, kind, message, .. } => Attempt::Rejected(Refusal { code: code.unwrap_or(kind), message }),
        StripeError::NotFound(message) => Attempt::Rejected(Refusal { code: "not_found".into(), message }),
        StripeError::Invalid(message) => Attempt::Rejected(Refusal { code: "invalid".into(), message }),
        StripeError::RateLimited { .. } => Attempt::Later,
        // Decode: it was carried out, we just cannot read how. KeyReused: it says nothing about the first use.
        StripeError::Unknown(why) | StripeError::Decode(why) | StripeError::KeyReused(why) => Attempt::Unknown { why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn what_is_not_known_is_not_a_failure() {
        assert!(matches!(judge::<()>(StripeError::Unknown("time-out".into())), Attempt::Unknown { .. }));
        assert!(matches!(judge::<()>(StripeError::Decode("half".into())), Attempt::Unknown { .. }));
        assert!(matches!(judge::<()>(StripeError::RateLimited { retry_after: None }), Attempt::Later));
        assert!(matches!(judge::<()>(StripeError::NotFound("x".into())), Attempt::Rejected(_)));
    }
}
