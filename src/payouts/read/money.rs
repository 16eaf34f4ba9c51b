//! A cooperative's own money: what it has in each account, and every transfer that touched them. Nothing of anybody else's is scanned:
//! accounts are found by their exact names, transfers by the accounts' indexes.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use crate::{
    clock::Time,
    db::{Conn, DbError},
    ids::{LedgerAccountId, OrderLineId, TransferId},
    ledger::Account,
    money::{Currency, Money},
    tenancy::Scope,
};

text_enum! {
    /// An account of a cooperative's, as its people call it.
    pub enum OwnAccount {
        Pending = "pending", Available = "available", Paying = "paying", Held = "held", PremiumPending = "premium_pending",
        PremiumFund = "premium_fund", Receivable = "receivable", ShippingPayable = "shipping_payable", Advance = "advance",
    }
}

/// Every account of a cooperative's, in the order of a sale's way through them.
fn accounts(scope: Scope) -> [Account; 9] {
    let coop = scope.coop();
    [
        Account::CoopPending(coop),
        Account::CoopAvailable(coop),
        Account::CoopPaying(coop),
        Account::CoopHeld(coop),
        Account::PremiumPending(coop),
        Account::PremiumFund(coop),
        Account::CoopReceivable(coop),
        Account::ShippingPayable(coop),
        Account::CoopAdvance(coop),
    ]
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    pub pending: i64,
    pub available: i64,
    pub paying: i64,
    pub held: i64,
    pub premium_pending: i64,
    pub premium_fund: i64,
    pub receivable: i64,
    pub shipping_payable: i64,
    pub advance: i64,
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = sql::Text)]
    name: String,
    #[diesel(sql_type = sql::Text)]
    currency: Currency,
    #[diesel(sql_type = sql::BigInt)]
    minor: i64,
}

/// What each account holds, by currency.
pub async fn balances(conn: &mut Conn, scope: Scope) -> Result<Vec<(Currency, Balances)>, DbError> {
    let names = accounts(scope).map(|a| a.name());
    let query = diesel::sql_query(
        "SELECT a.name, a.currency, sum(b.balance_minor)::bigint AS minor FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
         WHERE a.name = ANY ($1) GROUP BY a.name, a.currency ORDER BY a.currency",
    );
    let rows: Vec<HeldRow> = query.bind::<sql::Array<sql::Text>, _>(names.as_slice()).load(conn).await?;
    let mut all: Vec<(Currency, Balances)> = Vec::new();
    for row in rows {
        if all.last().is_none_or(|(currency, _)| *currency != row.currency) {
            all.push((row.currency, Balances::default()));
        }
        let Some((_, held)) = all.last_mut() else { continue };
        let fields = [
            &mut held.pending,
            &mut held.available,
            &mut held.paying,
            &mut held.held,
            &mut held.premium_pending,
            &mut held.premium_fund,
            &mut held.receivable,
            &mut held.shipping_payable,
            &mut held.advance,
        ];
        if let Some((_, field)) = names.iter().zip(fields).find(|(name, _)| **name == row.name) {
            *field = row.minor;
        }
    }
    Ok(all)
}

/// What decides what a manager should do next.
#[derive(Clone, Debug, QueryableByName)]
pub struct Standing {
    #[diesel(sql_type = sql::Text)]
    pub currency: Currency,
    #[diesel(sql_type = sql::Bool)]
    pub approved: bool,
    #[diesel(sql_type = sql::BigInt)]
    pub to_ship: i64,
    /// A destination in effect; one that waits.
    #[diesel(sql_type = sql::Bool)]
    pub payable: bool,
    #[diesel(sql_type = sql::Bool)]
    pub waiting: bool,
}

pub async fn standing(conn: &mut Conn, now: Time, scope: Scope) -> Result<Standing, DbError> {
    let query = diesel::sql_query(
        "SELECT c.currency, c.state = 'approved' AS approved,
                (SELECT count(*) FROM order_groups g JOIN orders o ON o.id = g.order_id
                  WHERE g.coop_id = c.id AND g.state IN ('to_ship', 'partially_shipped') AND NOT o.on_hold) AS to_ship,
                EXISTS (SELECT 1 FROM payout_destinations d WHERE d.coop_id = c.id AND d.state = 'active' AND d.effective_at <= $2) AS payable,
                EXISTS (SELECT 1 FROM payout_destinations d WHERE d.coop_id = c.id AND d.state IN ('proposed', 'active')) AS waiting
         FROM cooperatives c WHERE c.id = $1",
    );
    Ok(query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Timestamptz, _>(now).get_result(conn).await?)
}

/// A transfer as the cooperative's people read it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Moved {
    #[diesel(sql_type = sql::Uuid)]
    pub id: TransferId,
    #[diesel(sql_type = sql::Text)]
    pub debit: String,
    #[diesel(sql_type = sql::Text)]
    pub credit: String,
    #[diesel(sql_type = sql::BigInt)]
    amount_minor: i64,
    #[diesel(sql_type = sql::Text)]
    currency: Currency,
    #[diesel(sql_type = sql::Text)]
    pub source: String,
    #[diesel(sql_type = sql::Text)]
    pub kind: String,
    #[diesel(sql_type = sql::Text)]
    pub leg: String,
    #[diesel(sql_type = sql::Text)]
    pub memo: String,
    #[diesel(sql_type = sql::Text)]
    pub number: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub order: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    pub order_line: Option<OrderLineId>,
    #[diesel(sql_type = sql::Timestamptz)]
    pub at: Time,
}
impl Moved {
    pub const fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
}

#[derive(QueryableByName)]
struct AccountRow {
    #[diesel(sql_type = sql::Uuid)]
    id: LedgerAccountId,
}

/// Newest first. From each account's two indexes the newest `limit`, and of those the newest: so a page costs the same however long the
/// history is.
pub async fn transfers(
    conn: &mut Conn,
    scope: Scope,
    only: Option<OwnAccount>,
    after: Option<TransferId>,
    limit: i64,
) -> Result<Vec<Moved>, DbError> {
    let all = OwnAccount::ALL.iter().zip(accounts(scope));
    let names: Vec<String> = all.filter(|(own, _)| only.is_none_or(|only| only == **own)).map(|(_, account)| account.name()).collect();
    let query = diesel::sql_query("SELECT id FROM ledger_accounts WHERE name = ANY ($1)");
    let ids: Vec<AccountRow> = query.bind::<sql::Array<sql::Text>, _>(names.as_slice()).load(conn).await?;
    let ids: Vec<LedgerAccountId> = ids.into_iter().map(|row| row.id).collect();
    let query = diesel::sql_query(
        "WITH newest AS (
           SELECT t.id FROM unnest($1) AS a (id)
             CROSS JOIN LATERAL (SELECT id FROM ledger_transfers WHERE debit_account = a.id AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3) t
           UNION
           SELECT t.id FROM unnest($1) AS a (id)
             CROSS JOIN LATERAL (SELECT id FROM ledger_transfers WHERE credit_account = a.id AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3) t
           ORDER BY id DESC LIMIT $3)
         SELECT t.id, d.name AS debit, c.name AS credit, t.amount_minor, t.currency, t.source_type AS source, t.kind, t.leg, t.memo,
                t.transfer_group AS number, o.number AS \"order\", t.order_line_id AS order_line, t.occurred_at AS at
         FROM newest n JOIN ledger_transfers t ON t.id = n.id
         JOIN ledger_accounts d ON d.id = t.debit_account JOIN ledger_accounts c ON c.id = t.credit_account
         LEFT JOIN order_lines l ON l.id = t.order_line_id LEFT JOIN orders o ON o.id = l.order_id
         ORDER BY t.id DESC",
    );
    let rows = query.bind::<sql::Array<sql::Uuid>, _>(ids).bind::<sql::Nullable<sql::Uuid>, _>(after).bind::<sql::BigInt, _>(limit);
    Ok(rows.load(conn).await?)
}
