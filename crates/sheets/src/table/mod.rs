//! A file as a header and rows of typed text, whatever it was sent as.
//!
//! Rows keep the number a spreadsheet program shows for them (blank rows and rows above the header count). A row's cells lie in
//! one string with their ends, so that 50,000 rows of an export stay near the size of the file.

mod csv;
mod xlsx;

use serde::{Deserialize, Serialize};

use crate::headers;

/// 20 MB: thirty times the largest real export seen, and small enough to hold in memory with its result.
pub const FILE_BYTES: usize = 20 * 1024 * 1024;
/// 100,000 rows: a shop with more sends several files; one transaction over more would hold its locks too long.
pub const ROWS: usize = 100_000;
/// 300 columns: the widest exports seen have 55; metafields and translations multiply them, nothing honest passes this.
pub const COLUMNS: usize = 300;
/// 64 KiB in a cell: twice what a spreadsheet program can hold in one; more is an unclosed quote or another file inside.
pub const CELL_BYTES: usize = 64 * 1024;
/// 200 MB unpacked from an XLSX: ten times the file bound, which sheets of text stay under and compression bombs do not.
pub const UNPACKED_BYTES: u64 = 200 * 1024 * 1024;
/// Rows looked at to find the header: titles and notes above it are a few lines.
const HEADER_SEARCH: usize = 10;

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the file is empty; a sheet with a header row was expected")]
    Empty,
    #[error("the file has {0} bytes; at most {FILE_BYTES} are read at once: split it")]
    TooLarge(usize),
    #[error("the sheet has more than {ROWS} rows: split it")]
    TooManyRows,
    #[error("row {row} has {columns} columns; at most {COLUMNS} are read: remove those you do not need")]
    TooManyColumns { row: u32, columns: usize },
    #[error("the cell in row {row}, column {column} has {bytes} bytes; at most {CELL_BYTES} are read: is a quotation mark not closed?")]
    CellTooLong { row: u32, column: usize, bytes: usize },
    #[error("this is {0}, not a spreadsheet; send CSV or XLSX")]
    NotASheet(&'static str),
    #[error("this is a workbook of Excel 97-2003 (.xls); save it as .xlsx or CSV")]
    OldWorkbook,
    #[error("the workbook cannot be read: {0}; open it in a spreadsheet program and save it again")]
    Workbook(String),
    #[error("the workbook unpacks to more than {UNPACKED_BYTES} bytes: split it")]
    UnpacksTooLarge,
    #[error("the text cannot be read: {0}")]
    Text(String),
}

/// What kind of file the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    Csv,
    Xlsx,
}

/// How text was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    #[serde(rename = "UTF-8")]
    Utf8,
    #[serde(rename = "UTF-16")]
    Utf16,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// What a cell was in its file. In CSV everything is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    Text,
    /// A typed number; its text is plain decimal with a point.
    Number,
    /// A typed date; its text is ISO 8601.
    Date,
    /// A typed truth value; its text is `true` or `false`.
    Flag,
    /// An error value such as `#REF!`.
    Error,
}

/// One cell, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    pub text: &'a str,
    pub kind: CellKind,
}

impl<'a> Value<'a> {
    /// A cell of plain text.
    pub fn text(text: &'a str) -> Self {
        Value { text, kind: CellKind::Text }
    }
}

/// One row: its number in the file and its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet program numbers it, from 1.
    pub number: u32,
    text: Box<str>,
    ends: Box<[u32]>,
    /// Empty when every cell is text.
    kinds: Box<[CellKind]>,
}

impl Row {
    /// The cell in a column, empty when the row ends before it.
    pub fn get(&self, column: usize) -> Value<'_> {
        let Some(&end) = self.ends.get(column) else {
            return Value::text("");
        };
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        let kind = self.kinds.get(column).copied().unwrap_or(CellKind::Text);
        Value { text: &self.text[start as usize..end as usize], kind }
    }

    /// How many cells the row has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no cell holds anything but white space.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The cells in order.
    pub fn cells(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.len()).map(|column| self.get(column))
    }
}

/// Collects the cells of one row.
#[derive(Default)]
pub(crate) struct RowBuilder {
    text: String,
    ends: Vec<u32>,
    kinds: Vec<CellKind>,
}

impl RowBuilder {
    /// Appends a cell, within the bounds.
    pub(crate) fn push(&mut self, row: u32, text: &str, kind: CellKind) -> Result<(), ReadError> {
        let column = self.ends.len() + 1;
        if column > COLUMNS {
            return Err(ReadError::TooManyColumns { row, columns: column });
        }
        if text.len() > CELL_BYTES {
            return Err(ReadError::CellTooLong { row, column, bytes: text.len() });
        }
        self.text.push_str(text);
        // At most COLUMNS × CELL_BYTES = 19.7 million, far inside u32.
        self.ends.push(self.text.len() as u32);
        self.kinds.push(kind);
        Ok(())
    }

    /// How many cells were appended.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Takes the row and makes the builder empty again.
    pub(crate) fn take(&mut self, number: u32) -> Row {
        let all_text = self.kinds.iter().all(|kind| *kind == CellKind::Text);
        let kinds = if all_text { Box::default() } else { self.kinds.as_slice().into() };
        let row = Row { number, text: self.text.as_str().into(), ends: self.ends.as_slice().into(), kinds };
        self.text.clear();
        self.ends.clear();
        self.kinds.clear();
        row
    }
}

/// How a file was written; repeated in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub file_type: FileType,
    /// CSV only.
    pub encoding: Option<Encoding>,
    /// CSV only: `,`, `;`, tab or `|`.
    pub delimiter: Option<char>,
    /// XLSX only: the sheet that was read.
    pub sheet: Option<String>,
    /// XLSX only: sheets with content that were not read.
    pub other_sheets: Vec<String>,
}

/// A sheet: header and rows, and what stood above the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub source: Source,
    /// Rows above the header, kept so that an error report is the same sheet.
    pub preface: Vec<Row>,
    pub header_row: u32,
    pub header: Vec<String>,
    /// Rows that hold anything, below the header.
    pub rows: Vec<Row>,
}

impl Table {
    /// Reads CSV or XLSX; which one is told from the bytes, never from a name.
    pub fn read(bytes: &[u8]) -> Result<Table, ReadError> {
        if bytes.len() > FILE_BYTES {
            return Err(ReadError::TooLarge(bytes.len()));
        }
        let (source, rows) = match bytes {
            [] => return Err(ReadError::Empty),
            [b'P', b'K', 3, 4, ..] => xlsx::read(bytes)?,
            [0xD0, 0xCF, 0x11, 0xE0, ..] => return Err(ReadError::OldWorkbook),
            [b'%', b'P', b'D', b'F', ..] => return Err(ReadError::NotASheet("a PDF")),
            [0x89, b'P', b'N', b'G', ..] | [0xFF, 0xD8, 0xFF, ..] => return Err(ReadError::NotASheet("a picture")),
            _ => csv::read(bytes)?,
        };
        Table::split(source, rows)
    }

    /// Finds the header among the first rows and drops blank rows below it.
    fn split(source: Source, rows: Vec<Row>) -> Result<Table, ReadError> {
        let mut best: Option<(usize, usize)> = None;
        for (at, row) in rows.iter().enumerate().take(HEADER_SEARCH).filter(|(_, row)| !row.is_empty()) {
            let known = headers::recognised(row.cells().map(|cell| cell.text));
            // A single match may be a word in a title line: only two or more move the header away from the first row.
            if best.is_none_or(|(_, most)| known > most && known >= 2) {
                best = Some((at, known));
            }
        }
        let (at, _) = best.ok_or(ReadError::Empty)?;
        let mut rows = rows.into_iter();
        let preface = rows.by_ref().take(at).collect();
        let header_row = rows.next().ok_or(ReadError::Empty)?;
        let mut header: Vec<String> = header_row.cells().map(|cell| headers::tidy(cell.text)).collect();
        while header.last().is_some_and(String::is_empty) {
            header.pop();
        }
        let rows = rows.filter(|row| !row.is_empty()).collect();
        Ok(Table { source, preface, header_row: header_row.number, header, rows })
    }
}
