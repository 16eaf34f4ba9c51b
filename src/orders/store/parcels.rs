//! Parcels, and what their leaving changes.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::model::GroupState;
use crate::{
    clock::Time,
    db::{DbError, Tx},
    ids::{FulfilmentId, ItemId, OrderGroupId, OrderId, OrderLineId},
    schema::{fulfilment_items, fulfilments, order_groups, order_lines},
    tenancy::Scope,
};

/// A cooperative's group of an order, locked.
pub(in crate::orders) async fn lock_group(tx: &mut Tx, scope: Scope, order: OrderId) -> Result<Option<(OrderGroupId, GroupState)>, DbError> {
    Ok(order_groups::table
        .filter(order_groups::coop_id.eq(scope.coop()).and(order_groups::order_id.eq(order)))
        .select((order_groups::id, order_groups::state))
        .for_update()
        .first(tx)
        .await
        .optional()?)
}
pub(in crate::orders) async fn move_group(tx: &mut Tx, now: Time, scope: Scope, id: OrderGroupId, to: GroupState) -> Result<(), DbError> {
    diesel::update(order_groups::table.find((scope.coop(), id)))
        .set((order_groups::state.eq(to), order_groups::updated_at.eq(now)))
        .execute(tx)
        .await?;
    Ok(())
}
/// How many groups of an order still have something to send, or may have.
pub(in crate::orders) async fn unshipped_groups(tx: &mut Tx, order: OrderId) -> Result<i64, DbError> {
    let open: Vec<_> = GroupState::ALL.iter().filter(|state| state.sends() || **state == GroupState::Pending).collect();
    Ok(order_groups::table.filter(order_groups::order_id.eq(order).and(order_groups::state.eq_any(open))).count().get_result(tx).await?)
}
pub(in crate::orders) async fn add_shipped(tx: &mut Tx, scope: Scope, line: OrderLineId, pieces: i32) -> Result<(), DbError> {
    diesel::update(order_lines::table.find((scope.coop(), line)))
        .set(order_lines::shipped_quantity.eq(order_lines::shipped_quantity + pieces))
        .execute(tx)
        .await?;
    Ok(())
}

/// How a parcel travels.
#[derive(Clone, Debug)]
pub struct Carrier {
    pub name: String,
    pub tracking: Option<String>,
    pub tracking_url: Option<String>,
}
pub(in crate::orders) async fn insert_fulfilment(
    tx: &mut Tx,
    now: Time,
    scope: Scope,
    group: OrderGroupId,
    carrier: &Carrier,
    items: &[(OrderLineId, ItemId)],
) -> Result<FulfilmentId, DbError> {
    let id = FulfilmentId::new();
    diesel::insert_into(fulfilments::table)
        .values((
            (fulfilments::coop_id.eq(scope.coop()), fulfilments::id.eq(id), fulfilments::group_id.eq(group), fulfilments::carrier.eq(&carrier.name)),
            (fulfilments::tracking.eq(&carrier.tracking), fulfilments::tracking_url.eq(&carrier.tracking_url), fulfilments::shipped_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    let row = |(line, item): &(OrderLineId, ItemId)| {
        (
            (fulfilment_items::coop_id.eq(scope.coop()), fulfilment_items::fulfilment_id.eq(id)),
            (fulfilment_items::item_id.eq(*item), fulfilment_items::order_line_id.eq(*line)),
        )
    };
    diesel::insert_into(fulfilment_items::table).values(items.iter().map(row).collect::<Vec<_>>()).execute(tx).await?;
    Ok(id)
}
