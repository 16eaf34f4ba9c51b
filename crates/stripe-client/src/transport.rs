//! Sending a request and reading its answer: the only file that does I/O.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, header, redirect, retry};
use serde::de::DeserializeOwned;

use crate::error::{ConfigError, StripeError, refusal};
use crate::form::Form;
use crate::prepared::Prepared;

/// The version whose request and answer shapes these types follow (`info.version` of Stripe's published OpenAPI document).
pub const API_VERSION: &str = "2026-08-26.dahlia";

/// Where Stripe is when nothing else is configured.
pub const DEFAULT_BASE_URL: &str = "https://api.stripe.com";

/// How long one call may take, connecting included. Stripe's slow answers take some seconds; a caller holds a job lease of minutes,
/// and what lies beyond this is an outcome that is not known.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// How long a connection may take to open: a healthy one needs a fraction of a second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest answer that is read: a page of 100 expanded objects stays well under 2 MiB.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The longest idempotency key that Stripe takes.
const MAX_KEY_LENGTH: usize = 255;

/// A connection to one Stripe account. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Stripe {
    http: Client,
    key: String,
    base_url: String,
    timeout: Duration,
}

/// Never prints the key.
impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stripe").field("base_url", &self.base_url).field("live", &self.is_live()).finish_non_exhaustive()
    }
}

impl Stripe {
    /// `secret_key` is `sk_…` or `rk_…`; `base_url` is [`DEFAULT_BASE_URL`] or a sandbox's. A live key with any other address, or plain
    /// HTTP with anything but a test key, is refused: neither may ever leave by mistake.
    pub fn new(secret_key: &str, base_url: &str) -> Result<Stripe, ConfigError> {
        let base_url = base_url.trim_end_matches('/');
        if secret_key.is_empty() {
            return Err(ConfigError::EmptyKey);
        }
        if !secret_key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(ConfigError::MalformedKey);
        }
        let test_key = secret_key.starts_with("sk_test_") || secret_key.starts_with("rk_test_");
        let url = reqwest::Url::parse(base_url).map_err(|e| ConfigError::BaseUrl(format!("{base_url}: {e}")))?;
        match url.scheme() {
            "https" => {}
            "http" if test_key => {}
            "http" => {
                return Err(ConfigError::BaseUrl(format!("{base_url}: plain HTTP is only for test keys")));
            }
            other => {
                return Err(ConfigError::BaseUrl(format!("{base_url}: expected https, not {other}")));
            }
        }
        if !test_key && base_url != DEFAULT_BASE_URL {
            return Err(ConfigError::BaseUrl(format!("{base_url}: a live key goes to {DEFAULT_BASE_URL} only")));
        }
        let http = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .user_agent("haat")
            .build()
            .map_err(|e| ConfigError::Http(e.to_string()))?;
        Ok(Stripe { http, key: secret_key.to_owned(), base_url: base_url.to_owned(), timeout: TIMEOUT })
    }

    /// The same connection with another time-out, for a caller that waits less (a health check) or a test.
    pub fn with_timeout(mut self, timeout: Duration) -> Stripe {
        self.timeout = timeout;
        self
    }

    /// Whether real money moves.
    pub fn is_live(&self) -> bool {
        !(self.key.starts_with("sk_test_") || self.key.starts_with("rk_test_"))
    }

    /// Posts the stored bytes. Sending the same `prepared` with the same key again returns the first attempt's result for as long as
    /// Stripe keeps it (24 h; replay for less than 23 h). `T` is what the request creates, such as [`crate::Session`].
    pub async fn send<T: DeserializeOwned>(&self, prepared: &Prepared, idempotency_key: &str) -> Result<T, StripeError> {
        let well_formed =
            !idempotency_key.is_empty() && idempotency_key.len() <= MAX_KEY_LENGTH && idempotency_key.bytes().all(|b| b.is_ascii_graphic());
        if !well_formed {
            return Err(StripeError::Invalid(format!("an idempotency key is 1 to {MAX_KEY_LENGTH} printable ASCII characters")));
        }
        let request = self
            .request(Method::POST, &format!("{}{}", self.base_url, prepared.path), &prepared.api_version)
            .header("Idempotency-Key", idempotency_key)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(prepared.body.clone());
        self.exchange(request).await
    }

    /// Reads one object or one page.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: Form) -> Result<T, StripeError> {
        let query = query.finish();
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{separator}{query}", self.base_url);
        self.exchange(self.request(Method::GET, &url, API_VERSION)).await
    }

    fn request(&self, method: Method, url: &str, version: &str) -> RequestBuilder {
        self.http.request(method, url).bearer_auth(&self.key).header("Stripe-Version", version).timeout(self.timeout)
    }

    /// One attempt. Whatever prevents a whole answer from arriving is `Unknown`: the request may have been carried out.
    async fn exchange<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, StripeError> {
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(StripeError::Decode(format!("an answer of more than {MAX_ANSWER_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        if status == StatusCode::OK {
            return serde_json::from_slice(&body).map_err(|e| StripeError::Decode(e.to_string()));
        }
        Err(refusal(status.as_u16(), &body, retry_after.map(Duration::from_secs)))
    }
}

fn lost(error: reqwest::Error) -> StripeError {
    let reason = if error.is_timeout() { "no answer in time" } else { "connection lost" };
    // Without the URL: an object's id is nobody's business in a log.
    StripeError::Unknown(format!("{reason}: {}", error.without_url()))
}

/// The ring provider and Mozilla's roots, given explicitly, so that nothing depends on a process-wide default.
fn tls() -> Result<rustls::ClientConfig, ConfigError> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|e| ConfigError::Http(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_key_goes_to_stripe_only_and_a_key_never_leaves_in_the_clear_unless_it_is_a_test_key() {
        assert!(Stripe::new("sk_live_1", DEFAULT_BASE_URL).is_ok_and(|s| s.is_live()));
        assert!(Stripe::new("sk_test_1", "http://127.0.0.1:9").is_ok_and(|s| !s.is_live()));
        assert!(matches!(Stripe::new("sk_live_1", "http://127.0.0.1:9"), Err(ConfigError::BaseUrl(_))));
        assert!(matches!(Stripe::new("sk_live_1", "https://stripe.example"), Err(ConfigError::BaseUrl(_))));
        assert!(matches!(Stripe::new("sk_test_1", "ftp://stripe.example"), Err(ConfigError::BaseUrl(_))));
        assert!(matches!(Stripe::new("", DEFAULT_BASE_URL), Err(ConfigError::EmptyKey)));
        assert!(matches!(Stripe::new("sk_test_1\n", DEFAULT_BASE_URL), Err(ConfigError::MalformedKey)));
    }

    #[test]
    fn a_key_is_never_printed() {
        let stripe = Stripe::new("sk_test_canary", DEFAULT_BASE_URL).unwrap();
        assert!(!format!("{stripe:?}").contains("canary"));
    }
}
