//! What was put into an order's lines since they were sold, and what was withheld of its refunds before. Two statements.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::started::{Started, Step};
use crate::{
    db::{self, Conn, DbError},
    ids::{BatchId, OrderId, OrderLineId},
};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql::Uuid)]
    line: OrderLineId,
    #[diesel(sql_type = sql::BigInt)]
    batch_pieces: i64,
    #[diesel(sql_type = sql::Array<sql::Uuid>)]
    batches: Vec<BatchId>,
    #[diesel(sql_type = sql::BigInt)]
    material: i64,
    #[diesel(sql_type = sql::BigInt)]
    advance: i64,
    #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
    done: Option<i64>,
    #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
    minor: Option<i64>,
}

/// Only lines that are made to order. Work that was written down before the order was paid was for somebody else.
pub async fn started(conn: &mut Conn, order: OrderId) -> Result<Vec<Started>, DbError> {
    let query = db::sql(
        "WITH mine AS (
           SELECT l.coop_id, l.id AS line, l.own_currency, o.paid_at,
                  coalesce((SELECT array_agg(DISTINCT i.batch_id) FROM items i WHERE i.order_line_id = l.id AND i.batch_id IS NOT NULL), '{}') AS batches,
                  coalesce((SELECT sum(m.amount_minor) FROM order_materials m WHERE m.coop_id = l.coop_id AND m.order_line_id = l.id), 0)::bigint AS material,
                  coalesce((SELECT sum(CASE WHEN d.name = 'coop_advance:' || l.coop_id THEN t.amount_minor ELSE -t.amount_minor END)
                            FROM ledger_transfers t JOIN ledger_accounts d ON d.id = t.debit_account JOIN ledger_accounts c ON c.id = t.credit_account
                            WHERE t.order_line_id = l.id AND 'coop_advance:' || l.coop_id IN (d.name, c.name)), 0)::bigint AS advance
           FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE l.order_id = $1 AND l.made_to_order AND o.paid_at IS NOT NULL)
         SELECT mine.line, mine.batches, mine.material, mine.advance,
                coalesce((SELECT sum(b.quantity) FROM batches b WHERE b.coop_id = mine.coop_id AND b.id = ANY (mine.batches)), 0)::bigint AS batch_pieces,
                w.done, w.minor
         FROM mine LEFT JOIN LATERAL (
           SELECT sum(e.pieces)::bigint AS done, sum(e.pieces * e.rate_minor)::bigint AS minor FROM work_entries e
           WHERE e.coop_id = mine.coop_id AND e.batch_id = ANY (mine.batches) AND e.currency = mine.own_currency AND e.created_at >= mine.paid_at
           GROUP BY lower(e.step)) w ON true
         ORDER BY mine.line",
    );
    let rows: Vec<Row> = query.bind::<sql::Uuid, _>(order).load(conn).await?;
    let mut all: Vec<Started> = Vec::new();
    for row in rows {
        if all.last().is_none_or(|last| last.line != Some(row.line)) {
            let Row { line, batch_pieces, material, advance, .. } = row;
            all.push(Started { line: Some(line), batch_pieces, material, advance, batches: row.batches, ..Started::default() });
        }
        if let (Some(last), Some(done), Some(minor)) = (all.last_mut(), row.done, row.minor) {
            last.steps.push(Step { done, minor });
        }
    }
    Ok(all)
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = sql::BigInt)]
    minor: i64,
}

/// What earlier refunds withheld for work and material, in the buyer's currency: it is not hers to get back.
pub async fn withheld(conn: &mut Conn, order: OrderId) -> Result<i64, DbError> {
    let query = db::sql(
        "SELECT coalesce(sum((p->>'withheld')::bigint), 0)::bigint AS minor FROM refunds r, jsonb_array_elements(r.parts->'lines') p WHERE r.order_id = $1",
    );
    Ok(query.bind::<sql::Uuid, _>(order).get_result::<Kept>(conn).await?.minor)
}
