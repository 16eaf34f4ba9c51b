//! The archive of a closed month: tables for a spreadsheet, a journal for accounting programs, one summary for a reader.
use std::io::{Seek, Write};

use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::{
    model::{self, Balanced, Csv, Error, Month, Open},
    read::{self, Converted, Tied},
};
use crate::{
    db::Conn,
    ids::ReconciliationId,
    ledger::{self, AccountMovement, ClosedPeriod, Format},
    money::Money,
    reconciliation::model::Bucket,
};

/// What is in it, and what each file says.
const FILES: [(&str, &str); 8] = [
    ("summary.txt", "this page"),
    ("trial-balance.csv", "every account: opening, debits, credits, closing; debits are positive"),
    ("stripe-tie-out.csv", "Stripe's movements beside ours, by what explains the difference"),
    ("tax.csv", "tax by jurisdiction"),
    ("payables.csv", "what is owed to each cooperative and maker"),
    ("fx.csv", "sales that crossed currencies, by their dated rate; clearing, gains and losses are in the trial balance"),
    ("journal.hledger", "every transfer of the month, for hledger"),
    ("journal.beancount", "every transfer of the month, for beancount"),
];

/// Writes the closed month to `into`. The same month gives the same bytes: no entry has a time of its own.
pub async fn write<W: Write + Seek>(conn: &mut Conn, period: &ClosedPeriod, month: Month, into: W) -> Result<W, Error> {
    let run = ReconciliationId::from(period.comparison);
    let rows = ledger::movements(conn, month.from(), month.until()).await?;
    let (sums, tied) = (model::balanced(&rows)?, read::tied(conn, run, month).await?);
    let (converted, slugs) = (read::converted(conn, month).await?, read::slugs(conn).await?);
    let left: Vec<Open> = serde_json::from_value(period.left_open.clone())?;
    let mut zip = ZipWriter::new(into);
    let texts = [
        summary(period, month, &sums, &tied, &rows, &left),
        model::trial_balance(&rows),
        tie_out(&tied, &rows),
        model::tax(&rows),
        model::payables(&rows, &slugs),
        fx(&converted),
    ];
    for ((name, _), text) in FILES.iter().zip(texts) {
        zip.start_file(*name, options())?;
        zip.write_all(text.as_bytes())?;
    }
    for (format, (name, _)) in [Format::Hledger, Format::Beancount].into_iter().zip(&FILES[6..]) {
        zip.start_file(*name, options())?;
        let within = Some((month.from(), month.until()));
        ledger::export::<Error>(conn, format, within, |text| Ok(zip.write_all(text.as_bytes())?)).await?;
    }
    Ok(zip.finish()?)
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(DateTime::default()).unix_permissions(0o644)
}

/// What our books moved on Stripe's balance in the month, by when it was booked.
fn booked(rows: &[AccountMovement], currency: crate::money::Currency) -> i64 {
    rows.iter().filter(|row| row.name == "stripe_balance" && row.currency == currency).map(|row| row.debits - row.credits).sum()
}

/// One row per currency, bucket and reason; then, per currency, the whole, and what was booked in another month than Stripe moved it.
fn tie_out(tied: &[Tied], rows: &[AccountMovement]) -> String {
    let mut csv = Csv::new(&["currency", "bucket", "reason", "lines", "stripe", "our_books", "difference"]);
    let mut row = |currency: crate::money::Currency, bucket: &str, reason: &str, lines: i64, provider: i64, ours: i64| {
        let money = |minor| Money::new(minor, currency).decimal();
        csv.row(&[currency.as_str(), bucket, reason, &lines.to_string(), &money(provider), &money(ours), &money(provider - ours)]);
    };
    let currencies: std::collections::BTreeSet<_> =
        tied.iter().map(|t| t.currency).chain(rows.iter().filter(|r| r.name == "stripe_balance").map(|r| r.currency)).collect();
    for currency in currencies {
        let of: Vec<_> = tied.iter().filter(|t| t.currency == currency).collect();
        for t in &of {
            row(currency, t.bucket.as_str(), t.reason.as_str(), t.lines, t.provider, t.ours);
        }
        let (lines, provider, ours) = of.iter().fold((0, 0, 0), |sum, t| (sum.0 + t.lines, sum.1 + t.provider, sum.2 + t.ours));
        row(currency, "total", "compared", lines, provider, ours);
        let booked = booked(rows, currency);
        row(currency, "cut_off", "booked in another month", 0, ours, booked);
        row(currency, "total", "by the ledger", lines, provider, booked);
    }
    csv.into_text()
}

fn fx(rows: &[Converted]) -> String {
    let mut csv = Csv::new(&["paid_in", "owed_in", "rate", "rate_source", "rate_day", "lines", "paid", "owed"]);
    for row in rows {
        let (paid, owed) = (Money::new(row.paid, row.paid_currency).decimal(), Money::new(row.owed, row.own_currency).decimal());
        let (lines, day) = (row.lines.to_string(), row.day.to_string());
        csv.row(&[row.paid_currency.as_str(), row.own_currency.as_str(), &row.rate, &row.source, &day, &lines, &paid, &owed]);
    }
    csv.into_text()
}

fn summary(period: &ClosedPeriod, month: Month, sums: &[Balanced], tied: &[Tied], rows: &[AccountMovement], left: &[Open]) -> String {
    let mut text = format!(
        "The books of {month}\n\nClosed on {}. Nothing is posted into this month any more;\nwhat is learnt later is dated when it is booked.\n",
        period.closed_at.day()
    );
    text.push_str("\nTrial balance: opening and closing come to nothing, debits equal credits\n");
    for sum in sums {
        let money = |minor| Money::new(minor, sum.currency).decimal();
        text.push_str(&format!("  {}  debits {}  credits {}\n", sum.currency, money(sum.debits), money(sum.credits)));
    }
    text.push_str(&format!("\nStripe beside our books (comparison {})\n", period.comparison));
    for bucket in Bucket::ALL {
        for t in tied.iter().filter(|t| t.bucket == *bucket) {
            let money = |minor| Money::new(minor, t.currency).decimal();
            let (provider, ours, rest) = (money(t.provider), money(t.ours), money(t.provider - t.ours));
            text.push_str(&format!(
                "  {}  {bucket} ({}): {} lines, Stripe {provider}, ours {ours}, difference {rest}\n",
                t.currency, t.reason, t.lines
            ));
        }
    }
    text.push_str("\nWhat the platform earned and spent (debits positive)\n");
    for row in rows.iter().filter(|row| matches!(row.class, ledger::model::Class::Income | ledger::model::Class::Expense)) {
        let moved = Money::new(row.debits - row.credits, row.currency).decimal();
        text.push_str(&format!("  {}  {}  {moved}\n", row.currency, row.name));
    }
    text.push_str(if left.is_empty() { "\nNothing was left open.\n" } else { "\nLeft open, by decision\n" });
    for open in left {
        text.push_str(&format!("  {} {}: {}\n", open.kind, open.subject, open.what));
    }
    text.push_str("\nIn this archive\n");
    for (name, what) in FILES {
        text.push_str(&format!("  {name}: {what}\n"));
    }
    text
}
