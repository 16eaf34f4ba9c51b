//! Accounts, postings and their rules. Pure.
use crate::{
    clock::{Day, Time},
    db::{DbError, Retryable},
    ids::{ArtisanId, CoopId, LedgerAccountId, OrderLineId, TransferId},
    money::{Currency, Money},
};

text_enum! {
    pub enum Class { Asset = "asset", Liability = "liability", Income = "income", Expense = "expense" }
}
impl Class {
    /// +1 where a debit adds, −1 where it takes away.
    pub const fn debit_sign(self) -> i64 {
        match self {
            Self::Asset | Self::Expense => 1,
            Self::Liability | Self::Income => -1,
        }
    }
}

/// The chart of accounts; each exists once per currency, when it is first used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// What Stripe holds for the platform.
    StripeBalance,
    /// A bank account of the platform's, by its short name.
    Bank(String),
    /// Money handed to a rail and not yet seen to arrive.
    RailClearing(&'static str),
    DisputeWithheld,
    /// What a cooperative owes; the only place where a debt lives.
    CoopReceivable(CoopId),
    CoopAdvance(CoopId),
    /// Between the buyer's currency and the maker side's: two balanced sets per conversion.
    FxClearing,
    /// Money that nothing here explains, until an operator does.
    Suspense,
    /// Sold, not yet released.
    CoopPending(CoopId),
    CoopAvailable(CoopId),
    /// A payout in flight.
    CoopPaying(CoopId),
    CoopHeld(CoopId),
    PremiumPending(CoopId),
    /// Leaves only through a recorded decision of the members.
    PremiumFund(CoopId),
    MakerPayable(ArtisanId),
    /// By jurisdiction, as `DE` or `US-CA`.
    TaxPayable(String),
    /// Whoever paid the courier is paid back.
    ShippingPayable(CoopId),
    BuyerRefundable,
    Commission,
    /// What a brand earns on stock it owns.
    BrandSales(CoopId),
    StripeFees,
    DisputeFees,
    DisputeLosses,
    RefundLosses,
    PayoutFees,
    FxGainLoss,
}

/// Slots of a busy account that nothing guards: one hot row would serialise every sale.
pub const SLOTS: i16 = 16;

impl Account {
    pub fn name(&self) -> String {
        match self {
            Self::StripeBalance => "stripe_balance".into(),
            Self::Bank(name) => format!("bank:{name}"),
            Self::RailClearing(rail) => format!("rail_clearing:{rail}"),
            Self::DisputeWithheld => "dispute_withheld".into(),
            Self::CoopReceivable(coop) => format!("coop_receivable:{coop}"),
            Self::CoopAdvance(coop) => format!("coop_advance:{coop}"),
            Self::FxClearing => "fx_clearing".into(),
            Self::Suspense => "suspense".into(),
            Self::CoopPending(coop) => format!("coop_pending:{coop}"),
            Self::CoopAvailable(coop) => format!("coop_available:{coop}"),
            Self::CoopPaying(coop) => format!("coop_paying:{coop}"),
            Self::CoopHeld(coop) => format!("coop_held:{coop}"),
            Self::PremiumPending(coop) => format!("premium_pending:{coop}"),
            Self::PremiumFund(coop) => format!("premium_fund:{coop}"),
            Self::MakerPayable(maker) => format!("maker_payable:{maker}"),
            Self::TaxPayable(jurisdiction) => format!("tax_payable:{jurisdiction}"),
            Self::ShippingPayable(coop) => format!("shipping_payable:{coop}"),
            Self::BuyerRefundable => "buyer_refundable".into(),
            Self::Commission => "commission".into(),
            Self::BrandSales(coop) => format!("brand_sales:{coop}"),
            Self::StripeFees => "stripe_fees".into(),
            Self::DisputeFees => "dispute_fees".into(),
            Self::DisputeLosses => "dispute_losses".into(),
            Self::RefundLosses => "refund_losses".into(),
            Self::PayoutFees => "payout_fees".into(),
            Self::FxGainLoss => "fx_gain_loss".into(),
        }
    }
    pub const fn class(&self) -> Class {
        match self {
            Self::StripeBalance
            | Self::Bank(_)
            | Self::RailClearing(_)
            | Self::DisputeWithheld
            | Self::CoopReceivable(_)
            | Self::CoopAdvance(_)
            | Self::FxClearing
            | Self::Suspense => Class::Asset,
            Self::CoopPending(_)
            | Self::CoopAvailable(_)
            | Self::CoopPaying(_)
            | Self::CoopHeld(_)
            | Self::PremiumPending(_)
            | Self::PremiumFund(_)
            | Self::MakerPayable(_)
            | Self::TaxPayable(_)
            | Self::ShippingPayable(_)
            | Self::BuyerRefundable => Class::Liability,
            Self::Commission | Self::BrandSales(_) => Class::Income,
            Self::StripeFees | Self::DisputeFees | Self::DisputeLosses | Self::RefundLosses | Self::PayoutFees | Self::FxGainLoss => Class::Expense,
        }
    }
    /// May it never go below zero?
    pub const fn never_negative(&self) -> bool {
        matches!(self, Self::CoopAvailable(_) | Self::CoopPaying(_) | Self::PremiumFund(_))
    }
    pub const fn slots(&self) -> i16 {
        if self.never_negative() { 1 } else { SLOTS }
    }
    /// The same account has the same id everywhere, so that no look-up is needed to post to it.
    pub fn id(&self, currency: Currency) -> LedgerAccountId {
        uuid::Uuid::new_v5(&NAMESPACE, format!("{}/{currency}", self.name()).as_bytes()).into()
    }
    /// Which of its rows a source's transfers move.
    pub fn slot(&self, source: uuid::Uuid) -> i16 {
        let last = i16::from(source.as_bytes()[15]);
        last.rem_euclid(self.slots())
    }
}
/// Of account ids; any constant would do, and it may never change.
const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x6861_6174_6c65_6467_6572_0000_0000_0001);

/// What happened, once.
#[derive(Clone, Debug)]
pub struct Source {
    /// "order", "refund", "payout", "charge" …
    pub kind_of: &'static str,
    pub id: uuid::Uuid,
    /// "paid", "released", "sent" …
    pub kind: &'static str,
    /// What belongs together for a reader: the order's or payout's number.
    pub group: String,
    /// When it happened outside, as opposed to when it was posted.
    pub occurred_at: Time,
}

/// One transfer: `amount` > 0 from `credit` to `debit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    pub debit: Account,
    pub credit: Account,
    pub amount: Money,
    /// Names the part (`line:<id>/premium`), never a counter: a retry must find the same name.
    pub leg: String,
    pub order_line: Option<OrderLineId>,
    pub memo: String,
}
impl Posting {
    pub fn new(debit: Account, credit: Account, amount: Money, leg: impl Into<String>) -> Self {
        Self { debit, credit, amount, leg: leg.into(), order_line: None, memo: String::new() }
    }
    pub fn of_line(mut self, line: OrderLineId) -> Self {
        self.order_line = Some(line);
        self
    }
    pub fn memo(mut self, memo: impl Into<String>) -> Self {
        self.memo = memo.into();
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    Now,
    /// The same source was posted before, with the same amounts.
    Before,
    /// Every amount was zero.
    Nothing,
}

/// A transfer as it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub id: TransferId,
    pub debit: String,
    pub credit: String,
    pub amount: Money,
    pub kind: String,
    pub leg: String,
    pub order_line: Option<OrderLineId>,
    pub occurred_at: Time,
    pub posted_at: Time,
    pub memo: String,
}

/// What an account did in a period, debits positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountMovement {
    pub name: String,
    pub class: Class,
    pub currency: Currency,
    /// Debits less credits before the period.
    pub opening: i64,
    pub debits: i64,
    pub credits: i64,
}
impl AccountMovement {
    pub fn closing(&self) -> i64 {
        self.opening + self.debits - self.credits
    }
}

/// A month whose books are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedPeriod {
    /// Its first day.
    pub month: Day,
    pub until: Time,
    /// What was left open by decision.
    pub left_open: serde_json::Value,
    /// The comparison with the provider that it rests on.
    pub comparison: uuid::Uuid,
    pub closed_at: Time,
}

/// A balance that its transfers do not prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    pub account: String,
    pub currency: Currency,
    pub recorded: i64,
    pub recomputed: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the account holds less than the amount")]
    Insufficient,
    #[error("posting {leg} is negative or moves money from an account to itself")]
    Unpostable { leg: String },
    #[error("{kind} of {source_id} was posted before with other amounts")]
    Contradiction { source_id: uuid::Uuid, kind: &'static str },
    #[error("the amounts are out of range")]
    Overflow,
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        let error = DbError::from(error);
        if error.constraint() == Some("ledger_balances_never_negative") { Self::Insufficient } else { Self::Db(error) }
    }
}
impl Retryable for Error {
    fn retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.retryable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn an_account_is_itself_and_no_other() {
        let (a, b) = (CoopId::new(), CoopId::new());
        assert_eq!(Account::CoopPending(a).id(Currency::INR), Account::CoopPending(a).id(Currency::INR));
        assert_ne!(Account::CoopPending(a).id(Currency::INR), Account::CoopPending(b).id(Currency::INR));
        assert_ne!(Account::CoopPending(a).id(Currency::INR), Account::CoopPending(a).id(Currency::NPR));
        assert_ne!(Account::CoopPending(a).id(Currency::INR), Account::CoopAvailable(a).id(Currency::INR));
    }
    #[test]
    fn a_guarded_account_has_one_row() {
        let coop = CoopId::new();
        assert_eq!(Account::CoopAvailable(coop).slot(uuid::Uuid::from_u128(0xff)), 0);
        assert_eq!(Account::Commission.slot(uuid::Uuid::from_u128(0x1f)), 15);
    }
}
