//! Orders, frozen lines and groups.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{
    cart::Priced,
    model::{Address, Cart, FrozenGroup, FrozenLine, Fx, GroupState, Order, OrderRow, OrderState},
};
use crate::{
    catalog::{price::Split, stock::Policy},
    clock::{Day, Time},
    db::{Conn, DbError, PlanOnce, Tx},
    ids::{CartId, CoopId, OrderGroupId, OrderId, OrderLineId, VariantId},
    money::{Currency, Money},
    schema::{carts, cooperatives, order_contacts, order_events, order_groups, order_lines, orders},
    tenancy::Scope,
};

use super::{json, unjson};

pub(in crate::orders) async fn insert_order(tx: &mut Tx, now: Time, id: OrderId, number: &str, cart: &Cart, priced: &Priced) -> Result<(), DbError> {
    let country = cart.country.clone().unwrap_or_default();
    diesel::insert_into(orders::table)
        .values((
            (
                orders::id.eq(id),
                orders::number.eq(number),
                orders::token_generation.eq(1),
                orders::cart_id.eq(cart.id),
                orders::state.eq(OrderState::PendingPayment),
            ),
            (
                orders::currency.eq(cart.currency),
                orders::country.eq(country),
                orders::locale.eq(&cart.locale),
                orders::goods_minor.eq(priced.goods.minor),
            ),
            (orders::shipping_minor.eq(priced.shipping.minor), orders::duties_minor.eq(priced.duties.minor), orders::tax_minor.eq(priced.tax.minor)),
            (orders::tax_added_minor.eq(priced.tax_added.minor), orders::total_minor.eq(priced.total.minor), orders::refunded_minor.eq(0)),
            (orders::tax_reason.eq(priced.tax_reason), orders::placed_at.eq(now), orders::updated_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    let contact = (
        order_contacts::order_id.eq(id),
        order_contacts::email.eq(cart.email.as_deref().unwrap_or_default()),
        order_contacts::shipping_address.eq(json(&cart.address)?),
    );
    diesel::insert_into(order_contacts::table).values(contact).execute(tx).await?;
    diesel::update(carts::table.find(cart.id)).set(carts::live_order_id.eq(id)).plan_once().execute(tx).await?;
    Ok(())
}

pub(in crate::orders) async fn insert_parts(tx: &mut Tx, now: Time, order: OrderId, priced: &Priced) -> Result<(), DbError> {
    let mut groups = Vec::new();
    let mut lines = Vec::new();
    for group in &priced.groups {
        let id = OrderGroupId::new();
        let Some(choice) = group.choice() else { continue };
        groups.push((
            (
                order_groups::coop_id.eq(group.coop),
                order_groups::id.eq(id),
                order_groups::order_id.eq(order),
                order_groups::state.eq(GroupState::Pending),
            ),
            (
                order_groups::delivery_name.eq(choice.name.clone()),
                order_groups::min_days.eq(choice.min_days),
                order_groups::max_days.eq(choice.max_days),
            ),
            (order_groups::shipping_minor.eq(choice.amount.minor), order_groups::shipping_tax_minor.eq(group.shipping_tax.minor)),
            (
                order_groups::shipping_own_minor.eq(choice.own.minor),
                order_groups::own_currency.eq(choice.own.currency),
                order_groups::updated_at.eq(now),
            ),
        ));
        for (position, line) in (0_i16..).zip(priced.lines.iter().filter(|l| l.offer.coop == group.coop)) {
            let o = &line.offer;
            lines.push((
                (
                    order_lines::coop_id.eq(group.coop),
                    order_lines::id.eq(OrderLineId::new()),
                    order_lines::order_id.eq(order),
                    order_lines::group_id.eq(id),
                ),
                (order_lines::position.eq(position), order_lines::variant_id.eq(o.variant), order_lines::title.eq(o.title.clone())),
                (
                    order_lines::variant_title.eq(o.variant_title.clone()),
                    order_lines::quantity.eq(line.line.quantity),
                    order_lines::unit_minor.eq(o.unit.minor),
                ),
                (order_lines::goods_minor.eq(line.goods.minor), order_lines::tax_minor.eq(line.tax.minor), order_lines::tax_bp.eq(bp(line.tax_bp))),
                (
                    order_lines::tax_inclusive.eq(o.tax_inclusive),
                    order_lines::commission_bp.eq(bp(o.commission_bp)),
                    order_lines::premium_bp.eq(bp(o.premium_bp)),
                ),
                (order_lines::commission_minor.eq(line.parts.commission.minor), order_lines::producer_minor.eq(line.parts.producer.minor)),
                (order_lines::premium_minor.eq(line.parts.premium.minor), order_lines::own_currency.eq(o.own_currency)),
                (order_lines::producer_own_minor.eq(line.producer_own.minor), order_lines::premium_own_minor.eq(line.premium_own.minor)),
                (
                    order_lines::fx_rate.eq(line.fx.rate.clone()),
                    order_lines::fx_source.eq(line.fx.source.clone()),
                    order_lines::fx_day.eq(line.fx.day),
                ),
                (order_lines::split.eq(line.split.map(|s| json(&s)).transpose()?), order_lines::refunded_quantity.eq(0)),
                (order_lines::stock_owner.eq(o.stock_owner), order_lines::made_to_order_days.eq(o.made_to_order_days)),
                order_lines::made_to_order.eq(o.policy == Policy::MadeToOrder || o.made_to_order_days.is_some()),
            ));
        }
    }
    let (parcels, pieces) = (groups.len(), lines.len());
    diesel::insert_into(order_groups::table).values(groups).plan_once_up_to(parcels).execute(tx).await?;
    diesel::insert_into(order_lines::table).values(lines).plan_once_up_to(pieces).execute(tx).await?;
    Ok(())
}
fn bp(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

pub(in crate::orders) async fn lock_order(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, DbError> {
    Ok(orders::table.find(id).select(OrderRow::as_select()).for_update().first::<OrderRow>(tx).await.optional()?.map(Order::from))
}
pub(in crate::orders) async fn order(conn: &mut Conn, id: OrderId) -> Result<Option<Order>, DbError> {
    Ok(orders::table.find(id).select(OrderRow::as_select()).first::<OrderRow>(conn).await.optional()?.map(Order::from))
}
pub(in crate::orders) async fn live_order(conn: &mut Conn, cart: CartId) -> Result<Option<OrderId>, DbError> {
    let live = carts::table.inner_join(orders::table.on(orders::id.nullable().eq(carts::live_order_id))).filter(carts::id.eq(cart));
    Ok(live.filter(orders::state.ne(OrderState::Cancelled)).select(orders::id).first(conn).await.optional()?)
}

/// The state, its date, and a row of what happened.
pub(in crate::orders) async fn move_order(
    tx: &mut Tx,
    now: Time,
    order: &Order,
    to: OrderState,
    event: &str,
    detail: Option<&str>,
) -> Result<(), DbError> {
    let paid_at = if to == OrderState::Paid { Some(now) } else { order.paid_at };
    diesel::update(orders::table.find(order.id))
        .set((orders::state.eq(to), orders::paid_at.eq(paid_at), orders::updated_at.eq(now)))
        .plan_once()
        .execute(tx)
        .await?;
    let row = (
        (order_events::id.eq(crate::ids::new_uuid()), order_events::order_id.eq(order.id), order_events::event.eq(event)),
        (
            order_events::from_state.eq(order.state.as_str()),
            order_events::to_state.eq(to.as_str()),
            order_events::detail.eq(detail),
            order_events::at.eq(now),
        ),
    );
    diesel::insert_into(order_events::table).values(row).execute(tx).await?;
    Ok(())
}
pub(in crate::orders) async fn move_groups(tx: &mut Tx, now: Time, order: OrderId, from: GroupState, to: GroupState) -> Result<(), DbError> {
    diesel::update(order_groups::table.filter(order_groups::order_id.eq(order).and(order_groups::state.eq(from))))
        .set((order_groups::state.eq(to), order_groups::updated_at.eq(now)))
        .plan_once()
        .execute(tx)
        .await?;
    Ok(())
}
pub(in crate::orders) async fn set_hold(tx: &mut Tx, now: Time, id: OrderId, held: bool) -> Result<(), DbError> {
    diesel::update(orders::table.find(id)).set((orders::on_hold.eq(held), orders::updated_at.eq(now))).plan_once().execute(tx).await?;
    Ok(())
}
pub(in crate::orders) async fn forget_live_order(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    diesel::update(carts::table.filter(carts::live_order_id.eq(order))).set(carts::live_order_id.eq(None::<OrderId>)).plan_once().execute(tx).await?;
    Ok(())
}
pub(in crate::orders) async fn contact(conn: &mut Conn, order: OrderId) -> Result<Option<(String, Option<Address>)>, DbError> {
    let row: Option<(String, serde_json::Value)> =
        order_contacts::table.find(order).select((order_contacts::email, order_contacts::shipping_address)).first(conn).await.optional()?;
    row.map(|(email, address)| Ok((email, unjson(address)?))).transpose()
}

#[derive(Queryable)]
struct LineRow {
    id: OrderLineId,
    coop: CoopId,
    group: OrderGroupId,
    variant: VariantId,
    title: String,
    variant_title: String,
    pieces: (i32, i32, i32, i32),
    stock: (String, bool),
    amounts: (i64, i64, bool, i64, i64, i64),
    own: (Currency, i64, i64),
    fx: (String, String, Day),
    split: Option<serde_json::Value>,
}

pub(in crate::orders) async fn frozen_lines(conn: &mut Conn, order: OrderId, currency: Currency) -> Result<Vec<FrozenLine>, DbError> {
    use order_lines as l;
    let rows: Vec<LineRow> = l::table
        .filter(l::order_id.eq(order))
        .order((l::coop_id, l::position))
        .select((
            l::id,
            l::coop_id,
            l::group_id,
            l::variant_id,
            l::title,
            l::variant_title,
            (l::quantity, l::refunded_quantity, l::refunded_here, l::shipped_quantity),
            (l::stock_owner, l::made_to_order),
            (l::goods_minor, l::tax_minor, l::tax_inclusive, l::commission_minor, l::producer_minor, l::premium_minor),
            (l::own_currency, l::producer_own_minor, l::premium_own_minor),
            (l::fx_rate, l::fx_source, l::fx_day),
            l::split,
        ))
        .load(conn)
        .await?;
    rows.into_iter().map(|row| row.frozen(currency)).collect()
}
impl LineRow {
    fn frozen(self, currency: Currency) -> Result<FrozenLine, DbError> {
        let money = |minor| Money::new(minor, currency);
        let (goods, tax, tax_inclusive, commission, producer, premium) = self.amounts;
        let (own, producer_own, premium_own) = self.own;
        let (rate, source, day) = self.fx;
        let (quantity, refunded_quantity, refunded_here, shipped_quantity) = self.pieces;
        let split: Option<Split> = self.split.map(unjson).transpose()?;
        Ok(FrozenLine {
            id: self.id,
            coop: self.coop,
            group: self.group,
            variant: self.variant,
            title: self.title,
            variant_title: self.variant_title,
            quantity,
            refunded_quantity,
            refunded_here,
            shipped_quantity,
            brand_owned: self.stock.0 == "brand",
            made_to_order: self.stock.1,
            goods: money(goods),
            tax: money(tax),
            tax_inclusive,
            commission: money(commission),
            producer: money(producer),
            premium: money(premium),
            producer_own: Money::new(producer_own, own),
            premium_own: Money::new(premium_own, own),
            split,
            fx: Fx { rate, source, day },
        })
    }
}

pub(in crate::orders) async fn frozen_groups(conn: &mut Conn, order: OrderId, currency: Currency) -> Result<Vec<FrozenGroup>, DbError> {
    use order_groups as g;
    type Row = (OrderGroupId, CoopId, String, GroupState, String, i64, i64, (i64, Currency), bool);
    let rows: Vec<Row> = g::table
        .inner_join(cooperatives::table)
        .filter(g::order_id.eq(order))
        .order(g::coop_id)
        .select((
            g::id,
            g::coop_id,
            cooperatives::name,
            g::state,
            g::delivery_name,
            g::shipping_minor,
            g::shipping_tax_minor,
            (g::shipping_own_minor, g::own_currency),
            g::shipping_refunded,
        ))
        .load(conn)
        .await?;
    let view = |(id, coop, cooperative, state, delivery, shipping, tax, (own, own_currency), shipping_refunded): Row| FrozenGroup {
        id,
        coop,
        cooperative,
        state,
        delivery,
        shipping: Money::new(shipping, currency),
        shipping_tax: Money::new(tax, currency),
        shipping_own: Money::new(own, own_currency),
        shipping_refunded,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// A cooperative's orders that were paid, newest first, keyset by group id.
pub(in crate::orders) async fn groups_of(
    conn: &mut Conn,
    scope: Scope,
    state: Option<GroupState>,
    after: Option<OrderGroupId>,
    limit: i64,
) -> Result<Vec<(OrderGroupId, OrderId, String, GroupState, Option<Time>)>, DbError> {
    let mut query = order_groups::table
        .inner_join(orders::table)
        .filter(order_groups::coop_id.eq(scope.coop()).and(order_groups::state.eq_any([
            GroupState::ToShip,
            GroupState::PartiallyShipped,
            GroupState::Shipped,
            GroupState::Refunded,
        ])))
        .order(order_groups::id.desc())
        .limit(limit)
        .select((order_groups::id, order_groups::order_id, orders::number, order_groups::state, orders::paid_at))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(order_groups::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(order_groups::id.lt(after));
    }
    Ok(query.load(conn).await?)
}

/// Where a cooperative's mail goes, and in which language.
pub(in crate::orders) async fn cooperative_reader(conn: &mut Conn, coop: CoopId) -> Result<(String, String), DbError> {
    Ok(cooperatives::table.find(coop).select((cooperatives::contact_email, cooperatives::locale)).first(conn).await?)
}
