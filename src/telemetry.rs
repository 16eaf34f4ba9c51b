//! What the service says about itself: JSON logs without personal data, metrics, request ids.
//!
//! A log line names the route's pattern, never its path, query, address or body: those can hold tokens and people.
use std::{sync::LazyLock, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::problem::{Kind, Problem, ProblemBody};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A client's own id is taken over if it is short and plain.
const MAX_REQUEST_ID: usize = 64;

/// The id of the request in hand, for those who answer with it.
#[derive(Clone)]
pub struct RequestId(pub String);

/// From one answer out of memory to one that waited for everything, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What this process counts. One per process, as the `metrics` macros know it.
static RECORDED: LazyLock<Option<PrometheusHandle>> = LazyLock::new(|| {
    let made = PrometheusBuilder::new().set_buckets(BUCKETS).and_then(PrometheusBuilder::install_recorder);
    made.inspect_err(|error| tracing::error!(%error, "nothing is counted")).ok()
});
/// Counting begins with the first call.
pub fn recorded() -> Option<&'static PrometheusHandle> {
    RECORDED.as_ref()
}

/// JSON lines in production, plain ones for people.
pub fn init(json: bool) {
    init_at(json, "haat=info,warn");
}
/// Plain lines about what is wrong and nothing else, for a command that has a story of its own to tell.
pub fn init_quietly() {
    init_at(false, "warn");
}
fn init_at(json: bool, usual: &str) {
    let _ = recorded();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| usual.into());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second initialisation (tests) is not an error worth a word.
    let _ = if json { builder.json().flatten_event(true).try_init() } else { builder.compact().try_init() };
}

/// Outermost middleware: gives the request an id, measures it, logs it, and turns every failure into a problem that quotes the id.
pub async fn observe(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = verb(request.method());
    let mut response = next.call(request).await?.map_into_boxed_body();
    response = as_problem(response, &id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let route: std::sync::Arc<str> = response.request().match_pattern().map_or_else(|| "unmatched".into(), Into::into);
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    metrics::histogram!("haat_http_seconds", "route" => route.clone(), "method" => method).record(elapsed.as_secs_f64());
    metrics::counter!("haat_http_total", "route" => route.clone(), "method" => method, "status" => status.to_string()).increment(1);
    tracing::info!(request_id = id, method, route = &*route, status, micros = elapsed.as_micros() as u64, "request");
    Ok(response)
}

/// Anyone can make up methods: those that no route has are counted as one.
fn verb(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn request_id(request: &ServiceRequest) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|v| v.to_str().ok());
    let plain = |id: &&str| !id.is_empty() && id.len() <= MAX_REQUEST_ID && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    given.filter(plain).map_or_else(|| crate::ids::new_uuid().to_string(), ToOwned::to_owned)
}

/// Adds the id to a problem; makes a problem of any bare error that some other layer answered.
fn as_problem(mut response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let fields = response.response_mut().extensions_mut().remove::<ProblemBody>();
    let has_own_body = response.headers().contains_key("content-type");
    let (request, answer) = response.into_parts();
    match fields {
        Some(ProblemBody(mut fields)) => {
            fields.insert("request_id".into(), id.into());
            let (parts, _) = answer.into_parts();
            ServiceResponse::new(request, parts.set_body(BoxBody::new(serde_json::Value::Object(fields).to_string())))
        }
        None if has_own_body => ServiceResponse::new(request, answer),
        None => {
            let problem = Problem::from(kind_of(answer.status().as_u16()));
            as_problem(ServiceResponse::new(request, actix_web::ResponseError::error_response(&problem)), id)
        }
    }
}

fn kind_of(status: u16) -> Kind {
    match status {
        401 => Kind::Unauthenticated,
        403 => Kind::Forbidden,
        404 => Kind::NotFound,
        405 => Kind::MethodNotAllowed,
        408 => Kind::SlowBody,
        413 => Kind::BodyTooLarge,
        415 => Kind::UnsupportedMedia,
        429 => Kind::TooManyRequests,
        400..=499 => Kind::InvalidBody,
        503 => Kind::Unavailable,
        _ => Kind::Internal,
    }
}
