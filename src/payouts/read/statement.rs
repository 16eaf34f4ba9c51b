//! A payout opened: every line with its order, pieces and parts; every share with its maker. Two statements and the cooperative's name.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use crate::{
    clock::{Day, Time},
    db::{Conn, DbError},
    ids::ArtisanId,
    money::Currency,
    payouts::{
        model::{LineKind, Payout},
        shares::Purpose,
    },
    schema::cooperatives,
};

/// All that a statement says, before it is said in a format.
#[derive(Clone, Debug)]
pub struct Facts {
    pub payout: Payout,
    pub slug: String,
    pub cooperative: String,
    pub email: String,
    pub lines: Vec<LineRow>,
    pub shares: Vec<ShareRow>,
}

#[derive(Clone, Debug, QueryableByName)]
pub struct LineRow {
    #[diesel(sql_type = sql::Text)]
    pub kind: LineKind,
    #[diesel(sql_type = sql::BigInt)]
    pub minor: i64,
    #[diesel(sql_type = sql::Text)]
    pub memo: String,
    #[diesel(sql_type = sql::Timestamptz)]
    pub released_at: Time,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub order: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
    pub sold_at: Option<Time>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub title: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub quantity: Option<i32>,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    pub codes: Vec<String>,
    #[diesel(sql_type = sql::Nullable<sql::Jsonb>)]
    pub split: Option<serde_json::Value>,
    /// What was released to the fund with it.
    #[diesel(sql_type = sql::BigInt)]
    pub premium: i64,
    #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
    pub buyer_paid: Option<i64>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub buyer_currency: Option<Currency>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub fx_rate: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub fx_source: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Date>)]
    pub fx_day: Option<Day>,
}

#[derive(Clone, Debug, QueryableByName)]
pub struct ShareRow {
    #[diesel(sql_type = sql::Text)]
    pub purpose: Purpose,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    pub artisan: Option<ArtisanId>,
    /// What she is called outside: her alias, else the number her cooperative gave her.
    #[diesel(sql_type = sql::Text)]
    pub alias: String,
    #[diesel(sql_type = sql::Integer)]
    pub pieces: i32,
    #[diesel(sql_type = sql::BigInt)]
    pub minor: i64,
}

pub async fn facts(conn: &mut Conn, payout: Payout) -> Result<Facts, DbError> {
    let (slug, cooperative, email) =
        cooperatives::table.find(payout.coop).select((cooperatives::slug, cooperatives::name, cooperatives::contact_email)).first(conn).await?;
    let query = diesel::sql_query(
        "SELECT p.kind, p.amount_minor AS minor, t.memo, t.occurred_at AS released_at, o.number AS \"order\", o.paid_at AS sold_at,
                CASE WHEN l.variant_title <> '' THEN l.title || ' (' || l.variant_title || ')' ELSE l.title END AS title,
                cardinality(sent.codes) AS quantity, coalesce(sent.codes, '{}') AS codes, l.split, coalesce(f.amount_minor, 0) AS premium,
                round(l.goods_minor::numeric * cardinality(sent.codes) / l.quantity)::bigint AS buyer_paid, o.currency AS buyer_currency, l.fx_rate, l.fx_source, l.fx_day
         FROM payout_lines p JOIN ledger_transfers t ON t.id = p.transfer_id
         LEFT JOIN order_lines l ON l.coop_id = p.coop_id AND l.id = p.order_line_id
         LEFT JOIN order_groups g ON g.coop_id = p.coop_id AND g.id = p.group_id
         LEFT JOIN orders o ON o.id = coalesce(l.order_id, g.order_id)
         LEFT JOIN ledger_transfers f ON p.kind = 'producer' AND f.source_type = t.source_type AND f.source_id = t.source_id AND f.kind = t.kind
                                     AND f.leg = 'line:' || l.id || '/premium'
         LEFT JOIN LATERAL (SELECT array_agg(i.code ORDER BY i.id) AS codes FROM fulfilment_items s JOIN items i ON i.id = s.item_id
           WHERE p.kind = 'producer' AND s.order_line_id = l.id AND (t.source_type <> 'fulfilment' OR s.fulfilment_id = t.source_id)) sent ON true
         WHERE p.coop_id = $1 AND p.payout_id = $2 ORDER BY p.position",
    );
    let lines = query.bind::<sql::Uuid, _>(payout.coop).bind::<sql::Uuid, _>(payout.id).load(conn).await?;
    let query = diesel::sql_query(
        "SELECT s.purpose, s.artisan_id AS artisan, coalesce(a.public_alias, a.reference, '') AS alias, s.pieces, s.amount_minor AS minor
         FROM payout_shares s LEFT JOIN artisans a ON a.coop_id = s.coop_id AND a.id = s.artisan_id
         WHERE s.coop_id = $1 AND s.payout_id = $2 ORDER BY s.position",
    );
    let shares = query.bind::<sql::Uuid, _>(payout.coop).bind::<sql::Uuid, _>(payout.id).load(conn).await?;
    Ok(Facts { payout, slug, cooperative, email, lines, shares })
}

/// A maker's part that is still to be handed to her.
#[derive(Clone, Debug, QueryableByName)]
pub struct SlipRow {
    #[diesel(sql_type = sql::Uuid)]
    pub artisan: ArtisanId,
    #[diesel(sql_type = sql::Text)]
    pub name: String,
    #[diesel(sql_type = sql::Text)]
    pub language: String,
    #[diesel(sql_type = sql::Integer)]
    pub pieces: i32,
    #[diesel(sql_type = sql::BigInt)]
    pub minor: i64,
    /// How she was paid last; cash if she never was.
    #[diesel(sql_type = sql::Text)]
    pub method: String,
    /// What she worked on.
    #[diesel(sql_type = sql::Text)]
    pub titles: String,
}

pub async fn slips(conn: &mut Conn, payout: &Payout) -> Result<Vec<SlipRow>, DbError> {
    let query = diesel::sql_query(
        "WITH titles AS (
           SELECT w.artisan_id, string_agg(DISTINCT l.title, ', ' ORDER BY l.title) AS titles
           FROM payout_lines p JOIN order_lines l ON l.coop_id = p.coop_id AND l.id = p.order_line_id
           JOIN fulfilment_items s ON s.order_line_id = l.id JOIN items i ON i.id = s.item_id JOIN work_entries w ON w.coop_id = p.coop_id AND w.batch_id = i.batch_id
           WHERE p.coop_id = $1 AND p.payout_id = $2 AND p.kind = 'producer' GROUP BY w.artisan_id)
         SELECT a.id AS artisan, coalesce(a.public_alias, a.legal_name) AS name, a.language, s.pieces, s.amount_minor AS minor,
                coalesce((SELECT m.method FROM maker_payments m WHERE m.coop_id = a.coop_id AND m.artisan_id = a.id
                          ORDER BY m.paid_on DESC, m.id DESC LIMIT 1), 'cash') AS method, coalesce(t.titles, '') AS titles
         FROM payout_shares s JOIN artisans a ON a.coop_id = s.coop_id AND a.id = s.artisan_id LEFT JOIN titles t ON t.artisan_id = a.id
         WHERE s.coop_id = $1 AND s.payout_id = $2 AND s.purpose = 'maker' ORDER BY s.position",
    );
    Ok(query.bind::<sql::Uuid, _>(payout.coop).bind::<sql::Uuid, _>(payout.id).load(conn).await?)
}
