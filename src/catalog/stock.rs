//! Stock and its reservations.
//!
//! - What is reserved is never more than what is there: one conditional UPDATE per variant, and a CHECK behind it.
//! - Variants are taken in order of id, so that two carts never wait for each other crosswise.
//! - A reservation is held, then committed by a payment or released: each once.
use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use crate::{
    db::{self, DbError, Tx},
    ids::{CoopId, OrderId, VariantId},
    schema::stock_reservations as reservations,
};

text_enum! {
    /// finite: counted. made_to_order: made after the sale. unknown: never counted, not for sale until it is.
    pub enum Policy { Finite = "finite", MadeToOrder = "made_to_order", Unknown = "unknown" }
}
text_enum! {
    pub enum Reservation { Held = "held", Committed = "committed", Released = "released" }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    pub coop: CoopId,
    pub variant: VariantId,
    pub quantity: i32,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("only {available} of this left")]
    Out { variant: VariantId, available: i32 },
    /// What was held for the order is held no longer: a payment must not sell it.
    #[error("{missing} of what the order held was given back before")]
    NotHeld { missing: i64 },
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Holds the wanted pieces for an order, all or none.
pub async fn reserve(tx: &mut Tx, order: OrderId, wants: &[Want]) -> Result<(), Error> {
    let mut wants = wants.to_vec();
    wants.sort_by_key(|w| (w.coop, w.variant));
    for want in &wants {
        let taken = db::sql(
            "UPDATE stock SET reserved = reserved + $3 WHERE coop_id = $1 AND variant_id = $2
             AND (policy = 'made_to_order' OR (policy = 'finite' AND reserved + $3 <= on_hand))",
        )
        .bind::<sql_types::Uuid, _>(want.coop)
        .bind::<sql_types::Uuid, _>(want.variant)
        .bind::<sql_types::Integer, _>(want.quantity)
        .execute(tx)
        .await?;
        if taken == 0 {
            return Err(Error::Out { variant: want.variant, available: available(tx, want).await? });
        }
        diesel::insert_into(reservations::table)
            .values((
                reservations::order_id.eq(order),
                reservations::coop_id.eq(want.coop),
                reservations::variant_id.eq(want.variant),
                reservations::quantity.eq(want.quantity),
                reservations::state.eq(Reservation::Held),
            ))
            .execute(tx)
            .await?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Left {
    #[diesel(sql_type = sql_types::Integer)]
    available: i32,
}
async fn available(tx: &mut Tx, want: &Want) -> Result<i32, DbError> {
    let left: Option<Left> = db::sql(
        "SELECT CASE WHEN policy = 'finite' THEN on_hand - reserved ELSE 0 END AS available FROM stock WHERE coop_id = $1 AND variant_id = $2",
    )
    .bind::<sql_types::Uuid, _>(want.coop)
    .bind::<sql_types::Uuid, _>(want.variant)
    .get_result(tx)
    .await
    .optional()?;
    Ok(left.map_or(0, |l| l.available))
}

/// The order is paid: what it held leaves the shelf. Does nothing the second time.
///
/// # Errors
/// [`Error::NotHeld`] if part of it was given back: nothing is ever taken off a shelf that no reservation held. More than is there cannot
/// leave either: a CHECK refuses it.
pub async fn commit(tx: &mut Tx, order: OrderId) -> Result<(), Error> {
    let missing = finish(tx, order, Reservation::Committed, "s.on_hand - r.quantity").await?;
    if missing == 0 { Ok(()) } else { Err(Error::NotHeld { missing }) }
}

/// Whether all of this is still held for the order. Under the reservations' locks: it stays so until the transaction ends.
pub async fn held(tx: &mut Tx, order: OrderId, wants: &[Want]) -> Result<bool, DbError> {
    let mine = reservations::table.filter(reservations::order_id.eq(order).and(reservations::state.eq(Reservation::Held)));
    let rows: Vec<(VariantId, i32)> =
        mine.order(reservations::variant_id).select((reservations::variant_id, reservations::quantity)).for_update().load(tx).await?;
    Ok(wants.iter().all(|want| rows.contains(&(want.variant, want.quantity))))
}

/// The order is not going to be paid: what it held is for sale again. Does nothing the second time.
pub async fn release(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    finish(tx, order, Reservation::Released, "s.on_hand").await.map(drop)
}

/// Pieces that were sold and never left are on the shelf again. (A made-to-order shelf is not counted.)
pub async fn put_back(tx: &mut Tx, want: Want) -> Result<(), DbError> {
    db::sql("UPDATE stock SET on_hand = on_hand + $3 WHERE coop_id = $1 AND variant_id = $2 AND policy = 'finite'")
        .bind::<sql_types::Uuid, _>(want.coop)
        .bind::<sql_types::Uuid, _>(want.variant)
        .bind::<sql_types::Integer, _>(want.quantity)
        .execute(tx)
        .await?;
    Ok(())
}

/// `on_hand` is the expression of what is left on the shelf. (A made-to-order shelf is empty and stays so.) Answers how many of the order's
/// reservations came to another end.
async fn finish(tx: &mut Tx, order: OrderId, to: Reservation, on_hand: &str) -> Result<i64, DbError> {
    // The counts are of before the statement, but what it moves is of when it got the rows' locks: what somebody else ended in between is
    // `held` by the one and not moved by the other, so those that are not there are told by what was moved.
    let left: Elsewhere = db::sql(format!(
        "WITH r AS (UPDATE stock_reservations SET state = $2 WHERE order_id = $1 AND state = 'held' RETURNING coop_id, variant_id, quantity),
              locked AS (SELECT s.coop_id, s.variant_id FROM stock s JOIN r USING (coop_id, variant_id) ORDER BY 1, 2 FOR UPDATE OF s),
              shelf AS (UPDATE stock s SET reserved = s.reserved - r.quantity,
                          on_hand = CASE WHEN s.policy = 'finite' THEN {on_hand} ELSE s.on_hand END
                        FROM r JOIN locked USING (coop_id, variant_id) WHERE s.coop_id = r.coop_id AND s.variant_id = r.variant_id)
         SELECT count(*) FILTER (WHERE state <> $2) - (SELECT count(*) FROM r) AS n FROM stock_reservations WHERE order_id = $1"
    ))
    .bind::<sql_types::Uuid, _>(order)
    .bind::<sql_types::Text, _>(to)
    .get_result(tx)
    .await?;
    Ok(left.n)
}
#[derive(QueryableByName)]
struct Elsewhere {
    #[diesel(sql_type = sql_types::BigInt)]
    n: i64,
}
