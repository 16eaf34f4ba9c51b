//! `haat serve`: the API and the worker, until told to stop.
use std::{net::SocketAddr, process::ExitCode};

use actix_web::web;
use haat::{
    app::App,
    clock::Clock,
    config::ServeArgs,
    db::Db,
    jobs::Hint,
    notifications::Mailer,
    payments::Stripe,
    routes,
    secrets::{MasterKey, random},
    telemetry,
};

use super::{
    Failure,
    program::{kept_key, media, migrated, private_dir},
};

pub fn run(args: &ServeArgs) -> Result<ExitCode, Failure> {
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
    actix_web::rt::System::new().block_on(until_stopped(app, args.bind))?;
    drop(cluster);
    Ok(ExitCode::SUCCESS)
}

async fn until_stopped(app: web::Data<App>, bind: SocketAddr) -> std::io::Result<()> {
    let served = app.clone();
    let server = actix_web::HttpServer::new(move || routes::service(served.clone())).bind(bind)?.run();
    eprintln!("listening on http://{bind}");
    work_beside(&app, server).await
}

/// Works through the queue for as long as `server` serves; then the worker finishes the job in hand.
pub async fn work_beside(app: &web::Data<App>, server: impl Future<Output = std::io::Result<()>>) -> std::io::Result<()> {
    let stop = tokio::sync::Notify::new();
    let queue = app.worker();
    let worker = async {
        tokio::select! {
            () = queue.work(app, &stop) => {}
            () = haat::checkout::jobs::keep_sweeping(app) => {}
        }
    };
    let service = async {
        let ended = server.await;
        stop.notify_waiters();
        stop.notify_one();
        ended
    };
    futures_util::join!(service, worker).0
}
