//! `cargo bench --bench http [-- products connections seconds]`: what each kind of request costs. See `benches/README.md`.
mod load;
mod measure;
mod orders;
mod server;
mod world;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use cluster::{Cluster, Life};
use diesel::QueryableByName;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use haat::db::{self, Db, migrate};

use load::{Reads, Wire, get};
use measure::{Figures, Report};
use server::Process;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Args {
    products: usize,
    connections: usize,
    seconds: f64,
}
impl Args {
    /// Cargo adds `--bench`.
    fn read() -> Self {
        let given: Vec<f64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
        let at = |n: usize, default: f64| given.get(n).copied().unwrap_or(default);
        Self { products: at(0, 10_000.0) as usize, connections: at(1, 32.0) as usize, seconds: at(2, 5.0) }
    }
}

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let given: Vec<String> = std::env::args().collect();
    let outcome = match given.iter().position(|a| a == "--ceiling") {
        Some(at) => server::serve_ceiling(&given[at + 1], &given[at + 2], &given[at + 3]),
        None => bench(&Args::read()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("http bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(args: &Args) -> Result<(), Failure> {
    let dir = std::env::temp_dir().join(format!("haat-bench-{}", std::process::id()));
    // Durable: fsync is on, as in production.
    let cluster = Cluster::start(&dir, Life::Durable)?;
    let url = cluster.url("bench");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let admin = cluster.url("postgres");
    runtime.block_on(async { AsyncPgConnection::establish(&admin).await?.batch_execute("CREATE DATABASE bench").await.map_err(Failure::from) })?;
    migrate::up(&url)?;
    let outcome = runtime.block_on(measured(args, &cluster, &url, &dir));
    drop(runtime);
    cluster.stop()?;
    for left in [dir.clone(), PathBuf::from(format!("{}.work", dir.display()))] {
        let _ = std::fs::remove_dir_all(left);
    }
    outcome
}

/// Everything that a run needs.
struct Bench<'a> {
    args: &'a Args,
    url: &'a str,
    postmaster: u32,
    haat: Process,
    sandbox: stripe_sandbox::Sandbox,
    slugs: u64,
    variants: Vec<String>,
}

async fn measured(args: &Args, cluster: &Cluster, url: &str, dir: &Path) -> Result<(), Failure> {
    let work = PathBuf::from(format!("{}.work", dir.display()));
    std::fs::create_dir_all(&work)?;
    let begun = Instant::now();
    let db = Db::connect(url, 2);
    world::build(&db, args.products).await?;
    eprintln!("{} products in {:.1} s", args.products, begun.elapsed().as_secs_f64());
    let told = stripe_sandbox::Config::new("whsec_bench", Arc::new(unix));
    let sandbox = stripe_sandbox::Sandbox::start(told)?;
    let (haat, ready) = server::haat(url, &sandbox, &work.join("haat.log")).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = measure::memory(haat.pid(), "VmRSS").unwrap_or(0.0);
    let pid_file = std::fs::read_to_string(cluster.data_directory().join("postmaster.pid"))?;
    let postmaster = pid_file.lines().next().unwrap_or_default().trim().parse()?;
    let variants = variants(&db).await?;
    let bench = Bench { args, url, postmaster, haat, sandbox, slugs: args.products as u64, variants };
    let mut report = Report { products: args.products, connections: args.connections, seconds: args.seconds, ..Report::default() };
    println!("{}", measure::HEAD);
    bench.ceilings(&mut report, &work).await?;
    bench.reads(&mut report).await?;
    bench.buying(&mut report).await?;
    bench.import(&mut report, &work)?;
    report.note("ready after start", format!("{:.0} ms (goal 500)", ready.as_secs_f64() * 1000.0));
    report.note("memory idle", format!("{idle:.0} MB (goal 50)"));
    report.note("memory under load, highest", format!("{:.0} MB (goal 150)", measure::memory(bench.haat.pid(), "VmHWM").unwrap_or(0.0)));
    let path = Path::new("target/bench-http.json");
    report.write(path)?;
    eprintln!("also in {}", path.display());
    Ok(())
}

/// The sandbox is told the time, like every program here.
fn unix() -> i64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs() as i64)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: String,
}
/// Variants that are there to be bought, over many products.
async fn variants(db: &Db) -> Result<Vec<String>, Failure> {
    let statement = db::sql("SELECT variant_id::text AS id FROM stock WHERE on_hand > 0 ORDER BY md5(variant_id::text) LIMIT 2000");
    Ok(statement.load::<Id>(&mut *db.conn().await?).await?.into_iter().map(|row| row.id).collect())
}

const LIST: &str = "/v1/store/products?currency=EUR";
/// Frequent, rare, beginnings, and two together.
const SEARCHES: [&str; 8] = ["indigo", "vase", "kal", "silk%20scarf", "brass%20lamp", "pashmina", "wov", "indigo%20cotton%20stole"];

impl Bench<'_> {
    fn lasting(&self) -> Duration {
        Duration::from_secs_f64(self.args.seconds)
    }
    fn cpu(&self) -> (u64, u64) {
        (measure::cpu(self.haat.pid()), measure::family_cpu(self.postmaster))
    }
    async fn read(&self, path: impl FnMut(u64) -> String + Clone + Send + 'static) -> Result<Figures, Failure> {
        // Connections start far from each other, so that no two ask the same at once.
        let clients = (0..self.args.connections as u64).map(|n| Reads(path.clone(), n * 7_919)).collect();
        load::run(&self.haat.address, clients, self.lasting(), || self.cpu()).await
    }

    async fn ceilings(&self, report: &mut Report, work: &Path) -> Result<(), Failure> {
        let body = Wire::open(&self.haat.address).await?.send(&get(LIST)).await?.body;
        let file = work.join("bytes.json");
        std::fs::write(&file, &body)?;
        let bare = server::ceiling(self.url, &file).await?;
        for (path, what) in [("/bytes", format!("ceiling: the same {} bytes", body.len())), ("/select", "ceiling: one point select".into())] {
            let clients = (0..self.args.connections).map(|_| Reads(move |_| path.to_owned(), 0)).collect();
            let cpu = || (measure::cpu(bare.pid()), measure::family_cpu(self.postmaster));
            let figures = load::run(&bare.address, clients, self.lasting(), cpu).await?;
            report.add(&what, "", figures);
        }
        Ok(())
    }

    async fn reads(&self, report: &mut Report) -> Result<(), Failure> {
        report.add("list of 20, cacheable", "≥ 0.5 × the same bytes", self.read(|_| LIST.to_owned()).await?);
        report.add("list of 20, not cacheable", "≤ 600 µs", self.read(|n| format!("{LIST}&price_min={}", n % 900_000)).await?);
        report.add(
            "list, in stock, by price",
            "≤ 600 µs",
            self.read(|n| format!("{LIST}&in_stock=true&sort=price&price_min={n}", n = 1000 + n % 9000)).await?,
        );
        let cursor = self.deep().await?;
        report.add("deep list", "≤ 1.2 × the first", self.read(move |n| format!("{LIST}&price_min={}&cursor={cursor}", n % 900_000)).await?);
        let slugs = self.slugs;
        let detail = move |n: u64| format!("/v1/store/products/thing-{}?currency=EUR", 1 + n * 7_919 % slugs);
        report.add("detail with breakdown", "≤ 500 µs", self.read(detail).await?);
        let search = |n: u64, more: &str| format!("{LIST}&q={}&price_min={}{more}", SEARCHES[n as usize % SEARCHES.len()], n % 900);
        report.add("search", "≤ 3000 µs", self.read(move |n| search(n, "")).await?);
        report.add("search with facets", "≤ 3000 µs", self.read(move |n| search(n, "&facets=true")).await?);
        Ok(())
    }

    /// A cursor in the middle of the catalogue.
    async fn deep(&self) -> Result<String, Failure> {
        let mut wire = Wire::open(&self.haat.address).await?;
        let mut cursor = String::new();
        for _ in 0..(self.args.products / 200).max(1) {
            let given = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
            let page: serde_json::Value = serde_json::from_slice(&wire.send(&get(&format!("{LIST}&limit=100{given}"))).await?.body)?;
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        Ok(cursor)
    }

    async fn buying(&self, report: &mut Report) -> Result<(), Failure> {
        let clients = (0..8).map(|n| orders::Shopper { variants: self.variants.clone(), at: n * 200, cart: None }).collect();
        report.add("add to cart, 8 clients", "≤ 1500 µs", load::run(&self.haat.address, clients, self.lasting(), || self.cpu()).await?);
        let bought = Arc::new(Mutex::new(Vec::new()));
        let buyer = |n: usize| orders::Buyer {
            variants: self.variants.clone(),
            at: n * 200,
            name: format!("buyer-{n}"),
            control: self.sandbox.control(),
            bought: bought.clone(),
        };
        let figures = load::run(&self.haat.address, (0..8).map(buyer).collect(), self.lasting(), || self.cpu()).await?;
        report.add("order to paid, 8 clients", "≤ 20000 µs, ≥ 60/s, p99 ≤ 200 ms", figures);
        let mut wire = Wire::open(&self.haat.address).await?;
        let mut codes = Vec::new();
        let orders: Vec<_> = bought.lock().map_err(|_| "a buyer panicked")?.iter().take(200).cloned().collect();
        for order in &orders {
            codes.extend(orders::codes(&mut wire, order).await?);
        }
        if codes.is_empty() {
            return Err("no order has a piece".into());
        }
        let page = move |n: u64| format!("/i/{}", codes[n as usize % codes.len()]);
        report.add("item page", "≤ 1000 µs", self.read(page).await?);
        Ok(())
    }

    /// The whole command: reading, planning, writing, records signed.
    fn import(&self, report: &mut Report, work: &Path) -> Result<(), Failure> {
        const ROWS: usize = 10_000;
        let file = work.join("export.csv");
        std::fs::write(&file, world::export(ROWS))?;
        let begun = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_haat"))
            .args(["import", "--cooperative", "coop-1", "--database-url", self.url, "--master-key", server::MASTER_KEY])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let mut highest = 0.0_f64;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            highest = highest.max(measure::memory(child.id(), "VmHWM").unwrap_or(0.0));
            std::thread::sleep(Duration::from_millis(10));
        };
        let took = begun.elapsed().as_secs_f64();
        report.note("import of 10,000 rows", format!("{:.0} rows/s (goal 1000), {took:.1} s, {highest:.0} MB, {status}", ROWS as f64 / took));
        Ok(())
    }
}
