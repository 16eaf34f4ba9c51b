//! `haat reconcile`: the provider's movements against the books, now.
use std::{path::PathBuf, process::ExitCode};

use haat::{
    clock::{Clock, Day},
    config::DatabaseArgs,
    db::Db,
    money::Money,
    payments::Stripe,
    reconciliation::{self, AskedBy, page, read},
};

use super::{Failure, program::migrated};

#[derive(clap::Args)]
pub struct ReconcileArgs {
    /// From the beginning of this day, UTC, as 2026-10-01; without it the last week, and further back if something older waits.
    #[arg(long)]
    since: Option<Day>,
    /// Write the page for whoever keeps the books to this file.
    #[arg(long)]
    html: Option<PathBuf>,
    #[arg(long, env = "STRIPE_SECRET_KEY", hide_env_values = true)]
    stripe_secret_key: String,
    #[arg(long, env = "STRIPE_API_BASE", default_value = "https://api.stripe.com")]
    stripe_api_base: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub fn run(args: &ReconcileArgs) -> Result<ExitCode, Failure> {
    let stripe = Stripe::new(&args.stripe_secret_key, &args.stripe_api_base)?;
    let (_cluster, url) = migrated(&args.database)?;
    actix_web::rt::System::new().block_on(args.compare(&url, &stripe))
}

impl ReconcileArgs {
    async fn compare(&self, url: &str, stripe: &Stripe) -> Result<ExitCode, Failure> {
        let (db, clock) = (Db::connect(url, 2), Clock::System);
        let (id, asked) = {
            let conn = &mut *db.conn().await?;
            let asked = reconciliation::period(conn, clock.now(), self.since, AskedBy::Command).await?;
            (reconciliation::begin(conn, clock.now(), &asked).await?, asked)
        };
        reconciliation::carry_out(&db, &clock, stripe, id, &asked).await?;
        let conn = &mut *db.conn().await?;
        let (_, sums) = read::run(conn, id).await?.ok_or("the comparison is gone")?;
        println!("{id}: {} up to {}", asked.from.day(), asked.until);
        let mut open = 0;
        for sum in &sums {
            let money = |minor| Money::new(minor, sum.currency).decimal();
            let [matched, explained, unexplained] = sum.buckets;
            println!(
                "{} {} movements of {}: matched {} ({}), explained {} ({}), unexplained {} ({}); of ours alone {}",
                sum.currency,
                sum.transactions,
                money(sum.provider),
                matched.0,
                money(matched.1),
                explained.0,
                money(explained.1),
                unexplained.0,
                money(unexplained.1),
                sum.ours_alone
            );
            open += unexplained.0;
        }
        if let Some(file) = &self.html {
            std::fs::write(file, page::of(conn, id).await?.ok_or("the comparison is gone")?)?;
        }
        println!("{}", if open == 0 { "nothing is left to explain".to_owned() } else { format!("{open} lines wait in the suspense queue") });
        Ok(if open == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}
