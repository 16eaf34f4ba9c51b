//! The client of `crates/stripe-client` against the sandbox, over real HTTP.
#![allow(clippy::disallowed_methods, reason = "a test may be asked for a recording, or to ask Stripe itself, by the environment")]

mod checkout;
mod errors;
mod faults;
mod idempotency;
mod money;
mod pages;
mod protocol;
mod support;
mod test_mode;
mod tools;
mod webhooks;
