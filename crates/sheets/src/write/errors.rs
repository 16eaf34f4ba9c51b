//! The error report: the sender's own sheet with one more column that says what is wrong in each row.

use std::collections::BTreeMap;

use super::{Out, WriteError, sheet};
use crate::headers::PROBLEMS;
use crate::problem::{Problem, Severity, Skipped};
use crate::table::{CellKind, FileType, ROWS, Row, Table};

/// Writes the sheet again with the column `haat: problems` at its end, in the delimiter it came with.
pub fn write(table: &Table, problems: &[Problem], skipped: &[Skipped], file_type: FileType) -> Result<Vec<u8>, WriteError> {
    let mut said: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for problem in problems {
        said.entry(problem.row.unwrap_or(table.header_row)).or_default().push(sentence(problem));
    }
    for skipped in skipped {
        said.entry(skipped.row).or_default().push(format!("skipped: {}", skipped.reason));
    }
    // A sheet that carried our column before gets it anew.
    let old = table.header.iter().position(|header| header.starts_with(PROBLEMS));
    let width = table.rows.iter().map(Row::len).max().unwrap_or(0).max(table.header.len());
    let mut rows: Vec<Vec<Out>> = Vec::with_capacity(table.rows.len() + 1);
    for row in &table.preface {
        blank_rows(&mut rows, row.number);
        rows.push(cells(row, width, old));
    }
    blank_rows(&mut rows, table.header_row);
    let texts = |words: Vec<String>| Out::Text(words.join("\n"));
    let name = |at: usize| Out::Raw(table.header.get(at).cloned().unwrap_or_default());
    let mut header: Vec<Out> = (0..width).filter(|at| Some(*at) != old).map(name).collect();
    let mut whole_file = said.remove(&table.header_row).unwrap_or_default();
    whole_file.insert(0, PROBLEMS.to_owned());
    header.push(texts(whole_file));
    rows.push(header);
    for row in &table.rows {
        blank_rows(&mut rows, row.number);
        let mut cells = cells(row, width, old);
        cells.push(texts(said.remove(&row.number).unwrap_or_default()));
        rows.push(cells);
    }
    sheet(&rows, file_type, table.source.delimiter.unwrap_or(','))
}

/// Blank rows up to the row's own number, so that every row keeps it. Gaps beyond what a sheet may have are closed.
fn blank_rows(rows: &mut Vec<Vec<Out>>, number: u32) {
    while rows.len() + 1 < number as usize && rows.len() < 2 * ROWS {
        rows.push(vec![Out::Raw(String::new()), Out::Raw(String::new())]);
    }
}

fn cells(row: &Row, width: usize, old: Option<usize>) -> Vec<Out> {
    let cell = |at: usize| {
        let value = row.get(at);
        match value.kind {
            CellKind::Number => Out::Number(value.text.to_owned()),
            CellKind::Text | CellKind::Date | CellKind::Flag | CellKind::Error => Out::Raw(value.text.to_owned()),
        }
    };
    (0..width).filter(|at| Some(*at) != old).map(cell).collect()
}

fn sentence(problem: &Problem) -> String {
    let level = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "note",
    };
    match (&problem.column, problem.value.is_empty()) {
        (Some(column), false) => format!("{level}: {column}: \"{}\": expected {}", problem.value, problem.expected),
        (Some(column), true) => format!("{level}: {column}: expected {}", problem.expected),
        (None, _) => format!("{level}: expected {}", problem.expected),
    }
}
