//! The HTTP side: reading a request, carrying it out in one critical section, and answering it with the faults that were asked for.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::net::TcpStream;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, dev::Extensions};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::deliveries::Deliveries;
use crate::error::ApiError;
use crate::expand::expand;
use crate::faults::FaultKind;
use crate::idempotency::{Lookup, SavedResult, look_up, save};
use crate::params::Params;
use crate::recording::{Asked, Recording};
use crate::routes::{Operation, route, run};
use crate::state::{Context, State};
use crate::webhooks::{self, Batch};
use crate::{API_VERSION, Config};

/// What every thread of the sandbox shares.
pub(crate) struct Shared {
    pub config: Config,
    pub public_url: String,
    pub state: Mutex<State>,
    pub http: reqwest::Client,
    pub recording: Recording,
    pub runtime: tokio::runtime::Handle,
    pub deliveries: Deliveries,
    /// Held answers wait for a permit.
    pub gate: Semaphore,
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere must not silence the sandbox: its state is only ever test data.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One change: time passes, `change` is made, and its webhooks are taken out. `key` is the request's idempotency key.
    pub fn change<T>(&self, key: Option<&str>, change: impl FnOnce(&mut State, &Context) -> T) -> (T, Batch) {
        let context = Context { now: (self.config.clock)(), config: &self.config, public_url: &self.public_url, key };
        let mut state = self.lock();
        state.sweep(&context);
        let result = change(&mut state, &context);
        (result, webhooks::take_batch(&mut state))
    }
}

/// A handle on a connection's socket, by which a fault can cut it.
struct Socket(std::net::TcpStream);

/// Keeps a connection's socket where the request can find it.
pub(crate) fn remember_socket(io: &dyn std::any::Any, data: &mut Extensions) {
    let socket = io.downcast_ref::<TcpStream>().and_then(|stream| stream.as_fd().try_clone_to_owned().ok());
    if let Some(socket) = socket {
        data.insert(Arc::new(Socket(socket.into())));
    }
}

/// A request's parts that decide its result.
struct Call {
    operation: Operation,
    method: String,
    path: String,
    id: String,
    parameters: Params,
    key: Option<String>,
}

/// An answer, ready to be sent.
struct Reply {
    status: u16,
    body: String,
    request_id: String,
    replayed: bool,
    retry_after: Option<u32>,
}

/// What a critical section leaves behind: the answer and how it is to be given.
struct Outcome {
    reply: Option<Reply>,
    faults: Vec<FaultKind>,
    /// The key under which the result was kept just now.
    kept: Option<String>,
}

impl Outcome {
    /// An answer that changes nothing.
    fn idle(reply: Option<Reply>, faults: Vec<FaultKind>) -> Outcome {
        Outcome { reply, faults, kept: None }
    }
}

/// Every path under `/v1/`.
pub(crate) async fn api(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let shared = shared.into_inner();
    let call = match read(&request, &body) {
        Ok(call) => call,
        Err(error) => {
            let reply = Reply::error(&error, shared.lock().id("req_"));
            shared.recording.exchange(&asked(&request, &body, &reply), reply.status, &reply.body);
            return answer(reply, None);
        }
    };
    let key = call.key.clone();
    let (outcome, batch) = shared.change(key.as_deref(), |state, context| carry_out(call, state, context));
    if let Some(reply) = &outcome.reply {
        shared.recording.exchange(&asked(&request, &body, reply), reply.status, &reply.body);
    }
    let _in_flight = InFlight { shared: &shared, key: outcome.kept.as_deref() };
    if outcome.faults.contains(&FaultKind::WebhookEarly) {
        webhooks::deliver_now(&shared, batch).await;
    } else {
        webhooks::spawn_after_answer(&shared, batch);
    }
    for fault in &outcome.faults {
        match fault {
            FaultKind::Delay { milliseconds } => tokio::time::sleep(Duration::from_millis(*milliseconds)).await,
            FaultKind::Hold => hold(&shared).await,
            _ => {}
        }
    }
    let dropped = outcome.faults.iter().any(|f| matches!(f, FaultKind::DropBefore | FaultKind::DropAfter));
    match outcome.reply {
        Some(reply) if !dropped => answer(reply, key.as_deref()),
        _ => {
            if let Some(socket) = request.conn_data::<Arc<Socket>>() {
                // It may be gone already, which is what was asked for.
                let _ = socket.0.shutdown(Shutdown::Both);
            }
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// The request for the recording, beside what it is answered.
fn asked<'a>(request: &'a HttpRequest, body: &'a [u8], reply: &Reply) -> Asked<'a> {
    let method = request.method().as_str();
    let form = if method == "POST" { std::str::from_utf8(body).unwrap_or_default() } else { request.query_string() };
    let agent = request.headers().get("User-Agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Asked { method, path: request.path(), form, agent, replayed: reply.replayed }
}

/// Checks the key and finds the operation. Nothing of the body is read before.
fn read(request: &HttpRequest, body: &[u8]) -> Result<Call, ApiError> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    authenticate(header("Authorization"))?;
    let (method, path) = (request.method().as_str(), request.path());
    let (operation, id) = route(method, path).ok_or_else(|| ApiError::unrecognized(method, path))?;
    let form = match method {
        "POST" => std::str::from_utf8(body).map_err(|_| ApiError::invalid(None, "The request is not UTF-8.", None))?,
        _ => request.query_string(),
    };
    let key = header("Idempotency-Key").filter(|_| method == "POST").map(str::to_owned);
    let parameters = Params::parse(form)?;
    Ok(Call { operation, method: method.to_owned(), path: path.to_owned(), id: id.to_owned(), parameters, key })
}

/// Test keys only: nothing that speaks to the sandbox may hold a live one.
fn authenticate(header: Option<&str>) -> Result<(), ApiError> {
    let key = match header.and_then(|h| h.split_once(' ')) {
        Some(("Bearer", key)) => key.to_owned(),
        Some(("Basic", encoded)) => crate::base64::decode(encoded).unwrap_or_default(),
        _ => {
            let message = "You did not provide an API key. Provide it as `Authorization: Bearer YOUR_SECRET_KEY`.";
            return Err(ApiError::unauthorized(message));
        }
    };
    let key = key.trim_end_matches(':');
    if key.starts_with("sk_test_") || key.starts_with("rk_test_") {
        return Ok(());
    }
    Err(ApiError::unauthorized("Invalid API Key provided. The sandbox takes keys that begin with sk_test_ or rk_test_."))
}

/// The critical section of one request.
fn carry_out(mut call: Call, state: &mut State, context: &Context) -> Outcome {
    let faults = state.faults.take(call.operation);
    *state.counts.requests.entry(call.operation).or_default() += 1;
    let request_id = state.id("req_");
    for fault in &faults {
        match fault {
            FaultKind::DropBefore => return Outcome::idle(None, faults),
            FaultKind::RateLimited { retry_after_seconds } => {
                let retry_after = Some(*retry_after_seconds);
                let reply = Reply { retry_after, ..Reply::error(&ApiError::too_many(), request_id) };
                return Outcome::idle(Some(reply), faults);
            }
            _ => {}
        }
    }
    let fingerprint = call.parameters.fingerprint();
    if let Some(key) = &call.key {
        match look_up(state, key, &call.path, &fingerprint) {
            Ok(Lookup::New) => {}
            Ok(Lookup::Replay(saved)) => {
                state.counts.replays += 1;
                return Outcome::idle(Some(Reply::replay(saved)), faults);
            }
            Err(error) => return Outcome::idle(Some(Reply::error(&error, request_id)), faults),
        }
    }
    let result = execute(&mut call, &faults, state, context);
    let saved = call.method == "POST" && result.as_ref().err().is_none_or(|error| error.saved);
    let reply = match result {
        Ok(value) => Reply { status: 200, body: format!("{value:#}"), request_id, replayed: false, retry_after: None },
        Err(error) => Reply::error(&error, request_id),
    };
    let kept = call.key.filter(|_| saved);
    if let Some(key) = &kept {
        let (status, body, request_id) = (reply.status, reply.body.clone(), reply.request_id.clone());
        let created = context.now;
        let saved = SavedResult { path: call.path, parameters: fingerprint, status, body, request_id, created, in_flight: true };
        save(state, key, saved);
    }
    Outcome { reply: Some(reply), faults, kept }
}

/// Runs the operation between the faults that come before and after it.
fn execute(call: &mut Call, faults: &[FaultKind], state: &mut State, context: &Context) -> Result<Value, ApiError> {
    for fault in faults {
        match fault {
            FaultKind::ServerErrorBefore => return Err(ApiError::server()),
            FaultKind::Refused { status, code, message } => {
                let kind = if *status == 402 { "card_error" } else { "invalid_request_error" };
                let error = ApiError::refused(Some(code), message);
                return Err(ApiError { status: *status, kind, ..error });
            }
            _ => {}
        }
    }
    let pending = faults.contains(&FaultKind::RefundPending);
    let paths = call.parameters.list("expand");
    let mut value = run(call.operation, &call.id, state, &mut call.parameters, pending, context)?;
    // By now the operation is done, so the refusal is kept with it.
    expand(&mut value, &paths, state).map_err(|error| ApiError { saved: true, ..error })?;
    if faults.contains(&FaultKind::ServerErrorAfter) {
        return Err(ApiError::server());
    }
    Ok(value)
}

/// Waits at the gate, and is counted while it does.
async fn hold(shared: &Shared) {
    struct Held<'a>(&'a Shared);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            self.0.lock().counts.held -= 1;
        }
    }
    shared.lock().counts.held += 1;
    let _held = Held(shared);
    if let Ok(permit) = shared.gate.acquire().await {
        permit.forget();
    }
}

/// While it lives, the key's answer is under way. It ends with the answer, or when the caller has gone.
struct InFlight<'a> {
    shared: &'a Shared,
    key: Option<&'a str>,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        if let Some(saved) = self.shared.lock().keys.get_mut(key) {
            saved.in_flight = false;
        }
    }
}

impl Reply {
    fn error(error: &ApiError, request_id: String) -> Reply {
        Reply { status: error.status, body: format!("{:#}", error.body()), request_id, replayed: false, retry_after: None }
    }

    fn replay(saved: SavedResult) -> Reply {
        Reply { status: saved.status, body: saved.body, request_id: saved.request_id, replayed: true, retry_after: None }
    }
}

fn answer(reply: Reply, key: Option<&str>) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type("application/json").insert_header(("Request-Id", reply.request_id.as_str()));
    response.insert_header(("Stripe-Version", API_VERSION));
    if let Some(key) = key {
        response.insert_header(("Idempotency-Key", key));
    }
    if reply.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
        response.insert_header(("Original-Request", reply.request_id.as_str()));
    }
    if let Some(seconds) = reply.retry_after {
        response.insert_header(("Retry-After", seconds.to_string()));
    }
    response.body(reply.body)
}
