//! Carts, orders and their state machines. Pure.
use crate::{
    catalog::{self, stock},
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
    pub enum GroupState { Pending = "pending", ToShip = "to_ship", Shipped = "shipped", Cancelled = "cancelled", Refunded = "refunded" }
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
    /// The last of its pieces has left.
    ShipLast,
    /// All of the order was given back before it left.
    Refund,
}
impl GroupState {
    pub const fn apply(self, event: GroupEvent) -> Result<Self, (Self, GroupEvent)> {
        use GroupEvent::{Cancel, Pay, Refund, ShipLast};
        match (self, event) {
            (Self::Pending, Pay) => Ok(Self::ToShip),
            (Self::Pending, Cancel) => Ok(Self::Cancelled),
            (Self::ToShip, ShipLast) => Ok(Self::Shipped),
            (Self::ToShip, Refund) => Ok(Self::Refunded),
            (Self::Pending, ShipLast | Refund) | (Self::ToShip, Pay | Cancel) | (Self::Shipped | Self::Cancelled | Self::Refunded, _) => {
                Err((self, event))
            }
        }
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
    pub total_minor: i64,
    pub refunded_minor: i64,
    pub placed_at: Time,
    pub paid_at: Option<Time>,
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
    pub total: Money,
    pub refunded: Money,
    pub placed_at: Time,
    pub paid_at: Option<Time>,
}
impl From<OrderRow> for Order {
    fn from(row: OrderRow) -> Self {
        Self {
            id: row.id,
            number: row.number,
            token_generation: row.token_generation,
            state: row.state,
            country: row.country,
            total: Money::new(row.total_minor, row.currency),
            refunded: Money::new(row.refunded_minor, row.currency),
            placed_at: row.placed_at,
            paid_at: row.paid_at,
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
    pub brand_owned: bool,
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
impl FrozenLine {
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

/// What a refund gives back of an order.
#[derive(Clone, Debug)]
pub struct GivenBack<'a> {
    pub lines: &'a [(OrderLineId, i32)],
    /// Groups whose delivery is given back.
    pub shipping: &'a [OrderGroupId],
    /// Groups of which nothing is left to send.
    pub gone: &'a [OrderGroupId],
    pub amount: Money,
}

/// One name field: many people have one name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    #[schema(example = "Asha Brandt")]
    pub name: String,
    pub phone: Option<String>,
    #[schema(example = "Lindenweg 4")]
    pub line1: String,
    pub line2: Option<String>,
    pub landmark: Option<String>,
    #[schema(example = "Freiburg")]
    pub city: String,
    pub district: Option<String>,
    /// ISO 3166-2.
    pub region: Option<String>,
    #[schema(example = "79100")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub country: String,
}
const MAX_ADDRESS_FIELD: usize = 200;
impl Address {
    pub fn check(&self, at: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut need = |field: &str, value: &str| {
            let length = value.trim().chars().count();
            if length == 0 || length > MAX_ADDRESS_FIELD {
                errors.push(FieldError::new(format!("{at}/{field}"), "length", format!("1 to {MAX_ADDRESS_FIELD} characters")));
            }
        };
        need("name", &self.name);
        need("line1", &self.line1);
        need("city", &self.city);
        if !is_country(&self.country) {
            errors.push(FieldError::new(format!("{at}/country"), "unknown", "two capital letters, as DE"));
        }
        errors
    }
}
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}
/// Good enough to catch a slip; whether it exists only a mail can tell.
pub fn is_email(text: &str) -> bool {
    let plain = text.len() <= 254 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    plain
        && text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && !host.contains('@')
        })
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
        use GroupEvent::{Cancel, Pay, Refund, ShipLast};
        let mut matrix = String::new();
        for state in GroupState::ALL {
            for event in [Pay, Cancel, ShipLast, Refund] {
                if let Ok(next) = state.apply(event) {
                    matrix.push_str(&format!("{state} + {event:?} = {next}\n"));
                }
            }
        }
        insta::assert_snapshot!(matrix, @r"
        pending + Pay = to_ship
        pending + Cancel = cancelled
        to_ship + ShipLast = shipped
        to_ship + Refund = refunded
        ");
    }
    #[test]
    fn addresses_of_mail() {
        assert!(is_email("asha@shop.example"));
        for wrong in ["", "a", "a@b", "@b.c", "a b@c.d", "a@b.c\r\nBcc: x@y.z", "a@@b.c", "a@.c"] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }
}
