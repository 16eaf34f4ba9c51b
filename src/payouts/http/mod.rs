//! Payouts for operators, and a cooperative's own money for its managers.
mod admin;
mod files;
mod holds;
mod manage;
mod money;
mod reports;
mod statement;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{Error, Kind as PayoutKind, Payout, Rail, State};
use crate::{
    clock::Time,
    ids::PayoutId,
    money::MoneyView,
    problem::{Kind, Problem},
};

pub fn routes(api: &mut ServiceConfig) {
    // Before `/payouts/{id}`, which would take `files` for an id.
    files::routes(api);
    reports::routes(api);
    holds::routes(api);
    admin::routes(api);
    manage::routes(api);
    money::routes(api);
    statement::routes(api);
}

/// A payout's head.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct PayoutView {
    id: PayoutId,
    #[schema(example = "PO-7K3M-92QX")]
    number: String,
    /// The cooperative's slug.
    cooperative: String,
    #[serde(default = "earnings")]
    kind: PayoutKind,
    status: State,
    rail: Rail,
    amount: MoneyView,
    /// Where it goes, masked.
    destination: String,
    /// What the rail calls it.
    reference: Option<String>,
    created_at: Time,
    settled_at: Option<Time>,
}
/// Answers that were kept before there were other kinds.
const fn earnings() -> PayoutKind {
    PayoutKind::Earnings
}
impl PayoutView {
    fn of(payout: Payout, cooperative: String) -> Self {
        Self {
            amount: payout.amount().into(),
            id: payout.id,
            number: payout.number,
            cooperative,
            kind: payout.kind,
            status: payout.state,
            rail: payout.rail,
            destination: payout.destination_hint,
            reference: payout.reference,
            created_at: payout.created_at,
            settled_at: payout.settled_at,
        }
    }
}

/// One move of a payout.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = PayoutEventView)]
struct EventView {
    event: String,
    status: String,
    /// Why, where there is a reason.
    detail: Option<String>,
    at: Time,
}
impl From<(String, String, Option<String>, Time)> for EventView {
    fn from((event, status, detail, at): (String, String, Option<String>, Time)) -> Self {
        // The first event's detail is the operation that made it, which is nobody's reason.
        let detail = detail.filter(|_| event != super::store::CREATED);
        Self { event, status, detail, at }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::TwoPeople => Kind::TwoPeopleNeeded.into(),
            Error::ReferenceUsed => Kind::ReferenceUsed.into(),
            Error::Illegal(..) | Error::Held(_) | Error::WrongRail(_) | Error::OtherReference | Error::NothingToFile => {
                Self::with_detail(Kind::Conflict, error.to_string())
            }
            Error::File(refused) => Self::field("/file", "malformed", refused.to_string()),
            Error::Invalid { field, message } => Self::field(field, "unacceptable", message),
            Error::Unavailable(_) => Self::from(Kind::PaymentProviderUnknown).retry_after(2),
            Error::Provenance(error) => error.into(),
            Error::Db(error) | Error::Ledger(crate::ledger::Error::Db(error)) => error.into(),
            Error::Document(_) | Error::Corrupt(_) | Error::Sealed(_) | Error::Money(_) | Error::Ledger(_) => Self::internal(&error),
        }
    }
}
