//! `haat`: one program, by subcommand. Thin: parse, build the parts, run.
mod commands;

use std::{
    io::Write,
    net::{SocketAddr, TcpListener},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use actix_web::web;
use clap::{Parser, Subcommand};
use cluster::{Cluster, default_dir};
use haat::{
    app::App,
    clock::Clock,
    config::{DatabaseArgs, ServeArgs},
    db::{Db, migrate},
    edge::Edge,
    jobs::Hint,
    ledger,
    media::{MediaStore, Reach},
    notifications::Mailer,
    problem, routes,
    secrets::{MasterKey, random},
    telemetry,
};

#[derive(Parser)]
#[command(name = "haat", version, about = "Fair-trade commerce: every item can be traced, every price taken apart, every coin followed.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}
#[derive(Subcommand)]
enum Command {
    /// Serve the API and work through the queue.
    Serve(Box<ServeArgs>),
    /// Work through the queue only, beside one or more of `serve --without-worker`.
    Worker(Box<ServeArgs>),
    /// Look at everything this program stands on, and say what to do about what is wrong; exits 1 if anything is.
    Doctor(Box<ServeArgs>),
    /// Bring the database to this version's schema.
    Migrate(DatabaseArgs),
    /// Read a spreadsheet of products: say what would happen, then do it unless --dry-run.
    Import(Box<commands::import::ImportArgs>),
    /// Recompute every balance from the transfers; exits 1 and names what differs.
    LedgerVerify(DatabaseArgs),
    /// Check an item's bundle offline: exits 0 if it is whole, 1 if not, 2 if it cannot be read.
    Verify { file: PathBuf },
    /// Print the OpenAPI document.
    Openapi,
    /// Print the catalogue of problems.
    Problems,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    // Two TLS providers in one program would make the clients panic: one is chosen, first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve(&args, Part::of(&args)),
        Command::Worker(args) => serve(&args, Part::Worker),
        Command::Doctor(args) => doctor(&args),
        Command::Migrate(args) => migrated(&args).map(|_| ExitCode::SUCCESS),
        Command::Import(args) => import(&args),
        Command::LedgerVerify(args) => verify_ledger(&args),
        Command::Verify { file } => Ok(verify(&file)),
        Command::Openapi => routes::openapi().to_pretty_json().map(|json| println!("{json}")).map(|()| ExitCode::SUCCESS).map_err(Into::into),
        Command::Problems => {
            print!("{}", problem::catalogue());
            Ok(ExitCode::SUCCESS)
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("haat: {error}");
        ExitCode::from(2)
    })
}

/// Where the private cluster of these flags lives, if they name one.
fn private_dir(args: &DatabaseArgs) -> Result<Option<PathBuf>, Failure> {
    match (&args.data_dir, args.demo) {
        (Some(dir), _) => Ok(Some(dir.clone())),
        (None, true) => Ok(Some(default_dir("demo")?)),
        (None, false) => Ok(None),
    }
}

fn key_path(dir: &Path) -> PathBuf {
    PathBuf::from(format!("{}.key", dir.display().to_string().trim_end_matches('/')))
}

/// A private cluster's master key, made once and kept beside its directory: inside it, the server's own account could read it.
fn kept_key(dir: &Path) -> Result<MasterKey, Failure> {
    let path = key_path(dir);
    if let Ok(text) = std::fs::read_to_string(&path) {
        return MasterKey::parse(&text).ok_or_else(|| format!("{} does not hold a master key", path.display()).into());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let keys = MasterKey::new(random());
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(keys.to_hex().as_bytes())?;
    Ok(keys)
}

/// The database that the flags name, migrated; the cluster lives as long as the value.
fn migrated(args: &DatabaseArgs) -> Result<(Option<Cluster>, String), Failure> {
    let (cluster, url) = match (&args.database_url, private_dir(args)?) {
        (Some(url), _) => (None, url.clone()),
        (None, Some(dir)) => private(&dir)?,
        (None, None) => return Err("which database? Give DATABASE_URL, --data-dir DIR or --demo".into()),
    };
    for name in migrate::up(&url)? {
        eprintln!("applied {name}");
    }
    Ok((cluster, url))
}

fn private(dir: &Path) -> Result<(Option<Cluster>, String), Failure> {
    let cluster = Cluster::attach_or_start(dir)?;
    let url = cluster.url("postgres");
    Ok((Some(cluster), url))
}

/// Where pictures are kept: as told, beside a private cluster, or nowhere for long.
fn media(args: &ServeArgs) -> Result<MediaStore, Failure> {
    let beside = private_dir(&args.database)?.map(|dir| format!("{}.media", dir.display().to_string().trim_end_matches('/')));
    let reach = if args.fetch_loopback { Reach::PublicAndOwn } else { Reach::Public };
    match args.media.clone().or(beside) {
        Some(place) => Ok(MediaStore::open(&place, reach)?),
        None => {
            eprintln!("no HAAT_MEDIA: pictures are kept in memory, and are gone when this run ends");
            Ok(MediaStore::memory(reach)?)
        }
    }
}

/// Which parts of the program this process is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Both,
    Http,
    Worker,
}
impl Part {
    fn of(args: &ServeArgs) -> Self {
        if args.without_worker { Self::Http } else { Self::Both }
    }
}

fn serve(args: &ServeArgs, part: Part) -> Result<ExitCode, Failure> {
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
    let stripe = haat::payments::Stripe::new(&stripe_key, &args.stripe_api_base)?;
    let (cluster, url) = migrated(&args.database)?;
    let app = web::Data::new(App {
        db: Db::connect(&url, args.pool),
        jobs_db: Db::connect(&url, args.pool),
        clock: Clock::System,
        keys,
        config,
        stripe,
        mailer,
        media: media(args)?,
        edge: Edge::new(args.edge()?),
        hint: Hint::default(),
    });
    actix_web::rt::System::new().block_on(async {
        if let Some(bind) = args.metrics_bind {
            actix_web::rt::spawn(routes::serve_metrics(app.clone(), TcpListener::bind(bind)?)?);
        }
        match part {
            Part::Worker => {
                eprintln!("working through the queue");
                work(&app, told_to_stop()).await
            }
            Part::Http => http(&app, args.bind)?.await,
            Part::Both => {
                let server = http(&app, args.bind)?;
                let (ended, stop) = tokio::sync::oneshot::channel::<()>();
                // Requests first: what they enqueue is worked on until the last is answered.
                let answered = async {
                    let outcome = server.await;
                    drop(ended);
                    outcome
                };
                let stopped = async { stop.await.map_or(Ok(()), Ok) };
                futures_util::join!(answered, work(&app, stopped)).0
            }
        }
    })?;
    drop(cluster);
    Ok(ExitCode::SUCCESS)
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
        }
    };
    futures_util::join!(stopping, working).0
}

async fn told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        outcome = tokio::signal::ctrl_c() => outcome,
    }
}

fn doctor(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let private = private_dir(&args.database)?;
    let cluster = private.as_deref().map(private_url).transpose()?;
    actix_web::rt::System::new().block_on(commands::doctor::run(args, cluster.as_ref().map(|(_, url)| url.as_str()), private.as_deref()))
}

fn private_url(dir: &Path) -> Result<(Cluster, String), Failure> {
    let cluster = Cluster::attach_or_start(dir)?;
    let url = cluster.url("postgres");
    Ok((cluster, url))
}

fn import(args: &commands::import::ImportArgs) -> Result<ExitCode, Failure> {
    if !args.needs_database() {
        return args.look();
    }
    let given = args.master_key.as_deref().map(|text| MasterKey::parse(text).ok_or(haat::config::Error::MasterKey)).transpose()?;
    let keys = match (given, private_dir(&args.database)?) {
        (Some(keys), _) => keys,
        (None, Some(dir)) => kept_key(&dir)?,
        (None, None) => return Err("HAAT_MASTER_KEY is needed: pieces enter the record signed".into()),
    };
    let (_cluster, url) = migrated(&args.database)?;
    actix_web::rt::System::new().block_on(args.run(&url, &keys))
}

fn verify_ledger(args: &DatabaseArgs) -> Result<ExitCode, Failure> {
    let (_cluster, url) = migrated(args)?;
    let wrong = actix_web::rt::System::new().block_on(async {
        let db = Db::connect(&url, 1);
        ledger::verify(&mut *db.conn().await?).await
    })?;
    for m in &wrong {
        println!("{} {}: {} recorded, {} by its transfers", m.account, m.currency, m.recorded, m.recomputed);
    }
    println!("{}", if wrong.is_empty() { "every balance is proven by its transfers" } else { "the books do not agree" });
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn verify(file: &Path) -> ExitCode {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            return ExitCode::from(2);
        }
    };
    let verdict = passport::verify_bundle(&bytes);
    for step in &verdict.steps {
        println!("{:?}\t{}\t{}", step.outcome, step.name, step.detail);
    }
    match (verdict.ok(), verdict.bundle.is_some()) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::from(if serde_json::from_slice::<serde_json::Value>(&bytes).is_ok() { 1 } else { 2 }),
    }
}
