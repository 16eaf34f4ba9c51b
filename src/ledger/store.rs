//! Every statement on the ledger's tables.
use std::collections::BTreeMap;

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    journal,
    model::{Account, Class, Error, Mismatch, Posting, Source, Transfer},
};
use crate::{
    clock::Time,
    db::{self, Conn, DbError, PlanOnce, Tx},
    ids::{LedgerAccountId, OrderLineId, TransferId},
    money::{Currency, Money},
    schema::{ledger_accounts, ledger_balances, ledger_transfers},
};

type Key = (LedgerAccountId, i16);

/// Whether all balance rows are there, as they are for all but an account's first posting. They are never deleted.
pub(super) async fn are_open(tx: &mut Tx, keys: &[Key]) -> Result<bool, DbError> {
    let (accounts, slots): (Vec<LedgerAccountId>, Vec<i16>) = keys.iter().copied().unzip();
    let missing = db::sql(
        "SELECT EXISTS (SELECT FROM unnest($1, $2) AS k (account_id, slot)
           WHERE NOT EXISTS (SELECT FROM ledger_balances b WHERE b.account_id = k.account_id AND b.slot = k.slot)) AS yes",
    );
    let found: Yes =
        missing.bind::<sql_types::Array<sql_types::Uuid>, _>(accounts).bind::<sql_types::Array<sql_types::SmallInt>, _>(slots).get_result(tx).await?;
    Ok(!found.yes)
}
#[derive(QueryableByName)]
struct Yes {
    #[diesel(sql_type = sql_types::Bool)]
    yes: bool,
}

/// Makes what is missing of the accounts and their balance rows; a balance row starts at zero because a CHECK would judge a negative first
/// delta before it sees the row it adds to.
pub(super) async fn open_accounts(tx: &mut Tx, now: Time, accounts: &BTreeMap<Key, (&Account, Currency)>) -> Result<(), DbError> {
    let account_rows: BTreeMap<_, _> = accounts.iter().map(|((id, _), account)| (*id, account)).collect();
    let rows: Vec<_> = account_rows
        .iter()
        .map(|(id, (account, currency))| {
            (
                ledger_accounts::id.eq(*id),
                ledger_accounts::name.eq(account.name()),
                ledger_accounts::currency.eq(*currency),
                ledger_accounts::class.eq(account.class()),
                ledger_accounts::never_negative.eq(account.never_negative()),
                ledger_accounts::slots.eq(account.slots()),
                ledger_accounts::created_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(ledger_accounts::table).values(rows).on_conflict_do_nothing().execute(tx).await?;
    let rows: Vec<_> = accounts
        .iter()
        .map(|((id, slot), (account, _))| {
            (
                ledger_balances::account_id.eq(*id),
                ledger_balances::slot.eq(*slot),
                ledger_balances::never_negative.eq(account.never_negative()),
                ledger_balances::balance_minor.eq(0),
            )
        })
        .collect();
    diesel::insert_into(ledger_balances::table).values(rows).on_conflict_do_nothing().execute(tx).await?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = ledger_transfers)]
pub(super) struct Row {
    id: TransferId,
    debit_account: LedgerAccountId,
    credit_account: LedgerAccountId,
    amount_minor: i64,
    currency: Currency,
    kind: &'static str,
    source_type: &'static str,
    source_id: uuid::Uuid,
    leg: String,
    order_line_id: Option<OrderLineId>,
    pending: bool,
    transfer_group: String,
    occurred_at: Time,
    posted_at: Time,
    memo: String,
}

pub(super) fn transfer_row(id: TransferId, now: Time, source: &Source, posting: &Posting) -> Row {
    Row {
        id,
        debit_account: posting.debit.id(posting.amount.currency),
        credit_account: posting.credit.id(posting.amount.currency),
        amount_minor: posting.amount.minor,
        currency: posting.amount.currency,
        kind: source.kind,
        source_type: source.kind_of,
        source_id: source.id,
        leg: posting.leg.clone(),
        order_line_id: posting.order_line,
        pending: false,
        transfer_group: source.group.clone(),
        occurred_at: source.occurred_at,
        posted_at: now,
        memo: posting.memo.clone(),
    }
}

pub(super) async fn insert_transfers(tx: &mut Tx, rows: Vec<Row>) -> Result<usize, DbError> {
    let legs = rows.len();
    Ok(diesel::insert_into(ledger_transfers::table).values(rows).on_conflict_do_nothing().plan_once_up_to(legs).execute(tx).await?)
}

pub(super) async fn is_posted(conn: &mut Conn, source_type: &str, source_id: uuid::Uuid, kind: &str) -> Result<bool, DbError> {
    let posted = ledger_transfers::table
        .filter(ledger_transfers::source_type.eq(source_type).and(ledger_transfers::source_id.eq(source_id)))
        .filter(ledger_transfers::kind.eq(kind));
    Ok(diesel::select(diesel::dsl::exists(posted)).get_result(conn).await?)
}

/// A repeated report must say the same as the first.
pub(super) async fn same_as_before(tx: &mut Tx, source: &Source, postings: &[&Posting]) -> Result<(), Error> {
    let mut before: Vec<(String, i64, LedgerAccountId, LedgerAccountId)> = ledger_transfers::table
        .filter(ledger_transfers::source_type.eq(source.kind_of).and(ledger_transfers::source_id.eq(source.id)))
        .filter(ledger_transfers::kind.eq(source.kind))
        .select((ledger_transfers::leg, ledger_transfers::amount_minor, ledger_transfers::debit_account, ledger_transfers::credit_account))
        .load(tx)
        .await?;
    let id = |account: &Account, money: Money| account.id(money.currency);
    let mut given: Vec<_> = postings.iter().map(|p| (p.leg.clone(), p.amount.minor, id(&p.debit, p.amount), id(&p.credit, p.amount))).collect();
    before.sort();
    given.sort();
    if before == given { Ok(()) } else { Err(Error::Contradiction { source_id: source.id, kind: source.kind }) }
}

/// One statement: locks in (account, slot) order, so that two transactions never wait for each other crosswise, then moves.
pub(super) async fn move_balances(tx: &mut Tx, deltas: &BTreeMap<Key, i64>) -> Result<(), Error> {
    let accounts: Vec<LedgerAccountId> = deltas.keys().map(|k| k.0).collect();
    let slots: Vec<i16> = deltas.keys().map(|k| k.1).collect();
    let amounts: Vec<i64> = deltas.values().copied().collect();
    let moved = db::sql(
        "WITH delta AS (SELECT * FROM unnest($1, $2, $3) AS d (account_id, slot, minor)),
              locked AS (SELECT b.account_id, b.slot FROM ledger_balances b JOIN delta USING (account_id, slot)
                         ORDER BY b.account_id, b.slot FOR UPDATE OF b)
         UPDATE ledger_balances b SET balance_minor = b.balance_minor + delta.minor
         FROM locked JOIN delta USING (account_id, slot) WHERE b.account_id = locked.account_id AND b.slot = locked.slot",
    )
    .bind::<sql_types::Array<sql_types::Uuid>, _>(accounts)
    .bind::<sql_types::Array<sql_types::SmallInt>, _>(slots)
    .bind::<sql_types::Array<sql_types::BigInt>, _>(amounts)
    .execute(tx)
    .await?;
    debug_assert_eq!(moved, deltas.len(), "every balance row was made before");
    Ok(())
}

pub(super) async fn balance(conn: &mut Conn, account: LedgerAccountId) -> Result<i64, DbError> {
    let slots: Vec<i64> =
        ledger_balances::table.filter(ledger_balances::account_id.eq(account)).select(ledger_balances::balance_minor).load(conn).await?;
    Ok(slots.iter().sum())
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = sql_types::Text)]
    name: String,
    #[diesel(sql_type = sql_types::Text)]
    currency: Currency,
    #[diesel(sql_type = sql_types::BigInt)]
    minor: i64,
}

pub(super) async fn balances(conn: &mut Conn, prefix: &str) -> Result<Vec<(String, Money)>, DbError> {
    let query = diesel::sql_query(
        "SELECT a.name, a.currency, sum(b.balance_minor)::bigint AS minor FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
         WHERE starts_with(a.name, $1) GROUP BY a.name, a.currency ORDER BY a.name, a.currency",
    );
    let rows: Vec<Held> = query.bind::<sql_types::Text, _>(prefix).load(conn).await?;
    Ok(rows.into_iter().map(|r| (r.name, Money::new(r.minor, r.currency))).collect())
}

#[derive(QueryableByName)]
struct TransferRow {
    #[diesel(sql_type = sql_types::Uuid)]
    id: TransferId,
    #[diesel(sql_type = sql_types::Text)]
    debit: String,
    #[diesel(sql_type = sql_types::Text)]
    credit: String,
    #[diesel(sql_type = sql_types::BigInt)]
    amount_minor: i64,
    #[diesel(sql_type = sql_types::Text)]
    currency: Currency,
    #[diesel(sql_type = sql_types::Text)]
    kind: String,
    #[diesel(sql_type = sql_types::Text)]
    leg: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
    order_line_id: Option<OrderLineId>,
    #[diesel(sql_type = sql_types::Timestamptz)]
    occurred_at: Time,
    #[diesel(sql_type = sql_types::Timestamptz)]
    posted_at: Time,
    #[diesel(sql_type = sql_types::Text)]
    memo: String,
}

pub(super) async fn transfers_of(conn: &mut Conn, source_type: &str, source_id: uuid::Uuid) -> Result<Vec<Transfer>, DbError> {
    let query = diesel::sql_query(
        "SELECT t.id, d.name AS debit, c.name AS credit, t.amount_minor, t.currency, t.kind, t.leg, t.order_line_id, t.occurred_at, t.posted_at, t.memo
         FROM ledger_transfers t JOIN ledger_accounts d ON d.id = t.debit_account JOIN ledger_accounts c ON c.id = t.credit_account
         WHERE t.source_type = $1 AND t.source_id = $2 ORDER BY t.id",
    );
    let rows: Vec<TransferRow> = query.bind::<sql_types::Text, _>(source_type).bind::<sql_types::Uuid, _>(source_id).load(conn).await?;
    Ok(rows.into_iter().map(Transfer::from).collect())
}

pub(super) async fn transfers_of_line(conn: &mut Conn, line: OrderLineId) -> Result<Vec<Transfer>, DbError> {
    let query = diesel::sql_query(
        "SELECT t.id, d.name AS debit, c.name AS credit, t.amount_minor, t.currency, t.kind, t.leg, t.order_line_id, t.occurred_at, t.posted_at, t.memo
         FROM ledger_transfers t JOIN ledger_accounts d ON d.id = t.debit_account JOIN ledger_accounts c ON c.id = t.credit_account
         WHERE t.order_line_id = $1 ORDER BY t.id",
    );
    Ok(query.bind::<sql_types::Uuid, _>(line).load::<TransferRow>(conn).await?.into_iter().map(Transfer::from).collect())
}

impl From<TransferRow> for Transfer {
    fn from(row: TransferRow) -> Self {
        Self {
            id: row.id,
            debit: row.debit,
            credit: row.credit,
            amount: Money::new(row.amount_minor, row.currency),
            kind: row.kind,
            leg: row.leg,
            order_line: row.order_line_id,
            occurred_at: row.occurred_at,
            posted_at: row.posted_at,
            memo: row.memo,
        }
    }
}

#[derive(QueryableByName)]
struct Compared {
    #[diesel(sql_type = sql_types::Text)]
    name: String,
    #[diesel(sql_type = sql_types::Text)]
    currency: Currency,
    #[diesel(sql_type = sql_types::BigInt)]
    recorded: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    recomputed: i64,
}

pub(super) async fn mismatches(conn: &mut Conn) -> Result<Vec<Mismatch>, DbError> {
    let rows: Vec<Compared> = diesel::sql_query(
        "WITH moved AS (
           SELECT account, sum(minor) AS minor FROM (
             SELECT debit_account AS account, amount_minor AS minor FROM ledger_transfers
             UNION ALL SELECT credit_account, -amount_minor FROM ledger_transfers) m GROUP BY account),
         held AS (SELECT account_id AS account, sum(balance_minor) AS minor FROM ledger_balances GROUP BY account_id),
         compared AS (
           SELECT a.name, a.currency, a.never_negative, coalesce(held.minor, 0)::bigint AS recorded,
                  (coalesce(moved.minor, 0) * CASE WHEN a.class IN ('asset', 'expense') THEN 1 ELSE -1 END)::bigint AS recomputed
           FROM ledger_accounts a LEFT JOIN moved ON moved.account = a.id LEFT JOIN held ON held.account = a.id)
         SELECT name, currency, recorded, recomputed FROM compared
         WHERE recorded <> recomputed OR (never_negative AND recomputed < 0) ORDER BY name, currency",
    )
    .load(conn)
    .await?;
    let view = |r: Compared| Mismatch { account: r.name, currency: r.currency, recorded: r.recorded, recomputed: r.recomputed };
    Ok(rows.into_iter().map(view).collect())
}

#[derive(QueryableByName)]
struct JournalRow {
    #[diesel(sql_type = sql_types::Uuid)]
    id: TransferId,
    #[diesel(sql_type = sql_types::Text)]
    source_type: String,
    #[diesel(sql_type = sql_types::Uuid)]
    source_id: uuid::Uuid,
    #[diesel(sql_type = sql_types::Text)]
    kind: String,
    #[diesel(sql_type = sql_types::Text)]
    leg: String,
    #[diesel(sql_type = sql_types::Text)]
    transfer_group: String,
    #[diesel(sql_type = sql_types::Timestamptz)]
    occurred_at: Time,
    #[diesel(sql_type = sql_types::Text)]
    debit: String,
    #[diesel(sql_type = sql_types::Text)]
    debit_class: Class,
    #[diesel(sql_type = sql_types::Text)]
    credit: String,
    #[diesel(sql_type = sql_types::Text)]
    credit_class: Class,
    #[diesel(sql_type = sql_types::BigInt)]
    amount_minor: i64,
    #[diesel(sql_type = sql_types::Text)]
    currency: Currency,
}

/// Transfers behind `after`, oldest first.
pub(super) async fn journal(
    conn: &mut Conn,
    after: Option<TransferId>,
    within: Option<(Time, Time)>,
    limit: i64,
) -> Result<Vec<journal::Row>, DbError> {
    let query = diesel::sql_query(
        "SELECT t.id, t.source_type, t.source_id, t.kind, t.leg, t.transfer_group, t.occurred_at, t.amount_minor, t.currency,
                d.name AS debit, d.class AS debit_class, c.name AS credit, c.class AS credit_class
         FROM ledger_transfers t JOIN ledger_accounts d ON d.id = t.debit_account JOIN ledger_accounts c ON c.id = t.credit_account
         WHERE ($1 IS NULL OR t.id > $1) AND ($3 IS NULL OR t.occurred_at >= $3) AND ($4 IS NULL OR t.occurred_at < $4) ORDER BY t.id LIMIT $2",
    );
    let rows: Vec<JournalRow> = query
        .bind::<sql_types::Nullable<sql_types::Uuid>, _>(after)
        .bind::<sql_types::BigInt, _>(limit)
        .bind::<sql_types::Nullable<sql_types::Timestamptz>, _>(within.map(|w| w.0))
        .bind::<sql_types::Nullable<sql_types::Timestamptz>, _>(within.map(|w| w.1))
        .load(conn)
        .await?;
    let view = |r: JournalRow| journal::Row {
        id: r.id,
        source_type: r.source_type,
        source_id: r.source_id,
        kind: r.kind,
        leg: r.leg,
        group: r.transfer_group,
        occurred_at: r.occurred_at,
        debit: (r.debit, r.debit_class),
        credit: (r.credit, r.credit_class),
        amount: Money::new(r.amount_minor, r.currency),
    };
    Ok(rows.into_iter().map(view).collect())
}
