//! `haat sandbox`: the offline Stripe by itself, for whoever builds a storefront or tries Stripe's own tools without an account. It moves no
//! money and takes no live key.
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use haat::clock::Clock;
use stripe_sandbox::{Config, Sandbox};

use super::Failure;

#[derive(clap::Args)]
pub struct SandboxArgs {
    /// Where it listens; port 0 takes any that is free.
    #[arg(long, default_value = "127.0.0.1:12111")]
    bind: SocketAddr,
    /// Where webhooks go, over plain HTTP, as http://127.0.0.1:8080/webhooks/stripe; none are sent if absent.
    #[arg(long)]
    webhook_url: Option<String>,
    /// What signs them.
    #[arg(long, default_value = "whsec_sandbox")]
    webhook_secret: String,
    /// Where its objects are kept from one start to the next; forgotten if absent.
    #[arg(long)]
    state_file: Option<PathBuf>,
    /// Where every request, answer and webhook is written, a line of JSON each.
    #[arg(long)]
    recording: Option<PathBuf>,
}

pub fn run(args: &SandboxArgs) -> Result<ExitCode, Failure> {
    let mut told = Config::new(&args.webhook_secret, Arc::new(|| Clock::System.now().unix()));
    told.bind = args.bind;
    told.webhook_url = args.webhook_url.clone();
    told.state_file = args.state_file.clone();
    told.recording = args.recording.clone();
    let sandbox = Sandbox::start(told)?;
    println!("Stripe's API of {}, offline: it takes any key that begins with sk_test_", stripe_sandbox::API_VERSION);
    println!("webhooks are signed with {}", args.webhook_secret);
    // Last: whoever started it may listen no longer.
    println!("listens on {}", sandbox.base_url());
    actix_web::rt::System::new().block_on(stopped())?;
    sandbox.stop();
    Ok(ExitCode::SUCCESS)
}

/// Until somebody says so, by keyboard or by signal.
async fn stopped() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    Ok(())
}
