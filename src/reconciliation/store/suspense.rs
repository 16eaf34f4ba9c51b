//! Every statement on what waits for two people.
use diesel::{OptionalExtension, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use crate::{
    clock::Time,
    db::{self, Conn, DbError, Tx},
    ids::{AccountId, LedgerAccountId, ReconciliationId, SuspenseItemId},
    money::Currency,
    reconciliation::suspense::{Action, Item, Proposal, Source, State},
    schema::{reconciliation_lines as lines, suspense_items as items},
};

/// Items in one statement.
const AT_ONCE: usize = 500;

/// Each unexplained line of the run waits, once; what waited already has the newest line's amounts.
pub(in crate::reconciliation) async fn open(tx: &mut Tx, now: Time, run: ReconciliationId) -> Result<usize, DbError> {
    let positions: Vec<i32> = lines::table
        .filter(lines::run_id.eq(run).and(lines::bucket.eq("unexplained")))
        .order(lines::position)
        .select(lines::position)
        .load(tx)
        .await?;
    for some in positions.chunks(AT_ONCE) {
        let query = db::sql(
            "INSERT INTO suspense_items (id, subject, run_id, position, currency, difference_minor, fee_minor, detail, state, happened_at, opened_at)
             SELECT fresh.id, l.subject, l.run_id, l.position, l.currency, l.provider_minor - l.ours_minor, l.fee_minor, l.detail, 'open',
                    l.happened_at, $4
             FROM unnest($1, $2) AS fresh (id, position) JOIN reconciliation_lines l ON l.run_id = $3 AND l.position = fresh.position
             ON CONFLICT (subject) WHERE state <> 'resolved' DO UPDATE
               SET run_id = EXCLUDED.run_id, position = EXCLUDED.position, difference_minor = EXCLUDED.difference_minor,
                   fee_minor = EXCLUDED.fee_minor, detail = EXCLUDED.detail, state = 'open', resolved_at = NULL
               WHERE suspense_items.state <> 'proposed'",
        );
        let ids: Vec<SuspenseItemId> = some.iter().map(|_| SuspenseItemId::new()).collect();
        query
            .bind::<sql_types::Array<sql_types::Uuid>, _>(ids)
            .bind::<sql_types::Array<sql_types::Integer>, _>(some)
            .bind::<sql_types::Uuid, _>(run)
            .bind::<sql_types::Timestamptz, _>(now)
            .execute(tx)
            .await?;
    }
    Ok(positions.len())
}

/// What the run found an answer to waits no longer.
pub(in crate::reconciliation) async fn settle(tx: &mut Tx, now: Time, run: ReconciliationId) -> Result<(), DbError> {
    let by_line = db::sql(
        "UPDATE suspense_items i SET state = 'settled', resolved_at = $2 FROM reconciliation_lines l
         WHERE l.run_id = $1 AND l.subject = i.subject AND l.bucket <> 'unexplained' AND i.state IN ('open', 'proposed')",
    );
    by_line.bind::<sql_types::Uuid, _>(run).bind::<sql_types::Timestamptz, _>(now).execute(tx).await?;
    let by_answer = db::sql(
        "UPDATE suspense_items i SET state = 'settled', resolved_at = $1 FROM reconciliation_answers a
         WHERE i.state IN ('open', 'proposed') AND a.source_type = split_part(i.subject, '/', 1) AND a.kind = split_part(i.subject, '/', 3)
           AND a.source_id = (CASE WHEN i.subject LIKE '%/%/%' THEN split_part(i.subject, '/', 2) END)::uuid",
    );
    by_answer.bind::<sql_types::Timestamptz, _>(now).execute(tx).await?;
    Ok(())
}

macro_rules! columns {
    () => {
        (
            (items::id, items::subject, items::run_id, items::position, items::currency, items::difference_minor, items::fee_minor),
            (items::detail, items::state, items::happened_at, items::opened_at, items::action, items::account),
            (items::match_type, items::match_id, items::match_kind, items::reason, items::proposed_by),
            (items::proposed_at, items::approved_by, items::resolved_at),
        )
    };
}
type Head = (SuspenseItemId, String, ReconciliationId, i32, Currency, i64, i64);
type Standing = (String, State, Time, Time, Option<Action>, Option<String>);
type Said = (Option<String>, Option<uuid::Uuid>, Option<String>, Option<String>, Option<AccountId>);
type Ended = (Option<Time>, Option<AccountId>, Option<Time>);

fn item((head, standing, said, ended): (Head, Standing, Said, Ended)) -> Item {
    let (id, subject, run, position, currency, difference, fee) = head;
    let (detail, state, happened_at, opened_at, action, account) = standing;
    let (match_type, match_id, match_kind, reason, proposed_by) = said;
    let (proposed_at, approved_by, resolved_at) = ended;
    let matched = match (match_type, match_id, match_kind) {
        (Some(source_type), Some(id), Some(kind)) => Some(Source { source_type, id, kind }),
        _ => None,
    };
    let standing = (happened_at, opened_at, resolved_at);
    Item {
        id,
        subject,
        run,
        position,
        currency,
        difference,
        fee,
        detail,
        state,
        standing,
        action,
        account,
        matched,
        reason,
        proposed_by,
        proposed_at,
        approved_by,
    }
}

pub(in crate::reconciliation) async fn one(conn: &mut Conn, id: SuspenseItemId) -> Result<Option<Item>, DbError> {
    Ok(items::table.find(id).select(columns!()).first(conn).await.optional()?.map(item))
}
pub(in crate::reconciliation) async fn lock(tx: &mut Tx, id: SuspenseItemId) -> Result<Option<Item>, DbError> {
    Ok(items::table.find(id).select(columns!()).for_update().first(tx).await.optional()?.map(item))
}
/// Newest first.
pub(in crate::reconciliation) async fn list(
    conn: &mut Conn,
    state: Option<State>,
    after: Option<SuspenseItemId>,
    limit: i64,
) -> Result<Vec<Item>, DbError> {
    let mut query = items::table.order(items::id.desc()).limit(limit).select(columns!()).into_boxed();
    if let Some(state) = state {
        query = query.filter(items::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(items::id.lt(after));
    }
    Ok(query.load(conn).await?.into_iter().map(item).collect())
}
/// When the oldest of what waits happened.
pub(in crate::reconciliation) async fn oldest_waiting(conn: &mut Conn) -> Result<Option<Time>, DbError> {
    let waiting = items::table.filter(items::state.eq_any([State::Open, State::Proposed]));
    Ok(waiting.order(items::happened_at).select(items::happened_at).first(conn).await.optional()?)
}
/// What waits and happened in a period.
pub(in crate::reconciliation) async fn waiting(conn: &mut Conn, from: Time, until: Time) -> Result<Vec<Item>, DbError> {
    let waiting = items::table.filter(items::state.eq_any([State::Open, State::Proposed]));
    let waiting = waiting.filter(items::happened_at.ge(from).and(items::happened_at.lt(until)));
    Ok(waiting.order((items::happened_at, items::id)).select(columns!()).load(conn).await?.into_iter().map(item).collect())
}

pub(in crate::reconciliation) async fn propose(tx: &mut Tx, now: Time, id: SuspenseItemId, by: AccountId, said: &Proposal) -> Result<(), DbError> {
    let matched = said.matched.as_ref();
    diesel::update(items::table.find(id))
        .set((
            (items::state.eq(State::Proposed), items::action.eq(said.action), items::account.eq(said.account.as_ref().map(|a| a.name()))),
            (items::match_type.eq(matched.map(|s| &s.source_type)), items::match_id.eq(matched.map(|s| s.id))),
            (items::match_kind.eq(matched.map(|s| &s.kind)), items::reason.eq(&said.reason)),
            (items::proposed_by.eq(by), items::proposed_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}
pub(in crate::reconciliation) async fn reopen(tx: &mut Tx, id: SuspenseItemId) -> Result<(), DbError> {
    diesel::update(items::table.find(id))
        .set((
            (items::state.eq(State::Open), items::action.eq(None::<Action>), items::account.eq(None::<String>)),
            (items::match_type.eq(None::<String>), items::match_id.eq(None::<uuid::Uuid>), items::match_kind.eq(None::<String>)),
            (items::reason.eq(None::<String>), items::proposed_by.eq(None::<AccountId>), items::proposed_at.eq(None::<Time>)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}
pub(in crate::reconciliation) async fn approve(tx: &mut Tx, now: Time, id: SuspenseItemId, by: AccountId) -> Result<(), DbError> {
    diesel::update(items::table.find(id))
        .set((items::state.eq(State::Resolved), items::approved_by.eq(by), items::resolved_at.eq(now)))
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Moved {
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    minor: Option<i64>,
}
/// What a source did to the provider's balance in our books; none if there is no such posting.
pub(in crate::reconciliation) async fn moved(
    tx: &mut Tx,
    accounts: &[LedgerAccountId],
    source: &Source,
    currency: Currency,
) -> Result<Option<i64>, DbError> {
    let query = db::sql(
        "SELECT sum(CASE WHEN debit_account = ANY($1) THEN amount_minor ELSE -amount_minor END)::bigint AS minor FROM ledger_transfers
         WHERE source_type = $2 AND source_id = $3 AND kind = $4 AND currency = $5 AND (debit_account = ANY($1) OR credit_account = ANY($1))",
    );
    let row: Moved = query
        .bind::<sql_types::Array<sql_types::Uuid>, _>(accounts.to_vec())
        .bind::<sql_types::Text, _>(&source.source_type)
        .bind::<sql_types::Uuid, _>(source.id)
        .bind::<sql_types::Text, _>(&source.kind)
        .bind::<sql_types::Text, _>(currency)
        .get_result(tx)
        .await?;
    Ok(row.minor)
}
