//! Every mail there is, with the facts it is made of. Amounts come formatted: no template computes a price.
use crate::ids::{AccountId, DestinationId, FulfilmentId, InvitationId, OrderGroupId, OrderId, PayoutId, PremiumDecisionId, ResetId};

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum Mail {
    /// To somebody who may join. Its link is derived when it is sent.
    Invitation(Invitation),
    /// To somebody who forgot. Its link is derived when it is sent.
    PasswordReset(PasswordReset),
    /// To the buyer: the order is there and waits for its payment.
    OrderReceived(OrderReceived),
    /// To the buyer, with what each price is for and where each piece can be checked.
    OrderPaid(OrderPaid),
    /// To the cooperative: there is something to send.
    NewOrder(NewOrder),
    /// To the buyer: a parcel has left.
    Shipped(Shipped),
    /// To the buyer: money is on its way back.
    Refunded(Refunded),
    /// To the cooperative: what is made for an order is not wanted any more.
    Cancelled(Cancelled),
    /// To the cooperative: a payout has left, with its statement's figures.
    PayoutSent(Box<PayoutSent>),
    /// To a manager who did not write it down: a decision of the members waits for a second person.
    PremiumDecision(PremiumDecision),
    /// To the cooperative and its managers: payouts will go elsewhere, and there is time to say no.
    DestinationChange(DestinationChange),
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Invitation {
    pub to: String,
    pub invitation: InvitationId,
    /// Sent again, it is another one: the link before is dead.
    pub generation: i32,
    /// As it is stored; the words have its name.
    pub role: String,
    /// The cooperative's name, or the platform's.
    pub place: String,
    /// The last day on which it can be accepted.
    pub until: String,
}
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct PasswordReset {
    pub to: String,
    pub reset: ResetId,
    pub account: AccountId,
}
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct OrderReceived {
    pub to: String,
    pub order: OrderId,
    pub number: String,
    pub total: String,
    /// What, how many, for how much each.
    pub lines: Vec<(String, u32, String)>,
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
    /// A mail that was enqueued before parcels had names is of its group's only one.
    #[serde(alias = "group")]
    pub fulfilment: FulfilmentId,
    pub number: String,
    pub cooperative: String,
    /// What is in it: title and pieces.
    #[serde(default)]
    pub lines: Vec<(String, usize)>,
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
    /// What stays with the makers for work and material.
    #[serde(default)]
    pub withheld: Option<String>,
}
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Cancelled {
    pub to: String,
    pub group: OrderGroupId,
    pub refund: uuid::Uuid,
    pub number: String,
    pub cooperative: String,
    pub lines: Vec<(String, i32)>,
    /// What is paid for work and material.
    pub due: Option<String>,
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
    /// Out of the members' fund, as they decided.
    #[serde(default)]
    pub by_decision: Option<String>,
    /// For work and material of what was given up.
    #[serde(default)]
    pub cancelled: Option<String>,
    pub pay_now: Option<String>,
    pub already_paid: Option<String>,
    pub unallocated: Option<String>,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct PremiumDecision {
    pub to: String,
    pub decision: PremiumDecisionId,
    pub slug: String,
    pub cooperative: String,
    pub amount: String,
    pub purpose: String,
    pub met_on: String,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct DestinationChange {
    pub to: String,
    pub destination: DestinationId,
    pub slug: String,
    pub cooperative: String,
    /// Hints of accounts: enough for their owner.
    pub before: String,
    pub after: String,
    /// When it begins to hold.
    pub until: String,
}

impl Mail {
    /// What makes it itself: the same key is the same mail.
    pub fn key(&self) -> String {
        match self {
            Self::Invitation(m) => format!("invitation:{}:{}", m.invitation, m.generation),
            Self::PasswordReset(m) => format!("password_reset:{}", m.reset),
            Self::OrderReceived(m) => format!("order_received:{}", m.order),
            Self::OrderPaid(m) => format!("order_paid:{}", m.order),
            Self::NewOrder(m) => format!("new_order:{}", m.group),
            Self::Shipped(m) => format!("shipped:{}", m.fulfilment),
            Self::Refunded(m) => format!("refunded:{}", m.refund),
            Self::Cancelled(m) => format!("cancelled:{}:{}", m.group, m.refund),
            Self::PayoutSent(m) => format!("payout_sent:{}", m.payout),
            Self::PremiumDecision(m) => format!("premium_decision:{}:{}", m.decision, m.to),
            Self::DestinationChange(m) => format!("destination_change:{}:{}", m.destination, m.to),
        }
    }
    pub fn to(&self) -> &str {
        match self {
            Self::Invitation(m) => &m.to,
            Self::PasswordReset(m) => &m.to,
            Self::OrderReceived(m) => &m.to,
            Self::OrderPaid(m) => &m.to,
            Self::NewOrder(m) => &m.to,
            Self::Shipped(m) => &m.to,
            Self::Refunded(m) => &m.to,
            Self::Cancelled(m) => &m.to,
            Self::PayoutSent(m) => &m.to,
            Self::PremiumDecision(m) => &m.to,
            Self::DestinationChange(m) => &m.to,
        }
    }
    /// What it is called in the queue, in its templates' file names and in the tables of words.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Invitation(_) => "invitation",
            Self::PasswordReset(_) => "password_reset",
            Self::OrderReceived(_) => "order_received",
            Self::OrderPaid(_) => "order_paid",
            Self::NewOrder(_) => "new_order",
            Self::Shipped(_) => "shipped",
            Self::Refunded(_) => "refunded",
            Self::Cancelled(_) => "cancelled",
            Self::PayoutSent(_) => "payout_sent",
            Self::PremiumDecision(_) => "premium_decision",
            Self::DestinationChange(_) => "destination_change",
        }
    }
    /// Where its button leads, from the public address on. The token stands behind `#`: browsers keep that to themselves, so that no log
    /// on the way holds it.
    pub(super) fn path(&self, keys: &crate::secrets::MasterKey) -> Option<String> {
        match self {
            Self::Invitation(m) => Some(invitation_path(keys, m.invitation, m.generation)),
            Self::PasswordReset(m) => Some(format!("/password-resets/{0}#{1}", m.reset, keys.token(RESET, m.reset.uuid(), 1).reveal())),
            Self::OrderReceived(_)
            | Self::OrderPaid(_)
            | Self::NewOrder(_)
            | Self::Shipped(_)
            | Self::Refunded(_)
            | Self::Cancelled(_)
            | Self::PayoutSent(_)
            | Self::PremiumDecision(_)
            | Self::DestinationChange(_) => None,
        }
    }
}

/// An invitation's link, from the public address on.
pub fn invitation_path(keys: &crate::secrets::MasterKey, id: InvitationId, generation: i32) -> String {
    format!("/invitations/{id}#{}", keys.token(INVITATION, id.uuid(), generation).reveal())
}

/// Purposes of derived tokens: one cannot stand in for the other.
pub const INVITATION: &str = "invitation";
pub const RESET: &str = "reset";
