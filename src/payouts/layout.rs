//! Bulk payment files, whose layouts are data: columns with templates (`layouts.json`). Pure.
//!
//! A bank reads such a file with a program that nobody here has seen: plain ASCII, no formula, no line break, and a row that lacks what a
//! column needs is refused rather than left blank.
use std::collections::BTreeMap;

use super::model::DestinationKind;
use crate::{
    clock::Day,
    money::{Currency, Money},
};

#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub code: String,
    pub name: String,
    #[serde(default)]
    pub format: Format,
    /// The details it can write.
    pub kind: DestinationKind,
    pub currency: Currency,
    /// None of a message that has its own form: (heading, template): `{amount}`, `{number}`, `{date}` and what the destination's details hold.
    #[serde(default)]
    pub columns: Vec<(String, String)>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Csv,
    /// ISO 20022, pain.001.001.09.
    Pain001,
}
impl Format {
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Pain001 => "xml",
        }
    }
}

/// The longest name that every bank takes.
const MAX_NAME: usize = 70;

/// Every layout that comes with the program; the first of a kind is the usual one.
pub fn layouts() -> Result<Vec<Layout>, serde_json::Error> {
    serde_json::from_str(include_str!("layouts.json"))
}

/// One payout as a row sees it.
#[derive(Clone, Debug)]
pub struct Instruction {
    pub number: String,
    pub amount: Money,
    pub details: BTreeMap<String, String>,
}

/// The details lack what a column needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the details of {number} have no usable {field}")]
pub struct Missing {
    pub number: String,
    pub field: String,
}

impl Layout {
    pub fn heading(&self) -> String {
        row(self.columns.iter().map(|(heading, _)| heading.clone()))
    }
    pub fn line(&self, of: &Instruction, day: Day) -> Result<String, Missing> {
        let cells = self.columns.iter().map(|(_, template)| fill(template, of, day)).collect::<Result<Vec<_>, _>>()?;
        Ok(row(cells.into_iter()))
    }
    /// One payout in a message that has its own form.
    pub fn payment(of: &Instruction) -> Result<bankfiles::Payment, Missing> {
        let text = |field: &str| {
            let plain: String = of.details.get(field).map_or("", String::as_str).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let plain: String = plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_NAME).collect();
            if plain.is_empty() { Err(Missing { number: of.number.clone(), field: field.to_owned() }) } else { Ok(plain) }
        };
        Ok(bankfiles::Payment {
            end_to_end: of.number.clone(),
            amount: of.amount.decimal(),
            currency: of.amount.currency.to_string(),
            holder: text("holder")?,
            iban: text("iban")?,
        })
    }
}

fn fill(template: &str, of: &Instruction, day: Day) -> Result<String, Missing> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((field, tail)) = after.split_once('}') else { break };
        let value = match field {
            "amount" => of.amount.decimal(),
            "number" => of.number.clone(),
            "date" => day.0.strftime("%d/%m/%Y").to_string(),
            field => plain(of.details.get(field).map_or("", String::as_str)),
        };
        if value.is_empty() {
            return Err(Missing { number: of.number.clone(), field: field.to_owned() });
        }
        out.push_str(before);
        out.push_str(&value);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// ASCII letters, digits and the few marks that names and addresses of accounts have; what starts a formula is not among the first.
fn plain(text: &str) -> String {
    let kept: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || " .&/()@_-".contains(c) { c } else { ' ' }).collect();
    let one_space = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    one_space.trim_start_matches(['@', '-', ' ']).to_owned()
}

fn row(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| if cell.contains([',', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell };
    format!("{}\r\n", cells.map(quoted).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instruction(holder: &str) -> Instruction {
        let details = [("holder", holder), ("account", "00000012345678901"), ("ifsc", "SBIN0001234")];
        Instruction {
            number: "PO-7K3M-92QX".into(),
            amount: Money::new(523_636, Currency::INR),
            details: details.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        }
    }
    fn neft() -> Layout {
        layouts().unwrap().into_iter().find(|l| l.code == "in_neft").unwrap()
    }

    #[test]
    fn a_row_is_what_the_layout_says() {
        let day = crate::clock::Time::from_unix(1_795_348_800).unwrap().day();
        assert_eq!(
            neft().line(&instruction("Bagru Printers"), day).unwrap(),
            "NEFT,Bagru Printers,00000012345678901,SBIN0001234,5236.36,22/11/2026,PO-7K3M-92QX,Haat payout PO-7K3M-92QX\r\n"
        );
        assert!(neft().heading().starts_with("Payment mode,Beneficiary name,"));
    }
    #[test]
    fn nothing_that_was_typed_runs_or_breaks_out() {
        let day = crate::clock::Time::from_unix(0).unwrap().day();
        let line = neft().line(&instruction("=cmd|'/c calc'!A1\r\nNEFT,Thief"), day).unwrap();
        assert!(line.starts_with("NEFT,cmd /c calc A1 NEFT Thief,"), "{line}");
        assert_eq!(line.lines().count(), 1);
        let nameless = neft().line(&instruction("सहकारी"), day);
        assert_eq!(nameless, Err(Missing { number: "PO-7K3M-92QX".into(), field: "holder".into() }));
    }
    #[test]
    fn every_layout_reads_and_has_a_code_of_its_own() {
        let all = layouts().unwrap();
        let mut codes: Vec<_> = all.iter().map(|l| &l.code).collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), all.len());
    }
}
