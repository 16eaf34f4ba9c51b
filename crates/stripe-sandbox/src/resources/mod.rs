//! Stripe's objects, one file per resource: its fields, how it is shown, what may be done with it.

pub(crate) mod accounts;
pub(crate) mod balance;
pub(crate) mod disputes;
pub(crate) mod events;
pub(crate) mod intents;
pub(crate) mod methods;
pub(crate) mod payments;
pub(crate) mod payouts;
pub(crate) mod prices;
pub(crate) mod refunds;
pub(crate) mod sessions;
pub(crate) mod transfers;
