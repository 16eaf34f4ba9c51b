//! `haat log`: the public log's key, its proof against the database, and what anyone can do against a service that she does not trust.
mod key;
mod remote;
mod shown;

use std::{path::PathBuf, process::ExitCode};

use haat::{config::DatabaseArgs, db::Db, log};
use passport::log::{Checkpoint, Note, NoteVerifier, Policy, Replay};

use super::{Failure, program::migrated, verify::policy};
use remote::Remote;

#[derive(clap::Subcommand)]
pub enum LogCommand {
    /// Make a key for a log that is to begin, or another in the place of the one it has (`rotate`).
    Key(key::KeyArgs),
    /// Read the whole log in the database again: every entry, every tile, every checkpoint; exits 1 and says what does not fit.
    Verify(DatabaseArgs),
    /// Read a whole log from elsewhere, prove that it is what it signed and only grew, and look for fraud; exits 1 if there is any.
    Monitor(MonitorArgs),
    /// Copy a log into a folder, checked: the folder serves as the log itself does.
    Mirror(MirrorArgs),
}
#[derive(clap::Args)]
pub struct MonitorArgs {
    /// Where the service is, such as https://haat.example; its log is below it.
    url: String,
    /// The log's key as it is published (name+hash+key), more than once if it changed. Without it the log's own word is taken, which proves less.
    #[arg(long = "log-key")]
    log_keys: Vec<NoteVerifier>,
    /// Where the last checkpoint seen is kept: then a log that was rewritten since is found out.
    #[arg(long)]
    state: Option<PathBuf>,
    /// A file that says which logs and witnesses to believe (C2SP tlog-policy): then enough of the witnesses must have cosigned.
    #[arg(long)]
    policy: Option<PathBuf>,
}
#[derive(clap::Args)]
pub struct MirrorArgs {
    /// Where the service is; its log is below it.
    url: String,
    /// Where the files go; those that are there are not fetched again.
    dir: PathBuf,
    #[arg(long = "log-key")]
    log_keys: Vec<NoteVerifier>,
}

pub fn run(command: &LogCommand) -> Result<ExitCode, Failure> {
    match command {
        LogCommand::Key(args) => key::run(args),
        LogCommand::Verify(args) => verify(args),
        LogCommand::Monitor(args) => actix_web::rt::System::new().block_on(monitor(args)),
        LogCommand::Mirror(args) => actix_web::rt::System::new().block_on(mirror(args)),
    }
}

fn verify(args: &DatabaseArgs) -> Result<ExitCode, Failure> {
    let (cluster, url) = migrated(args)?;
    let proven = actix_web::rt::System::new().block_on(async { log::verify::all(&mut *Db::connect(&url, 1).conn().await?).await })?;
    drop(cluster);
    println!("{} entries under {} checkpoints", proven.entries, proven.checkpoints);
    Ok(told(&proven.wrong))
}

/// One line per finding; 1 if there is any.
fn told(findings: &[String]) -> ExitCode {
    findings.iter().for_each(|finding| println!("WRONG  {finding}"));
    println!("{}", if findings.is_empty() { "The log holds." } else { "The log does NOT hold." });
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

async fn monitor(args: &MonitorArgs) -> Result<ExitCode, Failure> {
    let remote = Remote::new(&args.url)?;
    let keys = remote.keys(&args.log_keys).await?;
    let note = remote.checkpoint().await?;
    let now = Checkpoint::verified_by(&note, &keys)?;
    let seen = args.state.as_deref().and_then(|path| std::fs::read_to_string(path).ok());
    let seen = seen.map(|note| Checkpoint::verified_by(&note, &keys)).transpose()?;
    let (mut replay, mut findings) = (Replay::default(), Vec::new());
    if let Some(seen) = seen.as_ref().filter(|seen| seen.size > now.size) {
        findings.push(format!("the log had {} entries when it was last seen, and has {} now", seen.size, now.size));
    }
    for bundle in remote.bundles(now.size) {
        for entry in passport::log::tile::read_entries(&remote.fetch(&bundle).await?).ok_or(format!("{bundle} ends within an entry"))? {
            if let Err(finding) = replay.take(entry) {
                findings.push(finding.to_string());
            }
            if seen.as_ref().is_some_and(|seen| seen.size == replay.size() && seen.root != replay.root()) {
                findings.push(format!("the first {} entries are not those that were there when it was last seen", replay.size()));
            }
        }
    }
    if (replay.size(), replay.root()) != (now.size, now.root) {
        findings.push("the entries do not have the root that the log signed".into());
    }
    findings.extend(replay.unstated().iter().map(ToString::to_string));
    println!("{}: {} entries about {} items and batches", now.origin, now.size, replay.chains());
    findings.extend(shown::otherwise(&remote, &replay).await?);
    if let Some(path) = &args.policy {
        findings.extend(unwitnessed(&policy(path)?, &note, &now)?);
    }
    if let (Some(path), true) = (&args.state, findings.is_empty()) {
        std::fs::write(path, note)?;
    }
    Ok(told(&findings))
}

/// Says who witnessed the checkpoint; what is wrong with that, if anything is.
fn unwitnessed(policy: &Policy, note: &str, now: &Checkpoint) -> Result<Option<String>, Failure> {
    let found = policy.judge(&Note::parse(note)?)?;
    println!("cosigned by {} of {} witnesses: {}", found.by.len(), found.witnesses, found.by.join(", "));
    if !policy.logs().is_empty() && policy.log(&now.origin).is_none() {
        return Ok(Some(format!("{} is not one of the policy's logs", now.origin)));
    }
    Ok((!found.met).then(|| format!("the quorum is not met for {} entries", now.size)))
}

async fn mirror(args: &MirrorArgs) -> Result<ExitCode, Failure> {
    let remote = Remote::new(&args.url)?;
    let note = remote.checkpoint().await?;
    let now = Checkpoint::verified_by(&note, &remote.keys(&args.log_keys).await?)?;
    let fetched = remote.copy(&args.dir, &now).await?;
    // Last, so that whoever reads the folder meanwhile finds all that it names.
    std::fs::write(args.dir.join("checkpoint"), note)?;
    println!("{}: {} entries, {fetched} files fetched into {}", now.origin, now.size, args.dir.display());
    Ok(ExitCode::SUCCESS)
}
