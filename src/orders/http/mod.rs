//! Carts, order status, and a cooperative's orders.
mod carts;
mod manage;
mod materials;
mod realised;
mod status;

pub use carts::{CartToken, CartView, cart_view};
pub use status::{OrderToken, view as status_view};

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::Error;
use crate::problem::{Kind, Problem};

pub fn routes(api: &mut ServiceConfig) {
    carts::routes(api);
    status::routes(api);
    manage::routes(api);
    materials::routes(api);
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Kind::NotFound.into(),
            Error::Stale => Kind::PreconditionFailed.into(),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Incomplete(missing) => Self::from(Kind::CartIncomplete).with("missing", missing),
            Error::TotalChanged { expected, now } => {
                Self::with_detail(Kind::TotalChanged, format!("the total is {} now, not {}", now.formatted(), expected.formatted()))
                    .with("total", crate::money::MoneyView::from(now))
            }
            Error::Illegal(..) | Error::NotToShip(_) | Error::OnHold => Self::with_detail(Kind::Conflict, error.to_string()),
            Error::Stock(error) => error.into(),
            Error::Money(_) => Self::with_detail(Kind::Invalid, error.to_string()),
            Error::Provenance(error) => error.into(),
            Error::Ledger(crate::ledger::Error::Db(error)) => error.into(),
            Error::Ledger(_) => Self::internal(&error),
            Error::Db(error) if error.constraint() == Some("cart_lines_quantity_range") => Self::field(
                "/quantity",
                "out_of_range",
                format!("a line holds 1 to {} pieces, those already in it counted", crate::orders::model::MAX_QUANTITY),
            ),
            Error::Db(error) => error.into(),
        }
    }
}
