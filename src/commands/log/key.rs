//! `haat log key`: the key of a log that begins, and another in its place when it has to change.
use std::{fs, os::unix::fs::OpenOptionsExt, path::PathBuf, process::ExitCode};

use haat::secrets::{from_hex, random, to_hex};

use crate::commands::{
    Failure,
    program::{LOG_KEY, LOG_KEY_OLD, beside},
};

#[derive(clap::Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    change: Option<Change>,
}
#[derive(clap::Subcommand)]
enum Change {
    /// Make another key in the place of the one the log has. Both sign until the old one is taken away: publish the new one meanwhile.
    Rotate(RotateArgs),
}
#[derive(clap::Args)]
struct RotateArgs {
    /// The key that the log has now, for a service that is given it as a setting.
    #[arg(long, env = "HAAT_LOG_KEY", hide_env_values = true)]
    log_key: Option<String>,
    /// A private cluster's directory: its keys are files beside it, and are changed there.
    #[arg(long, env = "HAAT_DATA_DIR", conflicts_with = "log_key")]
    data_dir: Option<PathBuf>,
}

pub fn run(args: &KeyArgs) -> Result<ExitCode, Failure> {
    match &args.change {
        None => println!("HAAT_LOG_KEY={}", to_hex(&random::<32>())),
        Some(Change::Rotate(args)) => rotate(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn rotate(args: &RotateArgs) -> Result<(), Failure> {
    match (&args.data_dir, &args.log_key) {
        (Some(dir), _) => in_files(&beside(dir, LOG_KEY), &beside(dir, LOG_KEY_OLD))?,
        (None, Some(old)) => {
            let old = from_hex(old).ok_or("HAAT_LOG_KEY does not hold a key")?;
            println!("HAAT_LOG_KEY={}\nHAAT_LOG_KEY_OLD={}", to_hex(&random::<32>()), to_hex(&old));
        }
        (None, None) => return Err("whose key? Give HAAT_LOG_KEY as it is now, or --data-dir DIR".into()),
    }
    eprintln!(
        "Start the service with both: every checkpoint then has both signatures, and /log/key shows both. Publish the new one; when everybody\n\
         has it, take the old one away. What it signed stays verifiable with it."
    );
    Ok(())
}

/// The old key is beside the new one before it is replaced: whenever the power fails, no key that signed is lost.
fn in_files(now: &std::path::Path, old: &std::path::Path) -> Result<(), Failure> {
    let text = fs::read_to_string(now).map_err(|error| format!("{}: {error}", now.display()))?;
    from_hex(&text).ok_or_else(|| format!("{} does not hold a key", now.display()))?;
    if old.exists() {
        return Err(format!("{} is there: the last change is not over; delete it when nobody needs the old key any longer", old.display()).into());
    }
    let fresh = now.with_extension("log-key-new");
    for (path, text) in [(old, text.trim().to_owned()), (fresh.as_path(), to_hex(&random::<32>()))] {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()?;
    }
    fs::rename(&fresh, now)?;
    println!("{} is new; the old key is in {}", now.display(), old.display());
    Ok(())
}
