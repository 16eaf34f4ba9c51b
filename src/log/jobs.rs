//! The sequencer: it appends what is queued, for as long as the program runs, and has it witnessed.
use std::time::Duration;

use super::{Error, Log};
use crate::{app::App, problem::Chain};

/// The longest that a leaf waits beside the time it takes to append it.
const EVERY: Duration = Duration::from_millis(500);
/// How long a witness that did not answer, or that is ahead, is left alone.
const LATER: Duration = Duration::from_secs(30);

/// Never ends. Two programs may both do it: one of them appends at a time.
pub async fn keep_appending(app: &App, log: &Log) {
    // First, so that a database out of an old backup is found out before it signs anything.
    witnessed(app, log, true).await;
    futures_util::join!(appending(app, log), witnessing(app, log));
}

async fn appending(app: &App, log: &Log) {
    loop {
        match appended(app, log).await {
            // There may be more.
            Ok(appended) if appended > 0 => {}
            Ok(_) => tokio::time::sleep(EVERY).await,
            Err(error) => {
                tracing::error!(error = %Chain(&error), "the public log was not appended to; it is tried again");
                tokio::time::sleep(EVERY * 4).await;
            }
        }
    }
}

/// First what is queued; once a day, behind it, the count of the newest records.
async fn appended(app: &App, log: &Log) -> Result<usize, Error> {
    let (db, now) = (&app.jobs_db, app.clock.now());
    let appended = log.append(db, now).await?;
    Ok(if appended == 0 && log.count(db, now).await? { 1 } else { appended })
}

/// Beside appending: a slow witness makes no leaf wait.
async fn witnessing(app: &App, log: &Log) {
    loop {
        let well = witnessed(app, log, false).await;
        tokio::time::sleep(if well { EVERY } else { LATER }).await;
    }
}

/// Whether all of them cosigned.
async fn witnessed(app: &App, log: &Log, again: bool) -> bool {
    let Some(witnesses) = log.witnesses() else { return true };
    match witnesses.ask(&app.jobs_db, app.clock.now(), again).await {
        Ok(asked) => asked.silent == 0 && witnesses.ahead().is_none(),
        Err(error) => {
            tracing::error!(error = %Chain(&error), "no witness of the public log was asked; it is tried again");
            false
        }
    }
}
