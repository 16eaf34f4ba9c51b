//! Every statement on comparisons and their lines.
pub(super) mod suspense;

use std::collections::BTreeMap;

use diesel::{OptionalExtension, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::model::{Asked, AskedBy, Bucket, Filed, Movement, Ours, Outcome, Reason, Run};
use crate::{
    clock::Time,
    db::{self, Conn, DbError, Tx},
    ids::{LedgerAccountId, ReconciliationId},
    money::{Currency, Money},
    payments,
    schema::{ledger_accounts, reconciliation_lines as lines, reconciliations as runs},
};

/// The ledger's name for what the provider holds.
const STRIPE: &str = "stripe_balance";

pub(super) async fn begin(conn: &mut Conn, now: Time, id: ReconciliationId, asked: &Asked) -> Result<(), DbError> {
    diesel::insert_into(runs::table)
        .values((
            (runs::id.eq(id), runs::from_at.eq(asked.from), runs::until_at.eq(asked.until)),
            (runs::asked_by.eq(asked.by), runs::account_id.eq(asked.account.map(crate::ids::AccountId::uuid)), runs::started_at.eq(now)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Nothing of it was done yet.
pub(super) async fn is_fresh(conn: &mut Conn, id: ReconciliationId) -> Result<bool, DbError> {
    let begun = runs::table.filter(runs::id.eq(id).and(runs::ended_at.is_null()));
    let has_lines = lines::table.filter(lines::run_id.eq(id));
    let begun: bool = diesel::select(diesel::dsl::exists(begun)).get_result(conn).await?;
    let has_lines: bool = diesel::select(diesel::dsl::exists(has_lines)).get_result(conn).await?;
    Ok(begun && !has_lines)
}

pub(super) async fn end(conn: &mut Conn, now: Time, id: ReconciliationId, outcome: Outcome) -> Result<(), DbError> {
    diesel::update(runs::table.filter(runs::id.eq(id).and(runs::ended_at.is_null())))
        .set((runs::ended_at.eq(now), runs::outcome.eq(outcome)))
        .execute(conn)
        .await?;
    Ok(())
}

type RunRow = (ReconciliationId, Time, Time, AskedBy, Time, Option<Time>, Option<Outcome>);
const RUN: (runs::id, runs::from_at, runs::until_at, runs::asked_by, runs::started_at, runs::ended_at, runs::outcome) =
    (runs::id, runs::from_at, runs::until_at, runs::asked_by, runs::started_at, runs::ended_at, runs::outcome);
fn run((id, from, until, asked_by, started_at, ended_at, outcome): RunRow) -> Run {
    Run { id, from, until, asked_by, started_at, ended_at, outcome }
}

pub(super) async fn one(conn: &mut Conn, id: ReconciliationId) -> Result<Option<Run>, DbError> {
    Ok(runs::table.find(id).select(RUN).first::<RunRow>(conn).await.optional()?.map(run))
}
/// Newest first.
pub(super) async fn list(conn: &mut Conn, after: Option<ReconciliationId>, limit: i64) -> Result<Vec<Run>, DbError> {
    let mut query = runs::table.order(runs::id.desc()).limit(limit).select(RUN).into_boxed();
    if let Some(after) = after {
        query = query.filter(runs::id.lt(after));
    }
    Ok(query.load::<RunRow>(conn).await?.into_iter().map(run).collect())
}

/// The accounts of the ledger, one per currency, that the provider's balance is kept in.
pub(super) async fn accounts(conn: &mut Conn) -> Result<Vec<LedgerAccountId>, DbError> {
    Ok(ledger_accounts::table.filter(ledger_accounts::name.eq(STRIPE)).select(ledger_accounts::id).load(conn).await?)
}

#[derive(QueryableByName)]
struct Own {
    #[diesel(sql_type = sql_types::Text)]
    txn: String,
    #[diesel(sql_type = sql_types::Text)]
    source_type: String,
    #[diesel(sql_type = sql_types::Uuid)]
    source_id: uuid::Uuid,
    #[diesel(sql_type = sql_types::Text)]
    kind: String,
    #[diesel(sql_type = sql_types::Text)]
    currency: Currency,
    #[diesel(sql_type = sql_types::BigInt)]
    minor: i64,
}
#[derive(QueryableByName)]
struct Accepted {
    #[diesel(sql_type = sql_types::Text)]
    subject: String,
    #[diesel(sql_type = sql_types::BigInt)]
    difference: i64,
}

/// A posting of ours and the movement that answers it.
pub(super) struct Answer {
    pub source_type: String,
    pub source_id: uuid::Uuid,
    pub kind: String,
    pub txn: String,
}

/// What our books have of each movement: by the charge that paid an order, by the provider's own names, by the payout's reference, and by
/// what two people decided.
pub(super) async fn ours(
    conn: &mut Conn,
    accounts: &[LedgerAccountId],
    movements: &[Movement],
) -> Result<(BTreeMap<String, Ours>, Vec<Answer>), DbError> {
    let txns: Vec<&str> = movements.iter().map(|m| m.id.as_str()).collect();
    let objects: Vec<&str> = movements.iter().map(|m| m.object.as_deref().unwrap_or_default()).collect();
    let hashes: Vec<uuid::Uuid> = objects.iter().map(|object| payments::object_uuid(object)).collect();
    let leaves: Vec<bool> = movements.iter().map(|m| m.amount.minor < 0).collect();
    let query = db::sql(
        "WITH asked AS (SELECT * FROM unnest($1, $2, $3, $4) AS a (txn, object, hash, leaves)),
         named AS (
           SELECT a.txn, 'order' AS type, s.order_id AS id, ARRAY['paid'] AS kinds
             FROM asked a JOIN checkout_sessions s ON s.charge = a.object AND s.pays_order
           UNION ALL SELECT txn, 'charge', hash, ARRAY['unexpected', 'foreign', 'fees'] FROM asked
           UNION ALL SELECT txn, 'transfer_reversal', hash, ARRAY['reversed'] FROM asked
           UNION ALL SELECT txn, 'provider_refund', hash, CASE WHEN leaves THEN ARRAY['sent', 'foreign'] ELSE ARRAY['failed'] END FROM asked
           UNION ALL SELECT txn, 'dispute', hash, CASE WHEN leaves THEN ARRAY['opened', 'foreign'] ELSE ARRAY['won', 'reinstated'] END FROM asked
           UNION ALL SELECT a.txn, 'payout', p.id, CASE WHEN leaves THEN ARRAY['settled'] ELSE ARRAY['bounced'] END
             FROM asked a JOIN payouts p ON p.rail = 'stripe_transfer' AND p.reference = a.object
           UNION ALL SELECT a.txn, 'suspense', i.id, ARRAY['resolved']
             FROM asked a JOIN suspense_items i ON i.subject = a.txn AND i.state = 'resolved'
           UNION ALL SELECT a.txn, i.match_type, i.match_id, ARRAY[i.match_kind]
             FROM asked a JOIN suspense_items i ON i.subject = a.txn AND i.state = 'resolved' AND i.action = 'match')
         SELECT n.txn, t.source_type, t.source_id, t.kind, t.currency,
                sum(CASE WHEN t.debit_account = ANY($5) THEN t.amount_minor ELSE -t.amount_minor END)::bigint AS minor
         FROM named n JOIN ledger_transfers t ON t.source_type = n.type AND t.source_id = n.id AND t.kind = ANY(n.kinds)
         WHERE (t.debit_account = ANY($5) OR t.credit_account = ANY($5))
           AND NOT EXISTS (SELECT 1 FROM reconciliation_answers x WHERE x.source_type = t.source_type AND x.source_id = t.source_id
                             AND x.kind = t.kind AND x.transaction_id <> n.txn)
         GROUP BY n.txn, t.source_type, t.source_id, t.kind, t.currency",
    );
    let mut own: Vec<Own> = query
        .bind::<sql_types::Array<sql_types::Text>, _>(txns.clone())
        .bind::<sql_types::Array<sql_types::Text>, _>(objects)
        .bind::<sql_types::Array<sql_types::Uuid>, _>(hashes)
        .bind::<sql_types::Array<sql_types::Bool>, _>(leaves)
        .bind::<sql_types::Array<sql_types::Uuid>, _>(accounts.to_vec())
        .load(conn)
        .await?;
    let accepted = accepted(conn, &txns).await?;
    let mut known: BTreeMap<String, Ours> = BTreeMap::new();
    // Of two movements about one thing the older one is answered by our posting, and the other by nothing.
    let mut taken: BTreeMap<(String, uuid::Uuid, String), String> = BTreeMap::new();
    own.sort_by_key(|row| std::cmp::Reverse(movements.iter().position(|m| m.id == row.txn)));
    let mut answers = Vec::new();
    for row in own {
        let key = (row.source_type.clone(), row.source_id, row.kind.clone());
        if *taken.entry(key).or_insert_with(|| row.txn.clone()) != row.txn {
            continue;
        }
        *known.entry(row.txn.clone()).or_default().moved.entry(row.currency).or_default() += row.minor;
        answers.push(Answer { source_type: row.source_type, source_id: row.source_id, kind: row.kind, txn: row.txn });
    }
    for Accepted { subject, difference } in accepted {
        known.entry(subject).or_default().accepted = Some(difference);
    }
    Ok((known, answers))
}

async fn accepted(conn: &mut Conn, subjects: &[&str]) -> Result<Vec<Accepted>, DbError> {
    let query = db::sql(
        "SELECT subject, sum(difference_minor)::bigint AS difference FROM suspense_items
         WHERE subject = ANY($1) AND state = 'resolved' AND action = 'explain' GROUP BY subject",
    );
    Ok(query.bind::<sql_types::Array<sql_types::Text>, _>(subjects.to_vec()).load(conn).await?)
}

/// Gives how many of them nothing answered before.
pub(super) async fn remember(tx: &mut Tx, answers: &[Answer]) -> Result<usize, DbError> {
    let query = db::sql(
        "INSERT INTO reconciliation_answers (source_type, source_id, kind, transaction_id) SELECT * FROM unnest($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    );
    let text = |of: fn(&Answer) -> &str| answers.iter().map(of).collect::<Vec<_>>();
    Ok(query
        .bind::<sql_types::Array<sql_types::Text>, _>(text(|a| &a.source_type))
        .bind::<sql_types::Array<sql_types::Uuid>, _>(answers.iter().map(|a| a.source_id).collect::<Vec<_>>())
        .bind::<sql_types::Array<sql_types::Text>, _>(text(|a| &a.kind))
        .bind::<sql_types::Array<sql_types::Text>, _>(text(|a| &a.txn))
        .execute(tx)
        .await?)
}

#[derive(Insertable)]
#[diesel(table_name = lines)]
pub(super) struct Line {
    run_id: ReconciliationId,
    position: i32,
    bucket: Bucket,
    reason: Reason,
    detail: String,
    transaction_id: Option<String>,
    subject: String,
    kind: String,
    object_id: Option<String>,
    currency: Currency,
    amount_minor: i64,
    fee_minor: i64,
    provider_minor: i64,
    ours_minor: i64,
    happened_at: Time,
}
impl Line {
    pub fn of(run_id: ReconciliationId, position: i32, movement: &Movement, filed: Filed) -> Self {
        let Filed { bucket, reason, detail, ours } = filed;
        Self {
            run_id,
            position,
            bucket,
            reason,
            detail,
            transaction_id: Some(movement.id.clone()),
            subject: movement.id.clone(),
            kind: movement.kind.clone(),
            object_id: movement.object.clone(),
            currency: movement.amount.currency,
            amount_minor: movement.amount.minor,
            fee_minor: movement.fee,
            provider_minor: movement.net,
            ours_minor: ours,
            happened_at: movement.created,
        }
    }
    pub fn alone(run_id: ReconciliationId, position: i32, alone: &Alone, filed: Filed) -> Self {
        let Filed { bucket, reason, detail, ours } = filed;
        Self {
            run_id,
            position,
            bucket,
            reason,
            detail,
            transaction_id: None,
            subject: alone.subject.clone(),
            kind: alone.kind.clone(),
            object_id: Some(alone.transfer_group.clone()),
            currency: alone.currency,
            amount_minor: 0,
            fee_minor: 0,
            provider_minor: 0,
            ours_minor: ours,
            happened_at: alone.happened_at,
        }
    }
}

pub(super) async fn insert_lines(tx: &mut Tx, rows: &[Line]) -> Result<(), DbError> {
    diesel::insert_into(lines::table).values(rows).execute(tx).await?;
    Ok(())
}

/// What only our books have: a source's postings on the provider's balance that no movement ever answered.
#[derive(QueryableByName)]
pub(super) struct Alone {
    #[diesel(sql_type = sql_types::Text)]
    pub subject: String,
    #[diesel(sql_type = sql_types::Text)]
    pub kind: String,
    #[diesel(sql_type = sql_types::Text)]
    pub transfer_group: String,
    #[diesel(sql_type = sql_types::Text)]
    pub currency: Currency,
    #[diesel(sql_type = sql_types::BigInt)]
    pub minor: i64,
    #[diesel(sql_type = sql_types::Timestamptz)]
    pub happened_at: Time,
    #[diesel(sql_type = sql_types::Bool)]
    pub accepted: bool,
}
impl Alone {
    pub fn moved(&self) -> Money {
        Money::new(self.minor, self.currency)
    }
}

pub(super) async fn alone(conn: &mut Conn, accounts: &[LedgerAccountId], from: Time, until: Time) -> Result<Vec<Alone>, DbError> {
    let query = db::sql(
        "WITH own AS (
           SELECT t.source_type || '/' || t.source_id || '/' || t.kind || '/' || t.currency AS subject, t.source_type || ' ' || t.kind AS kind,
                  t.currency, min(t.transfer_group) AS transfer_group, min(t.occurred_at) AS happened_at,
                  sum(CASE WHEN t.debit_account = ANY($1) THEN t.amount_minor ELSE -t.amount_minor END)::bigint AS minor
           FROM ledger_transfers t
           WHERE t.occurred_at >= $2 AND t.occurred_at < $3 AND (t.debit_account = ANY($1) OR t.credit_account = ANY($1))
             AND t.source_type <> 'suspense'
             AND NOT EXISTS (SELECT 1 FROM reconciliation_answers a
                             WHERE a.source_type = t.source_type AND a.source_id = t.source_id AND a.kind = t.kind)
           GROUP BY t.source_type, t.source_id, t.kind, t.currency)
         SELECT own.*, EXISTS (SELECT 1 FROM suspense_items i WHERE i.subject = own.subject AND i.state = 'resolved' AND i.action = 'explain'
                                 AND i.difference_minor = -own.minor) AS accepted
         FROM own WHERE minor <> 0
           AND NOT EXISTS (SELECT 1 FROM suspense_items i WHERE i.subject = own.subject AND i.state = 'resolved' AND i.action <> 'explain')
         ORDER BY happened_at, subject",
    );
    Ok(query
        .bind::<sql_types::Array<sql_types::Uuid>, _>(accounts.to_vec())
        .bind::<sql_types::Timestamptz, _>(from)
        .bind::<sql_types::Timestamptz, _>(until)
        .load(conn)
        .await?)
}

/// What the provider's pages came to, per currency.
pub(super) type Tally = BTreeMap<Currency, (i32, i64)>;

/// The sums of the run, from its lines beside what the pages came to: a CHECK refuses them if the one is not the other.
pub(super) async fn sum_up(tx: &mut Tx, id: ReconciliationId, tally: &Tally) -> Result<(), DbError> {
    let query = db::sql(
        "INSERT INTO reconciliation_sums
         SELECT $1, coalesce(p.currency, l.currency), coalesce(p.transactions, 0), coalesce(l.alone, 0), coalesce(p.minor, 0), coalesce(l.ours, 0),
                coalesce(l.matched, 0), coalesce(l.matched_minor, 0), coalesce(l.explained, 0), coalesce(l.explained_minor, 0),
                coalesce(l.unexplained, 0), coalesce(l.unexplained_minor, 0)
         FROM unnest($2, $3, $4) AS p (currency, transactions, minor)
         FULL JOIN (
           SELECT currency, count(*) FILTER (WHERE transaction_id IS NULL) AS alone, sum(ours_minor) AS ours,
                  count(*) FILTER (WHERE bucket = 'matched') AS matched, sum(provider_minor) FILTER (WHERE bucket = 'matched') AS matched_minor,
                  count(*) FILTER (WHERE bucket = 'explained') AS explained,
                  sum(provider_minor) FILTER (WHERE bucket = 'explained') AS explained_minor,
                  count(*) FILTER (WHERE bucket = 'unexplained') AS unexplained,
                  sum(provider_minor) FILTER (WHERE bucket = 'unexplained') AS unexplained_minor
           FROM reconciliation_lines WHERE run_id = $1 GROUP BY currency) l ON l.currency = p.currency",
    );
    query
        .bind::<sql_types::Uuid, _>(id)
        .bind::<sql_types::Array<sql_types::Text>, _>(tally.keys().copied().collect::<Vec<_>>())
        .bind::<sql_types::Array<sql_types::Integer>, _>(tally.values().map(|t| t.0).collect::<Vec<_>>())
        .bind::<sql_types::Array<sql_types::BigInt>, _>(tally.values().map(|t| t.1).collect::<Vec<_>>())
        .execute(tx)
        .await?;
    Ok(())
}
