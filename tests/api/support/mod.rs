//! What every test stands on: a database, a running program, actors as clients.
mod app;
pub mod builders;
mod client;
mod contract;
mod database;

pub use app::{TestApp, api_test};
pub use client::{Answer, Client};
pub use database::{TestDb, database};
