//! The documents as their readers get them: deterministic, refused when they do not add up, and readable after printing.
#![allow(clippy::disallowed_methods, reason = "a test may be asked for more by the environment, and waits by the real clock")]

mod samples;

use documents::*;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn equal_input_gives_equal_bytes() {
    let twice = |make: &(dyn Fn() -> Vec<u8> + Sync)| {
        let other_thread = std::thread::scope(|scope| scope.spawn(make).join().unwrap());
        assert_eq!(make(), other_thread);
    };
    twice(&|| tags_pdf(&samples::tags()).unwrap());
    twice(&|| tag_sheet_pdf(&samples::tags()).unwrap());
    twice(&|| statement_pdf(&samples::statement(40)).unwrap());
    twice(&|| pay_slip_pdf(&samples::slip(Language::Hindi)).unwrap());
    twice(&|| tag_svg(&samples::tags()[0]).unwrap().into_bytes());
    assert_ne!(statement_pdf(&samples::statement(2)).unwrap(), statement_pdf(&samples::statement(3)).unwrap());
}

#[test]
fn a_statement_that_does_not_add_up_names_the_difference() {
    let good = samples::statement(5);
    assert!(statement_pdf(&good).is_ok() && statement_csv(&good).is_ok());
    type Change = fn(&mut Statement);
    let changes: [(&str, Change, i128); 9] = [
        ("payout P-2026-0021, makers to pay now", |s| s.split.pay_now.minor -= 9, 9),
        ("order H-1044, Dabu napkins, set of six", |s| s.lines[2].amount.minor += 7, -7),
        ("payout P-2026-0021, column producer part", |s| s.totals.producer_part.minor -= 1, 1),
        ("payout P-2026-0021, column premium", |s| s.totals.premium.minor += 5, -5),
        ("payout P-2026-0021, column fees", |s| s.totals.fees.minor += 2, -2),
        ("payout P-2026-0021, order lines and adjustments", |s| s.adjustments.clear(), 12_500),
        ("maker सरिता, already paid and to pay now", |s| s.split.makers[1].pay_now.minor += 3, 3),
        ("payout P-2026-0021, split to makers", |s| s.split.unallocated.minor = i64::MAX, 0),
        ("payout P-2026-0021, order lines and adjustments", |s| s.amount.minor += 100, -100),
    ];
    for (expected, change, by) in changes {
        let mut bad = good.clone();
        change(&mut bad);
        let Err(Error::Sum { what, sum, stated, difference }) = statement_pdf(&bad) else { panic!("{expected} was printed") };
        assert_eq!(what, expected);
        assert_eq!(difference, sum - stated);
        assert!(by == 0 || difference == by, "{expected}: {difference}");
        assert!(matches!(statement_csv(&bad), Err(Error::Sum { .. })));
    }
}

#[test]
fn a_pay_slip_that_does_not_add_up_or_fit_is_refused() {
    let mut slip = samples::slip(Language::English);
    slip.amount.minor += 100;
    assert!(matches!(pay_slip_pdf(&slip), Err(Error::Sum { difference: -100, .. })));
    let mut slip = samples::slip(Language::English);
    let nothing = WorkLine { amount: samples::rupees(0), ..slip.lines[0].clone() };
    slip.lines.extend(std::iter::repeat_n(nothing, 5));
    assert_eq!(pay_slip_pdf(&slip), Err(Error::TooManyLines { lines: 7, max: 6 }));
    let mut slip = samples::slip(Language::English);
    slip.photo = Some(b"not a photo".to_vec());
    assert!(matches!(pay_slip_pdf(&slip), Err(Error::Photo(_))));
}

#[test]
fn the_csv_has_a_row_for_everything_and_runs_no_formula() {
    let mut statement = samples::statement(3);
    statement.lines[0].item = "=HYPERLINK(\"http://example.org\")".into();
    let csv = statement_csv(&statement).unwrap();
    let rows: Vec<&str> = csv.trim_start_matches('\u{feff}').split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 1 + 3 + 1 + 3 + 3 + 1 + 1);
    assert!(rows[1].contains("\"'=HYPERLINK(\"\"http://example.org\"\")\""), "{}", rows[1]);
    assert!(rows[1].contains(",3264.00,180.00,0.00,0.00,3444.00,326.40,"), "{}", rows[1]);
    assert!(rows[4].contains(",adjustment,") && rows[4].contains(",-125.00,"), "{}", rows[4]);
}

#[test]
fn an_svg_tag_is_self_contained_and_escaped() {
    let mut tag = samples::tags()[0].clone();
    tag.product = "Stole <script> & \"more\"".into();
    let svg = tag_svg(&tag).unwrap();
    assert!(svg.contains("width=\"40mm\" height=\"60mm\""));
    assert!(svg.contains("Stole &lt;script&gt; &amp; &quot;more&quot;") && !svg.contains("<script"));
    assert!(!svg.contains("<text") && !svg.contains("font-family"));
}

/// Rasterises every document and reads the QR codes and the text back with other people's software. Needs `pdftoppm` and
/// `pdftotext` (poppler-utils) and a Python with `zxing-cpp`; says so loudly where they are missing.
#[test]
fn qr_codes_and_text_read_back_from_the_printed_page() {
    let python = std::env::var("HAAT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let can = |program: &str, arguments: &[&str]| Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success());
    if !can(&python, &["-c", "import zxingcpp, PIL"]) || !can("pdftoppm", &["-v"]) {
        println!("skipped: needs poppler-utils, and zxing-cpp and pillow in the Python of HAAT_TEST_PYTHON");
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("printed");
    std::fs::create_dir_all(&folder).unwrap();
    let tags = samples::tags();
    let mut wrong = tags.clone();
    wrong[0].url.push('X');
    write(&folder, "tags.pdf", &tags_pdf(&tags).unwrap());
    write(&folder, "wrong.pdf", &tags_pdf(&wrong).unwrap());
    write(&folder, "sheet.pdf", &tag_sheet_pdf(&tags.iter().cycle().take(18).cloned().collect::<Vec<_>>()).unwrap());
    write(&folder, "tag.svg", tag_svg(&tags[0]).unwrap().as_bytes());
    write(&folder, "statement.pdf", &statement_pdf(&samples::statement(34)).unwrap());
    write(&folder, "short.pdf", &statement_pdf(&samples::statement(3)).unwrap());
    for (name, language) in [("en", Language::English), ("hi", Language::Hindi), ("ne", Language::Nepali)] {
        write(&folder, &format!("slip-{name}.pdf"), &pay_slip_pdf(&samples::slip(language)).unwrap());
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/read_back.py");
    let output = Command::new(&python).arg(script).arg(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("all read back"), "{said}");
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}
