//! Tiles, their addresses, and appending in any steps.
use std::collections::BTreeMap;

use passport::log::tile::{Edge, Place, Tile, Tiles, index_path, parse_index, read_entries, write_entries};
use proptest::prelude::*;

use crate::trees::leaves;

/// The example in C2SP tlog-tiles: 70,000 entries.
#[test]
fn the_tiles_of_a_tree_are_as_wide_as_the_standard_says() {
    let mut count = BTreeMap::new();
    for tile in Tile::all(70_000) {
        *count.entry((tile.place.level, tile.width)).or_insert(0) += 1;
    }
    assert_eq!(count, BTreeMap::from([((0, 256), 273), ((0, 112), 1), ((1, 256), 1), ((1, 17), 1), ((2, 1), 1)]));
    let widths = |size| Tile::all(size).iter().map(|t| (t.place.level, t.width)).collect::<Vec<_>>();
    assert_eq!(widths(256), [(0, 256), (1, 1)]);
    assert_eq!(widths(0), []);
}

#[test]
fn addresses_have_one_spelling() {
    assert_eq!(index_path(1_234_067, 256), "x001/x234/067");
    assert_eq!(Tile::parse("0", "x001/x234/067.p/8").map(|t| t.path()), Some("0/x001/x234/067.p/8".into()));
    for wrong in
        ["", "1", "0001", "001/002", "x001", "x000/001", "001.p/0", "001.p/256", "001.p/08", "001.p/", "-01", "x001/x01/001", "001/", "/001", "+01"]
    {
        assert_eq!(parse_index(wrong), None, "{wrong}");
    }
    for level in ["00", "64", "", "-1", "x"] {
        assert_eq!(Tile::parse(level, "001"), None, "{level}");
    }
}

#[test]
fn a_bundle_gives_its_entries_back() {
    let long = vec![7; 65_535];
    let entries: [&[u8]; 4] = [b"", b"a", b"\x00\x01", &long];
    let bundle = write_entries(entries).unwrap();
    assert_eq!(read_entries(&bundle).unwrap(), entries);
    for end in [1, 3, bundle.len() - 1] {
        assert_eq!(read_entries(&bundle[..end]), None);
    }
    assert_eq!(write_entries([vec![0; 65_536].as_slice()]), None);
}

proptest! {
    /// However appending is cut into batches and the edge stored between them, the tiles are the same.
    #[test]
    fn appending_in_steps_is_appending_at_once(steps in prop::collection::vec(1_usize..300, 1..8)) {
        let all = leaves(steps.iter().sum());
        let (mut stored, mut done) = (BTreeMap::new(), 0);
        for step in steps {
            let mut edge = Edge::of(done as u64, &stored).unwrap();
            stored.extend(edge.append(&all[done..done + step]));
            done += step;
            prop_assert_eq!(edge.size(), done as u64);
        }
        let mut whole = Edge::default();
        let at_once = whole.append(&all);
        prop_assert_eq!(&stored, &at_once);
        prop_assert_eq!(Edge::of(done as u64, &stored).unwrap().root(), whole.root());
    }

    #[test]
    fn an_address_is_read_as_it_was_written(index in 0_u64..1 << 60, width in 1_usize..=256) {
        prop_assert_eq!(parse_index(&index_path(index, width)), Some((index, width)));
    }
}

#[test]
fn an_edge_that_lost_a_hash_is_noticed() {
    let mut stored = Edge::default().append(&leaves(300));
    let partial = Place { level: 0, index: 1 };
    stored.get_mut(&partial).unwrap().truncate(43 * 32);
    let error = Edge::of(300, &stored).unwrap_err();
    assert_eq!((error.place, error.expected), (partial, 44));
}

#[test]
fn a_tile_that_is_not_what_the_one_above_says_is_noticed() {
    let all = Edge::default().append(&leaves(600));
    let with = |change: &dyn Fn(&mut BTreeMap<Place, Vec<u8>>)| {
        let (mut changed, mut tiles) = (all.clone(), Tiles::default());
        change(&mut changed);
        changed.into_iter().for_each(|(place, bytes)| tiles.insert(place, bytes));
        let mut whole = Edge::default();
        whole.append(&leaves(600));
        tiles.are(600, &whole.root())
    };
    assert!(with(&|_| ()));
    for (level, index) in [(0, 0), (0, 1), (0, 2), (1, 0)] {
        let place = Place { level, index };
        assert!(!with(&|tiles| tiles.get_mut(&place).unwrap()[40] ^= 1), "{level}/{index}");
        assert!(!with(&|tiles| drop(tiles.remove(&place))), "{level}/{index}");
    }
}
