//! Carts and orders: what is wanted, what it costs, what was promised, what was sent.
//!
//! - A cart is priced afresh whenever it is read; its totals are complete before checkout.
//! - An order is frozen when it is placed: lines, parts, rates. Nothing that changes later changes it.
//! - Every move of an order is one row in its events, under its row's lock.
//! - Shipping releases what was earned, in the transaction that ships.
mod address;
pub mod cart;
mod frozen;
pub mod fx;
pub mod http;
pub mod jobs;
mod materials;
pub mod model;
mod parcels;
mod read;
mod realised;
mod returns;
mod ship;
mod store;
mod waterfall;

pub use crate::catalog::tax;
pub use model::{Address, Cart, Error, Frozen, FrozenGroup, FrozenLine, Order, OrderState, Placed, PlacedLine};
pub use parcels::{Contents, Packed};
pub use read::{Parcel, Piece, parcels as parcels_of, pieces as pieces_of};
pub use returns::take_back;
pub use ship::{Sender, ship};
pub use store::Carrier;

use passport::ItemCode;

use crate::{
    catalog::{self, stock},
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{CartId, FulfilmentId, OrderId, OrderLineId, VariantId},
    money::Money,
    notifications::{Mail, model as mail},
    secrets::random,
    tenancy::Scope,
};
use cart::{Facts, Priced};
use model::{GroupState, OrderEvent};

/// What the cart costs now. Four statements, however many lines it has, three of which are sent at once.
pub async fn price(conn: &mut Conn, now: Time, cart: &Cart) -> Result<Priced, Error> {
    let variants: Vec<VariantId> = cart.lines.iter().map(|l| l.variant).collect();
    let offers = catalog::offers(conn, &variants, cart.currency).await?;
    let coops: Vec<_> = offers.iter().map(|o| o.coop).collect();
    let own: Vec<_> = offers.iter().map(|o| o.own_currency).collect();
    let conn: &Conn = conn;
    let rules = async {
        match &cart.country {
            Some(country) => tax::rules(conn, country, now.day()).await,
            None => Ok(tax::Rules::default()),
        }
    };
    let (deliveries, rates, tax) = futures_util::try_join!(store::deliveries(conn, &coops), fx::rates(conn, cart.currency, &own, now.day()), rules)?;
    cart::price_cart(cart, &Facts { offers, deliveries, rates, tax })
}

/// Makes the order, before any money moves: prices again, compares, reserves, freezes.
///
/// # Errors
/// [`Error::Incomplete`] names everything that is missing; [`Error::TotalChanged`] if the buyer expected another total;
/// [`Error::Stock`] if another buyer was faster. Nothing is written then.
pub async fn place(tx: &mut Tx, now: Time, id: CartId, expected: Money) -> Result<Placed, Error> {
    if !store::lock_cart(tx, id).await? {
        return Err(Error::NotFound);
    }
    let cart = store::cart(tx, id).await?.ok_or(Error::NotFound)?;
    let priced = price(tx, now, &cart).await?;
    cart.check()?;
    if let Some(out) = priced.missing.iter().find_map(|m| match m {
        cart::Missing::OutOfStock { variant, available } => Some(stock::Error::Out { variant: *variant, available: *available }),
        _ => None,
    }) {
        return Err(out.into());
    }
    if !priced.missing.is_empty() {
        return Err(Error::Incomplete(priced.missing));
    }
    if priced.total != expected {
        return Err(Error::TotalChanged { expected, now: priced.total });
    }
    let order = OrderId::new();
    let number = number();
    store::insert_order(tx, now, order, &number, &cart, &priced).await?;
    let wants: Vec<_> =
        priced.lines.iter().map(|l| stock::Want { coop: l.offer.coop, variant: l.offer.variant, quantity: l.line.quantity }).collect();
    stock::reserve(tx, order, &wants).await?;
    store::insert_parts(tx, now, order, &priced).await?;
    Ok(placed(order, number, &cart, &priced))
}

fn placed(id: OrderId, number: String, cart: &Cart, priced: &Priced) -> Placed {
    let name = |l: &cart::PricedLine| {
        if l.offer.variant_title.is_empty() { l.offer.title.clone() } else { format!("{} ({})", l.offer.title, l.offer.variant_title) }
    };
    Placed {
        id,
        number,
        token_generation: 1,
        email: cart.email.clone().unwrap_or_default(),
        locale: cart.locale.clone(),
        total: priced.total,
        shipping: priced.shipping,
        duties: priced.duties,
        tax_added: priced.tax_added,
        lines: priced
            .lines
            .iter()
            .map(|l| PlacedLine { name: name(l), unit: l.offer.unit, quantity: u32::try_from(l.line.quantity).unwrap_or(0) })
            .collect(),
    }
}

/// `HA-7K3M-92QX`: random, so that it tells nobody how many orders there are; unambiguous when read aloud.
fn number() -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let letters: String = random::<8>().iter().map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect();
    format!("HA-{}-{}", &letters[..4], &letters[4..])
}

/// The order under its lock.
pub async fn lock(tx: &mut Tx, id: OrderId) -> Result<Order, Error> {
    store::lock_order(tx, id).await?.ok_or(Error::NotFound)
}
pub async fn order(conn: &mut Conn, id: OrderId) -> Result<Order, Error> {
    store::order(conn, id).await?.ok_or(Error::NotFound)
}
/// The cart's order that is not cancelled, if it has one.
pub async fn live_order(conn: &mut Conn, cart: CartId) -> Result<Option<OrderId>, DbError> {
    store::live_order(conn, cart).await
}
/// Lines and groups as they were frozen.
pub async fn frozen(conn: &mut Conn, id: OrderId) -> Result<Frozen, Error> {
    let order = order(conn, id).await?;
    frozen_of(conn, &order).await
}
/// The same of an order that was read.
pub async fn frozen_of(conn: &mut Conn, of: &Order) -> Result<Frozen, Error> {
    let currency = of.total.currency;
    Ok(Frozen { lines: store::frozen_lines(conn, of.id, currency).await?, groups: store::frozen_groups(conn, of.id, currency).await? })
}
/// Where mails go, and parcels; gone once the buyer was forgotten.
pub async fn contact(conn: &mut Conn, id: OrderId) -> Result<Option<(String, Option<Address>)>, DbError> {
    store::contact(conn, id).await
}

async fn step(tx: &mut Tx, now: Time, id: OrderId, event: OrderEvent, name: &str, detail: Option<&str>) -> Result<(), Error> {
    let order = lock(tx, id).await?;
    step_of(tx, now, &order, event, name, detail).await
}
/// Of an order that is locked.
async fn step_of(tx: &mut Tx, now: Time, order: &Order, event: OrderEvent, name: &str, detail: Option<&str>) -> Result<(), Error> {
    let to = order.state.apply(event).map_err(|(state, event)| Error::Illegal(state, event))?;
    Ok(store::move_order(tx, now, order, to, name, detail).await?)
}

/// What happens to the whole order happens to each of its groups that it can happen to.
async fn move_groups(tx: &mut Tx, now: Time, id: OrderId, event: model::GroupEvent) -> Result<(), DbError> {
    for state in GroupState::ALL {
        if let Ok(to) = state.apply(event) {
            store::move_groups(tx, now, id, *state, to).await?;
        }
    }
    Ok(())
}

pub async fn mark_processing(tx: &mut Tx, now: Time, id: OrderId) -> Result<(), Error> {
    step(tx, now, id, OrderEvent::Process, "payment_processing", None).await
}
/// Its stock leaves the shelf; its cooperatives may ship. `order` is locked.
pub async fn mark_paid(tx: &mut Tx, now: Time, order: &Order) -> Result<(), Error> {
    step_of(tx, now, order, OrderEvent::Pay, "paid", None).await?;
    stock::commit(tx, order.id).await?;
    Ok(move_groups(tx, now, order.id, model::GroupEvent::Pay).await?)
}
/// Whether all of its pieces are still held for it: what was given back meanwhile may be another's by now.
pub async fn holds_its_stock(tx: &mut Tx, id: OrderId, frozen: &Frozen) -> Result<bool, Error> {
    let want = |l: &FrozenLine| stock::Want { coop: l.coop, variant: l.variant, quantity: l.quantity };
    let wants: Vec<_> = frozen.lines.iter().map(want).collect();
    Ok(stock::held(tx, id, &wants).await?)
}
/// Its stock is for sale again. Only an order that nobody paid can be cancelled.
pub async fn cancel(tx: &mut Tx, now: Time, id: OrderId, why: &str) -> Result<(), Error> {
    step(tx, now, id, OrderEvent::Cancel, "cancelled", Some(why)).await?;
    // The cart before the shelf, as a checkout takes them: the other way round the two would wait for each other.
    store::forget_live_order(tx, id).await?;
    stock::release(tx, id).await?;
    Ok(move_groups(tx, now, id, model::GroupEvent::Cancel).await?)
}
/// Nothing of it is sent or given back while its payment is disputed.
pub async fn set_hold(tx: &mut Tx, now: Time, id: OrderId, held: bool) -> Result<(), Error> {
    Ok(store::set_hold(tx, now, id, held).await?)
}
/// Counts what was given back; all of it makes the order refunded, and a parcel with nothing in it is not waited for.
pub async fn add_refund(tx: &mut Tx, now: Time, id: OrderId, given: &model::GivenBack<'_>) -> Result<(), Error> {
    let order = lock(tx, id).await?;
    let total = order.refunded.checked_add(given.amount)?;
    store::add_refund(tx, id, given).await?;
    for state in GroupState::ALL {
        if let Ok(to) = state.apply(model::GroupEvent::Refund) {
            store::move_gone(tx, now, id, given.gone, *state, to).await?;
        }
    }
    if total == order.total || given.all {
        step(tx, now, id, OrderEvent::RefundAll, "refunded", None).await?;
    } else if order.state == OrderState::Paid && store::unshipped_groups(tx, id).await? == 0 {
        step(tx, now, id, OrderEvent::ShipAll, "shipped", Some("the rest was refunded")).await?;
    }
    Ok(())
}

/// The mails that a payment makes necessary, with their facts frozen, each with its reader's language: one to the buyer, one to each
/// cooperative.
pub async fn paid_mails(conn: &mut Conn, order: &Order, frozen: &Frozen, pieces: &[(OrderLineId, ItemCode)]) -> Result<Vec<(Mail, String)>, Error> {
    let mut mails = Vec::new();
    if let Some((to, _)) = contact(conn, order.id).await? {
        let line = |line: &FrozenLine| mail::PaidLine {
            title: line.title.clone(),
            quantity: line.quantity,
            goods: line.goods.formatted(),
            producer: line.producer.formatted(),
            premium: line.premium.formatted(),
            platform: line.commission.formatted(),
            items: pieces.iter().filter(|(of, _)| *of == line.id).map(|(_, code)| code.to_string()).collect(),
        };
        let lines = frozen.lines.iter().map(line).collect();
        let (number, total) = (order.number.clone(), order.total.formatted());
        mails.push((Mail::OrderPaid(mail::OrderPaid { to, order: order.id, number, total, lines }), order.locale.clone()));
    }
    for group in &frozen.groups {
        let mine = || frozen.lines.iter().filter(|l| l.group == group.id);
        let earned = mine().try_fold(group.shipping_own, |sum, l| sum.checked_add(l.producer_own))?;
        let (to, locale) = store::cooperative_reader(conn, group.coop).await?;
        let mail = mail::NewOrder {
            to,
            group: group.id,
            number: order.number.clone(),
            cooperative: group.cooperative.clone(),
            lines: mine().map(|l| (l.title.clone(), l.quantity)).collect(),
            earned: earned.formatted(),
        };
        mails.push((Mail::NewOrder(mail), locale));
    }
    Ok(mails)
}

/// The mails to the cooperatives that make what is given up: nobody works on it any more, and what was done is paid.
pub async fn cancelled_mails(
    conn: &mut Conn,
    order: &Order,
    frozen: &Frozen,
    refund: uuid::Uuid,
    given_up: &[model::GivenUp],
) -> Result<Vec<Mail>, Error> {
    let mut mails = Vec::new();
    for group in &frozen.groups {
        let mine = |given: &model::GivenUp| frozen.lines.iter().find(|l| l.id == given.line && l.group == group.id && l.made_to_order);
        let lines: Vec<_> = given_up.iter().filter_map(|given| Some((mine(given)?.title.clone(), given.quantity))).collect();
        let due: i64 = given_up.iter().filter(|given| mine(given).is_some()).map(|given| given.due).sum();
        if lines.is_empty() {
            continue;
        }
        mails.push(Mail::Cancelled(mail::Cancelled {
            to: store::cooperative_reader(conn, group.coop).await?.0,
            group: group.id,
            refund,
            number: order.number.clone(),
            cooperative: group.cooperative.clone(),
            lines,
            due: (due > 0).then(|| Money::new(due, group.shipping_own.currency).formatted()),
        }));
    }
    Ok(mails)
}

/// The mail about a parcel; none if the buyer was forgotten.
pub async fn shipped_mail(conn: &mut Conn, id: OrderId, scope: Scope, fulfilment: FulfilmentId, carrier: &Carrier) -> Result<Option<Mail>, Error> {
    let Some((to, _)) = contact(conn, id).await? else { return Ok(None) };
    let number = order(conn, id).await?.number;
    let Frozen { lines, groups } = frozen(conn, id).await?;
    let group = groups.into_iter().find(|g| g.coop == scope.coop()).ok_or(Error::NotFound)?;
    let pieces = read::pieces(conn, id).await?;
    let packed = |line: &FrozenLine| pieces.iter().filter(|piece| piece.line == line.id && piece.parcel == Some(fulfilment)).count();
    let inside = lines.iter().map(|line| (line.title.clone(), packed(line))).filter(|(_, pieces)| *pieces > 0);
    Ok(Some(Mail::Shipped(mail::Shipped {
        to,
        fulfilment,
        number,
        cooperative: group.cooperative,
        lines: inside.collect(),
        carrier: carrier.name.clone(),
        tracking: carrier.tracking.clone(),
        tracking_url: carrier.tracking_url.clone(),
    })))
}
