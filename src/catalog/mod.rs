//! What is for sale: products, variants, prices, stock, and how a price is taken apart.
//!
//! - A product is seen by buyers only if the publish gate let it through.
//! - A price has one arithmetic ([`price`]); parts always sum to it.
//! - Nothing is sold that is not there ([`stock`]).
//! - A slug never dies: a retired one leads to the product.
//! - What lists show is one row per product and currency (`product_cards`), which the database itself keeps: no writer can forget it.
mod bulk;
pub mod change;
mod checks;
pub mod collections;
mod edit;
mod facets;
pub mod floors;
mod gate;
pub mod http;
pub mod model;
pub mod price;
mod publishing;
mod read;
pub mod stock;
mod store;
pub mod tax;
pub mod templates;

pub use bulk::{add_variants, archive_many, create_many, judge_many, publish_many};
pub use edit::{add_variant, edit, edit_variant, unarchive};
pub use gate::{Gate, Reason};
pub use model::{Error, NewPrice, NewProduct, NewStock, NewVariant, Status, StockOwner};
pub use publishing::publish_drafts;
pub use read::{Offer, cards::wrong as wrong_cards, offers};

use crate::{
    clock::Time,
    db::{Conn, Tx},
    ids::{ProductId, VariantId},
    media::{self, Attached},
    problem::FieldError,
    tenancy::Scope,
};

/// Writes a draft with its variants, prices and stock; the slug is made from the title, with a suffix if it is taken.
///
/// # Errors
/// [`Error::Invalid`] names every field that cannot be accepted; nothing is written then.
pub async fn create(tx: &mut Tx, now: Time, scope: Scope, new: &NewProduct) -> Result<(ProductId, Vec<VariantId>), Error> {
    let mut errors = new.check();
    errors.extend(edit::unknown(tx, scope, new.craft.as_deref(), new.template).await?);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let id = ProductId::new();
    let slug = store::free_slug(tx, &model::slugify(&new.title)).await?;
    store::insert_product(tx, now, scope, id, &slug, new).await?;
    let variants = store::insert_variants(tx, now, scope, id, new).await?;
    judge(tx, now, scope, id).await?;
    Ok((id, variants))
}

/// Asks the gate and keeps its answer beside the product.
pub async fn judge(tx: &mut Tx, now: Time, scope: Scope, id: ProductId) -> Result<Gate, Error> {
    let lowered = floors::judge(tx, now, scope, &[id]).await?.into_iter().map(|lowered| lowered.what).collect();
    let (_, facts) = store::gate_facts_of(tx, scope, &[id]).await?.pop().ok_or(Error::NotFound)?;
    let facts = gate::GateFacts { lowered, ..facts };
    let gate = gate::gate(&facts);
    store::set_gate(tx, now, scope, id, &gate).await?;
    Ok(gate)
}

/// Shows a product to buyers, if the gate lets it through.
///
/// # Errors
/// [`Error::Blocked`] with every reason; the product stays as it was.
pub async fn publish(tx: &mut Tx, now: Time, scope: Scope, id: ProductId) -> Result<Gate, Error> {
    if store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?.status == Status::Archived {
        return Err(Error::Archived);
    }
    let gate = judge(tx, now, scope, id).await?;
    if !gate.lets_through() {
        return Err(Error::Blocked { product: id, gate });
    }
    store::set_status(tx, now, scope, id, Status::Published).await?;
    Ok(gate)
}

/// Takes a product out of the shop; its orders and items stay as they are.
pub async fn archive(tx: &mut Tx, now: Time, scope: Scope, id: ProductId) -> Result<(), Error> {
    match store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?.status {
        Status::Archived => Ok(()),
        Status::Draft | Status::Published => Ok(store::set_status(tx, now, scope, id, Status::Archived).await?),
    }
}

/// Makes `pictures` the product's own, in this order, in place of those it had.
///
/// # Errors
/// [`Error::Invalid`] names a variant that is not this product's; [`media::attach`] names what is wrong with a picture.
pub async fn set_pictures(tx: &mut Tx, now: Time, scope: Scope, id: ProductId, pictures: &[Attached]) -> Result<(), Error> {
    store::touch(tx, now, scope, id).await?.ok_or(Error::NotFound)?;
    let own = store::variant_ids(tx, scope, id).await?;
    let foreign = |(i, picture): (usize, &Attached)| {
        let known = picture.variant.is_none_or(|variant| own.contains(&variant));
        (!known).then(|| FieldError::new(format!("/{i}/variant"), "unknown", "no such variant of this product"))
    };
    let errors: Vec<_> = pictures.iter().enumerate().filter_map(foreign).collect();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    Ok(media::attach(tx, scope, id, pictures).await?)
}

/// Whose products a scope may make: only for tests and the demo that need to know whether one is there.
pub async fn exists(conn: &mut Conn, scope: Scope, id: ProductId) -> Result<bool, Error> {
    Ok(store::status(conn, scope, id).await?.is_some())
}
