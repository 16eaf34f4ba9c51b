//! One file per subcommand; [`program`] puts the parts together.
pub mod audit;
pub mod close;
pub mod demo;
pub mod doctor;
pub mod import;
pub mod ledger;
pub mod log;
pub mod operator;
pub mod program;
pub mod reconcile;
pub mod sandbox;
pub mod serve;
pub mod verify;
pub mod witness;

/// What stops a command, in a sentence for whoever typed it.
pub type Failure = Box<dyn std::error::Error>;
