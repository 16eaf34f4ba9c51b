//! `haat demo`: the whole program on one machine with nothing configured, a world of invented people, and one story played through it.
mod caller;
mod mailbox;
mod pages;
mod rows;
mod setup;
mod story;
mod story_check;
pub mod world;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use actix_web::web;
use cluster::{Cluster, default_dir};
use haat::{
    app::App,
    clock::Clock,
    config::{Config, Secret},
    db::{Db, migrate},
    edge::{self, Edge, Places, Rates, Times},
    jobs::Hint,
    media::{MediaStore, Reach},
    notifications::Mailer,
    payments::Stripe,
    routes,
    secrets::random,
    telemetry,
};
use stripe_sandbox::Sandbox;

use super::{
    Failure,
    program::{beside, kept_key, kept_log_key, opened_log},
    serve::work_beside,
};

#[derive(clap::Args)]
pub struct DemoArgs {
    /// Where the demonstration keeps its database; its own place if absent.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The port of the API, the shop and every page; the next free one if it is taken.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Let telephones on the same network scan the tag: listens on every address of this machine.
    #[arg(long)]
    lan: bool,
    /// End when the story has: with 0 if all of it held.
    #[arg(long)]
    exit: bool,
}

/// Connections for requests; the worker has as many again.
const POOL: usize = 8;

pub fn run(args: &DemoArgs) -> Result<ExitCode, Failure> {
    telemetry::init_quietly();
    let begun = Instant::now();
    let dir = args.data_dir.clone().map_or_else(|| default_dir("demo"), Ok)?;
    let cluster = Cluster::attach_or_start(&dir)?;
    println!("Haat, a demonstration. Everybody in it is invented.");
    println!("  database    {} ({} ms)", dir.display(), begun.elapsed().as_millis());
    let ours = Instant::now();
    let url = cluster.url("postgres");
    migrate::up(&url)?;
    let told = Told { dir: &dir, url: &url, ours };
    let outcome = actix_web::rt::System::new().block_on(play(args, &told));
    cluster.stop()?;
    outcome
}
struct Told<'a> {
    dir: &'a std::path::Path,
    url: &'a str,
    ours: Instant,
}

async fn play(args: &DemoArgs, told: &Told<'_>) -> Result<ExitCode, Failure> {
    let (listener, public_url) = listen(args)?;
    let secret = format!("whsec_{}", uuid::Uuid::from_bytes(random()).simple());
    let sandbox = sandbox(args, told.dir, &public_url, &secret)?;
    let app = web::Data::new(app(told, &public_url, &secret, &sandbox).await?);
    let world = world::world()?;
    if !story::is_in(&world) {
        return Err("the story's cooperative is not in the world".into());
    }
    let written = world::load(&app, &world).await?;
    println!("  world       {} cooperatives, {}", world.cooperatives.len(), if written == 0 { "as they were" } else { "loaded" });
    println!("  Stripe      {} (offline, moves no money)", sandbox.base_url());
    let served = app.clone();
    let server = actix_web::HttpServer::new(move || routes::service(served.clone()).configure(pages::mount)).workers(2).listen(listener)?;
    let server = server.shutdown_timeout(5).run();
    let handle = server.handle();
    println!("  ready       {public_url} ({} ms of our own)\n", told.ours.elapsed().as_millis());
    let telling = async {
        let ended = story::Story::new(app.clone())?.play().await;
        if let Ok(ending) = &ended {
            ending_words(&app, ending)?;
        } else if let Err(error) = &ended {
            eprintln!("\nhaat: {error}");
        }
        if args.exit {
            handle.stop(true).await;
        }
        ended.map(drop)
    };
    let (served, told) = futures_util::join!(work_beside(&app, server), telling);
    served?;
    Ok(if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What to look at when the story has been told.
fn ending_words(app: &App, ending: &story::Ending) -> Result<(), Failure> {
    println!("\nThe story held, order {}. Open {}", ending.order, app.config.public_url);
    println!("Scan the tag of its piece, {}:\n", ending.item);
    println!("{}", documents::qr_terminal(&ending.item)?);
    Ok(())
}

/// The port asked for, or the next free one; and the address that the world, or the room, reaches it at.
fn listen(args: &DemoArgs) -> Result<(TcpListener, String), Failure> {
    let on = if args.lan { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let listener = TcpListener::bind(SocketAddr::new(on, args.port)).or_else(|_| TcpListener::bind(SocketAddr::new(on, 0)))?;
    let host = if args.lan { lan_address()? } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let url = format!("http://{host}:{}", listener.local_addr()?.port());
    Ok((listener, url))
}
/// This machine as its neighbours see it. Connecting a datagram socket sends nothing: it only chooses the address.
fn lan_address() -> Result<IpAddr, Failure> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).map_err(|_| "no network to be reached on: leave --lan away")?;
    Ok(socket.local_addr()?.ip())
}

fn sandbox(args: &DemoArgs, dir: &std::path::Path, public_url: &str, secret: &str) -> Result<Sandbox, Failure> {
    let mut told = stripe_sandbox::Config::new(secret, Arc::new(|| Clock::System.now().unix()));
    told.webhook_url = Some(format!("{public_url}/webhooks/stripe"));
    told.state_file = Some(beside(dir, "stripe.json"));
    if args.lan {
        told.bind = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        // The page's address must be one that a telephone reaches, so its port is chosen before it starts.
        let port = TcpListener::bind(told.bind)?.local_addr()?.port();
        told.bind.set_port(port);
        told.public_url = Some(format!("http://{}:{port}", lan_address()?));
    }
    Ok(Sandbox::start(told)?)
}

async fn app(told: &Told<'_>, public_url: &str, secret: &str, sandbox: &Sandbox) -> Result<App, Failure> {
    let config = Config {
        public_url: public_url.to_owned(),
        allowed_origins: Vec::new(),
        production: false,
        invented: true,
        mail_from: "Haat <haat@haat.example>".into(),
        webhook_secrets: vec![Secret(secret.to_owned())],
        payout_account: None,
    };
    let (db, clock) = (Db::connect(told.url, POOL), Clock::System);
    let keys = kept_key(told.dir)?;
    let log = opened_log(&db, clock.now(), &keys, &kept_log_key(told.dir)?, public_url).await?;
    Ok(App {
        db,
        jobs_db: Db::connect(told.url, POOL),
        clock,
        log: Some(log),
        keys,
        config,
        stripe: Stripe::new("sk_test_demonstration", &reachable(sandbox.base_url()))?,
        mailer: Mailer::files(&beside(told.dir, "mails"))?,
        media: MediaStore::open(&beside(told.dir, "media").display().to_string(), Reach::PublicAndOwn)?,
        edge: Edge::new(edge::Settings { times: Times::default(), proxies: Vec::new(), rates: Rates::default(), places: Places::for_pool(POOL) }),
        hint: Hint::default(),
    })
}
/// A server that listens on every address is called on this machine's own.
fn reachable(base_url: &str) -> String {
    base_url.replace("0.0.0.0", "127.0.0.1")
}
