//! Carts, their lines and choices, and the delivery options they are priced with.
use diesel::{
    prelude::*,
    sql_types::{self, BigInt, Jsonb, Nullable, Text, Timestamptz},
};
use diesel_async::RunQueryDsl;

use super::super::model::{Address, Cart, CartLine};
use crate::{
    clock::Time,
    db::{self, Conn, DbError, PlanOnce, Tx},
    ids::{CartId, CartLineId, CoopId, DeliveryOptionId, OrderId, VariantId},
    money::Currency,
    schema::{cart_deliveries, cart_lines, carts, delivery_options},
};

use super::{json, unjson};

/// A cart nobody touched for this long is forgotten: people come back to one after a pay day, and nobody keeps an address for longer.
const CART_LIFETIME: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 30);

/// A new cart with what is known of it.
pub(in crate::orders) async fn insert_cart(
    tx: &mut Tx,
    now: Time,
    id: CartId,
    token_hash: Vec<u8>,
    currency: Currency,
    of: &CartChange,
    locale: &str,
) -> Result<(), DbError> {
    diesel::insert_into(carts::table)
        .values((
            (carts::id.eq(id), carts::token_hash.eq(token_hash), carts::currency.eq(currency), carts::locale.eq(locale), carts::version.eq(1)),
            (carts::country.eq(of.country()), carts::email.eq(&of.email), carts::shipping_address.eq(of.address.as_ref().map(json).transpose()?)),
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
    Ok(diesel::delete(carts::table.filter(carts::id.eq_any(ids).and(carts::expires_at.le(now)))).plan_once().execute(conn).await?)
}

#[derive(QueryableByName)]
struct CartRow {
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Nullable<Text>)]
    country: Option<String>,
    #[diesel(sql_type = Text)]
    locale: String,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    shipping_address: Option<serde_json::Value>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Nullable<sql_types::Uuid>)]
    live_order_id: Option<OrderId>,
    #[diesel(sql_type = Jsonb)]
    lines: serde_json::Value,
    #[diesel(sql_type = Jsonb)]
    chosen: serde_json::Value,
}
const CART: &str = "SELECT c.currency, c.country, c.locale, c.email, c.shipping_address, c.version, c.live_order_id,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(l.id, l.variant_id, l.quantity) ORDER BY l.id), '[]') FROM cart_lines l WHERE l.cart_id = c.id) AS lines,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(d.coop_id, d.option_id)), '[]') FROM cart_deliveries d WHERE d.cart_id = c.id) AS chosen
  FROM carts c WHERE c.id = $1";

/// One statement: the cart with its lines and its choices.
pub(in crate::orders) async fn cart(conn: &mut Conn, id: CartId) -> Result<Option<Cart>, DbError> {
    let Some(row) = db::sql(CART).bind::<sql_types::Uuid, _>(id).get_result::<CartRow>(conn).await.optional()? else { return Ok(None) };
    let lines: Vec<(CartLineId, VariantId, i32)> = unjson(row.lines)?;
    Ok(Some(Cart {
        id,
        currency: row.currency,
        country: row.country,
        locale: row.locale,
        email: row.email,
        address: row.shipping_address.map(unjson).transpose()?,
        version: row.version,
        live_order: row.live_order_id,
        lines: lines.into_iter().map(|(id, variant, quantity)| CartLine { id, variant, quantity }).collect(),
        chosen: unjson(row.chosen)?,
    }))
}

/// What a request may change; `None` leaves a field as it is.
#[derive(Default)]
pub(in crate::orders) struct CartChange {
    pub currency: Option<Currency>,
    pub country: Option<String>,
    pub email: Option<String>,
    pub address: Option<Address>,
}

impl CartChange {
    /// Where it goes, if anybody said.
    fn country(&self) -> Option<&String> {
        self.address.as_ref().map(|a| &a.country).or(self.country.as_ref())
    }
}

/// The next version of the cart, under its row's lock until the transaction ends. False if it is not there.
pub(in crate::orders) async fn change_cart(tx: &mut Tx, now: Time, id: CartId, change: &CartChange) -> Result<bool, DbError> {
    let address = change.address.as_ref().map(json).transpose()?;
    let changed = db::sql(
        "UPDATE carts SET currency = coalesce($2, currency), country = coalesce($3, country), email = coalesce($4, email),
           shipping_address = coalesce($5, shipping_address), version = version + 1, updated_at = $6, expires_at = $7 WHERE id = $1",
    )
    .bind::<sql_types::Uuid, _>(id)
    .bind::<Nullable<Text>, _>(change.currency)
    .bind::<Nullable<Text>, _>(change.country())
    .bind::<Nullable<Text>, _>(&change.email)
    .bind::<Nullable<Jsonb>, _>(address)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now.plus(CART_LIFETIME))
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Adds to the line of that variant, or makes it. False for a variant that is not there.
pub(in crate::orders) async fn add_line(tx: &mut Tx, cart: CartId, variant: VariantId, quantity: i32) -> Result<bool, DbError> {
    let added = db::sql(
        "INSERT INTO cart_lines (id, cart_id, coop_id, variant_id, quantity) SELECT $1, $2, coop_id, id, $4 FROM variants WHERE id = $3
         ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = cart_lines.quantity + excluded.quantity",
    )
    .bind::<sql_types::Uuid, _>(CartLineId::new())
    .bind::<sql_types::Uuid, _>(cart)
    .bind::<sql_types::Uuid, _>(variant)
    .bind::<sql_types::Integer, _>(quantity)
    .execute(tx)
    .await?;
    Ok(added == 1)
}
pub(in crate::orders) async fn clear_lines(tx: &mut Tx, cart: CartId) -> Result<(), DbError> {
    diesel::delete(cart_lines::table.filter(cart_lines::cart_id.eq(cart))).plan_once().execute(tx).await?;
    Ok(())
}
/// Sets a line's quantity, or deletes it at zero. False if the cart has no such line.
pub(in crate::orders) async fn set_line(tx: &mut Tx, cart: CartId, line: CartLineId, quantity: i32) -> Result<bool, DbError> {
    let row = cart_lines::table.filter(cart_lines::cart_id.eq(cart).and(cart_lines::id.eq(line)));
    let changed = if quantity == 0 {
        diesel::delete(row).plan_once().execute(tx).await?
    } else {
        diesel::update(row).set(cart_lines::quantity.eq(quantity)).plan_once().execute(tx).await?
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
        .plan_once()
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
pub(in crate::orders) async fn deliveries(mut conn: &Conn, coops: &[CoopId]) -> Result<Vec<DeliveryRow>, DbError> {
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
        .load(&mut conn)
        .await?)
}
