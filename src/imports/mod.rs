//! Spreadsheets become products, artisans and work; our own export goes out the same way.
//!
//! - Looking at a file changes nothing; committing it changes everything in one transaction, or nothing.
//! - What a row is, is (cooperative, source, the shop's own id or handle and option values): never a slug, never an SKU.
//! - Only cells that the *file* changed since it was last imported are written. A cell changed on both sides is left and told.
//! - The same file again, or our own export, changes nothing. What a file leaves out is left alone.
//! - Who made what is never invented: pieces enter the record as `created` and nothing more; work and makers come from lists of them.
//! - A file about people is emptied once it is carried out.
pub mod http;
pub mod jobs;
pub mod model;
mod people;
mod plan;
mod products;
mod read;
mod register;
mod store;

use std::{collections::HashMap, sync::atomic::AtomicI32};

pub use model::{Error, Outcome, Read, Settings, State};

use diesel::QueryDsl;
use diesel_async::RunQueryDsl;
use sheets::{Content, Reading, catalogue::Catalogue, table::FileType, table::Table};

use crate::{
    catalog,
    clock::Time,
    db::{Conn, Db, DbError, Tx},
    ids::{AccountId, ImportId, ProductId},
    money::Currency,
    provenance,
    schema::crafts,
    secrets::MasterKey,
    tenancy::Scope,
};
use model::ConflictView;
use people::Hand;
use products::Commit;
use store::Said;

/// Reads a file. Long for a large one: not for an async thread.
pub fn parse(bytes: &[u8], settings: &Settings) -> Result<Reading, Error> {
    Ok(sheets::read(&Table::read(bytes)?, &settings.options()?))
}

/// Reads a file off the async threads, with the mapping that was confirmed for files like it.
pub async fn read_file(conn: &mut Conn, scope: Scope, bytes: Vec<u8>, mut settings: Settings) -> Result<Reading, Error> {
    let (reading, bytes) = parse_apart(bytes, settings.clone()).await?;
    let kept = if settings.mapping.is_none() && reading.report.mapping_to_confirm {
        store::mapping(conn, scope, reading.report.format, reading.report.kind).await?
    } else {
        None
    };
    match kept {
        None => Ok(reading),
        Some(mapping) => {
            settings.mapping = Some(mapping);
            Ok(parse_apart(bytes, settings).await?.0)
        }
    }
}
async fn parse_apart(bytes: Vec<u8>, settings: Settings) -> Result<(Reading, Vec<u8>), Error> {
    let read = actix_web::web::block(move || parse(&bytes, &settings).map(|reading| (reading, bytes))).await;
    read.map_err(|e| Error::Sheet(e.to_string()))?
}

/// Says what importing would do, and keeps the file so that it can be committed.
pub async fn look(
    tx: &mut Tx,
    now: Time,
    scope: Scope,
    by: Option<AccountId>,
    media_url: &str,
    sent: &Sent<'_>,
    mut reading: Reading,
) -> Result<Read, Error> {
    if let Some(template) = sent.settings.template
        && !catalog::templates::exists(tx, scope, template).await?
    {
        return Err(Error::Template);
    }
    let conflicts = compare(tx, now, scope, sent.settings, media_url, &mut reading).await?;
    let said = Said { report: reading.report, conflicts };
    let new = store::NewImport { file_name: sent.file_name, bytes: sent.bytes, settings: sent.settings, said: &said, by };
    let id = store::insert(tx, now, scope, &new).await?;
    Ok(Read { id, report: said.report, conflicts: said.conflicts })
}
/// A file as it came.
pub struct Sent<'a> {
    pub file_name: &'a str,
    pub bytes: &'a [u8],
    pub settings: &'a Settings,
}

/// Fills in what importing would do.
async fn compare(
    tx: &mut Tx,
    now: Time,
    scope: Scope,
    settings: &Settings,
    media_url: &str,
    reading: &mut Reading,
) -> Result<Vec<ConflictView>, Error> {
    let (effect, conflicts) = match &reading.content {
        Content::Products(catalogue) => {
            let standing = standing(tx, scope, settings, media_url, catalogue).await?;
            plan::effect(&plan::plan(catalogue, &standing), skipped(catalogue))
        }
        Content::Artisans(rows) => {
            let crafts = crafts(tx).await?;
            let list = people::plan(tx, scope, now.day(), &crafts, rows).await?;
            reading.report.skipped.extend(list.refused.iter().cloned());
            reading.report.notes.extend(list.notes.iter().cloned());
            list.effect()
        }
        Content::Work(rows) => {
            let register = register::plan(tx, scope, now.day(), settings, rows).await?;
            reading.report.skipped.extend(register.refused.iter().cloned());
            reading.report.notes.extend(register.notes.iter().cloned());
            register.effect()
        }
    };
    reading.report.effect = Some(effect);
    Ok(conflicts)
}
fn skipped(catalogue: &Catalogue) -> usize {
    catalogue.skipped.len() + catalogue.products.iter().filter(|p| p.faulty).count()
}

/// What stands here for everything that the catalogue speaks of.
async fn standing(conn: &mut Conn, scope: Scope, settings: &Settings, media_url: &str, catalogue: &Catalogue) -> Result<plan::Standing, Error> {
    let keys: Vec<String> =
        catalogue.products.iter().flat_map(|p| std::iter::once(p.key()).chain(p.variants.iter().map(|v| p.variant_key(v)))).collect();
    let known = store::known(conn, scope, keys.iter().map(String::as_str)).await?;
    let by_key = catalogue.products.iter().filter_map(|p| known.get(&p.key())).map(|k| ProductId::from(k.target));
    let mut ids: Vec<ProductId> = by_key.chain(catalogue.products.iter().filter_map(plan::own_id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let ours = read::ours(conn, scope, settings.currency, Some(&ids), media_url).await?;
    Ok(plan::Standing::new(known, ours))
}

/// Marks an import to be committed; the job does it. `confirm` says that a person looked at a guessed mapping, which is then kept.
pub async fn queue(tx: &mut Tx, now: Time, scope: Scope, by: AccountId, id: ImportId, confirm: bool) -> Result<(), Error> {
    let (state, settings, said) = store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?;
    if state != State::Read {
        return Err(Error::Done(state));
    }
    let said: Said = serde_json::from_value(said)?;
    let mut settings: Settings = serde_json::from_value(settings)?;
    if said.report.mapping_to_confirm {
        if !confirm {
            return Err(Error::MappingNotConfirmed);
        }
        store::keep_mapping(tx, now, scope, Some(by), &said.report).await?;
        settings.mapping = Some(said.report.mapping);
    }
    store::queue(tx, now, scope, id, &settings).await?;
    crate::jobs::enqueue(tx, now, &jobs::CommitImport { coop: scope.coop(), import: id }).await?;
    Ok(())
}

/// The cooperative called so, with its currency.
pub async fn cooperative(conn: &mut Conn, slug: &str) -> Result<Option<(Scope, Currency)>, DbError> {
    Ok(store::cooperative(conn, slug).await?.map(|(id, currency)| (Scope::system(id), currency)))
}

/// What a commit needs of the program.
pub struct Means<'a> {
    pub db: &'a Db,
    pub keys: &'a MasterKey,
    pub public_url: &'a str,
    pub media_url: &'a str,
    /// Rows dealt with so far, for whoever watches.
    pub progress: &'a AtomicI32,
}

/// Carries out what the file says, in one transaction; reads it anew, because things may have moved since it was looked at.
pub async fn commit(means: &Means<'_>, now: Time, scope: Scope, id: ImportId) -> Result<Outcome, Error> {
    let (bytes, settings) = store::file(&mut *means.db.conn().await?, scope, id).await?.ok_or(Error::NotFound)?;
    let settings: Settings = serde_json::from_value(settings)?;
    let reading = read_file(&mut *means.db.conn().await?, scope, bytes, settings.clone()).await?;
    means
        .db
        .transaction_retrying(async |tx| {
            store::take_turn(tx, scope).await?;
            let (state, by) = store::standing(tx, scope, id).await?.ok_or(Error::NotFound)?;
            if state == State::Done {
                return Err(Error::Done(state));
            }
            let outcome = carry_out(tx, means, now, scope, by, &settings, &reading).await?;
            store::finish(tx, now, scope, id, &outcome, !matches!(reading.content, Content::Products(_))).await?;
            Ok(outcome)
        })
        .await
}

async fn carry_out(
    tx: &mut Tx,
    means: &Means<'_>,
    now: Time,
    scope: Scope,
    by: Option<AccountId>,
    settings: &Settings,
    reading: &Reading,
) -> Result<Outcome, Error> {
    let crafts = crafts(tx).await?;
    let hand = Hand { now, scope, by, keys: means.keys, public_url: means.public_url, progress: means.progress };
    match &reading.content {
        Content::Products(catalogue) => {
            let issuer = provenance::issuer(tx, means.public_url, scope).await?;
            let standing = standing(tx, scope, settings, means.media_url, catalogue).await?;
            let plan = plan::plan(catalogue, &standing);
            let commit = Commit { now, scope, keys: means.keys, issuer: &issuer, settings, crafts: &crafts, progress: means.progress };
            products::apply(tx, &commit, &plan, skipped(catalogue)).await
        }
        Content::Artisans(rows) => {
            let list = people::plan(tx, scope, now.day(), &crafts, rows).await?;
            people::apply(tx, &hand, &list).await
        }
        Content::Work(rows) => {
            let register = register::plan(tx, scope, now.day(), settings, rows).await?;
            register::apply(tx, &hand, &register).await
        }
    }
}

/// A craft by its code or by its name, in lower case.
async fn crafts(conn: &mut Conn) -> Result<HashMap<String, String>, DbError> {
    let rows: Vec<(String, String)> = crafts::table.select((crafts::code, crafts::name)).load(conn).await?;
    Ok(rows.into_iter().flat_map(|(code, name)| [(name.to_lowercase(), code.clone()), (code.to_lowercase(), code)]).collect())
}

/// Our own export: every product, with the identity it came under. Reading it back changes nothing.
pub async fn export(conn: &mut Conn, scope: Scope, currency: Currency, media_url: &str, file_type: FileType) -> Result<Vec<u8>, Error> {
    let ours = read::ours(conn, scope, currency, None, media_url).await?;
    let currency = Settings::of(currency).options()?.currency;
    sheets::write::products::write(ours.iter().map(|o| &o.product), &currency, file_type).map_err(|e| Error::Sheet(e.to_string()))
}

/// The cooperative's makers, in a sheet that can be edited and sent back.
pub async fn export_artisans(conn: &mut Conn, scope: Scope, file_type: FileType) -> Result<Vec<u8>, Error> {
    let rows = people::rows(conn, scope).await?;
    sheets::write::registers::artisans(&rows, file_type).map_err(|e| Error::Sheet(e.to_string()))
}
/// The cooperative's work register, in a sheet that can be edited and sent back.
pub async fn export_work(conn: &mut Conn, scope: Scope, file_type: FileType) -> Result<Vec<u8>, Error> {
    let rows = register::rows(conn, scope).await?;
    let currency = Settings::of(store::currency(conn, scope).await?).options()?.currency;
    sheets::write::registers::work(&rows, &currency, file_type).map_err(|e| Error::Sheet(e.to_string()))
}
