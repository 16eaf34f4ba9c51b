//! The edge of HTTP: what every request passes before a handler sees it, and every answer before it leaves.
//!
//! - Who asks is the peer, or what a trusted proxy says its peer was; nobody else's `X-Forwarded-For` is read.
//! - Nobody takes more than a share: buckets per address and per token, rooms per class of request, deadlines on bodies.
//! - What leads to money (carts, checkout, the provider's webhook) has rooms of its own, which browsing cannot fill.
//! - A body is read before a room is taken: a slow sender holds a connection and nothing else.
mod address;
mod bodies;
mod headers;
mod limits;
mod methods;
mod rooms;

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{ConnectionType, Method, StatusCode},
    middleware::Next,
    web,
};

pub use address::{Network, client};
pub use headers::{cors, seal};
pub use limits::Rates;
pub use methods::Methods;
pub use rooms::Places;

use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// How long anything may take. A parameter, so that tests need not wait.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// For the request's head: a browser sends it in one packet.
    pub head: Duration,
    /// An idle connection is kept for the next click, and no longer than proxies keep theirs.
    pub keep_alive: Duration,
    /// For a body that is not an upload: 64 KiB at the speed of the slowest telephone.
    pub body: Duration,
    /// An upload must bring 2 KiB/s, counted over this long.
    pub upload_window: Duration,
    /// How long open requests and jobs in hand may take after SIGTERM; orchestrators kill after 30 s.
    pub drain: Duration,
}
impl Default for Times {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            keep_alive: Duration::from_secs(60),
            body: Duration::from_secs(15),
            upload_window: Duration::from_secs(30),
            drain: Duration::from_secs(25),
        }
    }
}

/// What the edge is built from.
#[derive(Clone, Debug)]
pub struct Settings {
    pub times: Times,
    pub proxies: Vec<Network>,
    pub rates: Rates,
    pub places: Places,
}

/// The edge of one process: its buckets and rooms are shared by all its workers.
pub struct Edge {
    pub times: Times,
    proxies: Vec<Network>,
    limits: limits::Limits,
    rooms: rooms::Rooms,
    left: OnceLock<Instant>,
}
/// Even if the last request took all the time there was, what it enqueued gets a moment.
const LAST_MOMENT: Duration = Duration::from_secs(2);
impl Edge {
    /// From here on every answer is the last on its connection, so that open connections end as their requests do.
    pub fn leave(&self) {
        self.left.get_or_init(Instant::now);
    }
    /// What is left of the time that open requests and jobs in hand may take.
    pub fn time_left(&self) -> Duration {
        let gone = self.left.get().map_or(Duration::ZERO, Instant::elapsed);
        self.times.drain.saturating_sub(gone).max(LAST_MOMENT)
    }
    pub fn new(settings: Settings) -> Self {
        let Settings { times, proxies, rates, places } = settings;
        Self { times, proxies, limits: limits::Limits::new(&rates), rooms: rooms::Rooms::new(places), left: OnceLock::new() }
    }
}

/// Every request passes here, within CORS and the request's id.
pub async fn pass(mut request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return Ok(refuse(request, &Kind::Internal.into()));
    };
    let edge = &app.edge;
    let asking = address::of(&request, &edge.proxies);
    request.extensions_mut().insert(address::Asking(asking));
    // HEAD is GET without the body, which the connection leaves out by itself.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let allowance = match edge.limits.take(&request, asking) {
        Ok(allowance) => allowance,
        Err(refused) => {
            let mut response = refuse(request, &refused.problem());
            refused.write(response.headers_mut());
            return Ok(response);
        }
    };
    if let Err(problem) = bodies::arrive(&mut request, &edge.times).await {
        return Ok(refuse(request, &problem));
    }
    let room = match edge.rooms.enter(&request).await {
        Ok(room) => room,
        Err(problem) => return Ok(refuse(request, &problem)),
    };
    let mut response = next.call(request).await?.map_into_boxed_body();
    drop(room);
    if let Some(allowance) = allowance {
        allowance.write(response.headers_mut());
    }
    hang_up_on_the_rest(&mut response);
    if edge.left.get().is_some() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

fn refuse(request: ServiceRequest, problem: &Problem) -> ServiceResponse<BoxBody> {
    let mut response = request.into_response(problem.error_response());
    hang_up_on_the_rest(&mut response);
    response
}

/// A body that was not read to its end would be taken for the next request, or read for ever.
fn hang_up_on_the_rest(response: &mut ServiceResponse<BoxBody>) {
    if matches!(response.status(), StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
}
