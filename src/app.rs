//! The whole program in one value: built by `main` (or by a test), it knows every part; handlers and jobs take the part they need.
use crate::{
    clock::Clock,
    config::Config,
    db::Db,
    jobs::{Hint, Registry, Worker},
    payments::Stripe,
    secrets::MasterKey,
};

pub struct App {
    /// For requests.
    pub db: Db,
    /// For jobs, so that a burst of work never keeps a buyer waiting.
    pub jobs_db: Db,
    pub clock: Clock,
    pub keys: MasterKey,
    pub config: Config,
    /// The payment provider, or the sandbox that stands in for it.
    pub stripe: Stripe,
    /// Wakes the worker after a commit.
    pub hint: Hint,
}

impl App {
    /// Every kind of job this program can run, by domain.
    pub fn registry() -> Registry<Self> {
        Registry::default()
    }
    pub fn worker(&self) -> Worker<Self> {
        Worker::new(self.jobs_db.clone(), self.clock.clone(), self.hint.clone(), Self::registry())
    }
}
