//! What of a price the makers agreed to as theirs. An agreement covers the prices that it finds; a price may rise freely above them, and one
//! that would leave the makers less needs a new agreement.
//!
//! - A floor is set by an agreement that is newer than the one it stands on, and by nothing else. Where the agreement names an amount, that
//!   is the floor; else what the makers' part is on that day.
//! - A price that no agreement found, of a new product or in a new currency, is covered as it is when it is first judged.
//! - A price that begins to include tax leaves the makers less wherever there is one: it counts as lower.
//! - Orders that were placed keep the parts that were frozen with them.
use std::collections::HashMap;

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{
    model::Error,
    price::{self, Division},
};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{PriceAgreementId, ProductId, VariantId},
    money::{Currency, Money},
    tenancy::Scope,
};

/// What the makers accept of one piece.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AgreedFloor)]
pub struct Agreed {
    pub variant: VariantId,
    pub currency: Currency,
    /// The makers' part of the price without tax, in minor units.
    #[schema(example = 2300)]
    pub amount: i64,
}

/// A price that leaves the makers less than they agreed to, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowered {
    pub product: ProductId,
    pub what: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Uuid)]
    product: ProductId,
    #[diesel(sql_type = sql_types::Uuid)]
    variant: VariantId,
    #[diesel(sql_type = sql_types::Text)]
    title: String,
    #[diesel(sql_type = sql_types::Text)]
    currency: Currency,
    #[diesel(sql_type = sql_types::BigInt)]
    amount: i64,
    #[diesel(sql_type = sql_types::Bool)]
    tax_inclusive: bool,
    #[diesel(sql_type = sql_types::Integer)]
    commission_bp: i32,
    #[diesel(sql_type = sql_types::Integer)]
    premium_bp: i32,
    #[diesel(sql_type = sql_types::Array<sql_types::Integer>)]
    division: Vec<i32>,
    #[diesel(sql_type = sql_types::Uuid)]
    agreement: PriceAgreementId,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Jsonb>)]
    floors: Option<Value>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
    stands_on: Option<PriceAgreementId>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    floor: Option<i64>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Bool>)]
    floor_inclusive: Option<bool>,
}

impl Row {
    /// The makers' part of the price as it is now, by the one arithmetic. What is inside an inclusive price is not known before it is sold.
    fn makers(&self) -> Result<i64, Error> {
        let bp = |value: i32| u32::try_from(value).unwrap_or(0);
        let parts = price::parts(Money::new(self.amount, self.currency), bp(self.commission_bp), bp(self.premium_bp))?;
        let [maker_bp, materials_bp, cooperative_bp] = [0, 1, 2].map(|i| bp(self.division.get(i).copied().unwrap_or(0)));
        Ok(price::divide(parts.producer, Division { maker_bp, materials_bp, cooperative_bp })?.maker)
    }
    fn named(&self) -> Option<i64> {
        let floors: Vec<Agreed> = serde_json::from_value(self.floors.clone()?).ok()?;
        floors.into_iter().find(|f| f.variant == self.variant && f.currency == self.currency).map(|f| f.amount)
    }
}

/// Every price of products whose template was accepted, with the newest agreement that covers it and the floor it stands on.
const PRICES: &str =
    "SELECT p.id AS product, v.id AS variant, v.title, x.currency, x.amount_minor AS amount, x.tax_inclusive, c.commission_bp, c.premium_bp,
    ARRAY[t.maker_bp, t.materials_bp, t.cooperative_bp] AS division, a.id AS agreement, a.floors, f.agreement_id AS stands_on, f.maker_minor AS floor,
    f.tax_inclusive AS floor_inclusive
  FROM products p JOIN cooperatives c ON c.id = p.coop_id JOIN price_templates t ON t.coop_id = p.coop_id AND t.id = p.template_id
  JOIN variants v ON v.coop_id = p.coop_id AND v.product_id = p.id AND v.active JOIN prices x ON x.coop_id = v.coop_id AND x.variant_id = v.id
  CROSS JOIN LATERAL (SELECT a.id, a.floors FROM price_agreements a WHERE a.coop_id = p.coop_id AND a.template_id = p.template_id
    AND (a.filter = '{}'::jsonb OR (a.filter -> 'kinds') ? p.kind OR (a.filter -> 'tags') ?| p.tags OR (a.filter -> 'products') ? p.id::text)
    ORDER BY a.id DESC LIMIT 1) a
  LEFT JOIN maker_floors f ON f.coop_id = v.coop_id AND f.variant_id = v.id AND f.currency = x.currency
  WHERE p.coop_id = $1 AND p.id = ANY ($2) ORDER BY p.id, v.position, x.currency";
const SET: &str = "INSERT INTO maker_floors (coop_id, variant_id, currency, maker_minor, tax_inclusive, agreement_id, set_at)
  SELECT $1, r.variant, r.currency, r.maker, r.inclusive, r.agreement, $2
  FROM jsonb_to_recordset($3) AS r (variant uuid, currency text, maker bigint, inclusive boolean, agreement uuid)
  ON CONFLICT (coop_id, variant_id, currency) DO UPDATE
    SET maker_minor = excluded.maker_minor, tax_inclusive = excluded.tax_inclusive, agreement_id = excluded.agreement_id, set_at = excluded.set_at";

/// Sets the floors that newer agreements call for, and names the prices that leave the makers less. Two statements at most, however many
/// products there are.
pub(super) async fn judge(tx: &mut Tx, now: Time, scope: Scope, ids: &[ProductId]) -> Result<Vec<Lowered>, Error> {
    let query = diesel::sql_query(PRICES).bind::<sql_types::Uuid, _>(scope.coop()).bind::<sql_types::Array<sql_types::Uuid>, _>(ids);
    let rows: Vec<Row> = query.load(tx).await?;
    let (mut set, mut lowered) = (Vec::new(), Vec::new());
    for row in rows {
        let makers = row.makers()?;
        // Ids are in the order of their making: an older agreement, which a change of the product made cover it again, changes nothing.
        let standing = row.stands_on.filter(|on| *on >= row.agreement).and(row.floor.zip(row.floor_inclusive));
        let (floor, inclusive) = match standing {
            Some(standing) => standing,
            None => {
                let floor = row.named().unwrap_or(makers);
                let (variant, currency, inclusive, agreement) = (row.variant, row.currency, row.tax_inclusive, row.agreement);
                set.push(json!({"variant": variant, "currency": currency, "maker": floor, "inclusive": inclusive, "agreement": agreement}));
                (floor, inclusive)
            }
        };
        if let Some(why) = less(makers, row.tax_inclusive, floor, inclusive, row.currency) {
            let of = if row.title.is_empty() { String::new() } else { format!(" of {}", row.title) };
            lowered.push(Lowered { product: row.product, what: format!("the price{of} in {} {why}", row.currency) });
        }
    }
    if !set.is_empty() {
        let query = diesel::sql_query(SET).bind::<sql_types::Uuid, _>(scope.coop()).bind::<sql_types::Timestamptz, _>(now);
        query.bind::<sql_types::Jsonb, _>(Value::Array(set)).execute(tx).await?;
    }
    Ok(lowered)
}

/// Why a price leaves the makers less than they agreed to; none if it does not.
fn less(makers: i64, inclusive: bool, floor: i64, floor_inclusive: bool, currency: Currency) -> Option<String> {
    let said = |minor| Money::new(minor, currency).formatted();
    if makers < floor {
        return Some(format!("leaves the makers {}, and they agreed to {}", said(makers), said(floor)));
    }
    (inclusive && !floor_inclusive).then(|| "now includes tax, and they agreed to their part of one that does not".to_owned())
}

/// The lowered prices by product.
pub(super) fn by_product(lowered: Vec<Lowered>) -> HashMap<ProductId, Vec<String>> {
    let mut all: HashMap<ProductId, Vec<String>> = HashMap::new();
    for Lowered { product, what } in lowered {
        all.entry(product).or_default().push(what);
    }
    all
}

/// Variants that are not this cooperative's, by their place in the list.
pub(super) async fn foreign(conn: &mut Conn, scope: Scope, floors: &[Agreed]) -> Result<Vec<usize>, DbError> {
    use crate::schema::variants;
    let named: Vec<VariantId> = floors.iter().map(|f| f.variant).collect();
    let own: Vec<VariantId> =
        variants::table.filter(variants::coop_id.eq(scope.coop()).and(variants::id.eq_any(&named))).select(variants::id).load(conn).await?;
    Ok(floors.iter().enumerate().filter(|(_, f)| !own.contains(&f.variant)).map(|(at, _)| at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_may_rise_and_may_not_fall_below_what_was_agreed() {
        let of = |makers, inclusive| less(makers, inclusive, 2550, false, Currency::EUR);
        assert_eq!((of(2550, false), of(9000, false)), (None, None));
        assert_eq!(of(2549, false).unwrap(), "leaves the makers €25.49, and they agreed to €25.50");
        assert!(of(2550, true).is_some(), "tax inside is taken from somebody");
        assert_eq!(less(2550, true, 2550, true, Currency::EUR), None);
        assert_eq!(less(2550, false, 2550, true, Currency::EUR), None, "control: without it there is more for everyone");
    }
}
