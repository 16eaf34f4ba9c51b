//! What a buyer sent back is in its cooperative's hands again. Whether she gets her money is decided elsewhere, before or after.
use super::{
    model::{Error, FrozenLine},
    ship::Sender,
    store,
};
use crate::{
    catalog::stock,
    clock::Time,
    db::Tx,
    ids::{ItemId, OrderId, OrderLineId},
    ledger::{self, Account},
    problem::FieldError,
    provenance::{self, ItemState, OfLine},
};

/// Takes back pieces of the cooperative's part of an order, by their codes. With `restock` they go on the shelf again.
///
/// # Errors
/// [`Error::Invalid`] names each code that is not a piece that had left, and each that cannot be sold again: one whose buyer still has a
/// right to it, or one whose loss the platform bore, by a refund or to the buyer's bank, since its cooperative was paid for it and would be paid twice.
pub async fn take_back(tx: &mut Tx, now: Time, by: Sender<'_>, order: OrderId, codes: &[String], restock: bool) -> Result<(), Error> {
    let head = super::lock(tx, order).await?;
    let (group, _) = store::lock_group(tx, by.scope, order).await?.ok_or(Error::NotFound)?;
    let frozen = super::frozen_of(tx, &head).await?;
    let lines: Vec<&FrozenLine> = frozen.lines.iter().filter(|l| l.group == group).collect();
    let pieces = provenance::items_of(tx, &lines.iter().map(|l| l.id).collect::<Vec<_>>()).await?;
    let found = find(&pieces, codes, restock).map_err(Error::Invalid)?;
    let items: Vec<ItemId> = found.iter().map(|piece| piece.item).collect();
    if restock {
        check_restock(tx, &lines, &pieces, &found).await?;
    }
    let issuer = provenance::issuer(tx, by.public_url, by.scope).await?;
    provenance::take_back(tx, now, by.keys, &issuer, &items, restock).await?;
    if restock {
        for line in lines {
            let quantity = i32::try_from(found.iter().filter(|piece| piece.line == line.id).count()).unwrap_or(0);
            stock::put_back(tx, stock::Want { coop: line.coop, variant: line.variant, quantity }).await?;
        }
    }
    Ok(())
}

fn wrong(at: usize, code: &'static str, message: impl Into<String>) -> FieldError {
    FieldError::new(format!("/items/{at}"), code, message.into())
}

fn find<'a>(pieces: &'a [OfLine], codes: &[String], restock: bool) -> Result<Vec<&'a OfLine>, Vec<FieldError>> {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for (at, code) in codes.iter().enumerate() {
        match pieces.iter().find(|piece| piece.code == *code) {
            None => errors.push(wrong(at, "unknown", "a piece of this order that this cooperative sent")),
            Some(_) if codes[..at].contains(code) => errors.push(wrong(at, "duplicate", "each piece once")),
            Some(piece) => match piece.state {
                ItemState::Shipped | ItemState::Refunded => found.push(piece),
                ItemState::Returned if restock => found.push(piece),
                state => errors.push(wrong(at, "not_away", format!("it is {state}"))),
            },
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

async fn check_restock(tx: &mut Tx, lines: &[&FrozenLine], pieces: &[OfLine], found: &[&OfLine]) -> Result<(), Error> {
    for line in lines.iter().filter(|l| found.iter().any(|piece| piece.line == l.id)) {
        let at = found.iter().position(|piece| piece.line == line.id).unwrap_or(0);
        if back(line, pieces, found) > line.refunded_gone() {
            return Err(Error::Invalid(vec![wrong(at, "not_refunded", "its buyer has not had her money back: it is hers")]));
        }
        if platform_bore(tx, line.id).await? {
            return Err(Error::Invalid(vec![wrong(at, "paid_for", "the platform bore its refund, so its cooperative was paid for it already")]));
        }
    }
    Ok(())
}

/// Pieces of a line that left and are not with their buyer any more, once those found have come back.
fn back(line: &FrozenLine, pieces: &[OfLine], found: &[&OfLine]) -> i32 {
    let away = |piece: &&OfLine| piece.line == line.id && piece.state == ItemState::Shipped && !found.iter().any(|f| f.item == piece.item);
    line.shipped_quantity - i32::try_from(pieces.iter().filter(away).count()).unwrap_or(0)
}

async fn platform_bore(tx: &mut Tx, line: OrderLineId) -> Result<bool, Error> {
    let lost = [Account::RefundLosses.name(), Account::DisputeLosses.name()];
    Ok(ledger::transfers_of_line(tx, line).await?.iter().any(|t| lost.contains(&t.debit) && t.leg.ends_with("/producer_loss")))
}
