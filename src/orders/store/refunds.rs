//! What a refund changes in an order.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::model::{GivenBack, GroupState};
use crate::{
    clock::Time,
    db::{DbError, Tx},
    ids::{OrderGroupId, OrderId},
    schema::{order_groups, order_lines, orders},
};

pub(in crate::orders) async fn add_refund(tx: &mut Tx, order: OrderId, given: &GivenBack<'_>) -> Result<(), DbError> {
    diesel::update(orders::table.find(order)).set(orders::refunded_minor.eq(orders::refunded_minor + given.amount.minor)).execute(tx).await?;
    for (line, quantity) in given.lines {
        diesel::update(order_lines::table.filter(order_lines::order_id.eq(order).and(order_lines::id.eq(line))))
            .set(order_lines::refunded_quantity.eq(order_lines::refunded_quantity + quantity))
            .execute(tx)
            .await?;
    }
    let delivered = order_groups::table.filter(order_groups::order_id.eq(order).and(order_groups::id.eq_any(given.shipping)));
    diesel::update(delivered).set(order_groups::shipping_refunded.eq(true)).execute(tx).await?;
    Ok(())
}
/// Nothing of these is left to send.
pub(in crate::orders) async fn groups_gone(tx: &mut Tx, now: Time, order: OrderId, gone: &[OrderGroupId]) -> Result<(), DbError> {
    let waiting = order_groups::table.filter(order_groups::order_id.eq(order).and(order_groups::id.eq_any(gone)));
    diesel::update(waiting.filter(order_groups::state.eq(GroupState::ToShip)))
        .set((order_groups::state.eq(GroupState::Refunded), order_groups::updated_at.eq(now)))
        .execute(tx)
        .await?;
    Ok(())
}
