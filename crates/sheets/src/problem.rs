//! What is wrong with a file, in words its sender can act on.

use serde::{Deserialize, Serialize};

/// Longest piece of a value repeated in a problem, in characters: enough to recognise it, not enough to flood a report.
const VALUE_SHOWN: usize = 60;

/// Whether a problem stops what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The rows it names cannot be imported as they are.
    Error,
    /// The rows are imported; the sender should know how they were read.
    Warning,
}

/// Stable machine names of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    AmountAmbiguous,
    AmountNegative,
    AmountOtherCurrency,
    AmountTooLarge,
    AmountTooPrecise,
    AmountUnreadable,
    DateAmbiguous,
    DateSerial,
    DateUnreadable,
    FlagUnreadable,
    NumberDamaged,
    NumberTooLarge,
    NumberUnreadable,
    StatusUnknown,
    StockFraction,
    StockNegative,
    StockOfParent,
    WeightRounded,
    WeightUnreadable,
    SpreadsheetError,
    RowTooLong,
    RowTooShort,
    RowEmpty,
    ColumnMissing,
    ColumnRepeated,
    TitleMissing,
    PriceMissing,
    IdentityMissing,
    IdentityRepeated,
    ContinuedFromAbove,
    ValuesDiffer,
    VariantRepeated,
    OptionAny,
    SkuRepeated,
    ImageRepeated,
    ImageUnreadable,
    NotShipped,
    ParentUnknown,
    SaleDated,
    TotalDiffers,
    PolicyUnknown,
    SourceUnknown,
}

/// One problem: where, what stood there, what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// As a spreadsheet program numbers it, the first row being 1; `None` is the file as a whole.
    pub row: Option<u32>,
    /// The file's own header; `None` is the row as a whole.
    pub column: Option<String>,
    /// What stood there, shortened.
    pub value: String,
    /// What was expected, or how the value was read.
    pub expected: String,
    pub severity: Severity,
    pub code: Code,
}

/// Shortens a value for showing; the ellipsis says that it was.
pub fn shorten(value: &str) -> String {
    match value.char_indices().nth(VALUE_SHOWN) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}

/// A row left out on purpose, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub row: u32,
    pub reason: String,
}
