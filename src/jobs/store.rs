//! Every statement on `jobs`.
use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use crate::{
    clock::Time,
    db::{self, Conn, DbError, PlanOnce},
    ids::JobId,
    schema::jobs,
};

#[derive(Debug, QueryableByName)]
pub(super) struct Claimed {
    #[diesel(sql_type = sql_types::Uuid)]
    pub id: JobId,
    #[diesel(sql_type = sql_types::Text)]
    pub kind: String,
    #[diesel(sql_type = sql_types::Jsonb)]
    pub payload: serde_json::Value,
    #[diesel(sql_type = sql_types::Integer)]
    pub attempts: i32,
    #[diesel(sql_type = sql_types::Integer)]
    pub max_attempts: i32,
}

#[expect(clippy::too_many_arguments, reason = "one argument per column")]
pub(super) async fn insert(
    conn: &mut Conn,
    id: JobId,
    kind: &str,
    key: Option<String>,
    payload: serde_json::Value,
    max_attempts: i32,
    run_at: Time,
    now: Time,
) -> Result<(), DbError> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(id),
            jobs::kind.eq(kind),
            jobs::key.eq(key),
            jobs::payload.eq(payload),
            jobs::state.eq("due"),
            jobs::run_at.eq(run_at),
            jobs::attempts.eq(0),
            jobs::max_attempts.eq(max_attempts),
            jobs::created_at.eq(now),
        ))
        .on_conflict(jobs::key)
        .do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

/// Leases up to `limit` due jobs to `worker` until `until`.
pub(super) async fn claim(conn: &mut Conn, worker: uuid::Uuid, now: Time, until: Time, limit: i64) -> Result<Vec<Claimed>, DbError> {
    let query = db::sql(
        "UPDATE jobs SET locked_until = $1, locked_by = $2, attempts = attempts + 1 WHERE id IN (
           SELECT id FROM jobs WHERE state = 'due' AND run_at <= $3 AND (locked_until IS NULL OR locked_until <= $3)
           ORDER BY run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
         RETURNING id, kind, payload, attempts, max_attempts",
    );
    let mut claimed: Vec<Claimed> = query
        .bind::<sql_types::Timestamptz, _>(until)
        .bind::<sql_types::Uuid, _>(worker)
        .bind::<sql_types::Timestamptz, _>(now)
        .bind::<sql_types::BigInt, _>(limit)
        .load(conn)
        .await?;
    claimed.sort_by_key(|job| job.id);
    Ok(claimed)
}

/// From here on only the holder of the lease (`locked_by`) may say how the job ended.
pub(super) async fn done(conn: &mut Conn, ids: &[JobId], worker: uuid::Uuid, now: Time) -> Result<(), DbError> {
    diesel::update(jobs::table.filter(jobs::id.eq_any(ids).and(jobs::locked_by.eq(worker))))
        .set((jobs::state.eq("done"), jobs::done_at.eq(now), jobs::locked_until.eq(None::<Time>), jobs::last_error.eq(None::<String>)))
        .plan_once()
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn again(conn: &mut Conn, id: JobId, worker: uuid::Uuid, run_at: Time, error: Option<&str>, attempts: i32) -> Result<(), DbError> {
    diesel::update(jobs::table.filter(jobs::id.eq(id).and(jobs::locked_by.eq(worker))))
        .set((jobs::run_at.eq(run_at), jobs::locked_until.eq(None::<Time>), jobs::last_error.eq(error), jobs::attempts.eq(attempts)))
        .plan_once()
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn bury(conn: &mut Conn, id: JobId, worker: uuid::Uuid, error: &str) -> Result<(), DbError> {
    diesel::update(jobs::table.filter(jobs::id.eq(id).and(jobs::locked_by.eq(worker))))
        .set((jobs::state.eq("dead"), jobs::locked_until.eq(None::<Time>), jobs::last_error.eq(error)))
        .plan_once()
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Counts {
    /// Due now or later.
    #[diesel(sql_type = sql_types::BigInt)]
    pub waiting: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub due: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub dead: i64,
    /// How long the longest waiting one of the due has waited.
    #[diesel(sql_type = sql_types::BigInt)]
    pub oldest_due_seconds: i64,
}

/// When those of the jobs were done that are.
pub async fn done_at(conn: &mut Conn, keys: &[String]) -> Result<Vec<(String, Time)>, DbError> {
    let done: Vec<(Option<String>, Option<Time>)> =
        jobs::table.filter(jobs::key.eq_any(keys).and(jobs::state.eq("done"))).select((jobs::key, jobs::done_at)).load(conn).await?;
    Ok(done.into_iter().filter_map(|(key, at)| key.zip(at)).collect())
}

/// For the metrics and for the end of a test; done jobs are not counted.
pub async fn counts(conn: &mut Conn, now: Time) -> Result<Counts, DbError> {
    let query = diesel::sql_query(
        "SELECT count(*) FILTER (WHERE state = 'due') AS waiting, count(*) FILTER (WHERE state = 'due' AND run_at <= $1) AS due,
                count(*) FILTER (WHERE state = 'dead') AS dead,
                coalesce(extract(epoch FROM $1 - min(run_at) FILTER (WHERE state = 'due' AND run_at <= $1)), 0)::bigint AS oldest_due_seconds
         FROM jobs WHERE state <> 'done'",
    );
    Ok(query.bind::<sql_types::Timestamptz, _>(now).get_result(conn).await?)
}
