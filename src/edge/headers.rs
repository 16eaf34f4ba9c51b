//! What browsers are told: who else's page may call us, and what they must not do with an answer.
use actix_cors::Cors;
use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{RequestHead, ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web,
};

use crate::app::App;

/// What anyone's page may read: no answer here depends on who asks. (What does, needs a token in a header, and the allow-list.)
const OPEN: &[&str] = &["/v1/store/", "/v1/provenance/", "/media/", "/i/", "/log/", "/openapi.json"];
const TOKENS: &[&str] = &["/v1/store/carts", "/v1/store/checkout", "/v1/store/orders"];
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const SENT: &[&str] = &[
    "Authorization",
    "Content-Type",
    "Accept-Language",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Cart-Token",
    "X-Order-Token",
    "X-Request-Id",
];
const EXPOSED: &[&str] =
    &["ETag", "Link", "Location", "Retry-After", "X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Idempotent-Replayed"];
/// Browsers ask again after this; some keep it no longer anyway.
const PREFLIGHT_SECONDS: usize = 3600;

/// Who may call from a page of another origin. No cookies anywhere, so `credentials` stays off.
pub fn cors(app: &App) -> Cors {
    let mut allowed = app.config.allowed_origins.clone();
    allowed.push(app.config.public_url.clone());
    Cors::default()
        .allowed_origin_fn(move |origin, head| allowed.iter().any(|known| known.as_bytes() == origin.as_bytes()) || open(head))
        .allowed_methods(METHODS.iter().copied())
        .allowed_headers(SENT.iter().copied())
        .expose_headers(EXPOSED.iter().copied())
        .max_age(PREFLIGHT_SECONDS)
}

fn open(head: &RequestHead) -> bool {
    let path = head.uri.path();
    let asked = head.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD).and_then(|m| m.to_str().ok()).unwrap_or(head.method.as_str());
    let begins = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    (asked == "GET" || asked == "HEAD") && begins(OPEN) && !begins(TOKENS)
}

/// Outermost: on every answer, unless it says otherwise itself.
const SEALS: &[(HeaderName, &str)] = &[
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Addresses hold item codes and session ids.
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
];
/// A year, as the lists of browsers ask.
const HTTPS_ONLY: &str = "max-age=31536000";

pub async fn seal(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let https = request.app_data::<web::Data<App>>().is_some_and(|app| app.config.public_url.starts_with("https://"));
    let mut response = next.call(request).await?.map_into_boxed_body();
    let strict = https.then_some((header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY));
    for (name, value) in SEALS.iter().cloned().chain(strict) {
        if !response.headers().contains_key(&name) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(response)
}
