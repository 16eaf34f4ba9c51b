//! Cooperatives over HTTP: who applies, who decides, who manages, who buys.
mod admin;
mod applications;
mod delivery;
mod destinations;
mod manage;
mod storefront;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::Error;
use crate::problem::{Kind, Problem};

pub fn routes(api: &mut ServiceConfig) {
    applications::routes(api);
    admin::routes(api);
    manage::routes(api);
    delivery::routes(api);
    destinations::routes(api);
    storefront::routes(api);
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::Stale => Kind::PreconditionFailed.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Move(state, _) => Self::with_detail(Kind::Conflict, error.to_string()).with("state", state),
            Error::Open | Error::Settled => Self::with_detail(Kind::Conflict, error.to_string()),
            Error::SecondPerson => Self::with_detail(Kind::TwoPeopleNeeded, error.to_string()),
            Error::Auth(error) => error.into(),
            Error::Db(error) => error.into(),
        }
    }
}
