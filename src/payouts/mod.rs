//! Payouts: what a cooperative earned leaves for its own account, by a rail that reaches it.
//!
//! - One payout per cooperative and currency, of everything that is available, in the currency it is owed in.
//! - A release is in one payout that stands. A payout that bounced or failed lets go of its lines, and the next one takes them again.
//! - Every move of a payout is one row in its events, and its ledger transfers are in the same transaction.
//! - A rail that did not say what it did is *unknown*, never failed: the same instruction again, or a look-up, before anything else.
//! - A payout by hand needs two people.
//! - What is out of a fund ([`Kind`]) goes back to that fund, and no debt takes of it.
//! - A debt takes a fifth of a payout at most, and never a maker's part; one larger than what is available stops payouts, visibly.
mod drift;
mod files;
mod funded;
pub mod holds;
pub mod http;
pub mod jobs;
mod layout;
pub mod model;
mod postings;
mod read;
mod record;
pub mod reports;
mod reversals;
mod shares;
mod statement;
mod store;
mod stripe;

pub use funded::{FromFund, pay_from};
pub use model::{Error, Kind, Outcome, Payout, Rail, Skipped, State};
pub use reversals::reversed;

use crate::{
    app::App,
    audit::{self, Act},
    clock::Time,
    db::{Db, DbError, Tx},
    ids::{AccountId, CoopId, OperationId, PayoutId},
    jobs::enqueue,
    ledger::{self, Account, Source},
    money::{Currency, Money},
    notifications::{self, Mail},
    secrets::random,
    tenancy::Scope,
};
use model::{Corridor, Destination, Event, Line, Payee, Reason};
use store::Change;

/// Whom a payout is made for, and in which operation.
#[derive(Clone, Copy, Debug)]
pub struct By {
    pub operation: OperationId,
    pub account: AccountId,
}

/// Pays one cooperative what is available to it, in each currency; says why where it does not.
///
/// # Errors
/// [`Error::NotFound`] for a cooperative that is not there.
pub async fn create(db: &Db, now: Time, by: By, coop: CoopId) -> Result<Vec<Outcome>, Error> {
    db.transaction_retrying(async |tx| {
        let payee = store::lock_payee(tx, coop).await?.ok_or(Error::NotFound)?;
        let available = store::available(tx, payee.scope).await?;
        if available.is_empty() {
            return Ok(vec![skip(&payee, None, Reason::NothingAvailable, "what it sells becomes available when it ships")]);
        }
        audit::hold(tx).await?;
        let mut outcomes = Vec::with_capacity(available.len());
        for (currency, _) in available {
            outcomes.extend(create_all(tx, now, by, &payee, currency).await?);
        }
        Ok(outcomes)
    })
    .await
}

/// Pays every cooperative that has something available. Each in a transaction of its own: one that waits keeps none from being paid.
pub async fn run(app: &App, by: By) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = Vec::new();
    for coop in store::payable(&mut *app.db.conn().await?).await? {
        outcomes.extend(create(&app.db, app.clock.now(), by, coop).await?);
    }
    Ok(outcomes)
}

fn skip(payee: &Payee, amount: Option<Money>, reason: Reason, detail: impl Into<String>) -> Outcome {
    Outcome::Skipped(Skipped { coop: payee.scope.coop(), slug: payee.slug.clone(), amount, reason, detail: detail.into() })
}

/// A destination and a corridor that reaches it, or why not.
async fn route(tx: &mut Tx, now: Time, payee: &Payee, amount: Money) -> Result<Result<(Destination, Corridor), (Reason, String)>, DbError> {
    if !payee.approved {
        return Ok(Err((Reason::NotApproved, "the cooperative is not approved, or is suspended".into())));
    }
    if let Some(hold) = holds::in_force(tx, payee.scope, now.day()).await? {
        return Ok(Err((Reason::OnHold, format!("{} (until {}; the cooperative may object)", hold.reason, hold.release_on))));
    }
    let Some(destination) = store::active_destination(tx, now, payee.scope).await? else {
        return Ok(Err((Reason::NoDestination, "no payout details are confirmed and in effect".into())));
    };
    if destination.currency != amount.currency {
        let detail = format!("the payout details are for {}, this is owed in {}", destination.currency, amount.currency);
        return Ok(Err((Reason::DestinationCurrency, detail)));
    }
    let Some(corridor) = store::corridor(tx, destination.kind.rails(), &payee.country, amount.currency).await? else {
        return Ok(Err((Reason::NoCorridor, format!("no rail takes {} to {}", amount.currency, payee.country))));
    };
    if amount.minor < corridor.min_minor {
        let least = Money::new(corridor.min_minor, amount.currency).formatted();
        return Ok(Err((Reason::BelowMinimum, format!("it is paid from {least} on"))));
    }
    Ok(Ok((destination, corridor)))
}

/// More instructions than a corridor's maximum divides any month's earnings into; what is left waits for the next run.
const MOST_PARTS: usize = 20;

/// What is available in a currency, in as many payouts as the corridor's maximum makes of it. A debt takes its part of the first alone:
/// that was measured by all of it.
async fn create_all(tx: &mut Tx, now: Time, by: By, payee: &Payee, currency: Currency) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = Vec::new();
    for _ in 0..MOST_PARTS {
        let (outcome, more) = create_in(tx, now, by, payee, currency, outcomes.is_empty()).await?;
        outcomes.push(outcome);
        if !more {
            break;
        }
    }
    Ok(outcomes)
}

/// A payout, or why not; and whether something is left that another can take.
async fn create_in(tx: &mut Tx, now: Time, by: By, payee: &Payee, currency: Currency, first: bool) -> Result<(Outcome, bool), Error> {
    let coop = payee.scope.coop();
    let available = store::lock_balance(tx, Account::CoopAvailable(coop).id(currency)).await?;
    let owed = if first { ledger::balance(tx, &Account::CoopReceivable(coop), currency).await?.minor } else { 0 };
    let all = Money::new(available, currency);
    let Some(recovery) = model::recovery(available, owed) else {
        let detail = format!("it owes {}, more than the {} that is available", Money::new(owed, currency).formatted(), all.formatted());
        return Ok((skip(payee, Some(all), Reason::NegativeBalance, detail), false));
    };
    let amount = Money::new(available - recovery, currency);
    let (destination, corridor) = match route(tx, now, payee, amount).await? {
        Ok(route) => route,
        Err((reason, detail)) => return Ok((skip(payee, Some(amount), reason, detail), false)),
    };
    let mut lines = store::unpaid(tx, payee.scope, currency).await?;
    if lines.iter().map(|l| l.minor).sum::<i64>() != available {
        let detail = format!("the transfers behind {} do not explain it", all.formatted());
        store::alert(tx, now, "payout_books_differ", &format!("{coop}/{currency}"), &detail).await?;
        return Ok((skip(payee, Some(all), Reason::BooksDiffer, detail), false));
    }
    let id = PayoutId::new();
    let number = number();
    let source = |kind| Source { kind_of: "payout", id: id.uuid(), kind, group: number.clone(), occurred_at: now };
    if recovery > 0 {
        ledger::post(tx, now, &source("recovered"), &postings::recovered(coop, Money::new(recovery, currency))).await?;
        lines = store::unpaid(tx, payee.scope, currency).await?;
    }
    let Some(lines) = model::at_most(lines, corridor.max_minor) else {
        let detail = format!("{} at most in one payout, and one line of it is more", Money::new(corridor.max_minor, currency).formatted());
        return Ok((skip(payee, Some(amount), Reason::AboveMaximum, detail), false));
    };
    let amount = Money::new(lines.iter().map(|l| l.minor).sum(), currency);
    let payout = Payout { id, number: number.clone(), ..fresh(now, by, coop, Kind::Earnings, amount, corridor.rail, destination) };
    let whole = read::work::whole(tx, payee.scope, currency, &lines).await?;
    write(tx, now, by, &payout, &lines, &shares::divide(&whole)?).await?;
    ledger::post(tx, now, &source("sent"), &[postings::sent(Account::CoopAvailable(coop), coop, amount, "payout")]).await?;
    Ok((Outcome::Made(payout), amount.minor < available - recovery))
}

async fn write(tx: &mut Tx, now: Time, by: By, payout: &Payout, lines: &[Line], shares: &[shares::Share]) -> Result<(), Error> {
    begin(tx, now, by, payout).await?;
    store::insert_lines(tx, payout, lines).await?;
    store::insert_shares(tx, payout, shares).await?;
    audit(tx, now, payout, Some(by.account), "payout.create", &payout.destination_hint).await
}

/// One that nothing has been asked of yet.
fn fresh(now: Time, by: By, coop: CoopId, kind: Kind, amount: Money, rail: Rail, destination: Destination) -> Payout {
    Payout {
        coop,
        id: PayoutId::new(),
        kind,
        number: number(),
        state: State::Created,
        rail,
        destination: destination.id,
        destination_hint: destination.hint,
        amount_minor: amount.minor,
        currency: amount.currency,
        reference: None,
        evidence: None,
        file: None,
        created_by: Some(by.account),
        confirmed_by: None,
        created_at: now,
        settled_at: None,
    }
}

/// Its row, its first event, and the word to a rail that needs nobody's hand.
async fn begin(tx: &mut Tx, now: Time, by: By, payout: &Payout) -> Result<(), Error> {
    store::insert(tx, payout).await?;
    let operation = by.operation.to_string();
    let change = Change { by: Some(by.account), detail: Some(&operation), ..Change::default() };
    store::insert_event(tx, now, payout, store::CREATED, None, State::Created, &change).await?;
    if payout.rail == Rail::StripeTransfer {
        enqueue(tx, now, &jobs::SubmitPayout { coop: payout.coop, payout: payout.id, operation: OperationId::new() }).await?;
    }
    Ok(())
}

/// `PO-7K3M-92QX`: unambiguous when read aloud, and short enough for a bank's remark.
fn number() -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let letters: String = random::<8>().iter().map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect();
    format!("PO-{}-{}", &letters[..4], &letters[4..])
}

/// The payout under its cooperative's lock and its own.
async fn lock(tx: &mut Tx, scope: Scope, id: PayoutId) -> Result<Payout, Error> {
    store::lock_payee(tx, scope.coop()).await?.ok_or(Error::NotFound)?;
    store::lock(tx, scope, id).await?.ok_or(Error::NotFound)
}

async fn step(tx: &mut Tx, now: Time, payout: &Payout, event: Event, change: &Change<'_>) -> Result<Payout, Error> {
    let to = payout.state.apply(event).map_err(|(state, event)| Error::Illegal(state, event))?;
    store::move_to(tx, now, payout, to, event, change).await
}

fn source(payout: &Payout, kind: &'static str, now: Time) -> Source {
    Source { kind_of: "payout", id: payout.id.uuid(), kind, group: payout.number.clone(), occurred_at: now }
}

/// The account a rail's money leaves.
fn account(rail: Rail) -> Account {
    match rail {
        Rail::StripeTransfer => Account::StripeBalance,
        Rail::BankFile | Rail::Manual => Account::Bank("payouts".into()),
    }
}

/// What is said when a payout has left.
#[derive(Clone, Copy, Debug)]
pub struct Settlement<'a> {
    /// What the rail calls it.
    pub reference: &'a str,
    pub evidence: Option<&'a str>,
    /// What it cost us, where that is of another currency than what is owed.
    pub cost: Option<Money>,
    pub by: Option<AccountId>,
}

/// Somebody else than its creator says that a payout by hand was made.
pub async fn confirm(tx: &mut Tx, now: Time, scope: Scope, id: PayoutId, said: &Settlement<'_>) -> Result<Payout, Error> {
    let payout = lock(tx, scope, id).await?;
    if payout.rail != Rail::Manual {
        return Err(Error::WrongRail("only a payout by hand is confirmed"));
    }
    if said.by.is_none() || said.by == payout.created_by {
        return Err(Error::TwoPeople);
    }
    settle_locked(tx, now, &payout, said, "payout.confirm").await
}

/// The bank's own statement shows that it left.
pub async fn settle(tx: &mut Tx, now: Time, scope: Scope, id: PayoutId, said: &Settlement<'_>) -> Result<Payout, Error> {
    let payout = lock(tx, scope, id).await?;
    if payout.rail != Rail::BankFile {
        return Err(Error::WrongRail("only a payout by bank file is settled; one by hand is confirmed"));
    }
    settle_locked(tx, now, &payout, said, "payout.settle").await
}

/// The one way to settle. Said twice with one reference, it is settled once.
async fn settle_locked(tx: &mut Tx, now: Time, payout: &Payout, said: &Settlement<'_>, action: &'static str) -> Result<Payout, Error> {
    if payout.state == State::Settled {
        return if payout.reference.as_deref() == Some(said.reference) { Ok(payout.clone()) } else { Err(Error::OtherReference) };
    }
    if said.cost.is_some_and(|cost| cost.currency == payout.currency && cost != payout.amount()) {
        let message = format!("in {} exactly {} leaves", payout.currency, payout.amount().formatted());
        return Err(Error::Invalid { field: "/cost", message });
    }
    let confirmed_by = (payout.rail == Rail::Manual).then_some(said.by).flatten();
    let change = Change { reference: Some(said.reference), evidence: said.evidence, confirmed_by, by: said.by, ..Change::default() };
    let settled = step(tx, now, payout, Event::Settle, &change).await?;
    audit(tx, now, payout, said.by, action, said.reference).await?;
    tell(tx, now, &settled).await?;
    enqueue(tx, now, &jobs::RecordPaid { coop: payout.coop, payout: payout.id }).await?;
    let amount = payout.amount();
    let left = said.cost.unwrap_or(amount);
    let carried = if left.currency == amount.currency { None } else { read::carried(tx, payout, left.currency).await? };
    ledger::post(tx, now, &source(payout, "settled", now), &postings::settled(payout.coop, amount, &account(payout.rail), left, carried)).await?;
    Ok(settled)
}

async fn audit(tx: &mut Tx, now: Time, payout: &Payout, by: Option<AccountId>, action: &'static str, said: &str) -> Result<(), Error> {
    let details = serde_json::json!({"number": payout.number, "amount": payout.amount_minor.to_string(), "currency": payout.currency, "said": said});
    Ok(audit::record(tx, now, Act::operator(by, action, payout.id).of(Some(payout.coop)).with(details)).await?)
}

/// Tells the cooperative, once, with the statement's figures.
async fn tell(tx: &mut Tx, now: Time, payout: &Payout) -> Result<(), Error> {
    let facts = read::statement::facts(tx, payout.clone()).await?;
    notifications::enqueue(tx, now, &Mail::PayoutSent(Box::new(statement::mail(&facts)))).await?;
    Ok(())
}

/// It came back, or never left: it is where it was, once, however often it is reported.
pub async fn bounce(tx: &mut Tx, now: Time, scope: Scope, id: PayoutId, reason: &str, by: Option<AccountId>) -> Result<Payout, Error> {
    let payout = lock(tx, scope, id).await?;
    let change = Change { by, detail: Some(reason), ..Change::default() };
    if !matches!(payout.state, State::Bounced | State::Failed) {
        audit(tx, now, &payout, by, "payout.bounce", reason).await?;
    }
    match payout.state {
        State::Bounced | State::Failed => Ok(payout),
        State::Settled if payout.rail == Rail::StripeTransfer && by.is_some() => {
            Err(Error::WrongRail("a transfer that was made comes back by its reversal at Stripe, which tells of it"))
        }
        State::Settled => {
            let moved = step(tx, now, &payout, Event::Bounce, &change).await?;
            store::free_lines(tx, &payout).await?;
            let left = read::left(tx, &payout).await?;
            let postings = postings::bounced(payout.kind.account(payout.coop), payout.amount(), &account(payout.rail), left);
            ledger::post(tx, now, &source(&payout, "bounced", now), &postings).await?;
            Ok(moved)
        }
        State::Sent => give_back(tx, now, &payout, Event::Bounce, &change).await,
        // Stripe was asked and may have done it: only its own answer ends that.
        State::Submitted | State::Unknown if payout.rail == Rail::StripeTransfer => Err(Error::Illegal(payout.state, Event::Bounce)),
        State::Created | State::Submitted | State::Unknown => give_back(tx, now, &payout, Event::Fail, &change).await,
    }
}

/// Nothing left our account: what was in flight is where it was.
async fn give_back(tx: &mut Tx, now: Time, payout: &Payout, event: Event, change: &Change<'_>) -> Result<Payout, Error> {
    let moved = step(tx, now, payout, event, change).await?;
    store::free_lines(tx, payout).await?;
    let kind = if event == Event::Bounce { "bounced" } else { "returned" };
    ledger::post(tx, now, &source(payout, kind, now), &postings::returned(payout.kind.account(payout.coop), payout.coop, payout.amount())).await?;
    Ok(moved)
}
