//! The provider's balance against the books: `haat reconcile` over many movements, each of which the books know.
use std::{path::Path, process::Command};

use diesel_async::SimpleAsyncConnection;
use haat::{
    clock::{Clock, Time},
    db::Db,
    ids::new_uuid,
    ledger::Account,
    money::Currency,
    payments::object_uuid,
};

use crate::{
    Failure,
    measure::{Ran, ran},
    report::{Goal, Kind, Report},
};

const MOVEMENTS: usize = 100_000;
/// Rows of one statement.
const AT_ONCE: usize = 5_000;

/// Charges with their fees, at the provider and in our books.
async fn plant(db: &Db, control: &stripe_sandbox::Control, at: Time) -> Result<(), Failure> {
    let conn = &mut *db.conn().await?;
    let [stripe, refundable, fees] = [Account::StripeBalance, Account::BuyerRefundable, Account::StripeFees];
    for account in [&stripe, &refundable, &fees] {
        let (id, name, class) = (account.id(Currency::EUR), account.name(), account.class());
        conn.batch_execute(&format!("INSERT INTO ledger_accounts VALUES ('{id}', '{name}', 'EUR', '{class}', false, 16, '{at}')")).await?;
    }
    let [stripe, refundable, fees] = [stripe, refundable, fees].map(|account| account.id(Currency::EUR));
    for start in (0..MOVEMENTS).step_by(AT_ONCE) {
        let mut rows = Vec::new();
        for n in start..start + AT_ONCE {
            let charge = format!("ch_many{n}");
            control.plant_movement("charge", 10_000, 175, "eur", Some(&charge));
            let source = object_uuid(&charge);
            for (debit, credit, minor, kind) in [(stripe, refundable, 10_000, "unexpected"), (fees, stripe, 175, "fees")] {
                let id = new_uuid();
                rows.push(format!("('{id}','{debit}','{credit}',{minor},'EUR','{kind}','charge','{source}','a',false,'HA-1','{at}','{at}','')"));
            }
        }
        let columns = "id, debit_account, credit_account, amount_minor, currency, kind, source_type, source_id, leg, pending, transfer_group,
            occurred_at, posted_at, memo";
        conn.batch_execute(&format!("INSERT INTO ledger_transfers ({columns}) VALUES {}", rows.join(","))).await?;
    }
    Ok(conn.batch_execute("VACUUM ANALYZE").await?)
}

/// In a database of its own, beside a provider of its own.
pub async fn reconcile(report: &mut Report, url: &str, db: &Db, work: &Path) -> Result<(), Failure> {
    let (sandbox, now) = (crate::sandbox()?, Clock::System.now());
    plant(db, &sandbox.control(), now).await?;
    // The second in which the last one came has to be over.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_haat"));
    let since = now.day().plus_days(-1).to_string();
    command.args([
        "reconcile",
        "--since",
        &since,
        "--database-url",
        url,
        "--stripe-api-base",
        sandbox.base_url(),
        "--stripe-secret-key",
        "sk_test_bench",
    ]);
    let log = work.join("reconcile.log");
    let Ran { took, memory } = tokio::task::spawn_blocking(move || ran(command, &log)).await??;
    let seconds = took.as_secs_f64();
    let goals = vec![Goal::at_most("≤ 30 s", Kind::Clock, seconds, 30.0), Goal::at_most("≤ 200 MB", Kind::Steady, memory, 200.0)];
    report.note(&format!("reconciliation of {MOVEMENTS} movements"), format!("{seconds:.1} s, {memory:.0} MB"), goals);
    Ok(())
}
