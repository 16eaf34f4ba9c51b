//! Writing sheets that come back unchanged: our own exports and the error report.
//!
//! A cell that a spreadsheet program would take for a formula gets an apostrophe before it; reading takes it off again.

pub mod errors;
pub mod products;
pub mod registers;

use rust_xlsxwriter::{Format as Style, Workbook};

use crate::table::FileType;
use crate::values::starts_a_formula;

/// What a spreadsheet program can hold in one cell, in UTF-16 units as it counts them.
const XLSX_CELL_UNITS: usize = 32_767;

/// Why a sheet cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("row {row} has a cell of {units} characters; a workbook holds {XLSX_CELL_UNITS} in one: export CSV instead")]
    CellTooLong { row: usize, units: usize },
    #[error("the sheet could not be written: {0}")]
    Failed(String),
}

fn failed(error: impl std::fmt::Display) -> WriteError {
    WriteError::Failed(error.to_string())
}

/// Puts an apostrophe before what would be a formula, and before an apostrophe that reading would take for ours.
pub(crate) fn neutralise(text: &str) -> String {
    let mut chars = text.chars();
    let formula = match chars.next() {
        Some('\'') => chars.next().is_some_and(|c| starts_a_formula(c) || c == '\''),
        Some(first) => starts_a_formula(first),
        None => false,
    };
    if formula { format!("'{text}") } else { text.to_owned() }
}

/// A cell to write.
pub(crate) enum Out {
    /// A value of ours, guarded so that reading gives it back.
    Text(String),
    /// A cell as its sender wrote it: guarded only if it is a formula, its own guard left alone.
    Raw(String),
    /// Kept typed where the file type has types.
    Number(String),
}

impl Out {
    fn shown(&self) -> String {
        match self {
            Out::Text(text) => neutralise(text),
            Out::Raw(text) if text.starts_with(starts_a_formula) => format!("'{text}"),
            Out::Raw(text) => text.clone(),
            Out::Number(number) => number.clone(),
        }
    }
}

/// Writes rows, the first being the header.
pub(crate) fn sheet(rows: &[Vec<Out>], file_type: FileType, delimiter: char) -> Result<Vec<u8>, WriteError> {
    match file_type {
        FileType::Csv => csv(rows, delimiter),
        FileType::Xlsx => xlsx(rows),
    }
}

/// UTF-8 with a byte-order mark, without which Excel takes it for an old code page.
fn csv(rows: &[Vec<Out>], delimiter: char) -> Result<Vec<u8>, WriteError> {
    let delimiter = u8::try_from(delimiter).map_err(failed)?;
    let mark = "\u{feff}".as_bytes().to_vec();
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).terminator(csv::Terminator::CRLF).flexible(true).from_writer(mark);
    for row in rows {
        writer.write_record(row.iter().map(Out::shown)).map_err(failed)?;
    }
    writer.into_inner().map_err(failed)
}

fn xlsx(rows: &[Vec<Out>]) -> Result<Vec<u8>, WriteError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let bold = Style::new().set_bold();
    sheet.set_freeze_panes(1, 0).map_err(failed)?;
    for (at, row) in rows.iter().enumerate() {
        let line = u32::try_from(at).map_err(failed)?;
        for (column, cell) in row.iter().enumerate() {
            let column = u16::try_from(column).map_err(failed)?;
            let text = cell.shown();
            let units = text.encode_utf16().count();
            if units > XLSX_CELL_UNITS {
                return Err(WriteError::CellTooLong { row: at + 1, units });
            }
            // Amounts are decimals in our hands; a workbook has only floats, which show the same fifteen digits.
            let number = if let Out::Number(number) = cell { number.parse::<f64>().ok().filter(|number| number.is_finite()) } else { None };
            match number {
                Some(number) => sheet.write_number(line, column, number).map_err(failed)?,
                None if text.is_empty() => continue,
                None if at == 0 => sheet.write_string_with_format(line, column, text, &bold).map_err(failed)?,
                None => sheet.write_string(line, column, text).map_err(failed)?,
            };
        }
    }
    workbook.save_to_buffer().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Value;
    use crate::values;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_neutralised() {
        for text in ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=x", "''x"] {
            assert!(neutralise(text).starts_with('\''), "{text:?}");
            assert_ne!(neutralise(text), text);
        }
        for text in ["", "x", "'90s", "1-1"] {
            assert_eq!(neutralise(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_was_read_is_read_again(text in "['=+@ -]{0,3}[a-z\n' ]{0,5}") {
            let read = values::text(Value::text(&text));
            prop_assert_eq!(values::text(Value::text(&neutralise(&read))), read);
        }
    }
}
