//! What a person runs by hand, one file per command. Each is thin: parse, call the domain, print.
pub mod doctor;
pub mod import;
