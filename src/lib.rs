//! Haat: fair-trade commerce. The code map.
#[macro_use]
mod text_enum;
pub mod app; // the program in one value
pub mod artisans; // who makes it, and what may be shown of her
pub mod audit; // what the privileged did
pub mod auth; // who is asking, and what they may do
pub mod catalog; // what is for sale
pub mod checkout; // from a cart to a paid order, exactly once
pub mod clock; // time is passed in
pub mod closing; // a month's books, closed
pub mod config; // settings
pub mod cooperatives; // who sells: from an application to a good standing
pub mod countries; // where parcels go
pub mod db; // pool, transaction, migrations
pub mod edge; // what every request passes
pub mod health; // live, ready, metrics
pub mod http; // reading requests
pub mod idempotency; // one effect per key
pub mod ids; // typed identifiers
pub mod imports; // spreadsheets in and out
pub mod jobs; // the queue
pub mod ledger; // the single truth about money
pub mod log; // every record in one public tree
pub mod media; // pictures
pub mod money; // amounts
pub mod notifications; // mails
mod openapi; // what the API document says of every operation
pub mod orders; // carts and orders
pub mod page; // lists
pub mod payments; // the way to the provider
pub mod payouts; // what was earned leaves for its owner
pub mod premium; // the members' fund, and what they decide about it
pub mod problem; // errors as clients see them
pub mod provenance; // item records
pub mod reconciliation; // the provider's word against our books
pub mod routes; // every route
pub mod schema; // generated
pub mod secrets; // tokens, sealing
pub mod slug; // what things are called in addresses
pub mod tax; // where sellers are registered, and dated rates
pub mod telemetry; // logs, metrics, request ids
pub mod tenancy; // whose data a query may touch
pub mod upload; // files in forms
pub mod work; // who made what, and what she was paid for it
