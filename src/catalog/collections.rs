//! Collections: products that belong together for a buyer, in an order that a manager chose.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::model::{Error, MAX_TITLE, slugify};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{CollectionId, ProductId},
    problem::FieldError,
    schema::{collection_products, collections, products},
    tenancy::Scope,
};

/// A page or two of words.
const MAX_ABOUT: usize = 5000;
/// More than anyone looks through; a collection is a choice.
pub const MAX_PRODUCTS: usize = 1000;

#[derive(Clone, Debug)]
pub struct NewCollection {
    pub title: String,
    pub about: String,
}
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = collections)]
pub struct CollectionEdit {
    pub title: Option<String>,
    pub about: Option<String>,
}

#[derive(Clone, Debug, QueryableByName)]
pub struct Collection {
    #[diesel(sql_type = sql::Uuid)]
    pub id: CollectionId,
    #[diesel(sql_type = sql::Text)]
    pub slug: String,
    #[diesel(sql_type = sql::Text)]
    pub title: String,
    #[diesel(sql_type = sql::Text)]
    pub about: String,
    #[diesel(sql_type = sql::Array<sql::Uuid>)]
    pub products: Vec<ProductId>,
    #[diesel(sql_type = sql::Timestamptz)]
    pub created_at: Time,
    #[diesel(sql_type = sql::Timestamptz)]
    pub updated_at: Time,
}

fn check(title: Option<&str>, about: Option<&str>) -> Result<(), Error> {
    let mut errors = Vec::new();
    if title.is_some_and(|t| t.trim().is_empty() || t.chars().count() > MAX_TITLE) {
        errors.push(FieldError::new("/title", "length", format!("1 to {MAX_TITLE} characters")));
    }
    if about.is_some_and(|a| a.chars().count() > MAX_ABOUT) {
        errors.push(FieldError::new("/about", "length", format!("at most {MAX_ABOUT} characters")));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// An empty collection; its slug is made from the title, with a number if that is taken.
pub async fn create(tx: &mut Tx, now: Time, scope: Scope, new: &NewCollection) -> Result<CollectionId, Error> {
    check(Some(&new.title), Some(&new.about))?;
    let id = CollectionId::new();
    let slug = free_slug(tx, &slugify(&new.title)).await?;
    diesel::insert_into(collections::table)
        .values((
            (collections::coop_id.eq(scope.coop()), collections::id.eq(id), collections::slug.eq(slug), collections::title.eq(new.title.trim())),
            (collections::about.eq(&new.about), collections::created_at.eq(now), collections::updated_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(id)
}

async fn free_slug(conn: &mut Conn, wanted: &str) -> Result<String, DbError> {
    let pattern = format!("{}-%", wanted.replace('%', "").replace('_', "\\_"));
    let near = collections::table.filter(collections::slug.eq(wanted).or(collections::slug.like(pattern)));
    let taken: Vec<String> = near.select(collections::slug).load(conn).await?;
    let numbered = (2..).map(|n| format!("{wanted}-{n}"));
    Ok(std::iter::once(wanted.to_owned()).chain(numbered).find(|slug| !taken.contains(slug)).expect("an endless row of numbers has a free one"))
}

pub async fn edit(tx: &mut Tx, now: Time, scope: Scope, id: CollectionId, edit: &CollectionEdit) -> Result<(), Error> {
    check(edit.title.as_deref(), edit.about.as_deref())?;
    let row = collections::table.find((scope.coop(), id));
    let changed = diesel::update(row).set((edit, collections::updated_at.eq(now))).execute(tx).await?;
    if changed == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Its products stay in the shop.
pub async fn delete(tx: &mut Tx, scope: Scope, id: CollectionId) -> Result<(), Error> {
    clear(tx, scope, id).await?;
    let gone = diesel::delete(collections::table.find((scope.coop(), id))).execute(tx).await?;
    if gone == 1 { Ok(()) } else { Err(Error::NotFound) }
}

async fn clear(tx: &mut Tx, scope: Scope, id: CollectionId) -> Result<(), DbError> {
    let all = collection_products::table.filter(collection_products::coop_id.eq(scope.coop()).and(collection_products::collection_id.eq(id)));
    diesel::delete(all).execute(tx).await?;
    Ok(())
}

/// Puts these products into it, in this order, in place of those it had.
pub async fn set_products(tx: &mut Tx, now: Time, scope: Scope, id: CollectionId, wanted: &[ProductId]) -> Result<(), Error> {
    edit(tx, now, scope, id, &CollectionEdit::default()).await?;
    let mine = products::table.filter(products::coop_id.eq(scope.coop()).and(products::id.eq_any(wanted)));
    let known: std::collections::HashSet<ProductId> = mine.select(products::id).load(tx).await?.into_iter().collect();
    let mut seen = std::collections::HashSet::new();
    let mut errors = Vec::new();
    if wanted.len() > MAX_PRODUCTS {
        errors.push(FieldError::new("", "length", format!("at most {MAX_PRODUCTS} products")));
    }
    for (i, product) in wanted.iter().enumerate() {
        if !known.contains(product) {
            errors.push(FieldError::new(format!("/{i}"), "unknown", "no such product of this cooperative"));
        } else if !seen.insert(product) {
            errors.push(FieldError::new(format!("/{i}"), "duplicate", "each product once"));
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    clear(tx, scope, id).await?;
    let row = |(position, product): (i32, &ProductId)| {
        (
            (collection_products::coop_id.eq(scope.coop()), collection_products::collection_id.eq(id)),
            (collection_products::product_id.eq(*product), collection_products::position.eq(position)),
        )
    };
    diesel::insert_into(collection_products::table).values((0_i32..).zip(wanted).map(row).collect::<Vec<_>>()).execute(tx).await?;
    Ok(())
}

const COLUMNS: &str = "SELECT g.id, g.slug, g.title, g.about, g.created_at, g.updated_at,
    ARRAY(SELECT i.product_id FROM collection_products i WHERE i.coop_id = g.coop_id AND i.collection_id = g.id ORDER BY i.position) AS products
  FROM collections g WHERE g.coop_id = $1";

pub async fn find(conn: &mut Conn, scope: Scope, id: CollectionId) -> Result<Collection, Error> {
    let query = diesel::sql_query(format!("{COLUMNS} AND g.id = $2")).bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Uuid, _>(id);
    query.get_result(conn).await.optional()?.ok_or(Error::NotFound)
}

/// Newest first.
pub async fn list(conn: &mut Conn, scope: Scope, after: Option<CollectionId>, limit: i64) -> Result<Vec<Collection>, DbError> {
    let query = diesel::sql_query(format!("{COLUMNS} AND ($2::uuid IS NULL OR g.id < $2) ORDER BY g.id DESC LIMIT $3"));
    Ok(query.bind::<sql::Uuid, _>(scope.coop()).bind::<sql::Nullable<sql::Uuid>, _>(after).bind::<sql::BigInt, _>(limit).load(conn).await?)
}
