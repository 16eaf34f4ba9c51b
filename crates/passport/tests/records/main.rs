//! Records from the outside: what is written reads back, what was changed is refused, and other software agrees.

mod chains;
mod golden;
mod independent;
mod leaves;
mod replay;
mod tampering;
mod world;
