//! What goes into a parcel. Pure.
use super::model::FrozenLine;
use crate::{
    ids::{ItemId, OrderLineId},
    problem::FieldError,
    provenance::ItemState,
};

/// What a sender says is in a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// All that is still here.
    Rest,
    These(Vec<Packed>),
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packed {
    /// Any that many pieces of a line.
    Pieces { line: OrderLineId, quantity: i32 },
    /// The piece with this code.
    Piece { code: String },
}

/// A piece of an order's line.
#[derive(Clone, Debug)]
pub struct Here {
    pub line: OrderLineId,
    pub item: ItemId,
    pub code: String,
    pub state: ItemState,
}

/// The pieces that leave: those named by code, then, for lines, the first that nobody named.
///
/// # Errors
/// Each entry that names what is not of this group, not here any more, or more than there is.
pub fn choose(lines: &[&FrozenLine], pieces: &[Here], contents: &Contents) -> Result<Vec<(OrderLineId, ItemId)>, Vec<FieldError>> {
    let here: Vec<&Here> = pieces.iter().filter(|p| p.state == ItemState::Sold).collect();
    let packed = match contents {
        Contents::Rest => return Ok(here.iter().map(|p| (p.line, p.item)).collect()),
        Contents::These(packed) => packed,
    };
    let mut chosen: Vec<(OrderLineId, ItemId)> = Vec::new();
    let mut errors = Vec::new();
    if packed.is_empty() {
        errors.push(FieldError::new("/items", "length", "at least one; leave it out to send all that is left"));
    }
    for (at, code) in packed.iter().enumerate().filter_map(|(at, p)| if let Packed::Piece { code } = p { Some((at, code)) } else { None }) {
        let pointer = format!("/items/{at}/item");
        match pieces.iter().find(|p| p.code == *code) {
            None => errors.push(FieldError::new(pointer, "unknown", "a piece of this order that this cooperative sends")),
            Some(piece) if piece.state != ItemState::Sold => {
                errors.push(FieldError::new(pointer, "not_here", format!("it is {}", piece.state)));
            }
            Some(piece) if chosen.iter().any(|(_, item)| *item == piece.item) => {
                errors.push(FieldError::new(pointer, "duplicate", "each piece once"))
            }
            Some(piece) => chosen.push((piece.line, piece.item)),
        }
    }
    for (at, line, quantity) in
        packed.iter().enumerate().filter_map(|(at, p)| if let Packed::Pieces { line, quantity } = p { Some((at, *line, *quantity)) } else { None })
    {
        if !lines.iter().any(|l| l.id == line) {
            errors.push(FieldError::new(format!("/items/{at}/line"), "unknown", "a line of this order that this cooperative sends"));
            continue;
        }
        let free: Vec<_> = here.iter().filter(|p| p.line == line && !chosen.iter().any(|(_, item)| *item == p.item)).collect();
        match usize::try_from(quantity) {
            Ok(wanted @ 1..) if wanted <= free.len() => chosen.extend(free.iter().take(wanted).map(|p| (p.line, p.item))),
            _ if free.is_empty() => {
                errors.push(FieldError::new(format!("/items/{at}/quantity"), "not_here", "all of this line was sent, given back, or named before"));
            }
            _ => errors.push(FieldError::new(format!("/items/{at}/quantity"), "out_of_range", format!("1 to {}, not {quantity}", free.len()))),
        }
    }
    if errors.is_empty() { Ok(chosen) } else { Err(errors) }
}
