//! The connection pool, and the one way to open a transaction.
//!
//! A transaction that is not finished (error in `COMMIT`, panic, dropped future) takes its connection out of the pool and closes it,
//! so that PostgreSQL rolls back at once. (The pool alone would put the connection back *with the transaction open* and notice only
//! when that very connection is next handed out.)
pub mod migrate;
mod statement;

pub use statement::{PlanOnce, Statement, sql};

use std::ops::{Deref, DerefMut};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;

pub type Conn = AsyncPgConnection;
pub type PooledConn = Object<Conn>;

/// Longer than any healthy burst waits; a request that waits longer is better told 503 than kept.
const POOL_WAIT: Duration = Duration::from_secs(3);

/// Timeouts that every connection carries, so that one stuck client cannot hold a lock for ever. Set in the connection's options because
/// a session-level SET leaks through poolers. What is asked for often is in memory, where one page is as near as another: with the disks of
/// old that PostgreSQL takes for granted it sorts whole tables rather than walk an index for a page.
///
/// A statement is planned once for each connection, and while a table is small reading all of it looks cheapest: that plan would go on
/// reading all of it when it has grown. Whatever is asked here has an index, so a scan is only what nothing else can answer. (It counts as
/// very dear then, for which PostgreSQL would compile it.)
const OPTIONS: &str = "-c random_page_cost=1.1 -c enable_seqscan=off -c jit=off -c statement_timeout=30s -c lock_timeout=2500ms \
    -c idle_in_transaction_session_timeout=15s -c timezone=UTC";

/// Proof that a transaction is open. Whatever must be atomic takes `&mut Tx`; a lone read or write takes `&mut Conn`, to which a
/// `Tx` derefs.
pub struct Tx(Option<PooledConn>, Arc<Counts>);

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.0.as_ref().expect("only Drop and finish empty it")
    }
}
impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        self.0.as_mut().expect("only Drop and finish empty it")
    }
}
impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(unfinished) = self.0.take() {
            drop(Object::take(unfinished)); // out of the pool and closed
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("no database connection available")]
    Pool(#[from] PoolError),
    #[error("query failed")]
    Query(#[from] DieselError),
}

impl DbError {
    /// The name of the constraint that refused the statement.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Query(DieselError::DatabaseError(_, info)) => info.constraint_name(),
            Self::Query(_) | Self::Pool(_) => None,
        }
    }
    pub fn is_unique_violation(&self, constraint: &str) -> bool {
        matches!(self, Self::Query(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) if info.constraint_name() == Some(constraint))
    }
    /// Nothing is wrong with the request: the database is down, full of work, or another transaction holds the row.
    pub fn busy(&self) -> bool {
        match self {
            Self::Pool(_) => true,
            Self::Query(DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Query(DieselError::DatabaseError(_, info)) => AWAY.iter().any(|words| info.message().contains(words)),
            Self::Query(_) => false,
        }
    }
}
/// What a server says, or its driver, when it is full of work, going down, gone, or not yet back, and when two waited for each other. Their
/// kind is not told apart from others'.
const AWAY: [&str; 8] = [
    "deadlock detected",
    "lock timeout",
    "statement timeout",
    "connection closed",
    "terminating connection",
    "the database system is",
    "error communicating with the server",
    "error connecting to server",
];

pub trait Retryable {
    fn retryable(&self) -> bool;
}
impl Retryable for DbError {
    fn retryable(&self) -> bool {
        match self {
            Self::Query(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Query(DieselError::DatabaseError(_, info)) => info.message().contains("deadlock detected"),
            Self::Query(_) | Self::Pool(_) => false,
        }
    }
}
/// Attempts after the first: a deadlock between two carts resolves at the first retry, four in a row is a bug to see.
const RETRIES: u32 = 3;

#[derive(Clone)]
pub struct Db {
    pool: Pool<Conn>,
    counts: Arc<Counts>,
}

/// What this pool did since it was made.
#[derive(Default)]
struct Counts {
    statements: AtomicU64,
    commits: AtomicU64,
}
/// Counts the statements of one connection.
struct Counter(Arc<Counts>);
impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            self.0.statements.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Db {
    /// `size` connections at most, opened as they are needed.
    pub fn connect(url: &str, size: usize) -> Self {
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        let counts = Arc::<Counts>::default();
        let counted = counts.clone();
        config.custom_setup = Box::new(move |url| {
            let (url, counter) = (url.to_owned(), Counter(counted.clone()));
            async move {
                let mut conn = Conn::establish(&url).await?;
                conn.set_instrumentation(counter);
                Ok(conn)
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::<Conn>::new_with_config(with_options(url), config);
        let pool =
            Pool::builder(manager).max_size(size).runtime(deadpool::Runtime::Tokio1).wait_timeout(Some(POOL_WAIT)).create_timeout(Some(POOL_WAIT));
        Self { pool: pool.build().expect("the runtime is set, which is all that can be missing"), counts }
    }
    /// For one lone statement. What must be atomic opens a transaction.
    pub async fn conn(&self) -> Result<PooledConn, DbError> {
        Ok(self.pool.get().await?)
    }
    pub fn status(&self) -> deadpool::Status {
        self.pool.status()
    }
    /// Statements sent so far, `BEGIN` and `COMMIT` among them: what a request costs is counted by looking before and after it.
    pub fn statements(&self) -> u64 {
        self.counts.statements.load(Ordering::Relaxed)
    }
    /// Transactions committed so far: who remembers something that was read knows by it that this program may have changed it.
    pub fn commits(&self) -> u64 {
        self.counts.commits.load(Ordering::Acquire)
    }
    /// Commits if `work` succeeds, rolls back if it fails. `work` runs again after a serialization failure or a deadlock, so it must
    /// have no effect outside the transaction. Its future is not provably `Send` when `work` captures by reference (Rust 1.95): fine in
    /// actix handlers and local tasks, an error in `tokio::spawn`.
    pub async fn transaction_retrying<T, E: From<DbError> + Retryable>(&self, mut work: impl AsyncFnMut(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let mut attempt = 0;
        loop {
            let mut tx = self.begin().await?;
            let outcome = work(&mut tx).await;
            match tx.finish(outcome).await {
                Err(error) if attempt < RETRIES && error.retryable() => attempt += 1,
                outcome => return outcome,
            }
        }
    }
    /// The same without retries, for work that may consume what it captured.
    pub async fn transaction<T, E: From<DbError>>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let mut tx = self.begin().await?;
        let outcome = work(&mut tx).await;
        tx.finish(outcome).await
    }
    async fn begin(&self) -> Result<Tx, DbError> {
        let mut tx = Tx(Some(self.pool.get().await?), self.counts.clone());
        tx.batch_execute("BEGIN").await?;
        Ok(tx)
    }
}

impl Tx {
    async fn finish<T, E: From<DbError>>(mut self, outcome: Result<T, E>) -> Result<T, E> {
        if outcome.is_ok() {
            // COMMIT of an aborted transaction is a silent ROLLBACK in PostgreSQL: what stands before it makes it an error, in one message.
            self.batch_execute("SELECT 1; COMMIT").await.map_err(DbError::from)?;
            self.1.commits.fetch_add(1, Ordering::Release);
        } else if let Err(error) = self.batch_execute("ROLLBACK").await {
            tracing::warn!(%error, "rollback failed; the connection is closed instead");
            return outcome; // Drop closes it; the caller's own error is what matters
        }
        drop(self.0.take()); // finished: back to the pool
        outcome
    }
}

fn with_options(url: &str) -> String {
    if url.contains("options=") {
        return url.into();
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}options={}", OPTIONS.replace(' ', "%20").replace('=', "%3D"))
}
