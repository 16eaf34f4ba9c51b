//! Every statement on sessions, provider events, refunds and alerts.
use std::collections::BTreeSet;

use diesel::{OptionalExtension, prelude::*, sql_types::Text};
use diesel_async::RunQueryDsl;

use super::model::{CheckoutSession, SessionState};
use crate::{
    clock::Time,
    db::{Conn, DbError, PlanOnce, Tx},
    ids::{OperationId, OrderId},
    schema::{checkout_sessions as sessions, money_alerts, orders, stripe_events, stripe_news},
};

pub(super) async fn insert_session(
    tx: &mut Tx,
    now: Time,
    operation: OperationId,
    order: OrderId,
    expires_at: Time,
) -> Result<CheckoutSession, DbError> {
    Ok(diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(operation),
            sessions::order_id.eq(order),
            sessions::state.eq(SessionState::Opening),
            sessions::expires_at.eq(expires_at),
            sessions::created_at.eq(now),
            sessions::updated_at.eq(now),
        ))
        .returning(CheckoutSession::as_returning())
        .get_result(tx)
        .await?)
}

pub(super) async fn session(conn: &mut Conn, operation: OperationId) -> Result<Option<CheckoutSession>, DbError> {
    Ok(sessions::table.find(operation).select(CheckoutSession::as_select()).first(conn).await.optional()?)
}

pub(super) async fn session_called(conn: &mut Conn, session_id: &str) -> Result<Option<CheckoutSession>, DbError> {
    Ok(sessions::table.filter(sessions::session_id.eq(session_id)).select(CheckoutSession::as_select()).first(conn).await.optional()?)
}

/// Whose page it is: the order and its number.
pub(super) async fn order_of(conn: &mut Conn, session_id: &str) -> Result<Option<(OrderId, String)>, DbError> {
    let page = sessions::table.inner_join(orders::table).filter(sessions::session_id.eq(session_id));
    Ok(page.select((orders::id, orders::number)).first(conn).await.optional()?)
}

/// The sessions of an order that may still be paid, or were, newest first.
pub(super) async fn sessions_of(conn: &mut Conn, order: OrderId) -> Result<Vec<CheckoutSession>, DbError> {
    Ok(sessions::table.filter(sessions::order_id.eq(order)).order(sessions::id.desc()).select(CheckoutSession::as_select()).load(conn).await?)
}

/// The session that paid a payment intent.
pub(super) async fn session_of_intent(conn: &mut Conn, intent: &str) -> Result<Option<CheckoutSession>, DbError> {
    Ok(sessions::table.filter(sessions::payment_intent.eq(intent)).select(CheckoutSession::as_select()).first(conn).await.optional()?)
}

/// The provider has a page for it. A session that the webhook completed first stays complete.
pub(super) async fn opened(tx: &mut Tx, now: Time, operation: OperationId, session_id: &str, url: Option<&str>) -> Result<CheckoutSession, DbError> {
    let opening = sessions::state.eq(SessionState::Opening);
    let state = diesel::dsl::case_when(opening, SessionState::Open.into_sql::<Text>()).otherwise(sessions::state);
    Ok(diesel::update(sessions::table.find(operation))
        .set((sessions::session_id.eq(session_id), sessions::url.eq(url), sessions::state.eq(state), sessions::updated_at.eq(now)))
        .returning(CheckoutSession::as_returning())
        .plan_once()
        .get_result(tx)
        .await?)
}

pub(super) async fn set_state(tx: &mut Tx, now: Time, operation: OperationId, state: SessionState) -> Result<(), DbError> {
    diesel::update(sessions::table.find(operation)).set((sessions::state.eq(state), sessions::updated_at.eq(now))).plan_once().execute(tx).await?;
    Ok(())
}

/// It was paid, or is about to be; `pays`: its payment is the order's.
pub(super) async fn completed(
    tx: &mut Tx,
    now: Time,
    operation: OperationId,
    intent: Option<&str>,
    charge: Option<&str>,
    pays: bool,
) -> Result<(), DbError> {
    diesel::update(sessions::table.find(operation))
        .set((
            sessions::state.eq(SessionState::Complete),
            sessions::payment_intent.eq(intent),
            sessions::charge.eq(charge),
            sessions::pays_order.eq(pays),
            sessions::updated_at.eq(now),
        ))
        .plan_once()
        .execute(tx)
        .await?;
    Ok(())
}
/// The payment intent that paid the order.
pub(super) async fn paid_by(conn: &mut Conn, order: OrderId) -> Result<Option<String>, DbError> {
    let paid = sessions::table.filter(sessions::order_id.eq(order).and(sessions::pays_order));
    Ok(paid.select(sessions::payment_intent).first::<Option<String>>(conn).await.optional()?.flatten())
}

/// Pages that should have ended by `before`, and ones whose making was never answered: for the sweeper.
pub(super) async fn overdue(conn: &mut Conn, before: Time, opening_before: Time, limit: i64) -> Result<Vec<CheckoutSession>, DbError> {
    let over = sessions::state.eq(SessionState::Open).and(sessions::expires_at.le(before));
    let stuck = sessions::state.eq(SessionState::Opening).and(sessions::created_at.le(opening_before));
    Ok(sessions::table
        .filter(over.or(stuck))
        .order((sessions::expires_at, sessions::id))
        .limit(limit)
        .select(CheckoutSession::as_select())
        .load(conn)
        .await?)
}

/// The outcome of an event that calls for nothing.
pub(super) const IGNORED: &str = "ignored";

pub(super) async fn insert_ignored_event(
    conn: &mut Conn,
    now: Time,
    id: &str,
    kind: &str,
    object: &str,
    payload: &serde_json::Value,
) -> Result<(), DbError> {
    diesel::insert_into(stripe_events::table)
        .values((
            (stripe_events::id.eq(id), stripe_events::type_.eq(kind), stripe_events::object_id.eq(object), stripe_events::payload.eq(payload)),
            (stripe_events::received_at.eq(now), stripe_events::processed_at.eq(now), stripe_events::outcome.eq(IGNORED)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

/// False if the event was here before.
pub(super) async fn insert_event(tx: &mut Tx, now: Time, id: &str, kind: &str, object: &str, payload: &serde_json::Value) -> Result<bool, DbError> {
    let written = diesel::insert_into(stripe_events::table)
        .values((
            stripe_events::id.eq(id),
            stripe_events::type_.eq(kind),
            stripe_events::object_id.eq(object),
            stripe_events::payload.eq(payload),
            stripe_events::received_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    Ok(written == 1)
}

pub(super) async fn event_done(conn: &mut Conn, now: Time, id: &str, outcome: &str) -> Result<(), DbError> {
    diesel::update(stripe_events::table.find(id))
        .set((stripe_events::processed_at.eq(now), stripe_events::outcome.eq(outcome)))
        .plan_once()
        .execute(conn)
        .await?;
    Ok(())
}

/// Those of the events that are here.
pub(super) async fn known_events(conn: &mut Conn, ids: &[&str]) -> Result<BTreeSet<String>, DbError> {
    let known: Vec<String> = stripe_events::table.filter(stripe_events::id.eq_any(ids)).select(stripe_events::id).load(conn).await?;
    Ok(known.into_iter().collect())
}

/// Up to when the provider's own list of its news was read to the end.
pub(super) async fn news_read_to(conn: &mut Conn) -> Result<Option<Time>, DbError> {
    Ok(stripe_news::table.select(stripe_news::read_to).first(conn).await.optional()?)
}
pub(super) async fn set_news_read_to(conn: &mut Conn, at: Time) -> Result<(), DbError> {
    diesel::insert_into(stripe_news::table)
        .values((stripe_news::one.eq(true), stripe_news::read_to.eq(at)))
        .on_conflict(stripe_news::one)
        .do_update()
        .set(stripe_news::read_to.eq(at))
        .execute(conn)
        .await?;
    Ok(())
}

/// What it was about is decided.
pub(super) async fn resolve_alert(tx: &mut Tx, now: Time, kind: &str, subject: &str, resolution: &str) -> Result<(), DbError> {
    let open = money_alerts::resolved_at.is_null();
    diesel::update(money_alerts::table.filter(money_alerts::kind.eq(kind).and(money_alerts::subject.eq(subject)).and(open)))
        .set((money_alerts::resolved_at.eq(now), money_alerts::resolution.eq(resolution)))
        .plan_once()
        .execute(tx)
        .await?;
    Ok(())
}

/// The same thing comes up again after it was settled: it is open again, and there once.
pub(super) async fn alert_again(tx: &mut Tx, now: Time, kind: &str, subject: &str, detail: &str) -> Result<(), DbError> {
    alert(tx, now, kind, subject, detail).await?;
    let settled = money_alerts::kind.eq(kind).and(money_alerts::subject.eq(subject)).and(money_alerts::resolved_at.is_not_null());
    diesel::update(money_alerts::table.filter(settled))
        .set((
            (money_alerts::resolved_at.eq(None::<Time>), money_alerts::resolution.eq(None::<String>)),
            (money_alerts::created_at.eq(now), money_alerts::detail.eq(detail)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// An operator's queue; the same thing is there once.
pub(super) async fn alert(tx: &mut Tx, now: Time, kind: &str, subject: &str, detail: &str) -> Result<(), DbError> {
    tracing::error!(kind, subject, "money needs an operator");
    diesel::insert_into(money_alerts::table)
        .values((
            money_alerts::id.eq(crate::ids::new_uuid()),
            money_alerts::kind.eq(kind),
            money_alerts::subject.eq(subject),
            money_alerts::detail.eq(detail),
            money_alerts::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    Ok(())
}
