//! Every statement that changes delivery options. Carts read them by statements of their own.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{DeliveryOption, NewOption};
use crate::{
    db::{Conn, DbError, Tx},
    ids::DeliveryOptionId,
    schema::delivery_options as d,
    tenancy::Scope,
};

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = d)]
struct Said<'a> {
    name: &'a str,
    countries: &'a [String],
    currency: &'a str,
    base_minor: i64,
    per_kg_minor: i64,
    min_days: i32,
    max_days: i32,
}
/// Both prices are in one currency: the check refused anything else.
fn said(new: &NewOption) -> Said<'_> {
    Said {
        name: &new.name,
        countries: &new.countries,
        currency: new.base.currency.as_str(),
        base_minor: new.base.minor,
        per_kg_minor: new.per_kg.minor,
        min_days: new.min_days,
        max_days: new.max_days,
    }
}

pub(super) async fn list(conn: &mut Conn, scope: Scope) -> Result<Vec<DeliveryOption>, DbError> {
    let mine = d::table.filter(d::coop_id.eq(scope.coop())).order((d::active.desc(), d::id.asc()));
    Ok(mine.select(DeliveryOption::as_select()).load(conn).await?)
}
pub(super) async fn insert(tx: &mut Tx, scope: Scope, id: DeliveryOptionId, new: &NewOption) -> Result<(), DbError> {
    let row = (d::coop_id.eq(scope.coop()), d::id.eq(id), d::active.eq(true), d::version.eq(1));
    diesel::insert_into(d::table).values((row, said(new))).execute(tx).await?;
    Ok(())
}
pub(super) async fn update(tx: &mut Tx, scope: Scope, id: DeliveryOptionId, new: &NewOption) -> Result<(), DbError> {
    diesel::update(d::table.find((scope.coop(), id))).set((said(new), d::version.eq(d::version + 1))).execute(tx).await?;
    Ok(())
}
pub(super) async fn set_active(tx: &mut Tx, scope: Scope, id: DeliveryOptionId, active: bool) -> Result<(), DbError> {
    diesel::update(d::table.find((scope.coop(), id))).set((d::active.eq(active), d::version.eq(d::version + 1))).execute(tx).await?;
    Ok(())
}
