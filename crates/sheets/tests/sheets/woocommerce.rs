//! WooCommerce's export.

use sheets::catalogue::{Policy, Status, Stock};
use sheets::mapping::Format;
use sheets::problem::Code;

use crate::{catalogue, problems, read};

const HEADER: &str = "ID,Type,SKU,Name,Published,Visibility in catalog,Short description,Description,Date sale price ends,Stock,Backorders allowed?,Weight (kg),Sale price,Regular price,Categories,Tags,Images,Parent,Attribute 1 name,Attribute 1 value(s),Attribute 2 name,Attribute 2 value(s)";

fn file(rows: &[&str]) -> String {
    std::iter::once(HEADER).chain(rows.iter().copied()).collect::<Vec<_>>().join("\n")
}

#[test]
fn variable_products_take_their_variations_by_sku_or_id() {
    let reading = read(&file(&[
        "20,variation,t-red,Tee - Red,1,visible,,,,4,0,,20,25,,,https://x.example/red.jpg,tee,Color,Red,Size,",
        r#"10,variable,tee,Tee,1,hidden,,Line one\nline two,,,0,0.25,,,"Clothing > Tees, Gifts",,"https://x.example/a.jpg, https://x.example/b.jpg",,Color,"Red, Blue",Size,"S, M""#,
        "21,variation,t-blue,Tee - Blue,1,visible,,,,parent,1,0.3,,25,,,https://x.example/a.jpg,id:10,Color,Blue,Size,",
        "22,variation,x,Lost,1,visible,,,,,0,,,25,,,,nobody,Color,Blue,,",
    ]));
    assert_eq!(reading.report.format, Format::Woocommerce);
    let [tee] = catalogue(&reading).products.as_slice() else { panic!("one product") };
    assert_eq!((tee.handle.as_str(), tee.status, tee.published), ("10", Status::Active, false));
    assert_eq!(tee.body_html.as_deref(), Some("Line one\nline two"));
    assert_eq!(tee.categories, ["Clothing > Tees", "Gifts"]);
    assert_eq!(tee.product_type.as_deref(), Some("Tees"));
    assert_eq!(tee.options, ["Color"], "no variation has a size, so size is no choice");
    let variants: Vec<_> = tee
        .variants
        .iter()
        .map(|v| (v.id.as_deref(), v.options[0].as_str(), v.price_minor, v.compare_at_minor, v.grams, v.stock, v.policy))
        .collect();
    assert_eq!(
        variants,
        [
            (Some("20"), "Red", Some(2_000), Some(2_500), Some(250), Stock::Column(4), Policy::Deny),
            (Some("21"), "Blue", Some(2_500), None, Some(300), Stock::Absent, Policy::Continue)
        ]
    );
    assert_eq!(tee.images.len(), 3);
    assert_eq!(tee.variants[0].image.as_deref(), Some("https://x.example/red.jpg"));
    assert_eq!(problems(&reading, Code::ParentUnknown), [(5, "Parent".to_owned(), "nobody".to_owned())]);
    assert_eq!(problems(&reading, Code::OptionAny).len(), 1);
    assert_eq!(problems(&reading, Code::StockOfParent).len(), 1);
    assert_eq!(tee.rows, [3, 2, 4]);
}

#[test]
fn what_is_not_a_piece_is_skipped_with_the_reason() {
    let reading = read(&file(&[
        "1,grouped,g,Set,1,visible,,,,,0,,,,,,,,,,,",
        "2,external,e,Donation,1,visible,,,,,0,,,30,,,,,,,,",
        "3,\"simple, downloadable, virtual\",v,Album,1,visible,,,,,0,,,3,,,,,,,,",
        "4,bundle,b,Box,1,visible,,,,,0,,,3,,,,,,,,",
        "5,simple,s,Scarf,-1,visible,Short,,2026-12-31,,notify,,10,15,,,,,,,,",
    ]));
    let [scarf] = catalogue(&reading).products.as_slice() else { panic!("one product") };
    assert_eq!((scarf.status, scarf.variants[0].policy), (Status::Draft, Policy::Continue));
    assert_eq!(scarf.body_html.as_deref(), Some("Short"));
    assert_eq!(scarf.variants[0].price_minor, Some(1_500), "a sale with an end may be over: the regular price stands");
    assert_eq!(problems(&reading, Code::SaleDated).len(), 1);
    let reasons: Vec<_> = reading.report.skipped.iter().map(|s| (s.row, s.reason.split(' ').take(3).collect::<Vec<_>>().join(" "))).collect();
    let expected = [(2, "Set: a grouped"), (3, "Donation: an external"), (4, "Album: a virtual"), (5, "Box: a product")];
    assert_eq!(reasons, expected.map(|(row, reason)| (row, reason.to_owned())));
    assert_eq!(reading.report.found.products, 5);
}

#[test]
fn an_id_twice_is_an_error() {
    let reading = read(&file(&["7,simple,a,A,1,visible,,,,,0,,,1,,,,,,,,", "7,simple,b,B,1,visible,,,,,0,,,1,,,,,,,,"]));
    assert_eq!(problems(&reading, Code::IdentityRepeated), [(3, "ID".to_owned(), "7".to_owned())]);
}
