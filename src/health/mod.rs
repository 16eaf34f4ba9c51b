//! Is it alive, is it ready, how is it doing.
pub mod http;
pub mod metrics;
