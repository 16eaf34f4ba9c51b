//! `Idempotency-Key` on unsafe money routes, in the database.
//!
//! - The first request with a key inserts its row before it does anything; a second one finds it.
//! - Same key, other body: 422. Same key while the first runs: 409. After the first finished: its stored answer, byte for byte.
//! - A lease that ran out (the process died, or a provider's answer is unknown) lets the same key *resume* the same operation id.
//! - The answer is stored in the transaction of the last effect, so an answered key is a done operation.
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::StatusCode};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::SignedDuration;

use crate::{
    clock::{Clock, Time},
    db::{Conn, Db, DbError, PlanOnce, Tx},
    ids::OperationId,
    problem::{Kind, Problem},
    schema::idempotency_keys as keys,
    secrets::sha256,
};

/// Longer than the slowest honest request (a provider's time-out plus two transactions).
const LEASE: SignedDuration = SignedDuration::from_secs(60);
const MAX_KEY: usize = 255;

/// The header, as an extractor: its absence is 428.
pub struct Key(String);

impl FromRequest for Key {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = request.headers().get("Idempotency-Key").and_then(|v| v.to_str().ok()).map(str::trim);
        std::future::ready(match value {
            None | Some("") => Err(Kind::IdempotencyKeyMissing.into()),
            Some(key) if key.len() > MAX_KEY => {
                Err(Problem::with_detail(Kind::Invalid, format!("Idempotency-Key has {} characters; {MAX_KEY} at most", key.len())))
            }
            Some(key) => Ok(Self(key.to_owned())),
        })
    }
}

/// What a request with a key has to do.
pub enum Begin {
    /// Do it, under this operation's id; `resumed` says that an earlier attempt may have got part of the way.
    Run(Operation),
    /// It was done: give the stored answer.
    Replay(StoredAnswer),
}

pub struct Operation {
    pub id: OperationId,
    pub resumed: bool,
    principal: String,
    key: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    pub status: u16,
    pub body: serde_json::Value,
}
impl StoredAnswer {
    /// With `body`, which is what was stored or what is made from it; a replay says that it is one.
    pub fn respond(&self, replayed: bool, body: impl serde::Serialize) -> HttpResponse {
        let mut response = HttpResponse::build(StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK));
        if replayed {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        response.json(body)
    }
}

#[derive(Queryable)]
struct Row {
    operation: String,
    operation_id: OperationId,
    body_hash: Vec<u8>,
    locked_until: Time,
    status: Option<i16>,
    answer: Option<serde_json::Value>,
}

/// `principal` is who asks (an account, a cart): two buyers' equal keys are different keys. `operation` names the route and its path
/// parameters. `body` is hashed in its canonical form.
pub async fn begin(db: &Db, clock: &Clock, principal: String, key: Key, operation: &str, body: &impl serde::Serialize) -> Result<Begin, Problem> {
    let Key(key) = key;
    let canonical = serde_json::to_vec(body).map_err(|e| Problem::internal(&e))?;
    let body_hash = sha256(&canonical).to_vec();
    let now = clock.now();
    let fresh = OperationId::new();
    let inserted = diesel::insert_into(keys::table)
        .values((
            keys::principal.eq(&principal),
            keys::key.eq(&key),
            keys::operation.eq(operation),
            keys::operation_id.eq(fresh),
            keys::body_hash.eq(&body_hash),
            keys::locked_until.eq(now.plus(LEASE)),
            keys::created_at.eq(now),
        ))
        .on_conflict((keys::principal, keys::key))
        .do_nothing()
        .execute(&mut *db.conn().await?)
        .await
        .map_err(DbError::from)?;
    if inserted == 1 {
        return Ok(Begin::Run(Operation { id: fresh, resumed: false, principal, key }));
    }
    db.transaction(async |tx| resume(tx, principal, key, operation, &body_hash, now).await).await
}

async fn resume(tx: &mut Tx, principal: String, key: String, operation: &str, body_hash: &[u8], now: Time) -> Result<Begin, Problem> {
    let row: Option<Row> = keys::table
        .find((&principal, &key))
        .select((keys::operation, keys::operation_id, keys::body_hash, keys::locked_until, keys::status, keys::answer))
        .for_update()
        .first(tx)
        .await
        .optional()
        .map_err(DbError::from)?;
    // Whoever held it was refused a moment ago, and let go of it: it is free to the next who comes.
    let row = row.ok_or_else(|| Problem::from(Kind::IdempotencyInProgress).retry_after(1))?;
    if row.operation != operation || row.body_hash != body_hash {
        return Err(Kind::IdempotencyKeyReused.into());
    }
    if let (Some(status), Some(body)) = (row.status, row.answer) {
        let status = u16::try_from(status).map_err(|e| Problem::internal(&e))?;
        return Ok(Begin::Replay(StoredAnswer { status, body }));
    }
    if row.locked_until > now {
        return Err(Problem::from(Kind::IdempotencyInProgress).retry_after(1));
    }
    diesel::update(keys::table.find((&principal, &key)))
        .set(keys::locked_until.eq(now.plus(LEASE)))
        .plan_once()
        .execute(tx)
        .await
        .map_err(DbError::from)?;
    Ok(Begin::Run(Operation { id: row.operation_id, resumed: true, principal, key }))
}

impl Operation {
    /// Stores the answer, in the transaction of the last effect if there is one.
    pub async fn finish(&self, conn: &mut Conn, status: StatusCode, body: &impl serde::Serialize) -> Result<StoredAnswer, DbError> {
        let body = serde_json::to_value(body).map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))?;
        let stored = StoredAnswer { status: status.as_u16(), body };
        let code = i16::try_from(stored.status).expect("an HTTP status fits");
        diesel::update(keys::table.find((&self.principal, &self.key)))
            .set((keys::status.eq(code), keys::answer.eq(&stored.body)))
            .plan_once()
            .execute(conn)
            .await?;
        Ok(stored)
    }
    /// Nothing was done (the request was refused): the key is free again, so that a corrected request may use it.
    pub async fn forget(&self, db: &Db) -> Result<(), DbError> {
        diesel::delete(keys::table.find((&self.principal, &self.key)).filter(keys::status.is_null()))
            .plan_once()
            .execute(&mut *db.conn().await?)
            .await?;
        Ok(())
    }
    /// What happened outside is unknown: the lease ends now, so that the same key can resume at once.
    pub async fn release(&self, db: &Db, clock: &Clock) -> Result<(), DbError> {
        diesel::update(keys::table.find((&self.principal, &self.key)))
            .set(keys::locked_until.eq(clock.now()))
            .plan_once()
            .execute(&mut *db.conn().await?)
            .await?;
        Ok(())
    }
}
