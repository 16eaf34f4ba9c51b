//! What this crate writes and reads, for other programs to look at: `bankfile instruct` or `bankfile read FILE`.
use bankfiles::{Debtor, Payment, instruct, read, reasons};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["instruct"] => {
            let debtor = Debtor::parse("Haat & Co; DE89 3704 0044 0532 0130 00").ok_or("the account does not read")?;
            let payment = |number: &str, amount: &str, holder: &str| Payment {
                end_to_end: number.into(),
                amount: amount.into(),
                currency: "EUR".into(),
                holder: holder.into(),
                iban: "FR1420041010050500013M02606".into(),
            };
            let payments = [payment("PO-7K3M-92QX", "50.36", "Färber & Söhne"), payment("PO-2222-3333", "1000.00", "Kutch <Weavers>")];
            print!("{}", instruct("0193a1b2c3d47e5f8a9b0c1d2e3f4a5b", "2026-11-25T12:00:00", "2026-11-25", &debtor, "1050.36", &payments)?);
            Ok(())
        }
        ["read", file] => {
            let report = read(&std::fs::read(file)?, &[])?;
            println!("{}", report.kind.as_str());
            for line in report.lines {
                let mut said = format!("{:?} {} {}", line.movement, line.amount, line.currency.unwrap_or_default());
                for part in [&line.end_to_end, &line.reference].into_iter().flatten() {
                    said.push_str(&format!(" {part}"));
                }
                if line.reason.is_some() {
                    said.push_str(&format!(" {}", reasons::in_words(line.reason.as_deref(), line.said.as_deref())));
                }
                println!("{said}");
            }
            Ok(())
        }
        _ => Err("bankfile instruct | bankfile read FILE".into()),
    }
}
