//! The members' fund over HTTP: managers write and spend, operators may be the second person, everybody reads what it was spent on.
mod admin;
mod manage;
mod storefront;

use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    model::{Category, Decision, Error, State},
    read::Spending,
};
use crate::{
    clock::{Day, Time},
    ids::{PayoutId, PremiumDecisionId, PremiumSpendingId},
    money::{Currency, Money, MoneyView},
    payouts::State as PayoutState,
    problem::{Kind, Problem},
};

pub fn routes(api: &mut ServiceConfig) {
    manage::routes(api);
    admin::routes(api);
    storefront::routes(api);
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PremiumAmountBody)]
struct AmountBody {
    /// Minor units.
    #[schema(example = 90000)]
    amount: i64,
    currency: Currency,
}
impl From<AmountBody> for Money {
    fn from(body: AmountBody) -> Self {
        Self::new(body.amount, body.currency)
    }
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct VotesView {
    /// Members at the meeting.
    #[schema(example = 31)]
    present: i32,
    #[serde(rename = "for")]
    #[schema(example = 27)]
    yes: i32,
    #[serde(rename = "against")]
    #[schema(example = 1)]
    no: i32,
    #[schema(example = 3)]
    abstained: i32,
}

/// What the members decided.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct PremiumDecisionView {
    id: PremiumDecisionId,
    status: State,
    #[schema(value_type = String, format = Date)]
    met_on: Day,
    category: Category,
    purpose: String,
    amount: MoneyView,
    /// What payouts that stand have taken of it.
    spent: MoneyView,
    votes: VotesView,
    /// SHA-256 of the minutes.
    minutes_sha256: String,
    recorded_at: Time,
    /// When it was confirmed or rejected.
    ended_at: Option<Time>,
    /// Why it was rejected.
    reason: Option<String>,
    spendings: Vec<PremiumSpendingView>,
}
/// One payout out of the fund.
#[derive(Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct PremiumSpendingView {
    id: PremiumSpendingId,
    amount: MoneyView,
    payout: PayoutId,
    #[schema(example = "PO-7K3M-92QX")]
    payout_number: String,
    payout_status: PayoutState,
    created_at: Time,
    settled_at: Option<Time>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
impl PremiumDecisionView {
    fn of(decision: Decision, spendings: &[Spending]) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, decision.currency));
        let one = |s: &Spending| PremiumSpendingView {
            id: s.id,
            amount: money(s.amount_minor),
            payout: s.payout,
            payout_number: s.number.clone(),
            payout_status: s.state,
            created_at: s.created_at,
            settled_at: s.settled_at,
        };
        Self {
            spent: money(spendings.iter().filter(|s| s.stands()).map(|s| s.amount_minor).sum()),
            spendings: spendings.iter().map(one).collect(),
            amount: money(decision.amount_minor),
            votes: votes(&decision),
            minutes_sha256: hex(&decision.minutes_sha256),
            id: decision.id,
            status: decision.state,
            met_on: decision.met_on,
            category: decision.category,
            purpose: decision.purpose,
            recorded_at: decision.recorded_at,
            ended_at: decision.ended_at,
            reason: decision.reason,
        }
    }
}
const fn votes(decision: &Decision) -> VotesView {
    VotesView { present: decision.present, yes: decision.votes_for, no: decision.votes_against, abstained: decision.abstained }
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PremiumRejectBody)]
struct RejectBody {
    /// 1 to 500 characters.
    #[schema(example = "The minutes say 80,000.")]
    reason: String,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let said = error.to_string();
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::TwoPeople => Kind::TwoPeopleNeeded.into(),
            Error::Ended(_) | Error::NotConfirmed(_) | Error::Raced => Self::with_detail(Kind::Conflict, said),
            Error::MoreThanDecided { left } => Self::with_detail(Kind::MoreThanDecided, said).with("left", MoneyView::from(left)),
            Error::MoreThanThere { fund } => Self::with_detail(Kind::MoreThanFund, said).with("fund", MoneyView::from(fund)),
            Error::NotPaid(skipped) => Self::with_detail(Kind::Conflict, said).with("reason", skipped.reason),
            Error::Payout(error) => error.into(),
            Error::Db(error) | Error::Ledger(crate::ledger::Error::Db(error)) => error.into(),
            Error::Ledger(_) => Self::internal(&error),
        }
    }
}
