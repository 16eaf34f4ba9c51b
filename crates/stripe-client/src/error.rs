//! What can come of a call, told apart by what the caller may do next.

use std::time::Duration;

use serde::Deserialize;

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    /// No answer, a cut-off answer, a 5xx, or a 409 (the same key is being worked on): the request may or may not have been carried
    /// out. Replay the same bytes under the same key, or look the object up; never use a new key.
    #[error("the outcome is not known: {0}")]
    Unknown(String),
    /// Stripe answered and did nothing. `kind` is Stripe's error type, such as `card_error` or `invalid_request_error`.
    #[error("Stripe refused ({status} {kind}{}): {message}", code.as_deref().map(|c| format!(" {c}")).unwrap_or_default())]
    Rejected { status: u16, kind: String, code: Option<String>, message: String, param: Option<String> },
    /// The key was first used with other parameters: a mistake of ours, which says nothing about what became of the first use.
    #[error("the idempotency key was first used with other parameters: {0}")]
    KeyReused(String),
    /// Too many requests, or a lock on the object: nothing was done; the same bytes and key may be sent again later.
    #[error("Stripe asks to slow down")]
    RateLimited { retry_after: Option<Duration> },
    /// There is no such object in this account and mode.
    #[error("Stripe has no such object: {0}")]
    NotFound(String),
    /// Stripe answered with success, and the answer could not be read: the request **was** carried out.
    #[error("Stripe's answer could not be read: {0}")]
    Decode(String),
    /// The request was not sent, because it is not one.
    #[error("not sent: {0}")]
    Invalid(String),
}

/// Why a client could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the Stripe secret key is empty")]
    EmptyKey,
    #[error("the Stripe secret key holds a character that no Stripe key has")]
    MalformedKey,
    #[error("the Stripe base URL cannot be used: {0}")]
    BaseUrl(String),
    #[error("the HTTP client could not be set up: {0}")]
    Http(String),
}

#[derive(Deserialize)]
struct Envelope {
    error: Body,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default, rename = "type")]
    kind: String,
    code: Option<String>,
    #[serde(default)]
    message: String,
    param: Option<String>,
}

/// Classifies an answer that is not 200. An unreadable body keeps the status: a proxy's 502 page is still `Unknown`.
pub(crate) fn refusal(status: u16, body: &[u8], retry_after: Option<Duration>) -> StripeError {
    let Body { kind, code, message, param } = match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) => envelope.error,
        Err(_) => Body { kind: String::new(), code: None, message: format!("HTTP {status}"), param: None },
    };
    match status {
        409 | 500.. => StripeError::Unknown(format!("HTTP {status}: {message}")),
        429 => StripeError::RateLimited { retry_after },
        404 => StripeError::NotFound(message),
        _ if kind == "idempotency_error" => StripeError::KeyReused(message),
        _ => StripeError::Rejected { status, kind, code, message, param },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_apart_by_what_may_be_done_next() {
        let json = |kind: &str| format!(r#"{{"error":{{"type":"{kind}","code":"c","message":"m","param":"p"}}}}"#);
        let of = |status, kind: &str| refusal(status, json(kind).as_bytes(), Some(Duration::from_secs(2)));
        assert!(matches!(of(500, "api_error"), StripeError::Unknown(_)));
        assert!(matches!(of(409, "idempotency_error"), StripeError::Unknown(_)));
        assert_eq!(of(429, "invalid_request_error"), StripeError::RateLimited { retry_after: Some(Duration::from_secs(2)) });
        assert!(matches!(of(404, "invalid_request_error"), StripeError::NotFound(_)));
        assert!(matches!(of(400, "idempotency_error"), StripeError::KeyReused(_)));
        assert!(matches!(of(402, "card_error"), StripeError::Rejected { status: 402, .. }));
        assert!(matches!(refusal(502, b"<html>", None), StripeError::Unknown(_)));
        assert!(matches!(refusal(400, b"<html>", None), StripeError::Rejected { status: 400, .. }));
    }
}
