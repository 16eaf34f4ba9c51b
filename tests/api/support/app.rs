//! A running program: real HTTP on a port of its own, a clock that the test moves.
use std::sync::Arc;

use actix_web::web;
use haat::{
    app::App,
    clock::{Clock, Time},
    config::{Config, Secret},
    edge::{Edge, Places, Rates, Settings, Times},
    jobs::Hint,
    log::{Log, LogKey},
    secrets::MasterKey,
};

use super::{Client, TestDb, database};

/// Sunday, 22 November 2026, noon UTC.
const START: i64 = 1_795_348_800;

/// Which account bank files leave.
fn payer() -> Option<bankfiles::Debtor> {
    bankfiles::Debtor::parse("Haat & Co; DE89370400440532013000; COBADEFFXXX")
}

pub struct TestApp {
    pub app: web::Data<App>,
    pub db: TestDb,
    pub clock: Clock,
    pub url: String,
    /// The offline Stripe this program pays through; it stops with the test.
    pub sandbox: stripe_sandbox::Sandbox,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::started(Self::open(), haat::notifications::Mailer::memory()).await
    }
    /// Every test is behind one address, and some are a crowd.
    fn open() -> Settings {
        let places = Places { browsing: 10_000, buying: 10_000 };
        let rates = Rates::of(std::num::NonZeroU32::MAX, std::time::Duration::from_micros(1));
        Settings { times: Times::default(), proxies: Vec::new(), rates, places }
    }
    /// With an edge that a test is about.
    pub async fn start_with(edge: Settings) -> Self {
        Self::started(edge, haat::notifications::Mailer::memory()).await
    }
    /// One whose mails go elsewhere.
    pub async fn mailing(mailer: haat::notifications::Mailer) -> Self {
        Self::started(Self::open(), mailer).await
    }
    /// One beside others on a database that they share.
    pub async fn beside(db: TestDb, now: Time) -> Self {
        Self::running(db, Clock::manual(now), Self::open(), haat::notifications::Mailer::memory()).await
    }
    async fn started(edge: Settings, mailer: haat::notifications::Mailer) -> Self {
        Self::running(database().await, Clock::manual(Time::from_unix(START).unwrap()), edge, mailer).await
    }
    async fn running(db: TestDb, clock: Clock, edge: Settings, mailer: haat::notifications::Mailer) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = Config {
            public_url: url.clone(),
            allowed_origins: vec!["https://shop.example".into()],
            production: false,
            invented: true,
            mail_from: "Haat <haat@haat.example>".into(),
            webhook_secrets: vec![Secret("whsec_test".into())],
            payout_account: payer(),
        };
        let stripe_clock = clock.clone();
        let mut told = stripe_sandbox::Config::new("whsec_test", Arc::new(move || stripe_clock.now().unix()));
        told.webhook_url = Some(format!("{url}/webhooks/stripe"));
        // Held against Stripe's own document by tests/outside/stripe.sh.
        told.recording = std::env::var_os("STRIPE_RECORDING").map(Into::into);
        let sandbox = stripe_sandbox::Sandbox::start(told).unwrap();
        let (keys, log) = (MasterKey::new([7; 32]), Log::open(&db.db, clock.now(), &LogKey::new([9; 32]), "https://haat.example").await.unwrap());
        haat::provenance::credentials::state_documents(&db.db, clock.now(), &keys, &url, log.verifiers()).await.unwrap();
        let app = web::Data::new(App {
            log: Some(log),
            db: db.db.clone(),
            jobs_db: db.db.clone(),
            clock: clock.clone(),
            keys,
            config,
            stripe: stripe_client::Stripe::new("sk_test_haat", sandbox.base_url()).unwrap(),
            mailer,
            media: haat::media::MediaStore::memory(haat::media::Reach::Own).unwrap(),
            edge: Edge::new(edge),
            hint: Hint::default(),
        });
        actix_web::rt::spawn(haat::routes::serve(app.clone(), listener, Some(1), std::future::pending()).unwrap());
        Self { app, db, clock, url, sandbox }
    }
    /// A caller who is nobody yet.
    pub fn visitor(&self) -> Client {
        Client::new(&self.url)
    }
    /// Where its measures are read, on a listener of their own.
    pub fn metrics(&self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/metrics", listener.local_addr().unwrap());
        actix_web::rt::spawn(haat::routes::serve_metrics(self.app.clone(), listener).unwrap());
        url
    }
    /// Runs every job that is due, and what those make due.
    pub async fn run_jobs(&self) -> usize {
        self.app.worker().drain(&self.app).await.unwrap()
    }
    /// What must hold after every test: no due job is left, none is dead, every balance is proven by its transfers, and every
    /// list shows what is there.
    pub async fn finish(self) {
        // A job may move money at the provider, which tells of it a moment later: that is waited for, and acted on.
        loop {
            self.sandbox.control().webhooks_settled().await;
            if self.run_jobs().await == 0 {
                break;
            }
        }
        let counts = haat::jobs::counts(&mut *self.app.db.conn().await.unwrap(), self.clock.now()).await.unwrap();
        assert_eq!((counts.due, counts.dead), (0, 0), "jobs left behind: {counts:?}");
        let wrong = haat::ledger::verify(&mut *self.app.db.conn().await.unwrap()).await.unwrap();
        assert_eq!(wrong, [], "balances that their transfers do not prove");
        let wrong = haat::catalog::wrong_cards(&mut *self.app.db.conn().await.unwrap()).await.unwrap();
        assert_eq!(wrong, 0, "cards that are not what the catalogue says");
    }
}

/// Runs `test` on a program of its own and then checks what must always hold.
pub async fn api_test(test: impl AsyncFnOnce(&TestApp)) {
    let app = TestApp::start().await;
    test(&app).await;
    app.finish().await;
}
