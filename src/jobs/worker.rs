//! Runs due jobs: claims a few at a time, runs them side by side, writes how each ended.
use std::{collections::HashMap, rc::Rc, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use jiff::SignedDuration;
use tokio::sync::Notify;

use super::{Failure, Run, store};
use crate::{
    clock::Clock,
    db::{Db, DbError},
    ids::JobId,
};

/// A lease: longer than the slowest job (a provider's time-out is 10 s, a file import renews by chunks).
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// Jobs in flight per worker: they wait on the network more than they work.
const SIDE_BY_SIDE: i64 = 8;
/// How stale the queue may be when no hint arrives (another process enqueued, or the process died between commit and hint).
const POLL: Duration = Duration::from_millis(500);
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(2);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(4);

type Runner<C> = Box<dyn for<'a> Fn(serde_json::Value, &'a C) -> LocalBoxFuture<'a, Result<(), Failure>>>;

/// Every kind of job this program can run.
pub struct Registry<C>(HashMap<&'static str, Runner<C>>);

impl<C: 'static> Default for Registry<C> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}
impl<C: 'static> Registry<C> {
    pub fn with<J: Run<C> + 'static>(mut self) -> Self {
        let runner: Runner<C> = Box::new(|payload, ctx| async move { serde_json::from_value::<J>(payload)?.run(ctx).await }.boxed_local());
        let known = self.0.insert(J::KIND, runner);
        debug_assert!(known.is_none(), "two jobs are called {}", J::KIND);
        self
    }
}

/// Wakes the worker of this process after a commit. It only saves waiting: a lost hint costs one poll.
#[derive(Clone, Default)]
pub struct Hint(Arc<Notify>);
impl Hint {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

pub struct Worker<C> {
    id: uuid::Uuid,
    db: Db,
    clock: Clock,
    hint: Hint,
    registry: Rc<Registry<C>>,
}

impl<C: 'static> Worker<C> {
    pub fn new(db: Db, clock: Clock, hint: Hint, registry: Registry<C>) -> Self {
        Self { id: crate::ids::new_uuid(), db, clock, hint, registry: Rc::new(registry) }
    }
    /// Runs until `stop` is notified, finishing what is in flight.
    pub async fn work(&self, ctx: &C, stop: &Notify) {
        let stopped = stop.notified();
        tokio::pin!(stopped);
        loop {
            match self.run_some(ctx).await {
                Ok(0) => {}
                // A full queue must not keep a worker that is asked to stop.
                Ok(_) if (&mut stopped).now_or_never().is_none() => continue,
                Ok(_) => return,
                Err(error) => tracing::error!(error = %crate::problem::Chain(&error), "the job queue cannot be read"),
            }
            tokio::select! {
                () = &mut stopped => return,
                () = self.hint.0.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
    /// Runs everything that is due now, and what that makes due. Returns how many ran: for tests and for `--exit`.
    pub async fn drain(&self, ctx: &C) -> Result<usize, DbError> {
        let mut ran = 0;
        loop {
            match self.run_some(ctx).await? {
                0 => return Ok(ran),
                n => ran += n,
            }
        }
    }
    async fn run_some(&self, ctx: &C) -> Result<usize, DbError> {
        let now = self.clock.now();
        let claimed = store::claim(&mut *self.db.conn().await?, self.id, now, now.plus(LEASE), SIDE_BY_SIDE).await?;
        let count = claimed.len();
        let runs: FuturesUnordered<_> = claimed.into_iter().map(|job| self.run_one(job, ctx)).collect();
        // Those that ended meanwhile are written down together: most of a queue is short work. The others go on running meanwhile, since
        // they may hold the connections that this waits for.
        let written = runs.ready_chunks(count.max(1)).map(|some| self.write_down(some)).buffer_unordered(count.max(1));
        // All of them end, also where one cannot be written down: a job that is dropped half-way keeps its lease for nothing.
        written.collect::<Vec<_>>().await.into_iter().collect::<Result<(), _>>()?;
        Ok(count)
    }
    async fn run_one(&self, job: store::Claimed, ctx: &C) -> Ended {
        let store::Claimed { id, kind, payload, attempts, max_attempts } = job;
        let outcome = match self.registry.0.get(kind.as_str()) {
            Some(runner) => runner(payload, ctx).await,
            None => Err(Failure::Retry(format!("no job of this program is called {kind}"))),
        };
        metrics::counter!("haat_jobs_total", "kind" => kind.clone(), "outcome" => outcome_label(&outcome)).increment(1);
        Ended { id, kind, attempts, max_attempts, outcome }
    }
    async fn write_down(&self, ended: Vec<Ended>) -> Result<(), DbError> {
        let (conn, now) = (&mut *self.db.conn().await?, self.clock.now());
        let done: Vec<JobId> = ended.iter().filter(|job| job.outcome.is_ok()).map(|job| job.id).collect();
        if !done.is_empty() {
            store::done(conn, &done, self.id, now).await?;
        }
        for Ended { id, kind, attempts, max_attempts, outcome } in ended {
            match outcome {
                Ok(()) => {}
                // Too early is no attempt.
                Err(Failure::NotYet(pause)) => store::again(conn, id, self.id, now.plus(pause), None, attempts - 1).await?,
                Err(Failure::Retry(error)) if attempts < max_attempts => {
                    tracing::warn!(job = %id, kind, attempts, error, "job failed, will be tried again");
                    store::again(conn, id, self.id, now.plus(pause(attempts)), Some(&error), attempts).await?;
                }
                Err(Failure::Retry(error) | Failure::GiveUp(error)) => {
                    tracing::error!(job = %id, kind, attempts, error, "job given up");
                    store::bury(conn, id, self.id, &error).await?;
                }
            }
        }
        Ok(())
    }
}

/// A job that was run, and what came of it.
struct Ended {
    id: JobId,
    kind: String,
    attempts: i32,
    max_attempts: i32,
    outcome: Result<(), Failure>,
}

fn outcome_label(outcome: &Result<(), Failure>) -> &'static str {
    match outcome {
        Ok(()) => "done",
        Err(Failure::NotYet(_)) => "not_yet",
        Err(Failure::Retry(_)) => "retry",
        Err(Failure::GiveUp(_)) => "gave_up",
    }
}

/// 2 s, 4 s, 8 s … 4 h.
fn pause(attempts: i32) -> SignedDuration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
    FIRST_PAUSE.checked_mul(1 << doublings).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn pauses_double_up_to_a_bound() {
        assert_eq!(pause(1), FIRST_PAUSE);
        assert_eq!(pause(4), SignedDuration::from_secs(16));
        assert_eq!(pause(40), LONGEST_PAUSE);
    }
}
