//! Every statement on the tables of people.
pub mod accounts;
pub mod invitations;
pub mod keys;
pub mod limits;
pub mod resets;
