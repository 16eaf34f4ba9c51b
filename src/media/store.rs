//! Every statement on `media` and `product_media`. Nothing is found without naming its cooperative.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;

use super::{
    files::hex,
    model::{Attached, Kept, Media, State},
};
use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{CoopId, MediaId, ProductId},
    schema::{media, product_media},
    tenancy::Scope,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = media)]
struct Row {
    id: MediaId,
    state: State,
    source_url: Option<String>,
    sha256: Option<Vec<u8>>,
    mime: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
    blurhash: Option<String>,
    last_error: Option<String>,
    created_at: Time,
}
impl From<Row> for Media {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            state: row.state,
            source_url: row.source_url,
            sha256: row.sha256.map(|sha| hex(&sha)),
            mime: row.mime,
            width: row.width,
            height: row.height,
            blurhash: row.blurhash,
            last_error: row.last_error,
            created_at: row.created_at,
        }
    }
}

pub(super) async fn find(conn: &mut Conn, scope: Scope, id: MediaId) -> Result<Option<Media>, DbError> {
    let row: Option<Row> = media::table.find((scope.coop(), id)).select(Row::as_select()).first(conn).await.optional()?;
    Ok(row.map(Into::into))
}

/// Newest first; ids are ordered by time.
pub(super) async fn list(conn: &mut Conn, scope: Scope, state: Option<State>, after: Option<MediaId>, limit: i64) -> Result<Vec<Media>, DbError> {
    let mut query = media::table.filter(media::coop_id.eq(scope.coop())).select(Row::as_select()).order(media::id.desc()).limit(limit).into_boxed();
    if let Some(state) = state {
        query = query.filter(media::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(media::id.lt(after));
    }
    let rows: Vec<Row> = query.load(conn).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(super) async fn insert_ready(tx: &mut Tx, now: Time, scope: Scope, id: MediaId, kept: &Kept) -> Result<(), DbError> {
    diesel::insert_into(media::table)
        .values((
            (media::coop_id.eq(scope.coop()), media::id.eq(id), media::state.eq(State::Ready), media::mime.eq(kept.mime)),
            (media::width.eq(kept.width), media::height.eq(kept.height), media::sha256.eq(kept.sha256.as_slice())),
            (media::perceptual_hash.eq(kept.perceptual_hash), media::blurhash.eq(&kept.blurhash)),
            (media::created_at.eq(now), media::updated_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = sql::Uuid)]
    id: MediaId,
}
/// Writes down what is not known yet, and what failed before, as queued; those ids come back. `urls` holds no address twice.
pub(super) async fn insert_queued(tx: &mut Tx, now: Time, scope: Scope, urls: &[&str]) -> Result<Vec<MediaId>, DbError> {
    let ids: Vec<MediaId> = urls.iter().map(|_| MediaId::new()).collect();
    let rows: Vec<Id> = diesel::sql_query(
        "INSERT INTO media (coop_id, id, state, source_url, created_at, updated_at)
         SELECT $1, fresh.id, 'queued', fresh.url, $4, $4 FROM unnest($2::uuid[], $3::text[]) AS fresh (id, url) ORDER BY fresh.url
         ON CONFLICT (coop_id, source_url) DO UPDATE SET state = 'queued', last_error = NULL, updated_at = $4 WHERE media.state = 'failed'
         RETURNING id",
    )
    .bind::<sql::Uuid, _>(scope.coop())
    .bind::<sql::Array<sql::Uuid>, _>(ids)
    .bind::<sql::Array<sql::Text>, _>(urls)
    .bind::<sql::Timestamptz, _>(now)
    .load(tx)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

pub(super) async fn by_url(conn: &mut Conn, scope: Scope, url: &str) -> Result<Option<MediaId>, DbError> {
    let named = media::table.filter(media::coop_id.eq(scope.coop()).and(media::source_url.eq(url)));
    Ok(named.select(media::id).first(conn).await.optional()?)
}

/// Those of `ids` that still wait, with their addresses.
pub(super) async fn waiting(conn: &mut Conn, coop: CoopId, ids: &[MediaId]) -> Result<Vec<(MediaId, Option<String>)>, DbError> {
    let queued = media::table.filter(media::coop_id.eq(coop).and(media::id.eq_any(ids)).and(media::state.eq(State::Queued)));
    Ok(queued.select((media::id, media::source_url)).load(conn).await?)
}

pub(super) async fn set_ready(tx: &mut Tx, now: Time, coop: CoopId, id: MediaId, kept: &Kept) -> Result<(), DbError> {
    diesel::update(media::table.find((coop, id)))
        .set((
            (media::state.eq(State::Ready), media::mime.eq(kept.mime), media::width.eq(kept.width), media::height.eq(kept.height)),
            (media::sha256.eq(kept.sha256.as_slice()), media::perceptual_hash.eq(kept.perceptual_hash), media::blurhash.eq(&kept.blurhash)),
            (media::last_error.eq(None::<String>), media::updated_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// `state` is queued while it will be tried again.
pub(super) async fn set_error(tx: &mut Tx, now: Time, coop: CoopId, id: MediaId, state: State, why: &str) -> Result<(), DbError> {
    diesel::update(media::table.find((coop, id)).filter(media::state.eq(State::Queued)))
        .set((media::state.eq(state), media::last_error.eq(why), media::updated_at.eq(now)))
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether a failed picture is queued now.
pub(super) async fn queue_again(tx: &mut Tx, now: Time, scope: Scope, id: MediaId) -> Result<bool, DbError> {
    let failed = media::table.find((scope.coop(), id)).filter(media::state.eq(State::Failed).and(media::source_url.is_not_null()));
    let changed = diesel::update(failed)
        .set((media::state.eq(State::Queued), media::last_error.eq(None::<String>), media::updated_at.eq(now)))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Those of `ids` that are this cooperative's.
pub(super) async fn known(conn: &mut Conn, scope: Scope, ids: &[MediaId]) -> Result<Vec<MediaId>, DbError> {
    let mine = media::table.filter(media::coop_id.eq(scope.coop()).and(media::id.eq_any(ids)));
    Ok(mine.select(media::id).load(conn).await?)
}

pub(super) async fn replace_attached(tx: &mut Tx, scope: Scope, product: ProductId, pictures: &[Attached]) -> Result<(), DbError> {
    let all = product_media::table.filter(product_media::coop_id.eq(scope.coop()).and(product_media::product_id.eq(product)));
    diesel::delete(all).execute(tx).await?;
    let row = |(position, picture): (i32, &Attached)| {
        (
            (product_media::coop_id.eq(scope.coop()), product_media::product_id.eq(product), product_media::media_id.eq(picture.media)),
            (
                product_media::variant_id.eq(picture.variant),
                product_media::position.eq(position),
                product_media::alt.eq(picture.alt.trim().to_owned()),
            ),
        )
    };
    let rows: Vec<_> = (0_i32..).zip(pictures).map(row).collect();
    diesel::insert_into(product_media::table).values(rows).execute(tx).await?;
    Ok(())
}
