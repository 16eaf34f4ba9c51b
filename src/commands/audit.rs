//! `haat audit-verify`: the log of privileged acts, proven by its own chain.
use std::process::ExitCode;

use haat::{audit, config::DatabaseArgs, db::Db};

use super::{Failure, program::migrated};

/// 1 and the first row that does not fit; else the chain's end, to be written down elsewhere.
pub fn verify(args: &DatabaseArgs) -> Result<ExitCode, Failure> {
    let (_cluster, url) = migrated(args)?;
    let verdict = actix_web::rt::System::new().block_on(async {
        let db = Db::connect(&url, 1);
        audit::verify(&mut *db.conn().await?).await
    })?;
    if let Some(fault) = verdict.fault {
        println!("row {}: {}", fault.seq, fault.what);
        return Ok(ExitCode::from(1));
    }
    let end: String = verdict.end.iter().map(|b| format!("{b:02x}")).collect();
    println!("{} rows, each follows from the one before; the last is {end}", verdict.rows);
    Ok(ExitCode::SUCCESS)
}
