//! Reads fields of rows through a mapping and collects the problems: what every format shares.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::field::Field;
use crate::headers;
use crate::mapping::Mapping;
use crate::problem::{Code, Problem, Severity, shorten};
use crate::table::{CellKind, Row, Table, Value};
use crate::values::amount::{self, Currency};
use crate::values::number::{self, Unit};
use crate::values::{self, Fault, Read, date};

pub(crate) struct Reader<'t> {
    pub table: &'t Table,
    pub currency: &'t Currency,
    columns: BTreeMap<Field, usize>,
    /// Columns that are options themselves: their header and where they are.
    pub option_columns: Vec<(String, usize)>,
    pub problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    pub fn new(table: &'t Table, mapping: &Mapping, currency: &'t Currency) -> Self {
        let mut reader = Reader { table, currency, columns: BTreeMap::new(), option_columns: Vec::new(), problems: Vec::new() };
        for (at, header) in table.header.iter().enumerate() {
            match mapping.columns.get(header) {
                None | Some(Field::Ignored) => {}
                Some(Field::Option) => reader.option_columns.push((header.clone(), at)),
                Some(field) => reader.add_column(*field, at),
            }
        }
        reader.check_widths();
        reader
    }

    fn add_column(&mut self, field: Field, at: usize) {
        let header = self.table.header[at].clone();
        if let Some(first) = self.columns.get(&field) {
            let expected = format!("one column for this; {:?} is used and {header:?} passed over", self.table.header[*first]);
            return self.whole_file(Severity::Warning, Code::ColumnRepeated, Some(header), expected);
        }
        if matches!(field, Field::Price | Field::CompareAt | Field::Rate | Field::Total | Field::SalePrice)
            && let Some(named) = headers::currency_named(&header).filter(|named| named != self.currency.code())
        {
            let expected = format!("amounts in {}; the header says {named}", self.currency.code());
            self.whole_file(Severity::Error, Code::AmountOtherCurrency, Some(header), expected);
        }
        self.columns.insert(field, at);
    }

    /// Rows of another width than the header: short ones are filled up, long ones with something beyond it are refused.
    fn check_widths(&mut self) {
        let width = self.table.header.len();
        let text_file = self.table.source.delimiter.is_some();
        for row in &self.table.rows {
            let beyond = (width..row.len()).any(|column| !row.get(column).text.trim().is_empty());
            if beyond {
                let expected = format!("{width} cells as in the header, not {}; is a quotation mark or a comma out of place?", row.len());
                self.row_problem(row, Severity::Error, Code::RowTooLong, expected);
            } else if text_file && row.len() < width {
                let expected = format!("{width} cells as in the header, not {}; the missing ones were read as empty", row.len());
                self.row_problem(row, Severity::Warning, Code::RowTooShort, expected);
            }
        }
    }

    pub fn has(&self, field: Field) -> bool {
        self.columns.contains_key(&field)
    }

    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let options = (!self.option_columns.is_empty()).then_some(Field::Option);
        self.columns.keys().copied().chain(options)
    }

    /// The file's own header of a field.
    pub fn header_of(&self, field: Field) -> Option<String> {
        self.columns.get(&field).map(|at| self.table.header[*at].clone())
    }

    /// The cell of a field; empty when the file has no such column.
    pub fn value(&self, row: &'t Row, field: Field) -> Value<'t> {
        match self.columns.get(&field) {
            Some(column) => row.get(*column),
            None => Value::text(""),
        }
    }

    pub fn filled(&self, row: &'t Row, field: Field) -> bool {
        !self.value(row, field).text.trim().is_empty()
    }

    /// Free text, `None` when empty. Error values of a spreadsheet program are problems.
    pub fn text(&mut self, row: &'t Row, field: Field) -> Option<String> {
        let value = self.value(row, field);
        if value.kind == CellKind::Error {
            self.fault(row, field, Severity::Error, Fault::new(Code::SpreadsheetError, "a value, not an error of a formula"));
            return None;
        }
        Some(values::text(value)).filter(|text| !text.is_empty())
    }

    /// An identifier, `None` when empty. One that a spreadsheet program shortened is damaged, and said so.
    pub fn identifier(&mut self, row: &'t Row, field: Field) -> Option<String> {
        let value = self.value(row, field);
        if value.kind == CellKind::Error {
            return self.text(row, field);
        }
        let text = Some(values::identifier(value)).filter(|text| !text.is_empty())?;
        let shortened = text.split_once(['E', 'e']).is_some_and(|(head, tail)| {
            head.contains(['.', ','])
                && tail.starts_with('+')
                && head.bytes().chain(tail.bytes().skip(1)).all(|b| b.is_ascii_digit() || b == b'.' || b == b',')
        });
        if shortened {
            let fault = Fault::new(Code::NumberDamaged, "the whole number: a spreadsheet program shortened this one; format the column as text");
            self.fault(row, field, Severity::Warning, fault);
        }
        Some(text)
    }

    pub fn amount(&mut self, row: &'t Row, field: Field) -> Option<i64> {
        let currency = self.currency;
        self.parsed(row, field, |value| amount::parse(value, currency).map(Read::plain))
    }

    pub fn count(&mut self, row: &'t Row, field: Field) -> Option<i64> {
        self.parsed(row, field, number::count)
    }

    pub fn flag(&mut self, row: &'t Row, field: Field) -> Option<bool> {
        self.parsed(row, field, |value| number::flag(value).map(Read::plain))
    }

    pub fn date(&mut self, row: &'t Row, field: Field, order: date::Order) -> Option<Date> {
        self.parsed(row, field, |value| date::parse(value, order))
    }

    /// The order of day and month that a column shows.
    pub fn date_order(&self, field: Field) -> date::Order {
        date::order(self.table.rows.iter().map(|row| self.value(row, field)))
    }

    /// The weight, from whichever weight column holds one.
    pub fn grams(&mut self, row: &'t Row) -> Option<i64> {
        let units = [Unit::Gram, Unit::Kilogram, Unit::Pound, Unit::Ounce];
        let unit = units.into_iter().find(|unit| self.filled(row, Field::Weight(*unit)))?;
        self.parsed(row, Field::Weight(unit), |value| number::grams(value, unit))
    }

    fn parsed<T>(&mut self, row: &'t Row, field: Field, parse: impl FnOnce(Value<'t>) -> Result<Read<T>, Fault>) -> Option<T> {
        let value = self.value(row, field);
        if value.text.trim().is_empty() {
            return None;
        }
        if value.kind == CellKind::Error {
            self.text(row, field);
            return None;
        }
        match parse(value) {
            Ok(read) => {
                if let Some(note) = read.note {
                    self.fault(row, field, Severity::Warning, note);
                }
                Some(read.value)
            }
            Err(fault) => {
                self.fault(row, field, Severity::Error, fault);
                None
            }
        }
    }

    /// A problem of one cell.
    pub fn fault(&mut self, row: &Row, field: Field, severity: Severity, fault: Fault) {
        let column = self.header_of(field);
        let value = self.columns.get(&field).map(|at| shorten(row.get(*at).text)).unwrap_or_default();
        self.problems.push(Problem { row: Some(row.number), column, value, expected: fault.expected, severity, code: fault.code });
    }

    /// A problem of a whole row.
    pub fn row_problem(&mut self, row: &Row, severity: Severity, code: Code, expected: impl Into<String>) {
        let expected = expected.into();
        self.problems.push(Problem { row: Some(row.number), column: None, value: String::new(), expected, severity, code });
    }

    /// A problem of the file.
    pub fn whole_file(&mut self, severity: Severity, code: Code, column: Option<String>, expected: impl Into<String>) {
        let expected = expected.into();
        self.problems.push(Problem { row: None, column, value: String::new(), expected, severity, code });
    }
}
