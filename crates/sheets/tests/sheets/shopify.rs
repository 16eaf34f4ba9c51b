//! Shopify's export, older and newer.

use sheets::catalogue::{Policy, Status, Stock};
use sheets::mapping::Format;
use sheets::problem::Code;

use crate::{catalogue, codes, problems, read};

const HEADER: &str = "Handle,Title,Body (HTML),Vendor,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Policy,Variant Price,Variant Barcode,Image Src,Image Position,Image Alt Text,Gift Card,Variant Image,Variant Weight Unit,Status,SEO Title";

fn file(rows: &[&str]) -> String {
    std::iter::once(HEADER).chain(rows.iter().copied()).collect::<Vec<_>>().join("\r\n")
}

#[test]
fn variants_pictures_and_what_belongs_to_the_product() {
    let reading = read(&file(&[
        "stole,Silk stole,\"<p>Soft</p><script>x</script>\",Loom,\"silk, eri\",true,Colour,Red,s1,453.59237,deny,1250.00,'98482749,https://x.example/2.jpg,2,red,false,https://x.example/1.jpg,lb,active,Find me",
        "stole,,,,,,,Blue,s1,0.0,continue,\"1,350.00\",,https://x.example/1.jpg,1,,,,oz,,",
        "stole,,,,,,,,,,,,,https://x.example/3.jpg,3,,,,,,",
        "pot,Pot,,,,false,Title,Default Title,,100,deny,50,,,,,false,,kg,archived,",
        // A row of the first product, away from the others.
        "stole,,,,,,,Green,,0,deny,1250,,,,,,,,,",
    ]));
    assert_eq!(reading.report.format, Format::Shopify);
    let catalogue = catalogue(&reading);
    let [stole, pot] = catalogue.products.as_slice() else { panic!("two products, not {}", catalogue.products.len()) };
    assert_eq!((stole.handle.as_str(), stole.title.as_str()), ("stole", "Silk stole"));
    assert_eq!(stole.body_html.as_deref(), Some("<p>Soft</p>"));
    assert_eq!(stole.body_text().as_deref(), Some("Soft"));
    assert_eq!(stole.tags, ["silk", "eri"]);
    assert_eq!(stole.options, ["Colour"]);
    assert_eq!(stole.rows, [2, 3, 4, 6]);
    let values: Vec<_> = stole.variants.iter().map(|v| (v.options[0].as_str(), v.price_minor, v.grams, v.policy, v.row)).collect();
    assert_eq!(
        values,
        [
            ("Red", Some(125_000), Some(454), Policy::Deny, 2),
            ("Blue", Some(135_000), Some(0), Policy::Continue, 3),
            ("Green", Some(125_000), Some(0), Policy::Deny, 6)
        ]
    );
    assert_eq!(stole.variants[0].barcode.as_deref(), Some("98482749"));
    let urls: Vec<_> = stole.images.iter().map(|i| (i.position, i.url.as_str(), i.alt.as_deref())).collect();
    assert_eq!(urls, [(1, "https://x.example/1.jpg", None), (2, "https://x.example/2.jpg", Some("red")), (3, "https://x.example/3.jpg", None)]);
    assert_eq!((pot.status, pot.published), (Status::Archived, false));
    assert!(pot.options.is_empty() && pot.variants[0].options.is_empty());
    assert_eq!(pot.variants[0].stock, Stock::Absent);
    assert!(reading.report.stock_note.as_deref().is_some_and(|note| note.starts_with("no stock column")));
    assert_eq!(reading.report.currency_note, "amounts read as INR: Variant Price");
    assert_eq!(problems(&reading, Code::SkuRepeated), [(3, "Variant SKU".to_owned(), "s1".to_owned())]);
    assert_eq!(problems(&reading, Code::WeightRounded), [(2, "Variant Grams".to_owned(), "453.59237".to_owned())]);
    let unmapped: Vec<_> = reading.report.unmapped.iter().map(|u| (u.header.as_str(), u.filled)).collect();
    assert_eq!(unmapped, [("SEO Title", 1)]);
    assert_eq!(reading.report.errors, 0);
}

#[test]
fn gift_cards_are_left_out_with_the_reason_and_still_counted() {
    let reading = read(&file(&[
        "card,Gift card,,,,true,Title,$20,,0,continue,20,,,,,true,,,active,",
        "pot,Pot,,,,true,Title,Default Title,,100,deny,50,,,,,false,,,active,",
    ]));
    assert_eq!(catalogue(&reading).products.len(), 1);
    assert_eq!((reading.report.found.products, reading.report.importable.products), (2, 1));
    let [skipped] = reading.report.skipped.as_slice() else { panic!("one skipped") };
    assert!(skipped.row == 2 && skipped.reason.contains("gift card"), "{skipped:?}");
}

#[test]
fn the_newer_layout_is_read() {
    let reading = read(
        "Title,URL handle,Description,Product category,Published on online store,Status,SKU,Option1 name,Option1 value,Price,Compare-at price,Inventory quantity,Continue selling when out of stock,Weight value (grams),Requires shipping,Product image URL,Image position,Variant image URL,Gift card\n\
         Stole,stole,Soft,\"Apparel > Scarves, Wraps\",TRUE,Draft,s1,Size,M,1250,1500,-2,DENY,200,TRUE,https://x.example/a.jpg,1,,FALSE\n\
         ,stole,,,,,s2,,L,1300,,7,CONTINUE,210,TRUE,,,,\n",
    );
    assert_eq!(reading.report.format, Format::Shopify);
    let product = &catalogue(&reading).products[0];
    assert_eq!((product.status, product.published), (Status::Draft, true));
    assert_eq!(product.categories, ["Apparel > Scarves, Wraps"]);
    let variants: Vec<_> = product.variants.iter().map(|v| (v.stock, v.policy, v.compare_at_minor)).collect();
    assert_eq!(variants, [(Stock::Column(0), Policy::Deny, Some(150_000)), (Stock::Column(7), Policy::Continue, None)]);
    assert_eq!(codes(&reading), [Code::StockNegative]);
}

#[test]
fn published_stands_for_a_status_that_is_missing() {
    let reading =
        read("Handle,Title,Published,Option1 Name,Option1 Value,Variant Price\na,A,true,Title,Default Title,1\nb,B,false,Title,Default Title,1\n");
    let statuses: Vec<_> = catalogue(&reading).products.iter().map(|product| product.status).collect();
    assert_eq!(statuses, [Status::Active, Status::Draft]);
}

#[test]
fn every_wrong_cell_is_named_and_only_its_product_is_faulty() {
    let reading = read(&file(&[
        "a,A,,,,true,Title,Default Title,,x,deny,12.999,,ftp://x/1.jpg,,,false,,,active,",
        ",B,,,,true,Title,Default Title,,1,deny,5,,,,,false,,,active,",
        "c,C,,,,true,Size,S,,1,maybe,$5,,,,,false,,,sold,",
        "c,Other,,,,,,S,,1,deny,5,,,,,,,,,",
        "d,D,,,,true,Title,Default Title,,1,deny,5,,,,,false,,,active,",
        "e,E,,,,true,Title,Default Title,,1,deny,5,,,,,false,,,active,,one too many",
    ]));
    assert_eq!(problems(&reading, Code::AmountTooPrecise), [(2, "Variant Price".to_owned(), "12.999".to_owned())]);
    assert_eq!(problems(&reading, Code::WeightUnreadable), [(2, "Variant Grams".to_owned(), "x".to_owned())]);
    assert_eq!(problems(&reading, Code::ImageUnreadable), [(2, "Image Src".to_owned(), "ftp://x/1.jpg".to_owned())]);
    assert_eq!(problems(&reading, Code::IdentityMissing).len(), 1);
    assert_eq!(problems(&reading, Code::AmountOtherCurrency), [(4, "Variant Price".to_owned(), "$5".to_owned())]);
    assert_eq!(problems(&reading, Code::PolicyUnknown).len(), 1);
    assert_eq!(problems(&reading, Code::StatusUnknown).len(), 1);
    assert_eq!(problems(&reading, Code::ValuesDiffer), [(5, "Title".to_owned(), "Other".to_owned())]);
    assert_eq!(problems(&reading, Code::VariantRepeated).len(), 1);
    assert_eq!(problems(&reading, Code::RowTooLong).len(), 1);
    let faulty: Vec<_> = catalogue(&reading).products.iter().map(|p| (p.handle.as_str(), p.faulty)).collect();
    assert_eq!(faulty, [("a", true), ("c", true), ("d", false), ("e", true)]);
    assert_eq!(reading.report.importable.products, 1);
    // Nothing of a faulty product reaches a merge, where an unreadable cell would look like an emptied one.
    let entities = sheets::cells::entities(&reading.content);
    assert_eq!(entities.iter().map(|entity| entity.row).collect::<Vec<_>>(), [6, 6]);
}

#[test]
fn a_missing_column_yields_no_cells() {
    let reading = read("Handle,Title,Option1 Name,Option1 Value,Variant Price\na,A,Title,Default Title,\"1,250/-\"\n");
    let entities = sheets::cells::entities(&reading.content);
    let names: Vec<Vec<String>> = entities.iter().map(|e| e.cells.iter().map(|(f, v)| format!("{}={v}", String::from(*f))).collect()).collect();
    assert_eq!(names, [vec!["title=A".to_owned(), "option=".to_owned()], vec!["option=".to_owned(), "price=125000 INR".to_owned()]]);
    assert_eq!(entities[0].key, r#"["shopify","products","a"]"#);
    assert_eq!(entities[1].key, r#"["shopify","products",["a",[]]]"#);
}
