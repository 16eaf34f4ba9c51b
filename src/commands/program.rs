//! From flags to the parts of a running program: the database and who stops it, the master key, the media store.
use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use cluster::{Cluster, default_dir};
use haat::{
    clock::Time,
    config::{DatabaseArgs, ServeArgs},
    db::{Db, migrate},
    log::{Log, LogKey},
    media::{MediaStore, Reach},
    provenance::credentials::state_documents,
    secrets::{self, MasterKey, random},
};

use super::Failure;

/// Where the private cluster of these flags lives, if they name one.
pub fn private_dir(args: &DatabaseArgs) -> Result<Option<PathBuf>, Failure> {
    match (&args.data_dir, args.demo) {
        (Some(dir), _) => Ok(Some(dir.clone())),
        (None, true) => Ok(Some(default_dir("demo")?)),
        (None, false) => Ok(None),
    }
}

/// A file or folder that belongs to a private cluster's directory: beside it, since inside it the server's own account could read it.
pub fn beside(dir: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}.{end}", dir.display().to_string().trim_end_matches('/')))
}

/// A private cluster's master key, made once.
pub fn kept_key(dir: &Path) -> Result<MasterKey, Failure> {
    Ok(MasterKey::new(kept_secret(&beside(dir, "key"))?))
}
/// The ends of the files that a private cluster's public log has its key in, and while it changes, the one before.
pub const LOG_KEY: &str = "log-key";
pub const LOG_KEY_OLD: &str = "log-key-old";

/// The key of a private cluster's public log, made once.
pub fn kept_log_key(dir: &Path) -> Result<LogKey, Failure> {
    let old = beside(dir, LOG_KEY_OLD);
    let old = if old.exists() { Some(kept_secret(&old)?) } else { None };
    Ok(LogKey::new(kept_secret(&beside(dir, LOG_KEY))?).after(old))
}
/// The log, with the documents in it that say whose keys there are.
pub async fn opened_log(db: &Db, now: Time, keys: &MasterKey, key: &LogKey, public_url: &str) -> Result<Log, Failure> {
    let log = Log::open(db, now, key, public_url).await?;
    state_documents(db, now, keys, public_url, log.verifiers()).await?;
    Ok(log)
}
/// A secret in a file of its own, which only its owner may read; made once.
pub fn kept_secret(path: &Path) -> Result<[u8; 32], Failure> {
    if let Ok(text) = std::fs::read_to_string(path) {
        return secrets::from_hex(&text).ok_or_else(|| format!("{} does not hold a key", path.display()).into());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let secret = random();
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secrets::to_hex(&secret).as_bytes())?;
    // What is signed with it may outlive a power cut.
    file.sync_all()?;
    Ok(secret)
}

/// The database that the flags name, migrated; the cluster lives as long as the value.
pub fn migrated(args: &DatabaseArgs) -> Result<(Option<Cluster>, String), Failure> {
    let (cluster, url) = match (&args.database_url, private_dir(args)?) {
        (Some(url), _) => (None, url.clone()),
        (None, Some(dir)) => private(&dir)?,
        (None, None) => return Err("which database? Give DATABASE_URL, --data-dir DIR or --demo".into()),
    };
    for name in migrate::up(&url)? {
        eprintln!("applied {name}");
    }
    Ok((cluster, url))
}

/// The private cluster in `dir`, attached to or started.
pub fn private(dir: &Path) -> Result<(Option<Cluster>, String), Failure> {
    let cluster = Cluster::attach_or_start(dir)?;
    let url = cluster.url("postgres");
    Ok((Some(cluster), url))
}

/// Where pictures are kept: as told, beside a private cluster, or nowhere for long.
pub fn media(args: &ServeArgs) -> Result<MediaStore, Failure> {
    let reach = if args.fetch_loopback { Reach::PublicAndOwn } else { Reach::Public };
    let kept = private_dir(&args.database)?.map(|dir| beside(&dir, "media").display().to_string());
    match args.media.clone().or(kept) {
        Some(place) => Ok(MediaStore::open(&place, reach)?),
        None => {
            eprintln!("no HAAT_MEDIA: pictures are kept in memory, and are gone when this run ends");
            Ok(MediaStore::memory(reach)?)
        }
    }
}
