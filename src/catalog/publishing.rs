//! Many products into the shop at once.
use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    bulk::publish_many,
    gate::{Gate, Reason},
    model::Error,
};
use crate::{
    clock::Time,
    db::{DbError, Tx},
    ids::ProductId,
    problem::FieldError,
    tenancy::Scope,
};

/// Which drafts: those that any of the lists names, or all of them.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    pub all: bool,
    pub kinds: Vec<String>,
    pub tags: Vec<String>,
    pub products: Vec<ProductId>,
}

/// What became of them.
#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Outcome {
    pub published: usize,
    /// Of the published ones: those whose makers' pay is not declared yet.
    pub undeclared: usize,
    pub blocked_total: usize,
    /// The first hundred, with every reason.
    pub blocked: Vec<Held>,
}
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Held {
    pub product: ProductId,
    pub title: String,
    pub reasons: Vec<Reason>,
}
/// As many as a person works through; the list of drafts shows the rest with their reasons.
const MAX_TOLD: usize = 100;

#[derive(QueryableByName)]
struct Draft {
    #[diesel(sql_type = sql_types::Uuid)]
    id: ProductId,
    #[diesel(sql_type = sql_types::Text)]
    title: String,
}

/// Publishes every draft of `wanted` that the gate lets through, in a fixed number of statements.
pub async fn publish_drafts(tx: &mut Tx, now: Time, scope: Scope, wanted: &Wanted) -> Result<Outcome, Error> {
    if !wanted.all && wanted.kinds.is_empty() && wanted.tags.is_empty() && wanted.products.is_empty() {
        return Err(Error::Invalid(vec![FieldError::new("/filter", "required", "kinds, tags or products; or all: true for every draft")]));
    }
    let drafts = drafts(tx, scope, wanted).await?;
    let ids: Vec<ProductId> = drafts.iter().map(|draft| draft.id).collect();
    let mut outcome = Outcome::default();
    let mut titles: std::collections::HashMap<ProductId, String> = drafts.into_iter().map(|draft| (draft.id, draft.title)).collect();
    for (product, gate) in publish_many(tx, now, scope, &ids).await? {
        outcome.published += usize::from(gate.lets_through());
        match gate {
            Gate::Pass => {}
            Gate::Undeclared { .. } => outcome.undeclared += 1,
            Gate::Blocked { reasons } => {
                outcome.blocked_total += 1;
                if outcome.blocked.len() < MAX_TOLD {
                    outcome.blocked.push(Held { product, title: titles.remove(&product).unwrap_or_default(), reasons });
                }
            }
        }
    }
    Ok(outcome)
}

/// Locked in order of id, so that nobody archives one between the gate's answer and its publication.
async fn drafts(tx: &mut Tx, scope: Scope, wanted: &Wanted) -> Result<Vec<Draft>, DbError> {
    let query = diesel::sql_query(
        "SELECT id, title FROM products
         WHERE coop_id = $1 AND status = 'draft' AND ($2 OR kind = ANY ($3) OR tags && $4 OR id = ANY ($5)) ORDER BY id FOR UPDATE",
    );
    Ok(query
        .bind::<sql_types::Uuid, _>(scope.coop())
        .bind::<sql_types::Bool, _>(wanted.all)
        .bind::<sql_types::Array<sql_types::Text>, _>(&wanted.kinds)
        .bind::<sql_types::Array<sql_types::Text>, _>(&wanted.tags)
        .bind::<sql_types::Array<sql_types::Uuid>, _>(&wanted.products)
        .load(tx)
        .await?)
}
