//! How much anyone may ask for: a bucket per address, and one per token, which all of an account's devices on one sign-in share.
//!
//! In memory and per process: what it costs to be wrong is a burst. Guessing passwords is counted in the database (`auth/throttle.rs`).
use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use actix_web::{
    dev::ServiceRequest,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};
use governor::{
    DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock, QuantaInstant},
    middleware::{StateInformationMiddleware, StateSnapshot},
};

use super::address::counted;
use crate::{
    problem::{Kind, Problem},
    secrets::sha256,
};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
/// Buckets that are full again are forgotten every so many requests, so that their number is that of recent callers.
const FORGET_EVERY: u32 = 4096;

/// What may be asked for: so many at once, and then one more each time a while has passed.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub burst: NonZeroU32,
    pub every: Duration,
}
impl Rate {
    fn quota(self) -> Quota {
        // The period is a constant of the program and never zero.
        Quota::with_period(self.every).unwrap_or_else(|| Quota::per_second(self.burst)).allow_burst(self.burst)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Rates {
    pub address: Rate,
    pub token: Rate,
}
impl Default for Rates {
    /// A page of a shop makes about ten calls. A training centre, a college or a whole telephone network stands behind one address: 60 people
    /// who open a page at once, then five pages each second. One signed-in person, with a sheet of changes that a script sends, needs less.
    fn default() -> Self {
        const MANY: NonZeroU32 = NonZeroU32::new(600).expect("not zero");
        const SOME: NonZeroU32 = NonZeroU32::new(300).expect("not zero");
        Self { address: Rate { burst: MANY, every: Duration::from_millis(20) }, token: Rate { burst: SOME, every: Duration::from_millis(50) } }
    }
}
impl Rates {
    /// The same for each: for tests, which are all behind one address.
    pub fn of(burst: NonZeroU32, every: Duration) -> Self {
        let rate = Rate { burst, every };
        Self { address: rate, token: rate }
    }
}

type Buckets<K> = DefaultKeyedRateLimiter<K, StateInformationMiddleware>;

pub(super) struct Limits {
    addresses: Buckets<IpAddr>,
    tokens: Buckets<[u8; 32]>,
    asked: AtomicU32,
}

/// What is left after this request: of the two buckets, the emptier one.
pub(super) struct Allowance {
    burst: u32,
    remaining: u32,
    full_after: u64,
}
/// The bucket is empty.
pub(super) struct Refused {
    allowance: Allowance,
    wait: u64,
}

impl Limits {
    pub fn new(rates: &Rates) -> Self {
        let addresses = RateLimiter::keyed(rates.address.quota()).with_middleware();
        let tokens = RateLimiter::keyed(rates.token.quota()).with_middleware();
        Self { addresses, tokens, asked: AtomicU32::new(0) }
    }
    /// Nobody counts who asks whether we live, nor the payment provider, whose doorbell is signed and rings for all buyers at once.
    pub fn take(&self, request: &ServiceRequest, asking: IpAddr) -> Result<Option<Allowance>, Refused> {
        if request.path().starts_with("/health/") || request.path().starts_with("/webhooks/") {
            return Ok(None);
        }
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.addresses.retain_recent();
            self.tokens.retain_recent();
        }
        let by_address = self.addresses.check_key(&counted(asking)).map(Allowance::of).map_err(|e| refused(&e, "address"))?;
        let Some(token) = request.headers().get("Authorization") else { return Ok(Some(by_address)) };
        let by_token = self.tokens.check_key(&sha256(token.as_bytes())).map(Allowance::of).map_err(|e| refused(&e, "token"))?;
        Ok(Some(if by_token.remaining < by_address.remaining { by_token } else { by_address }))
    }
}

fn refused(until: &NotUntil<QuantaInstant>, bucket: &'static str) -> Refused {
    metrics::counter!("haat_http_limited_total", "bucket" => bucket).increment(1);
    let wait = until.wait_time_from(DefaultClock::default().now());
    Refused { allowance: Allowance::left(&until.quota(), 0), wait: whole_seconds(wait) }
}
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl Allowance {
    fn of(state: StateSnapshot) -> Self {
        Self::left(&state.quota(), state.remaining_burst_capacity())
    }
    fn left(quota: &Quota, remaining: u32) -> Self {
        let burst = quota.burst_size().get();
        let full_after = whole_seconds(quota.replenish_interval() * burst.saturating_sub(remaining));
        Self { burst, remaining, full_after }
    }
    pub fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.burst));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(self.full_after));
    }
}
impl Refused {
    pub fn problem(&self) -> Problem {
        Problem::from(Kind::TooManyRequests).retry_after(self.wait.max(1))
    }
    pub fn write(&self, headers: &mut HeaderMap) {
        self.allowance.write(headers);
    }
}
