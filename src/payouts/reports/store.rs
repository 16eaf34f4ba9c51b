//! Every statement on bank reports and their lines.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{Moved, Outcome};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, BankReportId, PayoutId},
    money::Currency,
    schema::{bank_report_lines as l, bank_reports as r},
    tenancy::Scope,
};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = r)]
pub struct Report {
    pub id: BankReportId,
    pub kind: String,
    pub name: String,
    pub lines: i32,
    pub taken_at: Time,
}

/// A payment in a report.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = l)]
pub struct Line {
    pub position: i32,
    pub line: i64,
    pub movement: Moved,
    pub amount_minor: i64,
    pub currency: Currency,
    pub end_to_end: Option<String>,
    pub reference: Option<String>,
    pub reason: Option<String>,
    pub outcome: Outcome,
    pub note: String,
    #[diesel(column_name = payout_id)]
    pub payout: Option<PayoutId>,
}

/// False if these bytes were taken in before.
pub(super) async fn insert(tx: &mut Tx, report: &Report, digest: &[u8], by: AccountId) -> Result<bool, DbError> {
    let written = diesel::insert_into(r::table)
        .values((
            (r::id.eq(report.id), r::kind.eq(&report.kind), r::name.eq(&report.name), r::digest.eq(digest)),
            (r::lines.eq(report.lines), r::taken_by.eq(by), r::taken_at.eq(report.taken_at)),
        ))
        .on_conflict(r::digest)
        .do_nothing()
        .execute(tx)
        .await?;
    Ok(written == 1)
}
pub(super) async fn called(conn: &mut Conn, digest: &[u8]) -> Result<Option<Report>, DbError> {
    Ok(r::table.filter(r::digest.eq(digest)).select(Report::as_select()).first(conn).await.optional()?)
}

/// A statement has 65,535 parameters at most.
const AT_ONCE: usize = 1000;

pub(super) async fn insert_lines(tx: &mut Tx, report: BankReportId, lines: &[Line]) -> Result<(), DbError> {
    for chunk in lines.chunks(AT_ONCE) {
        let row = |line: &Line| {
            (
                (l::report_id.eq(report), l::position.eq(line.position), l::line.eq(line.line), l::movement.eq(line.movement)),
                (l::amount_minor.eq(line.amount_minor), l::currency.eq(line.currency), l::end_to_end.eq(line.end_to_end.clone())),
                (l::reference.eq(line.reference.clone()), l::reason.eq(line.reason.clone()), l::outcome.eq(line.outcome)),
                l::note.eq(line.note.clone()),
            )
        };
        diesel::insert_into(l::table).values(chunk.iter().map(row).collect::<Vec<_>>()).execute(tx).await?;
    }
    Ok(())
}

/// Positions that nobody looked at: what left before what came back, each in the file's order.
pub(super) async fn waiting(conn: &mut Conn, report: BankReportId) -> Result<Vec<i32>, DbError> {
    let open = l::table.filter(l::report_id.eq(report).and(l::outcome.eq(Outcome::Waiting)));
    Ok(open.order((l::movement, l::position)).select(l::position).load(conn).await?)
}
pub(super) async fn lock_waiting(tx: &mut Tx, report: BankReportId, position: i32) -> Result<Option<Line>, DbError> {
    let open = l::table.find((report, position)).filter(l::outcome.eq(Outcome::Waiting));
    Ok(open.select(Line::as_select()).for_update().first(tx).await.optional()?)
}
pub(super) async fn set(
    tx: &mut Tx,
    report: BankReportId,
    position: i32,
    outcome: &Outcome,
    note: &str,
    payout: Option<(Scope, PayoutId)>,
) -> Result<(), DbError> {
    diesel::update(l::table.find((report, position)))
        .set((
            (l::outcome.eq(outcome), l::note.eq(note)),
            (l::coop_id.eq(payout.map(|(scope, _)| scope.coop())), l::payout_id.eq(payout.map(|(_, id)| id))),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// Newest first.
pub async fn reports(conn: &mut Conn, after: Option<BankReportId>, limit: i64) -> Result<Vec<Report>, DbError> {
    let mut query = r::table.order(r::id.desc()).limit(limit).select(Report::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(r::id.lt(after));
    }
    Ok(query.load(conn).await?)
}
pub async fn report(conn: &mut Conn, id: BankReportId) -> Result<Option<Report>, DbError> {
    Ok(r::table.find(id).select(Report::as_select()).first(conn).await.optional()?)
}

/// How many lines led to what.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Counts {
    #[diesel(sql_type = sql::BigInt)]
    pub waiting: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub settled: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub bounced: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub known: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub unknown: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub contradiction: i64,
    #[diesel(sql_type = sql::BigInt)]
    pub announced: i64,
}
pub async fn counts(conn: &mut Conn, report: BankReportId) -> Result<Counts, DbError> {
    let query = diesel::sql_query(
        "SELECT count(*) FILTER (WHERE outcome = 'waiting') AS waiting, count(*) FILTER (WHERE outcome = 'settled') AS settled,
                count(*) FILTER (WHERE outcome = 'bounced') AS bounced, count(*) FILTER (WHERE outcome = 'known') AS known,
                count(*) FILTER (WHERE outcome = 'unknown') AS unknown, count(*) FILTER (WHERE outcome = 'contradiction') AS contradiction,
                count(*) FILTER (WHERE outcome = 'announced') AS announced
         FROM bank_report_lines WHERE report_id = $1",
    );
    Ok(query.bind::<sql::Uuid, _>(report).get_result(conn).await?)
}
pub async fn lines(conn: &mut Conn, report: BankReportId, outcome: Option<Outcome>, after: Option<i32>, limit: i64) -> Result<Vec<Line>, DbError> {
    let mut query = l::table.filter(l::report_id.eq(report)).order(l::position).limit(limit).select(Line::as_select()).into_boxed();
    if let Some(outcome) = outcome {
        query = query.filter(l::outcome.eq(outcome));
    }
    if let Some(after) = after {
        query = query.filter(l::position.gt(after));
    }
    Ok(query.load(conn).await?)
}
