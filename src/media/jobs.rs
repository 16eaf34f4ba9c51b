//! Fetching pictures by their addresses.
use futures_util::future::join_all;
use jiff::SignedDuration;

use super::{
    MediaStore,
    files::NotFetched,
    model::{Error, Kept, State},
    store,
};
use crate::{
    app::App,
    clock::Time,
    db::{DbError, Tx},
    ids::{CoopId, MediaId},
    jobs::{self, Failure, Job, Run},
    problem::Chain,
    tenancy::Scope,
};

/// Pictures of one job: with a 15 s deadline each, eight jobs side by side and four files in memory, they end well within a lease.
const TOGETHER: usize = 4;
/// Between tries: a server that is down is asked for most of a day, then a person decides.
const PAUSES: [SignedDuration; 5] = [
    SignedDuration::from_secs(10),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(10),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(12),
];

/// A picture that fails is no failed job: its row says so to the people who can do something about it.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct FetchMedia {
    coop: CoopId,
    media: Vec<MediaId>,
    /// Tries before this one.
    tried: usize,
}
impl Job for FetchMedia {
    const KIND: &'static str = "fetch_media";
}

pub(super) async fn enqueue(tx: &mut Tx, now: Time, scope: Scope, ids: &[MediaId]) -> Result<(), DbError> {
    for some in ids.chunks(TOGETHER) {
        jobs::enqueue(tx, now, &FetchMedia { coop: scope.coop(), media: some.to_vec(), tried: 0 }).await?;
    }
    Ok(())
}

impl Run<App> for FetchMedia {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let waiting = store::waiting(&mut *app.jobs_db.conn().await.map_err(Failure::from)?, self.coop, &self.media).await?;
        let fetches = waiting.into_iter().map(async |(id, url)| (id, fetched(&app.media, url.as_deref().unwrap_or_default()).await));
        let outcomes = join_all(fetches).await;
        let now = app.clock.now();
        Ok(app.jobs_db.transaction(async |tx| self.note(tx, now, &outcomes).await).await?)
    }
}

async fn fetched(media: &MediaStore, url: &str) -> Result<Kept, NotFetched> {
    let bytes = media.fetch(url).await?;
    media.keep(bytes).await.map_err(|error| match error {
        Error::Refused(why) => NotFetched::Never(why.to_string()),
        Error::NotFound | Error::NotFailed | Error::Url(_) | Error::Invalid(_) | Error::Files(_) | Error::Work(_) | Error::Db(_) => {
            tracing::warn!(error = %Chain(&error), "a fetched picture could not be stored");
            NotFetched::Later("it was fetched and could not be stored".into())
        }
    })
}

impl FetchMedia {
    /// Writes how each ended; what may still come is asked for later.
    async fn note(&self, tx: &mut Tx, now: Time, outcomes: &[(MediaId, Result<Kept, NotFetched>)]) -> Result<(), DbError> {
        let pause = PAUSES.get(self.tried);
        let mut later = Vec::new();
        for (id, outcome) in outcomes {
            match (outcome, pause) {
                (Ok(kept), _) => store::set_ready(tx, now, self.coop, *id, kept).await?,
                (Err(NotFetched::Later(why)), Some(_)) => {
                    store::set_error(tx, now, self.coop, *id, State::Queued, why).await?;
                    later.push(*id);
                }
                (Err(NotFetched::Later(why) | NotFetched::Never(why)), _) => {
                    store::set_error(tx, now, self.coop, *id, State::Failed, why).await?;
                }
            }
        }
        match pause.filter(|_| !later.is_empty()) {
            Some(pause) => {
                let again = Self { coop: self.coop, media: later, tried: self.tried + 1 };
                jobs::enqueue_at(tx, now, now.plus(*pause), &again).await
            }
            None => Ok(()),
        }
    }
}
