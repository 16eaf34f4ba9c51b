//! Carts, their lines and choices, and the delivery options they are priced with.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::model::{Address, Cart, CartLine};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{CartId, CartLineId, CoopId, DeliveryOptionId, OrderId, VariantId},
    money::Currency,
    schema::{cart_deliveries, cart_lines, carts, delivery_options, variants},
};

use super::{json, unjson};

/// A cart nobody touched for this long is forgotten: people come back to one after a pay day, and nobody keeps an address for longer.
const CART_LIFETIME: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 30);

pub(in crate::orders) async fn insert_cart(
    tx: &mut Tx,
    now: Time,
    id: CartId,
    token_hash: Vec<u8>,
    currency: Currency,
    locale: &str,
) -> Result<(), DbError> {
    diesel::insert_into(carts::table)
        .values((
            (carts::id.eq(id), carts::token_hash.eq(token_hash), carts::currency.eq(currency), carts::locale.eq(locale), carts::version.eq(1)),
            (carts::created_at.eq(now), carts::updated_at.eq(now), carts::expires_at.eq(now.plus(CART_LIFETIME))),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

pub(in crate::orders) async fn cart_with_token(conn: &mut Conn, id: CartId, token_hash: Vec<u8>) -> Result<bool, DbError> {
    let mine = carts::table.filter(carts::id.eq(id).and(carts::token_hash.eq(token_hash)));
    Ok(diesel::select(diesel::dsl::exists(mine)).get_result(conn).await?)
}

pub(in crate::orders) async fn lock_cart(tx: &mut Tx, id: CartId) -> Result<bool, DbError> {
    Ok(carts::table.find(id).select(carts::id).for_update().first::<CartId>(tx).await.optional()?.is_some())
}

/// Carts whose time is over, at most `limit`; how many. Their orders stay.
pub(in crate::orders) async fn forget_carts(conn: &mut Conn, now: Time, limit: i64) -> Result<usize, DbError> {
    let over = carts::table.filter(carts::expires_at.le(now)).order(carts::expires_at).limit(limit).select(carts::id);
    let ids: Vec<CartId> = over.load(conn).await?;
    Ok(diesel::delete(carts::table.filter(carts::id.eq_any(ids).and(carts::expires_at.le(now)))).execute(conn).await?)
}

type CartColumns = (Currency, Option<String>, String, Option<String>, Option<serde_json::Value>, i64, Option<OrderId>);

/// Three statements: the cart, its lines, its choices.
pub(in crate::orders) async fn cart(conn: &mut Conn, id: CartId) -> Result<Option<Cart>, DbError> {
    let columns = (carts::currency, carts::country, carts::locale, carts::email, carts::shipping_address, carts::version, carts::live_order_id);
    let Some((currency, country, locale, email, address, version, live_order)) =
        carts::table.find(id).select(columns).first::<CartColumns>(conn).await.optional()?
    else {
        return Ok(None);
    };
    let lines: Vec<(CartLineId, VariantId, i32)> = cart_lines::table
        .filter(cart_lines::cart_id.eq(id))
        .order(cart_lines::id)
        .select((cart_lines::id, cart_lines::variant_id, cart_lines::quantity))
        .load(conn)
        .await?;
    let chosen = cart_deliveries::table
        .filter(cart_deliveries::cart_id.eq(id))
        .select((cart_deliveries::coop_id, cart_deliveries::option_id))
        .load(conn)
        .await?;
    let address: Option<Address> = address.map(unjson).transpose()?;
    let lines = lines.into_iter().map(|(id, variant, quantity)| CartLine { id, variant, quantity }).collect();
    Ok(Some(Cart { id, currency, country, locale, email, address, version, live_order, lines, chosen }))
}

/// What a request may change; `None` leaves a field as it is.
#[derive(Default)]
pub(in crate::orders) struct CartChange {
    pub currency: Option<Currency>,
    pub country: Option<String>,
    pub email: Option<String>,
    pub address: Option<Address>,
}

pub(in crate::orders) async fn change_cart(tx: &mut Tx, now: Time, id: CartId, change: &CartChange) -> Result<(), DbError> {
    let row = carts::table.find(id);
    if let Some(currency) = change.currency {
        diesel::update(row).set(carts::currency.eq(currency)).execute(tx).await?;
    }
    if let Some(country) = &change.country {
        diesel::update(row).set(carts::country.eq(country)).execute(tx).await?;
    }
    if let Some(email) = &change.email {
        diesel::update(row).set(carts::email.eq(email)).execute(tx).await?;
    }
    if let Some(address) = &change.address {
        diesel::update(row).set((carts::shipping_address.eq(json(address)?), carts::country.eq(&address.country))).execute(tx).await?;
    }
    diesel::update(row)
        .set((carts::version.eq(carts::version + 1), carts::updated_at.eq(now), carts::expires_at.eq(now.plus(CART_LIFETIME))))
        .execute(tx)
        .await?;
    Ok(())
}

/// Adds to the line of that variant, or makes it. False for a variant that is not there.
pub(in crate::orders) async fn put_line(tx: &mut Tx, cart: CartId, variant: VariantId, quantity: i32, add: bool) -> Result<bool, DbError> {
    let coop: Option<CoopId> = variants::table.filter(variants::id.eq(variant)).select(variants::coop_id).first(tx).await.optional()?;
    let Some(coop) = coop else { return Ok(false) };
    let kept = if add { 1 } else { 0 };
    let row = (
        cart_lines::id.eq(CartLineId::new()),
        cart_lines::cart_id.eq(cart),
        cart_lines::coop_id.eq(coop),
        cart_lines::variant_id.eq(variant),
        cart_lines::quantity.eq(quantity),
    );
    diesel::insert_into(cart_lines::table)
        .values(row)
        .on_conflict((cart_lines::cart_id, cart_lines::variant_id))
        .do_update()
        .set(cart_lines::quantity.eq(cart_lines::quantity * kept + quantity))
        .execute(tx)
        .await?;
    Ok(true)
}
pub(in crate::orders) async fn clear_lines(tx: &mut Tx, cart: CartId) -> Result<(), DbError> {
    diesel::delete(cart_lines::table.filter(cart_lines::cart_id.eq(cart))).execute(tx).await?;
    Ok(())
}
/// Sets a line's quantity, or deletes it at zero. False if the cart has no such line.
pub(in crate::orders) async fn set_line(tx: &mut Tx, cart: CartId, line: CartLineId, quantity: i32) -> Result<bool, DbError> {
    let row = cart_lines::table.filter(cart_lines::cart_id.eq(cart).and(cart_lines::id.eq(line)));
    let changed = if quantity == 0 {
        diesel::delete(row).execute(tx).await?
    } else {
        diesel::update(row).set(cart_lines::quantity.eq(quantity)).execute(tx).await?
    };
    Ok(changed == 1)
}
/// False if that cooperative has no such option.
pub(in crate::orders) async fn choose_delivery(tx: &mut Tx, cart: CartId, coop: CoopId, option: DeliveryOptionId) -> Result<bool, DbError> {
    let known = delivery_options::table.find((coop, option)).filter(delivery_options::active.eq(true));
    if !diesel::select(diesel::dsl::exists(known)).get_result::<bool>(tx).await? {
        return Ok(false);
    }
    diesel::insert_into(cart_deliveries::table)
        .values((cart_deliveries::cart_id.eq(cart), cart_deliveries::coop_id.eq(coop), cart_deliveries::option_id.eq(option)))
        .on_conflict((cart_deliveries::cart_id, cart_deliveries::coop_id))
        .do_update()
        .set(cart_deliveries::option_id.eq(option))
        .execute(tx)
        .await?;
    Ok(true)
}

/// A delivery option as a cart prices it.
#[derive(Clone, Debug, Queryable)]
pub struct DeliveryRow {
    pub coop: CoopId,
    pub id: DeliveryOptionId,
    pub name: String,
    pub countries: Vec<String>,
    pub currency: Currency,
    pub base_minor: i64,
    pub per_kg_minor: i64,
    pub min_days: i32,
    pub max_days: i32,
}
pub(in crate::orders) async fn deliveries(conn: &mut Conn, coops: &[CoopId]) -> Result<Vec<DeliveryRow>, DbError> {
    Ok(delivery_options::table
        .filter(delivery_options::coop_id.eq_any(coops).and(delivery_options::active.eq(true)))
        .select((
            delivery_options::coop_id,
            delivery_options::id,
            delivery_options::name,
            delivery_options::countries,
            delivery_options::currency,
            delivery_options::base_minor,
            delivery_options::per_kg_minor,
            delivery_options::min_days,
            delivery_options::max_days,
        ))
        .load(conn)
        .await?)
}
