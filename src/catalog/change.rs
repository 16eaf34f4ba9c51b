//! Changes to what is already there. Only what is `Some` is written.
use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    checks,
    model::{Error, NewPrice, NewStock},
    stock::Policy,
};
use crate::{
    clock::Time,
    db::Tx,
    ids::{PriceTemplateId, ProductId, VariantId},
    money::Currency,
    problem::FieldError,
    schema::{prices, product_options, products, variants},
    tenancy::Scope,
};

#[derive(Clone, Debug, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = products)]
pub struct ProductChange {
    pub title: Option<String>,
    /// Sanitised; `body_text` goes with it.
    pub body_html: Option<String>,
    pub body_text: Option<String>,
    pub kind: Option<String>,
    pub tags: Option<Vec<String>>,
    pub craft_code: Option<Option<String>>,
    pub materials: Option<serde_json::Value>,
    pub template_id: Option<Option<PriceTemplateId>>,
    pub made_to_order_days: Option<Option<i32>>,
}
#[derive(Clone, Debug, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = variants)]
pub struct VariantChange {
    pub title: Option<String>,
    pub options: Option<Vec<String>>,
    pub sku: Option<Option<String>>,
    pub barcode: Option<Option<String>>,
    pub grams: Option<Option<i32>>,
    pub active: Option<bool>,
}

/// A new version of the product; the gate is asked by the caller.
pub async fn change_product(tx: &mut Tx, now: Time, scope: Scope, id: ProductId, change: &ProductChange) -> Result<(), Error> {
    let stamped = (products::updated_at.eq(now), products::version.eq(products::version + 1));
    diesel::update(products::table.find((scope.coop(), id))).set((change, stamped)).execute(tx).await?;
    Ok(())
}

/// As many names as there are options now.
pub async fn rename_options(tx: &mut Tx, scope: Scope, id: ProductId, names: &[String]) -> Result<(), Error> {
    for (position, name) in (0_i16..).zip(names) {
        diesel::update(product_options::table.find((scope.coop(), id, position))).set(product_options::name.eq(name)).execute(tx).await?;
    }
    Ok(())
}

pub async fn change_variant(tx: &mut Tx, now: Time, scope: Scope, id: VariantId, change: &VariantChange) -> Result<(), Error> {
    diesel::update(variants::table.find((scope.coop(), id))).set((change, variants::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}

/// # Errors
/// [`Error::Invalid`] if no buyer could pay it.
pub async fn set_price(tx: &mut Tx, now: Time, scope: Scope, id: VariantId, price: &NewPrice) -> Result<(), Error> {
    if let Some(why) = checks::unpayable(price) {
        return Err(Error::Invalid(vec![FieldError::new("/price", "unpayable", why)]));
    }
    let row = (
        (prices::coop_id.eq(scope.coop()), prices::variant_id.eq(id), prices::currency.eq(price.currency), prices::amount_minor.eq(price.minor)),
        (prices::compare_at_minor.eq(price.compare_at_minor), prices::tax_inclusive.eq(price.tax_inclusive), prices::updated_at.eq(now)),
    );
    let changed = (
        (prices::amount_minor.eq(price.minor), prices::compare_at_minor.eq(price.compare_at_minor)),
        (prices::tax_inclusive.eq(price.tax_inclusive), prices::updated_at.eq(now)),
    );
    let key = (prices::coop_id, prices::variant_id, prices::currency);
    diesel::insert_into(prices::table).values(row).on_conflict(key).do_update().set(changed).execute(tx).await?;
    Ok(())
}
pub async fn remove_price(tx: &mut Tx, scope: Scope, id: VariantId, currency: Currency) -> Result<(), Error> {
    diesel::delete(prices::table.find((scope.coop(), id, currency))).execute(tx).await?;
    Ok(())
}

/// Says what is on the shelf. Answers how many pieces are new on it, or `None` if orders hold more than that and nothing was changed.
pub async fn set_stock(tx: &mut Tx, scope: Scope, id: VariantId, stock: NewStock) -> Result<Option<i32>, Error> {
    #[derive(QueryableByName)]
    struct Before {
        #[diesel(sql_type = sql_types::Integer)]
        on_hand: i32,
    }
    let counted = if stock.policy == Policy::Finite { stock.on_hand } else { 0 };
    let before: Option<Before> = diesel::sql_query(
        "UPDATE stock s SET policy = $3, on_hand = $4
         FROM (SELECT coop_id, variant_id, CASE WHEN policy = 'finite' THEN on_hand ELSE 0 END AS on_hand FROM stock
               WHERE coop_id = $1 AND variant_id = $2 FOR UPDATE) AS before
         WHERE s.coop_id = before.coop_id AND s.variant_id = before.variant_id AND ($3 <> 'finite' OR s.reserved <= $4) RETURNING before.on_hand",
    )
    .bind::<sql_types::Uuid, _>(scope.coop())
    .bind::<sql_types::Uuid, _>(id)
    .bind::<sql_types::Text, _>(stock.policy)
    .bind::<sql_types::Integer, _>(counted)
    .get_result(tx)
    .await
    .optional()?;
    Ok(before.map(|b| (counted - b.on_hand).max(0)))
}
