//! The integration tests: one binary, one module per domain, each test on a database of its own in one private cluster.
mod catalog;
mod cooperatives;
mod database;
mod edge;
mod imports;
mod journey;
mod ledger;
mod media;
mod payouts;
mod people;
mod process;
mod schema;
mod spec;
mod support;
mod tidy;
mod work;
