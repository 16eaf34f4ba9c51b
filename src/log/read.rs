//! What the log shows: its newest checkpoint, its tiles, its entries, and proofs.
use std::collections::BTreeMap;

use passport::{
    Digest,
    log::{
        Proof, Tile, Tiles,
        tile::{WIDTH, write_entries},
        tree::{consistency_plan, inclusion_plan},
    },
};

use super::{model::Error, store};
use crate::{
    clock::Time,
    db::{Conn, DbError},
};

/// The newest checkpoint as it was signed, and cosigned so far.
pub async fn checkpoint(conn: &mut Conn) -> Result<String, Error> {
    let newest = store::newest(conn).await?.ok_or(Error::Unbegun)?;
    Ok(cosigned(conn, &newest).await?)
}

/// Witnesses sign the same text: their lines stand under the log's own.
async fn cosigned(conn: &mut Conn, stored: &store::Stored) -> Result<String, DbError> {
    let lines = store::cosignatures(conn, stored.size).await?;
    Ok(lines.into_iter().fold(stored.note.clone(), |note, line| note + &line + "\n"))
}

/// That the tree of the first `old` entries is the beginning of that of the first `new`.
pub(super) async fn consistency(conn: &mut Conn, old: u64, new: u64) -> Result<Vec<Digest>, Error> {
    let plan = consistency_plan(old, new).ok_or(Error::Corrupt("a witness saw more than there is"))?;
    let mut tiles = Tiles::default();
    for (place, hashes) in store::tiles(conn, Tiles::needed(&plan)).await? {
        tiles.insert(place, hashes);
    }
    tiles.proof(&plan).ok_or(Error::Corrupt("a tile is missing"))
}

/// The first `width` hashes of a tile; not found until there are as many.
pub async fn tile(conn: &mut Conn, tile: Tile) -> Result<Vec<u8>, Error> {
    let mut hashes = store::tiles(conn, [tile.place]).await?.remove(&tile.place).ok_or(Error::NotFound)?;
    let wanted = tile.width * 32;
    if hashes.len() < wanted {
        return Err(Error::NotFound);
    }
    hashes.truncate(wanted);
    Ok(hashes)
}

/// The first `width` entries of a bundle; not found until there are as many.
pub async fn entries(conn: &mut Conn, index: u64, width: usize) -> Result<Vec<u8>, Error> {
    let first = i64::try_from(index).ok().and_then(|index| index.checked_mul(WIDTH as i64)).ok_or(Error::NotFound)?;
    let entries = store::entries(conn, first, width as i64).await?;
    if entries.len() < width {
        return Err(Error::NotFound);
    }
    write_entries(entries.iter().map(Vec::as_slice)).ok_or(Error::Corrupt("an entry is too long for a bundle"))
}

/// Where a chain's first leaf is in the log.
///
/// # Errors
/// [`Error::Unbegun`] if there is no log, [`Error::NotFound`] if the leaf is queued still.
pub async fn beginning(conn: &mut Conn, subject: uuid::Uuid) -> Result<u64, Error> {
    store::newest(conn).await?.ok_or(Error::Unbegun)?;
    let index = store::first_entry(conn, subject).await?.ok_or(Error::NotFound)?;
    u64::try_from(index).map_err(|_| Error::Corrupt("an entry before the first"))
}

/// How many entries were signed for, and when the log was begun.
pub async fn extent(conn: &mut Conn) -> Result<(u64, Time), Error> {
    let newest = store::newest(conn).await?.ok_or(Error::Unbegun)?;
    Ok((newest.size(), store::begun(conn).await?.ok_or(Error::Unbegun)?))
}

/// That these chains' leaves are in the newest tree: by chain and number in it. Those that are queued still are not among them.
/// Four statements, however long the chains and the log are.
pub async fn proofs(conn: &mut Conn, subjects: &[uuid::Uuid]) -> Result<(String, BTreeMap<(uuid::Uuid, i32), Proof>), Error> {
    let newest = store::newest(conn).await?.ok_or(Error::Unbegun)?;
    let size = newest.checkpoint()?.size;
    // A leaf that was appended since the checkpoint was read is left for the next one.
    let planned: Vec<_> = store::entries_of(conn, subjects)
        .await?
        .into_iter()
        .filter_map(|(subject, seq, index)| {
            let index = u64::try_from(index).ok()?;
            Some(((subject, seq), index, inclusion_plan(index, size)?))
        })
        .collect();
    let mut tiles = Tiles::default();
    for (place, hashes) in store::tiles(conn, Tiles::needed(planned.iter().flat_map(|(_, _, plan)| plan))).await? {
        tiles.insert(place, hashes);
    }
    let note = cosigned(conn, &newest).await?;
    let proof = |(leaf, index, plan): ((uuid::Uuid, i32), u64, Vec<Vec<passport::log::Node>>)| {
        let path = tiles.proof(&plan).ok_or(Error::Corrupt("a tile is missing"))?;
        Ok((leaf, Proof { index, path, checkpoint: note.clone() }))
    };
    let proofs = planned.into_iter().map(proof).collect::<Result<_, Error>>()?;
    Ok((note, proofs))
}
