//! What every test stands on: a database, a running program, actors as clients.
mod app;
pub mod builders;
mod client;
pub mod contract;
mod database;
pub mod dice;

pub use app::{TestApp, api_test};
pub use client::{Answer, Client};
pub use database::{TestDb, database};
