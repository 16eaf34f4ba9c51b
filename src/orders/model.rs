//! Carts, orders and their state machines. Pure.
pub use super::{
    address::{Address, is_country, is_email},
    frozen::{Frozen, FrozenGroup, FrozenLine, Fx, Pieces},
};

use crate::{
    catalog::stock,
    clock::Time,
    db::{DbError, Retryable},
    ids::{CartId, CartLineId, CoopId, DeliveryOptionId, OrderGroupId, OrderId, OrderLineId, VariantId},
    ledger,
    money::{Currency, Money, MoneyError},
    problem::FieldError,
    provenance,
};

/// More lines than any basket; each is a lock at checkout.
pub const MAX_LINES: usize = 100;
pub const MAX_QUANTITY: i32 = 999;

text_enum! {
    pub enum OrderState {
        PendingPayment = "pending_payment", PaymentProcessing = "payment_processing", Paid = "paid", Shipped = "shipped",
        Cancelled = "cancelled", Refunded = "refunded",
    }
}
text_enum! {
    /// One cooperative's part of an order.
    pub enum GroupState {
        Pending = "pending", ToShip = "to_ship", PartiallyShipped = "partially_shipped", Shipped = "shipped", Cancelled = "cancelled",
        Refunded = "refunded",
    }
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// The buyer chose a way to pay that takes days.
    Process,
    Pay,
    /// Every group has shipped.
    ShipAll,
    Cancel,
    /// All of it was given back.
    RefundAll,
}

impl OrderState {
    pub const fn apply(self, event: OrderEvent) -> Result<Self, (Self, OrderEvent)> {
        use OrderEvent::{Cancel, Pay, Process, RefundAll, ShipAll};
        match (self, event) {
            (Self::PendingPayment, Process) => Ok(Self::PaymentProcessing),
            (Self::PendingPayment | Self::PaymentProcessing, Pay) => Ok(Self::Paid),
            (Self::PendingPayment | Self::PaymentProcessing, Cancel) => Ok(Self::Cancelled),
            (Self::Paid, ShipAll) => Ok(Self::Shipped),
            (Self::Paid | Self::Shipped, RefundAll) => Ok(Self::Refunded),
            (Self::PendingPayment, ShipAll | RefundAll)
            | (Self::PaymentProcessing, Process | ShipAll | RefundAll)
            | (Self::Paid, Process | Pay | Cancel)
            | (Self::Shipped, Process | Pay | Cancel | ShipAll)
            | (Self::Cancelled | Self::Refunded, _) => Err((self, event)),
        }
    }
}

/// What can happen to one cooperative's part of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupEvent {
    Pay,
    Cancel,
    /// A parcel has left, and something is still here.
    ShipSome,
    /// The last of its pieces has left.
    ShipLast,
    /// All that had not left was given back.
    Refund,
}
impl GroupState {
    pub const fn apply(self, event: GroupEvent) -> Result<Self, (Self, GroupEvent)> {
        use GroupEvent::{Cancel, Pay, Refund, ShipLast, ShipSome};
        match (self, event) {
            (Self::Pending, Pay) => Ok(Self::ToShip),
            (Self::Pending, Cancel) => Ok(Self::Cancelled),
            (Self::ToShip | Self::PartiallyShipped, ShipSome) => Ok(Self::PartiallyShipped),
            (Self::ToShip | Self::PartiallyShipped, ShipLast) | (Self::PartiallyShipped, Refund) => Ok(Self::Shipped),
            (Self::ToShip, Refund) => Ok(Self::Refunded),
            (Self::Pending, ShipSome | ShipLast | Refund)
            | (Self::ToShip | Self::PartiallyShipped, Pay | Cancel)
            | (Self::Shipped | Self::Cancelled | Self::Refunded, _) => Err((self, event)),
        }
    }
    /// Whether something of it is still to be sent.
    pub const fn sends(self) -> bool {
        matches!(self, Self::ToShip | Self::PartiallyShipped)
    }
}

#[derive(Clone, Debug, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::orders)]
pub struct OrderRow {
    pub id: OrderId,
    pub number: String,
    pub token_generation: i32,
    pub state: OrderState,
    pub currency: Currency,
    pub country: String,
    pub locale: String,
    pub total_minor: i64,
    pub refunded_minor: i64,
    pub placed_at: Time,
    pub paid_at: Option<Time>,
    pub on_hold: bool,
}
/// An order's head.
#[derive(Clone, Debug)]
pub struct Order {
    pub id: OrderId,
    pub number: String,
    pub token_generation: i32,
    pub state: OrderState,
    /// Where it goes: also its tax jurisdiction.
    pub country: String,
    /// Of the buyer: her mails are in it.
    pub locale: String,
    pub total: Money,
    pub refunded: Money,
    pub placed_at: Time,
    pub paid_at: Option<Time>,
    /// Its payment is disputed: nothing of it is sent or given back.
    pub on_hold: bool,
}
impl From<OrderRow> for Order {
    fn from(row: OrderRow) -> Self {
        Self {
            id: row.id,
            number: row.number,
            token_generation: row.token_generation,
            state: row.state,
            country: row.country,
            locale: row.locale,
            total: Money::new(row.total_minor, row.currency),
            refunded: Money::new(row.refunded_minor, row.currency),
            placed_at: row.placed_at,
            paid_at: row.paid_at,
            on_hold: row.on_hold,
        }
    }
}

/// What checkout needs of an order it has just placed.
#[derive(Clone, Debug)]
pub struct Placed {
    pub id: OrderId,
    pub number: String,
    pub token_generation: i32,
    pub email: String,
    pub locale: String,
    pub total: Money,
    pub shipping: Money,
    pub duties: Money,
    /// Tax on top; what is inside inclusive prices is not in it.
    pub tax_added: Money,
    pub lines: Vec<PlacedLine>,
}
#[derive(Clone, Debug)]
pub struct PlacedLine {
    pub name: String,
    pub unit: Money,
    pub quantity: u32,
}

/// What a refund gives back of an order.
#[derive(Clone, Debug)]
pub struct GivenBack<'a> {
    /// How many, and how many of them had not left.
    pub lines: &'a [(OrderLineId, i32, i32)],
    /// Groups whose delivery is given back.
    pub shipping: &'a [OrderGroupId],
    /// Groups of which nothing is left to send.
    pub gone: &'a [OrderGroupId],
    pub amount: Money,
    /// Nothing of the order is left to be given back; what is missing to its total was withheld for work.
    pub all: bool,
}

/// Pieces of a line that are given back before they left, and what is due for work and material, in the maker side's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp {
    pub line: OrderLineId,
    pub quantity: i32,
    pub due: i64,
}

#[derive(Clone, Debug)]
pub struct Cart {
    pub id: CartId,
    pub currency: Currency,
    pub country: Option<String>,
    pub locale: String,
    pub email: Option<String>,
    pub address: Option<Address>,
    pub version: i64,
    pub live_order: Option<OrderId>,
    pub lines: Vec<CartLine>,
    /// The delivery chosen for a cooperative's group; the cheapest if none was.
    pub chosen: Vec<(CoopId, DeliveryOptionId)>,
}
impl Cart {
    /// What must hold after every change and again when an order is placed: tax and delivery are priced for where the parcel goes.
    pub fn check(&self) -> Result<(), Error> {
        let mut errors = Vec::new();
        if self.lines.len() > MAX_LINES {
            errors.push(FieldError::new("/lines", "length", format!("at most {MAX_LINES} lines")));
        }
        if let Some(address) = self.address.as_ref().filter(|a| self.country.as_ref() != Some(&a.country)) {
            let message = format!("the shipping address is in {}: change shipping_address instead", address.country);
            errors.push(FieldError::new("/country", "contradiction", message));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CartLine {
    pub id: CartLineId,
    pub variant: VariantId,
    pub quantity: i32,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such cart, order or parcel")]
    NotFound,
    #[error("it changed since you read it")]
    Stale,
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    #[error("the cart is not complete")]
    Incomplete(Vec<super::cart::Missing>),
    #[error("the total is {now:?}, not {expected:?}")]
    TotalChanged { expected: Money, now: Money },
    #[error("an order that is {0} cannot {1:?}")]
    Illegal(OrderState, OrderEvent),
    #[error("a parcel of a group that is {0} cannot be sent")]
    NotToShip(GroupState),
    #[error("its payment is disputed: nothing is sent before that is decided")]
    OnHold,
    #[error(transparent)]
    Stock(#[from] stock::Error),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Provenance(#[from] provenance::Error),
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl Retryable for Error {
    fn retryable(&self) -> bool {
        match self {
            Self::Db(e) | Self::Stock(stock::Error::Db(e)) | Self::Ledger(ledger::Error::Db(e)) | Self::Provenance(provenance::Error::Db(e)) => {
                e.retryable()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole machine in one picture: a change to it is seen.
    #[test]
    fn the_matrix() {
        use OrderEvent::{Cancel, Pay, Process, RefundAll, ShipAll};
        let mut matrix = String::new();
        for state in OrderState::ALL {
            for event in [Process, Pay, ShipAll, Cancel, RefundAll] {
                if let Ok(next) = state.apply(event) {
                    matrix.push_str(&format!("{state} + {event:?} = {next}\n"));
                }
            }
        }
        insta::assert_snapshot!(matrix, @r"
        pending_payment + Process = payment_processing
        pending_payment + Pay = paid
        pending_payment + Cancel = cancelled
        payment_processing + Pay = paid
        payment_processing + Cancel = cancelled
        paid + ShipAll = shipped
        paid + RefundAll = refunded
        shipped + RefundAll = refunded
        ");
    }
    #[test]
    fn the_matrix_of_a_group() {
        use GroupEvent::{Cancel, Pay, Refund, ShipLast, ShipSome};
        let mut matrix = String::new();
        for state in GroupState::ALL {
            for event in [Pay, Cancel, ShipSome, ShipLast, Refund] {
                if let Ok(next) = state.apply(event) {
                    matrix.push_str(&format!("{state} + {event:?} = {next}\n"));
                }
            }
        }
        insta::assert_snapshot!(matrix, @r"
        pending + Pay = to_ship
        pending + Cancel = cancelled
        to_ship + ShipSome = partially_shipped
        to_ship + ShipLast = shipped
        to_ship + Refund = refunded
        partially_shipped + ShipSome = partially_shipped
        partially_shipped + ShipLast = shipped
        partially_shipped + Refund = shipped
        ");
    }
}
