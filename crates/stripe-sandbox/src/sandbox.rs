//! A running sandbox: its own thread, so that it serves whatever the caller's runtime is doing.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{App, HttpServer, rt};
use tokio::sync::Semaphore;

use crate::control::Control;
use crate::deliveries::Deliveries;
use crate::recording::Recording;
use crate::server::{Shared, api, remember_socket};
use crate::state::State;
use crate::{Config, pages, sandbox_api, webhooks};

/// How often time passes when nobody asks for anything: sessions expire, the state file is written.
const TICK: Duration = Duration::from_millis(500);

/// The largest request: a session of 100 lines is some 30 KiB.
const MAX_REQUEST_BYTES: usize = 512 * 1024;

/// Longer than any client keeps an idle connection, so that the server is never the one that closes it under a request.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

/// A running sandbox. It stops when it is dropped.
pub struct Sandbox {
    base_url: String,
    control: Control,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Listens before it returns. Fails when the address is taken or the state file cannot be read.
    pub fn start(config: Config) -> io::Result<Sandbox> {
        let listener = TcpListener::bind(config.bind)?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let state = load(&config)?;
        let http = http_client()?;
        let recording = Recording::open(config.recording.as_deref())?;
        let public_url = config.public_url.clone().unwrap_or_else(|| base_url.clone());
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().name("stripe-sandbox".to_owned()).spawn(move || {
            rt::System::new().block_on(async move {
                let shared = Arc::new(Shared {
                    config,
                    public_url: public_url.trim_end_matches('/').to_owned(),
                    state: Mutex::new(state),
                    http,
                    recording,
                    runtime: tokio::runtime::Handle::current(),
                    deliveries: Deliveries::new(),
                    gate: Semaphore::new(0),
                });
                serve(listener, shared, &sender).await;
            });
        })?;
        let (shared, server) = receiver.recv().map_err(|_| io::Error::other("the sandbox's server did not start"))??;
        Ok(Sandbox { base_url, control: Control::new(shared), server, thread: Some(thread) })
    }

    /// What a Stripe client is given as its base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The hand that plays buyers, banks and Stripe itself.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Stops at once: requests under way are cut off, the state file is written.
    pub fn stop(self) {}
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The order is given by the call itself; the future only waits, and the thread's end is waited for instead.
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

type Started = io::Result<(Arc<Shared>, ServerHandle)>;

async fn serve(listener: TcpListener, shared: Arc<Shared>, started: &mpsc::Sender<Started>) {
    let data = Data::from(Arc::clone(&shared));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(PayloadConfig::new(MAX_REQUEST_BYTES))
            .configure(pages::routes)
            .configure(sandbox_api::routes)
            .default_service(web::to(api))
    })
    .on_connect(remember_socket)
    .keep_alive(KEEP_ALIVE)
    .workers(1)
    .disable_signals()
    .listen(listener);
    let server = match server {
        Ok(server) => server.run(),
        Err(error) => {
            // Nobody waits any more only if the caller's thread died.
            let _ = started.send(Err(error));
            return;
        }
    };
    let _ = started.send(Ok((Arc::clone(&shared), server.handle())));
    redeliver_unfinished(&shared);
    let ticking = rt::spawn(tick(Arc::clone(&shared)));
    // It ends when it is told to; a worker's failure has been printed.
    let _ = server.await;
    ticking.abort();
    store(&shared);
}

/// Webhooks that a former run did not get rid of.
fn redeliver_unfinished(shared: &Arc<Shared>) {
    let unfinished = {
        let state = shared.lock();
        let untaken = state.events.values().filter(|event| event.pending_webhooks > 0 && !state.withheld.contains(&event.id));
        untaken.map(|event| (event.id.clone(), Duration::ZERO)).collect()
    };
    webhooks::spawn_after_answer(shared, unfinished);
}

async fn tick(shared: Arc<Shared>) {
    loop {
        rt::time::sleep(TICK).await;
        let ((), batch) = shared.change(None, |_, _| ());
        webhooks::spawn_after_answer(&shared, batch);
        store(&shared);
    }
}

fn load(config: &Config) -> io::Result<State> {
    let file = config.state_file.as_deref().filter(|path| path.exists());
    let mut state = match file {
        Some(path) => serde_json::from_slice(&std::fs::read(path)?)
            .map_err(|e| io::Error::other(format!("{} is not a sandbox's state: {e}", path.display())))?,
        None => State::new(seed()),
    };
    state.webhook_url = config.webhook_url.clone();
    Ok(state)
}

/// Differs from run to run; it keeps ids apart and guards nothing.
fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}

/// Writes the state file if it is behind: beside it first, then over it, so that it is always whole.
fn store(shared: &Shared) {
    let Some(path) = shared.config.state_file.as_deref() else {
        return;
    };
    let bytes = {
        let mut state = shared.lock();
        if !std::mem::take(&mut state.dirty) {
            return;
        }
        serde_json::to_vec(&*state)
    };
    let written = bytes.map_err(io::Error::other).and_then(|bytes| replace(path, &bytes));
    if let Err(error) = written {
        shared.lock().dirty = true;
        eprintln!("stripe-sandbox: {} could not be written: {error}", path.display());
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, bytes)?;
    std::fs::rename(beside, path)
}

/// Webhooks go over plain HTTP, so no certificate is ever trusted.
fn http_client() -> io::Result<reqwest::Client> {
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).redirect(reqwest::redirect::Policy::none());
    builder.build().map_err(io::Error::other)
}
