//! The statement of a payout: what a cooperative was paid, how the amount came about line by line, and how it is split to
//! its makers. Written so that a manager can check it with a pencil.
//!
//! Every amount arrives formatted next to its minor units. A statement is refused unless
//! - each line: producer part + shipping − advance − fees = amount,
//! - each column: the lines sum to the total stated,
//! - the lines and adjustments together sum to the payout,
//! - each maker: already paid + to pay now = her part,
//! - makers' columns: they sum to the totals stated,
//! - makers, other parts and the unallocated rest together sum to the payout.
//!
//! The premium is shown beside the sums and is in none of them: it goes to the fund.

mod csv;
mod sheet;

use crate::Error;

/// An amount in the statement's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Minor units (paise, cents).
    pub minor: i64,
    /// As it is printed, with its currency sign: `₹3,264.00`.
    pub text: String,
}

/// The rate a sale in another currency was taken at. It was fixed on the order's date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// What the buyer paid for this line, with its currency: `USD 48.00`.
    pub buyer_paid: String,
    /// `1 USD = 88.00 INR`.
    pub rate: String,
    /// The day of the rate.
    pub date: String,
    /// Who published it.
    pub source: String,
}

/// One order line of the payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Order number.
    pub order: String,
    /// Title of what was sold.
    pub item: String,
    /// Code of the piece; none for goods sold without one.
    pub code: Option<String>,
    /// Day of the sale.
    pub date: String,
    /// The cooperative's part of the price, its makers' included.
    pub producer_part: Amount,
    /// Shipping the cooperative paid for and gets back.
    pub shipping: Amount,
    /// Advance already received for this order, deducted; not negative.
    pub advance_recouped: Amount,
    /// Fees, deducted; not negative.
    pub fees: Amount,
    /// What this line adds to the payout.
    pub amount: Amount,
    /// Premium, credited to the members' fund and no part of `amount`.
    pub premium: Amount,
    /// Present if the buyer paid in another currency.
    pub conversion: Option<Conversion>,
}

/// Something that changes the payout without an order line: a debt carried forward, a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// What and why.
    pub label: String,
    /// Its day.
    pub date: String,
    /// Negative if it was deducted.
    pub amount: Amount,
}

/// The columns' sums as the ledger has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Sum of [`StatementLine::producer_part`].
    pub producer_part: Amount,
    /// Sum of [`StatementLine::shipping`].
    pub shipping: Amount,
    /// Sum of [`StatementLine::advance_recouped`].
    pub advance_recouped: Amount,
    /// Sum of [`StatementLine::fees`].
    pub fees: Amount,
    /// Sum of [`StatementLine::premium`].
    pub premium: Amount,
}

/// What one maker is owed out of the payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakerShare {
    /// The maker's public alias.
    pub alias: String,
    /// How many pieces she worked on.
    pub pieces: u32,
    /// Her part: already paid and to pay now together.
    pub part: Amount,
    /// What the cooperative paid her before; it keeps this much of the payout in return.
    pub already_paid: Amount,
    /// What she is to be paid now.
    pub pay_now: Amount,
}

/// A part of the payout that is no maker's: materials, the cooperative's own part, shipping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherShare {
    /// What it is for.
    pub label: String,
    /// Negative where something already passed on is set against it.
    pub amount: Amount,
}

/// How the payout is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// One row per maker.
    pub makers: Vec<MakerShare>,
    /// Everything that is known not to be a maker's.
    pub others: Vec<OtherShare>,
    /// Work whose maker is not recorded.
    pub unallocated: Amount,
    /// Sum of [`MakerShare::already_paid`].
    pub already_paid: Amount,
    /// Sum of [`MakerShare::pay_now`]: what the makers are still to receive.
    pub pay_now: Amount,
}

/// A payout and everything it consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Payout number.
    pub number: String,
    /// Who was paid.
    pub cooperative: String,
    /// `1 to 30 November 2026`.
    pub period: String,
    /// ISO 4217 code, for the CSV.
    pub currency: String,
    /// Decimals of the currency's minor unit (INR 2, JPY 0), for the CSV.
    pub minor_digits: u8,
    /// What was paid.
    pub amount: Amount,
    /// How it was paid: `Bank transfer (NEFT)`.
    pub rail: String,
    /// Where to, masked: `State Bank of India ··4821`.
    pub paid_to: String,
    /// What the bank's own statement shows.
    pub reference: String,
    /// Day it was sent, or in words that it has not been yet.
    pub paid_on: String,
    /// Whom to ask.
    pub contact: String,
    /// The order lines.
    pub lines: Vec<StatementLine>,
    /// Anything else that changed the amount.
    pub adjustments: Vec<Adjustment>,
    /// The columns' sums.
    pub totals: Totals,
    /// How it is divided.
    pub split: Split,
}

/// The statement as a PDF on A4. Refused with [`Error::Sum`] if anything does not add up.
pub fn statement_pdf(statement: &Statement) -> Result<Vec<u8>, Error> {
    statement.check()?;
    sheet::pdf(statement)
}

/// The statement as CSV (UTF-8 with byte order mark, CRLF), one row per line, adjustment, maker, other part and rest, told
/// apart by `kind`. Text that a spreadsheet would run as a formula is prefixed with an apostrophe.
/// Refused with [`Error::Sum`] if anything does not add up.
pub fn statement_csv(statement: &Statement) -> Result<String, Error> {
    statement.check()?;
    Ok(csv::csv(statement))
}

impl Statement {
    fn check(&self) -> Result<(), Error> {
        for line in &self.lines {
            let what = format!("order {}, {}", line.order, line.item);
            let (plus, minus) = ([&line.producer_part, &line.shipping], [&line.advance_recouped, &line.fees]);
            sums(what, total(plus) - total(minus), &line.amount)?;
        }
        self.check_columns()?;
        let adjusted = total(self.lines.iter().map(|l| &l.amount)) + total(self.adjustments.iter().map(|a| &a.amount));
        sums(format!("payout {}, order lines and adjustments", self.number), adjusted, &self.amount)?;
        for maker in &self.split.makers {
            let what = format!("maker {}, already paid and to pay now", maker.alias);
            sums(what, total([&maker.already_paid, &maker.pay_now]), &maker.part)?;
        }
        let (already, now): (Vec<_>, Vec<_>) = self.split.makers.iter().map(|m| (&m.already_paid, &m.pay_now)).unzip();
        sums(format!("payout {}, makers already paid", self.number), total(already), &self.split.already_paid)?;
        sums(format!("payout {}, makers to pay now", self.number), total(now), &self.split.pay_now)?;
        let makers = total(self.split.makers.iter().map(|maker| &maker.part));
        let others = total(self.split.others.iter().map(|other| &other.amount));
        let divided = makers + others + total([&self.split.unallocated]);
        sums(format!("payout {}, split to makers", self.number), divided, &self.amount)
    }

    fn check_columns(&self) -> Result<(), Error> {
        type Column = fn(&StatementLine) -> &Amount;
        let columns: [(&str, Column, &Amount); 5] = [
            ("producer part", |line| &line.producer_part, &self.totals.producer_part),
            ("shipping", |line| &line.shipping, &self.totals.shipping),
            ("advance recouped", |line| &line.advance_recouped, &self.totals.advance_recouped),
            ("fees", |line| &line.fees, &self.totals.fees),
            ("premium", |line| &line.premium, &self.totals.premium),
        ];
        for (name, column, stated) in columns {
            sums(format!("payout {}, column {name}", self.number), total(self.lines.iter().map(column)), stated)?;
        }
        Ok(())
    }
}

/// Exact: a hundred million `i64` amounts stay far inside an `i128`.
pub(crate) fn total<'a>(amounts: impl IntoIterator<Item = &'a Amount>) -> i128 {
    amounts.into_iter().map(|amount| i128::from(amount.minor)).sum()
}

pub(crate) fn sums(what: String, sum: i128, stated: &Amount) -> Result<(), Error> {
    let stated = i128::from(stated.minor);
    if sum == stated { Ok(()) } else { Err(Error::Sum { what, sum, stated, difference: sum - stated }) }
}
