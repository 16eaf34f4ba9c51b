//! An offline Stripe: a small server that speaks Stripe's HTTP API for what Haat uses, so that demo, tests and a storefront developer
//! without a Stripe account all run the real path.
//!
//! - Requests are form-encoded, bodies and errors have Stripe's shapes (its OpenAPI document of [`API_VERSION`]), unknown parameters are
//!   refused, and an idempotency key replays its first result and refuses other parameters.
//! - A buyer's page can be clicked: pay, be declined, pay late, leave.
//! - Events are signed and delivered in the background, with retries.
//! - It is **adversarial on demand** ([`Fault`], [`WebhookFault`]): through [`Control`] or `POST /sandbox/faults`.
//! - It moves no money and takes no card number. It refuses live keys.
//!
//! Each request is one critical section. Time comes from [`Config::clock`] alone; only waits between processes (a delay that was asked
//! for, a webhook's retry) are real time.

// The largest object is one `json!` literal of some fifty fields.
#![recursion_limit = "256"]

mod base64;
mod config;
mod control;
mod deliveries;
mod error;
mod expand;
mod faults;
mod idempotency;
mod list;
mod pages;
mod params;
mod recording;
mod resources;
mod routes;
mod sandbox;
mod sandbox_api;
mod server;
mod state;
mod webhooks;

pub use config::{Clock, Config, Exchange, Fee};
pub use control::{Control, ControlError, Counts, Order, Outcome};
pub use faults::{Fault, FaultKind, WebhookFault, WebhookFaultKind};
pub use routes::Operation;
pub use sandbox::Sandbox;

/// The version of Stripe's API whose shapes are spoken.
pub const API_VERSION: &str = "2026-08-26.dahlia";
