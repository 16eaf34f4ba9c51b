//! The sequencer: it appends what is queued, for as long as the program runs.
use std::time::Duration;

use super::Log;
use crate::{app::App, problem::Chain};

/// The longest that a leaf waits beside the time it takes to append it.
const EVERY: Duration = Duration::from_millis(500);

/// Never ends. Two programs may both do it: one of them appends at a time.
pub async fn keep_appending(app: &App, log: &Log) {
    loop {
        match log.append(&app.jobs_db, app.clock.now()).await {
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
