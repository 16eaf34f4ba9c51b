//! Status lists as the log has them: a bit for each entry that begins an item's history, set when the item was withdrawn.
//!
//! Anybody can make them from the log alone. Each version is stated in the log, in the tree that has the records which made it.
use diesel::{QueryableByName, sql_types as sql};
use diesel_async::RunQueryDsl;
use passport::{
    credential::bitstring::{LENGTH, StatusList},
    log::Statement,
};

use super::model::Error;
use crate::{
    clock::Time,
    db::{self, Conn, Tx},
};

#[derive(QueryableByName)]
struct Withdrawn {
    #[diesel(sql_type = sql::BigInt)]
    index: i64,
    #[diesel(sql_type = sql::Timestamptz)]
    at: Time,
}
#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = sql::BigInt)]
    number: i64,
}

/// The list of this number, and when the newest of its bits was set. What the log has not taken in yet counts from when it has.
pub async fn list(conn: &mut Conn, number: u64) -> Result<(StatusList, Option<Time>), Error> {
    let first = number.checked_mul(LENGTH as u64).and_then(|first| i64::try_from(first).ok()).ok_or(Error::NotFound)?;
    let query = db::sql(
        "SELECT minted.index, w.at FROM leaves w
         JOIN log_entries said ON said.subject_id = w.subject_id AND said.seq = w.seq
         JOIN log_entries minted ON minted.subject_id = w.subject_id AND minted.seq = 0
         WHERE w.type = 'withdrawn' AND minted.index >= $1 AND minted.index < $1 + $2",
    );
    let rows: Vec<Withdrawn> = query.bind::<sql::BigInt, _>(first).bind::<sql::BigInt, _>(LENGTH as i64).load(conn).await?;
    let (mut list, mut newest) = (StatusList::default(), None);
    for Withdrawn { index, at } in rows {
        let place = usize::try_from(index - first).map_err(|_| Error::Corrupt("a place before its list"))?;
        list.set(place).map_err(|_| Error::Corrupt("a place beyond its list"))?;
        newest = newest.max(Some(at));
    }
    Ok((list, newest))
}

/// What is to be said of the lists that the entries from `from` to before `to` changed, and of those that nothing was said of yet.
pub(super) async fn changed(tx: &mut Tx, now: Time, from: i64, to: i64) -> Result<Vec<Statement>, Error> {
    let query = db::sql(
        "SELECT minted.index / $3 AS number FROM log_entries said
         JOIN leaves w ON w.subject_id = said.subject_id AND w.seq = said.seq AND w.type = 'withdrawn'
         JOIN log_entries minted ON minted.subject_id = said.subject_id AND minted.seq = 0
         WHERE said.index >= $1 AND said.index < $2
         UNION SELECT n FROM generate_series(0::bigint, ($2 - 1) / $3) n
         WHERE NOT EXISTS (SELECT 1 FROM log_statements s WHERE s.kind = 'status' AND s.about = n::text) ORDER BY number",
    );
    let query = query.bind::<sql::BigInt, _>(from).bind::<sql::BigInt, _>(to).bind::<sql::BigInt, _>(LENGTH as i64);
    let numbers: Vec<Number> = query.load(tx).await?;
    let day = now.day().to_string().parse().map_err(|_| Error::Corrupt("a day that is none"))?;
    let mut statements = Vec::with_capacity(numbers.len());
    for number in numbers {
        let number = u64::try_from(number.number).map_err(|_| Error::Corrupt("a list before the first"))?;
        statements.push(Statement::status(day, number, &list(tx, number).await?.0));
    }
    Ok(statements)
}
