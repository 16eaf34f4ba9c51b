//! A destination holds once its waiting time is over.
use super::activate;
use crate::{
    app::App,
    cooperatives::Error,
    ids::{CoopId, DestinationId},
    jobs::{Failure, Job, Run},
    problem::Chain,
};

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Activate {
    pub coop: CoopId,
    pub destination: DestinationId,
}
impl Job for Activate {
    const KIND: &'static str = "activate_destination";
    fn key(&self) -> Option<String> {
        Some(format!("destination:{}", self.destination))
    }
}
impl Run<App> for Activate {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let done = app.jobs_db.transaction(async |tx| activate(tx, app.clock.now(), self.coop, self.destination).await).await;
        done.map_err(|error: Error| match error {
            Error::Db(error) => error.into(),
            other => Failure::GiveUp(Chain(&other).to_string()),
        })
    }
}
