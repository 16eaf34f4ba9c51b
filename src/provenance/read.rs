//! What an item's page says beside its records: where it is from, what it looks like, who made it, what its price was for.
//! Three statements however long its history is; consent is asked of the database each time, so that a withdrawal holds at once.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;
use passport::Leaf;

use super::model::{Error, ItemState};
use crate::{
    clock::{Day, Time},
    db::{self, Conn, DbError},
    ids::{BatchId, CoopId, ItemId},
    money::Currency,
};

/// An item and all that is known of it in public.
pub struct Facts {
    pub head: Head,
    /// The batch's records, then the item's own.
    pub batch: Vec<Leaf>,
    pub item: Vec<Leaf>,
    pub makers: Vec<Maker>,
}

#[derive(QueryableByName)]
pub struct Head {
    #[diesel(sql_type = sql::Uuid)]
    pub coop: CoopId,
    #[diesel(sql_type = sql::Uuid)]
    pub id: ItemId,
    #[diesel(sql_type = sql::Nullable<sql::Uuid>)]
    pub batch: Option<BatchId>,
    #[diesel(sql_type = sql::Text)]
    pub state: ItemState,
    #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
    pub claimed_at: Option<Time>,
    #[diesel(sql_type = sql::Bool)]
    pub doubted: bool,
    #[diesel(embed)]
    pub origin: Origin,
    #[diesel(embed)]
    pub picture: PictureRow,
    #[diesel(embed)]
    pub sale: SaleRow,
}
#[derive(QueryableByName)]
pub struct Origin {
    /// As whom the cooperative signed the first record.
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub signer: Option<String>,
    #[diesel(sql_type = sql::Text)]
    pub coop_slug: String,
    #[diesel(sql_type = sql::Text)]
    pub coop_name: String,
    #[diesel(sql_type = sql::Text)]
    pub district: String,
    #[diesel(sql_type = sql::Text)]
    pub country: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft_place: Option<String>,
    /// As the catalogue has them: `[{name, country, share, local}]`.
    #[diesel(sql_type = sql::Jsonb)]
    pub materials: serde_json::Value,
}
#[derive(QueryableByName)]
pub struct PictureRow {
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub picture: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub width: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub height: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub alt: Option<String>,
}
/// The order line that holds the piece now, as it was frozen; of the buyer nothing.
#[derive(QueryableByName)]
pub struct SaleRow {
    #[diesel(sql_type = sql::Nullable<sql::Jsonb>)]
    pub line: Option<serde_json::Value>,
    #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
    pub paid_out_at: Option<Time>,
    #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
    pub released_at: Option<Time>,
}

/// A frozen order line, for its whole quantity.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct FrozenLine {
    pub quantity: i64,
    pub currency: Currency,
    pub goods: i64,
    /// Inside `goods`; zero where it came on top.
    pub tax: i64,
    pub commission: i64,
    pub producer: i64,
    pub premium: i64,
    pub own_currency: Currency,
    pub producer_own: i64,
    pub premium_own: i64,
    pub split: Option<Split>,
    pub rate: String,
    pub rate_source: String,
    pub rate_day: Day,
}
#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub struct Split {
    pub maker: i64,
    pub materials: i64,
    pub cooperative: i64,
}

/// Somebody who worked on the piece; what she has not agreed to show was not even read.
#[derive(Clone, Debug, QueryableByName)]
pub struct Maker {
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub name: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub story: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub portrait: Option<String>,
}

/// By code in canonical form.
pub async fn facts(conn: &mut Conn, code: &str) -> Result<Facts, Error> {
    let head: Head = db::sql(HEAD).bind::<sql::Text, _>(code).get_result(conn).await.optional()?.ok_or(Error::NotFound)?;
    let batch = head.batch.ok_or_else(|| Error::Corrupt("an item without a batch".into()))?;
    let (mut of_batch, mut of_item) = (Vec::new(), Vec::new());
    for (subject, bytes) in leaves(conn, [batch.uuid(), head.id.uuid()]).await? {
        let leaf = Leaf::parse(&bytes).map_err(|e| Error::Corrupt(e.to_string()))?;
        if subject == batch.uuid() { of_batch.push(leaf) } else { of_item.push(leaf) }
    }
    let makers = db::sql(MAKERS).bind::<sql::Uuid, _>(head.coop).bind::<sql::Uuid, _>(batch).bind::<sql::Uuid, _>(head.id).load(conn).await?;
    Ok(Facts { head, batch: of_batch, item: of_item, makers })
}

async fn leaves(conn: &mut Conn, subjects: [uuid::Uuid; 2]) -> Result<Vec<(uuid::Uuid, Vec<u8>)>, DbError> {
    use crate::schema::leaves as l;
    Ok(l::table.filter(l::subject_id.eq_any(subjects)).order((l::subject_id, l::seq)).select((l::subject_id, l::bytes)).load(conn).await?)
}

/// The picture of the piece's own variant before one of the product, before one of another variant. A sale that was undone has no price.
const HEAD: &str = "SELECT i.coop_id AS coop, i.id, i.batch_id AS batch, i.state, claim.claimed_at,
    EXISTS (SELECT 1 FROM item_reports r WHERE r.item_id = i.id AND r.state = 'upheld') AS doubted,
    (SELECT s.name FROM leaves f JOIN signing_keys s ON s.id = f.key_id WHERE f.subject_id = i.id AND f.seq = 0) AS signer,
    c.slug AS coop_slug, c.name AS coop_name, c.district, c.country, k.name AS craft, k.place AS craft_place, p.materials,
    seen.picture, seen.width, seen.height, seen.alt,
    CASE WHEN l.id IS NOT NULL AND l.stock_owner = 'cooperative' THEN jsonb_build_object(
      'quantity', l.quantity, 'currency', o.currency, 'goods', l.goods_minor, 'tax', CASE WHEN l.tax_inclusive THEN l.tax_minor ELSE 0 END,
      'commission', l.commission_minor, 'producer', l.producer_minor, 'premium', l.premium_minor, 'own_currency', l.own_currency,
      'producer_own', l.producer_own_minor, 'premium_own', l.premium_own_minor, 'split', l.split, 'rate', l.fx_rate,
      'rate_source', l.fx_source, 'rate_day', l.fx_day) END AS line,
    (SELECT max(y.settled_at) FROM payout_lines x JOIN payouts y ON y.coop_id = x.coop_id AND y.id = x.payout_id
      JOIN ledger_transfers t ON t.id = x.transfer_id AND (t.source_type <> 'fulfilment' OR t.source_id = sent.fulfilment_id)
      WHERE x.coop_id = l.coop_id AND x.order_line_id = l.id AND x.live AND x.kind = 'producer' AND y.state = 'settled') AS paid_out_at,
    (SELECT min(t.occurred_at) FROM ledger_transfers t WHERE t.order_line_id = l.id AND t.kind = 'released' AND t.leg LIKE '%/premium'
      AND (t.source_type <> 'fulfilment' OR t.source_id = sent.fulfilment_id)) AS released_at
  FROM items i
  JOIN cooperatives c ON c.id = i.coop_id
  JOIN variants v ON v.coop_id = i.coop_id AND v.id = i.variant_id
  JOIN products p ON p.coop_id = v.coop_id AND p.id = v.product_id
  LEFT JOIN crafts k ON k.code = p.craft_code
  LEFT JOIN item_claims claim ON claim.item_id = i.id
  LEFT JOIN order_lines l ON l.coop_id = i.coop_id AND l.id = i.order_line_id AND i.state IN ('sold', 'shipped')
  LEFT JOIN orders o ON o.id = l.order_id
  LEFT JOIN fulfilment_items sent ON sent.order_line_id = l.id AND sent.item_id = i.id
  LEFT JOIN LATERAL (SELECT encode(m.sha256, 'hex') AS picture, m.width, m.height, pm.alt
      FROM product_media pm JOIN media m ON m.coop_id = pm.coop_id AND m.id = pm.media_id AND m.state = 'ready'
      WHERE pm.coop_id = p.coop_id AND pm.product_id = p.id
      ORDER BY (pm.variant_id = v.id) IS TRUE DESC, pm.variant_id IS NULL DESC, pm.position LIMIT 1) seen ON true
  WHERE i.code = $1";

/// Whoever the register or the record names for the piece, each once: the named ones first, in the order of their names.
const MAKERS: &str = "SELECT k.name AS craft, her.name, her.story, encode(m.sha256, 'hex') AS portrait
  FROM (SELECT w.artisan_id FROM work_entries w WHERE w.coop_id = $1 AND w.batch_id = $2 AND w.artisan_id IS NOT NULL
        UNION SELECT d.artisan_id FROM disclosures d WHERE d.coop_id = $1 AND d.subject_id IN ($2, $3)) worked
  JOIN public_makers her ON her.coop_id = $1 AND her.id = worked.artisan_id
  LEFT JOIN crafts k ON k.code = her.craft_code
  LEFT JOIN media m ON m.coop_id = her.coop_id AND m.id = her.portrait_id AND m.state = 'ready'
  ORDER BY her.name IS NULL, her.name, k.name";
