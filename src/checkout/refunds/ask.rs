//! What is asked back, why, and by whom. Pure.
use super::model::Reason;
use crate::{
    clock::Day,
    ids::{AccountId, OrderGroupId, OrderLineId},
    money::Money,
};

/// That a cooperative found at fault agreed to bear it. Without it the platform does.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefundConsent)]
pub struct Consent {
    /// Who spoke for the cooperative.
    #[schema(example = "Ganga Devi")]
    pub given_by: String,
    pub on: Day,
    /// Where it is kept.
    #[schema(example = "minutes/2026-11-20.pdf")]
    pub evidence: String,
}

/// What of an order is asked back.
#[derive(Clone, Debug)]
pub enum What {
    /// All that is left.
    Everything,
    Parts {
        lines: Vec<(OrderLineId, i32)>,
        /// Groups whose delivery goes back.
        shipping: Vec<OrderGroupId>,
    },
}
#[derive(Clone, Debug)]
pub struct Ask {
    pub what: What,
    pub reason: Reason,
    pub note: String,
    pub consent: Option<Consent>,
    pub by: By,
    /// What whoever asks was told is due for work and material, in the buyer's currency.
    pub expected: Option<Money>,
}
/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Operator(AccountId),
    /// Whoever holds the order's token.
    Buyer,
}
impl By {
    pub const fn account(self) -> Option<AccountId> {
        match self {
            Self::Operator(account) => Some(account),
            Self::Buyer => None,
        }
    }
}
