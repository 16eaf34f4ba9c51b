//! The storefront's catalogue, and a manager's products.
mod manage;
mod pictures;
mod storefront;

use utoipa_actix_web::service_config::ServiceConfig;

use super::{model::Error, stock};
use crate::problem::{Kind, Problem};

pub fn routes(api: &mut ServiceConfig) {
    storefront::routes(api);
    manage::routes(api);
    pictures::routes(api);
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound | Error::NoVariant(_) => Kind::NotFound.into(),
            Error::Stale => Kind::PreconditionFailed.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Reserved { variant, reserved } => Self::from(Kind::StockReserved).with("variant", variant).with("reserved", reserved),
            Error::Archived | Error::NotArchived => Self::with_detail(Kind::Conflict, error.to_string()),
            Error::Blocked { gate, .. } => Self::from(Kind::PublishBlocked).with("gate", gate),
            Error::Money(_) => Self::with_detail(Kind::Invalid, error.to_string()),
            Error::Media(error) => error.into(),
            Error::Db(error) => error.into(),
        }
    }
}
impl From<stock::Error> for Problem {
    fn from(error: stock::Error) -> Self {
        match error {
            stock::Error::Out { variant, available } => Self::from(Kind::OutOfStock).with("variant", variant).with("available", available),
            stock::Error::NotHeld { .. } => Self::internal(&error),
            stock::Error::Db(error) => error.into(),
        }
    }
}
