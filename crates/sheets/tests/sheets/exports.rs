//! Real shops' exports, which are not part of this project: run with `HAAT_EXPORTS` naming a folder that holds them.

use std::path::Path;

use sheets::catalogue::Stock;
use sheets::problem::Severity;
use sheets::table::{FileType, Table};
use sheets::write;

use crate::{catalogue, options};

fn reading(folder: &Path, name: &str) -> sheets::Reading {
    let bytes = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let started = std::time::Instant::now();
    let table = Table::read(&bytes).expect("readable");
    let reading = sheets::read(&table, &options("USD", 2));
    let report = &reading.report;
    println!("{name}: {:?}, {} rows, {:?}", report.format, report.rows, started.elapsed());
    println!("  found {:?}\n  importable {:?}", report.found, report.importable);
    println!("  {}; {}; notes {:?}", report.currency_note, report.stock_note.as_deref().unwrap_or("-"), report.notes);
    report.skipped.iter().for_each(|skipped| println!("  skipped row {}: {}", skipped.row, skipped.reason));
    for group in &report.summary {
        println!(
            "  {:?} {:?} {:?} × {}: row {:?} {:?}, expected {}",
            group.severity, group.code, group.column, group.count, group.first.row, group.first.value, group.first.expected
        );
    }
    println!("  unmapped {:?}", report.unmapped.iter().map(|u| format!("{} ({})", u.header, u.filled)).collect::<Vec<_>>());
    reading
}

#[test]
fn real_exports_are_read_whole() {
    let Some(folder) = std::env::var_os("HAAT_EXPORTS") else {
        println!("SKIPPED: real exports are not checked; set HAAT_EXPORTS to a folder that holds them");
        return;
    };
    let folder = Path::new(&folder);
    let big = reading(folder, "shopify-unshattered.csv");
    let found = big.report.found;
    assert_eq!((found.products, found.active, found.archived, found.draft), (375, 297, 43, 35));
    assert_eq!((found.variants, found.images, found.repeated_skus), (548, 1_033, 2));
    assert!(catalogue(&big).products.iter().flat_map(|p| &p.variants).all(|variant| variant.stock == Stock::Absent));
    assert!(big.report.problems.iter().all(|problem| problem.severity == Severity::Warning));
    for (name, products, variants) in [
        ("shopify-apparel.csv", 20, 22),
        ("shopify-home-and-garden.csv", 20, 21),
        ("shopify-jewelery.csv", 20, 23),
        ("woocommerce-sample.csv", 15, 22),
    ] {
        let reading = reading(folder, name);
        assert_eq!((reading.report.found.products, reading.report.found.variants, reading.report.errors), (products, variants, 0), "{name}");
        round_trip(&reading);
    }
    round_trip(&big);
}

/// Our export of it says the same.
fn round_trip(reading: &sheets::Reading) {
    let before = catalogue(reading);
    for file_type in [FileType::Csv, FileType::Xlsx] {
        let bytes = write::products::write(&before.products, &before.currency, file_type).expect("written");
        let again = sheets::read(&Table::read(&bytes).expect("table"), &options("USD", 2));
        let after = catalogue(&again);
        assert_eq!(before.products.len(), after.products.len());
        for (before, after) in before.products.iter().zip(&after.products) {
            let strip = |product: &sheets::catalogue::Product| {
                let mut product = product.clone();
                product.rows.clear();
                product.variants.iter_mut().for_each(|variant| variant.row = 0);
                product.images.iter_mut().for_each(|image| image.row = 0);
                product
            };
            assert_eq!(strip(before), strip(after));
        }
    }
}
