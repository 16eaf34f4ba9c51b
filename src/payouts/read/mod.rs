//! What operators and managers read of payouts, and the figures that the books know of one.
pub mod drift;
pub mod money;
pub mod statement;
pub mod work;

use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::model::{Payout, State};
use crate::{
    clock::Time,
    db::{Conn, DbError},
    ids::{CoopId, PayoutId},
    ledger,
    money::{Currency, Money},
    schema::{cooperatives, payout_events, payouts},
    tenancy::Scope,
};

/// Which payouts, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub coop: Option<CoopId>,
    pub state: Option<State>,
    pub after: Option<PayoutId>,
}

/// Payouts with the cooperative's slug: one statement.
pub async fn list(conn: &mut Conn, filter: Filter, limit: i64) -> Result<Vec<(Payout, String)>, DbError> {
    let mut query = payouts::table
        .inner_join(cooperatives::table)
        .order(payouts::id.desc())
        .limit(limit)
        .select((Payout::as_select(), cooperatives::slug))
        .into_boxed();
    if let Some(coop) = filter.coop {
        query = query.filter(payouts::coop_id.eq(coop));
    }
    if let Some(state) = filter.state {
        query = query.filter(payouts::state.eq(state));
    }
    if let Some(after) = filter.after {
        query = query.filter(payouts::id.lt(after));
    }
    Ok(query.load(conn).await?)
}

pub async fn payout(conn: &mut Conn, scope: Scope, id: PayoutId) -> Result<Option<(Payout, String)>, DbError> {
    let found = payouts::table.inner_join(cooperatives::table).filter(payouts::coop_id.eq(scope.coop()).and(payouts::id.eq(id)));
    Ok(found.select((Payout::as_select(), cooperatives::slug)).first(conn).await.optional()?)
}

/// (event, state after it, detail, when), oldest first.
pub async fn events(conn: &mut Conn, scope: Scope, id: PayoutId) -> Result<Vec<(String, String, Option<String>, Time)>, DbError> {
    use payout_events as e;
    Ok(e::table
        .filter(e::coop_id.eq(scope.coop()).and(e::payout_id.eq(id)))
        .order(e::id)
        .select((e::event, e::to_state, e::detail, e::at))
        .load(conn)
        .await?)
}

/// What a settled payout took out of the account it left.
pub(super) async fn left(conn: &mut Conn, payout: &Payout) -> Result<Money, DbError> {
    let transfers = ledger::transfers_of(conn, "payout", payout.id.uuid()).await?;
    let paid = transfers.into_iter().find(|t| t.kind == "settled" && matches!(t.leg.as_str(), "settled" | "settled/paid"));
    Ok(paid.map_or(payout.amount(), |t| t.amount))
}

#[derive(QueryableByName)]
struct Carried {
    #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
    minor: Option<i64>,
    #[diesel(sql_type = sql::BigInt)]
    others: i64,
}

/// What the sales behind a payout put into clearing for it, in the buyers' `currency`; none unless every line was sold in that currency,
/// since only then is there one figure to compare the cost with.
pub(super) async fn carried(conn: &mut Conn, payout: &Payout, currency: Currency) -> Result<Option<Money>, DbError> {
    let query = diesel::sql_query(
        "SELECT sum(CASE
                  WHEN p.kind IN ('producer', 'labour', 'material') THEN round(l.producer_minor::numeric * p.amount_minor / nullif(l.producer_own_minor, 0))
                  WHEN p.kind = 'shipping' THEN round(g.shipping_minor::numeric * p.amount_minor / nullif(g.shipping_own_minor, 0)) END)::bigint AS minor,
                count(*) FILTER (WHERE o.currency IS DISTINCT FROM $3) AS others
         FROM payout_lines p
         LEFT JOIN order_lines l ON l.coop_id = p.coop_id AND l.id = p.order_line_id
         LEFT JOIN order_groups g ON g.coop_id = p.coop_id AND g.id = p.group_id
         LEFT JOIN orders o ON o.id = coalesce(l.order_id, g.order_id)
         WHERE p.coop_id = $1 AND p.payout_id = $2",
    );
    let row: Carried =
        query.bind::<sql::Uuid, _>(payout.coop).bind::<sql::Uuid, _>(payout.id).bind::<sql::Text, _>(currency).get_result(conn).await?;
    Ok(row.minor.filter(|_| row.others == 0).map(|minor| Money::new(minor, currency)))
}
