//! Why a document was not made.

/// A document is either right or not made at all.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// Lines that do not add up to what is claimed. Amounts are in minor units of the document's currency.
    #[error("{what}: the lines sum to {sum} but {stated} is stated, a difference of {difference} (minor units)")]
    Sum {
        /// Which sum, in words, with the order or maker it belongs to.
        what: String,
        /// What the lines add up to.
        sum: i128,
        /// What the document states.
        stated: i128,
        /// `sum - stated`.
        difference: i128,
    },
    /// More text than a QR code can hold.
    #[error("a QR code cannot hold {bytes} bytes; shorten the address")]
    QrTooLong {
        /// Length of the text in bytes.
        bytes: usize,
    },
    /// More lines than a slip has room for.
    #[error("a pay slip has room for {max} lines, not {lines}; print a second one")]
    TooManyLines {
        /// Lines given.
        lines: usize,
        /// Lines that fit.
        max: usize,
    },
    /// A photo that is not a JPEG the document can embed.
    #[error("the photo is not a readable JPEG: {0}")]
    Photo(String),
    /// The PDF writer refused what was drawn.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
}
