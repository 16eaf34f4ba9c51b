//! Artisans and their work, as lists give them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One person. Personal data throughout: never logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artisan {
    /// The list's own id; without one the name and village stand for it.
    pub id: Option<String>,
    pub name: String,
    /// What the public sees instead of the name.
    pub alias: Option<String>,
    pub village: Option<String>,
    pub district: Option<String>,
    pub region: Option<String>,
    pub crafts: Vec<String>,
    /// Digits with a leading `+` where written; the country's rules are the caller's.
    pub phone: Option<String>,
    pub language: Option<String>,
    /// `None` where the file does not say: that is not consent.
    pub consent: Option<bool>,
    pub consent_on: Option<Date>,
    pub row: u32,
    pub faulty: bool,
}

/// One entry of a work register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The register's own number; without one who did what when, and its turn among equals, stand for it.
    pub id: Option<String>,
    /// Name or id of the maker, as written; empty in an entry that has a number and nobody's name.
    pub maker: String,
    pub batch: Option<String>,
    /// Product, SKU or design, as written.
    pub product: Option<String>,
    pub step: Option<String>,
    pub pieces: i64,
    /// Minor units a piece.
    pub rate_minor: Option<i64>,
    pub date: Option<Date>,
    pub minutes: Option<i64>,
    /// Turn among entries that are otherwise the same, from 1.
    pub turn: u32,
    pub row: u32,
    pub faulty: bool,
}
