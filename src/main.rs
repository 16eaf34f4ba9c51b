//! `haat`: one program, by subcommand. Thin: parse, then the command's own file.
mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::{Failure, audit, close, demo, doctor, import, ledger, log, operator, program, reconcile, sandbox, serve, verify, witness};
use haat::{
    config::{DatabaseArgs, ServeArgs},
    problem, routes,
};

#[derive(Parser)]
#[command(name = "haat", version, about = "Fair-trade commerce: every item can be traced, every price taken apart, every coin followed.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}
#[derive(Subcommand)]
enum Command {
    /// Everything at once on this machine, nothing configured: a world of invented cooperatives, and one story played through it.
    Demo(demo::DemoArgs),
    /// Serve the API and work through the queue.
    Serve(Box<ServeArgs>),
    /// Work through the queue only, beside one or more of `serve --without-worker`.
    Worker(Box<ServeArgs>),
    /// Look at everything this program stands on, and say what to do about what is wrong; exits 1 if anything is.
    Doctor(Box<ServeArgs>),
    /// Bring the database to this version's schema.
    Migrate(DatabaseArgs),
    /// Read a spreadsheet of products: say what would happen, then do it unless --dry-run.
    Import(Box<import::ImportArgs>),
    /// The people who run the platform.
    #[command(subcommand)]
    Operator(operator::OperatorCommand),
    /// Read the audit log from its beginning; exits 1 and names the row that was tampered with.
    AuditVerify(DatabaseArgs),
    /// The books.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Compare Stripe's movements with the books; exits 1 if something is not explained.
    Reconcile(Box<reconcile::ReconcileArgs>),
    /// Close a month's books: refused while something of it is open, then one archive of tables, journals and a summary.
    Close(close::CloseArgs),
    /// The public log of every item's records.
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Check an item's bundle offline: exits 0 if it is whole, 1 if not, 2 if it cannot be read.
    Verify(verify::VerifyArgs),
    /// Watch public logs and cosign what they grow into, so that nobody can be shown another history; needs no shop and no database.
    Witness(witness::WitnessArgs),
    /// The offline Stripe by itself, for a storefront or Stripe's own tools; moves no money.
    Sandbox(sandbox::SandboxArgs),
    /// Print the OpenAPI document.
    Openapi,
    /// Print the catalogue of problems.
    Problems,
}

fn main() -> ExitCode {
    // Two TLS providers in one program would make the clients panic: one is chosen, first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let outcome = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args, serve::Part::of(&args)),
        Command::Worker(args) => serve::run(&args, serve::Part::Worker),
        Command::Doctor(args) => doctor::command(&args),
        Command::Witness(args) => witness::run(&args),
        Command::Sandbox(args) => sandbox::run(&args),
        Command::Migrate(args) => program::migrated(&args).map(|_| ExitCode::SUCCESS),
        Command::Import(args) => args.command(),
        Command::Operator(command) => operator::run(&command),
        Command::AuditVerify(args) => audit::verify(&args),
        Command::Ledger(command) => ledger::run(&command),
        Command::Reconcile(args) => reconcile::run(&args),
        Command::Close(args) => close::run(&args),
        Command::Log(command) => log::run(&command),
        Command::Verify(args) => verify::run(&args),
        Command::Openapi => routes::openapi().to_pretty_json().map(|json| println!("{json}")).map(|()| ExitCode::SUCCESS).map_err(Failure::from),
        Command::Problems => {
            print!("{}", problem::catalogue());
            Ok(ExitCode::SUCCESS)
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("haat: {error}");
        ExitCode::from(2)
    })
}
