//! The whole program in one value: built by `main` (or by a test), it knows every part; handlers and jobs take the part they need.
use crate::{
    auth, checkout,
    clock::Clock,
    config::Config,
    cooperatives,
    db::Db,
    edge::Edge,
    imports,
    jobs::{Hint, Registry, Worker},
    log::Log,
    media::{self, MediaStore},
    notifications::{self, Mailer},
    orders,
    payments::Stripe,
    payouts, reconciliation,
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
    pub mailer: Mailer,
    /// Where pictures are kept and how they are fetched.
    pub media: MediaStore,
    /// The public log, if this program has its key.
    pub log: Option<Log>,
    /// What every request passes.
    pub edge: Edge,
    /// Wakes the worker after a commit.
    pub hint: Hint,
}

impl App {
    /// Every kind of job this program can run, by domain.
    pub fn registry() -> Registry<Self> {
        Registry::default()
            .with::<auth::resets::StartReset>()
            .with::<checkout::jobs::ProcessEvent>()
            .with::<checkout::jobs::RefundUnexpected>()
            .with::<checkout::jobs::Sweep>()
            .with::<checkout::refunds::jobs::SendRefund>()
            .with::<checkout::disputes::evidence::jobs::SendEvidence>()
            .with::<cooperatives::destinations::jobs::Activate>()
            .with::<imports::jobs::CommitImport>()
            .with::<media::jobs::FetchMedia>()
            .with::<notifications::SendMail>()
            .with::<orders::jobs::ForgetCarts>()
            .with::<payouts::reports::jobs::ApplyReport>()
            .with::<payouts::jobs::RecordPaid>()
            .with::<payouts::jobs::SubmitPayout>()
            .with::<reconciliation::jobs::Reconcile>()
            .with::<reconciliation::jobs::ReconcileNight>()
    }
    pub fn worker(&self) -> Worker<Self> {
        Worker::new(self.jobs_db.clone(), self.clock.clone(), self.hint.clone(), Self::registry())
    }
}
