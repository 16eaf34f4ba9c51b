//! Every statement on payouts and what belongs to them, and the few reads of others that decide a payout under its locks.
mod files;

pub(super) use files::{File, file, files, insert_file, lock_of_file, lock_waiting_for_file};

use std::collections::BTreeMap;

use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{
    model::{Corridor, Destination, DestinationKind, Error, Event, Line, LineKind, Payee, Payout, Rail, State},
    shares::Share,
};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, CoopId, DestinationId, LedgerAccountId, OperationId, OrderGroupId, OrderLineId, PayoutFileId, PayoutId, TransferId},
    ledger::Account,
    money::Currency,
    schema::{
        cooperatives, ledger_balances, money_alerts, payout_corridors, payout_destinations, payout_events, payout_lines, payout_shares, payouts,
    },
    secrets::MasterKey,
    tenancy::Scope,
};

/// The cooperative under its lock: whatever pays it waits for whatever else does.
pub(super) async fn lock_payee(tx: &mut Tx, coop: CoopId) -> Result<Option<Payee>, DbError> {
    let row: Option<(String, String, String)> = cooperatives::table
        .find(coop)
        .select((cooperatives::slug, cooperatives::country, cooperatives::state))
        .for_no_key_update()
        .first(tx)
        .await
        .optional()?;
    Ok(row.map(|(slug, country, state)| Payee { scope: Scope::system(coop), slug, country, approved: state == "approved" }))
}

pub(super) async fn cooperative_called(conn: &mut Conn, named: &str) -> Result<Option<CoopId>, DbError> {
    let known = cooperatives::table.select(cooperatives::id);
    Ok(match named.parse::<CoopId>() {
        Ok(id) => known.filter(cooperatives::id.eq(id)).first(conn).await.optional()?,
        Err(_) => known.filter(cooperatives::slug.eq(named)).first(conn).await.optional()?,
    })
}

/// What cooperatives are called in addresses.
pub(super) async fn slugs(conn: &mut Conn, coops: impl Iterator<Item = CoopId>) -> Result<BTreeMap<CoopId, String>, DbError> {
    let ids: Vec<CoopId> = coops.collect();
    let rows: Vec<(CoopId, String)> =
        cooperatives::table.filter(cooperatives::id.eq_any(ids)).select((cooperatives::id, cooperatives::slug)).load(conn).await?;
    Ok(rows.into_iter().collect())
}

#[derive(QueryableByName)]
struct CoopRow {
    #[diesel(sql_type = sql::Uuid)]
    id: CoopId,
}

/// Every cooperative with something available, by slug.
pub(super) async fn payable(conn: &mut Conn) -> Result<Vec<CoopId>, DbError> {
    let query = diesel::sql_query(
        "SELECT c.id FROM cooperatives c WHERE EXISTS (
           SELECT 1 FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
           WHERE a.name = 'coop_available:' || c.id AND b.balance_minor > 0) ORDER BY c.slug",
    );
    Ok(query.load::<CoopRow>(conn).await?.into_iter().map(|row| row.id).collect())
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = sql::Text)]
    currency: Currency,
    #[diesel(sql_type = sql::BigInt)]
    minor: i64,
}

/// What is available, by currency; nothing where there is nothing.
pub(super) async fn available(conn: &mut Conn, scope: Scope) -> Result<Vec<(Currency, i64)>, DbError> {
    let query = diesel::sql_query(
        "SELECT a.currency, b.balance_minor AS minor FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
         WHERE a.name = $1 AND b.balance_minor > 0 ORDER BY a.currency",
    );
    let rows: Vec<Held> = query.bind::<sql::Text, _>(Account::CoopAvailable(scope.coop()).name()).load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.currency, row.minor)).collect())
}

/// The balance row itself under its lock, so that what is read of its transfers afterwards is all of them.
pub(super) async fn lock_balance(tx: &mut Tx, account: LedgerAccountId) -> Result<i64, DbError> {
    let rows = ledger_balances::table.filter(ledger_balances::account_id.eq(account)).select(ledger_balances::balance_minor);
    Ok(rows.for_update().load::<i64>(tx).await?.iter().sum())
}

#[derive(QueryableByName)]
struct UnpaidRow {
    #[diesel(sql_type = sql::Uuid)]
    transfer: TransferId,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    order_line: Option<OrderLineId>,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    order_group: Option<OrderGroupId>,
    #[diesel(sql_type = sql::Text)]
    leg: String,
    #[diesel(sql_type = sql::BigInt)]
    minor: i64,
}

/// The transfers into (and, negative, out of) what is available that no standing payout holds. Payouts' own transfers are not among
/// them: what one took and gave back is there again by its lines, and a part of it by itself until all came back.
pub(super) async fn unpaid(conn: &mut Conn, scope: Scope, currency: Currency) -> Result<Vec<Line>, DbError> {
    let query = diesel::sql_query(
        "SELECT t.id AS transfer, t.order_line_id AS order_line,
                CASE t.source_type WHEN 'order_group' THEN t.source_id WHEN 'fulfilment' THEN f.group_id END AS order_group,
                t.leg, CASE WHEN t.credit_account = $1 THEN t.amount_minor ELSE -t.amount_minor END AS minor
         FROM ledger_transfers t LEFT JOIN fulfilments f ON f.id = t.source_id
         WHERE (t.credit_account = $1 OR t.debit_account = $1) AND (t.source_type <> 'payout' OR t.kind = 'recovered')
           AND (t.source_type <> 'transfer_reversal' OR NOT EXISTS
             (SELECT 1 FROM payouts p WHERE p.coop_id = $2 AND p.number = t.transfer_group AND p.state = 'bounced'))
           AND NOT EXISTS (SELECT 1 FROM payout_lines l WHERE l.transfer_id = t.id AND l.live)
         ORDER BY t.id",
    );
    let account = Account::CoopAvailable(scope.coop()).id(currency);
    let rows: Vec<UnpaidRow> = query.bind::<sql::Uuid, _>(account).bind::<sql::Uuid, _>(scope.coop()).load(conn).await?;
    let line = |row: UnpaidRow| Line {
        kind: match row.minor {
            ..0 => LineKind::Recovery,
            _ if row.leg.ends_with("/shipping") => LineKind::Shipping,
            _ if row.leg.ends_with("/labour") => LineKind::Labour,
            _ if row.leg.ends_with("/material") => LineKind::Material,
            _ => LineKind::Producer,
        },
        transfer: row.transfer,
        order_line: row.order_line,
        group: row.order_group,
        minor: row.minor,
    };
    Ok(rows.into_iter().map(line).collect())
}

/// A payout's destination in the clear, for whoever instructs a rail: flat texts, as `account`, `ifsc`, `vpa`, `holder`.
pub(super) async fn details(conn: &mut Conn, keys: &MasterKey, payout: &Payout) -> Result<(DestinationKind, BTreeMap<String, String>), Error> {
    use payout_destinations as d;
    let (kind, sealed): (DestinationKind, Vec<u8>) =
        d::table.find((payout.coop, payout.destination)).select((d::kind, d::sealed)).first(conn).await?;
    let plain = keys.open(&format!("payout_destinations/{}", payout.destination), &sealed)?;
    Ok((kind, serde_json::from_slice(&plain).map_err(|e| Error::Corrupt(e.to_string()))?))
}

/// Where the cooperative is paid now: the confirmed destination whose waiting time is over.
pub(super) async fn active_destination(conn: &mut Conn, now: Time, scope: Scope) -> Result<Option<Destination>, DbError> {
    use payout_destinations as d;
    let row: Option<(DestinationId, DestinationKind, Currency, String)> = d::table
        .filter(d::coop_id.eq(scope.coop()).and(d::state.eq("active")).and(d::effective_at.le(now)))
        .select((d::id, d::kind, d::currency, d::hint))
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(|(id, kind, currency, hint)| Destination { id, kind, currency, hint }))
}

/// The first of `rails` that reaches the country in the currency; `*` in the table is any.
pub(super) async fn corridor(conn: &mut Conn, rails: &[Rail], country: &str, currency: Currency) -> Result<Option<Corridor>, DbError> {
    use payout_corridors as c;
    let rows: Vec<(Rail, i64, i64)> = c::table
        .filter(c::rail.eq_any(rails).and(c::enabled))
        .filter(c::country.eq(country).or(c::country.eq("*")))
        .filter(c::currency.eq(currency.as_str()).or(c::currency.eq("*")))
        // '*' sorts before letters: the most specific row comes first.
        .order((c::country.desc(), c::currency.desc()))
        .select((c::rail, c::min_minor, c::max_minor))
        .load(conn)
        .await?;
    let found = rails.iter().find_map(|rail| rows.iter().find(|row| row.0 == *rail));
    Ok(found.map(|(rail, min, max)| Corridor { rail: *rail, min_minor: *min, max_minor: *max }))
}

pub(super) async fn insert(tx: &mut Tx, payout: &Payout) -> Result<(), DbError> {
    diesel::insert_into(payouts::table)
        .values((
            (payouts::coop_id.eq(payout.coop), payouts::id.eq(payout.id), payouts::number.eq(&payout.number), payouts::state.eq(payout.state)),
            (payouts::rail.eq(payout.rail), payouts::destination_id.eq(payout.destination), payouts::destination_hint.eq(&payout.destination_hint)),
            (payouts::amount_minor.eq(payout.amount_minor), payouts::currency.eq(payout.currency), payouts::created_by.eq(payout.created_by)),
            (payouts::created_at.eq(payout.created_at), payouts::updated_at.eq(payout.created_at), payouts::kind.eq(payout.kind)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}
pub(super) async fn insert_lines(tx: &mut Tx, payout: &Payout, lines: &[Line]) -> Result<(), DbError> {
    // One payout may open thousands of lines; a statement has 65,535 parameters at most.
    for (chunk, lines) in (0_i32..).step_by(LINES_AT_ONCE).zip(lines.chunks(LINES_AT_ONCE)) {
        let rows: Vec<_> = (chunk..)
            .zip(lines)
            .map(|(position, line)| {
                (
                    (payout_lines::coop_id.eq(payout.coop), payout_lines::payout_id.eq(payout.id), payout_lines::position.eq(position)),
                    (payout_lines::kind.eq(line.kind), payout_lines::order_line_id.eq(line.order_line), payout_lines::group_id.eq(line.group)),
                    (payout_lines::transfer_id.eq(line.transfer), payout_lines::amount_minor.eq(line.minor), payout_lines::live.eq(true)),
                )
            })
            .collect();
        diesel::insert_into(payout_lines::table).values(rows).execute(tx).await?;
    }
    Ok(())
}
const LINES_AT_ONCE: usize = 1000;

pub(super) async fn insert_shares(tx: &mut Tx, payout: &Payout, shares: &[Share]) -> Result<(), DbError> {
    use payout_shares as s;
    for (chunk, shares) in (0_i32..).step_by(LINES_AT_ONCE).zip(shares.chunks(LINES_AT_ONCE)) {
        let row = |(position, share): (i32, &Share)| {
            (
                (s::coop_id.eq(payout.coop), s::payout_id.eq(payout.id), s::position.eq(position), s::artisan_id.eq(share.artisan)),
                (s::purpose.eq(share.purpose), s::pieces.eq(share.pieces), s::amount_minor.eq(share.minor)),
            )
        };
        let rows: Vec<_> = (chunk..).zip(shares).map(row).collect();
        diesel::insert_into(s::table).values(rows).execute(tx).await?;
    }
    Ok(())
}

/// A payout under its lock.
pub(super) async fn lock(tx: &mut Tx, scope: Scope, id: PayoutId) -> Result<Option<Payout>, DbError> {
    Ok(payouts::table.find((scope.coop(), id)).select(Payout::as_select()).for_update().first(tx).await.optional()?)
}
/// Whose payout it is: for operators, who name it alone.
pub(super) async fn owner(conn: &mut Conn, id: PayoutId) -> Result<Option<Scope>, DbError> {
    let coop: Option<CoopId> = payouts::table.filter(payouts::id.eq(id)).select(payouts::coop_id).first(conn).await.optional()?;
    Ok(coop.map(Scope::system))
}

/// The payout with this number.
pub(super) async fn called(conn: &mut Conn, number: &str) -> Result<Option<(Scope, PayoutId)>, DbError> {
    let found: Option<(CoopId, PayoutId)> =
        payouts::table.filter(payouts::number.eq(number)).select((payouts::coop_id, payouts::id)).first(conn).await.optional()?;
    Ok(found.map(|(coop, id)| (Scope::system(coop), id)))
}

/// What an event changes beside the state.
#[derive(Clone, Debug, Default)]
pub(super) struct Change<'a> {
    pub reference: Option<&'a str>,
    pub evidence: Option<&'a str>,
    pub confirmed_by: Option<AccountId>,
    pub file: Option<PayoutFileId>,
    pub by: Option<AccountId>,
    pub detail: Option<&'a str>,
}

/// The new state, what came with it, and a row of what happened.
pub(super) async fn move_to(tx: &mut Tx, now: Time, payout: &Payout, to: State, event: Event, change: &Change<'_>) -> Result<Payout, Error> {
    let moved = Payout {
        state: to,
        reference: change.reference.map(str::to_owned).or_else(|| payout.reference.clone()),
        evidence: change.evidence.map(str::to_owned).or_else(|| payout.evidence.clone()),
        confirmed_by: change.confirmed_by.or(payout.confirmed_by),
        file: change.file.or(payout.file),
        settled_at: if to == State::Settled { Some(now) } else { payout.settled_at },
        ..payout.clone()
    };
    diesel::update(payouts::table.find((payout.coop, payout.id)))
        .set((
            (payouts::state.eq(moved.state), payouts::reference.eq(&moved.reference), payouts::evidence.eq(&moved.evidence)),
            (payouts::confirmed_by.eq(moved.confirmed_by), payouts::settled_at.eq(moved.settled_at), payouts::updated_at.eq(now)),
            payouts::file_id.eq(moved.file),
        ))
        .execute(tx)
        .await?;
    insert_event(tx, now, payout, event.as_str(), Some(payout.state), to, change).await?;
    Ok(moved)
}

pub(super) async fn insert_event(
    tx: &mut Tx,
    now: Time,
    payout: &Payout,
    event: &str,
    from: Option<State>,
    to: State,
    change: &Change<'_>,
) -> Result<(), DbError> {
    diesel::insert_into(payout_events::table)
        .values((
            (payout_events::id.eq(crate::ids::new_uuid()), payout_events::coop_id.eq(payout.coop), payout_events::payout_id.eq(payout.id)),
            (payout_events::event.eq(event), payout_events::from_state.eq(from.map(State::as_str)), payout_events::to_state.eq(to.as_str())),
            (payout_events::detail.eq(change.detail), payout_events::by_account.eq(change.by), payout_events::at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// The payouts that an earlier attempt of this operation made. Event ids are ordered by time, and none is older than the operation.
pub(super) async fn made_by(conn: &mut Conn, operation: OperationId) -> Result<Vec<Payout>, DbError> {
    use payout_events as e;
    Ok(payouts::table
        .inner_join(e::table.on(e::coop_id.eq(payouts::coop_id).and(e::payout_id.eq(payouts::id))))
        .filter(e::id.gt(operation.uuid()).and(e::event.eq(CREATED)).and(e::detail.eq(operation.to_string())))
        .order(payouts::id)
        .select(Payout::as_select())
        .load(conn)
        .await?)
}
pub(super) const CREATED: &str = "created";

/// True the first time this is noted of a payout that is locked.
pub(super) async fn note_once(tx: &mut Tx, now: Time, payout: &Payout, event: &str, detail: &str) -> Result<bool, DbError> {
    use payout_events as e;
    let noted = e::table.filter(e::payout_id.eq(payout.id).and(e::event.eq(event)).and(e::detail.eq(detail)));
    if diesel::select(diesel::dsl::exists(noted)).get_result(tx).await? {
        return Ok(false);
    }
    let change = Change { detail: Some(detail), ..Change::default() };
    insert_event(tx, now, payout, event, Some(payout.state), payout.state, &change).await?;
    Ok(true)
}

/// What it paid out may be taken by the next payout.
pub(super) async fn free_lines(tx: &mut Tx, payout: &Payout) -> Result<(), DbError> {
    diesel::update(payout_lines::table.filter(payout_lines::coop_id.eq(payout.coop).and(payout_lines::payout_id.eq(payout.id))))
        .set(payout_lines::live.eq(false))
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether something of the payout that came back is in another payout that stands.
pub(super) async fn is_paid_again(tx: &mut Tx, source_type: &str, payout: &Payout) -> Result<bool, DbError> {
    use crate::schema::ledger_transfers as t;
    let again = payout_lines::table
        .inner_join(t::table)
        .filter(payout_lines::live.and(payout_lines::coop_id.eq(payout.coop)))
        .filter(t::source_type.eq(source_type).and(t::transfer_group.eq(&payout.number)));
    Ok(diesel::select(diesel::dsl::exists(again)).get_result(tx).await?)
}

/// What an alert was about is decided.
pub(super) async fn resolve_alert(tx: &mut Tx, now: Time, kind: &str, subject: &str, resolution: &str) -> Result<(), DbError> {
    let open = money_alerts::kind.eq(kind).and(money_alerts::subject.eq(subject)).and(money_alerts::resolved_at.is_null());
    diesel::update(money_alerts::table.filter(open))
        .set((money_alerts::resolved_at.eq(now), money_alerts::resolution.eq(resolution)))
        .execute(tx)
        .await?;
    Ok(())
}

/// The same, of what may be right in between: it is open again, with what is wrong now.
pub(super) async fn alert_again(tx: &mut Tx, now: Time, kind: &str, subject: &str, detail: &str) -> Result<(), DbError> {
    alert(tx, now, kind, subject, detail).await?;
    diesel::update(money_alerts::table.filter(money_alerts::kind.eq(kind).and(money_alerts::subject.eq(subject))))
        .set((money_alerts::detail.eq(detail), money_alerts::resolved_at.eq(None::<Time>), money_alerts::resolution.eq(None::<String>)))
        .execute(tx)
        .await?;
    Ok(())
}

/// An operator's queue; the same thing is there once.
pub(super) async fn alert(tx: &mut Tx, now: Time, kind: &str, subject: &str, detail: &str) -> Result<(), DbError> {
    tracing::error!(kind, subject, "a payout needs an operator");
    diesel::insert_into(money_alerts::table)
        .values((
            (money_alerts::id.eq(crate::ids::new_uuid()), money_alerts::kind.eq(kind), money_alerts::subject.eq(subject)),
            (money_alerts::detail.eq(detail), money_alerts::created_at.eq(now)),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    Ok(())
}
