//! A commit runs behind its request: a large file takes longer than a buyer should wait for a connection.
use std::{
    sync::atomic::{AtomicI32, Ordering},
    time::Duration,
};

use super::{Error, Means, Outcome, commit, store};
use crate::{
    app::App,
    db::Retryable,
    ids::{CoopId, ImportId},
    jobs::{Failure, Job, Run},
    problem::Chain,
    tenancy::Scope,
};

#[derive(serde::Serialize, serde::Deserialize)]
pub struct CommitImport {
    pub coop: CoopId,
    pub import: ImportId,
}
impl Job for CommitImport {
    const KIND: &'static str = "commit_import";
    fn key(&self) -> Option<String> {
        Some(format!("import:{}", self.import))
    }
}
impl Run<App> for CommitImport {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let scope = Scope::system(self.coop);
        let media_url = app.config.link("/media/");
        let progress = AtomicI32::new(0);
        let means = Means { db: &app.jobs_db, keys: &app.keys, public_url: &app.config.public_url, media_url: &media_url, progress: &progress };
        let committed = tokio::select! {
            committed = commit(&means, app.clock.now(), scope, self.import) => committed,
            () = watch(app, scope, self.import, &progress) => Ok(Outcome::default()),
        };
        match committed {
            Ok(_) | Err(Error::Done(_)) => Ok(()),
            Err(error) if error.retryable() || matches!(error, Error::Db(_)) => Err(Failure::Retry(Chain(&error).to_string())),
            Err(error) => {
                tracing::warn!(import = %self.import, error = %Chain(&error), "an import could not be committed");
                store::fail(&mut *app.jobs_db.conn().await?, app.clock.now(), scope, self.import, &told(&error)).await?;
                Ok(())
            }
        }
    }
}

/// Writes down how far it is, beside the transaction that does it; never ends by itself.
async fn watch(app: &App, scope: Scope, import: ImportId, progress: &AtomicI32) {
    let mut told = 0;
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        let done = progress.load(Ordering::Relaxed);
        if done != told
            && let Ok(mut conn) = app.jobs_db.conn().await
            && store::progress(&mut conn, scope, import, done).await.is_ok()
        {
            told = done;
        }
    }
}
/// As often as a person looks.
const WATCH_EVERY: Duration = Duration::from_millis(500);

/// What its sender is told: our own failures are ours to read in the log.
fn told(error: &Error) -> String {
    match error {
        Error::File(_) | Error::Nothing | Error::Template | Error::Currency(_) | Error::Sheet(_) => error.to_string(),
        _ => "something here failed; nothing was changed; try again or ask the operator with this import's id".into(),
    }
}
