//! The processes that are measured: the real service, and two ceilings.
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::QueryableByName;
use diesel_async::RunQueryDsl;
use haat::db::{self, Db};

use crate::{
    Failure,
    load::{Wire, get},
};

/// A child that ends with the value.
pub struct Process {
    child: Child,
    pub address: String,
}
impl Process {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that the kernel has free right now.
fn free_address() -> Result<String, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

const WEBHOOK_SECRET: &str = "whsec_bench";
const LOG_KEY: &str = "0909090909090909090909090909090909090909090909090909090909090909";
pub const MASTER_KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// `haat serve` as anybody would start it, paying through the sandbox. Answers how long it took until it was ready.
pub async fn haat(url: &str, sandbox: &stripe_sandbox::Sandbox, log: &Path) -> Result<(Process, Duration), Failure> {
    let address = free_address()?;
    let begun = Instant::now();
    let child = Command::new(env!("CARGO_BIN_EXE_haat"))
        .args(["serve", "--development", "--database-url", url, "--bind", &address, "--master-key", MASTER_KEY])
        // Appending to the public log is a part of what a sale costs.
        .args(["--log-key", LOG_KEY])
        .args(["--stripe-webhook-secret", WEBHOOK_SECRET, "--stripe-api-base", sandbox.base_url(), "--stripe-secret-key", "sk_test_bench"])
        // The load comes through us as through a proxy, from many addresses.
        .args(["--allowed-origins", "https://shop.example", "--trusted-proxies", "127.0.0.1"])
        // A line for each request would be measured too.
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(log)?)
        .spawn()?;
    let process = Process { child, address };
    ready(&process.address, "/health/ready", begun).await?;
    let took = begun.elapsed();
    sandbox.control().set_webhook_url(Some(&format!("http://{}/webhooks/stripe", process.address)));
    Ok((process, took))
}

/// This program again, as a server that does nothing but answer ([`serve_ceiling`]).
pub async fn ceiling(url: &str, bytes: &Path) -> Result<Process, Failure> {
    let address = free_address()?;
    let child = Command::new(std::env::current_exe()?).args(["--ceiling", &address, url]).arg(bytes).stdin(Stdio::null()).spawn()?;
    let process = Process { child, address };
    ready(&process.address, "/bytes", Instant::now()).await?;
    Ok(process)
}

async fn ready(address: &str, path: &str, begun: Instant) -> Result<(), Failure> {
    loop {
        if let Ok(mut wire) = Wire::open(address).await
            && let Ok(reply) = wire.send(&get(path)).await
            && reply.status == 200
        {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(30) {
            return Err(format!("{address} does not get ready").into());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[derive(QueryableByName)]
struct Title {
    #[diesel(sql_type = diesel::sql_types::Text)]
    title: String,
}

/// `/bytes` from memory, and `/select`: one prepared point select.
pub fn serve_ceiling(address: &str, url: &str, file: &str) -> Result<(), Failure> {
    let bytes = web::Bytes::from(std::fs::read(file)?);
    let (url, address) = (url.to_owned(), address.to_owned());
    actix_web::rt::System::new().block_on(async move {
        let db = web::Data::new(Db::connect(&url, 8));
        let bytes = web::Data::new(bytes);
        HttpServer::new(move || {
            App::new().app_data(db.clone()).app_data(bytes.clone()).route("/bytes", web::get().to(bytes_of)).route("/select", web::get().to(select))
        })
        .bind(address)?
        .run()
        .await
    })?;
    Ok(())
}

async fn bytes_of(bytes: web::Data<web::Bytes>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(bytes.get_ref().clone())
}

async fn select(db: web::Data<Db>) -> HttpResponse {
    let Ok(mut conn) = db.conn().await else { return HttpResponse::ServiceUnavailable().finish() };
    let statement = db::sql("SELECT p.title FROM product_slugs s JOIN products p ON p.coop_id = s.coop_id AND p.id = s.product_id WHERE s.slug = $1");
    match statement.bind::<diesel::sql_types::Text, _>("thing-1").get_result::<Title>(&mut *conn).await {
        Ok(row) => HttpResponse::Ok().body(row.title),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
