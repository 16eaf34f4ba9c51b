//! A cooperative's own hand in the record: pieces get their tags, work, checks and packing are written down.
//!
//! Checked before anything is appended: no more pieces than the batch has, no day in the future or before the record's last one, nobody
//! working longer than sixteen hours a day, no photo that another record shows.
use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use passport::{
    Country, Event, Evidence, LeafError, Share,
    facts::{FactsError, Made, Material, Packed, Photo, Place, QualityCheck, Step, Withdrawn, WithdrawnReason},
};

use super::{
    Writer, batch, minting,
    model::{Allocated, Error, Issuer, ItemState, NewBatch, text},
    people,
    store::{self, Chain},
};
use crate::{
    clock::{Day, Time},
    db::Tx,
    ids::{ArtisanId, BatchId, ItemId},
    problem::FieldError,
    schema::{artisans, items, record_photos, work_entries},
    secrets::MasterKey,
    tenancy::Scope,
};

/// Nobody works longer in a day: more is a typing error, or something to be asked about.
const MAX_MINUTES_A_DAY: i64 = 16 * 60;

/// Whose history is written on.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    Batch(BatchId),
    Item(ItemId),
}

/// Something that a cooperative says happened.
#[derive(Clone, Debug)]
pub struct Said {
    /// The day it happened; today if none is given.
    pub date: Option<Day>,
    pub what: What,
}
#[derive(Clone, Debug)]
pub enum What {
    Made(Work),
    QualityCheck { passed: bool, checks: Vec<String>, photos: Vec<PhotoFact> },
    Packed,
    Withdrawn(WithdrawnReason),
}
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// The first day of the work; the same as its last if none is given.
    pub since: Option<Day>,
    pub makers: Vec<ArtisanId>,
    /// People who worked on it and whom nobody wrote down.
    pub others: u32,
    pub steps: Vec<(String, Option<u32>)>,
    pub materials: Vec<MaterialFact>,
    pub place: Option<(String, String)>,
    pub photos: Vec<PhotoFact>,
}
#[derive(Clone, Debug)]
pub struct MaterialFact {
    pub name: String,
    pub country: String,
    pub share: String,
    pub local: bool,
}
/// A picture as it is served: the hash of exactly its bytes.
#[derive(Clone, Debug)]
pub struct PhotoFact {
    pub sha256: [u8; 32],
    pub bytes: u32,
    pub media_type: String,
}

/// Enters identical pieces that came into the books on a day, today if none is given.
pub async fn begin(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, new: &NewBatch, date: Option<Day>) -> Result<BatchId, Error> {
    let day = date.unwrap_or(now.day());
    if day > now.day() {
        return Err(invalid("/date", "future", "the day cannot be in the future".into()));
    }
    let writer = Writer::new(tx, now, keys, issuer).await?;
    Ok(batch(tx, &writer, new, day).await?.0)
}

/// Gives `count` pieces of a batch a code of their own, for their tags.
///
/// # Errors
/// [`Error::TooFew`] with how many are left: nothing is minted then.
pub async fn mint_tagged(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, id: BatchId, count: u32) -> Result<Vec<Allocated>, Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    let batch = store::lock_whole_batch(tx, issuer.scope, id).await?.ok_or(Error::NotFound)?;
    if batch.left() < count {
        return Err(Error::TooFew { left: batch.left() });
    }
    let from = minting::From { variant: batch.variant, batch: id, chain: &batch.chain };
    let pieces = minting::seal(&writer, keys, &from, batch.minted + 1..batch.minted + count + 1)?;
    minting::insert(tx, &writer, id, &pieces).await?;
    Ok(pieces.iter().map(minting::Piece::allocated).collect())
}

/// Writes on a batch's or a piece's history.
///
/// # Errors
/// [`Error::Invalid`] names what cannot be; [`Error::PhotoReused`].
pub async fn say(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, of: Of, said: &Said) -> Result<(), Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    let (mut chain, pieces) = match of {
        Of::Batch(id) => {
            let batch = store::lock_whole_batch(tx, issuer.scope, id).await?.ok_or(Error::NotFound)?;
            (batch.chain, batch.quantity)
        }
        Of::Item(id) => (store::lock_item(tx, issuer.scope, id).await?.ok_or(Error::NotFound)?, 1),
    };
    let day = said.date.unwrap_or(now.day());
    check_day(now, day, &chain)?;
    let mut hidden = Vec::new();
    let event = match &said.what {
        What::Made(work) => {
            check_work(tx, issuer.scope, day, work, pieces).await?;
            hidden = people::of(tx, keys, issuer.scope, &work.makers).await?;
            claim_photos(tx, now, issuer.scope, &chain, &work.photos).await?;
            Event::Made(made(work)?)
        }
        What::QualityCheck { passed, checks, photos } => {
            claim_photos(tx, now, issuer.scope, &chain, photos).await?;
            let checks = checks.iter().map(|c| text(c)).collect::<Result<_, _>>()?;
            Event::QualityCheck(QualityCheck { passed: *passed, checks, photos: pictures(photos)? })
        }
        What::Packed => {
            check_packing(tx, issuer.scope, of).await?;
            Event::Packed(Packed {})
        }
        What::Withdrawn(reason) => {
            withdraw(tx, issuer.scope, of).await?;
            Event::Withdrawn(Withdrawn { reason: *reason })
        }
    };
    match writer.append_on(tx, &mut chain, day, Evidence::Cooperative, event, &hidden).await {
        Err(Error::Leaf(LeafError::Facts(wrong @ FactsError::MaterialSum { .. }))) => Err(invalid("/materials", "unacceptable", wrong.to_string())),
        written => written,
    }
}

fn invalid(pointer: &str, code: &'static str, message: String) -> Error {
    Error::Invalid(vec![FieldError::new(pointer, code, message)])
}

/// Not in the future, not before what the record already says.
fn check_day(now: Time, day: Day, chain: &Chain) -> Result<(), Error> {
    if day > now.day() {
        return Err(invalid("/date", "future", "the day cannot be in the future".into()));
    }
    let last = chain.tip.as_ref().and_then(|tip| tip.day.to_string().parse::<Day>().ok());
    match last.filter(|last| day < *last) {
        Some(last) => Err(invalid("/date", "before_record", format!("the record goes on from {last}"))),
        None => Ok(()),
    }
}

async fn check_work(tx: &mut Tx, scope: Scope, day: Day, work: &Work, pieces: u32) -> Result<(), Error> {
    let makers: BTreeSet<ArtisanId> = work.makers.iter().copied().collect();
    if makers.len() != work.makers.len() {
        return Err(invalid("/makers", "duplicate", "each maker once".into()));
    }
    let known: Vec<ArtisanId> = artisans::table
        .filter(artisans::coop_id.eq(scope.coop()).and(artisans::id.eq_any(&makers)))
        .order(artisans::id)
        .select(artisans::id)
        .for_no_key_update()
        .load(tx)
        .await?;
    if let Some(at) = work.makers.iter().position(|maker| !known.contains(maker)) {
        return Err(invalid(&format!("/makers/{at}"), "unknown", "no such maker of this cooperative".into()));
    }
    let people = i64::try_from(makers.len()).unwrap_or(i64::MAX).saturating_add(work.others.into());
    if people == 0 {
        return Err(invalid("/makers", "required", "name who worked on it, or say in `others` how many did".into()));
    }
    let since = work.since.unwrap_or(day);
    if since > day {
        return Err(invalid("/since", "after_date", "the work begins before it ends".into()));
    }
    use work_entries as w;
    let mine = w::table.filter(w::coop_id.eq(scope.coop()).and(w::artisan_id.eq_any(&makers)).and(w::worked_on.between(since, day)));
    let written: Option<i64> = mine.select(diesel::dsl::sum(w::minutes)).first(tx).await?;
    let said: i64 = work.steps.iter().filter_map(|(_, minutes)| *minutes).map(|m| i64::from(m) * i64::from(pieces)).sum();
    let days = i64::from(since.0.until((jiff::Unit::Day, day.0)).map_or(0, |span| span.get_days())) + 1;
    let most = people.saturating_mul(MAX_MINUTES_A_DAY).saturating_mul(days);
    if said + written.unwrap_or(0) > most {
        let message =
            format!("with what the register holds that makes {} minutes; {people} people have {most} in {days} days", said + written.unwrap_or(0));
        return Err(invalid("/steps", "too_long_a_day", message));
    }
    Ok(())
}

async fn check_packing(tx: &mut Tx, scope: Scope, of: Of) -> Result<(), Error> {
    let Of::Item(id) = of else { return Err(invalid("/type", "not_a_batch", "what is packed is a single piece".into())) };
    let state: ItemState = items::table.find((scope.coop(), id)).select(items::state).first(tx).await?;
    match state {
        ItemState::InStock | ItemState::Sold | ItemState::Returned => Ok(()),
        ItemState::Shipped | ItemState::Refunded | ItemState::Withdrawn => Err(invalid("/type", "not_here", format!("the piece is {state}"))),
    }
}

/// One that a buyer waits for must reach her or be given back to her first.
async fn withdraw(tx: &mut Tx, scope: Scope, of: Of) -> Result<(), Error> {
    let Of::Item(id) = of else { return Err(invalid("/type", "not_a_batch", "what is withdrawn is a single piece".into())) };
    match store::state_of(tx, scope, id).await? {
        ItemState::InStock | ItemState::Shipped | ItemState::Refunded | ItemState::Returned => {
            Ok(store::move_item(tx, scope, id, ItemState::Withdrawn).await?)
        }
        ItemState::Sold => Err(invalid("/type", "awaited", "the piece is sold and not sent: undo its sale first".into())),
        ItemState::Withdrawn => Err(invalid("/type", "not_here", "the piece is withdrawn already".into())),
    }
}

/// A photo belongs to the record that first shows it.
async fn claim_photos(tx: &mut Tx, now: Time, scope: Scope, chain: &Chain, photos: &[PhotoFact]) -> Result<(), Error> {
    let rows: Vec<_> = photos
        .iter()
        .map(|photo| {
            use record_photos as p;
            (p::sha256.eq(photo.sha256.to_vec()), p::coop_id.eq(scope.coop()), p::subject_id.eq(chain.id), p::at.eq(now))
        })
        .collect();
    diesel::insert_into(record_photos::table).values(rows).on_conflict_do_nothing().execute(tx).await?;
    let shown: Vec<Vec<u8>> = photos.iter().map(|photo| photo.sha256.to_vec()).collect();
    let elsewhere = record_photos::table.filter(record_photos::sha256.eq_any(shown).and(record_photos::subject_id.ne(chain.id)));
    if diesel::select(diesel::dsl::exists(elsewhere)).get_result(tx).await? { Err(Error::PhotoReused) } else { Ok(()) }
}

fn made(work: &Work) -> Result<Made, Error> {
    let step = |(technique, minutes): &(String, Option<u32>)| Ok(Step { technique: text(technique)?, minutes: *minutes });
    let mut materials = Vec::with_capacity(work.materials.len());
    for (at, material) in work.materials.iter().enumerate() {
        let wrong = |field: &str, message: String| invalid(&format!("/materials/{at}/{field}"), "unacceptable", message);
        materials.push(Material {
            name: text(&material.name).map_err(|e| wrong("name", e.to_string()))?,
            country: Country::try_from(material.country.clone()).map_err(|e| wrong("country", e.to_string()))?,
            fraction: material.share.parse::<Share>().map_err(|e| wrong("share", e.to_string()))?,
            local: material.local,
        });
    }
    let place = work.place.as_ref().map(|(district, country)| {
        let country = Country::try_from(country.clone()).map_err(|e| invalid("/place/country", "unacceptable", e.to_string()))?;
        let district = text(district).map_err(|e| invalid("/place/district", "unacceptable", e.to_string()))?;
        Ok::<_, Error>(Place { district, country, latitude_tenths: None, longitude_tenths: None })
    });
    Ok(Made {
        makers: u32::try_from(work.makers.len()).unwrap_or(u32::MAX).saturating_add(work.others),
        craft: None,
        steps: work.steps.iter().map(step).collect::<Result<_, Error>>()?,
        materials,
        place: place.transpose()?,
        photos: pictures(&work.photos)?,
    })
}

fn pictures(photos: &[PhotoFact]) -> Result<Vec<Photo>, Error> {
    let photo = |p: &PhotoFact| Ok(Photo { sha256: passport::Digest::from_bytes(p.sha256), bytes: p.bytes, media_type: text(&p.media_type)? });
    photos.iter().map(photo).collect()
}
