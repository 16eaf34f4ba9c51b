//! Credentials from the outside: the W3C's own example, and what is refused.

mod passports;
mod w3c;
#[path = "../records/world.rs"]
mod world;
