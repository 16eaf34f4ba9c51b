//! Printed matter: tags for the pieces, statements for payouts, pay slips for makers.
//!
//! Pure functions from plain structs to bytes. Nothing here reads a clock, a file or a random number, so the same input
//! always gives the same bytes: a statement printed again years later can be compared with the first one.
//! Amounts arrive formatted; the only arithmetic is checking that lines add up, and a document whose lines do not is
//! never printed ([`Error::Sum`] names the difference).

mod drawing;
mod error;
mod pay_slip;
mod qr;
mod statement;
mod tag;
mod text;

pub use error::Error;
pub use pay_slip::{Language, PayMethod, PaySlip, WorkLine, pay_slip_pdf, pay_slips_pdf};
pub use qr::{qr_svg, qr_terminal};
pub use statement::{Adjustment, Amount, Conversion, MakerShare, OtherShare, Split, Statement, StatementLine, Totals, statement_csv, statement_pdf};
pub use tag::{Tag, tag_sheet_pdf, tag_svg, tags_pdf};
