//! The throttles.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;
use jiff::SignedDuration;

use crate::{
    clock::Time,
    db::{self, Conn, DbError},
    schema::throttles,
};

/// Each try takes away this many stale rows, so that the table never grows past who tries.
const SWEPT: i64 = 4;

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = sql::Bool)]
    taken: bool,
}

/// Takes one try: None if it was allowed, else when the allowance is whole again. `latest` is how far ahead that may lie.
pub async fn take(conn: &mut Conn, key: &[u8], now: Time, every: SignedDuration, latest: Time) -> Result<Option<Time>, DbError> {
    let swept = "DELETE FROM throttles WHERE key IN (SELECT key FROM throttles WHERE full_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
    db::sql(swept).bind::<sql::Timestamptz, _>(now).bind::<sql::BigInt, _>(SWEPT).execute(conn).await?;
    let taken: Option<Taken> = db::sql(
        "INSERT INTO throttles (key, full_at) VALUES ($1, $2::timestamptz + $3 * interval '1 millisecond')
         ON CONFLICT (key) DO UPDATE SET full_at = greatest(throttles.full_at, $2) + $3 * interval '1 millisecond'
           WHERE greatest(throttles.full_at, $2) + $3 * interval '1 millisecond' <= $4
         RETURNING true AS taken",
    )
    .bind::<sql::Binary, _>(key)
    .bind::<sql::Timestamptz, _>(now)
    .bind::<sql::BigInt, _>(i64::try_from(every.as_millis()).unwrap_or(i64::MAX))
    .bind::<sql::Timestamptz, _>(latest)
    .get_result(conn)
    .await
    .optional()?;
    if taken.is_some_and(|row| row.taken) {
        return Ok(None);
    }
    // Swept or forgiven in between: whole now.
    Ok(Some(throttles::table.find(key).select(throttles::full_at).first(conn).await.optional()?.unwrap_or(now)))
}

/// When the allowance is whole again, if anything was taken of it.
pub async fn full_at(conn: &mut Conn, key: &[u8]) -> Result<Option<Time>, DbError> {
    Ok(throttles::table.find(key).select(throttles::full_at).first(conn).await.optional()?)
}

pub async fn forget(conn: &mut Conn, key: &[u8]) -> Result<(), DbError> {
    diesel::delete(throttles::table.find(key)).execute(conn).await?;
    Ok(())
}
