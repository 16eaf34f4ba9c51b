//! Every statement on the tables of people.
pub mod accounts;
pub mod limits;
