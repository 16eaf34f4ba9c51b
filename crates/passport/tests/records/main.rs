//! Records from the outside: what is written reads back, what was changed is refused, and other software agrees.
#![allow(clippy::disallowed_methods, reason = "a test may be asked for more by the environment, and waits by the real clock")]

mod chains;
mod golden;
mod independent;
mod leaves;
mod newest;
mod replay;
mod tampering;
mod vectors;
mod world;
