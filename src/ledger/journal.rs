//! The books as other people's double-entry software reads them: a journal of hledger's, or a file of beancount's. Pure.
//!
//! - One entry per thing that happened; it balances in each currency because each of its transfers does.
//! - Signs are double entry's own: a debit is positive and a credit negative, whatever the account's class.
//! - Names are the ledger's: cooperatives and makers by their ids, so that nothing in the file is about a person.
use std::collections::BTreeSet;

use super::model::Class;
use crate::{clock::Time, ids::TransferId, money::Money};

text_enum! {
    as JournalFormat,
    pub enum Format { Hledger = "hledger", Beancount = "beancount" }
}

/// A transfer with all that a reader elsewhere needs of it.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: TransferId,
    pub source_type: String,
    pub source_id: uuid::Uuid,
    pub kind: String,
    pub leg: String,
    pub group: String,
    pub occurred_at: Time,
    pub debit: (String, Class),
    pub credit: (String, Class),
    pub amount: Money,
}

/// Turns transfers, oldest first, into text, entry by entry.
pub struct Journal {
    format: Format,
    entry: Vec<Row>,
    opened: BTreeSet<String>,
}

impl Journal {
    pub fn new(format: Format) -> Self {
        Self { format, entry: Vec::new(), opened: BTreeSet::new() }
    }
    pub fn head(&self) -> &'static str {
        match self.format {
            Format::Hledger => "decimal-mark .\n\n",
            Format::Beancount => "option \"title\" \"Haat\"\n\n",
        }
    }
    /// Takes the next transfer; gives the entry before it, if that is complete.
    pub fn push(&mut self, row: Row) -> Option<String> {
        let same = |last: &Row| (&last.source_type, last.source_id, &last.kind) == (&row.source_type, row.source_id, &row.kind);
        let done = self.entry.last().is_some_and(|last| !same(last)).then(|| self.flush());
        self.entry.push(row);
        done
    }
    /// The last entry; empty if there is none.
    pub fn flush(&mut self) -> String {
        let rows = std::mem::take(&mut self.entry);
        match (rows.first(), self.format) {
            (None, _) => String::new(),
            (Some(first), Format::Hledger) => hledger(first, &rows),
            (Some(first), Format::Beancount) => self.beancount(first, &rows),
        }
    }
    /// Accounts open on a day before every entry: what is reported late may have happened before the report.
    fn beancount(&mut self, first: &Row, rows: &[Row]) -> String {
        let mut text = String::new();
        for (name, class) in rows.iter().flat_map(|row| [&row.debit, &row.credit]) {
            let account = beancount_account(name, *class);
            if !self.opened.contains(&account) {
                text.push_str(&format!("1970-01-01 open {account}\n"));
                self.opened.insert(account);
            }
        }
        let Row { source_type, source_id, kind, group, .. } = first;
        text.push_str(&format!("{} * \"{source_type} {kind}\" \"{group}\"\n  source: \"{source_id}\"\n", first.occurred_at.day()));
        for row in rows {
            let (amount, currency) = (row.amount.decimal(), row.amount.currency);
            for ((name, class), sign) in [(&row.debit, ""), (&row.credit, "-")] {
                text.push_str(&format!("  {}  {sign}{amount} {currency}\n    leg: \"{}\"\n", beancount_account(name, *class), row.leg));
            }
        }
        text.push('\n');
        text
    }
}

fn hledger(first: &Row, rows: &[Row]) -> String {
    let Row { source_type, source_id, kind, group, .. } = first;
    let mut text = format!("{} ({group}) {source_type} {kind}  ; source: {source_id}\n", first.occurred_at.day());
    for row in rows {
        let (amount, currency) = (row.amount.decimal(), row.amount.currency);
        for ((name, class), sign) in [(&row.debit, ""), (&row.credit, "-")] {
            text.push_str(&format!("    {}:{name}  {currency} {sign}{amount}  ; leg: {}\n", plural(*class), row.leg));
        }
    }
    text.push('\n');
    text
}

/// The top-level accounts that both programs know.
const fn plural(class: Class) -> &'static str {
    match class {
        Class::Asset => "assets",
        Class::Liability => "liabilities",
        Class::Income => "income",
        Class::Expense => "expenses",
    }
}

/// Each part of a name begins with a capital or a digit and holds letters, digits and hyphens: `Liabilities:Coop-pending:0191…`.
fn beancount_account(name: &str, class: Class) -> String {
    let part = |part: &str| {
        let plain: String = part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let mut letters = plain.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    std::iter::once(plural(class)).chain(name.split(':')).map(part).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn row(kind: &str, leg: &str, minor: i64) -> Row {
        Row {
            id: TransferId::new(),
            source_type: "order".into(),
            source_id: uuid::Uuid::nil(),
            kind: kind.into(),
            leg: leg.into(),
            group: "HA-1".into(),
            occurred_at: Time::from_unix(1_795_348_800).unwrap(),
            debit: ("stripe_balance".into(), Class::Asset),
            credit: ("tax_payable:US-CA".into(), Class::Liability),
            amount: Money::new(minor, Currency::EUR),
        }
    }
    #[test]
    fn an_entry_in_both_tongues() {
        let text = |format| {
            let mut journal = Journal::new(format);
            let first = journal.push(row("paid", "a", 5));
            let second = journal.push(row("released", "b", 123_456)).unwrap_or_default();
            assert!(first.is_none());
            second
        };
        insta::assert_snapshot!(text(Format::Hledger), @r"
        2026-11-22 (HA-1) order paid  ; source: 00000000-0000-0000-0000-000000000000
            assets:stripe_balance  EUR 0.05  ; leg: a
            liabilities:tax_payable:US-CA  EUR -0.05  ; leg: a
        ");
        insta::assert_snapshot!(text(Format::Beancount), @r#"
        1970-01-01 open Assets:Stripe-balance
        1970-01-01 open Liabilities:Tax-payable:US-CA
        2026-11-22 * "order paid" "HA-1"
          source: "00000000-0000-0000-0000-000000000000"
          Assets:Stripe-balance  0.05 EUR
            leg: "a"
          Liabilities:Tax-payable:US-CA  -0.05 EUR
            leg: "a"
        "#);
    }
    #[test]
    fn amounts_have_their_currency_s_places() {
        let shown = |minor, code: &str| Money::new(minor, code.parse().unwrap()).decimal();
        assert_eq!([shown(123_456, "EUR"), shown(5, "EUR"), shown(500, "JPY")], ["1234.56", "0.05", "500"]);
    }
}
