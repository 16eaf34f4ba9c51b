//! Every statement that changes makers, their consents and their keys.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::model::{Artisan, Consent, Edit, NewArtisan, NewConsent, phone};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, ArtisanId, ConsentId, MediaId},
    schema::{artisans as a, consents as c, cooperatives, import_entities, media, subject_keys as k},
    tenancy::Scope,
};

/// The columns of a maker, as they are written; `None` stays.
#[derive(AsChangeset)]
#[diesel(table_name = a)]
struct Said {
    reference: Option<String>,
    legal_name: Option<String>,
    display_name: Option<Option<String>>,
    public_alias: Option<Option<String>>,
    village: Option<Option<String>>,
    district: Option<String>,
    craft_code: Option<Option<String>>,
    language: Option<String>,
    phone: Option<Option<String>>,
    birth_year: Option<Option<i32>>,
    story: Option<Option<String>>,
    portrait_id: Option<Option<MediaId>>,
}
fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}
fn said(e: &Edit) -> Said {
    let text = |value: &Option<Option<String>>| value.as_ref().map(|inner| inner.as_deref().map(trimmed));
    Said {
        reference: e.reference.as_deref().map(trimmed),
        legal_name: e.legal_name.as_deref().map(trimmed),
        display_name: text(&e.display_name),
        public_alias: text(&e.public_alias),
        village: text(&e.village),
        district: e.district.as_deref().map(trimmed),
        craft_code: e.craft.clone(),
        language: e.language.clone(),
        phone: e.phone.as_ref().map(|number| number.as_deref().and_then(phone)),
        birth_year: e.birth_year,
        story: text(&e.story),
        portrait_id: e.portrait,
    }
}

pub(super) async fn insert(tx: &mut Tx, now: Time, scope: Scope, id: ArtisanId, new: &NewArtisan) -> Result<(), DbError> {
    let coop = scope.coop();
    let (district, locale): (String, String) =
        cooperatives::table.find(coop).select((cooperatives::district, cooperatives::locale)).first(tx).await?;
    let reference = match &new.reference {
        Some(reference) => trimmed(reference),
        None => free_reference(tx, scope).await?,
    };
    diesel::insert_into(a::table)
        .values((
            (a::coop_id.eq(coop), a::id.eq(id), a::reference.eq(reference), a::legal_name.eq(""), a::district.eq(district), a::language.eq(locale)),
            (a::version.eq(0), a::created_at.eq(now), a::updated_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    update(tx, now, scope, id, &Edit { reference: None, ..new.edit() }).await
}
/// One more than there are, or the next that nobody has.
async fn free_reference(tx: &mut Tx, scope: Scope) -> Result<String, DbError> {
    let taken: Vec<String> = a::table.filter(a::coop_id.eq(scope.coop())).select(a::reference).load(tx).await?;
    let taken: std::collections::HashSet<&str> = taken.iter().map(String::as_str).collect();
    let numbered = (taken.len() + 1..).map(|n| format!("A-{n}"));
    Ok(numbered.into_iter().find(|reference| !taken.contains(reference.as_str())).expect("an endless row of numbers has a free one"))
}

pub(super) async fn update(tx: &mut Tx, now: Time, scope: Scope, id: ArtisanId, edit: &Edit) -> Result<(), DbError> {
    let row = a::table.find((scope.coop(), id));
    diesel::update(row).set((said(edit), a::version.eq(a::version + 1), a::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}
pub(super) async fn lock(tx: &mut Tx, scope: Scope, id: ArtisanId) -> Result<Option<Artisan>, DbError> {
    Ok(a::table.find((scope.coop(), id)).select(Artisan::as_select()).for_no_key_update().first(tx).await.optional()?)
}
pub(super) async fn referenced(conn: &mut Conn, scope: Scope, reference: &str) -> Result<Option<ArtisanId>, DbError> {
    let mine = a::table.filter(a::coop_id.eq(scope.coop()).and(a::reference.eq(reference.trim())));
    Ok(mine.select(a::id).first(conn).await.optional()?)
}
pub(super) async fn has_picture(conn: &mut Conn, scope: Scope, id: MediaId) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::exists(media::table.find((scope.coop(), id)))).get_result(conn).await?)
}

pub(super) async fn insert_key(tx: &mut Tx, now: Time, scope: Scope, id: ArtisanId, sealed: &[u8]) -> Result<(), DbError> {
    let row = (k::coop_id.eq(scope.coop()), k::artisan_id.eq(id), k::sealed.eq(sealed), k::created_at.eq(now));
    diesel::insert_into(k::table).values(row).execute(tx).await?;
    Ok(())
}
pub(super) async fn key(conn: &mut Conn, scope: Scope, id: ArtisanId) -> Result<Option<Vec<u8>>, DbError> {
    Ok(k::table.find((scope.coop(), id)).select(k::sealed).first(conn).await.optional()?)
}
pub(super) async fn destroy_key(tx: &mut Tx, scope: Scope, id: ArtisanId) -> Result<(), DbError> {
    diesel::delete(k::table.find((scope.coop(), id))).execute(tx).await?;
    Ok(())
}

/// Everything in clear text goes. What a list of makers said of her goes too, except the digest that knows her row again: the same list
/// must not bring her back.
pub(super) async fn empty(tx: &mut Tx, now: Time, scope: Scope, id: ArtisanId) -> Result<(), DbError> {
    let nothing = None::<String>;
    diesel::update(a::table.find((scope.coop(), id)))
        .set((
            (a::legal_name.eq(""), a::display_name.eq(&nothing), a::public_alias.eq(&nothing), a::village.eq(&nothing), a::phone.eq(&nothing)),
            (a::birth_year.eq(None::<i32>), a::story.eq(&nothing), a::portrait_id.eq(None::<MediaId>)),
            (a::version.eq(a::version + 1), a::updated_at.eq(now), a::erased_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    use import_entities as e;
    let imported = e::table.filter(e::coop_id.eq(scope.coop()).and(e::target_id.eq(id.uuid())));
    diesel::update(imported).set((e::key.eq(""), e::cells.eq(serde_json::json!({})), e::updated_at.eq(now))).execute(tx).await?;
    Ok(())
}

pub(super) async fn insert_consents(
    tx: &mut Tx,
    at: Time,
    by: Option<AccountId>,
    scope: Scope,
    id: ArtisanId,
    new: &NewConsent,
) -> Result<Vec<Consent>, DbError> {
    let row = |purpose: &super::Purpose| {
        (
            (c::coop_id.eq(scope.coop()), c::id.eq(ConsentId::new()), c::artisan_id.eq(id), c::purpose.eq(*purpose), c::granted.eq(new.granted)),
            (c::language.eq(new.language.clone()), c::medium.eq(new.medium), c::witness.eq(new.witness.clone())),
            (c::recorded_by.eq(by), c::at.eq(at)),
        )
    };
    let rows: Vec<_> = new.purposes.iter().map(row).collect();
    Ok(diesel::insert_into(c::table).values(rows).returning(Consent::as_returning()).get_results(tx).await?)
}
