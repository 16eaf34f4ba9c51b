//! Every mail there is, with the facts it is made of. Amounts come formatted: no template computes a price.
use crate::ids::{OrderGroupId, OrderId, PayoutId};

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum Mail {
    /// To the buyer, with what each price is for and where each piece can be checked.
    OrderPaid(OrderPaid),
    /// To the cooperative: there is something to send.
    NewOrder(NewOrder),
    /// To the buyer: a parcel has left.
    Shipped(Shipped),
    /// To the buyer: money is on its way back.
    Refunded(Refunded),
    /// To the cooperative: a payout has left, with its statement's figures.
    PayoutSent(PayoutSent),
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct OrderPaid {
    pub to: String,
    pub order: OrderId,
    pub number: String,
    pub total: String,
    pub lines: Vec<PaidLine>,
}
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct PaidLine {
    pub title: String,
    pub quantity: i32,
    pub goods: String,
    pub producer: String,
    pub premium: String,
    pub platform: String,
    /// Codes of the pieces.
    pub items: Vec<String>,
}
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct NewOrder {
    pub to: String,
    pub group: OrderGroupId,
    pub number: String,
    pub cooperative: String,
    pub lines: Vec<(String, i32)>,
    /// What becomes available to the cooperative when it ships.
    pub earned: String,
}
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Shipped {
    pub to: String,
    pub group: OrderGroupId,
    pub number: String,
    pub cooperative: String,
    pub carrier: String,
    pub tracking: Option<String>,
    pub tracking_url: Option<String>,
}
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Refunded {
    pub to: String,
    pub refund: uuid::Uuid,
    pub number: String,
    pub amount: String,
}
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct PayoutSent {
    pub to: String,
    pub payout: PayoutId,
    pub number: String,
    pub slug: String,
    pub cooperative: String,
    pub amount: String,
    pub destination: String,
    pub reference: Option<String>,
    /// Order lines in it.
    pub lines: usize,
    pub producer: String,
    pub shipping: Option<String>,
    pub recovered: Option<String>,
    pub premium: Option<String>,
    pub pay_now: Option<String>,
    pub already_paid: Option<String>,
    pub unallocated: Option<String>,
}

impl Mail {
    /// What makes it itself: the same key is the same mail.
    pub fn key(&self) -> String {
        match self {
            Self::OrderPaid(m) => format!("order_paid:{}", m.order),
            Self::NewOrder(m) => format!("new_order:{}", m.group),
            Self::Shipped(m) => format!("shipped:{}", m.group),
            Self::Refunded(m) => format!("refunded:{}", m.refund),
            Self::PayoutSent(m) => format!("payout_sent:{}", m.payout),
        }
    }
    pub fn to(&self) -> &str {
        match self {
            Self::OrderPaid(m) => &m.to,
            Self::NewOrder(m) => &m.to,
            Self::Shipped(m) => &m.to,
            Self::Refunded(m) => &m.to,
            Self::PayoutSent(m) => &m.to,
        }
    }
    pub fn subject(&self) -> String {
        match self {
            Self::OrderPaid(m) => format!("Your order {} is paid", m.number),
            Self::NewOrder(m) => format!("New order {} to send", m.number),
            Self::Shipped(m) => format!("A parcel of your order {} has left", m.number),
            Self::Refunded(m) => format!("{} of your order {} is on its way back", m.amount, m.number),
            Self::PayoutSent(m) => format!("{} is on its way to you: payout {}", m.amount, m.number),
        }
    }
    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::OrderPaid(_) => "order_paid.txt",
            Self::NewOrder(_) => "new_order.txt",
            Self::Shipped(_) => "shipped.txt",
            Self::Refunded(_) => "refunded.txt",
            Self::PayoutSent(_) => "payout_sent.txt",
        }
    }
}
