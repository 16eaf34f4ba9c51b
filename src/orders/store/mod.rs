//! Every statement on this domain's tables: carts, orders, groups, lines and parcels.
mod carts;
mod orders;
mod parcels;
mod refunds;

pub use carts::DeliveryRow;
pub(in crate::orders) use carts::*;
pub(in crate::orders) use orders::*;
pub use parcels::Carrier;
pub(in crate::orders) use parcels::*;
pub(in crate::orders) use refunds::*;

use crate::db::DbError;

fn json(value: &impl serde::Serialize) -> Result<serde_json::Value, DbError> {
    serde_json::to_value(value).map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))
}
fn unjson<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, DbError> {
    serde_json::from_value(value).map_err(|e| DbError::Query(diesel::result::Error::DeserializationError(e.into())))
}
