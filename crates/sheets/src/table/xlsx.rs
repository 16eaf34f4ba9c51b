//! XLSX: the first visible sheet that holds anything, its numbers, dates and truth values kept typed.
//!
//! Numbers are stored in the file as binary floats; they are read with the fifteen significant digits a spreadsheet program
//! shows and are exact decimals from there on.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx};
use rust_decimal::Decimal;

use super::{CellKind, FileType, ROWS, ReadError, Row, RowBuilder, Source, UNPACKED_BYTES};

type Workbook<'a> = Xlsx<Cursor<&'a [u8]>>;

pub(super) fn read(bytes: &[u8]) -> Result<(Source, Vec<Row>), ReadError> {
    check_unpacked(bytes)?;
    // The parser is somebody else's and the bytes are hostile: should it panic, that is an unreadable workbook and no more.
    catch_unwind(AssertUnwindSafe(|| read_workbook(bytes))).unwrap_or_else(|_| Err(ReadError::Workbook("its structure is damaged".to_owned())))
}

/// Unpacks every part into nothing, so that what is read afterwards is known to be bounded whatever the directory claims.
fn check_unpacked(bytes: &[u8]) -> Result<(), ReadError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut left = UNPACKED_BYTES;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(broken)?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(broken)?;
        left = left.checked_sub(unpacked).ok_or(ReadError::UnpacksTooLarge)?;
    }
    Ok(())
}

fn broken(error: impl std::fmt::Display) -> ReadError {
    ReadError::Workbook(error.to_string())
}

fn read_workbook(bytes: &[u8]) -> Result<(Source, Vec<Row>), ReadError> {
    let mut workbook: Workbook = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let visible = |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet;
    let names: Vec<String> = workbook.sheets_metadata().iter().filter(visible).map(|sheet| sheet.name.clone()).collect();
    let mut found: Option<(String, Vec<Row>)> = None;
    let mut other_sheets = Vec::new();
    for name in names {
        match &found {
            None => {
                let rows = sheet_rows(&mut workbook, &name)?;
                found = (!rows.is_empty()).then_some((name, rows));
            }
            Some(_) => {
                if holds_anything(&mut workbook, &name) {
                    other_sheets.push(name);
                }
            }
        }
    }
    let (sheet, rows) = found.ok_or(ReadError::Empty)?;
    let source = Source { file_type: FileType::Xlsx, encoding: None, delimiter: None, sheet: Some(sheet), other_sheets };
    Ok((source, rows))
}

fn holds_anything(workbook: &mut Workbook, name: &str) -> bool {
    let Ok(mut cells) = workbook.worksheet_cells_reader(name) else {
        return false;
    };
    while let Ok(Some(cell)) = cells.next_cell() {
        if *cell.get_value() != DataRef::Empty {
            return true;
        }
    }
    false
}

fn sheet_rows(workbook: &mut Workbook, name: &str) -> Result<Vec<Row>, ReadError> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(broken)?;
    let mut rows = Vec::new();
    let mut builder = RowBuilder::default();
    let mut number = 0;
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (row, column) = cell.get_position();
        let Some((text, kind)) = typed(cell.get_value()) else { continue };
        let row = row.saturating_add(1);
        if row != number {
            finish(&mut rows, &mut builder, number)?;
            number = row;
        }
        let column = column as usize;
        if column >= super::COLUMNS {
            return Err(ReadError::TooManyColumns { row, columns: column + 1 });
        }
        // Cells come in order; one that does not is a damaged sheet.
        if column < builder.len() {
            return Err(ReadError::Workbook(format!("the cells of row {row} are out of order")));
        }
        while builder.len() < column {
            builder.push(row, "", CellKind::Text)?;
        }
        builder.push(row, &text, kind)?;
    }
    finish(&mut rows, &mut builder, number)?;
    Ok(rows)
}

fn finish(rows: &mut Vec<Row>, builder: &mut RowBuilder, number: u32) -> Result<(), ReadError> {
    if builder.len() == 0 {
        return Ok(());
    }
    if rows.len() >= ROWS {
        return Err(ReadError::TooManyRows);
    }
    rows.push(builder.take(number));
    Ok(())
}

/// A cell's text and what it was; `None` when it is empty.
fn typed(value: &DataRef<'_>) -> Option<(String, CellKind)> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::Int(number) => (number.to_string(), CellKind::Number),
        DataRef::Float(number) => (decimal_text(*number), CellKind::Number),
        DataRef::String(text) if text.is_empty() => return None,
        DataRef::String(text) => (text.clone(), CellKind::Text),
        DataRef::SharedString(text) => ((*text).to_owned(), CellKind::Text),
        DataRef::Bool(flag) => (flag.to_string(), CellKind::Flag),
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            (format!("{year:04}-{month:02}-{day:02}"), CellKind::Date)
        }
        DataRef::DateTime(duration) => (decimal_text(duration.as_f64()), CellKind::Number),
        DataRef::DateTimeIso(text) => (text.clone(), CellKind::Date),
        DataRef::DurationIso(text) => (text.clone(), CellKind::Text),
        DataRef::Error(error) => (error.to_string(), CellKind::Error),
    })
}

/// Fifteen significant digits as a plain decimal; a number beyond decimals stays in scientific notation and fails where it is used.
fn decimal_text(number: f64) -> String {
    let scientific = format!("{number:.14e}");
    match Decimal::from_scientific(&scientific) {
        Ok(decimal) => decimal.normalize().to_string(),
        Err(_) => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook as Writer};

    #[test]
    fn binary_noise_is_gone_and_small_and_large_numbers_stay_plain() {
        assert_eq!(decimal_text(0.1 + 0.2), "0.3");
        assert_eq!(decimal_text(19.99), "19.99");
        assert_eq!(decimal_text(8_901_234_567_890.0), "8901234567890");
        assert_eq!(decimal_text(-2.5), "-2.5");
        assert_eq!(decimal_text(1e300), "1.00000000000000e300");
    }

    #[test]
    fn cells_keep_their_types_and_rows_their_numbers() {
        let mut writer = Writer::new();
        writer.add_worksheet().set_name("Notes").expect("name");
        let sheet = writer.add_worksheet();
        sheet.set_name("Stock").expect("name");
        let date = Format::new().set_num_format("dd-mm-yyyy");
        sheet.write_string(1, 0, "title").expect("cell");
        sheet.write_string(1, 2, "price").expect("cell");
        sheet.write_string(3, 0, "Stole").expect("cell");
        sheet.write_number(3, 2, 1250.5).expect("cell");
        sheet.write_datetime_with_format(3, 3, ExcelDateTime::from_ymd(2026, 3, 4).expect("date"), &date).expect("cell");
        sheet.write_boolean(3, 4, true).expect("cell");
        let hidden = writer.add_worksheet();
        hidden.set_name("Hidden").expect("name").set_hidden(true).write_string(0, 0, "x").expect("cell");
        writer.add_worksheet().set_name("More").expect("name").write_string(0, 0, "y").expect("cell");
        let table = Table::read(&writer.save_to_buffer().expect("bytes")).expect("readable");
        assert_eq!(table.source.sheet.as_deref(), Some("Stock"));
        assert_eq!(table.source.other_sheets, ["More"]);
        assert_eq!((table.header_row, table.rows[0].number), (2, 4));
        let row = &table.rows[0];
        assert_eq!(row.get(2), super::super::Value { text: "1250.5", kind: CellKind::Number });
        assert_eq!(row.get(3), super::super::Value { text: "2026-03-04", kind: CellKind::Date });
        assert_eq!(row.get(4), super::super::Value { text: "true", kind: CellKind::Flag });
        assert_eq!(row.get(1).text, "");
    }

    #[test]
    fn what_is_no_workbook_says_so() {
        assert!(matches!(Table::read(b"PK\x03\x04 and then nothing"), Err(ReadError::Workbook(_))));
        assert_eq!(Table::read(&[0xD0, 0xCF, 0x11, 0xE0, 0]), Err(ReadError::OldWorkbook));
    }

    #[test]
    fn a_compression_bomb_is_refused() {
        use std::io::Write;
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        archive.start_file("xl/sharedStrings.xml", options).expect("part");
        let block = vec![b' '; 1024 * 1024];
        for _ in 0..=(UNPACKED_BYTES / 1024 / 1024) {
            archive.write_all(&block).expect("write");
        }
        let bytes = archive.finish().expect("archive").into_inner();
        assert_eq!(Table::read(&bytes), Err(ReadError::UnpacksTooLarge));
    }
}
