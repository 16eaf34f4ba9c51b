//! `haat witness`: a program that anybody can run beside no shop at all. It remembers the newest checkpoint of each log that it was told of,
//! and cosigns only what that one grew into (C2SP tlog-witness), so that a log cannot show one history here and another there.
mod book;

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::ExitCode,
};

use actix_web::{App, HttpResponse, HttpServer, http::StatusCode, post, web};
use haat::clock::Clock;
use passport::log::{AddCheckpoint, NoteVerifier, Refusal};

use super::{Failure, program::kept_secret};
use book::{Book, Unkept};

#[derive(clap::Args)]
pub struct WitnessArgs {
    /// Where what it saw is kept, with its key, which is made once. No two witnesses may share it.
    #[arg(long)]
    dir: PathBuf,
    /// What it is called: an address without its scheme, such as north.example/witness.
    #[arg(long)]
    name: String,
    /// The key of a log that it watches, as it is published (name+hash+key); may be given more than once, also for a log that changed its key.
    #[arg(long = "log", required = true)]
    logs: Vec<NoteVerifier>,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8090")]
    bind: SocketAddr,
}

/// A proof of 63 hashes and the longest note.
const MAX_BODY: usize = 63 * 45 + 64 * 1024 + 64;

pub fn run(args: &WitnessArgs) -> Result<ExitCode, Failure> {
    let book = Book::open(&args.dir)?;
    let signer = passport::log::WitnessSigner::from_seed(&args.name, &kept_secret(&args.dir.join("key"))?)?;
    // For others' policies.
    println!("{}", signer.key());
    let listener = TcpListener::bind(args.bind)?;
    let address = listener.local_addr()?;
    let witness = web::Data::new(Witness { book, signer, logs: args.logs.clone(), clock: Clock::System });
    let served = async {
        let server =
            HttpServer::new(move || App::new().app_data(witness.clone()).app_data(web::PayloadConfig::new(MAX_BODY)).service(add_checkpoint));
        let running = server.workers(1).listen(listener)?.run();
        eprintln!("witness listening on http://{address}");
        running.await
    };
    actix_web::rt::System::new().block_on(served)?;
    Ok(ExitCode::SUCCESS)
}

struct Witness {
    book: Book,
    signer: passport::log::WitnessSigner,
    logs: Vec<NoteVerifier>,
    clock: Clock,
}

impl Witness {
    /// The line for what was asked, once it is kept.
    fn answer(&self, body: &str) -> Result<String, Unkept> {
        let asked = AddCheckpoint::parse(body)?;
        let keys: Vec<_> = self.logs.iter().filter(|log| log.name() == asked.origin()).cloned().collect();
        if keys.is_empty() {
            return Err(Refusal::UnknownLog.into());
        }
        let text = asked.text().map_err(|_| Refusal::Malformed("the checkpoint is not a signed note"))?;
        self.book.admit(&keys, &asked)?;
        let time = u64::try_from(self.clock.now().unix()).unwrap_or(0);
        Ok(format!("{}\n", self.signer.cosign(&text, time)))
    }
}

#[post("/add-checkpoint")]
async fn add_checkpoint(witness: web::Data<Witness>, body: String) -> HttpResponse {
    // It waits for the disk.
    let answer = web::block(move || witness.answer(&body)).await;
    match answer {
        Ok(Ok(line)) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(line),
        Ok(Err(Unkept::Refused(refusal))) => refused(&refusal),
        Ok(Err(Unkept::Disk(error))) => unavailable(&error),
        Err(error) => unavailable(&error),
    }
}

fn refused(refusal: &Refusal) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    match refusal.size() {
        Some(size) => HttpResponse::build(status).content_type("text/x.tlog.size").body(format!("{size}\n")),
        None => HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(format!("{refusal}\n")),
    }
}

/// Nothing was cosigned that is not kept.
fn unavailable(error: &dyn std::error::Error) -> HttpResponse {
    eprintln!("not cosigned: {error}");
    HttpResponse::ServiceUnavailable().content_type("text/plain; charset=utf-8").body("the witness cannot keep what it sees\n")
}
