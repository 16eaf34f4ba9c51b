//! Why a private cluster does not run: each says what to do.

use std::{
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable `initdb` and `postgres`. `looked_at` names each place, with the version found there if it is too old.
    #[error("{}", no_server(looked_at))]
    NoServer { looked_at: Vec<String> },

    #[error(
        "{} was made by PostgreSQL {made_by}, and this machine has {available}. Install PostgreSQL {made_by} beside it, or move the data \
         over with pg_upgrade or pg_dump, or name another directory",
        data.display()
    )]
    VersionMismatch { data: PathBuf, made_by: u32, available: String },

    #[error(
        "{} is not empty and holds no private PostgreSQL of ours, so it stays untouched: name an empty directory, or one that does not \
         exist yet",
        dir.display()
    )]
    NotOurs { dir: PathBuf },

    #[error(
        "PostgreSQL refuses to run as root, and {account}, which would run it in {}, cannot enter {}: name a directory elsewhere \
         (under /var/lib, for instance), open that one (chmod o+x), or do not run this as root",
        dir.display(),
        closed.display()
    )]
    Closed { dir: PathBuf, closed: PathBuf, account: String },

    #[error(
        "PostgreSQL refuses to run as root, and there is no account postgres or nobody to run it as: make one (useradd --system \
         postgres), or do not run this as root"
    )]
    NoAccount,

    #[error("no home directory: set HOME or XDG_DATA_HOME, or name a data directory")]
    NoHome,

    #[error("another process runs the PostgreSQL in {}: stop it first", dir.display())]
    InUse { dir: PathBuf },

    #[error(
        "a PostgreSQL that we did not start (process {pid}) runs on {0}: stop it with `pg_ctl stop -D {0}`",
        data.display()
    )]
    StartedByHand { data: PathBuf, pid: u32 },

    #[error("{} exists and does not belong to the account that runs PostgreSQL alone: remove it", path.display())]
    SocketFolder { path: PathBuf },

    #[error("PostgreSQL did not get ready in {seconds} s: see {}", log.display())]
    NotReady { seconds: u64, log: PathBuf },

    #[error("PostgreSQL did not start: {said} (its log: {})", log.display())]
    DidNotStart { said: String, log: PathBuf },

    #[error("initdb made no cluster in {}: {said}", data.display())]
    Initdb { data: PathBuf, said: String },

    #[error("PostgreSQL did not stop in order: see {}; the next start recovers its data", log.display())]
    Unclean { log: PathBuf },

    #[error("the server behind this connection keeps its data in {shown}, and ours is in {}: nothing was done", expected.display())]
    OtherServer { expected: PathBuf, shown: String },

    #[error("cannot {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

impl Error {
    /// An input or output error with what was tried and where.
    pub(crate) fn io(doing: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Io { doing, path: path.to_owned(), source: source.into() }
    }
}

fn no_server(looked_at: &[String]) -> String {
    let mut text = format!(
        "No PostgreSQL server programs (initdb and postgres, version {} or newer) were found. They are not started as a service, only \
         used. Install them:\n  \
         Debian, Ubuntu   sudo apt install postgresql\n                   \
         (Ubuntu 22.04 and older have version 14: see https://www.postgresql.org/download/linux/ubuntu/)\n  \
         Fedora           sudo dnf install postgresql-server postgresql-contrib\n  \
         Arch             sudo pacman -S postgresql\n  \
         macOS            brew install postgresql@17\n\
         or set PG_BINDIR to the directory that holds them.",
        crate::programs::OLDEST
    );
    if !looked_at.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, " Looked at: {}.", looked_at.join(", "));
    }
    text
}
