//! Comparisons as they are read.
use std::collections::BTreeMap;

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::model::{Bucket, Reason, Run, Sum};
use crate::{
    clock::Time,
    db::{self, Conn, DbError},
    ids::ReconciliationId,
    money::Currency,
    schema::{reconciliation_lines as lines, reconciliation_sums as sums},
};

pub async fn run(conn: &mut Conn, id: ReconciliationId) -> Result<Option<(Run, Vec<Sum>)>, DbError> {
    let Some(run) = super::store::one(conn, id).await? else { return Ok(None) };
    let mut sums = sums_of(conn, &[id]).await?;
    Ok(Some((run, sums.remove(&id).unwrap_or_default())))
}

/// Newest first, each with its sums.
pub async fn runs(conn: &mut Conn, after: Option<ReconciliationId>, limit: i64) -> Result<Vec<(Run, Vec<Sum>)>, DbError> {
    let runs = super::store::list(conn, after, limit).await?;
    let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
    let mut sums = sums_of(conn, &ids).await?;
    Ok(runs.into_iter().map(|run| (run, sums.remove(&run.id).unwrap_or_default())).collect())
}

type SumRow = (ReconciliationId, Currency, (i32, i32, i64, i64), (i32, i64), (i32, i64), (i32, i64));

async fn sums_of(conn: &mut Conn, ids: &[ReconciliationId]) -> Result<BTreeMap<ReconciliationId, Vec<Sum>>, DbError> {
    let rows: Vec<SumRow> = sums::table
        .filter(sums::run_id.eq_any(ids))
        .order((sums::run_id, sums::currency))
        .select((
            sums::run_id,
            sums::currency,
            (sums::transactions, sums::ours_alone, sums::provider_minor, sums::ours_minor),
            (sums::matched_lines, sums::matched_minor),
            (sums::explained_lines, sums::explained_minor),
            (sums::unexplained_lines, sums::unexplained_minor),
        ))
        .load(conn)
        .await?;
    let mut found: BTreeMap<_, Vec<Sum>> = BTreeMap::new();
    for (run, currency, (transactions, ours_alone, provider, ours), matched, explained, unexplained) in rows {
        let sum = Sum { currency, transactions, ours_alone, provider, ours, buckets: [matched, explained, unexplained] };
        found.entry(run).or_default().push(sum);
    }
    Ok(found)
}

/// A line as it is read.
#[derive(Clone, Debug)]
pub struct Line {
    pub position: i32,
    pub bucket: Bucket,
    pub reason: Reason,
    pub detail: String,
    pub transaction: Option<String>,
    pub subject: String,
    pub kind: String,
    pub object: Option<String>,
    pub currency: Currency,
    pub amount: i64,
    pub fee: i64,
    pub provider: i64,
    pub ours: i64,
    pub happened_at: Time,
}

pub async fn lines(conn: &mut Conn, run: ReconciliationId, bucket: Option<Bucket>, after: Option<i32>, limit: i64) -> Result<Vec<Line>, DbError> {
    let mut query = lines::table
        .filter(lines::run_id.eq(run).and(lines::position.gt(after.unwrap_or(-1))))
        .order(lines::position)
        .limit(limit)
        .select((
            (lines::position, lines::bucket, lines::reason, lines::detail, lines::transaction_id, lines::subject, lines::kind),
            (lines::object_id, lines::currency, lines::amount_minor, lines::fee_minor, lines::provider_minor, lines::ours_minor),
            lines::happened_at,
        ))
        .into_boxed();
    if let Some(bucket) = bucket {
        query = query.filter(lines::bucket.eq(bucket));
    }
    type Row = ((i32, Bucket, Reason, String, Option<String>, String, String), (Option<String>, Currency, i64, i64, i64, i64), Time);
    let view =
        |((position, bucket, reason, detail, transaction, subject, kind), (object, currency, amount, fee, provider, ours), happened_at): Row| Line {
            position,
            bucket,
            reason,
            detail,
            transaction,
            subject,
            kind,
            object,
            currency,
            amount,
            fee,
            provider,
            ours,
            happened_at,
        };
    Ok(query.load::<Row>(conn).await?.into_iter().map(view).collect())
}

/// How many lines of a kind are explained by what, and by how much the two sides differ in them.
#[derive(Clone, Debug, QueryableByName)]
pub struct Explained {
    #[diesel(sql_type = sql_types::Text)]
    pub currency: Currency,
    #[diesel(sql_type = sql_types::Text)]
    pub reason: Reason,
    #[diesel(sql_type = sql_types::BigInt)]
    pub lines: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub provider: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub ours: i64,
}

pub async fn explained(conn: &mut Conn, run: ReconciliationId) -> Result<Vec<Explained>, DbError> {
    let query = db::sql(
        "SELECT currency, reason, count(*) AS lines, sum(provider_minor)::bigint AS provider, sum(ours_minor)::bigint AS ours
         FROM reconciliation_lines WHERE run_id = $1 AND bucket = 'explained' GROUP BY currency, reason ORDER BY currency, reason",
    );
    Ok(query.bind::<sql_types::Uuid, _>(run).load(conn).await?)
}
