//! The comparison of each night, and those that operators ask for.
use std::time::Duration;

use jiff::SignedDuration;

use super::{Asked, AskedBy, Error, begin, carry_out, model, period, store};
use crate::{
    app::App,
    clock::{Day, Time},
    db::{DbError, Tx},
    ids::ReconciliationId,
    jobs::{Failure, Job, Run, enqueue_at},
    problem::Chain,
};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            // The provider says something that this program cannot hold: trying again would hear the same.
            Error::Unreadable(why) => Self::GiveUp(why),
            other => Self::Retry(Chain(&other).to_string()),
        }
    }
}

/// The comparison of a night.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct ReconcileNight {
    pub day: Day,
}
impl Job for ReconcileNight {
    const KIND: &'static str = "reconcile_night";
    /// Some hours: the next night looks at the same days again.
    const MAX_ATTEMPTS: i32 = 8;
    fn key(&self) -> Option<String> {
        Some(format!("reconcile:{}", self.day))
    }
}
impl Run<App> for ReconcileNight {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let now = app.clock.now();
        let (asked, id) = {
            let conn = &mut *app.jobs_db.conn().await?;
            let asked = period(conn, now, None, AskedBy::Nightly).await?;
            (asked, begin(conn, now, &asked).await?)
        };
        Ok(carry_out(&app.jobs_db, &app.clock, &app.stripe, id, &asked).await?)
    }
}

/// A comparison that an operator asked for.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Reconcile {
    pub run: ReconciliationId,
}
impl Job for Reconcile {
    const KIND: &'static str = "reconcile";
    const MAX_ATTEMPTS: i32 = 3;
    fn key(&self) -> Option<String> {
        Some(format!("reconcile:{}", self.run))
    }
}
impl Run<App> for Reconcile {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let (id, asked) = {
            let conn = &mut *app.jobs_db.conn().await?;
            let run = store::one(conn, self.run).await?.ok_or_else(|| Failure::GiveUp("no such comparison".into()))?;
            let asked = Asked { from: run.from, until: run.until, by: run.asked_by, account: None };
            // A former try that ended, or died in the middle, keeps its lines: this is another run over the same days.
            let id = if store::is_fresh(conn, self.run).await? {
                self.run
            } else {
                store::end(conn, app.clock.now(), self.run, model::Outcome::BrokenOff).await?;
                begin(conn, app.clock.now(), &asked).await?
            };
            (id, asked)
        };
        Ok(carry_out(&app.jobs_db, &app.clock, &app.stripe, id, &asked).await?)
    }
}

/// In the night of most who keep books, and after the day has ended everywhere that settles in UTC.
const AT: SignedDuration = SignedDuration::from_hours(2);
/// How often the clock is looked at; two programs write the same night once.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Writes each night's comparison into the queue, for as long as the program runs.
pub async fn keep_reconciling(app: &App) {
    loop {
        let now = app.clock.now();
        if let Err(error) = app.jobs_db.transaction(async |tx| write_next(tx, now).await).await {
            tracing::error!(error = %Chain(&error), "the night's comparison could not be written down; it is tried again");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
/// The comparison of the coming night.
pub async fn write_next(tx: &mut Tx, now: Time) -> Result<(), DbError> {
    let day = now.day().plus_days(1);
    enqueue_at(tx, now, day.start().plus(AT), &ReconcileNight { day }).await
}
