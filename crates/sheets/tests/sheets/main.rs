//! Files as people send them, read, written and read again.
#![allow(clippy::disallowed_methods, reason = "a test may be asked for more by the environment, and waits by the real clock")]

mod exports;
mod hostile;
mod registers;
mod round_trip;
mod shopify;
mod tables;
mod woocommerce;

use sheets::catalogue::Catalogue;
use sheets::problem::{Code, Problem};
use sheets::table::Table;
use sheets::values::amount::Currency;
use sheets::{Content, Options, Reading};

pub fn options(code: &str, exponent: u32) -> Options {
    Options { format: None, kind: None, currency: Currency::new(code, exponent).expect("currency"), mapping: None }
}

pub fn read_bytes(bytes: &[u8]) -> Reading {
    sheets::read(&Table::read(bytes).expect("a readable table"), &options("INR", 2))
}

pub fn read(text: &str) -> Reading {
    read_bytes(text.as_bytes())
}

pub fn catalogue(reading: &Reading) -> &Catalogue {
    match &reading.content {
        Content::Products(catalogue) => catalogue,
        Content::Artisans(_) | Content::Work(_) => panic!("not products but {:?}", reading.report.kind),
    }
}

/// The problems of one code, as (row, column, value).
pub fn problems(reading: &Reading, code: Code) -> Vec<(u32, String, String)> {
    let of_code = reading.report.problems.iter().filter(|problem| problem.code == code);
    of_code.map(|problem: &Problem| (problem.row.unwrap_or(0), problem.column.clone().unwrap_or_default(), problem.value.clone())).collect()
}

/// Codes of all problems, in order.
pub fn codes(reading: &Reading) -> Vec<Code> {
    reading.report.problems.iter().map(|problem| problem.code).collect()
}
