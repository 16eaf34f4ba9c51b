//!
//! No I/O, no clock, no randomness of its own. What leaves this crate was always encoded by it: nothing of an upload's
//! container, metadata or appended bytes survives.

mod accept;
mod jpeg;
mod renditions;

pub use accept::{Limits, Refused, accept};
pub use renditions::{EDGES, Format, Picture, Rendition};
