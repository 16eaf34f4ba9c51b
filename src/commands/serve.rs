//! `haat serve` and `haat worker`: the API, the queue, or both, until told to stop.
use std::{
    net::{SocketAddr, TcpListener},
    process::ExitCode,
};

use actix_web::web;
use haat::{
    app::App,
    clock::Clock,
    config::ServeArgs,
    db::Db,
    edge::Edge,
    jobs::Hint,
    log::{Log, LogKey, jobs::keep_appending},
    notifications::Mailer,
    payments::Stripe,
    routes,
    secrets::{MasterKey, random},
    telemetry,
};

use super::{
    Failure,
    program::{kept_key, kept_log_key, media, migrated, private_dir},
};

/// Which parts of the program this process is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Both,
    Http,
    Worker,
}
impl Part {
    pub fn of(args: &ServeArgs) -> Self {
        if args.without_worker { Self::Http } else { Self::Both }
    }
}

pub fn run(args: &ServeArgs, part: Part) -> Result<ExitCode, Failure> {
    let config = args.config()?;
    telemetry::init(config.production);
    let keys = match (args.master_key()?, private_dir(&args.database)?) {
        (Some(keys), _) => keys,
        (None, Some(dir)) => kept_key(&dir)?,
        (None, None) => {
            eprintln!("no HAAT_MASTER_KEY: one is made for this run, and what it seals dies with it");
            MasterKey::new(random())
        }
    };
    let mailer = args.smtp_url.as_deref().map_or_else(|| Ok(Mailer::memory()), Mailer::smtp)?;
    let stripe_key = args.stripe_secret_key.clone().unwrap_or_else(|| "sk_test_none".into());
    let stripe = Stripe::new(&stripe_key, &args.stripe_api_base)?;
    let log_key = match (args.log_key()?, private_dir(&args.database)?) {
        (None, Some(dir)) => Some(kept_log_key(&dir)?),
        (given, _) => given.map(LogKey::new),
    };
    let (cluster, url) = migrated(&args.database)?;
    let (system, db, clock) = (actix_web::rt::System::new(), Db::connect(&url, args.pool), Clock::System);
    let log = match log_key {
        Some(key) => Some(system.block_on(Log::open(&db, clock.now(), &key, &config.public_url))?),
        None => {
            eprintln!("no HAAT_LOG_KEY: the public log stands still");
            None
        }
    };
    let app = web::Data::new(App {
        db,
        jobs_db: Db::connect(&url, args.pool),
        clock,
        keys,
        config,
        stripe,
        mailer,
        media: media(args)?,
        log,
        edge: Edge::new(args.edge()?),
        hint: Hint::default(),
    });
    system.block_on(until_stopped(&app, args, part))?;
    drop(cluster);
    Ok(ExitCode::SUCCESS)
}

async fn until_stopped(app: &web::Data<App>, args: &ServeArgs, part: Part) -> std::io::Result<()> {
    if let Some(bind) = args.metrics_bind {
        actix_web::rt::spawn(routes::serve_metrics(app.clone(), TcpListener::bind(bind)?)?);
    }
    match part {
        Part::Worker => {
            eprintln!("working through the queue");
            work(app, told_to_stop()).await
        }
        Part::Http => http(app, args.bind)?.await,
        Part::Both => work_beside(app, http(app, args.bind)?).await,
    }
}

fn http(app: &web::Data<App>, bind: SocketAddr) -> std::io::Result<actix_web::dev::Server> {
    let listener = TcpListener::bind(bind)?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    routes::serve(app.clone(), listener, None, async {
        if let Err(error) = told_to_stop().await {
            eprintln!("haat: signals cannot be heard: {error}");
        }
    })
}

/// Works through the queue for as long as `server` serves. Requests first: what they enqueue is worked on until the last is answered.
pub async fn work_beside(app: &web::Data<App>, server: impl Future<Output = std::io::Result<()>>) -> std::io::Result<()> {
    let (ended, stop) = tokio::sync::oneshot::channel::<()>();
    let answered = async {
        let outcome = server.await;
        drop(ended);
        outcome
    };
    let stopped = async { stop.await.map_or(Ok(()), Ok) };
    futures_util::join!(answered, work(app, stopped)).0
}

/// Works until `stop`, then finishes what is in hand. What is not finished when the process is killed has a lease, and is taken up again.
async fn work(app: &web::Data<App>, stop: impl Future<Output = std::io::Result<()>>) -> std::io::Result<()> {
    let (asked, queue) = (tokio::sync::Notify::new(), app.worker());
    let stopping = async {
        let outcome = stop.await;
        asked.notify_one();
        outcome
    };
    let working = async {
        tokio::select! {
            () = queue.work(app, &asked) => {}
            () = haat::checkout::jobs::keep_sweeping(app) => {}
            () = appending(app) => {}
        }
    };
    futures_util::join!(stopping, working).0
}

/// Never ends, with a log or without.
async fn appending(app: &App) {
    match &app.log {
        Some(log) => keep_appending(app, log).await,
        None => std::future::pending().await,
    }
}

async fn told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        outcome = tokio::signal::ctrl_c() => outcome,
    }
}
