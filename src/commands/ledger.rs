//! `haat ledger`: the books proven by their own transfers, and handed to other people's double-entry programs.
use std::{collections::BTreeSet, io::Write, process::ExitCode};

use haat::{
    config::DatabaseArgs,
    db::Db,
    ledger::{self, export},
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
    #[arg(long, value_enum, default_value = "hledger")]
    format: Format,
    #[command(flatten)]
    database: DatabaseArgs,
}
#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Hledger,
    Beancount,
}

/// Transfers read at a time: a ledger of any length in a few hundred kilobytes.
const PAGE: i64 = 500;

pub fn run(command: &LedgerCommand) -> Result<ExitCode, Failure> {
    match command {
        LedgerCommand::Verify(args) => verify(args),
        LedgerCommand::Export(args) => export(args),
    }
}

fn export(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let (_cluster, url) = migrated(&args.database)?;
    let format = match args.format {
        Format::Hledger => export::Format::Hledger,
        Format::Beancount => export::Format::Beancount,
    };
    actix_web::rt::System::new().block_on(write_all(&Db::connect(&url, 1), format, &mut std::io::stdout().lock()))?;
    Ok(ExitCode::SUCCESS)
}
async fn write_all(db: &Db, format: export::Format, out: &mut impl Write) -> Result<(), Failure> {
    let (mut after, mut declared) = (None, BTreeSet::new());
    loop {
        let page = ledger::transfers_after(&mut *db.conn().await?, after, PAGE).await?;
        for e in &page {
            let t = &e.transfer;
            let accounts = [(e.debit_class, &t.debit), (e.credit_class, &t.credit)].map(|(class, name)| format.opening(&format.account(class, name)));
            for line in accounts.into_iter().chain([format.currency(t.amount.currency)]) {
                if !declared.contains(&line) {
                    write!(out, "{line}")?;
                    declared.insert(line);
                }
            }
            write!(out, "{}", format.transaction(e))?;
        }
        match page.last() {
            Some(last) => after = Some(last.transfer.id),
            None => return Ok(()),
        }
    }
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
