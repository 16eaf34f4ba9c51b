//! What a closed month's books are made of, besides the ledger's own.
use std::collections::BTreeMap;

use diesel::{OptionalExtension, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::model::Month;
use crate::{
    clock::{Day, Time},
    db::{self, Conn, DbError},
    ids::{CoopId, ReconciliationId},
    money::Currency,
    reconciliation::model::{Bucket, Reason},
    schema::{cooperatives, reconciliations},
};

/// The last whole comparison that covers the month.
pub async fn comparison(conn: &mut Conn, month: Month) -> Result<Option<ReconciliationId>, DbError> {
    let whole = reconciliations::outcome.eq("whole").and(reconciliations::from_at.le(month.from())).and(reconciliations::until_at.ge(month.until()));
    let last = reconciliations::table.filter(whole).order((reconciliations::ended_at.desc(), reconciliations::id.desc()));
    Ok(last.select(reconciliations::id).first(conn).await.optional()?)
}

/// A row of the tie-out: one currency, bucket and reason.
#[derive(QueryableByName)]
pub struct Tied {
    #[diesel(sql_type = sql_types::Text)]
    pub currency: Currency,
    #[diesel(sql_type = sql_types::Text)]
    pub bucket: Bucket,
    #[diesel(sql_type = sql_types::Text)]
    pub reason: Reason,
    #[diesel(sql_type = sql_types::BigInt)]
    pub lines: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub provider: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub ours: i64,
}
/// The comparison's lines of the month, added up.
pub async fn tied(conn: &mut Conn, run: ReconciliationId, month: Month) -> Result<Vec<Tied>, DbError> {
    let query = db::sql(
        "SELECT currency, bucket, reason, count(*) AS lines, sum(provider_minor)::bigint AS provider, sum(ours_minor)::bigint AS ours
         FROM reconciliation_lines WHERE run_id = $1 AND happened_at >= $2 AND happened_at < $3
         GROUP BY currency, bucket, reason ORDER BY currency, bucket, reason",
    );
    Ok(within(query.bind::<sql_types::Uuid, _>(run), month).load(conn).await?)
}
fn within(query: db::Statement<'_>, month: Month) -> db::Statement<'_> {
    query.bind::<sql_types::Timestamptz, _>(month.from()).bind::<sql_types::Timestamptz, _>(month.until())
}

/// Sales that crossed currencies, by the dated rate that was frozen on their lines.
#[derive(QueryableByName)]
pub struct Converted {
    #[diesel(sql_type = sql_types::Text)]
    pub paid_currency: Currency,
    #[diesel(sql_type = sql_types::Text)]
    pub own_currency: Currency,
    #[diesel(sql_type = sql_types::Text)]
    pub rate: String,
    #[diesel(sql_type = sql_types::Text)]
    pub source: String,
    #[diesel(sql_type = sql_types::Date)]
    pub day: Day,
    #[diesel(sql_type = sql_types::BigInt)]
    pub lines: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub paid: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub owed: i64,
}
pub async fn converted(conn: &mut Conn, month: Month) -> Result<Vec<Converted>, DbError> {
    let query = db::sql(
        "SELECT o.currency AS paid_currency, l.own_currency, l.fx_rate AS rate, l.fx_source AS source, l.fx_day AS day, count(*) AS lines,
                sum(l.producer_minor + l.premium_minor)::bigint AS paid, sum(l.producer_own_minor + l.premium_own_minor)::bigint AS owed
         FROM orders o JOIN order_lines l ON l.order_id = o.id
         WHERE o.paid_at >= $1 AND o.paid_at < $2 AND l.own_currency <> o.currency
         GROUP BY o.currency, l.own_currency, l.fx_rate, l.fx_source, l.fx_day ORDER BY 1, 2, 5, 3, 4",
    );
    Ok(within(query, month).load(conn).await?)
}

/// Cooperatives' names in addresses, by their ids as accounts are named.
pub async fn slugs(conn: &mut Conn) -> Result<BTreeMap<String, String>, DbError> {
    let rows: Vec<(CoopId, String)> = cooperatives::table.select((cooperatives::id, cooperatives::slug)).load(conn).await?;
    Ok(rows.into_iter().map(|(id, slug)| (id.to_string(), slug)).collect())
}

/// An order of a month, drawn for an audit.
#[derive(QueryableByName)]
pub struct Drawn {
    #[diesel(sql_type = sql_types::Uuid)]
    pub id: crate::ids::OrderId,
    #[diesel(sql_type = sql_types::Text)]
    pub number: String,
    #[diesel(sql_type = sql_types::Text)]
    pub currency: Currency,
    #[diesel(sql_type = sql_types::BigInt)]
    pub total: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub refunded: i64,
    #[diesel(sql_type = sql_types::Timestamptz)]
    pub paid_at: Time,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    pub charge: Option<String>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    pub movement: Option<String>,
    #[diesel(sql_type = sql_types::Array<sql_types::Text>)]
    pub codes: Vec<String>,
    #[diesel(sql_type = sql_types::Array<sql_types::Uuid>)]
    pub payouts: Vec<crate::ids::PayoutId>,
}

/// The `size` orders of the month whose digest with the seed is least: the same for ever, and nobody can choose them without the seed.
pub async fn sample(conn: &mut Conn, month: Month, seed: &str, size: i64) -> Result<(i64, Vec<Drawn>), DbError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql_types::BigInt)]
        orders: i64,
    }
    let count = db::sql("SELECT count(*) AS orders FROM orders WHERE paid_at >= $1 AND paid_at < $2");
    let Count { orders } = within(count, month).get_result(conn).await?;
    let query = db::sql(
        "WITH drawn AS (
           SELECT id, number, currency, total_minor, refunded_minor, paid_at FROM orders WHERE paid_at >= $1 AND paid_at < $2
           ORDER BY sha256(convert_to($3 || ':' || id::text, 'UTF8')), id LIMIT $4)
         SELECT d.id, d.number, d.currency, d.total_minor AS total, d.refunded_minor AS refunded, d.paid_at, s.charge, a.transaction_id AS movement,
                ARRAY(SELECT i.code FROM items i JOIN order_lines l ON l.id = i.order_line_id WHERE l.order_id = d.id ORDER BY i.code) AS codes,
                ARRAY(SELECT DISTINCT p.payout_id FROM payout_lines p JOIN order_lines l ON l.id = p.order_line_id
                      WHERE l.order_id = d.id AND p.live ORDER BY p.payout_id) AS payouts
         FROM drawn d LEFT JOIN checkout_sessions s ON s.order_id = d.id AND s.pays_order
         LEFT JOIN reconciliation_answers a ON a.source_type = 'order' AND a.source_id = d.id AND a.kind = 'paid'
         ORDER BY sha256(convert_to($3 || ':' || d.id::text, 'UTF8')), d.id",
    );
    let query = within(query, month).bind::<sql_types::Text, _>(seed).bind::<sql_types::BigInt, _>(size);
    Ok((orders, query.load(conn).await?))
}
