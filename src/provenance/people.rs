//! People behind salted digests: what a record commits to of a maker, and what of it may be opened now.
//!
//! - A leaf holds digests only; the clear text is kept beside it, under her subject key, and goes when the key goes.
//! - Her consent is asked of the database each time something is opened; that it was recorded gives no right to show it.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;
use passport::{Digest, Disclosure, FieldName, ItemUri, SubjectKey};
use serde_json::Value;

use super::model::Error;
use crate::{
    db::{self, Conn, Tx},
    ids::ArtisanId,
    schema::disclosures,
    secrets::MasterKey,
    tenancy::Scope,
};

/// One thing about a maker that a record commits to.
pub(super) struct Personal {
    artisan: ArtisanId,
    purpose: &'static str,
    field: FieldName,
    value: Value,
    key: SubjectKey,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql::Uuid)]
    id: ArtisanId,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    name: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    village: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    story: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    portrait: Option<String>,
    #[diesel(sql_type = sql::Binary)]
    sealed: Vec<u8>,
}

/// What is known of these makers now. Who has no key (she was erased) leaves nothing in a record.
pub(super) async fn of(tx: &mut Tx, keys: &MasterKey, scope: Scope, makers: &[ArtisanId]) -> Result<Vec<Personal>, Error> {
    if makers.is_empty() {
        return Ok(Vec::new());
    }
    let query = db::sql(
        "SELECT a.id, a.public_alias AS name, a.village, a.story, encode(m.sha256, 'hex') AS portrait, k.sealed
         FROM artisans a JOIN subject_keys k ON k.coop_id = a.coop_id AND k.artisan_id = a.id
         LEFT JOIN media m ON m.coop_id = a.coop_id AND m.id = a.portrait_id AND m.state = 'ready'
         WHERE a.coop_id = $1 AND a.id = ANY ($2) ORDER BY a.id",
    );
    let rows: Vec<Row> = query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Array<sql::Uuid>, _>(makers).load(tx).await?;
    let mut all = Vec::new();
    for row in rows {
        let key = subject_key(keys, row.id, &row.sealed)?;
        let fields = [("name", "maker_name", row.name), ("village", "village", row.village), ("story", "story", row.story)];
        let fields = fields.into_iter().chain([("portrait", "portrait_sha256", row.portrait)]);
        for (purpose, field, value) in fields {
            let Some(value) = value.filter(|v| !v.trim().is_empty()) else { continue };
            all.push(Personal { artisan: row.id, purpose, field: field.parse()?, value: Value::String(value), key: key.clone() });
        }
    }
    Ok(all)
}
/// As the makers' own module seals it.
fn subject_key(keys: &MasterKey, artisan: ArtisanId, sealed: &[u8]) -> Result<SubjectKey, Error> {
    let bytes = keys.open(&format!("subject_keys/{artisan}"), sealed)?;
    Ok(SubjectKey::from_bytes(bytes.try_into().map_err(|_| Error::Corrupt("a subject key is not 32 bytes".into()))?))
}

/// The digests for the leaf `seq` of `item`; it sorts them itself.
pub(super) fn digests(item: &ItemUri, seq: u32, personal: &[Personal]) -> Result<Vec<Digest>, Error> {
    let mut digests = Vec::with_capacity(personal.len());
    for (position, one) in (0_u32..).zip(personal) {
        digests.push(disclose(item, seq, position, &one.key, &one.field, &one.value)?.digest());
    }
    Ok(digests)
}
fn disclose(item: &ItemUri, seq: u32, position: u32, key: &SubjectKey, field: &FieldName, value: &Value) -> Result<Disclosure, Error> {
    key.disclose(item, seq, field, position, value).map_err(|e| Error::Corrupt(e.to_string()))
}

/// Keeps the clear text behind a leaf's digests. A field's place in the event is part of its salt.
pub(super) async fn keep(tx: &mut Tx, scope: Scope, subject: uuid::Uuid, seq: i32, personal: &[Personal]) -> Result<(), Error> {
    let rows: Vec<_> = (0_i32..)
        .zip(personal)
        .map(|(position, one)| {
            (
                (disclosures::coop_id.eq(scope.coop()), disclosures::subject_id.eq(subject), disclosures::seq.eq(seq)),
                (disclosures::position.eq(position), disclosures::artisan_id.eq(one.artisan), disclosures::purpose.eq(one.purpose)),
                (disclosures::field.eq(one.field.as_str()), disclosures::value.eq(&one.value)),
            )
        })
        .collect();
    diesel::insert_into(disclosures::table).values(rows).execute(tx).await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Open {
    #[diesel(sql_type = sql::Uuid)]
    subject: uuid::Uuid,
    #[diesel(sql_type = sql::Integer)]
    seq: i32,
    #[diesel(sql_type = sql::Integer)]
    position: i32,
    #[diesel(sql_type = sql::Uuid)]
    artisan: ArtisanId,
    #[diesel(sql_type = sql::Text)]
    field: String,
    #[diesel(sql_type = sql::Jsonb)]
    value: Value,
    #[diesel(sql_type = sql::Binary)]
    sealed: Vec<u8>,
}

/// What may be opened of these chains now: only where the latest word on that purpose is yes.
pub(super) async fn opened(
    conn: &mut Conn,
    keys: &MasterKey,
    scope: Scope,
    chains: [(uuid::Uuid, &ItemUri); 2],
) -> Result<[Vec<Disclosure>; 2], Error> {
    let query = db::sql(
        "SELECT d.subject_id AS subject, d.seq, d.position, d.artisan_id AS artisan, d.field, d.value, k.sealed
         FROM disclosures d JOIN subject_keys k ON k.coop_id = d.coop_id AND k.artisan_id = d.artisan_id
         CROSS JOIN LATERAL (SELECT s.granted FROM consents s WHERE s.coop_id = d.coop_id AND s.artisan_id = d.artisan_id
             AND s.purpose = d.purpose ORDER BY s.id DESC LIMIT 1) latest
         WHERE d.coop_id = $1 AND d.subject_id = ANY ($2) AND latest.granted ORDER BY d.subject_id, d.seq, d.position",
    );
    let subjects = chains.map(|(subject, _)| subject);
    let rows: Vec<Open> = query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Array<sql::Uuid>, _>(subjects.to_vec()).load(conn).await?;
    let mut open = [Vec::new(), Vec::new()];
    for row in rows {
        let Some(chain) = chains.iter().position(|(subject, _)| *subject == row.subject) else { continue };
        let place = |n: i32| u32::try_from(n).map_err(|_| Error::Corrupt("a disclosure in no place".into()));
        let key = subject_key(keys, row.artisan, &row.sealed)?;
        open[chain].push(disclose(chains[chain].1, place(row.seq)?, place(row.position)?, &key, &row.field.parse()?, &row.value)?);
    }
    Ok(open)
}
