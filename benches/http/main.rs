//! `cargo bench --bench http [-- products connections seconds --check]`: what each kind of request costs. See `benches/README.md`.
#![allow(clippy::disallowed_methods, reason = "a test may be asked for more by the environment, and waits by the real clock")]
mod books;
mod load;
mod measure;
mod orders;
mod report;
mod run;
mod server;
mod world;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use cluster::{Cluster, Life};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use haat::db::{Db, migrate};

use report::{Goal, Kind, Report};
use run::Bench;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

pub struct Args {
    products: usize,
    connections: usize,
    seconds: f64,
    /// Of the file that is imported.
    rows: usize,
    check: bool,
}
impl Args {
    /// Cargo adds `--bench`.
    fn read(given: &[String]) -> Self {
        let numbers: Vec<f64> = given.iter().skip(1).filter_map(|a| a.parse().ok()).collect();
        let at = |n: usize, default: f64| numbers.get(n).copied().unwrap_or(default);
        let check = given.iter().any(|a| a == "--check");
        Self { products: at(0, 10_000.0) as usize, connections: at(1, 32.0) as usize, seconds: at(2, 5.0), rows: at(3, 10_000.0) as usize, check }
    }
}

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let given: Vec<String> = std::env::args().collect();
    let outcome = match given.iter().position(|a| a == "--ceiling") {
        Some(at) => server::serve_ceiling(&given[at + 1], &given[at + 2], &given[at + 3]).map(|()| true),
        None => bench(&Args::read(&given)),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("http bench: a ratio was missed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("http bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Where the databases are made.
struct Server {
    /// Ours, unless a server was named.
    cluster: Option<Cluster>,
    /// Names a database, with `{}` in its place.
    url: String,
    postmaster: u32,
}
impl Server {
    /// Durable: fsync is on, as in production.
    fn start(dir: &Path, runtime: &tokio::runtime::Runtime) -> Result<Self, Failure> {
        let (cluster, url) = match std::env::var("HAAT_BENCH_POSTGRES") {
            Ok(url) => (None, url),
            Err(_) => {
                let cluster = Cluster::start(dir, Life::Durable)?;
                let url = cluster.url("{}");
                (Some(cluster), url)
            }
        };
        let server = Self { cluster, url, postmaster: 0 };
        let postmaster = runtime.block_on(run::postmaster(&server.url("postgres")))?;
        Ok(Self { postmaster, ..server })
    }
    fn url(&self, database: &str) -> String {
        self.url.replace("{}", database).replace("%7B%7D", database)
    }
    fn stop(self) -> Result<(), Failure> {
        Ok(self.cluster.map_or(Ok(()), Cluster::stop)?)
    }
}

/// Whether everything that was to be checked held.
fn bench(args: &Args) -> Result<bool, Failure> {
    let dir = std::env::temp_dir().join(format!("haat-bench-{}", std::process::id()));
    let work = PathBuf::from(format!("{}.work", dir.display()));
    std::fs::create_dir_all(&work)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let server = Server::start(&dir, &runtime)?;
    let outcome = runtime.block_on(measured(args, &server, &work));
    drop(runtime);
    server.stop()?;
    if outcome.is_err() {
        eprintln!("{}", std::fs::read_to_string(work.join(format!("haat-{}.log", args.products))).unwrap_or_default());
    }
    for left in [dir, work] {
        let _ = std::fs::remove_dir_all(left);
    }
    outcome
}

/// A database with the tables and nothing in them.
async fn empty(server: &Server, name: &str) -> Result<(String, Db), Failure> {
    let mut admin = AsyncPgConnection::establish(&server.url("postgres")).await?;
    admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await?;
    admin.batch_execute(&format!("CREATE DATABASE {name}")).await?;
    let url = server.url(name);
    let to = url.clone();
    // It has a runtime of its own.
    tokio::task::spawn_blocking(move || migrate::up(&to)).await??;
    let db = Db::connect(&url, 2);
    Ok((url, db))
}
/// The same with a catalogue in it.
async fn world(server: &Server, name: &str, products: usize) -> Result<(String, Db), Failure> {
    let begun = Instant::now();
    let (url, db) = empty(server, name).await?;
    world::build(&db, products).await?;
    eprintln!("{products} products in {:.0} s", begun.elapsed().as_secs_f64());
    Ok((url, db))
}

/// How large the catalogue is that a larger one is held against.
const SMALL: usize = 1000;

async fn measured(args: &Args, server: &Server, work: &Path) -> Result<bool, Failure> {
    let mut report = Report::of(args.products, args.connections, args.seconds);
    let postmaster = server.postmaster;
    let held_against = if args.products > SMALL { Some(world(server, "haat_bench_small", SMALL).await?) } else { None };
    let (url, db) = world(server, "haat_bench", args.products).await?;
    let bench = Bench::start(args, &url, &db, postmaster, args.products, work).await?;
    // Time for what starts in the background.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = bench.memory("VmRSS");
    let small = match &held_against {
        Some((url, db)) => Some(Bench::start(args, url, db, postmaster, SMALL, work).await?),
        None => None,
    };
    report.begin();
    bench.ceilings(&mut report, work).await?;
    bench.reads(&mut report, small.as_ref()).await?;
    drop(small);
    bench.buying(&mut report, &db).await?;
    let loaded = bench.memory("VmHWM");
    let ready = bench.ready.as_secs_f64() * 1000.0;
    report.note("ready after start", format!("{ready:.0} ms"), vec![Goal::at_most("≤ 500 ms", Kind::Clock, ready, 500.0)]);
    report.note("memory, idle", format!("{idle:.0} MB"), vec![Goal::at_most("≤ 50 MB", Kind::Steady, idle, 50.0)]);
    report.note("memory, the highest under load", format!("{loaded:.0} MB"), vec![Goal::at_most("≤ 150 MB", Kind::Steady, loaded, 150.0)]);
    bench.import(&mut report, work)?;
    let (url, db) = empty(server, "haat_bench_books").await?;
    books::reconcile(&mut report, &url, &db, work).await?;
    report.end(Path::new("target/bench-http.json"))?;
    Ok(!args.check || report.ratios_are_met())
}

/// The sandbox is told the time, like every program here.
pub fn sandbox() -> Result<stripe_sandbox::Sandbox, Failure> {
    let unix = || std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs() as i64);
    Ok(stripe_sandbox::Sandbox::start(stripe_sandbox::Config::new("whsec_bench", Arc::new(unix)))?)
}
