//! Makers as their cooperative knows them, and as everybody may see them.
use std::collections::HashMap;

use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::model::{Artisan, Consent, Purpose};
use crate::{
    clock::Time,
    db::{Conn, DbError},
    ids::{ArtisanId, ConsentId},
    schema::{artisans as a, consents as c},
    tenancy::Scope,
};

/// What anybody may see of a maker now.
#[derive(Clone, Debug, QueryableByName)]
pub struct Maker {
    #[diesel(sql_type = sql::Uuid)]
    pub id: ArtisanId,
    /// Her name if she agreed to it, else her alias; none: her craft and her district must do.
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub name: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub village: Option<String>,
    #[diesel(sql_type = sql::Text)]
    pub district: String,
    #[diesel(sql_type = sql::Text)]
    pub country: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub craft_name: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub story: Option<String>,
    /// What names the picture's files.
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub portrait: Option<String>,
    #[diesel(sql_type = sql::Text)]
    pub cooperative: String,
    #[diesel(sql_type = sql::Text)]
    pub cooperative_slug: String,
}

pub async fn maker(conn: &mut Conn, id: ArtisanId) -> Result<Option<Maker>, DbError> {
    let query = diesel::sql_query(
        "SELECT m.id, m.name, m.village, m.district, c.country, m.craft_code AS craft, k.name AS craft_name, m.story,
                encode(p.sha256, 'hex') AS portrait, c.name AS cooperative, c.slug AS cooperative_slug
         FROM public_makers m JOIN artisans a ON a.coop_id = m.coop_id AND a.id = m.id AND a.erased_at IS NULL
         JOIN cooperatives c ON c.id = m.coop_id AND c.state = 'approved'
         LEFT JOIN crafts k ON k.code = m.craft_code
         LEFT JOIN media p ON p.coop_id = m.coop_id AND p.id = m.portrait_id AND p.state = 'ready'
         WHERE m.id = $1",
    );
    Ok(query.bind::<sql::Uuid, _>(id).get_result(conn).await.optional()?)
}

#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub craft: Option<String>,
    /// Part of a name, an alias or a reference, without regard to case and accents.
    pub search: Option<String>,
    pub after: Option<ArtisanId>,
    pub limit: i64,
}

/// A cooperative's makers, newest first; who was erased is nobody's to look at.
pub(super) async fn list(conn: &mut Conn, scope: Scope, wanted: &Wanted) -> Result<Vec<Artisan>, DbError> {
    let mine = a::table.filter(a::coop_id.eq(scope.coop()).and(a::erased_at.is_null())).order(a::id.desc()).limit(wanted.limit);
    let mut query = mine.select(Artisan::as_select()).into_boxed();
    if let Some(craft) = &wanted.craft {
        query = query.filter(a::craft_code.eq(craft));
    }
    if let Some(text) = &wanted.search {
        let holds = "strpos(fold(concat_ws(' ', artisans.reference, artisans.legal_name, artisans.display_name, artisans.public_alias)), fold(";
        query = query.filter(diesel::dsl::sql::<sql::Bool>(holds).bind::<sql::Text, _>(text.trim()).sql(")) > 0"));
    }
    if let Some(after) = wanted.after {
        query = query.filter(a::id.lt(after));
    }
    Ok(query.load(conn).await?)
}
pub(super) async fn find(conn: &mut Conn, scope: Scope, id: ArtisanId) -> Result<Option<Artisan>, DbError> {
    Ok(a::table.find((scope.coop(), id)).select(Artisan::as_select()).first(conn).await.optional()?)
}

/// Her latest word on each purpose she was asked about.
pub(super) async fn agreed(conn: &mut Conn, scope: Scope, ids: &[ArtisanId]) -> Result<Vec<(ArtisanId, Purpose, bool)>, DbError> {
    let all = c::table.filter(c::coop_id.eq(scope.coop()).and(c::artisan_id.eq_any(ids)));
    let latest = all.distinct_on((c::artisan_id, c::purpose)).order((c::artisan_id, c::purpose, c::id.desc()));
    Ok(latest.select((c::artisan_id, c::purpose, c::granted)).load(conn).await?)
}
/// Everything she said, latest first.
pub(super) async fn consents(conn: &mut Conn, scope: Scope, id: ArtisanId, after: Option<ConsentId>, limit: i64) -> Result<Vec<Consent>, DbError> {
    let all = c::table.filter(c::coop_id.eq(scope.coop()).and(c::artisan_id.eq(id))).order(c::id.desc()).limit(limit);
    let query = all.select(Consent::as_select()).into_boxed();
    let query = if let Some(after) = after { query.filter(c::id.lt(after)) } else { query };
    Ok(query.load(conn).await?)
}

/// Every maker of a cooperative, erased ones too, with her latest word on her name.
pub async fn register(conn: &mut Conn, scope: Scope) -> Result<Vec<(Artisan, Option<(bool, Time)>)>, DbError> {
    let makers: Vec<Artisan> = a::table.filter(a::coop_id.eq(scope.coop())).order(a::id).select(Artisan::as_select()).load(conn).await?;
    let of_names = c::table.filter(c::coop_id.eq(scope.coop()).and(c::purpose.eq(Purpose::Name)));
    let latest = of_names.distinct_on(c::artisan_id).order((c::artisan_id, c::id.desc()));
    let words: Vec<(ArtisanId, bool, Time)> = latest.select((c::artisan_id, c::granted, c::at)).load(conn).await?;
    let words: HashMap<ArtisanId, (bool, Time)> = words.into_iter().map(|(id, granted, at)| (id, (granted, at))).collect();
    Ok(makers.into_iter().map(|maker| (words.get(&maker.id).copied(), maker)).map(|(word, maker)| (maker, word)).collect())
}
/// The language she is spoken to in.
pub async fn language(conn: &mut Conn, scope: Scope, id: ArtisanId) -> Result<String, DbError> {
    Ok(a::table.find((scope.coop(), id)).select(a::language).first(conn).await?)
}
