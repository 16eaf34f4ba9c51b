//! Sessions, what settling finds, and why a checkout cannot go on. Pure.
use jiff::SignedDuration;

use crate::{
    clock::Time,
    db::{DbError, Retryable},
    ids::{OperationId, OrderId},
    ledger,
    money::Money,
    orders, payments, provenance,
};

text_enum! {
    /// Of a payment page: being made at the provider, open, paid (or about to be), gone.
    pub enum SessionState { Opening = "opening", Open = "open", Complete = "complete", Expired = "expired" }
}

/// Stripe allows 30 minutes to 24 hours: long enough to find a card, short enough to give the stock back.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_mins(60);

/// A payment page as we keep it.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::checkout_sessions)]
pub struct CheckoutSession {
    #[diesel(column_name = id)]
    pub operation: OperationId,
    #[diesel(column_name = order_id)]
    pub order: OrderId,
    pub session_id: Option<String>,
    pub url: Option<String>,
    pub state: SessionState,
    pub expires_at: Time,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    /// Its payment is the order's; one that came beside it is not.
    pub pays_order: bool,
}

text_enum! {
    /// What a settled session came to, as the buyer's browser is told.
    pub enum Settled { Open = "open", Processing = "processing", Paid = "paid", Expired = "expired" }
}

/// What the provider says of a session, checked against nothing yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    Open,
    /// The buyer chose a way to pay that takes days.
    Processing {
        intent: Option<String>,
    },
    Paid(Payment),
    Expired,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub intent: String,
    pub charge: String,
    pub amount: Money,
    /// `client_reference_id`: the order it was made for.
    pub reference: Option<String>,
    pub livemode: bool,
}

/// Why authentic money does not make an order paid. It is never kept silently: it is refunded, and an operator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    WrongAmount,
    WrongCurrency,
    WrongOrder,
    WrongMode,
    /// Another session of the order was paid first.
    PaidTwice,
    /// The order was cancelled (its session had expired) before the money came.
    TooLate,
    /// The order waits for its money, and what it held is held no longer: another may have bought it.
    NotHeld,
}
impl Misfit {
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongAmount => "wrong_amount",
            Self::WrongCurrency => "wrong_currency",
            Self::WrongOrder => "wrong_order",
            Self::WrongMode => "wrong_mode",
            Self::PaidTwice => "paid_twice",
            Self::TooLate => "too_late",
            Self::NotHeld => "not_held",
        }
    }
}

/// Does this payment pay for that order? Amount, currency, reference and mode, each by itself.
pub fn fits(payment: &Payment, order: OrderId, total: Money, live: bool) -> Result<(), Misfit> {
    if payment.livemode != live {
        return Err(Misfit::WrongMode);
    }
    if payment.reference.as_deref() != Some(order.to_string().as_str()) {
        return Err(Misfit::WrongOrder);
    }
    if payment.amount.currency != total.currency {
        return Err(Misfit::WrongCurrency);
    }
    if payment.amount != total {
        return Err(Misfit::WrongAmount);
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such session, order or refund")]
    NotFound,
    #[error("the cart was paid for already")]
    AlreadyPaid { order: OrderId },
    #[error("the return address is not on an origin allowed for this shop")]
    ForeignReturnUrl { field: &'static str },
    #[error("this amount cannot be charged: {0}")]
    Uncheckable(String),
    #[error(transparent)]
    Unavailable(#[from] payments::Unavailable),
    #[error("the payment provider refused: {0}")]
    Refused(String),
    #[error("there is less left to refund")]
    NothingLeft { left: Money },
    #[error("{} is due for work and material", .due.formatted())]
    DueChanged { due: Money, refund: Money },
    #[error("{0}")]
    BadRefund(&'static str),
    #[error("{0}")]
    BadEvidence(&'static str),
    #[error("{pointer}: expected {expected}")]
    Unknown { pointer: String, expected: &'static str },
    #[error(transparent)]
    Order(#[from] orders::Error),
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error(transparent)]
    Provenance(#[from] provenance::Error),
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
            Self::Db(error) => error.retryable(),
            Self::Ledger(error) => error.retryable(),
            Self::Order(error) => error.retryable(),
            Self::Provenance(error) => error.retryable(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn authentic_money_must_fit_in_every_respect() {
        let order = OrderId::new();
        let total = Money::new(10_000, Currency::EUR);
        let good = Payment { intent: "pi_1".into(), charge: "ch_1".into(), amount: total, reference: Some(order.to_string()), livemode: false };
        assert_eq!(fits(&good, order, total, false), Ok(()));
        let with = |change: &dyn Fn(&mut Payment)| {
            let mut payment = good.clone();
            change(&mut payment);
            fits(&payment, order, total, false)
        };
        assert_eq!(with(&|p| p.amount.minor = 9_999), Err(Misfit::WrongAmount));
        assert_eq!(with(&|p| p.amount.currency = Currency::USD), Err(Misfit::WrongCurrency));
        assert_eq!(with(&|p| p.reference = Some(OrderId::new().to_string())), Err(Misfit::WrongOrder));
        assert_eq!(with(&|p| p.reference = None), Err(Misfit::WrongOrder));
        assert_eq!(with(&|p| p.livemode = true), Err(Misfit::WrongMode));
    }
}
