//! A parcel leaves: the record says so, and what was earned is released, once per group.
use super::{
    model::{Error, GroupState, OrderEvent},
    store::{self, Carrier},
};
use crate::{
    clock::Time,
    db::Tx,
    ids::{FulfilmentId, ItemId, OrderId},
    ledger::{self, Account, Posting, Source},
    money::cumulative_part,
    provenance::{self, ItemState},
    secrets::MasterKey,
    tenancy::Scope,
};

/// Sends every piece of the cooperative's group that is still here. The group's earnings become available with it:
/// `coop_pending → coop_available`, `premium_pending → premium_fund`, `shipping_payable → coop_available`.
///
/// # Errors
/// [`Error::NotToShip`] unless the group is paid and has not shipped: sending twice releases once.
pub async fn ship(
    tx: &mut Tx,
    now: Time,
    keys: &MasterKey,
    public_url: &str,
    scope: Scope,
    order: OrderId,
    carrier: &Carrier,
) -> Result<FulfilmentId, Error> {
    let head = super::lock(tx, order).await?;
    let (group, state) = store::lock_group(tx, scope, order).await?.ok_or(Error::NotFound)?;
    if state != GroupState::ToShip {
        return Err(Error::NotToShip(state));
    }
    let frozen = super::frozen(tx, order).await?;
    let lines: Vec<_> = frozen.lines.iter().filter(|l| l.group == group).collect();
    let mut items: Vec<ItemId> = Vec::new();
    for line in &lines {
        let here = provenance::items_of(tx, line.id).await?.into_iter().filter(|(_, _, state)| *state == ItemState::Sold);
        items.extend(here.map(|(id, _, _)| id));
    }
    let fulfilment = store::insert_fulfilment(tx, now, scope, group, carrier, &items).await?;
    let issuer = provenance::issuer(tx, public_url, scope).await?;
    provenance::ship(tx, now, keys, &issuer, &items, &carrier.name, &head.country).await?;
    store::move_group(tx, now, scope, group, GroupState::Shipped).await?;
    if store::unshipped_groups(tx, order).await? == 0 {
        super::step(tx, now, order, OrderEvent::ShipAll, "shipped", None).await?;
    }
    let mut postings = Vec::new();
    for line in lines.iter().filter(|l| !l.brand_owned) {
        // What was refunded before is no longer pending, and so not released.
        let kept = i64::from(line.quantity - line.refunded_quantity);
        let part = |money: crate::money::Money| {
            crate::money::Money::new(
                money.minor - cumulative_part(money.minor, i64::from(line.quantity), 0, i64::from(line.quantity) - kept),
                money.currency,
            )
        };
        let leg = |what: &str| format!("line:{}/{what}", line.id);
        let (pending, available) = (Account::CoopPending(line.coop), Account::CoopAvailable(line.coop));
        postings.push(Posting::new(pending, available, part(line.producer_own), leg("producer")).of_line(line.id));
        let (pending, fund) = (Account::PremiumPending(line.coop), Account::PremiumFund(line.coop));
        postings.push(Posting::new(pending, fund, part(line.premium_own), leg("premium")).of_line(line.id));
    }
    if let Some(of) = frozen.groups.iter().find(|g| g.id == group) {
        let (owed, available) = (Account::ShippingPayable(of.coop), Account::CoopAvailable(of.coop));
        postings.push(Posting::new(owed, available, of.shipping_own, format!("group:{group}/shipping")));
    }
    let source = Source { kind_of: "order_group", id: group.uuid(), kind: "released", group: head.number, occurred_at: now };
    ledger::post(tx, now, &source, &postings).await?;
    Ok(fulfilment)
}
