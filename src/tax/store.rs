//! Every statement that changes registrations and rates.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::model::{Kind, NewRate, NewRegistration, Registration, Seller};
use crate::{
    clock::Day,
    db::{Conn, DbError, Tx},
    ids::TaxRegistrationId,
    schema::{tax_rates as t, tax_registrations as r},
};

pub(super) async fn of_kind(conn: &mut Conn, seller: Seller, country: &str, kind: Kind) -> Result<Vec<Registration>, DbError> {
    let mine = r::table.filter(r::coop_id.is_not_distinct_from(seller.coop()).and(r::jurisdiction.eq(country)).and(r::kind.eq(kind)));
    Ok(mine.select(Registration::as_select()).load(conn).await?)
}
pub(super) async fn insert(tx: &mut Tx, id: TaxRegistrationId, seller: Seller, new: &NewRegistration) -> Result<(), DbError> {
    let row = (r::id.eq(id), r::coop_id.eq(seller.coop()), r::jurisdiction.eq(&new.jurisdiction), r::kind.eq(new.kind));
    diesel::insert_into(r::table).values((row, r::number.eq(&new.number), r::valid_from.eq(new.valid_from))).execute(tx).await?;
    Ok(())
}
pub(super) async fn lock(tx: &mut Tx, seller: Seller, id: TaxRegistrationId) -> Result<Option<Registration>, DbError> {
    let mine = r::table.find(id).filter(r::coop_id.is_not_distinct_from(seller.coop()));
    Ok(mine.select(Registration::as_select()).for_no_key_update().first(tx).await.optional()?)
}
pub(super) async fn end(tx: &mut Tx, id: TaxRegistrationId, last: Day) -> Result<(), DbError> {
    diesel::update(r::table.find(id)).set(r::valid_to.eq(last)).execute(tx).await?;
    Ok(())
}
pub(super) async fn insert_rate(tx: &mut Tx, new: &NewRate) -> Result<(), DbError> {
    diesel::insert_into(t::table).values(new).execute(tx).await?;
    Ok(())
}
