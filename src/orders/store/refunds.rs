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
    for (line, quantity, here) in given.lines {
        diesel::update(order_lines::table.filter(order_lines::order_id.eq(order).and(order_lines::id.eq(line))))
            .set((
                order_lines::refunded_quantity.eq(order_lines::refunded_quantity + quantity),
                order_lines::refunded_here.eq(order_lines::refunded_here + here),
            ))
            .execute(tx)
            .await?;
    }
    let delivered = order_groups::table.filter(order_groups::order_id.eq(order).and(order_groups::id.eq_any(given.shipping)));
    diesel::update(delivered).set(order_groups::shipping_refunded.eq(true)).execute(tx).await?;
    Ok(())
}
/// Nothing of these groups is left to send; those that are in the state `from`.
pub(in crate::orders) async fn move_gone(
    tx: &mut Tx,
    now: Time,
    order: OrderId,
    gone: &[OrderGroupId],
    from: GroupState,
    to: GroupState,
) -> Result<(), DbError> {
    let mine = order_groups::table.filter(order_groups::order_id.eq(order).and(order_groups::id.eq_any(gone)).and(order_groups::state.eq(from)));
    diesel::update(mine).set((order_groups::state.eq(to), order_groups::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}
