//! `haat ledger`: the books proven by their own transfers, and handed to other people's double-entry programs.
use std::{io::Write, process::ExitCode};

use haat::{
    config::DatabaseArgs,
    db::Db,
    ledger::{self, Format},
};

use super::{Failure, program::migrated};

#[derive(clap::Subcommand)]
pub enum LedgerCommand {
    /// Recompute every balance from the transfers; exits 1 and names what differs.
    Verify(DatabaseArgs),
    /// Print every transfer for another double-entry program, which then checks the same books.
    Export(ExportArgs),
}
#[derive(clap::Args)]
pub struct ExportArgs {
    /// hledger or beancount.
    #[arg(long, default_value = "hledger", value_parser = format)]
    format: Format,
    #[command(flatten)]
    database: DatabaseArgs,
}
fn format(text: &str) -> Result<Format, String> {
    Format::ALL.iter().copied().find(|format| format.as_str() == text).ok_or_else(|| "hledger or beancount".into())
}

pub fn run(command: &LedgerCommand) -> Result<ExitCode, Failure> {
    match command {
        LedgerCommand::Verify(args) => verify(args),
        LedgerCommand::Export(args) => export(args),
    }
}

fn export(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let (_cluster, url) = migrated(&args.database)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    actix_web::rt::System::new().block_on(async {
        let db = Db::connect(&url, 1);
        ledger::export(&mut *db.conn().await?, args.format, None, |text| out.write_all(text.as_bytes()).map_err(Failure::from)).await
    })?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Recomputes every balance; 1 and the names of those that differ.
fn verify(args: &DatabaseArgs) -> Result<ExitCode, Failure> {
    let (_cluster, url) = migrated(args)?;
    let wrong = actix_web::rt::System::new().block_on(async {
        let db = Db::connect(&url, 1);
        ledger::verify(&mut *db.conn().await?).await
    })?;
    for m in &wrong {
        println!("{} {}: {} recorded, {} by its transfers", m.account, m.currency, m.recorded, m.recomputed);
    }
    println!("{}", if wrong.is_empty() { "every balance is proven by its transfers" } else { "the books do not agree" });
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
