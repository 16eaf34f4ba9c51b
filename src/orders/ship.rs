//! A parcel leaves: the record says so of what is in it, and what was earned with it is released, each piece once.
use std::collections::BTreeMap;

use super::{
    model::{Error, FrozenLine, GroupEvent, GroupState, OrderEvent, Pieces},
    parcels::{self, Contents, Here},
    store::{self, Carrier},
};
use crate::{
    clock::Time,
    db::Tx,
    ids::{FulfilmentId, ItemId, OrderId, OrderLineId},
    ledger::{self, Account, Posting, Source},
    provenance,
    secrets::MasterKey,
    tenancy::Scope,
};

/// Who sends, and in whose name the record is signed.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    pub scope: Scope,
    pub keys: &'a MasterKey,
    pub public_url: &'a str,
}

/// Sends pieces of the cooperative's group that are still here. The earnings of these pieces become available with them:
/// `coop_pending → coop_available`, `premium_pending → premium_fund`; with the first parcel also `shipping_payable → coop_available`,
/// since whoever sends has the courier to pay from then on.
///
/// # Errors
/// [`Error::NotToShip`] unless something of the group is to be sent; [`Error::OnHold`] while it is disputed; [`Error::Invalid`] names what is not here.
pub async fn ship(tx: &mut Tx, now: Time, by: Sender<'_>, order: OrderId, carrier: &Carrier, contents: &Contents) -> Result<FulfilmentId, Error> {
    let head = super::lock(tx, order).await?;
    let (group, state) = store::lock_group(tx, by.scope, order).await?.ok_or(Error::NotFound)?;
    if !state.sends() {
        return Err(Error::NotToShip(state));
    }
    if head.on_hold {
        return Err(Error::OnHold);
    }
    let frozen = super::frozen_of(tx, &head).await?;
    let lines: Vec<&FrozenLine> = frozen.lines.iter().filter(|l| l.group == group).collect();
    let here = here(tx, &lines).await?;
    let items = parcels::choose(&lines, &here, contents).map_err(Error::Invalid)?;
    let fulfilment = store::insert_fulfilment(tx, now, by.scope, group, carrier, &items).await?;
    let issuer = provenance::issuer(tx, by.public_url, by.scope).await?;
    let ids: Vec<ItemId> = items.iter().map(|(_, item)| *item).collect();
    provenance::ship(tx, now, by.keys, &issuer, &ids, &carrier.name, &head.country).await?;
    let packed = counted(&items);
    for (line, pieces) in &packed {
        store::add_shipped(tx, by.scope, *line, *pieces).await?;
    }
    let left = lines.iter().map(|l| l.to_ship()).sum::<i32>() - packed.values().sum::<i32>();
    let event = if left == 0 { GroupEvent::ShipLast } else { GroupEvent::ShipSome };
    let to = state.apply(event).map_err(|(state, _)| Error::NotToShip(state))?;
    store::move_group(tx, now, by.scope, group, to).await?;
    if store::unshipped_groups(tx, order).await? == 0 {
        super::step(tx, now, order, OrderEvent::ShipAll, "shipped", None).await?;
    }
    let mut postings: Vec<Posting> = lines.iter().flat_map(|l| released(l, packed.get(&l.id).copied().unwrap_or(0))).collect();
    if let Some(of) = frozen.groups.iter().find(|g| g.id == group && state == GroupState::ToShip) {
        let (owed, available) = (Account::ShippingPayable(of.coop), Account::CoopAvailable(of.coop));
        postings.push(Posting::new(owed, available, of.shipping_own, format!("group:{group}/shipping")));
    }
    let source = Source { kind_of: "fulfilment", id: fulfilment.uuid(), kind: "released", group: head.number, occurred_at: now };
    ledger::post(tx, now, &source, &postings).await?;
    Ok(fulfilment)
}

async fn here(tx: &mut Tx, lines: &[&FrozenLine]) -> Result<Vec<Here>, Error> {
    let ids: Vec<OrderLineId> = lines.iter().map(|l| l.id).collect();
    let piece = |i: provenance::OfLine| Here { line: i.line, item: i.item, code: i.code, state: i.state };
    Ok(provenance::items_of(tx, &ids).await?.into_iter().map(piece).collect())
}

fn counted(items: &[(OrderLineId, ItemId)]) -> BTreeMap<OrderLineId, i32> {
    let mut packed = BTreeMap::new();
    for (line, _) in items {
        *packed.entry(*line).or_insert(0) += 1;
    }
    packed
}

/// What `pieces` of a line earned. Stock that the brand owns earns its cooperative nothing a second time.
fn released(line: &FrozenLine, pieces: i32) -> Vec<Posting> {
    if line.brand_owned || pieces == 0 {
        return Vec::new();
    }
    let leg = |what: &str| format!("line:{}/{what}", line.id);
    let part = |money| line.part(Pieces::Leaving, pieces, money);
    let (pending, available) = (Account::CoopPending(line.coop), Account::CoopAvailable(line.coop));
    let producer = Posting::new(pending, available, part(line.producer_own), leg("producer")).of_line(line.id);
    let (pending, fund) = (Account::PremiumPending(line.coop), Account::PremiumFund(line.coop));
    let premium = Posting::new(pending, fund, part(line.premium_own), leg("premium")).of_line(line.id);
    vec![producer, premium]
}
