//! `haat ledger verify`: the books proven by their own transfers.
use std::process::ExitCode;

use haat::{config::DatabaseArgs, db::Db, ledger};

use super::{Failure, program::migrated};

/// Recomputes every balance; 1 and the names of those that differ.
pub fn verify(args: &DatabaseArgs) -> Result<ExitCode, Failure> {
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
