//! `haat close 2026-10`: a month's books, closed and handed over.
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use haat::{
    clock::Clock,
    closing::{self, Error, Month},
    config::DatabaseArgs,
    db::Db,
};

use super::{Failure, program::migrated};

#[derive(clap::Args)]
pub struct CloseArgs {
    /// The month, as 2026-10. One that is closed already is written again, byte for byte.
    month: Month,
    /// Close it although something of it is unexplained or stands still; what was left is written down with it.
    #[arg(long)]
    with_open: bool,
    /// Where the archive goes; haat-MONTH.zip here if absent.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub fn run(args: &CloseArgs) -> Result<ExitCode, Failure> {
    let (_cluster, url) = migrated(&args.database)?;
    actix_web::rt::System::new().block_on(args.close(&url))
}

impl CloseArgs {
    async fn close(&self, url: &str) -> Result<ExitCode, Failure> {
        let db = Db::connect(url, 1);
        let period = match closing::close(&db, Clock::System.now(), self.month, self.with_open).await {
            Ok(period) => period,
            Err(Error::Open(open)) => {
                for thing in &open {
                    println!("{} {}: {}", thing.kind, thing.subject, thing.what);
                }
                println!("{} is not closed: {} things are open. Decide them, or leave them with --with-open", self.month, open.len());
                return Ok(ExitCode::from(1));
            }
            Err(error) => return Err(error.into()),
        };
        let path = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("haat-{}.zip", self.month)));
        // Beside it first, so that an archive is whole or not there.
        let beside = path.with_extension("part");
        let mut file = closing::write(&mut *db.conn().await?, &period, self.month, BufWriter::new(File::create(&beside)?)).await?;
        file.flush()?;
        std::fs::rename(&beside, &path)?;
        println!("{} is closed since {}: {}", self.month, period.closed_at.day(), path.display());
        Ok(ExitCode::SUCCESS)
    }
}
