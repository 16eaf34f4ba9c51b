//! `haat serve` and `haat worker`: the API, the queue, or both, until told to stop.
use std::{
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    task::Poll,
    time::Duration,
};

use actix_web::web;
use haat::{
    app::App,
    clock::Clock,
    config::ServeArgs,
    db::Db,
    edge::Edge,
    jobs::Hint,
    log::{LogKey, Witnesses, jobs::keep_appending},
    notifications::Mailer,
    payments::Stripe,
    routes,
    secrets::{MasterKey, random},
    telemetry,
};

use super::{
    Failure,
    program::{kept_key, kept_log_key, media, migrated, opened_log, private_dir},
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
        (given, _) => given.map(|seed| Ok::<_, Failure>(LogKey::new(seed).after(args.log_key_old()?))).transpose()?,
    };
    let (cluster, url) = migrated(&args.database)?;
    let (system, db, clock) = (actix_web::rt::System::new(), Db::connect(&url, args.pool), Clock::System);
    let log = match log_key {
        Some(key) => Some(system.block_on(opened_log(&db, clock.now(), &keys, &key, &config.public_url))?.watched(witnesses(args)?)),
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
    let outcome = system.block_on(until_stopped(&app, args, part));
    // To drop it is to wait for threads that are blocked, as by a name that nobody resolves; the end of the process waits for none.
    std::mem::forget(system);
    drop(cluster);
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// Those whom the policy names, if there is one.
fn witnesses(args: &ServeArgs) -> Result<Option<Witnesses>, Failure> {
    let Some(path) = &args.log_policy else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Some(Witnesses::new(&text).map_err(|error| format!("{}: {error}", path.display()))?))
}

/// After the time for requests and jobs: to close what is open, and no longer.
const CLOSING: Duration = Duration::from_secs(4);

async fn until_stopped(app: &web::Data<App>, args: &ServeArgs, part: Part) -> std::io::Result<()> {
    // Both listen before anybody is told that we are here: a signal is heard once, by whoever listens already.
    let (told, overdue) = (told_to_stop()?, told_to_stop()?);
    let overdue = async {
        overdue.await;
        tokio::time::sleep(app.edge.times.drain + CLOSING).await;
        eprintln!("not everything ended in time; jobs that were in hand have leases and are taken up again");
    };
    tokio::select! {
        outcome = parts(app, args, part, told) => outcome,
        () = overdue => Ok(()),
    }
}

async fn parts(app: &web::Data<App>, args: &ServeArgs, part: Part, told: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    if let Some(bind) = args.metrics_bind {
        actix_web::rt::spawn(routes::serve_metrics(app.clone(), TcpListener::bind(bind)?)?);
    }
    match part {
        Part::Worker => {
            eprintln!("working through the queue");
            work(app, told).await;
            Ok(())
        }
        Part::Http => http(app, args.bind, told).await?.await,
        Part::Both => work_beside(app, http(app, args.bind, told).await?).await,
    }
}

async fn http(app: &web::Data<App>, bind: SocketAddr, told: impl Future<Output = ()> + Send + 'static) -> std::io::Result<actix_web::dev::Server> {
    let listener = TcpListener::bind(bind)?;
    let address = listener.local_addr()?;
    let mut server = routes::serve(app.clone(), listener, None, told)?;
    // Its threads begin when it is first polled: whoever came before that would be turned away by a stop that came at once.
    if let Poll::Ready(ended) = futures_util::poll!(&mut server) {
        ended?;
        return Err(std::io::Error::other("the server ended as it began"));
    }
    eprintln!("listening on http://{address}");
    Ok(server)
}

/// Works through the queue for as long as `server` serves. Requests first: what they enqueue is worked on until the last is answered.
pub async fn work_beside(app: &web::Data<App>, server: impl Future<Output = std::io::Result<()>>) -> std::io::Result<()> {
    let (ended, stop) = tokio::sync::oneshot::channel::<()>();
    let answered = async {
        let outcome = server.await;
        drop(ended);
        outcome
    };
    // Dropped, it says the same as sent.
    let stopped = async { stop.await.unwrap_or_default() };
    futures_util::join!(answered, work(app, stopped)).0
}

/// Works until `stop`, then finishes what is in hand while there is time. What is not finished has a lease, and is taken up again.
async fn work(app: &web::Data<App>, stop: impl Future<Output = ()>) {
    let (asked, queue) = (tokio::sync::Notify::new(), app.worker());
    let late = async {
        stop.await;
        app.edge.leave();
        asked.notify_one();
        tokio::time::sleep(app.edge.time_left()).await;
    };
    let working = async {
        tokio::select! {
            () = queue.work(app, &asked) => {}
            () = haat::checkout::jobs::keep_sweeping(app) => {}
            () = haat::reconciliation::jobs::keep_reconciling(app) => {}
            () = appending(app) => {}
        }
    };
    tokio::select! {
        () = working => {}
        () = late => tracing::warn!("jobs in hand did not end in time; their leases run out, and they are taken up again"),
    }
}

/// SIGTERM or SIGINT, from this call on.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Never ends, with a log or without.
async fn appending(app: &App) {
    match &app.log {
        Some(log) => keep_appending(app, log).await,
        None => std::future::pending().await,
    }
}
