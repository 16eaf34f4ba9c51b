//! The whole log read again from the records: whether the tiles and every checkpoint are theirs.
use std::collections::BTreeMap;

use passport::{
    Digest,
    log::{Edge, tile::Place},
};

use super::{model::Error, store};
use crate::db::Conn;

/// How many entries are looked at together.
const STEP: i64 = 1024;

/// What reading it showed.
#[derive(Debug, Default)]
pub struct Proven {
    pub entries: i64,
    pub checkpoints: usize,
    /// One sentence per thing that does not fit.
    pub wrong: Vec<String>,
}

/// Memory does not grow with the log: entries are read in steps, checkpoints beside them.
pub async fn all(conn: &mut Conn) -> Result<Proven, Error> {
    let (mut edge, mut proven) = (Edge::default(), Proven::default());
    loop {
        let first = proven.entries;
        let roots: BTreeMap<u64, Digest> = store::roots(conn, first, STEP).await?.into_iter().collect();
        let entries = store::entries(conn, first, STEP).await?;
        let mut grown = BTreeMap::new();
        // The size at which the last step ended; after a short one, which was the last, it was looked at already.
        if first % STEP == 0 {
            check(&edge, &roots, &mut proven);
        }
        for entry in &entries {
            grown.extend(edge.append(&[Digest::of_leaf(entry)]));
            proven.entries += 1;
            if edge.size() < u64::try_from(first + STEP).unwrap_or(u64::MAX) {
                check(&edge, &roots, &mut proven);
            }
        }
        check_tiles(conn, &grown, &mut proven).await?;
        if entries.is_empty() {
            break;
        }
    }
    let newest = store::newest(conn).await?.map_or(0, |newest| newest.size);
    if newest != proven.entries {
        proven.wrong.push(format!("{} entries are there, and {newest} were signed for", proven.entries));
    }
    Ok(proven)
}

/// The checkpoint of the size that was just reached, if there is one.
fn check(edge: &Edge, roots: &BTreeMap<u64, Digest>, proven: &mut Proven) {
    if let Some(root) = roots.get(&edge.size()) {
        proven.checkpoints += 1;
        if *root != edge.root() {
            proven.wrong.push(format!("the checkpoint of {} entries has another root than the records", edge.size()));
        }
    }
}

async fn check_tiles(conn: &mut Conn, grown: &BTreeMap<Place, Vec<u8>>, proven: &mut Proven) -> Result<(), Error> {
    let stored = store::tiles(conn, grown.keys().copied()).await?;
    for (place, hashes) in grown {
        if !stored.get(place).is_some_and(|kept| kept.starts_with(hashes)) {
            proven.wrong.push(format!("the tile {}/{} does not have the hashes of the records", place.level, place.index));
        }
    }
    Ok(())
}
