//! Material that was bought or cut for a line that is made to order: what its buyer owes if she gives it up.
//!
//! - Only for what is paid, made to order and still to be sent, and never more than the price has for material.
//! - A row is written once. What was written down by mistake is written down to the end: the part of the price bounds it.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    model::{Error, FrozenLine, GroupState},
    store,
};
use crate::{
    clock::{Day, Time},
    db::{Conn, DbError, Tx},
    ids::{AccountId, OrderId, OrderLineId, OrderMaterialId},
    money::{Currency, Money},
    problem::FieldError,
    schema::order_materials as m,
    tenancy::Scope,
};

/// A line of a list; where a receipt is kept.
const MAX_TEXT: usize = 200;

#[derive(Clone, Debug)]
pub struct NewMaterial {
    pub line: OrderLineId,
    pub what: String,
    pub amount: Money,
    pub committed_on: Day,
    pub evidence: String,
}
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = m)]
pub struct Material {
    pub id: OrderMaterialId,
    #[diesel(column_name = order_line_id)]
    pub line: OrderLineId,
    pub what: String,
    pub amount_minor: i64,
    pub currency: Currency,
    pub committed_on: Day,
    pub evidence: String,
    pub created_at: Time,
}

fn check(new: &NewMaterial, line: &FrozenLine, today: Day, before: i64) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, code: &'static str, message: String| errors.push(FieldError::new(field, code, message));
    for (field, text) in [("/what", &new.what), ("/evidence", &new.evidence)] {
        if text.is_empty() || text.chars().count() > MAX_TEXT || text.chars().any(char::is_control) {
            wrong(field, "length", format!("1 to {MAX_TEXT} characters on one line"));
        }
    }
    if new.committed_on > today {
        wrong("/committed_on", "future", "the day cannot be in the future".into());
    }
    let own = line.producer_own.currency;
    let most = line.split.map_or(line.producer_own.minor, |split| split.materials);
    if new.amount.currency != own {
        wrong("/amount/currency", "currency", format!("the maker side of this line is owed {own}"));
    } else if new.amount.minor < 1 {
        wrong("/amount/amount", "out_of_range", "more than nothing, in minor units".into());
    } else if before.saturating_add(new.amount.minor) > most {
        let (most, before) = (Money::new(most, own).formatted(), Money::new(before, own).formatted());
        wrong("/amount/amount", "more_than_price", format!("the line's price has {most} for it, of which {before} is written down"));
    }
    if !line.made_to_order || line.to_ship() < 1 {
        wrong("/line", "not_open", "only what is made to order and has not left".into());
    }
    errors
}

/// # Errors
/// [`Error::NotFound`] if the order has no part of this cooperative's that was paid; [`Error::Invalid`] names each field.
pub async fn record(tx: &mut Tx, now: Time, by: AccountId, scope: Scope, order: OrderId, new: &NewMaterial) -> Result<Material, Error> {
    let head = super::lock(tx, order).await?;
    let (group, state) = store::lock_group(tx, scope, order).await?.ok_or(Error::NotFound)?;
    if matches!(state, GroupState::Pending | GroupState::Cancelled) {
        return Err(Error::NotFound);
    }
    let frozen = super::frozen_of(tx, &head).await?;
    let unknown = || Error::Invalid(vec![FieldError::new("/line", "unknown", "a line of this order that this cooperative sends")]);
    let line = frozen.lines.iter().find(|l| l.group == group && l.id == new.line).ok_or_else(unknown)?;
    let before = of_line(tx, scope, new.line).await?.iter().map(|row| row.amount_minor).sum();
    let errors = check(new, line, now.day(), before);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let row = (
        (m::coop_id.eq(scope.coop()), m::id.eq(OrderMaterialId::new()), m::order_line_id.eq(new.line), m::what.eq(&new.what)),
        (m::amount_minor.eq(new.amount.minor), m::currency.eq(new.amount.currency), m::committed_on.eq(new.committed_on)),
        (m::evidence.eq(&new.evidence), m::recorded_by.eq(by), m::created_at.eq(now)),
    );
    Ok(diesel::insert_into(m::table).values(row).returning(Material::as_returning()).get_result(tx).await.map_err(DbError::from)?)
}

async fn of_line(conn: &mut Conn, scope: Scope, line: OrderLineId) -> Result<Vec<Material>, DbError> {
    let mine = m::table.filter(m::coop_id.eq(scope.coop()).and(m::order_line_id.eq(line)));
    Ok(mine.order(m::id).select(Material::as_select()).load(conn).await?)
}

/// All of an order's that are this cooperative's, oldest first.
pub async fn of(conn: &mut Conn, scope: Scope, order: OrderId) -> Result<Vec<Material>, DbError> {
    use crate::schema::order_lines as l;
    let lines = l::table.filter(l::coop_id.eq(scope.coop()).and(l::order_id.eq(order))).select(l::id);
    let mine = m::table.filter(m::coop_id.eq(scope.coop()).and(m::order_line_id.eq_any(lines)));
    Ok(mine.order(m::id).select(Material::as_select()).load(conn).await?)
}
