//! The integration tests: one binary, one module per domain, each test on a database of its own in one private cluster.
mod carts;
mod catalog;
mod cooperatives;
mod database;
mod imports;
mod journey;
mod ledger;
mod media;
mod payouts;
mod people;
mod refunds;
mod schema;
mod spec;
mod stories;
mod support;
mod tidy;
mod work;
