//! Item records: what happened to each piece, signed by its cooperative, chained, and verifiable by anyone offline.
//!
//! - Whatever is sold is a serial item with a code; its first leaf names its batch and commits to its claim code.
//! - A chain has no gap: sequence and hash of the last leaf are taken under the item's row lock, in the transaction that causes the event.
//! - A leaf holds nothing personal; leaves are never changed or deleted.
//! - Facts come as values from those who hold them; nothing here invents who made what.
mod bulk;
pub mod bundle;
pub mod claims;
pub mod credentials;
pub mod http;
mod lists;
mod minting;
pub mod model;
mod page;
mod people;
pub mod pieces;
mod price;
mod read;
mod store;
mod view;

pub use bulk::create_batches;
pub use model::{Allocated, Error, Issuer, ItemState, NewBatch, OfLine, Registered, Sale, Subject};

use passport::{
    ChainKind, Country, Draft, Event, EventId, Evidence, ItemCode, ItemUri, SignedLeaf, SigningKey, Tip,
    facts::{Created, Made, Packed, Paid, SaleUndone, Shipped, Sold, Step, UndoneReason},
};

use crate::{
    clock::{Day, Time},
    db::{Conn, DbError, Tx},
    ids::{BatchId, ItemId, OrderLineId},
    secrets::{MasterKey, random},
    tenancy::Scope,
};
use model::text;
use people::Personal;
use store::Chain;

/// Whether the master key is the one this database was written with; nothing if nothing was sealed yet.
pub async fn keys_open(conn: &mut Conn, keys: &MasterKey) -> Result<Option<bool>, DbError> {
    store::keys_open(conn, keys).await
}

/// Who signs for this cooperative. `public_url` is ours; a cooperative may have an address of its own for its tags.
pub async fn issuer(conn: &mut Conn, public_url: &str, scope: Scope) -> Result<Issuer, Error> {
    let (slug, name, base) = store::cooperative(conn, scope).await?;
    Ok(Issuer { scope, did: model::did(public_url, &slug).parse()?, name: text(&name)?, base: base.unwrap_or_else(|| format!("{public_url}/i")) })
}

/// The pen in hand for one transaction: the issuer and its key.
struct Writer<'a> {
    now: Time,
    issuer: &'a Issuer,
    key: SigningKey,
    event: EventId,
    event_uuid: uuid::Uuid,
}

impl<'a> Writer<'a> {
    async fn new(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &'a Issuer) -> Result<Self, Error> {
        let key = store::signing_key(tx, now, keys, issuer).await?;
        let event_uuid = crate::ids::new_uuid();
        let event = EventId::try_from(event_uuid.to_string())?;
        Ok(Self { now, issuer, key, event, event_uuid })
    }
    fn day(&self) -> Result<passport::Day, Error> {
        Ok(self.now.day().to_string().parse()?)
    }
    /// Adds one event to a chain that is locked.
    async fn append(&self, tx: &mut Tx, chain: &mut Chain, evidence: Evidence, event: Event) -> Result<(), Error> {
        self.append_on(tx, chain, self.now.day(), evidence, event, &[]).await
    }
    /// The same for a day that was given, with what the leaf hides of people.
    async fn append_on(&self, tx: &mut Tx, chain: &mut Chain, day: Day, evidence: Evidence, event: Event, hidden: &[Personal]) -> Result<(), Error> {
        let leaf = self.seal(chain, day, evidence, event, hidden)?;
        store::insert_leaf(tx, self.now, self.issuer.scope, chain, self.event_uuid, &leaf).await?;
        if !hidden.is_empty() {
            people::keep(tx, self.issuer.scope, chain.id, i32::try_from(leaf.leaf.seq()).unwrap_or(i32::MAX), hidden).await?;
        }
        Ok(())
    }
    /// The chain's next record, which is yet to be written down.
    fn seal(&self, chain: &mut Chain, day: Day, evidence: Evidence, event: Event, hidden: &[Personal]) -> Result<SignedLeaf, Error> {
        let day: passport::Day = day.to_string().parse()?;
        // A clock that went back must not stop a sale: the chain's own last day is the earliest it can be.
        let day = chain.tip.as_ref().map_or(day, |tip| tip.day.max(day));
        let seq = chain.tip.as_ref().map_or(Ok(0), Tip::next_seq)?;
        let sd = people::digests(&chain.uri, seq, hidden)?;
        let draft = Draft { item: chain.uri.clone(), day, evidence, event, event_id: Some(self.event.clone()), sd };
        let leaf = draft.seal(chain.tip.as_ref(), &self.key)?;
        chain.tip = Some(Tip::of(&leaf.leaf, chain.kind()));
        Ok(leaf)
    }
}

/// Pieces enter the record: `created` only, since whoever says how many there are has not said who made them.
pub async fn create_batch(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, new: &NewBatch) -> Result<BatchId, Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    Ok(batch(tx, &writer, new, now.day()).await?.0)
}

async fn batch(tx: &mut Tx, writer: &Writer<'_>, new: &NewBatch, day: Day) -> Result<(BatchId, Chain), Error> {
    let code = ItemCode::from_random(random());
    let id = store::insert_batch(tx, writer.now, writer.issuer.scope, new, &code).await?;
    let mut chain = Chain { subject: Subject::Batch, id: id.uuid(), uri: ItemUri::new(&writer.issuer.base, &code)?, tip: None };
    let facts = Created {
        title: text(&new.title)?,
        category: new.category.as_deref().filter(|c| !c.trim().is_empty()).map(text).transpose()?,
        craft: new.craft.as_deref().map(text).transpose()?,
        quantity: new.quantity,
        photos: Vec::new(),
    };
    writer.append_on(tx, &mut chain, day, Evidence::Cooperative, Event::Created(facts), &[]).await?;
    Ok((id, chain))
}

/// Work on a batch, as its register has it: how many people and which steps; who they are is behind digests under their own keys.
pub async fn made(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, batch: BatchId, work: &Registered) -> Result<(), Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    let mut chain = store::lock_batch(tx, issuer.scope, batch).await?.ok_or(Error::NotFound)?;
    let steps = work.steps.iter().map(|(step, minutes)| Ok(Step { technique: text(step)?, minutes: *minutes })).collect::<Result<_, Error>>()?;
    let facts = Made { makers: work.makers, craft: None, steps, materials: Vec::new(), place: None, photos: Vec::new() };
    let hidden = people::of(tx, keys, issuer.scope, &work.named).await?;
    writer.append_on(tx, &mut chain, now.day(), Evidence::Cooperative, Event::Made(facts), &hidden).await
}

/// Gives an order line its pieces: tagged ones first, then new ones from the oldest batches, then from a batch made for the sale.
pub async fn allocate(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, sale: &Sale) -> Result<Vec<Allocated>, Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    let mut allocated = Vec::new();
    for item in store::lock_in_stock(tx, issuer.scope, sale.batch.variant, i64::from(sale.quantity)).await? {
        allocated.push(sell(tx, &writer, item, sale.line).await?);
    }
    while allocated.len() < sale.quantity as usize {
        let missing = sale.quantity - u32::try_from(allocated.len()).unwrap_or(sale.quantity);
        let (id, chain, next, left) = match store::lock_batch_with_pieces(tx, issuer.scope, sale.batch.variant).await? {
            Some(found) => found,
            None => {
                let (id, chain) = batch(tx, &writer, &NewBatch { quantity: missing, ..sale.batch.clone() }, now.day()).await?;
                (id, chain, 1, missing)
            }
        };
        let from = minting::From { variant: sale.batch.variant, batch: id, chain: &chain };
        let mut pieces = minting::seal(&writer, keys, &from, next..next + left.min(missing))?;
        for piece in &mut pieces {
            piece.sell(&writer, sale.line)?;
        }
        minting::insert(tx, &writer, id, &pieces).await?;
        allocated.extend(pieces.iter().map(minting::Piece::allocated));
    }
    Ok(allocated)
}

async fn sell(tx: &mut Tx, writer: &Writer<'_>, (id, mut chain): (ItemId, Chain), line: OrderLineId) -> Result<Allocated, Error> {
    store::set_item(tx, writer.issuer.scope, id, ItemState::Sold, Some(line)).await?;
    // The sale is a fact of the books, not of anybody's word.
    writer.append(tx, &mut chain, Evidence::Ledger, Event::Sold(Sold {})).await?;
    Ok(Allocated { id, code: chain.uri.code() })
}

/// Packed and handed to a carrier.
pub async fn ship(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, items: &[ItemId], carrier: &str, country: &str) -> Result<(), Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    let facts = Shipped { carrier: Some(text(carrier)?), destination: Country::try_from(country.to_owned()).ok() };
    for id in items {
        let mut chain = store::lock_item(tx, issuer.scope, *id).await?.ok_or(Error::NotFound)?;
        writer.append(tx, &mut chain, Evidence::Cooperative, Event::Packed(Packed {})).await?;
        writer.append(tx, &mut chain, Evidence::Cooperative, Event::Shipped(facts.clone())).await?;
        store::move_item(tx, issuer.scope, *id, ItemState::Shipped).await?;
    }
    Ok(())
}

/// The newest sale of these pieces no longer holds. A piece that never left is for sale again; of one that left it is not said that it
/// came back: whoever has it in hand says that, by [`take_back`].
pub async fn undo_sale(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, items: &[ItemId], reason: UndoneReason) -> Result<(), Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    for id in items {
        let mut chain = store::lock_item(tx, issuer.scope, *id).await?.ok_or(Error::NotFound)?;
        writer.append(tx, &mut chain, Evidence::Ledger, Event::SaleUndone(SaleUndone { reason })).await?;
        store::unsell_item(tx, issuer.scope, *id).await?;
    }
    Ok(())
}

/// Pieces that had left are in their cooperative's hands again; with `restock` they are for sale, and belong to no order.
pub async fn take_back(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, items: &[ItemId], restock: bool) -> Result<(), Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    for id in items {
        let mut chain = store::lock_item(tx, issuer.scope, *id).await?.ok_or(Error::NotFound)?;
        if store::state_of(tx, issuer.scope, *id).await? != ItemState::Returned {
            writer.append(tx, &mut chain, Evidence::Cooperative, Event::SaleUndone(SaleUndone { reason: UndoneReason::Returned })).await?;
            store::move_item(tx, issuer.scope, *id, ItemState::Returned).await?;
        }
        if restock {
            store::set_item(tx, issuer.scope, *id, ItemState::InStock, None).await?;
        }
    }
    Ok(())
}

/// Money arrived: a settled payout reached `makers` of these pieces' makers. Said once of each sale of a piece, however many payouts tried.
pub async fn paid(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer, items: &[ItemId], makers: u32) -> Result<(), Error> {
    let writer = Writer::new(tx, now, keys, issuer).await?;
    for id in items {
        let mut chain = store::lock_item(tx, issuer.scope, *id).await?.ok_or(Error::NotFound)?;
        if !store::was_paid(tx, &chain).await? {
            writer.append(tx, &mut chain, Evidence::Ledger, Event::Paid(Paid { makers, share_of_price: None })).await?;
        }
    }
    Ok(())
}

/// The pieces of order lines, in the order they were allocated.
pub async fn items_of(conn: &mut Conn, lines: &[OrderLineId]) -> Result<Vec<OfLine>, DbError> {
    store::items_of(conn, lines).await
}

impl Chain {
    fn kind(&self) -> ChainKind {
        match self.subject {
            Subject::Item => ChainKind::Item,
            Subject::Batch => ChainKind::Batch,
        }
    }
}
