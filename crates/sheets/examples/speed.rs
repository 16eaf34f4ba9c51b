//! Measures reading: `cargo run --release -p sheets --example speed`.

use std::fmt::Write;
use std::time::Instant;

use sheets::Options;
use sheets::table::{FileType, Table};
use sheets::values::amount::Currency;

/// An export of one product in three rows: two variants and a further picture, with a description.
fn export(rows: usize) -> String {
    let mut text = String::from(
        "Handle,Title,Body (HTML),Vendor,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Image Src,Image Position,Status\n",
    );
    for n in 0..rows {
        let product = n / 3;
        let line = match n % 3 {
            0 => format!(
                "p-{product},Stole {product},\"<p>Handwoven in <b>silk</b>, piece {product}.</p><p>Wash cold &amp; dry in shade.</p>\",Loom,\"silk, eri, {product}\",true,Colour,Red,s{n},453.59237,5,\"1,250.00\",https://pictures.example/{n}.jpg,1,active"
            ),
            1 => format!("p-{product},,,,,,,Blue,s{n},250,7,1350.00,https://pictures.example/{n}.jpg,2,"),
            _ => format!("p-{product},,,,,,,,,,,,https://pictures.example/{n}.jpg,3,"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Peak resident memory in MB, where the system tells it.
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb / 1024)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options { format: None, kind: None, currency: Currency::new("INR", 2)?, mapping: None };
    for rows in [10_000, 50_000] {
        let csv = export(rows).into_bytes();
        for (name, bytes) in [("CSV", csv.clone()), ("XLSX", as_workbook(&csv)?)] {
            let started = Instant::now();
            let table = Table::read(&bytes)?;
            let split = started.elapsed();
            let reading = sheets::read(&table, &options);
            let read = started.elapsed();
            let cells = sheets::cells::entities(&reading.content).len();
            let all = started.elapsed();
            let rate = rows as f64 / all.as_secs_f64();
            println!(
                "{rows} rows, {name}, {} kB: table {split:?}, read {read:?}, {cells} entities {all:?}: {rate:.0} rows/s, {} problems, peak {:?} MB",
                bytes.len() / 1024,
                reading.report.problems.len(),
                peak_mb()
            );
        }
    }
    Ok(())
}

fn as_workbook(csv: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    Ok(sheets::write::errors::write(&Table::read(csv)?, &[], &[], FileType::Xlsx)?)
}
