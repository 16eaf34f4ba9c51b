//! `haat verify FILE`: an item's record, checked on this machine alone; step by step, in plain words.
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use passport::{
    Bundle, Digest, Event, Known, Outcome, Verdict,
    log::{NoteVerifier, Policy},
    verify_bundle_knowing,
};

use crate::Failure;

#[derive(clap::Args)]
pub struct VerifyArgs {
    /// The record as its page saves it; - reads standard input.
    file: PathBuf,
    /// A key id that the cooperative publishes; may be given more than once. Then every signature must be by one of them.
    #[arg(long = "key")]
    keys: Vec<Digest>,
    /// The key of the public log, as it is published (name+hash+key): then the records must be in it. More than once for a log that changed its
    /// key since.
    #[arg(long = "log-key")]
    log_keys: Vec<NoteVerifier>,
    /// A file that says which logs and witnesses to believe (C2SP tlog-policy): then enough of the witnesses must have cosigned.
    #[arg(long)]
    policy: Option<PathBuf>,
}

/// A policy from a file.
pub fn policy(path: &Path) -> Result<Policy, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.parse::<Policy>().map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Whole and unchanged.
const WHOLE: u8 = 0;
/// Something in it does not hold.
const BROKEN: u8 = 1;
/// No record at all: nothing was checked.
const UNREADABLE: u8 = 2;

pub fn run(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let bytes = read(&args.file).map_err(|error| format!("{}: {error}", args.file.display()))?;
    let keys = (!args.keys.is_empty()).then_some(args.keys.as_slice());
    let policy = args.policy.as_deref().map(policy).transpose()?;
    let verdict = verify_bundle_knowing(&bytes, Known { keys, log: &args.log_keys, policy: policy.as_ref() });
    let code = code(&bytes, &verdict);
    io::stdout().write_all(told(&verdict, code).as_bytes())?;
    Ok(ExitCode::from(code))
}

/// No more than a record may have: a device that never ends must not fill the memory.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let most = passport::bundle::MAX_BUNDLE_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::Read::read_to_end(&mut io::Read::take(io::stdin().lock(), most), &mut bytes)?;
    } else {
        io::Read::read_to_end(&mut io::Read::take(std::fs::File::open(file)?, most), &mut bytes)?;
    }
    Ok(bytes)
}

/// What is no record at all was not checked; a record that was tampered with was, and failed.
fn code(bytes: &[u8], verdict: &Verdict) -> u8 {
    let claims_to_be_one = || serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|value| value.get("format").is_some());
    match verdict.ok() {
        true => WHOLE,
        false if claims_to_be_one() => BROKEN,
        false => UNREADABLE,
    }
}

fn told(verdict: &Verdict, code: u8) -> String {
    let mut out = String::new();
    for (number, step) in (1..).zip(&verdict.steps) {
        let mark = match step.outcome {
            Outcome::Passed => "ok",
            Outcome::Failed => "WRONG",
            Outcome::NotChecked => "open",
        };
        out.push_str(&format!("{number:>2}. {mark:<5}  {}\n           {}\n", step.name, step.detail));
    }
    out.push('\n');
    if let Some(bundle) = &verdict.bundle {
        out.push_str(&about(bundle));
    }
    out.push_str(match code {
        WHOLE => "This record is whole and unchanged. That does not say that it is true, nor that the tag you hold is not a copy.\n",
        BROKEN => "This record does NOT hold: do not trust it. The step marked WRONG says what is amiss.\n",
        _ => "This is not the record of an item: nothing could be checked. Save it once more from the item's page.\n",
    });
    out
}

/// What the record is about, in a line or two.
fn about(bundle: &Bundle) -> String {
    let title = match bundle.batch.leaves.first().map(|signed| signed.leaf.event()) {
        Some(Event::Created(created)) => created.title.to_string(),
        _ => String::new(),
    };
    let (Some(first), Some(last)) = (bundle.item.leaves.first(), bundle.item.leaves.last()) else { return String::new() };
    let phrase = passport::phrase(&first.leaf.hash());
    format!(
        "{title}, item {}; its newest record is \"{}\" of {}.\nThe four words on its tag must be: {phrase}\n",
        first.leaf.item().code(),
        last.leaf.event_type(),
        last.leaf.day()
    )
}
