//! CSV: byte-order marks, three encodings, four delimiters, CRLF, line breaks inside quotes, blank lines, ragged rows.

use std::borrow::Cow;

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{CellKind, Encoding, FileType, ROWS, ReadError, Row, RowBuilder, Source};

/// The delimiters people's programs write, most common first: ties go to the first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Records looked at to tell the delimiter.
const DELIMITER_SAMPLE: usize = 20;

pub(super) fn read(bytes: &[u8]) -> Result<(Source, Vec<Row>), ReadError> {
    let (text, encoding) = decode(bytes)?;
    let (hint, body, skipped) = separator_hint(&text);
    let delimiter = hint.unwrap_or_else(|| detect_delimiter(body));
    let rows = rows(body, delimiter, skipped)?;
    let source =
        Source { file_type: FileType::Csv, encoding: Some(encoding), delimiter: Some(char::from(delimiter)), sheet: None, other_sheets: Vec::new() };
    Ok((source, rows))
}

/// UTF-8 or UTF-16 by its mark, UTF-8 if it is valid, else Windows' Western code page (what older Excel saves).
fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), ReadError> {
    let (text, encoding) = match bytes {
        [0xFF, 0xFE, ..] => (UTF_16LE.decode_with_bom_removal(bytes).0, Encoding::Utf16),
        [0xFE, 0xFF, ..] => (UTF_16BE.decode_with_bom_removal(bytes).0, Encoding::Utf16),
        _ => match UTF_8.decode_with_bom_removal(bytes) {
            (text, false) => (text, Encoding::Utf8),
            (_, true) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, Encoding::Windows1252),
        },
    };
    if text.contains('\0') {
        return Err(ReadError::Text("it holds NUL bytes, so it is not a text file; send CSV or XLSX".to_owned()));
    }
    let start: String = text.trim_start().chars().take(16).map(|c| c.to_ascii_lowercase()).collect();
    if start.starts_with("<html") || start.starts_with("<!doctype") || start.starts_with("<?xml") || start.starts_with("<table") {
        return Err(ReadError::NotASheet("a web page (some programs save one under the name .xls)"));
    }
    Ok((text, encoding))
}

/// Excel's `sep=;` first line: the delimiter, the text below it, and how many rows it took.
fn separator_hint(text: &str) -> (Option<u8>, &str, u32) {
    let Some(rest) = text.strip_prefix("sep=").or_else(|| text.strip_prefix("\"sep=")) else {
        return (None, text, 0);
    };
    let (Some(&delimiter), Some(end)) = (rest.as_bytes().first(), rest.find('\n')) else {
        return (None, text, 0);
    };
    if DELIMITERS.contains(&delimiter) { (Some(delimiter), &rest[end + 1..], 1) } else { (None, text, 0) }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

/// The delimiter under which the first records agree best on the largest number of columns.
fn detect_delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| -> usize {
        let mut widths: Vec<usize> = reader(text, delimiter).records().take(DELIMITER_SAMPLE).map_while(Result::ok).map(|r| r.len()).collect();
        widths.sort_unstable();
        let runs = widths.chunk_by(|a, b| a == b);
        runs.map(|run| run.len() * (run[0] - 1)).max().unwrap_or(0)
    };
    let mut best = (DELIMITERS[0], 0);
    for delimiter in DELIMITERS {
        let found = score(delimiter);
        if found > best.1 {
            best = (delimiter, found);
        }
    }
    best.0
}

fn rows(text: &str, delimiter: u8, rows_above: u32) -> Result<Vec<Row>, ReadError> {
    let mut reader = reader(text, delimiter);
    let mut record = csv::StringRecord::new();
    let mut rows = Vec::new();
    let mut builder = RowBuilder::default();
    let mut number = rows_above;
    loop {
        // The position is a byte offset into `text`, whose length fits usize.
        let at = usize::try_from(reader.position().byte()).unwrap_or(text.len());
        number = number.saturating_add(blank_lines(text.as_bytes(), at));
        let more = reader.read_record(&mut record).map_err(|error| ReadError::Text(error.to_string()))?;
        if !more {
            return Ok(rows);
        }
        if rows.len() >= ROWS {
            return Err(ReadError::TooManyRows);
        }
        number = number.saturating_add(1);
        for field in &record {
            builder.push(number, field, CellKind::Text)?;
        }
        rows.push(builder.take(number));
    }
}

/// Blank lines from `at` on: the parser passes over them, a spreadsheet program counts them.
fn blank_lines(text: &[u8], at: usize) -> u32 {
    let mut at = at;
    // The parser stops after the CR of a CRLF.
    if at > 0 && text.get(at - 1) == Some(&b'\r') && text.get(at) == Some(&b'\n') {
        at += 1;
    }
    let mut blank = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\r' if text.get(at + 1) == Some(&b'\n') => at += 2,
            b'\r' | b'\n' => at += 1,
            _ => break,
        }
        blank += 1;
    }
    blank
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;

    fn table(bytes: &[u8]) -> Table {
        Table::read(bytes).expect("readable")
    }

    #[test]
    fn a_mark_and_each_delimiter_are_recognised() {
        for (delimiter, shown) in [(",", ','), (";", ';'), ("\t", '\t'), ("|", '|')] {
            let text = format!("\u{feff}title{delimiter}price\nA{delimiter}1\n");
            let table = table(text.as_bytes());
            assert_eq!(table.source.delimiter, Some(shown));
            assert_eq!(table.header, ["title", "price"]);
        }
    }

    #[test]
    fn semicolons_win_over_decimal_commas() {
        let table = table(b"title;price;sku\nA, the first;12,50;x\nB, the second;1.250,00;y\n");
        assert_eq!(table.source.delimiter, Some(';'));
        assert_eq!(table.rows[1].get(1).text, "1.250,00");
    }

    #[test]
    fn what_is_not_utf8_is_read_as_windows_1252() {
        let table = table(b"title,price\nCaf\xe9 \x80,1\n");
        assert_eq!(table.source.encoding, Some(Encoding::Windows1252));
        assert_eq!(table.rows[0].get(0).text, "Café €");
    }

    #[test]
    fn utf16_with_a_mark_is_read() {
        let mut bytes = vec![0xFF, 0xFE];
        bytes.extend("title\tprice\r\nसाड़ी\t१२\r\n".encode_utf16().flat_map(u16::to_le_bytes));
        let table = table(&bytes);
        assert_eq!(table.source.encoding, Some(Encoding::Utf16));
        assert_eq!(table.rows[0].get(0).text, "साड़ी");
    }

    #[test]
    fn row_numbers_are_those_of_a_spreadsheet_program() {
        for end in ["\n", "\r\n"] {
            let text = ["title,price", "\"two", "lines\",1", "", "", "B,2", ",", "C,3"].join(end);
            let table = table(text.as_bytes());
            let numbers: Vec<u32> = table.rows.iter().map(|row| row.number).collect();
            // Row 2 spans two lines; rows 3 and 4 are blank; row 6 holds only empty cells.
            assert_eq!(numbers, [2, 5, 7], "{end:?}");
        }
    }

    #[test]
    fn notes_above_the_header_are_passed_over() {
        let table = table("Price list 2026,\nKutch,\n\nName,Price\nA,1\n".as_bytes());
        assert_eq!((table.header_row, table.rows[0].number), (4, 5));
        assert_eq!(table.preface.len(), 2);
    }

    #[test]
    fn the_separator_line_of_excel_is_obeyed() {
        let table = table(b"sep=;\ntitle;price\nA;1\n");
        assert_eq!((table.header_row, table.rows[0].number), (2, 3));
    }

    #[test]
    fn bounds_have_their_own_errors() {
        assert_eq!(Table::read(b""), Err(ReadError::Empty));
        assert_eq!(Table::read(b"\n\n\n"), Err(ReadError::Empty));
        assert!(matches!(Table::read(b"%PDF-1.7"), Err(ReadError::NotASheet(_))));
        assert!(matches!(Table::read(b"<html><table>"), Err(ReadError::NotASheet(_))));
        assert!(matches!(Table::read(b"a,b\n\0,1\n"), Err(ReadError::Text(_))));
        let wide = vec!["x"; super::super::COLUMNS + 1].join(",");
        assert!(matches!(Table::read(wide.as_bytes()), Err(ReadError::TooManyColumns { row: 1, .. })));
        let long = format!("title,price\n{},1\n", "x".repeat(super::super::CELL_BYTES + 1));
        assert!(matches!(Table::read(long.as_bytes()), Err(ReadError::CellTooLong { row: 2, column: 1, .. })));
        let many = "a,b\n".repeat(ROWS + 1);
        assert_eq!(Table::read(many.as_bytes()), Err(ReadError::TooManyRows));
        assert_eq!(Table::read(&vec![b'a'; super::super::FILE_BYTES + 1]), Err(ReadError::TooLarge(super::super::FILE_BYTES + 1)));
    }
}
