//! What we write we read back the same, in both file types; a report is the sender's own sheet.

use proptest::prelude::*;
use sheets::catalogue::{Image, Policy, Product, Status, Stock, Variant};
use sheets::mapping::Format;
use sheets::table::{FileType, Table};
use sheets::values::amount::Currency;
use sheets::write;

use crate::{catalogue, options, read, read_bytes};

/// Products without what only says where they stood in a file.
fn placeless(products: &[Product]) -> Vec<Product> {
    let mut products = products.to_vec();
    for product in &mut products {
        product.rows.clear();
        product.variants.iter_mut().for_each(|variant| variant.row = 0);
        product.images.iter_mut().for_each(|image| image.row = 0);
    }
    products
}

fn written_and_read(products: &[Product], currency: &Currency, file_type: FileType) -> (Vec<Product>, Vec<sheets::problem::Problem>) {
    let bytes = write::products::write(products, currency, file_type).expect("written");
    let table = Table::read(&bytes).expect("our own export");
    let reading = sheets::read(&table, &options(currency.code(), currency.exponent()));
    assert_eq!(reading.report.format, Format::Haat);
    assert!(reading.report.unmapped.is_empty(), "{:?}", reading.report.unmapped);
    (placeless(&catalogue(&reading).products), reading.report.problems)
}

/// Words that try to be formulas, quotes, other scripts and other lines.
fn words() -> impl Strategy<Value = String> {
    "['=+@-]{0,2}[a-zé साड़ी,;\"]{0,6}[A-Z0-9]{1,4}(\n[a-z'=]{1,4}x)?".prop_map(|text| text.trim().to_owned())
}

fn line() -> impl Strategy<Value = String> {
    words().prop_map(|text| text.replace(['\n', ',', ';', '"', '\''], "").trim().trim_start_matches(['-', '=', '+', '@', ' ']).to_owned())
}

prop_compose! {
    fn a_variant(options: usize)(
        values in prop::collection::vec(line(), options),
        sku in prop::option::of(line()),
        price in prop::option::of(0_i64..10_000_000),
        compare in prop::option::of(0_i64..10_000_000),
        grams in prop::option::of(0_i64..100_000),
        stock in prop::option::of(0_i64..1_000),
        deny in any::<bool>(),
    ) -> Variant {
        Variant {
            id: None,
            options: values,
            sku,
            barcode: None,
            price_minor: price,
            compare_at_minor: compare,
            grams,
            stock: stock.map_or(Stock::Absent, Stock::Column),
            policy: if deny { Policy::Deny } else { Policy::Continue },
            image: None,
            row: 0,
        }
    }
}

prop_compose! {
    fn a_product(at: usize)(
        options in 0_usize..3,
    )(
        names in prop::collection::vec(line(), options),
        variants in prop::collection::vec(a_variant(options), 1..4),
        with_ids in any::<bool>(),
        title in words(),
        body in prop::option::of(words()),
        vendor in prop::option::of(words()),
        tags in prop::collection::vec(line(), 0..3),
        status in prop::sample::select(vec![Status::Active, Status::Draft, Status::Archived]),
        published in any::<bool>(),
        pictures in 0_usize..5,
        alt in prop::option::of(words()),
        source in prop::sample::select(vec![Format::Shopify, Format::Woocommerce, Format::Haat, Format::Sheet]),
    ) -> Product {
        let mut variants: Vec<Variant> = variants;
        for (n, variant) in variants.iter_mut().enumerate() {
            // Option values may repeat; the id tells them apart.
            variant.id = (with_ids || names.is_empty() || n > 0).then(|| format!("{n}7"));
        }
        let image = |n: usize| Image { url: format!("https://x.example/{at}/{n}.jpg"), position: n as u32 + 1, alt: alt.clone(), row: 0 };
        Product {
            source,
            handle: format!("p-{at}"),
            title,
            body_html: body.map(|body| sheets::values::html::sanitise(&body)).filter(|body| !body.is_empty()),
            vendor,
            categories: vec!["A > B, C".to_owned(), "D".to_owned()],
            product_type: None,
            tags,
            status,
            published,
            craft: Some("ikat".to_owned()),
            materials: vec!["silk".to_owned(), "wool".to_owned()],
            options: names,
            variants,
            images: (0..pictures).map(image).collect(),
            rows: Vec::new(),
            faulty: false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn products_come_back_the_same(a in a_product(1), b in a_product(2), exponent in prop::sample::select(vec![0_u32, 2, 3])) {
        let currency = Currency::new(["JPY", "", "INR", "KWD"][exponent as usize], exponent).expect("currency");
        let products = vec![a, b];
        for file_type in [FileType::Csv, FileType::Xlsx] {
            let (read, problems) = written_and_read(&products, &currency, file_type);
            prop_assert_eq!(&read, &products, "{:?}", problems);
        }
    }
}

const SHOP: &str = "Handle,Title,Body (HTML),Vendor,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Image Src,Image Position\n\
    stole,=Stole,<p>Soft & warm</p>,Loom,true,Colour,Red,s1,250,5,1250.00,https://x.example/1.jpg,1\n\
    stole,,,,,,Blue,s2,250,,1350.00,https://x.example/2.jpg,2\n\
    pot,Pot,,Kiln,false,Title,Default Title,,900,2,450,,\n";

#[test]
fn our_export_of_a_shops_products_changes_nothing_when_imported() {
    let shop = read(SHOP);
    let before = sheets::cells::entities(&shop.content);
    for file_type in [FileType::Csv, FileType::Xlsx] {
        let bytes = write::products::write(&catalogue(&shop).products, &catalogue(&shop).currency, file_type).expect("written");
        let ours = read_bytes(&bytes);
        let after = sheets::cells::entities(&ours.content);
        assert_eq!(before.iter().map(|e| &e.key).collect::<Vec<_>>(), after.iter().map(|e| &e.key).collect::<Vec<_>>());
        for (before, after) in before.iter().zip(&after) {
            for (field, value) in &before.cells {
                assert_eq!(after.cells.get(field), Some(value), "{field:?} of {}", before.key);
            }
        }
        // And a price changed in it is exactly one cell.
        let text = String::from_utf8_lossy(&bytes).replace("1350.00", "1400.00");
        if file_type == FileType::Csv {
            let changed = sheets::cells::entities(&read(&text).content);
            let writes: Vec<_> =
                before.iter().zip(&changed).map(|(b, c)| sheets::cells::merge(&b.cells, &c.cells, &after_cells(&after, &b.key)).write).collect();
            let written: usize = writes.iter().map(sheets::cells::Cells::len).sum();
            assert_eq!(written, 1, "{writes:?}");
        }
    }
}

fn after_cells(entities: &[sheets::cells::Entity], key: &str) -> sheets::cells::Cells {
    entities.iter().find(|entity| entity.key == key).map(|entity| entity.cells.clone()).unwrap_or_default()
}

#[test]
fn a_sorted_export_is_still_read_right() {
    let shop = read(SHOP);
    let bytes = write::products::write(&catalogue(&shop).products, &catalogue(&shop).currency, FileType::Csv).expect("written");
    let text = String::from_utf8(bytes).expect("utf-8");
    let mut lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    lines[1..].reverse();
    let sorted = read(&lines.join("\r\n"));
    assert_eq!(sorted.report.errors, 0, "{:?}", sorted.report.problems);
    let stole = catalogue(&sorted).products.iter().find(|product| product.handle == "stole").expect("stole");
    assert_eq!((stole.title.as_str(), stole.variants.len(), stole.images.len()), ("=Stole", 2, 2));
}

#[test]
fn the_error_report_is_the_same_sheet_with_one_more_column() {
    let sent = "Prices of March;;\n\nName;Price;Note\nA;12,999.5;=cmd\n\nB;5;'=ok\n";
    let first = read(sent);
    assert_eq!(first.report.errors, 0);
    let sent = sent.replace("12,999.5", "12.999");
    let table = Table::read(sent.as_bytes()).expect("table");
    let reading = read(&sent);
    assert_eq!(reading.report.errors, 1);
    for file_type in [FileType::Csv, FileType::Xlsx] {
        let bytes = write::errors::write(&table, &reading.report.problems, &reading.report.skipped, file_type).expect("written");
        let again = Table::read(&bytes).expect("table");
        let numbers: Vec<u32> = again.rows.iter().map(|row| row.number).collect();
        assert_eq!((again.header_row, numbers), (3, vec![4, 6]), "{file_type:?}");
        assert!(again.rows[0].get(3).text.contains("12.999"), "{file_type:?}");
        assert_eq!(again.rows[0].get(2).text, "'=cmd");
        assert_eq!(again.rows[1].get(2).text, "'=ok");
        assert_eq!(again.rows[1].get(3).text, "");
        // Corrected and sent again, our column is passed over and does not pile up.
        let back = sheets::read(&again, &options("INR", 2));
        assert_eq!(back.report.unmapped.len(), reading.report.unmapped.len());
        assert_eq!(back.report.errors, 1);
        let twice = write::errors::write(&again, &back.report.problems, &[], FileType::Csv).expect("written");
        assert_eq!(Table::read(&twice).expect("table").header.len(), again.header.len());
    }
}
