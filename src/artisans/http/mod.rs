//! Makers over HTTP: a cooperative's own, and what buyers may see.
mod consents;
mod crafts;
mod manage;
mod storefront;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::Error;
use crate::problem::{Kind, Problem};

pub fn routes(api: &mut ServiceConfig) {
    manage::routes(api);
    consents::routes(api);
    storefront::routes(api);
    crafts::routes(api);
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::Stale => Kind::PreconditionFailed.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Erased => Self::with_detail(Kind::Conflict, error.to_string()),
            Error::Unsealed(_) => Self::internal(&error),
            Error::Db(error) => error.into(),
        }
    }
}
