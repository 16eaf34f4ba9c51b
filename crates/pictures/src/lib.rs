//! Pictures: taken in safely ([`accept`]) and, for a demonstration world, invented ([`generate`]).
//!
//! No I/O, no clock, no randomness of its own. What leaves this crate was always encoded by it: nothing of an upload's
//! container, metadata or appended bytes survives.

mod accept;
mod generate;
mod jpeg;
mod renditions;

pub use accept::{Limits, Refused, accept};
pub use generate::{Cloth, Form, Kind, PORTRAIT_SIZE, PRODUCT_SIZE, Palette, generate, portrait};
pub use renditions::{EDGES, Format, Picture, Rendition};
