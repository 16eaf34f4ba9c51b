//! Spreadsheets as people send them.
//!
//! Bytes go in, a neutral typed catalogue (or artisans, or a work register) and a list of problems come out; and back. Nothing
//! here knows a database, a clock or a network, so a dry run, a commit and a command line all read a file the same way.
//!
//! ```text
//! bytes ─table::Table::read─▶ Table ─mapping::propose─▶ Proposal ─read─▶ Reading { content, report }
//!                                                                        content ─cells─▶ what a merge compares
//!                                                                        products ─write─▶ CSV or XLSX, the same when read again
//! ```
//!
//! Invariants:
//! - No amount is guessed or rounded: what cannot be read exactly in the expected currency is a problem that says what was expected.
//! - Every problem names the row as a spreadsheet program numbers it and the column by the file's own header.
//! - A column the file does not have is absent, never empty: it yields no cell, so a merge cannot erase by omission.
//! - No input panics: every bound is a constant with its own error.

pub mod catalogue;
pub mod cells;
pub mod field;
mod formats;
mod headers;
pub mod mapping;
pub mod problem;
mod reader;
pub mod register;
pub mod report;
pub mod table;
pub mod values;
pub mod write;

use serde::{Deserialize, Serialize};

use catalogue::Catalogue;
use mapping::{Kind, Mapping};
use register::{Artisan, Work};
use report::Report;
use table::Table;
use values::amount::Currency;

/// What the sender may say about a file; everything else is detected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// `None` detects it from the header.
    #[serde(default)]
    pub format: Option<mapping::Format>,
    /// `None` detects it from the header.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// What a bare number in a price column means.
    pub currency: Currency,
    /// A mapping confirmed once and saved; it overrides what would be proposed.
    #[serde(default)]
    pub mapping: Option<Mapping>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    Products(Catalogue),
    Artisans(Vec<Artisan>),
    Work(Vec<Work>),
}

/// A file read: its content and everything there is to say about it.
#[derive(Clone, Debug)]
pub struct Reading {
    pub content: Content,
    pub report: Report,
}

/// Reads a table under the given options. Never fails: what is wrong is in the report.
pub fn read(table: &Table, options: &Options) -> Reading {
    let proposal = mapping::propose(table, options);
    formats::read(table, options, proposal)
}
