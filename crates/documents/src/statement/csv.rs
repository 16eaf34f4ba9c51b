//! The statement as a spreadsheet opens it.

use super::{Amount, Statement};

const HEADER: [&str; 20] = [
    "statement",
    "kind",
    "order",
    "item",
    "code",
    "date",
    "pieces",
    "currency",
    "producer_part",
    "shipping",
    "advance_recouped",
    "fees",
    "amount",
    "premium_to_fund",
    "already_paid",
    "pay_now",
    "buyer_paid",
    "fx_rate",
    "fx_date",
    "fx_source",
];

/// A row by column name; columns not named stay empty.
type Row<'a> = Vec<(&'static str, Cell<'a>)>;

enum Cell<'a> {
    Text(&'a str),
    Money(&'a Amount),
    Count(u32),
}

pub(super) fn csv(statement: &Statement) -> String {
    let mut out = String::from('\u{feff}');
    write(&mut out, HEADER.iter().map(|name| (*name).to_owned()));
    for (kind, row) in rows(statement) {
        let cell = |column: &&'static str| match *column {
            "statement" => quoted(&statement.number),
            "kind" => kind.to_owned(),
            "currency" => quoted(&statement.currency),
            column => row.iter().find(|(name, _)| *name == column).map(|(_, cell)| print(cell, statement.minor_digits)).unwrap_or_default(),
        };
        write(&mut out, HEADER.iter().map(cell));
    }
    out
}

fn rows(statement: &Statement) -> Vec<(&'static str, Row<'_>)> {
    use Cell::{Count, Money, Text};
    let mut rows: Vec<(&'static str, Row<'_>)> = Vec::new();
    for line in &statement.lines {
        let mut row = vec![
            ("order", Text(&line.order)),
            ("item", Text(&line.item)),
            ("code", Text(line.code.as_deref().unwrap_or_default())),
            ("date", Text(&line.date)),
            ("producer_part", Money(&line.producer_part)),
            ("shipping", Money(&line.shipping)),
            ("advance_recouped", Money(&line.advance_recouped)),
            ("fees", Money(&line.fees)),
            ("amount", Money(&line.amount)),
            ("premium_to_fund", Money(&line.premium)),
        ];
        if let Some(fx) = &line.conversion {
            row.extend([("buyer_paid", Text(&fx.buyer_paid)), ("fx_rate", Text(&fx.rate))]);
            row.extend([("fx_date", Text(&fx.date)), ("fx_source", Text(&fx.source))]);
        }
        rows.push(("line", row));
    }
    for change in &statement.adjustments {
        let row = vec![("item", Text(&change.label)), ("date", Text(&change.date)), ("amount", Money(&change.amount))];
        rows.push(("adjustment", row));
    }
    for maker in &statement.split.makers {
        let row = vec![
            ("item", Text(&maker.alias)),
            ("pieces", Count(maker.pieces)),
            ("amount", Money(&maker.part)),
            ("already_paid", Money(&maker.already_paid)),
            ("pay_now", Money(&maker.pay_now)),
        ];
        rows.push(("maker", row));
    }
    for other in &statement.split.others {
        rows.push(("other", vec![("item", Text(&other.label)), ("amount", Money(&other.amount))]));
    }
    rows.push(("unallocated", vec![("amount", Money(&statement.split.unallocated))]));
    rows.push(("payout", vec![("item", Text(&statement.reference)), ("amount", Money(&statement.amount))]));
    rows
}

fn print(cell: &Cell<'_>, minor_digits: u8) -> String {
    match cell {
        Cell::Text(text) => quoted(text),
        Cell::Money(amount) => decimal(amount.minor, minor_digits.into()),
        Cell::Count(count) => count.to_string(),
    }
}

/// Minor units with the decimal point put in, never through a float.
fn decimal(minor: i64, digits: usize) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let padded = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, part) = padded.split_at(padded.len() - digits);
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// A quoted text cell that no spreadsheet runs as a formula: leading white space does not hide the sign from them either.
fn quoted(text: &str) -> String {
    const STARTS_A_FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    if text.is_empty() {
        return String::new();
    }
    let guard = if text.trim_start().starts_with(STARTS_A_FORMULA) || text.starts_with(['\t', '\r', '\n']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn write(out: &mut String, cells: impl Iterator<Item = String>) {
    out.push_str(&cells.collect::<Vec<_>>().join(","));
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralised_and_plain_text_is_left_alone() {
        for text in ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1"] {
            assert!(quoted(text).starts_with("\"'"), "{text}");
        }
        for text in ["Sita Devi", "H-1042", "सुनीता", "a=b", "'quoted'"] {
            assert_eq!(quoted(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn decimals_follow_the_currency() {
        assert_eq!(decimal(326_400, 2), "3264.00");
        assert_eq!(decimal(5, 2), "0.05");
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(1_200, 0), "1200");
        assert_eq!(decimal(1_234, 3), "1.234");
        assert_eq!(decimal(i64::MIN, 2), "-92233720368547758.08");
    }
}
