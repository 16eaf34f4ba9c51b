//! A thin client of our own for the calls Haat makes to Stripe.
//!
//! - Whatever creates or changes something is **two steps**: `CreateSession { … }.prepare()` gives a [`Prepared`] (path, exact form body,
//!   API version) that the caller stores, and [`Stripe::send`] posts those very bytes under the caller's idempotency key. A replay
//!   therefore sends what the first attempt sent, whatever the program has learnt since.
//! - **No retry happens here.** A time-out is [`StripeError::Unknown`], never a failure; the job that owns the operation decides.
//! - Every call has a time-out, and an answer is read up to a bound.
//! - A live key is only ever sent to Stripe itself, and plain HTTP is only for test keys.
//! - Types hold the fields Haat reads and no others; a field that Stripe may leave out is an `Option` or has a default.
//! - Amounts are in Stripe's own unit ([`to_stripe_units`]), currencies in Stripe's lower case, times in Unix seconds.

mod balance;
mod connect;
mod disputes;
mod error;
mod events;
mod form;
mod list;
mod payments;
mod prepared;
mod refunds;
mod sessions;
mod transfers;
mod transport;
mod units;
mod webhook;

pub use balance::{Balance, BalanceTransaction, Funds};
pub use connect::{Account, AccountLink, Capabilities, CreateAccount, CreateAccountLink, Requirements};
pub use disputes::{Dispute, EvidenceDetails, UpdateDispute};
pub use error::{ConfigError, StripeError};
pub use events::{Event, EventData};
pub use list::{Expandable, List, PAGE_LIMIT, Page};
pub use payments::{Charge, PaymentError, PaymentIntent};
pub use prepared::Prepared;
pub use refunds::{CreateRefund, Refund};
pub use sessions::{CreateSession, ExpireSession, LineItem, Session};
pub use transfers::{CreateReversal, CreateTransfer, Reversal, Transfer};
pub use transport::{API_VERSION, DEFAULT_BASE_URL, Stripe, TIMEOUT};
pub use units::{UNUSUAL, UnitError, from_stripe_units, step, to_stripe_units};
pub use webhook::{SIGNATURE_TOLERANCE_SECONDS, SignatureError, sign, verify_signature};

/// Metadata as Stripe keeps it: text to text, in a stable order, because the encoded bytes are stored and replayed.
pub type Metadata = std::collections::BTreeMap<String, String>;
