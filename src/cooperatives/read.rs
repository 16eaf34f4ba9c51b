//! Lists and details of cooperatives, for buyers and for the operator.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{
    destinations::{self, Destination},
    model::{Cooperative, Event, State},
};
use crate::{
    clock::Time,
    db::{Conn, DbError},
    ids::{AccountId, CoopId, DestinationId},
    schema::{cooperative_events as events, cooperatives as c, payout_destinations as d},
};

/// A cooperative as everybody sees it.
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct Shown {
    #[diesel(sql_type = sql::Uuid)]
    pub id: CoopId,
    #[diesel(sql_type = sql::Text)]
    pub slug: String,
    #[diesel(sql_type = sql::Text)]
    pub name: String,
    #[diesel(sql_type = sql::Text)]
    pub legal_form: String,
    #[diesel(sql_type = sql::Text)]
    pub about: String,
    #[diesel(sql_type = sql::Text)]
    pub country: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub region: Option<String>,
    #[diesel(sql_type = sql::Text)]
    pub district: String,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub members: Option<i32>,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    pub women: Option<i32>,
    #[diesel(sql_type = sql::Array<sql::Text>)]
    pub crafts: Vec<String>,
    #[diesel(sql_type = sql::BigInt)]
    pub products: i64,
    #[diesel(sql_type = sql::Timestamptz)]
    pub created_at: Time,
    #[diesel(sql_type = sql::Timestamptz)]
    pub updated_at: Time,
}

const SHOWN: &str = "SELECT c.id, c.slug, c.name, c.legal_form, c.about, c.country, c.region, c.district, c.members, c.women,
    ARRAY(SELECT DISTINCT p.craft_code FROM products p
          WHERE p.coop_id = c.id AND p.status = 'published' AND p.craft_code IS NOT NULL ORDER BY p.craft_code) AS crafts,
    (SELECT count(*) FROM products p WHERE p.coop_id = c.id AND p.status = 'published') AS products, c.created_at, c.updated_at
  FROM cooperatives c WHERE c.state = 'approved'";

/// By name.
pub(super) async fn shown(
    conn: &mut Conn,
    country: Option<&str>,
    craft: Option<&str>,
    after: Option<(String, CoopId)>,
    limit: i64,
) -> Result<Vec<Shown>, DbError> {
    let (name, id) = after.unzip();
    let query = diesel::sql_query(format!(
        "{SHOWN} AND ($1::text IS NULL OR c.country = $1) AND ($2::text IS NULL OR EXISTS (
            SELECT 1 FROM products p WHERE p.coop_id = c.id AND p.status = 'published' AND p.craft_code = $2))
         AND ($3::text IS NULL OR (c.name, c.id) > ($3, $4)) ORDER BY c.name, c.id LIMIT $5"
    ));
    Ok(query
        .bind::<sql::Nullable<sql::Text>, _>(country)
        .bind::<sql::Nullable<sql::Text>, _>(craft)
        .bind::<sql::Nullable<sql::Text>, _>(name)
        .bind::<sql::Nullable<sql::Uuid>, _>(id)
        .bind::<sql::BigInt, _>(limit)
        .load(conn)
        .await?)
}

pub(super) async fn shown_one(conn: &mut Conn, named: &str) -> Result<Option<Shown>, DbError> {
    let query = diesel::sql_query(format!("{SHOWN} AND (c.slug = $1 OR c.id = $2)"));
    Ok(query.bind::<sql::Text, _>(named).bind::<sql::Nullable<sql::Uuid>, _>(named.parse::<CoopId>().ok()).get_result(conn).await.optional()?)
}

#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub state: Option<State>,
    pub country: Option<String>,
    /// Part of the name, without regard to case and accents.
    pub search: Option<String>,
    pub after: Option<CoopId>,
    pub limit: i64,
}

/// Whatever their standing, newest first.
pub(super) async fn all(conn: &mut Conn, wanted: &Wanted) -> Result<Vec<Cooperative>, DbError> {
    let mut query = c::table.select(Cooperative::as_select()).order(c::id.desc()).limit(wanted.limit).into_boxed();
    if let Some(state) = wanted.state {
        query = query.filter(c::state.eq(state));
    }
    if let Some(country) = &wanted.country {
        query = query.filter(c::country.eq(country));
    }
    if let Some(text) = &wanted.search {
        let holds = diesel::dsl::sql::<sql::Bool>("strpos(fold(cooperatives.name), fold(").bind::<sql::Text, _>(text.trim()).sql(")) > 0");
        query = query.filter(holds);
    }
    if let Some(after) = wanted.after {
        query = query.filter(c::id.lt(after));
    }
    Ok(query.load(conn).await?)
}

/// What happened to a cooperative's standing.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::schema::cooperative_events)]
pub(super) struct Happened {
    pub event: Event,
    pub reason: Option<String>,
    pub by_account: Option<AccountId>,
    pub at: Time,
}
/// Oldest first: a cooperative moves a few times in its life.
pub(super) async fn history(conn: &mut Conn, coop: CoopId) -> Result<Vec<Happened>, DbError> {
    let mine = events::table.filter(events::coop_id.eq(coop)).order(events::id.asc()).select(Happened::as_select());
    Ok(mine.load(conn).await?)
}

/// A destination that waits for a second person, and whose it is.
pub(super) struct Waiting {
    pub destination: Destination,
    pub coop: CoopId,
    pub slug: String,
    pub name: String,
}
/// Of every cooperative, oldest first: who waits longest is served first.
pub(super) async fn waiting_destinations(conn: &mut Conn, after: Option<DestinationId>, limit: i64) -> Result<Vec<Waiting>, DbError> {
    let open = d::state.eq(destinations::State::Proposed).and(d::confirmed_by.is_null());
    let mut rows = d::table.inner_join(c::table).filter(open).order(d::id.asc()).limit(limit).into_boxed();
    if let Some(after) = after {
        rows = rows.filter(d::id.gt(after));
    }
    let found: Vec<(Destination, CoopId, String, String)> = rows.select((Destination::as_select(), c::id, c::slug, c::name)).load(conn).await?;
    Ok(found.into_iter().map(|(destination, coop, slug, name)| Waiting { destination, coop, slug, name }).collect())
}
