//! What is asked of the server, kind by kind.
use std::{
    cell::Cell,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use diesel::{QueryableByName, sql_types};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use haat::db::{self, Db};

use crate::{
    Args, Failure,
    load::{self, NO_REST, Reads, Wire, get},
    measure::{self, Cpu, Figures, Measured, Ran, ran},
    orders,
    report::{Goal, Kind, Report},
    server::{self, Process},
    world,
};

/// Everything that a run needs.
pub struct Bench<'a> {
    args: &'a Args,
    url: &'a str,
    postmaster: u32,
    haat: Process,
    /// From the start of the process to its first answer.
    pub ready: Duration,
    sandbox: stripe_sandbox::Sandbox,
    products: u64,
    /// When the product in the middle of the catalogue was published, to the second.
    middle: String,
    variants: Vec<String>,
    turns: Cell<u64>,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = sql_types::Text)]
    id: String,
}
async fn texts(db: &Db, statement: String) -> Result<Vec<String>, Failure> {
    Ok(db::sql(statement).load::<Id>(&mut *db.conn().await?).await?.into_iter().map(|row| row.id).collect())
}
/// Variants that are there to be bought, over many products.
const SOLD: &str = "SELECT variant_id::text AS id FROM stock WHERE on_hand > 0 ORDER BY md5(variant_id::text) LIMIT 2000";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    n: i64,
}
/// The process whose children PostgreSQL's are.
pub async fn postmaster(url: &str) -> Result<u32, Failure> {
    let mut admin = AsyncPgConnection::establish(url).await?;
    let file = diesel::sql_query("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS id").get_result::<Id>(&mut admin).await?;
    Ok(file.id.trim().parse()?)
}

/// Until the queue has nothing more to do now.
async fn worked_off(db: &Db) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        let due = db::sql("SELECT count(*) AS n FROM jobs WHERE state = 'due' AND run_at <= clock_timestamp()");
        let left = due.get_result::<Count>(&mut *db.conn().await?).await?.n;
        if left == 0 {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(60) {
            return Err(format!("{left} jobs are still due").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

const LIST: &str = "/v1/store/products?currency=EUR";
/// Frequent, rare, beginnings, several together, and none at all.
const SEARCHES: [&str; 10] = ["indigo", "vase", "kal", "silk+scarf", "brass+lamp", "pashmina", "wov", "indigo+cotton+stole", "tray+vase", "zzz"];

/// A cursor like the one of a list's page, `n` microseconds later: the same page by an address that was never asked for.
fn cursor(day: &str, n: u64) -> String {
    let key = format!("{{\"Newest\":[\"{day}.{:06}Z\",\"ffffffff-ffff-7fff-bfff-ffffffffffff\"]}}", n % 1_000_000);
    BASE64_URL_SAFE_NO_PAD.encode(key)
}
fn first_page(n: u64) -> String {
    format!("{LIST}&cursor={}", cursor("2100-01-01T00:00:00", n))
}

/// An address for each number.
trait Path: FnMut(u64) -> String + Clone + Send + 'static {}
impl<F: FnMut(u64) -> String + Clone + Send + 'static> Path for F {}

/// What is measured in a small catalogue too.
struct Growing {
    what: &'static str,
    /// CPU in microseconds.
    limit: f64,
    /// How many times what it costs in the small catalogue.
    within: Option<f64>,
}
const GROWING: &[Growing] = &[
    Growing { what: "list of 20, not cacheable", limit: 600.0, within: Some(1.3) },
    Growing { what: "list, in stock, by price", limit: 600.0, within: Some(1.3) },
    Growing { what: "detail with breakdown", limit: 500.0, within: Some(1.3) },
    Growing { what: "search", limit: 3000.0, within: None },
    Growing { what: "search with facets", limit: 3000.0, within: None },
];
fn kind_path(what: &str, n: u64, products: u64) -> String {
    let words = SEARCHES[n as usize % SEARCHES.len()];
    match what {
        "list of 20, not cacheable" => first_page(n),
        "list, in stock, by price" => format!("{LIST}&in_stock=true&sort=price&price_min={}&price_max={}", 1000 + n % 9000, 10_000_000 + n),
        "detail with breakdown" => format!("/v1/store/products/thing-{}?currency=EUR", 1 + n * 7_919 % products),
        "search" => format!("{LIST}&q={words}&price_max={}", 10_000_000 + n),
        _ => format!("{LIST}&q={words}&facets=true&price_max={}", 20_000_000 + n),
    }
}

/// What two are held against each other in turns for: a machine that slows down slows both.
const TURNS: u32 = 3;
async fn in_turns(
    lasting: Duration,
    mut one: impl AsyncFnMut(Duration) -> Result<Measured, Failure>,
    mut other: impl AsyncFnMut(Duration) -> Result<Measured, Failure>,
) -> Result<(Figures, Figures), Failure> {
    let mut sums = (Measured::default(), Measured::default());
    for _ in 0..TURNS {
        sums.0.add(one(lasting / TURNS).await?);
        sums.1.add(other(lasting / TURNS).await?);
    }
    Ok((sums.0.figures(), sums.1.figures()))
}

impl<'a> Bench<'a> {
    pub async fn start(args: &'a Args, url: &'a str, db: &Db, postmaster: u32, products: usize, work: &std::path::Path) -> Result<Self, Failure> {
        let sandbox = crate::sandbox()?;
        let (haat, ready) = server::haat(url, &sandbox, &work.join(format!("haat-{products}.log"))).await?;
        let middle = format!(
            r#"SELECT to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') AS id FROM products WHERE slug = 'thing-{}'"#,
            products.div_ceil(2)
        );
        let (middle, variants) = (texts(db, middle).await?.swap_remove(0), texts(db, SOLD.into()).await?);
        Ok(Self { args, url, postmaster, haat, ready, sandbox, products: products as u64, middle, variants, turns: Cell::new(0) })
    }
    pub fn memory(&self, what: &str) -> f64 {
        measure::memory(self.haat.pid(), what).unwrap_or(0.0)
    }
    fn lasting(&self) -> Duration {
        Duration::from_secs_f64(self.args.seconds)
    }
    /// For how long each kind is asked before it counts: a server runs for weeks, and plans its statements in its first minute.
    fn warming(&self) -> Duration {
        self.lasting() / 2
    }
    fn cpu(&self) -> Cpu {
        (measure::cpu(self.haat.pid()), measure::family_cpu(self.postmaster))
    }
    async fn read_for(&self, lasting: Duration, path: impl Path) -> Result<Measured, Failure> {
        // Each connection begins where none was before, so that no two ask the same.
        let turn = self.turns.replace(self.turns.get() + 1);
        let clients = (0..self.args.connections as u64).map(|n| Reads(path.clone(), turn * 300_007 + n * 7_919)).collect();
        load::run(&self.haat.address, clients, lasting, || self.cpu(), NO_REST).await
    }
    async fn read(&self, path: impl Path) -> Result<Figures, Failure> {
        self.read_for(self.warming(), path.clone()).await?;
        Ok(self.read_for(self.lasting(), path).await?.figures())
    }

    async fn bare(&self, bare: &Process, lasting: Duration, path: &'static str) -> Result<Measured, Failure> {
        let clients = (0..self.args.connections).map(|_| Reads(move |_| path.to_owned(), 0)).collect();
        load::run(&bare.address, clients, lasting, || (measure::cpu(bare.pid()), measure::family_cpu(self.postmaster)), NO_REST).await
    }

    /// The ceilings, and the list beside the one that it is held against.
    pub async fn ceilings(&self, report: &mut Report, work: &std::path::Path) -> Result<(), Failure> {
        let body = Wire::open(&self.haat.address).await?.send(&get(LIST)).await?.body;
        let file = work.join("bytes.json");
        std::fs::write(&file, &body)?;
        let bare = server::ceiling(self.url, &file).await?;
        report.add("ceiling: one point select", self.bare(&bare, self.lasting(), "/select").await?.figures(), Vec::new());
        let handler = async |lasting| self.bare(&bare, lasting, "/bytes").await;
        let (bytes, kept) = in_turns(self.lasting(), handler, async |lasting| self.read_for(lasting, |_| LIST.to_owned()).await).await?;
        report.add(&format!("ceiling: the list's {} bytes", body.len()), bytes, Vec::new());
        let share = kept.per_second / bytes.per_second;
        let half = Goal::at_least(format!("{share:.2} of the bare handler's rate, ≥ 0.5"), Kind::Ratio, share, 0.5);
        report.add("list of 20, cacheable", kept, vec![half, Goal::p99(&kept, 20.0)]);
        Ok(())
    }

    /// The same in this catalogue and, in turns with it, in a small one.
    async fn growing(&self, report: &mut Report, small: Option<&Bench<'_>>, kind: &Growing) -> Result<(), Failure> {
        let Growing { what, limit, within } = *kind;
        let path = |products: u64| move |n: u64| kind_path(what, n, products);
        let figures = match small {
            None => self.read(path(self.products)).await?,
            Some(small) => {
                let here = async |lasting| self.read_for(lasting, path(self.products)).await;
                let there = async |lasting| small.read_for(lasting, path(small.products)).await;
                here(self.warming()).await?;
                there(self.warming()).await?;
                let (here, there) = in_turns(self.lasting(), here, there).await?;
                let times = here.cpu_micros() / there.cpu_micros();
                let value = format!("{times:.2} × the CPU at {} products, {:.0} µs", small.products, there.cpu_micros());
                let goals = within.map(|within| Goal::at_most(format!("≤ {within} ×"), Kind::Ratio, times, within));
                report.note(&format!("growth: {what}"), value, goals.into_iter().collect());
                here
            }
        };
        report.add(what, figures, vec![Goal::cpu(&figures, limit), Goal::p99(&figures, 20.0)]);
        Ok(())
    }

    pub async fn reads(&self, report: &mut Report, small: Option<&Bench<'_>>) -> Result<(), Failure> {
        for kind in GROWING {
            self.growing(report, small, kind).await?;
        }
        let middle = self.middle.clone();
        let first = async |lasting| self.read_for(lasting, first_page).await;
        let deep = async |lasting| {
            let middle = middle.clone();
            self.read_for(lasting, move |n| format!("{LIST}&cursor={}", cursor(&middle, n))).await
        };
        deep(self.warming()).await?;
        let (first, deep) = in_turns(self.lasting(), first, deep).await?;
        let times = deep.cpu_micros() / first.cpu_micros();
        let no_dearer = Goal::at_most(format!("{times:.2} × the first page's CPU, ≤ 1.2"), Kind::Ratio, times, 1.2);
        report.add("list, a page in the middle", deep, vec![no_dearer, Goal::p99(&deep, 20.0)]);
        Ok(())
    }

    pub async fn buying(&self, report: &mut Report, db: &Db) -> Result<(), Failure> {
        let address = &self.haat.address;
        let shoppers = || (0..8).map(|n| orders::Shopper { variants: self.variants.clone(), at: n * 200, cart: None }).collect();
        load::run(address, shoppers(), self.warming(), || self.cpu(), NO_REST).await?;
        let added = load::run(address, shoppers(), self.lasting(), || self.cpu(), NO_REST).await?.figures();
        report.add("add to cart, 8 clients", added, vec![Goal::cpu(&added, 1500.0)]);
        let bought = Arc::new(Mutex::new(Vec::new()));
        let buyers = |time: &'static str| {
            let (control, bought) = (self.sandbox.control(), bought.clone());
            let buyer = move |n: usize| orders::Buyer {
                variants: self.variants.clone(),
                at: n * 200,
                name: format!("{time}-{n}"),
                control: control.clone(),
                bought: bought.clone(),
            };
            (0..8).map(buyer).collect()
        };
        load::run(address, buyers("first"), self.warming(), || self.cpu(), Some(worked_off(db))).await?;
        let paid = load::run(address, buyers("second"), self.lasting(), || self.cpu(), Some(worked_off(db))).await?.figures();
        let goals = vec![Goal::cpu(&paid, 20_000.0), Goal::rate(&paid, 60.0), Goal::p99(&paid, 200.0)];
        report.add("order, all its calls, 8 clients", paid, goals);
        let orders: Vec<_> = bought.lock().map_err(|_| "a buyer panicked")?.iter().take(200).cloned().collect();
        let (mut wire, mut codes) = (Wire::open(address).await?, Vec::new());
        for order in &orders {
            codes.extend(orders::codes(&mut wire, order).await?);
        }
        if codes.is_empty() {
            return Err("no order has a piece".into());
        }
        let lookers = || (0..self.args.connections).map(|n| orders::Looker { orders: orders.clone(), at: n * 7 }).collect();
        load::run(address, lookers(), self.warming(), || self.cpu(), NO_REST).await?;
        let looked = load::run(address, lookers(), self.lasting(), || self.cpu(), NO_REST).await?.figures();
        report.add("order status", looked, vec![Goal::p99(&looked, 20.0)]);
        let pieces = codes.clone();
        let page = self.read(move |n| format!("/i/{}", pieces[n as usize % pieces.len()])).await?;
        report.add("item page", page, vec![Goal::cpu(&page, 1000.0), Goal::p99(&page, 20.0)]);
        let bundle = self.read(move |n| format!("/v1/provenance/items/{}/bundle", codes[n as usize % codes.len()])).await?;
        report.add("item's records as a file", bundle, vec![Goal::p99(&bundle, 20.0)]);
        Ok(())
    }

    /// The whole command: reading, planning, writing, records signed.
    pub fn import(&self, report: &mut Report, work: &std::path::Path) -> Result<(), Failure> {
        let (rows, file) = (self.args.rows, work.join("export.csv"));
        std::fs::write(&file, world::export(rows))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_haat"));
        command.args(["import", "--cooperative", "coop-1", "--database-url", self.url, "--master-key", server::MASTER_KEY]).arg(&file);
        let Ran { took, memory: highest } = ran(command, &work.join("import.log"))?;
        let took = took.as_secs_f64();
        let rate = rows as f64 / took;
        let goals = vec![Goal::at_least("≥ 1000/s", Kind::Clock, rate, 1000.0), Goal::at_most("≤ 150 MB", Kind::Steady, highest, 150.0)];
        report.note(&format!("import of {rows} rows"), format!("{rate:.0} rows/s, {took:.1} s, {highest:.0} MB"), goals);
        Ok(())
    }
}
