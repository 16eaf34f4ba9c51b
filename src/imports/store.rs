//! Every statement on files, on what became of their entities, and on confirmed mappings.
use std::collections::HashMap;

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use sheets::{
    cells::Cells,
    mapping::{Format, Kind, Mapping},
    report::Report,
};

use super::model::{ConflictView, EntityKind, Error, Known, Outcome, Settings, State};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, BatchId, ImportId, ProductId},
    media,
    schema::{import_entities as entities, import_mappings as mappings, imports},
    secrets::sha256,
    tenancy::Scope,
};

/// What is kept of a reading: the report and what stands against it.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Said {
    pub report: Report,
    pub conflicts: Vec<ConflictView>,
}

impl Said {
    /// What stood in the cells of a list of people; rows and columns stay, to be found in the sender's own copy.
    fn forget_values(&mut self) {
        let of_groups = self.report.summary.iter_mut().map(|group| &mut group.first);
        self.report.problems.iter_mut().chain(of_groups).for_each(|problem| problem.value.clear());
        self.conflicts.iter_mut().for_each(ConflictView::forget_values);
        self.report.skipped.clear();
        self.report.notes.clear();
    }
}

pub(super) struct NewImport<'a> {
    pub file_name: &'a str,
    pub bytes: &'a [u8],
    pub settings: &'a Settings,
    pub said: &'a Said,
    pub by: Option<AccountId>,
}

pub(super) async fn insert(tx: &mut Tx, now: Time, scope: Scope, new: &NewImport<'_>) -> Result<ImportId, Error> {
    let id = ImportId::new();
    let rows = i32::try_from(new.said.report.rows).unwrap_or(i32::MAX);
    diesel::insert_into(imports::table)
        .values((
            (imports::coop_id.eq(scope.coop()), imports::id.eq(id), imports::file_name.eq(new.file_name)),
            (imports::sha256.eq(sha256(new.bytes).to_vec()), imports::bytes.eq(new.bytes), imports::settings.eq(serde_json::to_value(new.settings)?)),
            (imports::report.eq(serde_json::to_value(new.said)?), imports::state.eq(State::Read), imports::done.eq(0), imports::total.eq(rows)),
            (imports::created_by.eq(new.by), imports::created_at.eq(now), imports::updated_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(id)
}

/// An import as a list or a page shows it; the file itself is left in the database.
#[derive(Queryable, Selectable)]
#[diesel(table_name = imports, check_for_backend(diesel::pg::Pg))]
pub(super) struct Row {
    pub id: ImportId,
    pub file_name: String,
    pub report: Value,
    pub state: State,
    pub done: i32,
    pub total: i32,
    pub outcome: Option<Value>,
    pub failure: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}
pub(super) async fn find(conn: &mut Conn, scope: Scope, id: ImportId) -> Result<Option<Row>, DbError> {
    Ok(imports::table.find((scope.coop(), id)).select(Row::as_select()).first(conn).await.optional()?)
}
pub(super) async fn list(conn: &mut Conn, scope: Scope, after: Option<ImportId>, limit: i64) -> Result<Vec<Row>, DbError> {
    let mine = imports::table.filter(imports::coop_id.eq(scope.coop())).order(imports::id.desc()).limit(limit).select(Row::as_select());
    Ok(match after {
        Some(after) => mine.filter(imports::id.lt(after)).load(conn).await?,
        None => mine.load(conn).await?,
    })
}

/// The file, what its sender said, and where it stands; locked.
pub(super) async fn lock(tx: &mut Tx, scope: Scope, id: ImportId) -> Result<Option<(State, Value, Value)>, DbError> {
    let columns = (imports::state, imports::settings, imports::report);
    Ok(imports::table.find((scope.coop(), id)).select(columns).for_update().first(tx).await.optional()?)
}
pub(super) async fn file(conn: &mut Conn, scope: Scope, id: ImportId) -> Result<Option<(Vec<u8>, Value)>, DbError> {
    Ok(imports::table.find((scope.coop(), id)).select((imports::bytes, imports::settings)).first(conn).await.optional()?)
}
pub(super) async fn queue(tx: &mut Tx, now: Time, scope: Scope, id: ImportId, settings: &Settings) -> Result<(), Error> {
    let settings = serde_json::to_value(settings)?;
    let row = imports::table.find((scope.coop(), id));
    diesel::update(row).set((imports::state.eq(State::Queued), imports::settings.eq(settings), imports::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}
pub(super) async fn progress(conn: &mut Conn, scope: Scope, id: ImportId, done: i32) -> Result<(), DbError> {
    let row = imports::table.find((scope.coop(), id)).filter(imports::total.ge(done));
    diesel::update(row).set(imports::done.eq(done)).execute(conn).await?;
    Ok(())
}
/// Where an import stands, and who sent it.
pub(super) async fn standing(conn: &mut Conn, scope: Scope, id: ImportId) -> Result<Option<(State, Option<AccountId>)>, DbError> {
    Ok(imports::table.find((scope.coop(), id)).select((imports::state, imports::created_by)).first(conn).await.optional()?)
}

/// A list of people is not kept longer than it is needed.
pub(super) async fn finish(tx: &mut Tx, now: Time, scope: Scope, id: ImportId, outcome: &Outcome, forget_file: bool) -> Result<(), Error> {
    let row = imports::table.find((scope.coop(), id));
    let mut outcome = outcome.clone();
    if forget_file {
        outcome.conflicts.iter_mut().for_each(ConflictView::forget_values);
    }
    let outcome = serde_json::to_value(outcome)?;
    let stamped = (imports::state.eq(State::Done), imports::outcome.eq(outcome), imports::done.eq(imports::total), imports::updated_at.eq(now));
    diesel::update(row).set(stamped).execute(tx).await?;
    if forget_file {
        let said: Value = row.select(imports::report).first(tx).await?;
        let mut said: Said = serde_json::from_value(said)?;
        said.forget_values();
        let forgotten = (imports::bytes.eq(Vec::<u8>::new()), imports::report.eq(serde_json::to_value(said)?));
        diesel::update(row).set(forgotten).execute(tx).await?;
    }
    Ok(())
}
pub(super) async fn fail(conn: &mut Conn, now: Time, scope: Scope, id: ImportId, why: &str) -> Result<(), DbError> {
    let row = imports::table.find((scope.coop(), id)).filter(imports::state.eq(State::Queued));
    diesel::update(row).set((imports::state.eq(State::Failed), imports::failure.eq(why), imports::updated_at.eq(now))).execute(conn).await?;
    Ok(())
}

/// One import of a cooperative at a time: the second waits, and then sees what the first did.
pub(super) async fn take_turn(tx: &mut Tx, scope: Scope) -> Result<(), DbError> {
    let turn = i64::from_be_bytes(sha256(format!("import/{}", scope.coop()).as_bytes())[..8].try_into().unwrap_or_default());
    diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<sql_types::BigInt, _>(turn).execute(tx).await?;
    Ok(())
}

/// What a bare number in its files means.
pub(super) async fn currency(conn: &mut Conn, scope: Scope) -> Result<crate::money::Currency, DbError> {
    use crate::schema::cooperatives;
    Ok(cooperatives::table.find(scope.coop()).select(cooperatives::currency).first(conn).await?)
}

pub(super) async fn cooperative(conn: &mut Conn, slug: &str) -> Result<Option<(crate::ids::CoopId, crate::money::Currency)>, DbError> {
    use crate::schema::cooperatives;
    Ok(cooperatives::table.filter(cooperatives::slug.eq(slug)).select((cooperatives::id, cooperatives::currency)).first(conn).await.optional()?)
}

fn digest(key: &str) -> Vec<u8> {
    sha256(key.as_bytes()).to_vec()
}

/// What these entities became, by key.
pub(super) async fn known(conn: &mut Conn, scope: Scope, keys: impl Iterator<Item = &str>) -> Result<HashMap<String, Known>, Error> {
    // By their digests: of what is about people nothing else is kept.
    let asked: HashMap<Vec<u8>, &str> = keys.map(|key| (digest(key), key)).collect();
    let columns = (entities::key_hash, entities::target_id, entities::cells);
    let mine = entities::table.filter(entities::coop_id.eq(scope.coop()).and(entities::key_hash.eq_any(asked.keys())));
    let rows: Vec<(Vec<u8>, uuid::Uuid, Value)> = mine.select(columns).load(conn).await?;
    let known = rows.into_iter().filter_map(|(hash, target, cells)| Some((asked.get(&hash)?, target, cells)));
    known.map(|(key, target, cells)| Ok(((*key).to_owned(), Known { target, base: serde_json::from_value(cells)? }))).collect()
}

/// The keys under which these targets were imported, oldest last, with their cells.
pub(super) async fn keys_of(conn: &mut Conn, scope: Scope, products: Option<&[ProductId]>) -> Result<HashMap<uuid::Uuid, (String, Cells)>, Error> {
    let mine = entities::table.filter(entities::coop_id.eq(scope.coop()).and(entities::entity.eq_any([EntityKind::Product, EntityKind::Variant])));
    let columns = (entities::target_id, entities::key, entities::cells);
    // With a list of products the variants' keys are found by theirs.
    let rows: Vec<(uuid::Uuid, String, Value)> = match products {
        None => mine.select(columns).order(entities::updated_at.desc()).load(conn).await?,
        Some(ids) => {
            let variants = crate::schema::variants::table;
            let of = variants.filter(crate::schema::variants::coop_id.eq(scope.coop()).and(crate::schema::variants::product_id.eq_any(ids)));
            let mut targets: Vec<uuid::Uuid> =
                of.select(crate::schema::variants::id).load::<crate::ids::VariantId>(conn).await?.into_iter().map(|v| v.uuid()).collect();
            targets.extend(ids.iter().map(|id| id.uuid()));
            mine.filter(entities::target_id.eq_any(targets)).select(columns).order(entities::updated_at.desc()).load(conn).await?
        }
    };
    rows.into_iter().map(|(target, key, cells)| Ok((target, (key, serde_json::from_value(cells)?)))).collect()
}

/// What was imported, to be compared with next time.
pub(super) struct Remembered<'a> {
    pub key: &'a str,
    pub entity: EntityKind,
    pub target: uuid::Uuid,
    pub cells: &'a Cells,
}
impl Remembered<'_> {
    /// A key may be made of a name: of people its digest must do.
    fn kept_key(&self) -> &str {
        match self.entity {
            EntityKind::Product | EntityKind::Variant => self.key,
            EntityKind::Artisan | EntityKind::Work => "",
        }
    }
}
pub(super) async fn remember(tx: &mut Tx, now: Time, scope: Scope, all: &[Remembered<'_>]) -> Result<(), Error> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let row = |r: &Remembered<'_>| json!({"hash": BASE64_STANDARD.encode(digest(r.key)), "key": r.kept_key(), "entity": r.entity, "target": r.target, "cells": r.cells});
    let rows: Vec<Value> = all.iter().map(row).collect();
    diesel::sql_query(
        "INSERT INTO import_entities (coop_id, key_hash, key, entity, target_id, cells, updated_at)
         SELECT $1, decode(r.hash, 'base64'), r.key, r.entity, r.target, r.cells, $2
         FROM jsonb_to_recordset($3) AS r (hash text, key text, entity text, target uuid, cells jsonb)
         ON CONFLICT (coop_id, key_hash) DO UPDATE SET cells = excluded.cells, target_id = excluded.target_id, updated_at = excluded.updated_at
         WHERE import_entities.cells <> excluded.cells OR import_entities.target_id <> excluded.target_id",
    )
    .bind::<sql_types::Uuid, _>(scope.coop())
    .bind::<sql_types::Timestamptz, _>(now)
    .bind::<sql_types::Jsonb, _>(Value::Array(rows))
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn mapping(conn: &mut Conn, scope: Scope, format: Format, kind: Kind) -> Result<Option<Mapping>, Error> {
    let (format, kind) = names(format, kind)?;
    let found: Option<Value> = mappings::table.find((scope.coop(), format, kind)).select(mappings::mapping).first(conn).await.optional()?;
    Ok(found.map(serde_json::from_value).transpose()?)
}
pub(super) async fn keep_mapping(tx: &mut Tx, now: Time, scope: Scope, by: Option<AccountId>, report: &Report) -> Result<(), Error> {
    let (format, kind) = names(report.format, report.kind)?;
    let mapping = serde_json::to_value(&report.mapping)?;
    let row = (mappings::coop_id.eq(scope.coop()), mappings::format.eq(format), mappings::kind.eq(kind));
    let said = (mappings::mapping.eq(&mapping), mappings::confirmed_by.eq(by), mappings::updated_at.eq(now));
    let key = (mappings::coop_id, mappings::format, mappings::kind);
    diesel::insert_into(mappings::table).values((row, said)).on_conflict(key).do_update().set(said).execute(tx).await?;
    Ok(())
}
fn names(format: Format, kind: Kind) -> Result<(String, String), Error> {
    let name = |value: Value| value.as_str().unwrap_or_default().to_owned();
    Ok((name(serde_json::to_value(format)?), name(serde_json::to_value(kind)?)))
}

/// The pictures of products: rows of media that a job fetches, and their places. The same address is one picture.
pub(super) async fn place_pictures(tx: &mut Tx, now: Time, scope: Scope, rows: Vec<Value>) -> Result<usize, DbError> {
    let urls: Vec<&str> = rows.iter().filter_map(|row| row["url"].as_str()).collect();
    let fresh = media::queue_all(tx, now, scope, &urls).await?;
    run(
        tx,
        now,
        scope,
        "INSERT INTO product_media (coop_id, product_id, media_id, variant_id, position, alt)
         SELECT DISTINCT ON (r.product, m.id) $1, r.product, m.id, r.variant, r.position, coalesce(r.alt, '')
         FROM jsonb_to_recordset($3) AS r (product uuid, variant uuid, url text, position integer, alt text)
         JOIN media m ON m.coop_id = $1 AND m.source_url = r.url
         WHERE $2 IS NOT NULL ORDER BY r.product, m.id, r.position ON CONFLICT DO NOTHING",
        rows,
    )
    .await?;
    Ok(fresh)
}
async fn run(tx: &mut Tx, now: Time, scope: Scope, sql: &str, rows: Vec<Value>) -> Result<usize, DbError> {
    let query = diesel::sql_query(sql).bind::<sql_types::Uuid, _>(scope.coop()).bind::<sql_types::Timestamptz, _>(now);
    Ok(query.bind::<sql_types::Jsonb, _>(Value::Array(rows)).execute(tx).await?)
}
pub(super) async fn clear_pictures(tx: &mut Tx, scope: Scope, product: ProductId) -> Result<(), DbError> {
    use crate::schema::product_media;
    let mine = product_media::table.filter(product_media::coop_id.eq(scope.coop()).and(product_media::product_id.eq(product)));
    diesel::delete(mine).execute(tx).await?;
    Ok(())
}

/// Batches by what a register calls them: their code or their id.
pub(super) async fn batches(conn: &mut Conn, scope: Scope, named: &std::collections::BTreeSet<&str>) -> Result<HashMap<String, BatchId>, DbError> {
    use crate::schema::batches as b;
    let ids: Vec<BatchId> = named.iter().filter_map(|text| text.parse().ok()).collect();
    let mine = b::table.filter(b::coop_id.eq(scope.coop())).filter(b::code.eq_any(named).or(b::id.eq_any(ids)));
    let rows: Vec<(BatchId, String)> = mine.select((b::id, b::code)).load(conn).await?;
    Ok(rows.into_iter().flat_map(|(id, code)| [(id.to_string(), id), (code, id)]).collect())
}
