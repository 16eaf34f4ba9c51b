//! A settled payout in the records of the pieces it paid for, once per piece and payout; and each of its lines beside its promise.
//!
//! Only where the register knows who made a piece: "her makers were paid" is not said of makers that nobody named.
use super::{Error, drift, read, store};
use crate::{
    app::App,
    ids::{OrderLineId, PayoutId},
    provenance,
    tenancy::Scope,
};

/// One transaction per order line: a large payout holds no lock for long, and a run that dies goes on where it stopped.
pub async fn paid(app: &App, scope: Scope, payout: PayoutId) -> Result<(), Error> {
    for line in read::work::sold_lines(&mut *app.jobs_db.conn().await?, scope, payout).await? {
        paid_line(app, scope, payout, line).await?;
    }
    Ok(())
}

async fn paid_line(app: &App, scope: Scope, id: PayoutId, line: OrderLineId) -> Result<(), Error> {
    let now = app.clock.now();
    app.jobs_db
        .transaction_retrying(async |tx| {
            let payout = store::lock(tx, scope, id).await?.ok_or(Error::NotFound)?;
            if !store::note_once(tx, now, &payout, RECORDED, &line.to_string()).await? {
                return Ok(());
            }
            let issuer = provenance::issuer(tx, &app.config.public_url, scope).await?;
            for (makers, items) in read::work::makers_of(tx, scope, id, line).await? {
                provenance::paid(tx, now, &app.keys, &issuer, &items, makers).await?;
            }
            drift::check(tx, now, scope, line).await
        })
        .await
}
/// In the payout's events, with the order line: its pieces' records have the word.
const RECORDED: &str = "recorded";
