//! How bodies arrive: whole, in time and of a bearable size; uploads as they come, but not in a trickle.
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage,
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    web::Bytes,
};
use futures_util::Stream;
use tokio::time::{Instant, Sleep};

use super::Times;
use crate::{
    http::{MAX_JSON, read},
    problem::{Kind, Problem},
};

/// Stripe's largest event is far below this.
const MAX_EVENT: usize = 512 * 1024;
/// The slowest line that people still upload over: a 3 MB photo takes 25 minutes on it.
const UPLOAD_BYTES_PER_SECOND: u64 = 2 * 1024;

pub(super) async fn arrive(request: &mut ServiceRequest, times: &Times) -> Result<(), Problem> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return Ok(());
    }
    let is_form = request.headers().get("Content-Type").is_some_and(|t| t.as_bytes().starts_with(b"multipart/form-data"));
    let payload: Payload = if is_form {
        Payload::Stream { payload: Box::pin(Paced::new(payload, times.upload_window)) }
    } else {
        let max = if request.path().starts_with("/webhooks/") { MAX_EVENT } else { MAX_JSON };
        let bytes = whole(payload, max, times.body).await?;
        Payload::Stream { payload: Box::pin(futures_util::stream::iter([Ok(bytes)])) }
    };
    request.set_payload(payload);
    Ok(())
}

async fn whole(mut payload: Payload, max: usize, within: Duration) -> Result<Bytes, Problem> {
    let bytes = tokio::time::timeout(within, read(&mut payload, max)).await.map_err(|_| Problem::from(Kind::SlowBody))??;
    Ok(bytes.freeze())
}

/// A body that ends with an error once a window passes in which less than the least came.
struct Paced {
    inner: Payload,
    window: Duration,
    least: u64,
    came: u64,
    until: Pin<Box<Sleep>>,
}
impl Paced {
    fn new(inner: Payload, window: Duration) -> Self {
        // In thousandths, so that a test's window has a least too.
        let least = UPLOAD_BYTES_PER_SECOND * u64::try_from(window.as_millis()).unwrap_or(u64::MAX / UPLOAD_BYTES_PER_SECOND) / 1000;
        Self { inner, window, least, came: 0, until: Box::pin(tokio::time::sleep(window)) }
    }
}
impl Stream for Paced {
    type Item = Result<Bytes, PayloadError>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(next) = Pin::new(&mut this.inner).poll_next(context) {
            if let Some(Ok(chunk)) = &next {
                this.came += chunk.len() as u64;
            }
            return Poll::Ready(next);
        }
        while this.until.as_mut().poll(context).is_ready() {
            if this.came < this.least {
                return Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))));
            }
            this.came = 0;
            this.until.as_mut().reset(Instant::now() + this.window);
        }
        Poll::Pending
    }
}
