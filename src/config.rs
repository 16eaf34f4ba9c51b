//! Every setting, read once, parsed into types. Secrets never print.
use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::{
    edge::{self, Network, Places, Rates, Times},
    secrets::{self, MasterKey},
};

/// Flags, environment and help of `haat serve` and of every command that works on a database.
#[derive(Clone, clap::Args)]
pub struct DatabaseArgs {
    /// PostgreSQL 15 or newer, e.g. postgres://haat:…@db/haat.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A private PostgreSQL in this directory; attached to if it runs, started if not.
    #[arg(long, env = "HAAT_DATA_DIR", conflicts_with = "database_url")]
    pub data_dir: Option<PathBuf>,
    /// The demo's own private PostgreSQL.
    #[arg(long, conflicts_with_all = ["database_url", "data_dir"])]
    pub demo: bool,
}

#[derive(Clone, clap::Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Where to listen.
    #[arg(long, env = "HAAT_BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// Where the world reaches this service: links in mails and tags start with it.
    #[arg(long, env = "HAAT_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// 64 hexadecimal digits; wraps signing keys, subject keys and payout details. Losing it loses them.
    #[arg(long, env = "HAAT_MASTER_KEY", hide_env_values = true)]
    pub master_key: Option<String>,
    /// 64 hexadecimal digits: the key of the public log, apart from all others. `haat log key` makes one.
    #[arg(long, env = "HAAT_LOG_KEY", hide_env_values = true)]
    pub log_key: Option<String>,
    /// The key that the log had before, while it changes (`haat log key rotate`): both sign.
    #[arg(long, env = "HAAT_LOG_KEY_OLD", hide_env_values = true)]
    pub log_key_old: Option<String>,
    /// A file that names the witnesses of the public log and where they are asked, and how many are enough (C2SP tlog-policy).
    #[arg(long, env = "HAAT_LOG_POLICY")]
    pub log_policy: Option<PathBuf>,
    #[arg(long, env = "STRIPE_SECRET_KEY", hide_env_values = true)]
    pub stripe_secret_key: Option<String>,
    /// One or more, separated by commas, while a secret is being rotated.
    #[arg(long, env = "STRIPE_WEBHOOK_SECRET", hide_env_values = true)]
    pub stripe_webhook_secret: Option<String>,
    #[arg(long, env = "STRIPE_API_BASE", default_value = "https://api.stripe.com")]
    pub stripe_api_base: String,
    /// smtp://, smtps:// or smtp://user:password@host:587?tls=required
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Which account payouts by bank file leave, for files that name it (pain.001): "Name; IBAN; BIC".
    #[arg(long, env = "HAAT_PAYOUT_ACCOUNT")]
    pub payout_account: Option<String>,
    /// Sender of every mail.
    #[arg(long, env = "MAIL_FROM", default_value = "Haat <haat@localhost>")]
    pub mail_from: String,
    /// Where pictures are kept: a folder, or s3://bucket (with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT).
    #[arg(long, env = "HAAT_MEDIA")]
    pub media: Option<String>,
    /// Pictures may be fetched from this machine itself: for development, refused in production.
    #[arg(long, env = "HAAT_FETCH_LOOPBACK")]
    pub fetch_loopback: bool,
    /// Web origins, besides the public URL, that may call the API and be returned to after checkout; comma-separated.
    #[arg(long, env = "HAAT_ALLOWED_ORIGINS", default_value = "")]
    pub allowed_origins: String,
    /// Development mode starts without SMTP, webhook secret and public URL, and says so.
    #[arg(long, env = "HAAT_DEVELOPMENT")]
    pub development: bool,
    /// Proxies in front, by address or network (10.0.0.0/8), comma-separated: what they say in X-Forwarded-For is believed, and nobody else.
    #[arg(long, env = "HAAT_TRUSTED_PROXIES", default_value = "")]
    pub trusted_proxies: String,
    /// Where Prometheus reads /metrics: a listener of its own, never in front of the public. Off if absent.
    #[arg(long, env = "HAAT_METRICS_BIND")]
    pub metrics_bind: Option<SocketAddr>,
    /// Leave the queue to `haat worker`, which runs beside this.
    #[arg(long, env = "HAAT_WITHOUT_WORKER")]
    pub without_worker: bool,
    /// Connections for requests; jobs have as many again. About twice the cores.
    #[arg(long, env = "HAAT_POOL", default_value_t = 8)]
    pub pool: usize,
    /// How many seconds after SIGTERM open requests and jobs in hand may take; it has ended five seconds later in any case.
    #[arg(long, env = "HAAT_DRAIN_SECONDS", default_value_t = 25)]
    pub drain_seconds: u64,
}

/// What the running service knows of its settings.
#[derive(Clone, Debug)]
pub struct Config {
    pub public_url: String,
    pub allowed_origins: Vec<String>,
    pub production: bool,
    /// A demonstration's world: pages say that its people are invented.
    pub invented: bool,
    pub mail_from: String,
    pub webhook_secrets: Vec<Secret>,
    /// Which account payouts by bank file leave, for files that name it.
    pub payout_account: Option<bankfiles::Debtor>,
}

/// Prints as dots.
#[derive(Clone)]
pub struct Secret(pub String);
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("production mode needs {}; or start with --development", .0.join(", "))]
    Missing(Vec<&'static str>),
    #[error("HAAT_MASTER_KEY must be 64 hexadecimal digits (make one with: openssl rand -hex 32)")]
    MasterKey,
    #[error("HAAT_LOG_KEY and HAAT_LOG_KEY_OLD must be 64 hexadecimal digits (make one with: haat log key)")]
    LogKey,
    #[error("{0} is for development only")]
    DevelopmentOnly(&'static str),
    #[error("HAAT_PAYOUT_ACCOUNT must be a name, an IBAN and perhaps a BIC, with semicolons between them")]
    PayoutAccount,
    #[error("HAAT_TRUSTED_PROXIES: {0}")]
    Proxies(String),
    #[error("{0} is not an http or https URL: {1}")]
    Url(&'static str, String),
}

impl ServeArgs {
    /// Refuses what production cannot do without, naming all of it at once.
    pub fn config(&self) -> Result<Config, Error> {
        let needed = [
            ("HAAT_PUBLIC_URL", self.public_url.is_some()),
            ("HAAT_MASTER_KEY", self.master_key.is_some()),
            ("HAAT_LOG_KEY", self.log_key.is_some()),
            ("STRIPE_SECRET_KEY", self.stripe_secret_key.is_some()),
            ("STRIPE_WEBHOOK_SECRET", self.stripe_webhook_secret.is_some()),
            ("SMTP_URL", self.smtp_url.is_some()),
            ("HAAT_MEDIA", self.media.is_some()),
        ];
        let missing: Vec<_> = needed.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect();
        if !self.development && !missing.is_empty() {
            return Err(Error::Missing(missing));
        }
        if !self.development && self.fetch_loopback {
            return Err(Error::DevelopmentOnly("HAAT_FETCH_LOOPBACK"));
        }
        let public_url = self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.bind));
        if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
            return Err(Error::Url("HAAT_PUBLIC_URL", public_url));
        }
        let list = |text: &str| text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(ToOwned::to_owned).collect::<Vec<_>>();
        Ok(Config {
            public_url: public_url.trim_end_matches('/').to_owned(),
            allowed_origins: list(&self.allowed_origins),
            production: !self.development,
            invented: self.database.demo,
            mail_from: self.mail_from.clone(),
            webhook_secrets: list(self.stripe_webhook_secret.as_deref().unwrap_or_default()).into_iter().map(Secret).collect(),
            payout_account: self.payout_account.as_deref().map(|text| bankfiles::Debtor::parse(text).ok_or(Error::PayoutAccount)).transpose()?,
        })
    }
    pub fn edge(&self) -> Result<edge::Settings, Error> {
        let proxies = self.trusted_proxies.split(',').map(str::trim).filter(|s| !s.is_empty());
        let proxies = proxies.map(str::parse).collect::<Result<Vec<Network>, String>>().map_err(Error::Proxies)?;
        let times = Times { drain: Duration::from_secs(self.drain_seconds), ..Times::default() };
        Ok(edge::Settings { times, proxies, rates: Rates::default(), places: Places::for_pool(self.pool) })
    }
    /// The seed of the public log's key.
    pub fn log_key_old(&self) -> Result<Option<[u8; 32]>, Error> {
        self.log_key_old.as_deref().map(|text| secrets::from_hex(text).ok_or(Error::LogKey)).transpose()
    }
    pub fn log_key(&self) -> Result<Option<[u8; 32]>, Error> {
        self.log_key.as_deref().map(|text| secrets::from_hex(text).ok_or(Error::LogKey)).transpose()
    }
    pub fn master_key(&self) -> Result<Option<MasterKey>, Error> {
        self.master_key.as_deref().map(|text| MasterKey::parse(text).ok_or(Error::MasterKey)).transpose()
    }
}

impl Config {
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }
}
