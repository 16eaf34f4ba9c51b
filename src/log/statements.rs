//! What the log says in its own name. It is written down where it is said, like a leaf, and becomes an entry in its turn.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use passport::{Digest, log::Statement};

use super::model::Error;
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    schema::{log_entries, log_outbox, log_statements},
};

/// Queues a statement, in the transaction that makes it true: it becomes an entry behind what is queued already.
pub async fn state(tx: &mut Tx, now: Time, statement: &Statement) -> Result<(), Error> {
    let (id, _) = insert(tx, now, statement).await?;
    let row = (log_outbox::id.eq(crate::ids::new_uuid()), log_outbox::statement_id.eq(id));
    diesel::insert_into(log_outbox::table).values(row).execute(tx).await?;
    Ok(())
}

/// The newest of a kind about a thing, queued or not: its bytes.
pub async fn newest(conn: &mut Conn, kind: &str, about: &str) -> Result<Option<Vec<u8>>, DbError> {
    use log_statements as s;
    let such = s::table.filter(s::kind.eq(kind).and(s::about.eq(about)));
    Ok(such.order(s::position.desc()).select(s::bytes).first(conn).await.optional()?)
}

/// A statement as the entry `index`; its hash.
pub(super) async fn enter(tx: &mut Tx, now: Time, index: i64, statement: &Statement) -> Result<Digest, Error> {
    let (id, hash) = insert(tx, now, statement).await?;
    let row = (log_entries::index.eq(index), log_entries::statement_id.eq(id));
    diesel::insert_into(log_entries::table).values(row).execute(tx).await?;
    Ok(hash)
}

async fn insert(tx: &mut Tx, now: Time, statement: &Statement) -> Result<(uuid::Uuid, Digest), Error> {
    use log_statements as s;
    let (id, bytes) = (crate::ids::new_uuid(), statement.to_bytes()?);
    let hash = Digest::of_leaf(&bytes);
    let row = (
        (s::id.eq(id), s::kind.eq(statement.kind()), s::about.eq(statement.about())),
        (s::bytes.eq(bytes), s::hash.eq(hash.as_bytes().to_vec()), s::at.eq(now)),
    );
    diesel::insert_into(s::table).values(row).execute(tx).await?;
    Ok((id, hash))
}
