//! `haat`: one program, by subcommand. Thin: parse, build the parts, run.
mod commands;

use std::{
    io::Write,
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
    /// Bring the database to this version's schema.
    Migrate(DatabaseArgs),
    /// Read a spreadsheet of products: say what would happen, then do it unless --dry-run.
    Import(Box<commands::import::ImportArgs>),
    /// Recompute every balance from the transfers; exits 1 and names what differs.
    LedgerVerify(DatabaseArgs),
    /// Check an item's bundle offline: exits 0 if it is whole, 1 if not, 2 if it cannot be read.
    Verify(commands::verify::VerifyArgs),
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
        Command::Serve(args) => serve(&args),
        Command::Migrate(args) => migrated(&args).map(|_| ExitCode::SUCCESS),
        Command::Import(args) => import(&args),
        Command::LedgerVerify(args) => verify_ledger(&args),
        Command::Verify(args) => commands::verify::run(&args),
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

/// A private cluster's master key, made once and kept beside its directory: inside it, the server's own account could read it.
fn kept_key(dir: &Path) -> Result<MasterKey, Failure> {
    let path = PathBuf::from(format!("{}.key", dir.display().to_string().trim_end_matches('/')));
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

fn serve(args: &ServeArgs) -> Result<ExitCode, Failure> {
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
        hint: Hint::default(),
    });
    let (bind, served) = (args.bind, app.clone());
    actix_web::rt::System::new().block_on(async move {
        let server = actix_web::HttpServer::new(move || routes::service(served.clone())).bind(bind)?.run();
        eprintln!("listening on http://{bind}");
        let stop = tokio::sync::Notify::new();
        let queue = app.worker();
        let worker = async {
            tokio::select! {
                () = queue.work(&app, &stop) => {}
                () = haat::checkout::jobs::keep_sweeping(&app) => {}
            }
        };
        let service = async {
            let ended = server.await;
            stop.notify_waiters();
            stop.notify_one();
            ended
        };
        futures_util::join!(service, worker).0
    })?;
    drop(cluster);
    Ok(ExitCode::SUCCESS)
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
