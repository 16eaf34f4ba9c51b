//! A payout out of one of a cooperative's funds: all of it is one line, the transfer that took it from there.
use super::{
    By, begin, fresh,
    model::{Error, Kind, Line, LineKind, Outcome, Reason},
    postings, route,
    shares::{Purpose, Share},
    skip, source, store,
};
use crate::{
    audit::{self, Act},
    clock::Time,
    db::Tx,
    ids::CoopId,
    ledger,
    money::Money,
};

/// What is paid out of which fund, what the statement calls it, and who asked for it.
pub struct FromFund<'a> {
    pub kind: Kind,
    pub amount: Money,
    pub memo: &'a str,
    pub act: Act,
}

/// Pays one amount out of a fund.
///
/// # Errors
/// [`Error::Ledger`] if the fund has less, [`Error::NotFound`] for a cooperative that is not there; [`Outcome::Skipped`] says what else is in
/// the way, and nothing is written then.
pub async fn pay_from(tx: &mut Tx, now: Time, by: By, coop: CoopId, what: FromFund<'_>) -> Result<Outcome, Error> {
    let FromFund { kind, amount, memo, act } = what;
    let (line_kind, purpose) = match kind {
        Kind::Premium => (LineKind::Premium, Purpose::Premium),
        Kind::Earnings => return Err(Error::Held("earnings are paid out by what was earned")),
    };
    let payee = store::lock_payee(tx, coop).await?.ok_or(Error::NotFound)?;
    let (destination, corridor) = match route(tx, now, &payee, amount).await? {
        Ok(route) => route,
        Err((reason, detail)) => return Ok(skip(&payee, Some(amount), reason, detail)),
    };
    if amount.minor > corridor.max_minor {
        let detail = format!("{} at most in one payout", Money::new(corridor.max_minor, amount.currency).formatted());
        return Ok(skip(&payee, Some(amount), Reason::AboveMaximum, detail));
    }
    audit::record(tx, now, act).await?;
    let payout = fresh(now, by, coop, kind, amount, corridor.rail, destination);
    begin(tx, now, by, &payout).await?;
    store::insert_shares(tx, &payout, &[Share { artisan: None, purpose, pieces: 0, minor: amount.minor }]).await?;
    ledger::post(tx, now, &source(&payout, "sent", now), &[postings::sent(kind.account(coop), coop, amount, memo)]).await?;
    for transfer in ledger::transfers_of(tx, "payout", payout.id.uuid()).await? {
        let line = Line { kind: line_kind, transfer: transfer.id, order_line: None, group: None, minor: amount.minor };
        store::insert_lines(tx, &payout, &[line]).await?;
    }
    Ok(Outcome::Made(payout))
}
