//! Refusals in Stripe's shape.

use serde_json::{Value, json};

/// The message of a declined card, as Stripe words it.
pub(crate) const DECLINED: &str = "Your card was declined.";

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub status: u16,
    pub kind: &'static str,
    pub code: Option<String>,
    pub message: String,
    pub param: Option<String>,
    /// Whether execution had begun. Stripe keeps such results under the idempotency key; a request refused by validation leaves its
    /// key unused.
    pub saved: bool,
    /// What a declined card adds: the charge, the payment, why.
    pub about: Option<Box<Value>>,
}

impl ApiError {
    /// Validation: nothing was begun.
    pub fn invalid(code: Option<&str>, message: impl Into<String>, param: Option<&str>) -> ApiError {
        ApiError {
            status: 400,
            kind: "invalid_request_error",
            code: code.map(str::to_owned),
            message: message.into(),
            param: param.map(str::to_owned),
            saved: false,
            about: None,
        }
    }

    /// The objects' state forbids it: execution had begun.
    pub fn refused(code: Option<&str>, message: impl Into<String>) -> ApiError {
        ApiError { saved: true, ..ApiError::invalid(code, message, None) }
    }

    /// The buyer's bank said no.
    pub fn declined(about: Value) -> ApiError {
        let error = ApiError::refused(Some("card_declined"), DECLINED);
        ApiError { status: 402, kind: "card_error", about: Some(Box::new(about)), ..error }
    }

    pub fn missing(param: &str) -> ApiError {
        ApiError::invalid(Some("parameter_missing"), format!("Missing required param: {param}."), Some(param))
    }

    pub fn no_such(noun: &str, id: &str, param: &str) -> ApiError {
        let error = ApiError::invalid(Some("resource_missing"), format!("No such {noun}: '{id}'"), Some(param));
        ApiError { status: 404, ..error }
    }

    pub fn unauthorized(message: &str) -> ApiError {
        ApiError { status: 401, ..ApiError::invalid(None, message, None) }
    }

    pub fn unrecognized(method: &str, path: &str) -> ApiError {
        let message = format!("Unrecognized request URL ({method}: {path}). The sandbox speaks the part of Stripe's API that Haat uses.");
        ApiError { status: 404, ..ApiError::invalid(None, message, None) }
    }

    pub fn key_reused(key: &str) -> ApiError {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key \
             other than '{key}' if you meant to execute a different request."
        );
        ApiError { kind: "idempotency_error", ..ApiError::invalid(None, message, None) }
    }

    pub fn key_in_use(key: &str) -> ApiError {
        let message = format!("There is currently another in-progress request using this Idempotent Key: {key}");
        let error = ApiError::invalid(Some("idempotency_key_in_use"), message, None);
        ApiError { status: 409, kind: "idempotency_error", ..error }
    }

    pub fn too_many() -> ApiError {
        ApiError { status: 429, ..ApiError::invalid(Some("rate_limit"), "Request rate limit exceeded.", None) }
    }

    pub fn server() -> ApiError {
        let message = "An unknown error occurred (asked for by a fault).";
        ApiError { status: 500, kind: "api_error", ..ApiError::refused(None, message) }
    }

    pub fn body(&self) -> Value {
        let mut error = json!({"type": self.kind, "message": self.message});
        if let Some(code) = &self.code {
            error["code"] = json!(code);
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        if let Some(Value::Object(about)) = self.about.as_deref() {
            for (name, value) in about {
                error[name.as_str()] = value.clone();
            }
        }
        json!({"error": error})
    }
}
