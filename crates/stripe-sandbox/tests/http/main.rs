//! The client of `crates/stripe-client` against the sandbox, over real HTTP.

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
