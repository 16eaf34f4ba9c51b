//! What is killed: the program, as a process of its own, and the database under it. Both come back by themselves, as a supervisor would
//! bring them.
use std::{
    fs::File,
    path::PathBuf,
    process::{Child, Command},
    sync::Mutex,
    time::{Duration, Instant},
};

use cluster::{Cluster, Life};

/// A database that keeps what it acknowledged, however it ends; its folder goes with the value.
pub struct Database {
    dir: PathBuf,
    cluster: Mutex<Option<Cluster>>,
}
impl Database {
    pub fn start(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("haat-{name}-{}", std::process::id()));
        let cluster = Cluster::start(&dir, Life::Durable).expect("a private PostgreSQL starts");
        Self { dir, cluster: Mutex::new(Some(cluster)) }
    }
    pub fn url(&self) -> String {
        self.cluster.lock().unwrap().as_ref().unwrap().url("postgres")
    }
    /// The server's processes end where they are, as if the power had gone; then it is started again, and recovers from its log.
    pub fn crash(&self) {
        let mut cluster = self.cluster.lock().unwrap();
        let pid_file = cluster.as_ref().unwrap().data_directory().join("postmaster.pid");
        let pid = std::fs::read_to_string(pid_file).unwrap().lines().next().unwrap().to_owned();
        signal("-QUIT", &pid);
        // Its guard ends when the server has.
        drop(cluster.take());
        *cluster = Some(Cluster::start(&self.dir, Life::Durable).expect("it comes back"));
    }
}
impl Drop for Database {
    fn drop(&mut self) {
        drop(self.cluster.lock().unwrap().take());
        std::fs::remove_dir_all(&self.dir).ok();
    }
}

fn signal(which: &str, pid: &str) {
    assert!(Command::new("kill").args([which, pid]).status().unwrap().success());
}

/// The real program; what it writes goes into a file.
pub struct Program {
    arguments: Vec<String>,
    /// Where it answers, before and after each death.
    pub url: String,
    pub log: PathBuf,
    child: Mutex<Option<Child>>,
}
/// A debug build on a busy machine, with a database that is recovering.
const READY: Duration = Duration::from_secs(30);

impl Program {
    pub fn new(name: &str, database: &str, stripe: &str) -> Self {
        // A free port now is a free port in a moment; it stays the same over all its lives.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let fixed = [
            ("--database-url", database),
            ("--bind", &address),
            ("--stripe-api-base", stripe),
            ("--stripe-secret-key", "sk_test_haat"),
            ("--stripe-webhook-secret", "whsec_test"),
            ("--public-url", "https://haat.example"),
            ("--allowed-origins", "https://shop.example"),
            ("--trusted-proxies", "127.0.0.0/8"),
            ("--pool", "12"),
        ];
        let mut arguments = vec!["serve".to_owned(), "--development".to_owned()];
        arguments.extend(fixed.iter().flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]));
        for (name, byte) in [("--master-key", "07"), ("--log-key", "09")] {
            arguments.extend([name.to_owned(), byte.repeat(32)]);
        }
        let log = std::env::temp_dir().join(format!("haat-{name}-{}.log", std::process::id()));
        File::create(&log).unwrap();
        Self { arguments, url: format!("http://{address}"), log, child: Mutex::new(None) }
    }
    /// Starts it and waits until it answers. One that ends, since its database is not there yet, is started again, as a supervisor does.
    pub fn start(&self) {
        let begun = Instant::now();
        let mut child = self.spawn();
        while std::net::TcpStream::connect(self.url.strip_prefix("http://").unwrap()).is_err() {
            if child.try_wait().unwrap().is_some() {
                child = self.spawn();
            }
            assert!(begun.elapsed() < READY, "it does not start: see {}", self.log.display());
            std::thread::sleep(Duration::from_millis(20));
        }
        *self.child.lock().unwrap() = Some(child);
    }
    fn spawn(&self) -> Child {
        let log = File::options().append(true).open(&self.log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_haat"));
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("RUST_LOG", "warn").args(&self.arguments);
        command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }
    /// SIGKILL, wherever it is.
    pub fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}
impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        if !std::thread::panicking() {
            std::fs::remove_file(&self.log).ok();
        }
    }
}
