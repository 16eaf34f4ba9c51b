//! A bank's own list of what became of payments: CSV, whose layouts are data.
use crate::{Kind, Line, Movement, Refused, Report, camt::is_amount};

/// How one bank writes its list. A layout is recognised by its headings, and columns may stand in any order.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub code: String,
    pub name: String,
    pub currency: String,
    /// Headings: our id, what became of it, the amount.
    pub number: String,
    pub status: String,
    pub amount: String,
    /// Headings that may be there.
    pub reference: String,
    pub reason_code: String,
    pub reason: String,
    /// Words in the status column, compared without regard to case.
    pub left: Vec<String>,
    pub returned: Vec<String>,
    pub waiting: Vec<String>,
}

pub fn read(text: &str, layouts: &[Layout]) -> Result<Report, Refused> {
    let separator = if text.lines().next().unwrap_or_default().contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(broken)?.clone();
    let has = |heading: &String| headings.iter().any(|h| h.eq_ignore_ascii_case(heading));
    let Some(layout) = layouts.iter().find(|l| [&l.number, &l.status, &l.amount].into_iter().all(has)) else {
        let known: Vec<String> = layouts.iter().map(|l| format!("{} ({}, {}, {})", l.code, l.number, l.status, l.amount)).collect();
        return Err(Refused::new(1, "the headings", format!("those of one of: {}", known.join("; "))));
    };
    let column = |heading: &str| headings.iter().position(|h| h.eq_ignore_ascii_case(heading));
    let (mut lines, mut seen, mut at) = (Vec::new(), 0, 1);
    for row in reader.records() {
        let row = row.map_err(broken)?;
        // A row is said to begin at the break before it where breaks are of two characters.
        let begins = row.position().map_or(0, |p| usize::try_from(p.byte()).unwrap_or(0)).clamp(seen, text.len());
        let begins = begins + text.as_bytes()[begins..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        at += text.as_bytes()[seen..begins].iter().filter(|b| **b == b'\n').count() as u64;
        seen = begins;
        let cell = |heading: &str| column(heading).and_then(|c| row.get(c)).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        lines.push(line(layout, at, &cell)?);
    }
    Ok(Report { kind: Kind::Returns, lines })
}

fn line(layout: &Layout, at: u64, cell: &impl Fn(&str) -> Option<String>) -> Result<Line, Refused> {
    let status = cell(&layout.status).ok_or_else(|| Refused::new(at, &layout.status, "what became of it"))?;
    let is = |words: &[String]| words.iter().any(|word| word.eq_ignore_ascii_case(&status));
    let movement = if is(&layout.left) {
        Movement::Left
    } else if is(&layout.returned) {
        Movement::Returned
    } else if is(&layout.waiting) {
        Movement::Announced
    } else {
        let known = [&layout.left, &layout.returned, &layout.waiting].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        return Err(Refused::new(at, &layout.status, format!("one of {known}, not {status:?}")));
    };
    // Some banks write 1,23,456.00.
    let amount = cell(&layout.amount).unwrap_or_default().replace(',', "");
    if !is_amount(&amount) {
        return Err(Refused::new(at, &layout.amount, format!("an amount such as 5236.36, not {amount:?}")));
    }
    Ok(Line {
        at,
        movement,
        amount,
        currency: Some(layout.currency.clone()),
        end_to_end: cell(&layout.number),
        reference: cell(&layout.reference),
        reason: cell(&layout.reason_code),
        said: cell(&layout.reason),
    })
}

fn broken(error: csv::Error) -> Refused {
    let line = error.position().map_or(1, csv::Position::line);
    Refused::new(line, "the row", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layouts() -> Vec<Layout> {
        let words = |text: &str| text.split(' ').map(ToOwned::to_owned).collect();
        vec![Layout {
            code: "x".into(),
            name: "X".into(),
            currency: "INR".into(),
            number: "Customer reference".into(),
            status: "Status".into(),
            amount: "Amount".into(),
            reference: "UTR".into(),
            reason_code: "Return code".into(),
            reason: "Remarks".into(),
            left: words("Processed Paid"),
            returned: words("Returned"),
            waiting: words("Pending"),
        }]
    }
    #[test]
    fn a_list_is_read_by_its_headings() {
        let text = "Status,Amount,customer reference,UTR,Remarks\r\nPROCESSED,\"1,05,236.36\",PO-1,N327,\r\nreturned,12,PO-2,,account closed\r\n";
        let report = crate::read(text.as_bytes(), &layouts()).unwrap();
        let told: Vec<_> = report.lines.iter().map(|l| (l.at, l.movement, l.amount.as_str(), l.end_to_end.as_deref())).collect();
        assert_eq!(told, [(2, Movement::Left, "105236.36", Some("PO-1")), (3, Movement::Returned, "12", Some("PO-2"))]);
        assert_eq!((report.lines[0].reference.as_deref(), report.lines[1].said.as_deref()), (Some("N327"), Some("account closed")));
        assert_eq!(crate::read(text.replace(",", ";").replace("\"1;05;236.36\"", "105236.36").as_bytes(), &layouts()).unwrap().lines.len(), 2);
    }
    #[test]
    fn what_cannot_be_right_is_named_with_its_row_and_column() {
        let refused = |text: &str| {
            let Refused { line, element, .. } = crate::read(text.as_bytes(), &layouts()).unwrap_err();
            (line, element)
        };
        assert_eq!(refused("a,b\n1,2\n"), (1, "the headings".into()));
        assert_eq!(refused("Status,Amount,Customer reference\nPaid,1,a\nLost,1,a\n"), (3, "Status".into()));
        assert_eq!(refused("Status,Amount,Customer reference\nPaid,-1,a\n"), (2, "Amount".into()));
        assert_eq!(refused("Status,Amount,Customer reference\nPaid,1\n").0, 2);
    }
}
