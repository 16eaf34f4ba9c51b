//! `haat doctor`: everything this program stands on, one line each, with what to do about what is wrong.
use std::{
    path::Path,
    process::{Command, ExitCode},
    time::Duration,
};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;
use haat::{
    clock::Clock,
    config::ServeArgs,
    db::{Db, migrate},
    log::{Log, LogKey},
    media::{MediaStore, Reach},
    notifications::Mailer,
    payments::Stripe,
    problem::Chain,
    provenance,
    secrets::{MasterKey, from_hex},
};

use super::{
    Failure,
    program::{LOG_KEY, LOG_KEY_OLD, beside, private, private_dir},
};

/// Tokens and signatures are good for minutes: Stripe's for five. Half a minute is far from that and above any clock that is kept.
const MAX_SKEW_SECONDS: i64 = 30;
/// Below this a day of pictures, logs and write-ahead log may not fit.
const MIN_FREE_MIB: u64 = 1024;
const MIN_VERSION: i64 = 150_000;
/// Nothing here is worth waiting longer for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was looked at, and how it is; or what is wrong, and what to do.
struct Finding {
    what: &'static str,
    outcome: Result<String, (String, &'static str)>,
}
impl Finding {
    fn well(what: &'static str, how: impl Into<String>) -> Self {
        Self { what, outcome: Ok(how.into()) }
    }
    fn ill(what: &'static str, why: impl Into<String>, remedy: &'static str) -> Self {
        Self { what, outcome: Err((why.into(), remedy)) }
    }
}

/// Exits 0 if all is well, 1 if anything is not.
pub fn command(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let dir = private_dir(&args.database)?;
    let cluster = dir.as_deref().map(private).transpose()?;
    actix_web::rt::System::new().block_on(run(args, cluster.as_ref().map(|(_, url)| url.as_str()), dir.as_deref()))
}

async fn run(args: &ServeArgs, private_url: Option<&str>, private_dir: Option<&Path>) -> Result<ExitCode, Failure> {
    let url = args.database.database_url.as_deref().or(private_url);
    let mut findings = vec![settings(args)];
    findings.extend(database(url, args, private_dir).await);
    findings.push(mail(args).await);
    findings.extend(stripe(args).await);
    findings.push(public_url(args).await);
    findings.push(media(args, private_dir).await);
    findings.push(disk(private_dir.unwrap_or(Path::new("."))));
    for Finding { what, outcome } in &findings {
        match outcome {
            Ok(how) => println!("ok    {what:<12}  {how}"),
            Err((why, remedy)) => println!("WRONG {what:<12}  {why}\n      {:<12}  → {remedy}", ""),
        }
    }
    let wrong = findings.iter().filter(|f| f.outcome.is_err()).count();
    println!("{}", if wrong == 0 { "all is well".to_owned() } else { format!("{wrong} of {} need attention", findings.len()) });
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn settings(args: &ServeArgs) -> Finding {
    let checked = args.config().and_then(|config| args.edge().map(|_| config)).and_then(|config| args.master_key().map(|_| config));
    match checked {
        Ok(config) if config.production => Finding::well("settings", "complete for production"),
        Ok(_) => Finding::well("settings", "development"),
        Err(error) => Finding::ill("settings", error.to_string(), "set what is named; `haat serve --help` says what each is"),
    }
}

#[derive(QueryableByName)]
struct Server {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    clock: i64,
}
/// The server's own clock is what is asked for here.
const SERVER: &str = "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::bigint AS number,
    extract(epoch FROM clock_timestamp())::bigint AS clock";

async fn database(url: Option<&str>, args: &ServeArgs, private_dir: Option<&Path>) -> Vec<Finding> {
    let Some(url) = url else { return vec![Finding::ill("database", "none is named", "give DATABASE_URL, --data-dir DIR or --demo")] };
    let asked = async {
        let db = Db::connect(url, 1);
        let mut conn = db.conn().await?;
        diesel::sql_query(SERVER).get_result::<Server>(&mut *conn).await.map_err(haat::db::DbError::from)
    };
    let server = match asked.await {
        Ok(server) => server,
        Err(error) => return vec![Finding::ill("database", Chain(&error).to_string(), "start PostgreSQL, or correct DATABASE_URL")],
    };
    let version = if server.number >= MIN_VERSION {
        Finding::well("database", format!("PostgreSQL {}", server.version))
    } else {
        Finding::ill("database", format!("PostgreSQL {}", server.version), "move to PostgreSQL 15 or newer")
    };
    vec![version, migrations(url), clocks(server.clock), keys(url, args, private_dir).await, log(url, args, private_dir).await]
}

fn migrations(url: &str) -> Finding {
    match migrate::pending(url) {
        Ok(pending) if pending.is_empty() => Finding::well("migrations", "none is pending"),
        Ok(pending) => Finding::ill("migrations", format!("{} pending: {}", pending.len(), pending.join(", ")), "run `haat migrate`"),
        Err(error) => Finding::ill("migrations", error.to_string(), "run `haat migrate` and read what it says"),
    }
}

fn clocks(server: i64) -> Finding {
    let skew = Clock::System.now().unix() - server;
    if skew.abs() <= MAX_SKEW_SECONDS {
        Finding::well("clocks", format!("{skew} s apart from the database's"))
    } else {
        Finding::ill("clocks", format!("{skew} s apart from the database's"), "keep the time on both machines (chrony, systemd-timesyncd)")
    }
}

/// The key opens what was sealed before, if anything was.
async fn keys(url: &str, args: &ServeArgs, private_dir: Option<&Path>) -> Finding {
    let given = match (args.master_key(), private_dir) {
        (Ok(Some(keys)), _) => Some(keys),
        (_, Some(dir)) => std::fs::read_to_string(beside(dir, "key")).ok().and_then(|text| MasterKey::parse(&text)),
        _ => None,
    };
    let Some(keys) = given else {
        return Finding::ill(
            "master key",
            "there is none",
            "set HAAT_MASTER_KEY to the one this database was written with (new: openssl rand -hex 32)",
        );
    };
    let tried = async { provenance::keys_open(&mut *Db::connect(url, 1).conn().await?, &keys).await };
    match tried.await {
        Ok(Some(true)) => Finding::well("master key", "opens what was sealed"),
        Ok(None) => Finding::well("master key", "is one; nothing was sealed yet"),
        Ok(Some(false)) => {
            Finding::ill("master key", "does not open what was sealed", "set HAAT_MASTER_KEY to the one this database was written with")
        }
        Err(error) => Finding::ill("master key", Chain(&error).to_string(), "bring the database to this version first: `haat migrate`"),
    }
}

/// The key signed the newest checkpoint, and the tiles have its root.
async fn log(url: &str, args: &ServeArgs, private_dir: Option<&Path>) -> Finding {
    let kept = |end: &str| std::fs::read_to_string(beside(private_dir?, end)).ok().and_then(|text| from_hex(&text));
    let Some(seed) = args.log_key().ok().flatten().or_else(|| kept(LOG_KEY)) else {
        return if args.development {
            Finding::well("public log", "stands still without HAAT_LOG_KEY (development)")
        } else {
            Finding::ill("public log", "there is no key", "set HAAT_LOG_KEY to the one this log was begun with (new: haat log key)")
        };
    };
    let old = args.log_key_old().ok().flatten().or_else(|| kept(LOG_KEY_OLD));
    let tried = async { Log::found(&mut *Db::connect(url, 1).conn().await?, &LogKey::new(seed).after(old)).await };
    match tried.await {
        Ok(Some(log)) => Finding::well("public log", format!("{} is whole, and this is its key", log.verifier().name())),
        Ok(None) => Finding::well("public log", "is not begun yet"),
        Err(error) => Finding::ill(
            "public log",
            Chain(&error).to_string(),
            "set HAAT_LOG_KEY to the one this log was begun with; if it is, see `haat log verify`",
        ),
    }
}

async fn mail(args: &ServeArgs) -> Finding {
    let Some(url) = &args.smtp_url else {
        return if args.development {
            Finding::well("mail", "kept in memory (development)")
        } else {
            Finding::ill("mail", "no server is named", "set SMTP_URL")
        };
    };
    let remedy = "correct SMTP_URL (smtp://user:password@host:587?tls=required), or open the way to that port";
    let greeted = async { Mailer::smtp(url).map_err(|e| Chain(&e).to_string())?.greet().await };
    match tokio::time::timeout(PATIENCE, greeted).await {
        Ok(Ok(())) => Finding::well("mail", "the server answers and takes our credentials"),
        Ok(Err(why)) => Finding::ill("mail", why, remedy),
        Err(_) => Finding::ill("mail", "the server does not answer", remedy),
    }
}

async fn stripe(args: &ServeArgs) -> Vec<Finding> {
    let Some(key) = &args.stripe_secret_key else {
        return if args.development { Vec::new() } else { vec![Finding::ill("payments", "no key", "set STRIPE_SECRET_KEY")] };
    };
    let client = match Stripe::new(key, &args.stripe_api_base) {
        Ok(client) => client.with_timeout(PATIENCE),
        Err(error) => return vec![Finding::ill("payments", error.to_string(), "set STRIPE_SECRET_KEY to a secret key, sk_live_… or sk_test_…")],
    };
    let mode = match (client.is_live(), args.development) {
        (true, true) => Finding::ill("payment mode", "a live key in development: real money would move", "use a test key, or leave --development"),
        (true, false) => Finding::well("payment mode", "live"),
        (false, _) => Finding::well("payment mode", "test: no money moves"),
    };
    let reached = match client.balance().await {
        Ok(_) => Finding::well("payments", format!("{} answers", args.stripe_api_base)),
        Err(error) => Finding::ill("payments", error.to_string(), "check the key at dashboard.stripe.com/apikeys, and the way to api.stripe.com"),
    };
    vec![mode, reached]
}

/// Whoever rings our webhook comes by the public address.
async fn public_url(args: &ServeArgs) -> Finding {
    let remedy = "start `haat serve`, and lead HAAT_PUBLIC_URL to it: webhooks, links in mails and tags arrive there";
    let Ok(config) = args.config() else { return Finding::ill("public URL", "not known while settings are missing", "set HAAT_PUBLIC_URL") };
    let url = config.link("/health/ready");
    let asked = async {
        let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
        client.get(&url).send().await
    };
    match asked.await {
        Ok(answer) if answer.status().is_success() => Finding::well("public URL", format!("{} answers, and webhooks reach it", config.public_url)),
        Ok(answer) => Finding::ill("public URL", format!("{url} answers {}", answer.status().as_u16()), remedy),
        Err(error) => Finding::ill("public URL", Chain(&error).to_string(), remedy),
    }
}

async fn media(args: &ServeArgs, private_dir: Option<&Path>) -> Finding {
    let beside = private_dir.map(|dir| format!("{}.media", dir.display().to_string().trim_end_matches('/')));
    let Some(place) = args.media.clone().or(beside) else {
        return if args.development {
            Finding::well("pictures", "kept in memory (development)")
        } else {
            Finding::ill("pictures", "no place is named", "set HAAT_MEDIA to a folder or s3://bucket")
        };
    };
    let written = async {
        let store = MediaStore::open(&place, Reach::Public).map_err(|e| Chain(&e).to_string())?;
        store.probe().await.map_err(|e| Chain(&e).to_string())
    };
    match written.await {
        Ok(()) => Finding::well("pictures", format!("{place} can be written, read and cleared")),
        Err(why) => {
            Finding::ill("pictures", format!("{place}: {why}"), "let the account that runs haat write there; for S3 check AWS_… and the bucket")
        }
    }
}

/// By `df`, as POSIX has it: the standard library cannot say.
fn disk(place: &Path) -> Finding {
    let told = Command::new("df").arg("-Pk").arg(place).output().ok().filter(|out| out.status.success());
    let text = told.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).and_then(|kib| kib.parse::<u64>().ok());
    match free.map(|kib| kib / 1024) {
        Some(mib) if mib >= MIN_FREE_MIB => Finding::well("disk", format!("{mib} MiB free")),
        Some(mib) => Finding::ill("disk", format!("{mib} MiB free"), "free some, or enlarge it: without room nothing is acknowledged"),
        None => Finding::ill("disk", "`df` does not say how much is free", "look at it by hand"),
    }
}
