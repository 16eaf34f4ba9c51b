//! A month, what closing it needs, and the tables that are written of it. Pure.
use crate::{
    clock::{Day, Time},
    db::{DbError, Retryable},
    ledger::{self, AccountMovement},
    money::{Currency, Money},
    reconciliation::stuck::StuckKind,
};

/// A calendar month, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    first: Day,
    next: Day,
}
impl Month {
    pub fn first(self) -> Day {
        self.first
    }
    pub fn from(self) -> Time {
        self.first.start()
    }
    /// Not included.
    pub fn until(self) -> Time {
        self.next.start()
    }
}
impl std::str::FromStr for Month {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "a month, as 2026-10";
        let plain = text.len() == 7 && text.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() });
        let first: Day = format!("{text}-01").parse().map_err(|_| EXPECTED)?;
        // Every month has fewer than 32 days, and every next one begins before its 5th.
        let somewhere_next = first.plus_days(31).0;
        if plain { Ok(Self { first, next: Day(somewhere_next.first_of_month()) }) } else { Err(EXPECTED) }
    }
}
impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", &self.first.to_string()[..7])
    }
}

/// Something of the month that nobody has decided yet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Open {
    /// `unexplained`, or the kind of what stands still.
    pub kind: String,
    pub subject: String,
    pub what: String,
}
impl Open {
    pub fn stuck(kind: StuckKind, subject: String, what: String) -> Self {
        Self { kind: kind.as_str().to_owned(), subject, what }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} is not over yet")]
    NotOver(String),
    #[error("a later month is closed already")]
    OutOfOrder,
    #[error("no whole comparison with Stripe covers {month}: run haat reconcile --since {since}")]
    NotCompared { month: String, since: Day },
    #[error("{} things of the month are open", .0.len())]
    Open(Vec<Open>),
    #[error("the books do not agree with their own transfers: run haat ledger verify")]
    Unproven,
    #[error("the trial balance of {0} does not balance")]
    Unbalanced(Currency),
    #[error("the file cannot be written")]
    File(#[from] std::io::Error),
    #[error("the archive cannot be written")]
    Archive(#[from] zip::result::ZipError),
    #[error("what was left open cannot be read")]
    Corrupt(#[from] serde_json::Error),
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl Retryable for Error {
    fn retryable(&self) -> bool {
        match self {
            Self::Db(error) | Self::Ledger(ledger::Error::Db(error)) => error.retryable(),
            _ => false,
        }
    }
}

/// Lines of comma-separated values. What could be read as a formula by a spreadsheet begins with an apostrophe.
pub struct Csv(String);
impl Csv {
    pub fn new(head: &[&str]) -> Self {
        let mut csv = Self(String::new());
        csv.row(head);
        csv
    }
    pub fn row(&mut self, cells: &[&str]) {
        for (i, cell) in cells.iter().enumerate() {
            if i > 0 {
                self.0.push(',');
            }
            self.cell(cell);
        }
        self.0.push('\n');
    }
    fn cell(&mut self, text: &str) {
        let number = text.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'.');
        let formula = text.starts_with(['=', '+', '@', '\t', '\r']) || (text.starts_with('-') && !number);
        let text = if formula { format!("'{text}") } else { text.to_owned() };
        if text.contains([',', '"', '\n', '\r']) {
            self.0.push_str(&format!("\"{}\"", text.replace('"', "\"\"")));
        } else {
            self.0.push_str(&text);
        }
    }
    pub fn into_text(self) -> String {
        self.0
    }
}

/// Sums of a trial balance in one currency, debits positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balanced {
    pub currency: Currency,
    pub debits: i64,
    pub credits: i64,
}

/// The sums per currency.
///
/// # Errors
/// [`Error::Unbalanced`] unless opening and closing come to nothing, and debits equal credits.
pub fn balanced(rows: &[AccountMovement]) -> Result<Vec<Balanced>, Error> {
    let mut sums: std::collections::BTreeMap<Currency, [i128; 4]> = std::collections::BTreeMap::new();
    for row in rows {
        let sum = sums.entry(row.currency).or_default();
        for (into, minor) in sum.iter_mut().zip([row.opening, row.debits, row.credits, row.closing()]) {
            *into += i128::from(minor);
        }
    }
    let check = |(currency, [opening, debits, credits, closing]): (Currency, [i128; 4])| {
        let fits = |minor: i128| i64::try_from(minor).map_err(|_| Error::Unbalanced(currency));
        if opening != 0 || closing != 0 || debits != credits {
            return Err(Error::Unbalanced(currency));
        }
        Ok(Balanced { currency, debits: fits(debits)?, credits: fits(credits)? })
    };
    sums.into_iter().map(check).collect()
}

fn figures(row: &AccountMovement) -> [String; 4] {
    [row.opening, row.debits, row.credits, row.closing()].map(|minor| Money::new(minor, row.currency).decimal())
}

/// Every account: what it held before, what moved, what it holds after. Debits are positive.
pub fn trial_balance(rows: &[AccountMovement]) -> String {
    let mut csv = Csv::new(&["account", "class", "currency", "opening", "debits", "credits", "closing"]);
    for row in rows {
        let [opening, debits, credits, closing] = figures(row);
        csv.row(&[&row.name, row.class.as_str(), row.currency.as_str(), &opening, &debits, &credits, &closing]);
    }
    csv.into_text()
}

/// Tax by jurisdiction: owed before, charged to buyers, given back to them or paid, owed after.
pub fn tax(rows: &[AccountMovement]) -> String {
    let mut csv = Csv::new(&["jurisdiction", "currency", "owed_before", "charged", "given_back_or_paid", "owed_after"]);
    for row in rows {
        if let Some(jurisdiction) = row.name.strip_prefix("tax_payable:") {
            csv.row(&[
                jurisdiction,
                row.currency.as_str(),
                &owed(row, -row.opening),
                &owed(row, row.credits),
                &owed(row, row.debits),
                &owed(row, -row.closing()),
            ]);
        }
    }
    csv.into_text()
}
fn owed(row: &AccountMovement, minor: i64) -> String {
    Money::new(minor, row.currency).decimal()
}

/// Accounts that are somebody's of the maker side; receivables and advances are what they owe.
const MAKER_SIDE: [&str; 11] = [
    "coop_advance",
    "coop_available",
    "coop_held",
    "coop_paying",
    "coop_pending",
    "coop_receivable",
    "corpus_fund",
    "maker_payable",
    "premium_fund",
    "premium_pending",
    "shipping_payable",
];
/// What is owed to each cooperative and maker, by kind. Negative is what they owe.
pub fn payables(rows: &[AccountMovement], slugs: &std::collections::BTreeMap<String, String>) -> String {
    let mut csv = Csv::new(&["owner", "cooperative", "kind", "currency", "owed_before", "added", "taken", "owed_after"]);
    for row in rows {
        let Some((kind, owner)) = row.name.split_once(':').filter(|(kind, _)| MAKER_SIDE.contains(kind)) else { continue };
        let slug = slugs.get(owner).map_or("", String::as_str);
        let figures = [owed(row, -row.opening), owed(row, row.credits), owed(row, row.debits), owed(row, -row.closing())];
        let [before, added, taken, after] = &figures;
        csv.row(&[owner, slug, kind, row.currency.as_str(), before, added, taken, after]);
    }
    csv.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::model::Class;

    fn row(name: &str, opening: i64, debits: i64, credits: i64) -> AccountMovement {
        AccountMovement { name: name.into(), class: Class::Liability, currency: Currency::EUR, opening, debits, credits }
    }
    #[test]
    fn a_month_has_its_ends() {
        for (text, until) in [("2026-10", "2026-11-01"), ("2026-12", "2027-01-01"), ("2024-02", "2024-03-01")] {
            let month: Month = text.parse().unwrap();
            assert_eq!((month.to_string().as_str(), month.until().day().to_string().as_str()), (text, until));
        }
        for wrong in ["2026", "2026-13", "2026-1", "26-10", "2026-10-01", "+026-10"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
    #[test]
    fn what_does_not_balance_is_refused() {
        let good = [row("a", 10, 5, 0), row("b", -10, 0, 5)];
        assert_eq!(balanced(&good).unwrap(), [Balanced { currency: Currency::EUR, debits: 5, credits: 5 }]);
        assert!(balanced(&[row("a", 10, 5, 0), row("b", -10, 0, 4)]).is_err());
        assert!(balanced(&[row("a", 10, 5, 0), row("b", -9, 0, 5)]).is_err());
    }
    #[test]
    fn a_cell_is_a_cell_and_never_a_formula() {
        let mut csv = Csv::new(&["a", "b"]);
        csv.row(&["x,\"y\"", "-12.50"]);
        csv.row(&["=cmd", "-x"]);
        assert_eq!(csv.into_text(), "a,b\n\"x,\"\"y\"\"\",-12.50\n'=cmd,'-x\n");
    }
    #[test]
    fn what_is_owed_is_positive() {
        let text = payables(&[row("coop_available:7", -100, 30, 50), row("commission", 0, 0, 9)], &[("7".to_owned(), "bagru".to_owned())].into());
        assert_eq!(text, "owner,cooperative,kind,currency,owed_before,added,taken,owed_after\n7,bagru,coop_available,EUR,1.00,0.50,0.30,1.20\n");
        assert!(tax(&[row("tax_payable:DE", -5, 0, 2)]).ends_with("DE,EUR,0.05,0.02,0.00,0.07\n"));
    }
}
