//! The daily count: the newest record of every chain, committed to by one entry, so that whoever leaves records off is found out.
//!
//! - The tree of tips is kept in tiles, like the log's, and is that of the last count: a bundle's proofs are made from it.
//! - Appending waits while it is counted; memory does not grow with the log or with the number of chains, which are taken step by step.
use std::collections::BTreeMap;

use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;
use passport::{
    Leaf,
    log::{
        Counted, Place as TipPlace, Statement, Tiles,
        tile::{Place, above, put_leaves},
        tip_hash,
        tree::{inclusion_plan, root_plan},
    },
};

use super::{Log, Witnesses, model::Error, statements, store};
use crate::{
    clock::Time,
    db::{self, Conn, Db, DbError, Tx},
};

/// Chains that are counted together: their tiles are a few hundred kilobytes.
const STEP: i64 = 1024;

impl Log {
    /// Counts the newest records, unless that was done today or nothing was ever appended; whether it did. Another program that is
    /// appending just now makes it not.
    pub async fn count(&self, db: &Db, now: Time) -> Result<bool, Error> {
        if let Some(ahead) = self.witnesses().and_then(Witnesses::ahead) {
            return Err(Error::Ahead(ahead));
        }
        if is_counted(&mut *db.conn().await?, now).await? {
            return Ok(false);
        }
        db.transaction(async |tx| {
            if !store::hold(tx).await? || is_counted(tx, now).await? {
                return Ok(false);
            }
            let newest = store::newest(tx).await?.ok_or(Error::Unbegun)?;
            let last = last(tx).await?.map_or(0, |(index, _)| index);
            let chains = enlist(tx, last).await?;
            if chains == 0 {
                return Ok(false);
            }
            let mut after = -1;
            while let Some(counted) = step(tx, last, after).await? {
                after = counted;
            }
            let plan = root_plan(chains);
            let tiles = tiles(tx, Tiles::needed([&plan])).await?;
            let root = tiles.fold(&plan).ok_or(Error::Corrupt("a tile of the newest records is missing"))?;
            let statement = Statement::tips(day(now)?, chains, root);
            let hash = statements::enter(tx, now, newest.size, &statement).await?;
            self.extend(tx, now, &newest, &[hash]).await?;
            Ok(true)
        })
        .await
    }
}

fn day(now: Time) -> Result<passport::Day, Error> {
    now.day().to_string().parse().map_err(|_| Error::Corrupt("a day that is none"))
}

async fn is_counted(conn: &mut Conn, now: Time) -> Result<bool, Error> {
    let newest = statements::newest(conn, "tips", "").await?;
    match newest.map(|bytes| Statement::parse(&bytes)).transpose()?.flatten() {
        Some(statement) => Ok(statement.day() >= day(now)?),
        None => Ok(false),
    }
}

/// The last count: its index and bytes.
async fn last(conn: &mut Conn) -> Result<Option<(i64, Vec<u8>)>, DbError> {
    use crate::schema::{log_entries as e, log_statements as s};
    let counts = s::table.inner_join(e::table).filter(s::kind.eq("tips")).order(s::position.desc());
    Ok(counts.select((e::index, s::bytes)).first(conn).await.optional()?)
}

/// Gives the chains that began since their place behind the others; how many there are then.
async fn enlist(tx: &mut Tx, from: i64) -> Result<u64, Error> {
    let query = db::sql(
        "INSERT INTO log_chains (ordinal, subject_id)
         SELECT (SELECT coalesce(max(ordinal) + 1, 0) FROM log_chains) + row_number() OVER (ORDER BY e.index) - 1, e.subject_id
         FROM log_entries e WHERE e.seq = 0 AND e.index >= $1",
    );
    query.bind::<sql::BigInt, _>(from).execute(tx).await?;
    use crate::schema::log_chains as c;
    let chains: Option<i64> = c::table.select(diesel::dsl::max(c::ordinal)).first(tx).await?;
    u64::try_from(chains.map_or(0, |last| last + 1)).map_err(|_| Error::Corrupt("a chain before the first"))
}

#[derive(QueryableByName)]
struct Changed {
    #[diesel(sql_type = sql::BigInt)]
    ordinal: i64,
    #[diesel(sql_type = sql::Binary)]
    bytes: Vec<u8>,
}

/// Puts the newest records of the next chains that changed since the entry `from` into the tree; the last of them, if there was one.
async fn step(tx: &mut Tx, from: i64, after: i64) -> Result<Option<i64>, Error> {
    let query = db::sql(
        "SELECT c.ordinal, l.bytes FROM log_chains c
         JOIN (SELECT e.subject_id, max(e.seq) AS seq FROM log_entries e WHERE e.index >= $1 AND e.subject_id IS NOT NULL GROUP BY e.subject_id) newest
           ON newest.subject_id = c.subject_id
         JOIN leaves l ON l.subject_id = newest.subject_id AND l.seq = newest.seq
         WHERE c.ordinal > $2 ORDER BY c.ordinal LIMIT $3",
    );
    let query = query.bind::<sql::BigInt, _>(from).bind::<sql::BigInt, _>(after).bind::<sql::BigInt, _>(STEP);
    let changed: Vec<Changed> = query.load(tx).await?;
    let Some(last) = changed.last().map(|one| one.ordinal) else { return Ok(None) };
    let mut tips = BTreeMap::new();
    for Changed { ordinal, bytes } in changed {
        let leaf = Leaf::parse(&bytes).map_err(|_| Error::Corrupt("a leaf that does not read"))?;
        let ordinal = u64::try_from(ordinal).map_err(|_| Error::Corrupt("a chain before the first"))?;
        tips.insert(ordinal, tip_hash(leaf.item(), leaf.seq(), &leaf.hash()));
    }
    let mut tiles = rows(tx, above(tips.keys().copied())).await?;
    put_leaves(&mut tiles, &tips).ok_or(Error::Corrupt("a chain beyond the others"))?;
    keep(tx, &tiles).await?;
    Ok(Some(last))
}

async fn rows(conn: &mut Conn, places: impl IntoIterator<Item = Place>) -> Result<BTreeMap<Place, Vec<u8>>, DbError> {
    store::tiles_of(conn, "log_tip_tiles", places).await
}
async fn tiles(conn: &mut Conn, places: impl IntoIterator<Item = Place>) -> Result<Tiles, DbError> {
    let mut tiles = Tiles::default();
    for (place, hashes) in rows(conn, places).await? {
        tiles.insert(place, hashes);
    }
    Ok(tiles)
}
async fn keep(tx: &mut Tx, tiles: &BTreeMap<Place, Vec<u8>>) -> Result<(), DbError> {
    use crate::schema::log_tip_tiles as t;
    let row = |(place, hashes): (&Place, &Vec<u8>)| {
        let (level, index) = store::columns(*place);
        (t::level.eq(level), t::index.eq(index), t::hashes.eq(hashes.clone()))
    };
    diesel::insert_into(t::table)
        .values(tiles.iter().map(row).collect::<Vec<_>>())
        .on_conflict((t::level, t::index))
        .do_update()
        .set(t::hashes.eq(diesel::upsert::excluded(t::hashes)))
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Tip {
    #[diesel(sql_type = sql::Uuid)]
    subject_id: uuid::Uuid,
    #[diesel(sql_type = sql::BigInt)]
    ordinal: i64,
    #[diesel(sql_type = sql::Integer)]
    seq: i32,
}

/// What a bundle of an item and its batch says of the last count, as far as the tree of `size` entries has it. Nothing if there was none, or
/// if the next one was made just now: then the tree is another already.
pub async fn counted(conn: &mut Conn, size: u64, item: uuid::Uuid, batch: uuid::Uuid) -> Result<Option<Counted>, Error> {
    let Some((index, entry)) = last(conn).await? else { return Ok(None) };
    let Some(Statement::Tips { chains, .. }) = Statement::parse(&entry)? else { return Err(Error::Corrupt("a count that is none")) };
    let at = u64::try_from(index).map_err(|_| Error::Corrupt("an entry before the first"))?;
    let Some(plan) = inclusion_plan(at, size) else { return Ok(None) };
    let query = db::sql(
        "SELECT c.subject_id, c.ordinal, max(e.seq) AS seq FROM log_chains c JOIN log_entries e ON e.subject_id = c.subject_id
         WHERE c.subject_id = ANY ($1) AND e.index < $2 GROUP BY c.subject_id, c.ordinal",
    );
    let found: Vec<Tip> = query.bind::<sql::Array<sql::Uuid>, _>(vec![item, batch]).bind::<sql::BigInt, _>(index).load(conn).await?;
    let mut planned = Vec::new();
    for Tip { subject_id, ordinal, seq } in found {
        let (ordinal, seq) = (u64::try_from(ordinal), u32::try_from(seq));
        let (Ok(place), Ok(seq)) = (ordinal, seq) else { return Err(Error::Corrupt("a chain before the first")) };
        planned.push((subject_id, place, seq, inclusion_plan(place, chains).ok_or(Error::Corrupt("a chain that was not counted"))?));
    }
    let tips = tiles(conn, Tiles::needed(planned.iter().flat_map(|(_, _, _, plan)| plan))).await?;
    let of = |subject: uuid::Uuid| {
        let (_, place, seq, plan) = planned.iter().find(|(found, ..)| *found == subject)?;
        Some(TipPlace { place: *place, seq: *seq, path: tips.proof(plan)? })
    };
    let (item, batch) = (of(item), of(batch));
    let mut log = Tiles::default();
    for (place, hashes) in store::tiles(conn, Tiles::needed(&plan)).await? {
        log.insert(place, hashes);
    }
    let path = log.proof(&plan).ok_or(Error::Corrupt("a tile is missing"))?;
    if last(conn).await?.map(|(newer, _)| newer) != Some(index) {
        return Ok(None);
    }
    Ok(Some(Counted::new(&entry, at, path, item, batch)))
}
