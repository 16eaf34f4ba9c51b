//! Every statement on the log's tiles, entries, checkpoints and queue.
use std::collections::BTreeMap;

use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;
use passport::{
    Digest,
    log::{Checkpoint, Edge, Note, tile::Place},
};

use super::model::Error;
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    schema::{log_checkpoints, log_cosignatures, log_entries, log_keys, log_outbox, log_tiles},
};

/// Any number that nothing else takes: who holds it appends.
const APPENDING: i64 = 0x6c6f_6761;

/// The checkpoint of the tree as it is.
pub(super) struct Stored {
    pub size: i64,
    pub note: String,
}
impl Stored {
    pub fn size(&self) -> u64 {
        u64::try_from(self.size).unwrap_or(0)
    }
    /// The name that the log has had from the beginning.
    pub fn origin(&self) -> Result<&str, Error> {
        Note::parse(&self.note)?;
        let origin = self.note.split('\n').next().unwrap_or_default();
        Ok(origin)
    }
    pub fn checkpoint(&self) -> Result<Checkpoint, Error> {
        Ok(Checkpoint::parse(Note::parse(&self.note)?.unverified())?)
    }
}

pub(super) async fn newest(conn: &mut Conn) -> Result<Option<Stored>, DbError> {
    use log_checkpoints as c;
    let row: Option<(i64, String)> = c::table.order(c::size.desc()).select((c::size, c::note)).first(conn).await.optional()?;
    Ok(row.map(|(size, note)| Stored { size, note }))
}

/// The lines of witnesses under the checkpoint of this size.
pub(super) async fn cosignatures(conn: &mut Conn, size: i64) -> Result<Vec<String>, DbError> {
    use log_cosignatures as c;
    Ok(c::table.filter(c::size.eq(size)).order(c::witness).select(c::line).load(conn).await?)
}
/// The largest size that this witness cosigned.
pub(super) async fn cosigned(conn: &mut Conn, witness: &str) -> Result<Option<u64>, DbError> {
    use log_cosignatures as c;
    let size: Option<i64> = c::table.filter(c::witness.eq(witness)).select(diesel::dsl::max(c::size)).get_result(conn).await?;
    Ok(size.and_then(|size| u64::try_from(size).ok()))
}
/// Asked twice for the same, a witness signs twice: the first line stays.
pub(super) async fn insert_cosignature(conn: &mut Conn, now: Time, size: i64, witness: &str, line: &str) -> Result<(), DbError> {
    use log_cosignatures as c;
    let row = (c::size.eq(size), c::witness.eq(witness), c::line.eq(line), c::at.eq(now));
    diesel::insert_into(c::table).values(row).on_conflict_do_nothing().execute(conn).await?;
    Ok(())
}

/// The signed roots of sizes from `first` on, as many sizes as `count`.
pub(super) async fn roots(conn: &mut Conn, first: i64, count: i64) -> Result<Vec<(u64, Digest)>, Error> {
    use log_checkpoints as c;
    let rows: Vec<(i64, Vec<u8>)> = c::table.filter(c::size.ge(first).and(c::size.lt(first + count))).select((c::size, c::root)).load(conn).await?;
    let root = |(size, root): (i64, Vec<u8>)| Some((u64::try_from(size).ok()?, Digest::from_bytes(root.try_into().ok()?)));
    rows.into_iter().map(root).collect::<Option<_>>().ok_or(Error::Corrupt("a root is not 32 bytes"))
}

/// One root for a size: a second one is refused by its key.
pub(super) async fn insert_checkpoint(tx: &mut Tx, now: Time, size: i64, root: &Digest, note: &str) -> Result<(), DbError> {
    use log_checkpoints as c;
    let row = (c::size.eq(size), c::root.eq(root.as_bytes().to_vec()), c::note.eq(note), c::at.eq(now));
    diesel::insert_into(c::table).values(row).execute(tx).await?;
    Ok(())
}

/// A key of the log's, as it is published; the same one twice is one.
pub(super) async fn keep_key(conn: &mut Conn, now: Time, key: &str) -> Result<(), DbError> {
    use log_keys as k;
    diesel::insert_into(k::table).values((k::key.eq(key), k::since.eq(now))).on_conflict_do_nothing().execute(conn).await?;
    Ok(())
}
/// All of them, the newest first.
pub(super) async fn keys(conn: &mut Conn) -> Result<Vec<String>, DbError> {
    use log_keys as k;
    Ok(k::table.order((k::since.desc(), k::key)).select(k::key).load(conn).await?)
}

/// Whether this transaction is the one that appends; until it ends, no other is.
pub(super) async fn hold(tx: &mut Tx) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::sql::<sql::Bool>(&format!("pg_try_advisory_xact_lock({APPENDING})"))).get_result(tx).await?)
}

/// A leaf or a statement that is not in the tree yet.
#[derive(QueryableByName)]
pub(super) struct Queued {
    #[diesel(sql_type = sql::Uuid)]
    id: uuid::Uuid,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    subject_id: Option<uuid::Uuid>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    seq: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    statement_id: Option<uuid::Uuid>,
    #[diesel(sql_type = sql::Binary)]
    hash: Vec<u8>,
}
impl Queued {
    pub fn hash(&self) -> Result<Digest, Error> {
        Ok(Digest::from_bytes(self.hash.as_slice().try_into().map_err(|_| Error::Corrupt("a leaf's hash is not 32 bytes"))?))
    }
}

/// The oldest first.
pub(super) async fn queued(conn: &mut Conn, limit: i64) -> Result<Vec<Queued>, DbError> {
    let query = crate::db::sql(
        "SELECT o.id, o.subject_id, o.seq, o.statement_id, coalesce(l.hash, s.hash) AS hash FROM log_outbox o
         LEFT JOIN leaves l ON l.subject_id = o.subject_id AND l.seq = o.seq
         LEFT JOIN log_statements s ON s.id = o.statement_id ORDER BY o.position LIMIT $1",
    );
    Ok(query.bind::<sql::BigInt, _>(limit).load(conn).await?)
}
pub(super) async fn is_waiting(conn: &mut Conn) -> Result<bool, DbError> {
    let first: Option<i64> = log_outbox::table.select(log_outbox::position).limit(1).first(conn).await.optional()?;
    Ok(first.is_some())
}

/// The queue becomes entries from `first` on, in its order.
pub(super) async fn move_to_entries(tx: &mut Tx, first: i64, queued: &[Queued]) -> Result<(), DbError> {
    use log_entries as e;
    let row = |(index, q): (i64, &Queued)| (e::index.eq(index), e::subject_id.eq(q.subject_id), e::seq.eq(q.seq), e::statement_id.eq(q.statement_id));
    let rows: Vec<_> = (first..).zip(queued).map(row).collect();
    diesel::insert_into(e::table).values(rows).execute(tx).await?;
    let ids: Vec<_> = queued.iter().map(|q| q.id).collect();
    diesel::delete(log_outbox::table.filter(log_outbox::id.eq_any(ids))).execute(tx).await?;
    Ok(())
}
/// How many entries there are, by the last one.
pub(super) async fn next_index(conn: &mut Conn) -> Result<i64, DbError> {
    let last: Option<i64> = log_entries::table.select(diesel::dsl::max(log_entries::index)).get_result(conn).await?;
    Ok(last.map_or(0, |last| last + 1))
}

/// The hashes of these tiles, those that are there.
pub(super) async fn tiles(conn: &mut Conn, places: impl IntoIterator<Item = Place>) -> Result<BTreeMap<Place, Vec<u8>>, DbError> {
    tiles_of(conn, "log_tiles", places).await
}
/// Of the log's own tree, or of that of the newest records.
pub(super) async fn tiles_of(
    conn: &mut Conn,
    table: &'static str,
    places: impl IntoIterator<Item = Place>,
) -> Result<BTreeMap<Place, Vec<u8>>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::SmallInt)]
        level: i16,
        #[diesel(sql_type = sql::BigInt)]
        index: i64,
        #[diesel(sql_type = sql::Binary)]
        hashes: Vec<u8>,
    }
    let (levels, indexes): (Vec<i16>, Vec<i64>) = places.into_iter().map(columns).unzip();
    let query = crate::db::sql(format!("SELECT level, index, hashes FROM unnest($1, $2) AS wanted (level, index) JOIN {table} USING (level, index)"))
        .bind::<sql::Array<sql::SmallInt>, _>(levels)
        .bind::<sql::Array<sql::BigInt>, _>(indexes);
    let rows: Vec<Row> = query.load(conn).await?;
    let place = |row: &Row| Place { level: u8::try_from(row.level).unwrap_or(u8::MAX), index: u64::try_from(row.index).unwrap_or(u64::MAX) };
    Ok(rows.into_iter().map(|row| (place(&row), row.hashes)).collect())
}
pub(super) fn columns(place: Place) -> (i16, i64) {
    (i16::from(place.level), i64::try_from(place.index).unwrap_or(i64::MAX))
}

/// The right edge of the tree of `size` leaves, which is the tree as it is.
pub(super) async fn edge(conn: &mut Conn, size: u64) -> Result<Edge, Error> {
    let stored = tiles(conn, Edge::places(size).into_iter().map(|tile| tile.place)).await?;
    Ok(Edge::of(size, &stored)?)
}

/// New tiles, and those that grew.
pub(super) async fn keep_tiles(tx: &mut Tx, tiles: &BTreeMap<Place, Vec<u8>>) -> Result<(), DbError> {
    use log_tiles as t;
    let row = |(place, hashes): (&Place, &Vec<u8>)| {
        let (level, index) = columns(*place);
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

/// Where these chains' leaves are in the log: (chain, number in it, index).
pub(super) async fn entries_of(conn: &mut Conn, subjects: &[uuid::Uuid]) -> Result<Vec<(uuid::Uuid, i32, i64)>, DbError> {
    use log_entries as e;
    let columns = (e::subject_id.assume_not_null(), e::seq.assume_not_null(), e::index);
    let query = e::table.filter(e::subject_id.eq_any(subjects.to_vec())).select(columns);
    Ok(query.load(conn).await?)
}

/// Where a chain's first leaf is.
pub(super) async fn first_entry(conn: &mut Conn, subject: uuid::Uuid) -> Result<Option<i64>, DbError> {
    use log_entries as e;
    Ok(e::table.filter(e::subject_id.eq(subject).and(e::seq.eq(0))).select(e::index).first(conn).await.optional()?)
}
/// When the first checkpoint was signed.
pub(super) async fn begun(conn: &mut Conn) -> Result<Option<Time>, DbError> {
    use log_checkpoints as c;
    Ok(c::table.order(c::size).select(c::at).first(conn).await.optional()?)
}

/// The bytes of the entries from `first` on.
pub(super) async fn entries(conn: &mut Conn, first: i64, count: i64) -> Result<Vec<Vec<u8>>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::Binary)]
        bytes: Vec<u8>,
    }
    let query = crate::db::sql(
        "SELECT coalesce(l.bytes, s.bytes) AS bytes FROM log_entries e
         LEFT JOIN leaves l ON l.subject_id = e.subject_id AND l.seq = e.seq
         LEFT JOIN log_statements s ON s.id = e.statement_id
         WHERE e.index >= $1 AND e.index < $1 + $2 ORDER BY e.index",
    );
    let rows: Vec<Row> = query.bind::<sql::BigInt, _>(first).bind::<sql::BigInt, _>(count).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.bytes).collect())
}
