//! Bringing a database to this version's schema.
use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("a migration failed: {0}")]
    Migration(String),
    #[error("the migration thread ended without an answer")]
    Thread,
}

/// Applies what is pending and returns the names of what was applied.
pub fn up(url: &str) -> Result<Vec<String>, Error> {
    with_harness(url, |h| h.run_pending_migrations(MIGRATIONS).map(|v| v.iter().map(ToString::to_string).collect()))
}

/// The names of what is not applied yet.
pub fn pending(url: &str) -> Result<Vec<String>, Error> {
    with_harness(url, |h| h.pending_migrations(MIGRATIONS).map(|all| all.iter().map(|m| m.name().to_string()).collect()))
}

/// Undoes the newest applied one and returns its name, or nothing if none is left: for the test that every `down.sql` undoes its `up.sql`.
pub fn down_one(url: &str) -> Result<Option<String>, Error> {
    with_harness(url, |h| {
        if h.applied_migrations()?.is_empty() {
            return Ok(None);
        }
        h.revert_last_migration(MIGRATIONS).map(|version| Some(version.to_string()))
    })
}

/// Applies the next one and returns its name, or nothing if none is pending.
pub fn up_one(url: &str) -> Result<Option<String>, Error> {
    with_harness(url, |h| {
        if !h.has_pending_migration(MIGRATIONS)? {
            return Ok(None);
        }
        h.run_next_migration(MIGRATIONS).map(|version| Some(version.to_string()))
    })
}

/// The harness blocks in place, which panics on actix's current-thread runtime: a runtime of its own, on a thread of its own.
fn with_harness<T: Send + 'static>(
    url: &str,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> diesel::migration::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let url = url.to_owned();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|_| Error::Thread)?;
        runtime.block_on(async {
            let mut harness = AsyncMigrationHarness::new(AsyncPgConnection::establish(&url).await?);
            work(&mut harness).map_err(|e| Error::Migration(e.to_string()))
        })
    });
    thread.join().map_err(|_| Error::Thread)?
}
