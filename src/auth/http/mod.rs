//! Signing in, and the people of a cooperative and of the platform.
mod invitations;
mod keys;
mod members;
mod pages;
mod resets;
mod sessions;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::Error;
use crate::problem::{Kind, Problem};

pub fn routes(api: &mut ServiceConfig) {
    sessions::routes(api);
    invitations::routes(api);
    members::routes(api);
    keys::routes(api);
    resets::routes(api);
    pages::routes(api);
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::BadCredentials => Kind::BadCredentials.into(),
            Error::TooMany { seconds } => Self::from(Kind::TooManyRequests).retry_after(seconds),
            Error::Busy => Self::from(Kind::Unavailable).retry_after(1),
            Error::Hashing => Self::internal(&error),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::NotFound => Kind::NotFound.into(),
            Error::DeadLink => Kind::DeadLink.into(),
            Error::AlreadyMember => Kind::AlreadyMember.into(),
            Error::LastOne(_) => Self::with_detail(Kind::LastOne, error.to_string()),
            Error::Db(error) => error.into(),
        }
    }
}
