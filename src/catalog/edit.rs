//! What a manager changes. Each change locks the product first, counts a new version of it, and asks the gate again.
//!
//! - A published product never becomes one that the gate blocks: such a change is refused whole.
//! - A slug that is given up leads to the product for ever.
//! - Stock is never set below what orders hold.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    bulk::add_variants,
    change::{self, ProductChange, VariantChange},
    checks,
    gate::Gate,
    judge,
    model::{Edit, Error, NewStock, NewVariant, Status, VariantEdit},
    store, templates,
};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{PriceTemplateId, ProductId, VariantId},
    problem::FieldError,
    schema::{crafts, prices, product_slugs, products, stock, variants},
    tenancy::Scope,
};

/// Changes a product, if it is still the version that the manager read.
///
/// # Errors
/// [`Error::Stale`] if it is not; [`Error::Invalid`] names the fields; [`Error::Blocked`] if a published product would no longer pass.
pub async fn edit(tx: &mut Tx, now: Time, scope: Scope, id: ProductId, read: i64, edit: &Edit) -> Result<Gate, Error> {
    let before = store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?;
    if before.version != read {
        return Err(Error::Stale);
    }
    let mut errors = edit.check();
    errors.extend(unknown(tx, scope, edit.craft.as_ref().and_then(Option::as_deref), edit.template.flatten()).await?);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    if let Some(slug) = edit.slug.as_deref().filter(|slug| *slug != before.slug) {
        take_slug(tx, now, scope, id, &before.slug, slug).await?;
    }
    let (body_html, body_text) = edit.body.clone().unzip();
    let change = ProductChange {
        title: edit.title.as_deref().map(|title| title.trim().to_owned()),
        body_html,
        body_text,
        kind: edit.kind.clone(),
        tags: edit.tags.clone(),
        craft_code: edit.craft.clone(),
        materials: edit.materials.as_ref().map(|materials| serde_json::json!(materials)),
        template_id: edit.template,
        made_to_order_days: edit.made_to_order_days,
    };
    change::change_product(tx, now, scope, id, &change).await?;
    rejudge(tx, now, scope, id, before.status).await
}

/// What is named and is not there, by the pointers of a product's form.
pub(super) async fn unknown(
    conn: &mut Conn,
    scope: Scope,
    craft: Option<&str>,
    template: Option<PriceTemplateId>,
) -> Result<Vec<FieldError>, DbError> {
    let mut errors = Vec::new();
    if let Some(code) = craft
        && !diesel::select(diesel::dsl::exists(crafts::table.find(code))).get_result::<bool>(conn).await?
    {
        errors.push(FieldError::new("/craft", "unknown", "the code of a craft that is listed"));
    }
    if let Some(id) = template
        && !templates::exists(conn, scope, id).await?
    {
        errors.push(FieldError::new("/template", "unknown", "a price template of this cooperative"));
    }
    Ok(errors)
}

/// The old slug retires. One that is in use or retired elsewhere is never given away; one's own may be taken up again.
async fn take_slug(tx: &mut Tx, now: Time, scope: Scope, id: ProductId, old: &str, new: &str) -> Result<(), Error> {
    let owner: Option<ProductId> = product_slugs::table
        .find(new)
        .filter(product_slugs::coop_id.eq(scope.coop()))
        .select(product_slugs::product_id)
        .first(tx)
        .await
        .optional()?;
    let taken = diesel::select(diesel::dsl::exists(product_slugs::table.find(new))).get_result::<bool>(tx).await?;
    if taken && owner != Some(id) {
        return Err(Error::Invalid(vec![FieldError::new("/slug", "taken", "another product has or had this address")]));
    }
    if taken {
        diesel::update(product_slugs::table.find(new)).set(product_slugs::retired_at.eq(None::<Time>)).execute(tx).await?;
    } else {
        let row = (product_slugs::slug.eq(new), product_slugs::coop_id.eq(scope.coop()), product_slugs::product_id.eq(id));
        diesel::insert_into(product_slugs::table).values(row).execute(tx).await?;
    }
    diesel::update(product_slugs::table.find(old)).set(product_slugs::retired_at.eq(now)).execute(tx).await?;
    diesel::update(products::table.find((scope.coop(), id))).set(products::slug.eq(new)).execute(tx).await?;
    Ok(())
}

async fn rejudge(tx: &mut Tx, now: Time, scope: Scope, id: ProductId, status: Status) -> Result<Gate, Error> {
    let gate = judge(tx, now, scope, id).await?;
    if status == Status::Published && !gate.lets_through() {
        return Err(Error::Blocked { product: id, gate });
    }
    Ok(gate)
}

/// Brings an archived product back as a draft.
pub async fn unarchive(tx: &mut Tx, now: Time, scope: Scope, id: ProductId) -> Result<(), Error> {
    match store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?.status {
        Status::Archived => Ok(store::set_status(tx, now, scope, id, Status::Draft).await?),
        Status::Draft | Status::Published => Err(Error::NotArchived),
    }
}

/// One more variant, behind the others.
pub async fn add_variant(tx: &mut Tx, now: Time, scope: Scope, id: ProductId, new: &NewVariant) -> Result<VariantId, Error> {
    let before = store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?;
    let mine = variants::table.filter(variants::coop_id.eq(scope.coop()).and(variants::product_id.eq(id)));
    let (count, last): (i64, Option<i16>) = mine.select((diesel::dsl::count_star(), diesel::dsl::max(variants::position))).first(tx).await?;
    let options = store::option_count(tx, scope, id).await?;
    let errors = checks::added_variant(new, options, usize::try_from(count).unwrap_or(usize::MAX));
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let position = last.map_or(0, |last| last.saturating_add(1));
    let added = add_variants(tx, now, scope, &[(id, position, new)]).await.map_err(|error| match error {
        Error::Db(db) if db.is_unique_violation("variants_options_unique") => {
            Error::Invalid(vec![FieldError::new("/options", "duplicate", "another variant has the same option values")])
        }
        other => other,
    })?;
    store::touch(tx, now, scope, id).await?;
    rejudge(tx, now, scope, id, before.status).await?;
    added.into_iter().next().ok_or(Error::NotFound)
}

/// Changes a variant; answers whose product it is.
///
/// # Errors
/// [`Error::Reserved`] says how many pieces orders hold; [`Error::Blocked`] as for [`edit`].
pub async fn edit_variant(tx: &mut Tx, now: Time, scope: Scope, id: VariantId, edit: &VariantEdit) -> Result<ProductId, Error> {
    let product: ProductId =
        variants::table.find((scope.coop(), id)).select(variants::product_id).first(tx).await.optional()?.ok_or(Error::NotFound)?;
    let before = store::lock(tx, scope, product).await?.ok_or(Error::NotFound)?;
    let errors = edit.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let change =
        VariantChange { sku: edit.sku.clone(), barcode: edit.barcode.clone(), grams: edit.grams, active: edit.active, ..VariantChange::default() };
    change::change_variant(tx, now, scope, id, &change).await?;
    // Stock first: sales lock it before what they change of the cards.
    if let Some(wanted) = edit.stock {
        set_stock(tx, scope, id, wanted).await?;
    }
    if let Some(wanted) = &edit.prices {
        let all = prices::table.filter(prices::coop_id.eq(scope.coop()).and(prices::variant_id.eq(id)));
        diesel::delete(all).execute(tx).await?;
        for price in wanted {
            change::set_price(tx, now, scope, id, price).await?;
        }
    }
    store::touch(tx, now, scope, product).await?;
    rejudge(tx, now, scope, product, before.status).await?;
    Ok(product)
}

async fn set_stock(tx: &mut Tx, scope: Scope, id: VariantId, wanted: NewStock) -> Result<(), Error> {
    if change::set_stock(tx, scope, id, wanted).await?.is_some() {
        return Ok(());
    }
    let reserved = stock::table.find((scope.coop(), id)).select(stock::reserved).first(tx).await?;
    Err(Error::Reserved { variant: id, reserved })
}
