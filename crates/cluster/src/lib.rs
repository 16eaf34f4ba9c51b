//! A private PostgreSQL in a directory of its own, for the demo, for `--data-dir` and for the tests.
//!
//! What holds:
//! - **One server per directory.** Whoever starts it takes `cluster.lock`; a second process attaches through the socket and never
//!   stops it.
//! - **No server outlives its starter**, however the starter ends (return, panic, `kill -9`): a guard process holds the reading end
//!   of a pipe whose writing end is ours, and stops the server when the pipe closes.
//! - **No guess about a server left over.** The server holds `server.lock` for as long as one of its processes lives, so a
//!   `postmaster.pid` found while that lock is free is stale and is removed.
//! - **No half-made cluster.** `initdb` works beside the data and its result is renamed into place.
//! - **No foreign directory is touched**: it must be absent, empty, or hold our lock file.
//! - **No network.** The server listens on a unix socket in a folder that only its account can enter.
//! - **No server as root.** Root runs it as the directory's owner, or as `postgres`, or as `nobody`.
//!
//! Programs are found by [`bin_dir`]; the server's log is `postgres.log` in the directory.

mod error;
mod guard;
mod initdb;
mod pidfile;
mod place;
mod programs;

use std::{
    fs::File,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub use error::Error;
pub use place::default_dir;
pub use programs::bin_dir;

use guard::Guard;
use pidfile::PidFile;
use place::Place;

/// How often we look whether something has happened: short, because a start takes about 100 ms and people wait for it.
const POLL: Duration = Duration::from_millis(5);

/// Longest wait for a server to get ready or to go away. Recovery after a power loss replays at most `max_wal_size` (1 GB).
const PATIENCE: Duration = Duration::from_secs(60);

/// How long [`Cluster::start`] waits for a lock: a guard whose starter was just killed needs about 100 ms to stop its server.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// The superuser of every private cluster.
const SUPERUSER: &str = "haat";

/// What becomes of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It stays, and what was committed survives a power loss.
    Durable,
    /// It is removed when its starter ends. Nothing is synchronised to disk and nothing is vacuumed: for tests.
    UntilWeEnd,
}

/// A running server: ours to stop ([`Cluster::owned`]), or another process's that we use.
#[derive(Debug)]
pub struct Cluster {
    data: PathBuf,
    socket_dir: PathBuf,
    guard: Option<Guard>,
}

impl Cluster {
    /// Starts a server in `dir`, making the directory and the cluster if they are absent, and owns it.
    ///
    /// # Errors
    /// [`Error::InUse`] if another process runs it; otherwise whatever keeps a server from running, each with its remedy.
    pub fn start(dir: &Path, life: Life) -> Result<Self, Error> {
        let begun = Instant::now();
        let mut place = Place::claim(dir)?;
        loop {
            if let Some(lock) = place.lock(place::CLUSTER_LOCK)? {
                return Self::begin(&place, lock, life);
            }
            if begun.elapsed() > LOCK_PATIENCE {
                return Err(Error::InUse { dir: place.dir });
            }
            std::thread::sleep(POLL);
            place = place.reclaimed()?;
        }
    }

    /// Uses the server that runs in `dir`, or starts a [`Life::Durable`] one. Of any number of processes that call this at once
    /// exactly one starts and owns it. An attached server ends with its starter.
    ///
    /// # Errors
    /// As [`Cluster::start`], and [`Error::NotReady`] if another process holds the directory and its server never answers.
    pub fn attach_or_start(dir: &Path) -> Result<Self, Error> {
        let begun = Instant::now();
        let mut place = Place::claim(dir)?;
        loop {
            if let Some(lock) = place.lock(place::CLUSTER_LOCK)? {
                return Self::begin(&place, lock, Life::Durable);
            }
            if let Some(socket_dir) = PidFile::read(&place.data()).filter(PidFile::ready).and_then(|it| it.answering()) {
                return Ok(Self { data: place.data(), socket_dir, guard: None });
            }
            if begun.elapsed() > PATIENCE {
                return Err(Error::NotReady { seconds: PATIENCE.as_secs(), log: place.log() });
            }
            std::thread::sleep(POLL);
            place = place.reclaimed()?;
        }
    }

    /// We hold the directory's lock: see that no server is left, make the cluster if there is none, run it.
    fn begin(place: &Place, lock: File, life: Life) -> Result<Self, Error> {
        let server_lock = clear_leftovers(place)?;
        let bin = initdb::ensure(place, &lock, life)?;
        let socket_dir = place.socket_dir()?;
        let guard = Guard::spawn(place, &bin, &socket_dir, lock, server_lock, life)?;
        guard.wait_ready(place).map(|guard| Self { data: place.data(), socket_dir, guard: Some(guard) })
    }

    /// Whether we started this server and it ends with us.
    #[must_use]
    pub fn owned(&self) -> bool {
        self.guard.is_some()
    }

    /// The connection URL of a database, as the cluster's superuser, for libpq-style clients that take a percent-encoded socket
    /// folder as host.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let host = percent_encoded(self.socket_dir.as_os_str().as_encoded_bytes());
        format!("postgres://{SUPERUSER}@{host}/{}", percent_encoded(database.as_bytes()))
    }

    /// The folder of the server's socket (`.s.PGSQL.5432`).
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The data directory our server must name when asked `SHOW data_directory`.
    #[must_use]
    pub fn data_directory(&self) -> &Path {
        &self.data
    }

    /// Proves that a connection leads to this cluster: `shown` is what the server behind it answered to `SHOW data_directory`.
    /// To be called before `CREATE DATABASE`, `DROP DATABASE` or anything else that only a superuser may do.
    ///
    /// # Errors
    /// [`Error::OtherServer`] if it is any other server.
    pub fn verify_ours(&self, shown: &str) -> Result<(), Error> {
        if Path::new(shown) == self.data {
            return Ok(());
        }
        Err(Error::OtherServer { expected: self.data.clone(), shown: shown.to_owned() })
    }

    /// Stops the server if it is ours and waits until it is gone, with its directory if it lived [`Life::UntilWeEnd`]. Dropping
    /// does the same and says nothing. An attached server runs on.
    ///
    /// # Errors
    /// [`Error::Unclean`] if the server did not end in order (its data is safe: the next start recovers it).
    pub fn stop(mut self) -> Result<(), Error> {
        self.guard.take().map_or(Ok(()), Guard::stop)
    }
}

/// Waits for the end of a server that lost its guard, removes what a killed one left, and returns the server's lock.
fn clear_leftovers(place: &Place) -> Result<File, Error> {
    let begun = Instant::now();
    let lock = loop {
        if let Some(lock) = place.lock(place::SERVER_LOCK)? {
            break lock;
        }
        // The processes of a killed server end by themselves; one that runs on without a guard is told to, by its own account.
        if let Some(left) = PidFile::read(&place.data()) {
            place.interrupt(left.pid)?;
        }
        if begun.elapsed() > PATIENCE {
            return Err(Error::InUse { dir: place.dir.clone() });
        }
        std::thread::sleep(POLL);
    };
    let Some(left) = PidFile::read(&place.data()) else { return Ok(lock) };
    if left.answering().is_some() {
        return Err(Error::StartedByHand { data: place.data(), pid: left.pid });
    }
    let path = PidFile::path(&place.data());
    std::fs::remove_file(&path).map_err(|e| Error::io("remove", &path, e))?;
    Ok(lock)
}

/// Whether a server accepts connections in this socket folder.
fn answers(socket_dir: &Path) -> bool {
    UnixStream::connect(socket_dir.join(place::SOCKET)).is_ok()
}

fn percent_encoded(bytes: &[u8]) -> String {
    let one = |b: &u8| if b.is_ascii_alphanumeric() { char::from(*b).to_string() } else { format!("%{b:02X}") };
    bytes.iter().map(one).collect()
}
