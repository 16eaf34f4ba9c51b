//! What managers, auditors and everybody read of a fund.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::model::{Category, Decision, State};
use crate::{
    clock::Time,
    db::{Conn, DbError},
    ids::{CoopId, PayoutId, PremiumDecisionId, PremiumSpendingId},
    ledger::Account,
    money::Currency,
    payouts::State as PayoutState,
    schema::{cooperatives, payouts as p, premium_decisions as d, premium_spendings as s},
    tenancy::Scope,
};

/// A fund in one currency.
#[derive(Clone, Debug, QueryableByName)]
pub struct Fund {
    #[diesel(sql_type = sql::Text)]
    pub currency: Currency,
    #[diesel(sql_type = sql::BigInt)]
    pub pending: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub fund: i64,
    /// On its way in payouts.
    #[diesel(sql_type = sql::BigInt)]
    pub paying: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub spent: i64,
    /// Confirmed, and not yet taken by a payout.
    #[diesel(sql_type = sql::BigInt)]
    pub decided: i64,
}

/// Each currency that the fund has or had something in; one statement.
pub async fn funds(conn: &mut Conn, coop: CoopId) -> Result<Vec<Fund>, DbError> {
    let query = diesel::sql_query(
        "WITH held AS (
           SELECT a.currency, coalesce(sum(b.balance_minor) FILTER (WHERE a.name = $2), 0) AS pending,
                  coalesce(sum(b.balance_minor) FILTER (WHERE a.name = $3), 0) AS fund
           FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id WHERE a.name IN ($2, $3) GROUP BY a.currency),
         gone AS (
           SELECT currency, sum(amount_minor) FILTER (WHERE state <> 'settled') AS paying, sum(amount_minor) FILTER (WHERE state = 'settled') AS spent
           FROM payouts WHERE coop_id = $1 AND kind = 'premium' AND state NOT IN ('failed', 'bounced') GROUP BY currency),
         decided AS (SELECT currency, sum(amount_minor) AS minor FROM premium_decisions WHERE coop_id = $1 AND state = 'confirmed' GROUP BY currency)
         SELECT currency, coalesce(h.pending, 0)::bigint AS pending, coalesce(h.fund, 0)::bigint AS fund, coalesce(g.paying, 0)::bigint AS paying,
                coalesce(g.spent, 0)::bigint AS spent,
                (coalesce(d.minor, 0) - coalesce(g.paying, 0) - coalesce(g.spent, 0))::bigint AS decided
         FROM held h FULL JOIN gone g USING (currency) FULL JOIN decided d USING (currency) ORDER BY currency",
    );
    let (pending, fund) = (Account::PremiumPending(coop).name(), Account::PremiumFund(coop).name());
    Ok(query.bind::<sql::Uuid, _>(coop).bind::<sql::Text, _>(pending).bind::<sql::Text, _>(fund).load(conn).await?)
}

/// Whether everybody may read of it: the cooperative sells here.
pub async fn shown(conn: &mut Conn, named: &str) -> Result<Option<CoopId>, DbError> {
    use cooperatives as c;
    let mut query = c::table.filter(c::state.eq("approved")).select(c::id).into_boxed();
    query = match named.parse::<CoopId>() {
        Ok(id) => query.filter(c::id.eq(id)),
        Err(_) => query.filter(c::slug.eq(named)),
    };
    Ok(query.first(conn).await.optional()?)
}

#[derive(Clone, Debug, QueryableByName)]
pub struct Spent {
    #[diesel(sql_type = sql::Text)]
    pub category: Category,
    #[diesel(sql_type = sql::Text)]
    pub currency: Currency,
    #[diesel(sql_type = sql::BigInt)]
    pub minor: i64,
}
/// What has left for good, by what it was for.
pub async fn by_category(conn: &mut Conn, coop: CoopId) -> Result<Vec<Spent>, DbError> {
    let query = diesel::sql_query(
        "SELECT d.category, d.currency, sum(s.amount_minor)::bigint AS minor FROM premium_decisions d
         JOIN premium_spendings s ON s.coop_id = d.coop_id AND s.decision_id = d.id
         JOIN payouts p ON p.coop_id = s.coop_id AND p.id = s.payout_id AND p.state = 'settled'
         WHERE d.coop_id = $1 GROUP BY d.category, d.currency ORDER BY d.currency, minor DESC, d.category",
    );
    Ok(query.bind::<sql::Uuid, _>(coop).load(conn).await?)
}

/// One payout of a decision.
#[derive(Clone, Debug, Queryable)]
pub struct Spending {
    pub id: PremiumSpendingId,
    pub decision: PremiumDecisionId,
    pub amount_minor: i64,
    pub created_at: Time,
    pub payout: PayoutId,
    pub number: String,
    pub state: PayoutState,
    pub settled_at: Option<Time>,
}
impl Spending {
    /// Whether it counts: what came back does not.
    pub const fn stands(&self) -> bool {
        !matches!(self.state, PayoutState::Bounced | PayoutState::Failed)
    }
}

/// Decisions, newest first, with what was paid for each; two statements.
pub async fn decisions(
    conn: &mut Conn,
    coop: CoopId,
    state: Option<State>,
    after: Option<PremiumDecisionId>,
    limit: i64,
) -> Result<Vec<(Decision, Vec<Spending>)>, DbError> {
    let mut query = d::table.filter(d::coop_id.eq(coop)).order(d::id.desc()).limit(limit).select(Decision::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(d::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(d::id.lt(after));
    }
    let found: Vec<Decision> = query.load(conn).await?;
    let ids: Vec<PremiumDecisionId> = found.iter().map(|decision| decision.id).collect();
    let spendings = spendings(conn, coop, &ids).await?;
    let mine = |id| spendings.iter().filter(|spending| spending.decision == id).cloned().collect();
    let with = |decision: Decision| {
        let paid: Vec<Spending> = mine(decision.id);
        (decision, paid)
    };
    Ok(found.into_iter().map(with).collect())
}

/// One decision with its minutes.
pub async fn decision(conn: &mut Conn, scope: Scope, id: PremiumDecisionId) -> Result<Option<(Decision, String, Vec<Spending>)>, DbError> {
    let found: Option<(Decision, String)> =
        d::table.find((scope.coop(), id)).select((Decision::as_select(), d::minutes)).first(conn).await.optional()?;
    let Some((decision, minutes)) = found else { return Ok(None) };
    let spendings = spendings(conn, scope.coop(), &[id]).await?;
    Ok(Some((decision, minutes, spendings)))
}

async fn spendings(conn: &mut Conn, coop: CoopId, ids: &[PremiumDecisionId]) -> Result<Vec<Spending>, DbError> {
    Ok(s::table
        .inner_join(p::table.on(p::coop_id.eq(s::coop_id).and(p::id.eq(s::payout_id))))
        .filter(s::coop_id.eq(coop).and(s::decision_id.eq_any(ids)))
        .order(s::id)
        .select((s::id, s::decision_id, s::amount_minor, s::created_at, p::id, p::number, p::state, p::settled_at))
        .load(conn)
        .await?)
}
