//! Every statement on the register and on maker payments, and the locks on those they name.
use std::collections::BTreeSet;

use diesel::{dsl::sum, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    By,
    model::{Known, NewPayment, NewWork, Payment, Work},
};
use crate::{
    clock::{Day, Time},
    db::{Conn, DbError, Tx},
    ids::{ArtisanId, BatchId, MakerPaymentId, WorkId},
    money::Currency,
    schema::{artisans, batches, cooperatives, maker_payments, work_entries},
    tenancy::Scope,
};

/// The currency makers are paid in.
pub(super) async fn currency(conn: &mut Conn, scope: Scope) -> Result<Currency, DbError> {
    Ok(cooperatives::table.find(scope.coop()).select(cooperatives::currency).first(conn).await?)
}

/// Locks the makers and batches that the entries name, each kind in the order of its ids, and reads what is written down of them.
pub(super) async fn lock_known(tx: &mut Tx, scope: Scope, entries: &[NewWork]) -> Result<Known, DbError> {
    let makers: BTreeSet<ArtisanId> = entries.iter().filter_map(|e| e.artisan).collect();
    let named: BTreeSet<BatchId> = entries.iter().filter_map(|e| e.batch).collect();
    let days: BTreeSet<Day> = entries.iter().map(|e| e.date).collect();
    let known: Vec<ArtisanId> = artisans::table
        .filter(artisans::coop_id.eq(scope.coop()).and(artisans::id.eq_any(&makers)))
        .order(artisans::id)
        .select(artisans::id)
        .for_no_key_update()
        .load(tx)
        .await?;
    let quantities: Vec<(BatchId, i32)> = batches::table
        .filter(batches::coop_id.eq(scope.coop()).and(batches::id.eq_any(&named)))
        .order(batches::id)
        .select((batches::id, batches::quantity))
        .for_update()
        .load(tx)
        .await?;
    use work_entries as w;
    let of = || w::table.filter(w::coop_id.eq(scope.coop()));
    let minutes: Vec<(Option<ArtisanId>, Day, Option<i64>)> = of()
        .filter(w::artisan_id.eq_any(&makers).and(w::worked_on.eq_any(&days)))
        .group_by((w::artisan_id, w::worked_on))
        .select((w::artisan_id, w::worked_on, sum(w::minutes)))
        .load(tx)
        .await?;
    let pieces: Vec<(Option<BatchId>, String, Option<i64>)> =
        of().filter(w::batch_id.eq_any(&named)).group_by((w::batch_id, w::step)).select((w::batch_id, w::step, sum(w::pieces))).load(tx).await?;
    let mut all = Known { artisans: known.into_iter().collect(), batches: quantities.into_iter().collect(), ..Known::default() };
    for (artisan, day, sum) in minutes {
        if let Some(artisan) = artisan {
            all.minutes.insert((artisan, day), sum.unwrap_or(0));
        }
    }
    for (batch, step, sum) in pieces {
        if let Some(batch) = batch {
            *all.pieces.entry((batch, step.to_lowercase())).or_default() += sum.unwrap_or(0);
        }
    }
    Ok(all)
}

pub(super) async fn insert(tx: &mut Tx, now: Time, by: By, entries: &[NewWork]) -> Result<Vec<Work>, DbError> {
    use work_entries as w;
    let rows: Vec<_> = entries
        .iter()
        .map(|e| {
            (
                (w::coop_id.eq(by.scope.coop()), w::id.eq(WorkId::new()), w::artisan_id.eq(e.artisan), w::batch_id.eq(e.batch)),
                (w::step.eq(&e.step), w::pieces.eq(e.pieces), w::minutes.eq(e.minutes), w::rate_minor.eq(e.rate.minor)),
                (w::currency.eq(e.rate.currency), w::worked_on.eq(e.date), w::recorded_by.eq(by.account), w::created_at.eq(now)),
            )
        })
        .collect();
    Ok(diesel::insert_into(w::table).values(rows).returning(Work::as_returning()).get_results(tx).await?)
}

pub(super) async fn work(conn: &mut Conn, scope: Scope, id: WorkId) -> Result<Option<Work>, DbError> {
    Ok(work_entries::table.find((scope.coop(), id)).select(Work::as_select()).first(conn).await.optional()?)
}
pub(super) async fn has_artisan(conn: &mut Conn, scope: Scope, id: ArtisanId) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::exists(artisans::table.find((scope.coop(), id)))).get_result(conn).await?)
}

pub(super) async fn insert_payment(tx: &mut Tx, now: Time, by: By, new: &NewPayment) -> Result<Payment, DbError> {
    use maker_payments as p;
    Ok(diesel::insert_into(p::table)
        .values((
            (p::coop_id.eq(by.scope.coop()), p::id.eq(MakerPaymentId::new()), p::artisan_id.eq(new.artisan), p::work_id.eq(new.work)),
            (p::amount_minor.eq(new.amount.minor), p::currency.eq(new.amount.currency), p::paid_on.eq(new.paid_on), p::method.eq(new.method)),
            (p::evidence.eq(&new.evidence), p::recorded_by.eq(by.account), p::created_at.eq(now)),
        ))
        .returning(Payment::as_returning())
        .get_result(tx)
        .await?)
}

/// The register, newest entry first.
pub(super) async fn entries(
    conn: &mut Conn,
    scope: Scope,
    artisan: Option<ArtisanId>,
    batch: Option<BatchId>,
    after: Option<WorkId>,
    limit: i64,
) -> Result<Vec<Work>, DbError> {
    use work_entries as w;
    let mut query = w::table.filter(w::coop_id.eq(scope.coop())).order(w::id.desc()).limit(limit).select(Work::as_select()).into_boxed();
    if let Some(artisan) = artisan {
        query = query.filter(w::artisan_id.eq(artisan));
    }
    if let Some(batch) = batch {
        query = query.filter(w::batch_id.eq(batch));
    }
    if let Some(after) = after {
        query = query.filter(w::id.lt(after));
    }
    Ok(query.load(conn).await?)
}

/// What makers were paid, newest first.
pub(super) async fn payments(
    conn: &mut Conn,
    scope: Scope,
    artisan: Option<ArtisanId>,
    after: Option<MakerPaymentId>,
    limit: i64,
) -> Result<Vec<Payment>, DbError> {
    use maker_payments as p;
    let mut query = p::table.filter(p::coop_id.eq(scope.coop())).order(p::id.desc()).limit(limit).select(Payment::as_select()).into_boxed();
    if let Some(artisan) = artisan {
        query = query.filter(p::artisan_id.eq(artisan));
    }
    if let Some(after) = after {
        query = query.filter(p::id.lt(after));
    }
    Ok(query.load(conn).await?)
}

/// These entries, those that are there.
pub async fn entries_of(conn: &mut Conn, scope: Scope, ids: &[WorkId]) -> Result<Vec<Work>, DbError> {
    use work_entries as w;
    Ok(w::table.filter(w::coop_id.eq(scope.coop()).and(w::id.eq_any(ids))).select(Work::as_select()).load(conn).await?)
}
/// The whole register, in the order it was written.
pub async fn all_entries(conn: &mut Conn, scope: Scope) -> Result<Vec<Work>, DbError> {
    use work_entries as w;
    Ok(w::table.filter(w::coop_id.eq(scope.coop())).order(w::id).select(Work::as_select()).load(conn).await?)
}
pub(super) async fn update(tx: &mut Tx, scope: Scope, id: WorkId, to: &NewWork) -> Result<(), DbError> {
    use work_entries as w;
    let said = (w::step.eq(&to.step), w::pieces.eq(to.pieces), w::minutes.eq(to.minutes), w::rate_minor.eq(to.rate.minor), w::worked_on.eq(to.date));
    diesel::update(w::table.find((scope.coop(), id))).set(said).execute(tx).await?;
    Ok(())
}
