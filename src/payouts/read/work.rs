//! What a payout's shares are made of: how its lines were promised to divide, where their pieces came from, who worked on those, and what
//! they were paid for it. Four statements, however many lines there are.
use std::collections::{BTreeMap, BTreeSet};

use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use crate::{
    catalog::price::Split,
    db::{Conn, DbError},
    ids::{ArtisanId, BatchId, ItemId, OrderLineId, PayoutId, TransferId},
    money::Currency,
    payouts::{
        model::{Line, LineKind},
        shares::{Batch, Sold, Whole, Worked},
    },
    schema::{order_lines, payout_lines, work_entries},
    tenancy::Scope,
};

pub async fn whole(conn: &mut Conn, scope: Scope, currency: Currency, lines: &[Line]) -> Result<Whole, DbError> {
    let sum = |kind: LineKind| lines.iter().filter(|l| l.kind == kind).map(|l| l.minor).sum();
    let named: Vec<OrderLineId> = lines.iter().filter(|l| l.kind == LineKind::Producer).filter_map(|l| l.order_line).collect();
    let splits: Vec<(OrderLineId, Option<serde_json::Value>)> = order_lines::table
        .filter(order_lines::coop_id.eq(scope.coop()).and(order_lines::id.eq_any(&named)))
        .select((order_lines::id, order_lines::split))
        .load(conn)
        .await?;
    let splits: BTreeMap<OrderLineId, Option<Split>> =
        splits.into_iter().map(|(id, split)| (id, split.and_then(|s| serde_json::from_value(s).ok()))).collect();
    let releases: Vec<TransferId> = lines.iter().filter(|l| l.kind == LineKind::Producer).map(|l| l.transfer).collect();
    let mut pieces = pieces_of(conn, scope, &releases).await?;
    let given_up: Vec<TransferId> = lines.iter().filter(|l| l.kind == LineKind::Labour).map(|l| l.transfer).collect();
    let mut worked = if given_up.is_empty() { BTreeMap::new() } else { given_up_of(conn, &given_up).await? };
    let batches: BTreeSet<BatchId> = pieces.values().chain(worked.values()).flatten().filter_map(|(batch, _)| *batch).collect();
    let batches = register(conn, scope, currency, &batches.into_iter().collect::<Vec<_>>()).await?;
    let sold = lines.iter().filter(|l| l.kind == LineKind::Producer).map(|line| Sold {
        minor: line.minor,
        split: line.order_line.and_then(|id| splits.get(&id).copied().flatten()),
        pieces: pieces.remove(&line.transfer).unwrap_or_default(),
    });
    let mut sold: Vec<Sold> = sold.collect();
    // All of it is the makers'.
    let labour = Some(Split { maker: 1, materials: 0, cooperative: 0 });
    for line in lines.iter().filter(|l| l.kind == LineKind::Labour) {
        sold.push(Sold { minor: line.minor, split: labour, pieces: worked.remove(&line.transfer).unwrap_or_default() });
    }
    let (shipping, material, recovered) = (sum(LineKind::Shipping), sum(LineKind::Material), sum(LineKind::Recovery));
    Ok(Whole { sold, shipping, material, recovered, batches })
}

/// The batches whose work each is for, as the refund that caused it wrote them down; how many pieces of each is not known, and counts as one.
async fn given_up_of(conn: &mut Conn, transfers: &[TransferId]) -> Result<BTreeMap<TransferId, Vec<(Option<BatchId>, u32)>>, DbError> {
    let query = diesel::sql_query(
        "SELECT t.id AS release, b.id::uuid AS batch, 1::bigint AS pieces FROM ledger_transfers t JOIN refunds r ON r.id = t.source_id
         CROSS JOIN LATERAL jsonb_array_elements(r.parts->'lines') p CROSS JOIN LATERAL jsonb_array_elements_text(p->'batches') b (id)
         WHERE t.id = ANY ($1) AND t.source_type = 'refund' AND p->>'line' = t.order_line_id::text AND (p->>'labour')::bigint > 0 ORDER BY 1, 2",
    );
    let rows: Vec<PiecesRow> = query.bind::<sql::Array<sql::Uuid>, _>(transfers).load(conn).await?;
    let mut worked: BTreeMap<TransferId, Vec<(Option<BatchId>, u32)>> = BTreeMap::new();
    for row in rows {
        worked.entry(row.release).or_default().push((row.batch, 1));
    }
    Ok(worked)
}

#[derive(QueryableByName)]
struct PiecesRow {
    #[diesel(sql_type = sql::Uuid)]
    release: TransferId,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    batch: Option<BatchId>,
    #[diesel(sql_type = sql::BigInt)]
    pieces: i64,
}

/// The pieces that each release paid for: those of its line that were in its parcel. (A release that names no parcel is of the line's only
/// one.)
async fn pieces_of(conn: &mut Conn, scope: Scope, releases: &[TransferId]) -> Result<BTreeMap<TransferId, Vec<(Option<BatchId>, u32)>>, DbError> {
    let query = diesel::sql_query(
        "SELECT t.id AS release, i.batch_id AS batch, count(*) AS pieces FROM ledger_transfers t
         JOIN fulfilment_items s ON s.order_line_id = t.order_line_id AND (t.source_type <> 'fulfilment' OR s.fulfilment_id = t.source_id)
         JOIN items i ON i.coop_id = s.coop_id AND i.id = s.item_id
         WHERE s.coop_id = $1 AND t.id = ANY ($2) GROUP BY t.id, i.batch_id ORDER BY t.id, i.batch_id",
    );
    let rows: Vec<PiecesRow> = query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Array<sql::Uuid>, _>(releases).load(conn).await?;
    let mut pieces: BTreeMap<TransferId, Vec<(Option<BatchId>, u32)>> = BTreeMap::new();
    for row in rows {
        pieces.entry(row.release).or_default().push((row.batch, u32::try_from(row.pieces).unwrap_or(0)));
    }
    Ok(pieces)
}

#[derive(QueryableByName)]
struct BatchRow {
    #[diesel(sql_type = sql::Uuid)]
    id: BatchId,
    #[diesel(sql_type = sql::Integer)]
    quantity: i32,
    #[diesel(sql_type = sql::BigInt)]
    paid_before: i64,
}
#[derive(QueryableByName)]
struct PaidRow {
    #[diesel(sql_type = sql::Uuid)]
    batch: BatchId,
    #[diesel(sql_type = sql::Uuid)]
    artisan: ArtisanId,
    #[diesel(sql_type = sql::BigInt)]
    minor: i64,
}

async fn register(conn: &mut Conn, scope: Scope, currency: Currency, ids: &[BatchId]) -> Result<BTreeMap<BatchId, Batch>, DbError> {
    let query = diesel::sql_query(
        "SELECT b.id, b.quantity, (SELECT count(*) FROM items i JOIN fulfilment_items s ON s.item_id = i.id
                  WHERE i.coop_id = b.coop_id AND i.batch_id = b.id AND EXISTS (
                    SELECT 1 FROM ledger_transfers t JOIN payout_lines p ON p.transfer_id = t.id AND p.live AND p.kind = 'producer'
                    WHERE t.order_line_id = s.order_line_id AND (t.source_type <> 'fulfilment' OR t.source_id = s.fulfilment_id))) AS paid_before
         FROM batches b WHERE b.coop_id = $1 AND b.id = ANY ($2)",
    );
    let rows: Vec<BatchRow> = query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Array<sql::Uuid>, _>(ids).load(conn).await?;
    let count = |n: i64| u32::try_from(n).unwrap_or(0);
    let batch = |row: BatchRow| Batch { quantity: count(row.quantity.into()), paid_before: count(row.paid_before), ..Batch::default() };
    let mut batches: BTreeMap<BatchId, Batch> = rows.into_iter().map(|row| (row.id, batch(row))).collect();
    use work_entries as w;
    let work: Vec<(Option<BatchId>, Option<ArtisanId>, i32, i64, Currency)> = w::table
        .filter(w::coop_id.eq(scope.coop()).and(w::batch_id.eq_any(ids)))
        .order(w::id)
        .select((w::batch_id, w::artisan_id, w::pieces, w::rate_minor, w::currency))
        .load(conn)
        .await?;
    for (id, artisan, pieces, rate, paid_in) in work {
        let Some(batch) = id.and_then(|id| batches.get_mut(&id)) else { continue };
        let weight = rate.checked_mul(pieces.into()).and_then(|w| u64::try_from(w).ok()).filter(|_| paid_in == currency);
        batch.work.push(Worked { artisan, pieces: count(pieces.into()), weight });
    }
    let query = diesel::sql_query(
        "SELECT w.batch_id AS batch, m.artisan_id AS artisan, sum(m.amount_minor)::bigint AS minor
         FROM maker_payments m JOIN work_entries w ON w.coop_id = m.coop_id AND w.id = m.work_id
         WHERE m.coop_id = $1 AND w.batch_id = ANY ($2) AND m.currency = $3 GROUP BY w.batch_id, m.artisan_id",
    );
    let bound = query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Array<sql::Uuid>, _>(ids).bind::<sql::Text, _>(currency);
    for row in bound.load::<PaidRow>(conn).await? {
        if let Some(batch) = batches.get_mut(&row.batch) {
            batch.paid_at_work.insert(row.artisan, row.minor);
        }
    }
    Ok(batches)
}

/// The order lines that a payout pays for.
pub async fn sold_lines(conn: &mut Conn, scope: Scope, payout: PayoutId) -> Result<Vec<OrderLineId>, DbError> {
    use payout_lines as p;
    let lines: Vec<Option<OrderLineId>> = p::table
        .filter(p::coop_id.eq(scope.coop()).and(p::payout_id.eq(payout)).and(p::kind.eq(LineKind::Producer)))
        .order(p::order_line_id)
        .select(p::order_line_id)
        .distinct()
        .load(conn)
        .await?;
    Ok(lines.into_iter().flatten().collect())
}

#[derive(QueryableByName)]
struct MakersRow {
    #[diesel(sql_type = sql::Uuid)]
    item: ItemId,
    #[diesel(sql_type = sql::BigInt)]
    makers: i64,
}

/// The pieces of a line that the payout paid for, by how many makers the payout reached for them; pieces whose makers nobody named are left out.
pub async fn makers_of(conn: &mut Conn, scope: Scope, payout: PayoutId, line: OrderLineId) -> Result<BTreeMap<u32, Vec<ItemId>>, DbError> {
    let query = diesel::sql_query(
        "SELECT i.id AS item, count(DISTINCT w.artisan_id) AS makers
         FROM payout_lines p JOIN ledger_transfers t ON t.id = p.transfer_id
         JOIN fulfilment_items f ON f.order_line_id = p.order_line_id AND (t.source_type <> 'fulfilment' OR f.fulfilment_id = t.source_id)
         JOIN items i ON i.coop_id = f.coop_id AND i.id = f.item_id
         JOIN work_entries w ON w.coop_id = i.coop_id AND w.batch_id = i.batch_id
         JOIN payout_shares s ON s.coop_id = w.coop_id AND s.payout_id = p.payout_id AND s.artisan_id = w.artisan_id
         WHERE p.coop_id = $1 AND p.payout_id = $2 AND p.order_line_id = $3 AND p.kind = 'producer' GROUP BY i.id ORDER BY i.id",
    );
    let bound = query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Uuid, _>(payout).bind::<sql::Uuid, _>(line);
    let mut by_makers: BTreeMap<u32, Vec<ItemId>> = BTreeMap::new();
    for row in bound.load::<MakersRow>(conn).await? {
        by_makers.entry(u32::try_from(row.makers).unwrap_or(u32::MAX)).or_default().push(row.item);
    }
    Ok(by_makers)
}
