//! What banks say, and what they are told, in files: statements and notifications (ISO 20022 camt.053 and camt.054), lists of returns
//! (CSV, whose layouts are data), and payment instructions (pain.001.001.09). Pure: bytes in, values out.
//!
//! - A file comes from outside: its size, depth and number of lines are bounded, nothing in it is expanded, and what does not read is
//!   refused with its line and element.
//! - A line says what happened to one payment, named by the end-to-end id that we gave it. What a line means here is decided elsewhere.
mod camt;
mod pain;
pub mod reasons;
mod returns;
mod xml;

pub use pain::{Debtor, Payment, instruct};
pub use returns::Layout;

/// More than a bank's statement of a busy month.
pub const MAX_BYTES: usize = 8 << 20;
/// Payments in one file.
pub const MAX_LINES: usize = 20_000;

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// camt.053: a statement of an account.
    Statement,
    /// camt.054: a notification of debits and credits.
    Notification,
    /// A bank's own list of what became of payments.
    Returns,
}
impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Statement => "camt.053",
            Self::Notification => "camt.054",
            Self::Returns => "returns",
        }
    }
}

/// What happened to the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// It left the account.
    Left,
    /// It came back, or never left.
    Returned,
    /// Money that came and is no return.
    Came,
    /// Announced, and not booked.
    Announced,
}

/// One payment in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it stands in the file, from 1.
    pub at: u64,
    pub movement: Movement,
    /// As written, with a point: `5236.36`.
    pub amount: String,
    /// None where a layout leaves it out: its own.
    pub currency: Option<String>,
    /// What we called the payment.
    pub end_to_end: Option<String>,
    /// What the bank calls it.
    pub reference: Option<String>,
    /// The bank's code for why it came back.
    pub reason: Option<String>,
    /// What the bank adds in words.
    pub said: Option<String>,
}

/// A file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub kind: Kind,
    pub lines: Vec<Line>,
}

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, {element}: {problem}")]
pub struct Refused {
    pub line: u64,
    /// The element's or column's name.
    pub element: String,
    pub problem: String,
}
impl Refused {
    pub(crate) fn new(line: u64, element: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { line, element: element.into(), problem: problem.into() }
    }
}

/// Reads whatever kind it is: XML begins with `<`, anything else is a list in one of `layouts`.
///
/// # Errors
/// [`Refused`] names the first place that cannot be right.
pub fn read(bytes: &[u8], layouts: &[Layout]) -> Result<Report, Refused> {
    if bytes.len() > MAX_BYTES {
        return Err(Refused::new(1, "the file", format!("it may have {MAX_BYTES} bytes at most")));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count();
        Refused::new(line as u64, "the file", "it is not text in UTF-8")
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let report = if text.trim_start().starts_with('<') { camt::read(text) } else { returns::read(text, layouts) }?;
    if report.lines.len() > MAX_LINES {
        return Err(Refused::new(1, "the file", format!("it may have {MAX_LINES} payments at most")));
    }
    Ok(report)
}
