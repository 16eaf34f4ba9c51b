//! Who is asking, and what they may do.
//!
//! Authorisation is a parameter type: a handler that takes a [`Manager`] cannot run for anyone else. Rights are read from the database in
//! each request, so that a revoked right is gone on the next one. Not yours is 404.
mod extract;
pub mod model;

pub use extract::{Account, Auditor, Manager, Operator};
