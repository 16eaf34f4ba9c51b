//! No bytes panic: fixtures damaged in thousands of ways are read or refused.

use proptest::prelude::*;
use sheets::table::{FileType, Table};
use sheets::write;

use crate::{options, read};

const FIXTURES: [&str; 4] = [
    "\u{feff}Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant Grams,Variant Price,Image Src,Status\r\na,\"A\nb\",<p>x</p>,Size,S,453.59237,\"1,25,000.00\",https://x.example/1.jpg,active\r\na,,,,M,1,5,,\r\n",
    "ID,Type,SKU,Name,Published,Regular price,Images,Parent,Attribute 1 name,Attribute 1 value(s)\n1,variable,t,Tee,1,,\"https://x.example/a.jpg, b\",,Color,\"Red, Blue\"\n2,variation,,Tee,1,5,,id:1,Color,Red\n",
    "Name;Village;Mobile;Consent;Consent date\nआशा;Bhujodi;+91 98765;हाँ;03/04/2026\n",
    "Date|Maker|Pcs|Rate|Amount\n3 March 2026|Asha|५|1.250,00|6250\n",
];

fn survives(bytes: &[u8]) {
    if let Ok(table) = Table::read(bytes) {
        let reading = sheets::read(&table, &options("INR", 2));
        let _ = sheets::cells::entities(&reading.content);
        let _ = write::errors::write(&table, &reading.report.problems, &reading.report.skipped, FileType::Csv);
    }
}

/// Damages bytes: some flipped, some cut, some doubled, some marks put in.
fn damage(bytes: &mut Vec<u8>, steps: &[(u8, usize, u8)]) {
    for (kind, at, byte) in steps {
        if bytes.is_empty() {
            return;
        }
        let at = at % bytes.len();
        match kind % 5 {
            0 => bytes[at] = *byte,
            1 => drop(bytes.drain(at..(at + usize::from(*byte)).min(bytes.len()))),
            2 => bytes.insert(at, *byte),
            3 => bytes.insert(at, b"\",;\n\r\t'=\0\xff"[usize::from(*byte) % 10]),
            _ => {
                let piece = bytes[at..(at + usize::from(*byte)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn damaged_text_is_read_or_refused(which in 0..FIXTURES.len(), steps in prop::collection::vec((any::<u8>(), any::<usize>(), any::<u8>()), 1..12)) {
        let mut bytes = FIXTURES[which].as_bytes().to_vec();
        damage(&mut bytes, &steps);
        survives(&bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&bytes);
    }
}

/// A workbook of the first fixture.
fn workbook() -> Vec<u8> {
    let table = Table::read(FIXTURES[0].as_bytes()).expect("table");
    write::errors::write(&table, &read(FIXTURES[0]).report.problems, &[], FileType::Xlsx).expect("workbook")
}

#[test]
fn damaged_workbooks_are_read_or_refused() {
    use std::io::{Cursor, Read, Write};
    let whole = workbook();
    assert!(Table::read(&whole).is_ok());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() });
    let steps = prop::collection::vec((any::<u8>(), any::<usize>(), any::<u8>()), 1..8);
    runner
        .run(&(steps, any::<usize>(), any::<bool>()), |(steps, part, outside)| {
            let mut bytes = whole.clone();
            if outside {
                damage(&mut bytes, &steps);
            } else {
                // One part damaged inside an intact archive.
                let mut archive = zip::ZipArchive::new(Cursor::new(&whole)).expect("archive");
                let mut copy = zip::ZipWriter::new(Cursor::new(Vec::new()));
                let wanted = part % archive.len();
                for at in 0..archive.len() {
                    let mut file = archive.by_index(at).expect("part");
                    let mut content = Vec::new();
                    file.read_to_end(&mut content).expect("content");
                    if at == wanted {
                        damage(&mut content, &steps);
                    }
                    copy.start_file(file.name().expect("name"), zip::write::SimpleFileOptions::default()).expect("start");
                    copy.write_all(&content).expect("write");
                }
                bytes = copy.finish().expect("archive").into_inner();
            }
            survives(&bytes);
            Ok(())
        })
        .expect("no panic");
}
