//! Every statement on `payment_operations`.
use diesel::{
    prelude::*,
    sql_types::{Nullable, Timestamptz},
};
use diesel_async::RunQueryDsl;
use stripe_client::Prepared;

use super::model::{Kind, State};
use crate::{
    clock::Time,
    db::{Conn, DbError, PlanOnce, Tx},
    ids::OperationId,
    schema::payment_operations as operations,
};

pub(super) struct Stored {
    pub request: Prepared,
    pub first_attempt_at: Time,
}

fn corrupt(error: serde_json::Error) -> DbError {
    DbError::Query(diesel::result::Error::DeserializationError(error.into()))
}

pub(super) async fn insert(tx: &mut Tx, now: Time, id: OperationId, kind: Kind, subject: uuid::Uuid, request: &Prepared) -> Result<(), DbError> {
    insert_with(tx, now, id, kind, subject, request, 0).await
}
pub(super) async fn insert_attempt(
    tx: &mut Tx,
    now: Time,
    id: OperationId,
    kind: Kind,
    subject: uuid::Uuid,
    request: &Prepared,
) -> Result<(), DbError> {
    insert_with(tx, now, id, kind, subject, request, 1).await
}
async fn insert_with(
    tx: &mut Tx,
    now: Time,
    id: OperationId,
    kind: Kind,
    subject: uuid::Uuid,
    request: &Prepared,
    attempts: i32,
) -> Result<(), DbError> {
    let request = serde_json::to_value(request).map_err(corrupt)?;
    diesel::insert_into(operations::table)
        .values((
            operations::id.eq(id),
            operations::kind.eq(kind),
            operations::subject_id.eq(subject),
            operations::request.eq(request),
            operations::state.eq(State::Pending),
            operations::attempts.eq(attempts),
            operations::first_attempt_at.eq((attempts > 0).then_some(now)),
            operations::created_at.eq(now),
            operations::updated_at.eq(now),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn known(conn: &mut Conn, id: OperationId) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::exists(operations::table.find(id))).get_result(conn).await?)
}

pub(super) async fn request(conn: &mut Conn, id: OperationId) -> Result<Prepared, DbError> {
    let request: serde_json::Value = operations::table.find(id).select(operations::request).first(conn).await?;
    serde_json::from_value(request).map_err(corrupt)
}

pub(super) async fn is_closed(conn: &mut Conn, id: OperationId) -> Result<bool, DbError> {
    let closed = operations::table.find(id).filter(operations::state.eq_any([State::Succeeded, State::Rejected]));
    Ok(diesel::select(diesel::dsl::exists(closed)).get_result(conn).await?)
}

pub(super) async fn attempts(conn: &mut Conn, id: OperationId) -> Result<i32, DbError> {
    Ok(operations::table.find(id).select(operations::attempts).first(conn).await?)
}

/// Counts the attempt and notes when the first one was, before it is made.
pub(super) async fn begin_attempt(conn: &mut Conn, now: Time, id: OperationId) -> Result<Stored, DbError> {
    let first = diesel::dsl::case_when(operations::first_attempt_at.is_null(), now.into_sql::<Nullable<Timestamptz>>())
        .otherwise(operations::first_attempt_at);
    let (request, first): (serde_json::Value, Option<Time>) = diesel::update(operations::table.find(id))
        .set((operations::attempts.eq(operations::attempts + 1), operations::first_attempt_at.eq(first), operations::updated_at.eq(now)))
        .returning((operations::request, operations::first_attempt_at))
        .plan_once()
        .get_result(conn)
        .await?;
    Ok(Stored { request: serde_json::from_value(request).map_err(corrupt)?, first_attempt_at: first.unwrap_or(now) })
}

pub(super) async fn mark_unknown(conn: &mut Conn, now: Time, id: OperationId) -> Result<(), DbError> {
    diesel::update(operations::table.find(id).filter(operations::state.eq(State::Pending)))
        .set((operations::state.eq(State::Unknown), operations::updated_at.eq(now)))
        .plan_once()
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn close(
    tx: &mut Tx,
    now: Time,
    id: OperationId,
    state: State,
    provider_id: Option<&str>,
    answer: Option<serde_json::Value>,
) -> Result<(), DbError> {
    diesel::update(operations::table.find(id))
        .set((operations::state.eq(state), operations::provider_id.eq(provider_id), operations::answer.eq(answer), operations::updated_at.eq(now)))
        .plan_once()
        .execute(tx)
        .await?;
    Ok(())
}
