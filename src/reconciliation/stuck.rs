//! What stands still and should not: each with its age and what to do about it.
use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;
use jiff::SignedDuration;

use crate::{
    clock::Time,
    db::{self, Conn, DbError},
};

text_enum! {
    pub enum StuckKind {
        DeadJob = "dead_job",
        UnknownPayout = "unknown_payout",
        UnsettledCheckout = "unsettled_checkout",
        UnprocessedEvent = "unprocessed_event",
        WaterfallDrift = "waterfall_drift",
    }
}
impl StuckKind {
    /// What an operator does about it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::DeadJob => "read what it last said, put that right, then set its row in `jobs` to due with run_at now: every job may run twice",
            Self::UnknownPayout => {
                "look the payout's number up at the rail: settle it with the rail's reference if it left, report it as come back if it did not; never send it anew"
            }
            Self::UnsettledCheckout => {
                "open GET /v1/store/checkout/{session}: it asks Stripe and settles; if it does not, read the log of that request"
            }
            Self::WaterfallDrift => {
                "compare the order (GET /v1/admin/orders/{id}) with its transfers in the ledger's export: the maker side is owed what was promised, and \
                 the next payout of the line looks again"
            }
            Self::UnprocessedEvent => "see whether the worker runs; the event's job is in the queue under the key stripe-event:<id>",
        }
    }
}

/// One of them.
#[derive(Clone, Debug, QueryableByName)]
pub struct Stuck {
    #[diesel(sql_type = sql_types::Text)]
    pub kind: StuckKind,
    #[diesel(sql_type = sql_types::Text)]
    pub subject: String,
    #[diesel(sql_type = sql_types::Text)]
    pub what: String,
    #[diesel(sql_type = sql_types::Timestamptz)]
    pub since: Time,
}

/// Longer than any retry, sweep or burst takes.
const UNSETTLED_AFTER: SignedDuration = SignedDuration::from_mins(15);
const UNPROCESSED_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// More of one kind is one cause, which the oldest show as well.
const MOST: i64 = 200;

/// Oldest first. Of a job that is written anew each minute or night only the last one counts: a later one that ran did its work.
pub async fn operations(conn: &mut Conn, now: Time, began_by: Time) -> Result<Vec<Stuck>, DbError> {
    let query = db::sql(
        "WITH ran AS (SELECT kind, max(created_at) AS last FROM jobs
                      WHERE state = 'done' AND kind IN ('sweep_checkouts', 'reconcile_night', 'forget_carts') GROUP BY kind),
         stuck AS (
           SELECT 'dead_job' AS kind, j.id::text AS subject, j.kind || ': ' || coalesce(j.last_error, 'it said nothing') AS what, j.created_at AS since
             FROM jobs j LEFT JOIN ran ON ran.kind = j.kind WHERE j.state = 'dead' AND (ran.last IS NULL OR ran.last < j.created_at)
           UNION ALL SELECT 'unknown_payout', p.id::text, p.number || ': whether it left is not known', p.updated_at FROM payouts p WHERE p.state = 'unknown'
           UNION ALL SELECT 'unsettled_checkout', coalesce(s.session_id, s.id::text), 'the page of order ' || o.number || ' is ' || s.state ||
                            ', the order is ' || o.state,
                            CASE WHEN s.state = 'complete' THEN s.updated_at ELSE s.expires_at END
             FROM checkout_sessions s JOIN orders o ON o.id = s.order_id
             WHERE (s.state IN ('opening', 'open') AND s.expires_at < $2)
                OR (s.state = 'complete' AND s.charge IS NOT NULL AND s.updated_at < $2 AND o.state IN ('pending_payment', 'payment_processing'))
           UNION ALL SELECT 'unprocessed_event', e.id, e.type || ' of ' || e.object_id, e.received_at
             FROM stripe_events e WHERE e.processed_at IS NULL AND e.received_at < $3
           UNION ALL SELECT a.kind, a.subject, a.detail, a.created_at FROM money_alerts a WHERE a.kind = 'waterfall_drift' AND a.resolved_at IS NULL)
         SELECT kind, subject, what, since FROM (
           SELECT stuck.*, row_number() OVER (PARTITION BY kind ORDER BY since, subject) AS place FROM stuck WHERE since <= $1) few
         WHERE place <= $4 ORDER BY since, subject",
    );
    Ok(query
        .bind::<sql_types::Timestamptz, _>(began_by)
        .bind::<sql_types::Timestamptz, _>(now.minus(UNSETTLED_AFTER))
        .bind::<sql_types::Timestamptz, _>(now.minus(UNPROCESSED_AFTER))
        .bind::<sql_types::BigInt, _>(MOST)
        .load(conn)
        .await?)
}
