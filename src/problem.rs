//! RFC 9457 `application/problem+json`: the only shape in which an error leaves this service.
use std::borrow::Cow;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};

/// Declares the registry: `Variant = status "stable-code" "Title"`. `api-spec/problems.md` is generated from it.
macro_rules! problems {
    ($($(#[$doc:meta])* $kind:ident = $status:literal $code:literal $title:literal),+ $(,)?) => {
        /// Every kind of problem a client can be told about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind),+ }

        impl Kind {
            pub const ALL: &[Self] = &[$(Self::$kind),+];
            /// Status, stable code (the end of the `type` URI), title.
            pub const fn parts(self) -> (u16, &'static str, &'static str) {
                match self { $(Self::$kind => ($status, $code, $title)),+ }
            }
        }
    };
}

problems! {
    // every surface
    InvalidBody = 400 "invalid-body" "The body cannot be read",
    InvalidQuery = 400 "invalid-query" "The query string cannot be used",
    InvalidCursor = 400 "invalid-cursor" "The cursor is not one of ours",
    Unauthenticated = 401 "unauthenticated" "Sign in first",
    Forbidden = 403 "forbidden" "Not allowed for you",
    NotFound = 404 "not-found" "No such thing",
    MethodNotAllowed = 405 "method-not-allowed" "Not a method of this address",
    NotAcceptable = 406 "not-acceptable" "Not to be had in a form that you accept",
    Conflict = 409 "conflict" "Not possible as things stand",
    PreconditionFailed = 412 "precondition-failed" "It changed since you read it",
    BodyTooLarge = 413 "body-too-large" "The body is too large",
    UnsupportedMedia = 415 "unsupported-media-type" "Not a media type that is read here",
    Invalid = 422 "invalid" "Some fields cannot be accepted",
    PreconditionRequired = 428 "precondition-required" "A precondition header is missing",
    TooManyRequests = 429 "too-many-requests" "Slow down",
    SlowBody = 408 "slow-body" "The body came too slowly",
    Internal = 500 "internal" "Internal error",
    Unavailable = 503 "unavailable" "Not available right now",
    // idempotency
    IdempotencyKeyMissing = 428 "idempotency-key-missing" "This call needs an Idempotency-Key",
    IdempotencyKeyReused = 422 "idempotency-key-reused" "The key was used with another body",
    IdempotencyInProgress = 409 "idempotency-in-progress" "The first call with this key is still running",
    // people
    BadCredentials = 401 "bad-credentials" "This identifier and this password do not belong together",
    DeadLink = 410 "dead-link" "The link was used, has expired, was withdrawn, or is not one of ours",
    AlreadyMember = 409 "already-member" "This person has this role already",
    LastOne = 409 "last-one" "Somebody must stay",
    // catalog
    PublishBlocked = 409 "publish-blocked" "The publish gate blocks this product",
    StockReserved = 409 "stock-reserved" "Orders hold more than that",
    OutOfStock = 409 "out-of-stock" "There is not enough of this",
    // carts, checkout
    CartIncomplete = 422 "cart-incomplete" "The cart is not complete",
    TotalChanged = 409 "total-changed" "The total is not what you expected",
    AlreadyPaid = 409 "already-paid" "This cart was paid for already",
    PaymentProviderUnknown = 503 "payment-provider-unknown" "The payment provider did not say what it did",
    PaymentProviderRefused = 502 "payment-provider-refused" "The payment provider refused",
    // refunds
    DueChanged = 409 "due-changed" "What is due for work and material is not what you expected",
    // item records
    AlreadyClaimed = 409 "already-claimed" "Somebody claimed this item before",
    NotEnoughPieces = 409 "not-enough-pieces" "The batch has not that many pieces left",
    PhotoReused = 409 "photo-reused" "This photo stands in another record",
    // payouts
    TwoPeopleNeeded = 409 "two-people-needed" "This needs a second person",
    ReferenceUsed = 409 "reference-used" "The reference belongs to another payout",
    // the members' fund
    MoreThanDecided = 409 "more-than-decided" "The members decided on less",
    MoreThanFund = 409 "more-than-fund" "The fund has less",
}

/// One field of the request that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the body, or the parameter's name.
    #[schema(example = "/lines/0/quantity")]
    pub pointer: String,
    /// Stable.
    #[schema(example = "out_of_range")]
    pub code: Cow<'static, str>,
    /// What was expected, in English.
    pub message: String,
}
impl FieldError {
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), message: message.into() }
    }
}

#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: Option<String>,
    errors: Vec<FieldError>,
    extra: serde_json::Map<String, serde_json::Value>,
    retry_after: Option<u64>,
}

/// What `Problem` looks like on the wire (for the OpenAPI document).
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    #[serde(rename = "type")]
    #[schema(example = "/problems/not-found")]
    pub kind: String,
    /// Stable: the end of `type`.
    #[schema(example = "not-found")]
    pub code: String,
    pub title: String,
    pub status: u16,
    pub detail: Option<String>,
    pub errors: Vec<FieldError>,
    /// Quote it to support: it finds the log line.
    pub request_id: Option<String>,
}

impl Problem {
    pub fn kind(&self) -> Kind {
        self.kind
    }
    /// `detail` is shown to the client: never pass it the text of a foreign error.
    pub fn with_detail(kind: Kind, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..kind.into() }
    }
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Kind::Invalid.into() }
    }
    pub fn field(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(pointer, code, message)])
    }
    /// An extension member, such as `available` beside a stock conflict.
    pub fn with(mut self, member: &str, value: impl serde::Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => drop(self.extra.insert(member.into(), value)),
            Err(error) => tracing::error!(%error, member, "a problem's member cannot be written"),
        }
        self
    }
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
    /// Logs the cause here, once, and tells the client nothing about it.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(cause), "internal error");
        Kind::Internal.into()
    }
}

/// An error with all its causes, on one line.
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));
impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), extra: serde_json::Map::new(), retry_after: None }
    }
}
/// The database's own failures mean the same everywhere: busy is 503, anything else is ours.
impl From<crate::db::DbError> for Problem {
    fn from(error: crate::db::DbError) -> Self {
        if error.busy() {
            tracing::warn!(error = %Chain(&error), "database busy");
            return Self::from(Kind::Unavailable).retry_after(1);
        }
        Self::internal(&error)
    }
}
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.parts().2)?;
        self.detail.as_ref().map_or(Ok(()), |d| write!(f, ": {d}"))
    }
}
impl std::error::Error for Problem {}
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.parts().0).expect("the registry holds HTTP statuses")
    }
    /// `request_id` is added by the telemetry middleware, which knows it.
    fn error_response(&self) -> HttpResponse {
        let (status, code, title) = self.kind.parts();
        let mut body = self.extra.clone();
        body.insert("type".into(), format!("/problems/{code}").into());
        body.insert("code".into(), code.into());
        body.insert("title".into(), title.into());
        body.insert("status".into(), status.into());
        body.insert("detail".into(), self.detail.clone().into());
        body.insert("errors".into(), serde_json::json!(self.errors));
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after {
            response.insert_header(("Retry-After", seconds.to_string()));
        }
        let mut response = response.content_type("application/problem+json").body(serde_json::Value::Object(body.clone()).to_string());
        response.extensions_mut().insert(ProblemBody(body));
        response
    }
}

/// The body beside its bytes, so that the middleware can add `request_id` without parsing.
pub struct ProblemBody(pub serde_json::Map<String, serde_json::Value>);

/// `api-spec/problems.md`.
pub fn catalogue() -> String {
    let mut text = String::from(
        "# Problems\n\nEvery error is `application/problem+json` (RFC 9457) with one of these stable codes. Generated; do not edit.\n\n| status | code | title |\n|---|---|---|\n",
    );
    for kind in Kind::ALL {
        let (status, code, title) = kind.parts();
        text.push_str(&format!("| {status} | `{code}` | {title} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn codes_are_unique_and_statuses_real() {
        let mut codes: Vec<_> = Kind::ALL.iter().map(|k| k.parts().1).collect();
        codes.sort_unstable();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all);
        for kind in Kind::ALL {
            assert!(Problem::from(*kind).status_code().as_u16() >= 400);
        }
    }
}
