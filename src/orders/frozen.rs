//! An order as it was frozen when it was placed, and what of it belongs to which of its pieces. Pure.
use super::model::GroupState;
use crate::{
    catalog::{self, price},
    ids::{CoopId, OrderGroupId, OrderLineId, VariantId},
    money::{Money, cumulative_part},
    provenance,
};

/// A line as it was frozen; amounts for the whole quantity.
#[derive(Clone, Debug)]
pub struct FrozenLine {
    pub id: OrderLineId,
    pub coop: CoopId,
    pub group: OrderGroupId,
    pub variant: VariantId,
    pub title: String,
    pub variant_title: String,
    pub quantity: i32,
    pub refunded_quantity: i32,
    /// Of those given back, the ones that had not left.
    pub refunded_here: i32,
    pub shipped_quantity: i32,
    pub brand_owned: bool,
    pub made_to_order: bool,
    pub goods: Money,
    pub tax: Money,
    pub tax_inclusive: bool,
    pub commission: Money,
    pub producer: Money,
    pub premium: Money,
    pub producer_own: Money,
    pub premium_own: Money,
    pub split: Option<catalog::price::Split>,
    pub fx: Fx,
}
/// The dated rate a line was converted at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fx {
    pub rate: String,
    pub source: String,
    pub day: crate::clock::Day,
}
/// Pieces of a line that something happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pieces {
    /// They leave now.
    Leaving,
    /// They are given back before they left.
    Here,
    /// They are given back after they left.
    Gone,
}
impl FrozenLine {
    /// Pieces that are here and will leave.
    pub const fn to_ship(&self) -> i32 {
        self.quantity - self.shipped_quantity - self.refunded_here
    }
    /// Pieces that left and were not given back.
    pub const fn kept_by_buyer(&self) -> i32 {
        self.shipped_quantity - self.refunded_gone()
    }
    pub const fn refunded_gone(&self) -> i32 {
        self.refunded_quantity - self.refunded_here
    }
    /// What belongs to the next `count` such pieces. A line's pieces have fixed shares by position: what never leaves is taken from the
    /// front, what leaves from the back, and what is given back after it left from the back again; so whatever comes in whichever order,
    /// each piece is released or given back once, and all of them are the line to the last minor unit.
    pub fn part(&self, of: Pieces, count: i32, money: Money) -> Money {
        let before = match of {
            Pieces::Here => self.refunded_here,
            Pieces::Leaving => self.quantity - self.shipped_quantity - count,
            Pieces::Gone => self.quantity - self.refunded_gone() - count,
        };
        Money::new(cumulative_part(money.minor, self.quantity.into(), before.into(), count.into()), money.currency)
    }
    /// What belongs to the pieces that left.
    pub fn sent(&self, money: Money) -> Money {
        Money::new(price::sent_share(money.minor, self.quantity, self.shipped_quantity), money.currency)
    }
    /// What belongs to the pieces that were given back, before they left or after.
    pub fn given_back(&self, money: Money) -> Money {
        let (whole, gone) = (i64::from(self.quantity), i64::from(self.refunded_gone()));
        let here = cumulative_part(money.minor, whole, 0, self.refunded_here.into());
        Money::new(here + cumulative_part(money.minor, whole, whole - gone, gone), money.currency)
    }
    /// What provenance is told when the line is paid.
    pub fn sale(&self) -> provenance::Sale {
        let quantity = u32::try_from(self.quantity).unwrap_or(0);
        let batch = provenance::NewBatch { variant: self.variant, quantity, title: self.title.clone(), category: None, craft: None };
        provenance::Sale { line: self.id, quantity, batch }
    }
}
#[derive(Clone, Debug)]
pub struct FrozenGroup {
    pub id: OrderGroupId,
    pub coop: CoopId,
    pub cooperative: String,
    pub state: GroupState,
    pub delivery: String,
    pub shipping: Money,
    pub shipping_tax: Money,
    pub shipping_own: Money,
    pub shipping_refunded: bool,
}
#[derive(Clone, Debug)]
pub struct Frozen {
    pub lines: Vec<FrozenLine>,
    pub groups: Vec<FrozenGroup>,
}
