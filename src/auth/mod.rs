//! Who is asking, and what they may do.
//!
//! - Authorisation is a parameter type: a handler that takes a [`Manager`] cannot run for anyone else. Rights are read from the database
//!   in each request, so that a revoked right is gone on the next one. Not yours is 404.
//! - No answer, and no answer's time, tells whether an account exists.
//! - No row holds a password or a token: passwords are Argon2id hashes, tokens of sessions are kept as SHA-256.
mod extract;
pub mod http;
pub mod invitations;
pub mod keys;
pub mod members;
pub mod model;
mod passwords;
mod people;
pub mod resets;
mod scopes;
pub mod sessions;
mod store;
pub mod throttle;

pub use extract::{Account, Auditor, Manager, Operator, Shop};
pub use model::{Error, Role};
pub use people::{grant, hash_password, register};
