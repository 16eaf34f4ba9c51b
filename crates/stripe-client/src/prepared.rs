//! A request that can be stored before it is sent.

use serde::{Deserialize, Serialize};

use crate::form::Form;
use crate::transport::API_VERSION;

/// A POST, complete but for the account's key and the idempotency key. Store it in the same transaction as the operation it belongs
/// to, then give it to [`crate::Stripe::send`] as often as needed: the bytes are fixed here, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepared {
    /// Such as `/v1/refunds`. The method is always POST.
    pub path: String,
    /// The form, encoded.
    pub body: String,
    /// Replayed along with the body, so that an upgrade between two attempts changes nothing.
    pub api_version: String,
}

impl Prepared {
    pub(crate) fn post(path: impl Into<String>, form: Form) -> Prepared {
        Prepared { path: path.into(), body: form.finish(), api_version: API_VERSION.to_owned() }
    }
}
