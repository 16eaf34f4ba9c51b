//! Bytes that must never change: records are signed once and read for decades.

use passport::{Leaf, phrase, verify_bundle};

use crate::world;

const BUNDLE: &[u8] = include_bytes!("golden/bundle.json");

const LEAF: &str = r#"{"by":"did:web:haat.example:coop:kala","day":"2026-02-28","evidence":"cooperative","facts":{"makers":2,"materials":[{"country":"IN","fraction":"0.7","local":true,"name":"Cotton"},{"country":"NP","fraction":"0.3","local":false,"name":"Tussar silk"}],"place":{"country":"IN","district":"Bargarh","latitude_tenths":213,"longitude_tenths":836},"steps":[{"minutes":240,"technique":"Tie-dyeing the warp"},{"minutes":960,"technique":"Weaving"},{"technique":"Knotting"}]},"item":"https://haat.example/i/093N-4MAJ-AGXJ","key":"w0ChfdCZHvYUPFecMI1pNbWBiBAHTyGz0-4vecrUphU","prev":"EFQnpn2buHuOfmQ4Xypr8nC7l-Q8IlR7cmtueZkCHrw","sd":["0kxpbp9WLAzb0pZUnKa6Hg-O6mzjSpmMe_NBDQ_pYz4","EWF6i_rz2IbVftzoLBSi-d1nlh-wrTUCBaWbQTfOKvQ"],"seq":1,"type":"made","v":1}"#;
const LEAF_HASH: &str = "klsuMiIq--VCLjyqAaIo7EcYaSQcXQXL_2CFi5r_KG4";
const SIGNATURE: &str = "ClpqTiYUtqC7DF6FxUZNAisiuvvH9Xgls2wmn-ECv16MGRqEU8GZaB-XHzu7nt5EQSpsPGCVXIRZBc9JhcrtAw";
const KEY_ID: &str = "w0ChfdCZHvYUPFecMI1pNbWBiBAHTyGz0-4vecrUphU";

#[test]
fn a_leaf_does_not_drift() {
    let signed = &world::batch().leaves[1];
    assert_eq!(String::from_utf8_lossy(signed.leaf.bytes()), LEAF);
    assert_eq!(signed.leaf.hash().to_string(), LEAF_HASH);
    assert_eq!(signed.signature.to_string(), SIGNATURE);
    assert_eq!(signed.leaf.key().to_string(), KEY_ID);
    assert_eq!(Leaf::parse(LEAF.as_bytes()).as_ref(), Ok(&signed.leaf));
}

#[test]
fn a_bundle_does_not_drift() {
    let bytes = world::bundle().to_bytes().unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(BUNDLE).trim_end());
    assert!(verify_bundle(BUNDLE).ok());
}

#[test]
fn a_tag_does_not_drift() {
    let first = &world::bundle().item.leaves[0].leaf;
    assert_eq!(phrase(&first.hash()), "brass market birch baker");
    assert_eq!(first.item().code().to_string(), "3WMK-P6HN-79GW");
    assert_eq!(world::claim().to_string(), "0M2G-A185-0M2G-A185-0M28");
}
