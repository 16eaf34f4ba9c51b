//! Tables people keep themselves.

use sheets::Options;
use sheets::catalogue::{Status, Stock};
use sheets::field::Field;
use sheets::mapping::{Format, Kind};
use sheets::problem::Code;
use sheets::table::Table;

use crate::{catalogue, codes, options, problems, read};

#[test]
fn headers_in_several_languages_are_proposed_for_confirmation() {
    let reading = read("कोड;नाम;मूल्य (₹);मात्रा;रंग;Godown\n१;साड़ी;१,२५०/-;५;लाल;north\n१;साड़ी;\"₹1,25,000.00\";2;नीला;\n");
    let report = &reading.report;
    assert_eq!((report.format, report.kind, report.mapping_to_confirm), (Format::Sheet, Kind::Products, true));
    assert_eq!(report.source.delimiter, Some(';'));
    assert_eq!(report.mapping.columns.get("मूल्य (₹)"), Some(&Field::Price));
    assert_eq!(report.unmapped.len(), 1);
    let [sari] = catalogue(&reading).products.as_slice() else { panic!("one product") };
    assert_eq!((sari.title.as_str(), sari.status), ("साड़ी", Status::Draft));
    assert_eq!(sari.options, ["रंग"]);
    let variants: Vec<_> = sari.variants.iter().map(|v| (v.options[0].as_str(), v.price_minor, v.stock)).collect();
    assert_eq!(variants, [("लाल", Some(125_000), Stock::Column(5)), ("नीला", Some(12_500_000), Stock::Column(2))]);
    assert_eq!(codes(&reading), []);
}

#[test]
fn a_saved_mapping_is_obeyed_and_needs_no_confirmation() {
    let table = Table::read(b"Ware,Geld,Name\nTopf,5,x\n").expect("table");
    let saved = serde_json::from_str(r#"{"Ware":"title","Geld":"price","Name":"ignored"}"#).expect("mapping");
    let reading = sheets::read(&table, &Options { mapping: Some(saved), ..options("EUR", 2) });
    assert!(!reading.report.mapping_to_confirm);
    assert_eq!((catalogue(&reading).products[0].title.as_str(), catalogue(&reading).products[0].variants[0].price_minor), ("Topf", Some(500)));
    assert!(serde_json::from_str::<sheets::mapping::Mapping>(r#"{"Ware":"nothing"}"#).is_err());
}

#[test]
fn titles_stand_for_ids_and_blank_ones_continue_the_product_above() {
    let reading = read("Price list,,\n,,\nName,Size,Price\nShawl,S,100\n,M,120\nBowl,,80\nBowl,,90\n");
    let products: Vec<_> = catalogue(&reading).products.iter().map(|p| (p.title.as_str(), p.variants.len(), p.faulty)).collect();
    assert_eq!(products, [("Shawl", 2, false), ("Bowl", 1, true)]);
    assert_eq!(problems(&reading, Code::ContinuedFromAbove), [(5, String::new(), String::new())]);
    assert_eq!(problems(&reading, Code::VariantRepeated), [(7, String::new(), String::new())]);
    assert_eq!(codes(&reading)[0], Code::IdentityMissing, "said once for the file");
    assert!(reading.report.notes[0].contains("row 3"));
}

#[test]
fn another_currency_in_the_header_or_a_column_is_an_error() {
    let reading = read("Name,Price (EUR)\nA,5\n");
    assert_eq!(problems(&reading, Code::AmountOtherCurrency), [(0, "Price (EUR)".to_owned(), String::new())]);
    let reading = read("Name,Price,Currency\nA,5,inr\nB,5,USD\n");
    assert_eq!(problems(&reading, Code::AmountOtherCurrency), [(3, "Currency".to_owned(), "USD".to_owned())]);
}

#[test]
fn no_header_at_all_is_said() {
    let reading = read("12,stole,5\n13,pot,6\n");
    assert_eq!(codes(&reading)[0], Code::ColumnMissing);
    assert!(!reading.report.is_clean());
}

#[test]
fn short_rows_and_repeated_columns_are_named() {
    let reading = read("Name,Price,Price,Stock\nA,5,6,1\nB,5\n");
    assert_eq!(problems(&reading, Code::RowTooShort).len(), 1);
    assert_eq!(problems(&reading, Code::ColumnRepeated), [(0, "Price".to_owned(), String::new())]);
}

#[test]
fn shortened_numbers_are_pointed_out() {
    let reading = read("Name,Price,Barcode\nA,1.2E+05,8.90123E+12\n");
    assert_eq!(problems(&reading, Code::NumberDamaged).len(), 2);
}
