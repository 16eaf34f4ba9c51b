//! Values at the edges of what a record may say.
use passport::Digest;
use serde_json::{Value, json};

use crate::world;

/// Values at the edges of each rule, on both sides.
pub fn rules(kind: &str) -> Vec<(&'static str, Vec<Value>)> {
    let texts = || {
        vec![
            json!("a".repeat(200)),
            json!("a".repeat(201)),
            json!("🧵".repeat(200)),
            json!(" a"),
            json!("a\u{a0}"),
            json!("\u{feff}a"),
            json!("a\u{85}b"),
            json!("हथकरघा"),
        ]
    };
    match kind {
        "created" => {
            vec![("/facts/title", texts()), ("/facts/quantity", vec![json!(3), json!(2), json!(4_294_967_295_u64), json!(4_294_967_296_u64)])]
        }
        "minted" => vec![
            (
                "/day",
                vec![
                    json!("2026-02-10"),
                    json!("2026-02-09"),
                    json!("2026-02-29"),
                    json!("2028-02-29"),
                    json!("2100-02-29"),
                    json!("2026-13-01"),
                    json!("0000-03-03"),
                ],
            ),
            ("/by", vec![json!("did:web:haat.example:coop:kalb"), json!("did:web:haat.example:"), json!("did:Web:a")]),
            (
                "/item",
                vec![
                    json!("https://haat.example/i/3WMK-P6HN-79GX"),
                    json!("https://haat.example/i/3wmk-p6hn-79gw"),
                    json!("http://haat.example:8080/i/3WMK-P6HN-79GW"),
                    json!("https:///3WMK-P6HN-79GW"),
                    json!("https://haat.example/i?/3WMK-P6HN-79GW"),
                ],
            ),
            ("/facts/event", vec![json!("018f3c1e-0000-7000-8000-00000000000a"), json!("018F3C1E-0000-7000-8000-00000000000A"), json!(1)]),
            ("/seq", vec![json!(1)]),
            ("/prev", vec![json!(Digest::of(b"x"))]),
            ("/evidence", vec![json!("self"), json!("hearsay")]),
            ("/type", vec![json!("created"), json!("sold"), json!("toString"), json!({"minted": null})]),
            ("/v", vec![json!(2), json!("1")]),
            ("/note", vec![json!("more")]),
        ],
        "made" => vec![
            (
                "/facts/materials",
                vec![
                    json!([{"country": "IN", "fraction": "1", "local": true, "name": "Cotton"}]),
                    json!([{"country": "IN", "fraction": "0.999999", "local": true, "name": "Cotton"}]),
                    json!([{"country": "IN", "fraction": "1.0", "local": true, "name": "Cotton"}]),
                    json!([{"country": "IN", "fraction": "0.5", "local": true, "name": "Cotton"}, {"country": "IN", "fraction": "0.50", "local": true, "name": "Silk"}]),
                    json!([{"country": "India", "fraction": "1", "local": true, "name": "Cotton"}]),
                    json!([{"country": "IN", "fraction": "1", "local": "yes", "name": "Cotton"}]),
                ],
            ),
            (
                "/facts/place",
                vec![
                    json!({"country": "IN", "district": "Bargarh"}),
                    json!({"country": "IN", "district": "Bargarh", "latitude_tenths": 213}),
                    json!({"country": "IN", "district": "Bargarh", "latitude_tenths": 901, "longitude_tenths": 0}),
                    json!({"country": "IN", "district": "Bargarh", "latitude_tenths": -900, "longitude_tenths": 1800}),
                ],
            ),
            ("/facts/makers", vec![json!(4_294_967_295_u64), json!(4_294_967_296_u64), json!(-1)]),
        ],
        "withdrawn" => vec![("/facts/reason", vec![json!("stolen"), json!("destroyed"), json!("recalled"), json!("tag_copied"), json!("sold")])],
        "sale_undone" => vec![("/facts/reason", vec![json!("cancelled"), json!("refunded"), json!("lost")])],
        "shipped" => vec![("/facts/carrier", texts())],
        "paid" => vec![
            ("/prev", vec![json!(Digest::of(b"x"))]),
            ("/item", vec![json!(world::batch_uri())]),
            ("/by", vec![json!("did:web:haat.example:coop:other")]),
            ("/key", vec![json!(Digest::of(b"x"))]),
            ("/evidence", vec![json!("self"), json!("third_party"), json!("counterparty"), json!("cooperative")]),
            (
                "/facts/share_of_price",
                vec![
                    json!({"from_percent": 45, "to_percent": 40}),
                    json!({"from_percent": 0, "to_percent": 100}),
                    json!({"from_percent": 0, "to_percent": 101}),
                    json!({"from_percent": 256, "to_percent": 256}),
                ],
            ),
            ("/sd", {
                let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
                let (low, high) = if a.to_string() < b.to_string() { (a, b) } else { (b, a) };
                vec![json!([low, high]), json!([high, low]), json!([low, low]), json!(["c2hvcnQ"])]
            }),
            ("/day", vec![json!("2026-03-03"), json!("2026-03-02")]),
            ("/seq", vec![json!(2), json!(0), json!(4_294_967_296_u64)]),
            ("/type", vec![json!("created"), json!("minted"), json!("packed")]),
        ],
        _ => Vec::new(),
    }
}
