//! Many batches enter the record at once, as an import makes them: three statements however many there are.
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use passport::{Draft, Event, Evidence, ItemCode, ItemUri, SignedLeaf, facts::Created};
use serde_json::{Value, json};

use super::{
    Writer,
    model::{Error, Issuer, NewBatch, Subject, text},
};
use crate::{
    clock::Time,
    db::{DbError, Tx},
    ids::BatchId,
    secrets::{MasterKey, random},
};

/// `created` only, since whoever says how many there are has not said who made them. One change: the leaves share its event.
pub async fn create_batches(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, new: &[NewBatch]) -> Result<Vec<BatchId>, Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    let mut ids = Vec::with_capacity(new.len());
    let (mut batches, mut leaves) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len()));
    for batch in new {
        let (id, code) = (BatchId::new(), ItemCode::from_random(random()));
        let signed = seal(&writer, batch, &code)?;
        let (leaf, hash) = (&signed.leaf, hex(signed.leaf.hash().as_bytes()));
        batches.push(json!({"id": id, "variant": batch.variant, "code": code.to_string(), "quantity": batch.quantity, "head": hash}));
        leaves.push(
            json!({"outbox": crate::ids::new_uuid(), "subject": id, "type": leaf.event_type().as_str(), "bytes": hex(leaf.bytes()), "hash": hash,
            "signature": hex(signed.signature.as_bytes()), "key": leaf.key().to_string()}),
        );
        ids.push(id);
    }
    insert(tx, &writer, BATCHES, batches).await?;
    insert(tx, &writer, LEAVES, leaves.clone()).await?;
    insert(tx, &writer, OUTBOX, leaves).await?;
    Ok(ids)
}

fn seal(writer: &Writer<'_>, batch: &NewBatch, code: &ItemCode) -> Result<SignedLeaf, Error> {
    let facts = Created {
        title: text(&batch.title)?,
        category: batch.category.as_deref().filter(|c| !c.trim().is_empty()).map(text).transpose()?,
        craft: batch.craft.as_deref().map(text).transpose()?,
        quantity: batch.quantity,
        photos: Vec::new(),
    };
    let item = ItemUri::new(&writer.issuer.base, code)?;
    let draft = Draft {
        item,
        day: writer.day()?,
        evidence: Evidence::Cooperative,
        event: Event::Created(facts),
        event_id: Some(writer.event.clone()),
        sd: Vec::new(),
    };
    Ok(draft.seal(None, &writer.key)?)
}

/// `$1` the cooperative, `$2` the time, `$3` the rows, `$4` the day, `$5` the event.
async fn insert(tx: &mut Tx, writer: &Writer<'_>, sql: &str, rows: Vec<Value>) -> Result<(), DbError> {
    if !rows.is_empty() {
        diesel::sql_query(sql)
            .bind::<sql_types::Uuid, _>(writer.issuer.scope.coop())
            .bind::<sql_types::Timestamptz, _>(writer.now)
            .bind::<sql_types::Jsonb, _>(Value::Array(rows))
            .bind::<sql_types::Date, _>(writer.now.day())
            .bind::<sql_types::Uuid, _>(writer.event_uuid)
            .bind::<sql_types::Text, _>(Subject::Batch)
            .execute(tx)
            .await?;
    }
    Ok(())
}
/// Every statement names every parameter, so that one way to bind serves all.
const BATCHES: &str = "INSERT INTO batches (coop_id, id, variant_id, code, quantity, minted, next_seq, head, last_day, created_at)
  SELECT $1, r.id, r.variant, r.code, r.quantity, 0, 1, decode(r.head, 'hex'), $4, $2
  FROM jsonb_to_recordset($3) AS r (id uuid, variant uuid, code text, quantity integer, head text) WHERE ($5, $6) IS NOT NULL";
const LEAVES: &str = "INSERT INTO leaves (subject_id, seq, coop_id, subject, type, event_id, bytes, hash, signature, key_id, at)
  SELECT r.subject, 0, $1, $6, r.type, $5, decode(r.bytes, 'hex'), decode(r.hash, 'hex'), decode(r.signature, 'hex'), r.key, $2
  FROM jsonb_to_recordset($3) AS r (subject uuid, type text, bytes text, hash text, signature text, key text) WHERE $4 IS NOT NULL";
const OUTBOX: &str = "INSERT INTO log_outbox (id, subject_id, seq)
  SELECT r.outbox, r.subject, 0 FROM jsonb_to_recordset($3) AS r (outbox uuid, subject uuid) WHERE ($1, $2, $4, $5, $6) IS NOT NULL";

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
