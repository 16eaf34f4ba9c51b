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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Time,
        ids::{CoopId, OrderGroupId, VariantId},
        money::{Currency, Money},
        orders::model::{Fx, Pieces},
    };
    use proptest::prelude::*;

    fn line(quantity: i32, minor: i64) -> FrozenLine {
        let (eur, inr) = (Money::new(minor, Currency::EUR), Money::new(minor.saturating_mul(93), Currency::INR));
        let day = Time::from_unix(1_795_348_800).unwrap().day();
        FrozenLine {
            id: OrderLineId::new(),
            coop: CoopId::new(),
            group: OrderGroupId::new(),
            variant: VariantId::new(),
            title: "Stole".into(),
            variant_title: String::new(),
            quantity,
            refunded_quantity: 0,
            refunded_here: 0,
            shipped_quantity: 0,
            brand_owned: false,
            made_to_order: false,
            goods: eur,
            tax: eur,
            tax_inclusive: false,
            commission: eur,
            producer: eur,
            premium: eur,
            producer_own: inr,
            premium_own: inr,
            split: None,
            fx: Fx { rate: "93".into(), source: "a test".into(), day },
        }
    }

    /// What has been made of a line's amount so far: released, given back before it left, given back after.
    #[derive(Default)]
    struct Made {
        released: i64,
        here: i64,
        gone: i64,
    }
    impl Made {
        fn step(&mut self, line: &mut FrozenLine, of: Pieces, count: i32) {
            let most = if of == Pieces::Gone { line.kept_by_buyer() } else { line.to_ship() };
            let count = count.min(most);
            if count == 0 {
                return;
            }
            let part = line.part(of, count, line.producer_own).minor;
            assert!(part >= 0);
            match of {
                Pieces::Leaving => (self.released, line.shipped_quantity) = (self.released + part, line.shipped_quantity + count),
                Pieces::Here => {
                    self.here += part;
                    line.refunded_here += count;
                    line.refunded_quantity += count;
                }
                Pieces::Gone => (self.gone, line.refunded_quantity) = (self.gone + part, line.refunded_quantity + count),
            }
        }
    }

    proptest! {
        /// Parcels and refunds in any order and size: what was pending is released or given back, all of it and nothing twice, and what is
        /// given back of what left is never more than was released.
        #[test]
        fn shares_are_exact_in_whichever_order(
            quantity in 1_i32..40, minor in 0_i64..2_000_000,
            steps in prop::collection::vec((0_u8..3, 1_i32..6), 0..30),
        ) {
            let (mut line, mut made) = (line(quantity, minor), Made::default());
            let whole = line.producer_own.minor;
            for (of, count) in steps {
                let of = [Pieces::Leaving, Pieces::Here, Pieces::Gone][usize::from(of)];
                made.step(&mut line, of, count);
                prop_assert!(made.released + made.here <= whole && made.gone <= made.released);
            }
            let rest = line.to_ship();
            made.step(&mut line, Pieces::Leaving, rest);
            prop_assert_eq!(made.released + made.here, whole);
            let kept = line.kept_by_buyer();
            made.step(&mut line, Pieces::Gone, kept);
            prop_assert_eq!(made.here + made.gone, whole);
        }
    }

    /// The harness would see an amount that is divided afresh for each parcel: thirds of 100 are not 100.
    #[test]
    fn control_equal_shares_are_not_exact() {
        let line = line(3, 100);
        let each = line.producer.minor / 3;
        assert_ne!(each * 3, line.producer.minor);
    }

    #[test]
    fn what_is_named_leaves_and_what_is_not_here_does_not() {
        let line = line(3, 100);
        let piece = |code: &str, state| Here { line: line.id, item: ItemId::new(), code: code.into(), state };
        let pieces = [piece("a", ItemState::Sold), piece("b", ItemState::Shipped), piece("c", ItemState::Sold)];
        let code = |code: &str| Packed::Piece { code: code.into() };
        let some = |quantity| Packed::Pieces { line: line.id, quantity };
        let lines = [&line];
        let chosen =
            |packed: Vec<Packed>| choose(&lines, &pieces, &Contents::These(packed)).map(|c| c.iter().map(|(_, item)| *item).collect::<Vec<_>>());
        assert_eq!(choose(&lines, &pieces, &Contents::Rest).unwrap().len(), 2);
        // A line's pieces are taken from those that no code names, in whichever order they stand.
        assert_eq!(chosen(vec![some(1), code("a")]).unwrap(), [pieces[0].item, pieces[2].item]);
        let refused = |packed| chosen(packed).unwrap_err().into_iter().map(|e| (e.pointer, e.code)).collect::<Vec<_>>();
        assert_eq!(refused(vec![code("a"), some(2)]), [("/items/1/quantity".to_owned(), "out_of_range".into())]);
        assert_eq!(refused(vec![some(2), some(1)]), [("/items/1/quantity".to_owned(), "not_here".into())]);
        assert_eq!(
            refused(vec![code("b"), some(0)]),
            [("/items/0/item".to_owned(), "not_here".into()), ("/items/1/quantity".to_owned(), "out_of_range".into())]
        );
    }
}
