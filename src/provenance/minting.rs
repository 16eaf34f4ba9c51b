//! Serial items out of their batch: sealed first, then written in four statements, however many they are and whatever befell them.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use passport::{
    ClaimCode, Event, Evidence, ItemCode, ItemUri, SignedLeaf,
    facts::{Minted, Sold},
};

use super::{
    Writer,
    model::{Allocated, Error, ItemState, Subject},
    store::{self, Chain},
};
use crate::{
    db::{DbError, PlanOnce, Tx},
    ids::{BatchId, ItemId, OrderLineId, VariantId},
    schema::{batches, items},
    secrets::{MasterKey, random},
};

/// The batch that pieces come from, under its row's lock.
pub(super) struct From<'a> {
    pub variant: VariantId,
    pub batch: BatchId,
    pub chain: &'a Chain,
}

/// A piece that is not in the database yet.
pub(super) struct Piece {
    id: ItemId,
    variant: VariantId,
    batch: BatchId,
    claim: [u8; 32],
    sealed: Vec<u8>,
    line: Option<OrderLineId>,
    chain: Chain,
    leaves: Vec<SignedLeaf>,
}

/// A piece for each serial number; its first leaf names the batch's head and commits to its claim code.
pub(super) fn seal(writer: &Writer<'_>, keys: &MasterKey, from: &From<'_>, serials: std::ops::Range<u32>) -> Result<Vec<Piece>, Error> {
    let batch_head = from.chain.tip.as_ref().ok_or_else(|| Error::Corrupt("a batch without a record".into()))?.hash;
    let piece = |serial| {
        let (id, code, claim) = (ItemId::new(), ItemCode::from_random(random()), ClaimCode::from_random(random()));
        let mut chain = Chain { subject: Subject::Item, id: id.uuid(), uri: ItemUri::new(&writer.issuer.base, &code)?, tip: None };
        let facts = Minted { batch: from.chain.uri.clone(), batch_head, serial, claim: claim.digest() };
        let first = writer.seal(&mut chain, writer.now.day(), Evidence::Cooperative, Event::Minted(facts), &[])?;
        let sealed = keys.seal(&format!("items/{id}"), claim.to_string().as_bytes());
        let claim = *claim.digest().as_bytes();
        Ok(Piece { id, variant: from.variant, batch: from.batch, claim, sealed, line: None, chain, leaves: vec![first] })
    };
    serials.map(piece).collect()
}

impl Piece {
    /// The sale is a fact of the books, not of anybody's word.
    pub fn sell(&mut self, writer: &Writer<'_>, line: OrderLineId) -> Result<(), Error> {
        self.leaves.push(writer.seal(&mut self.chain, writer.now.day(), Evidence::Ledger, Event::Sold(Sold {}), &[])?);
        self.line = Some(line);
        Ok(())
    }
    pub fn allocated(&self) -> Allocated {
        Allocated { id: self.id, code: self.chain.uri.code() }
    }
}

/// Pieces of one batch with all their records.
pub(super) async fn insert(tx: &mut Tx, writer: &Writer<'_>, batch: BatchId, pieces: &[Piece]) -> Result<(), Error> {
    let coop = writer.issuer.scope.coop();
    let minted = i32::try_from(pieces.len()).map_err(|_| Error::Corrupt("more pieces than a batch can have".into()))?;
    insert_items(tx, writer, pieces).await?;
    let taken = batches::minted.eq(batches::minted + minted);
    diesel::update(batches::table.find((coop, batch))).set(taken).plan_once().execute(tx).await?;
    let leaves: Vec<_> = pieces.iter().flat_map(|piece| piece.leaves.iter().map(|leaf| (&piece.chain, leaf))).collect();
    store::insert_leaves(tx, writer.now, writer.issuer.scope, writer.event_uuid, &leaves).await
}

async fn insert_items(tx: &mut Tx, writer: &Writer<'_>, pieces: &[Piece]) -> Result<(), DbError> {
    let row = |piece: &Piece| {
        let head = piece.leaves.last().map(|last| last.leaf.hash().as_bytes().to_vec());
        let state = if piece.line.is_some() { ItemState::Sold } else { ItemState::InStock };
        (
            (items::coop_id.eq(writer.issuer.scope.coop()), items::id.eq(piece.id), items::variant_id.eq(piece.variant)),
            (items::batch_id.eq(piece.batch), items::code.eq(piece.chain.uri.code().to_string()), items::state.eq(state)),
            (items::claim_digest.eq(piece.claim.to_vec()), items::claim_sealed.eq(piece.sealed.clone()), items::order_line_id.eq(piece.line)),
            (items::next_seq.eq(i32::try_from(piece.leaves.len()).unwrap_or(i32::MAX)), items::head.eq(head)),
            (items::last_day.eq(writer.now.day()), items::created_at.eq(writer.now)),
        )
    };
    let rows: Vec<_> = pieces.iter().map(row).collect();
    diesel::insert_into(items::table).values(rows).plan_once_up_to(pieces.len()).execute(tx).await?;
    Ok(())
}
