//! What no comparison explains waits for two people: one proposes, another approves.
//!
//! - `post` moves the difference between the provider's balance and an account of the platform's own, with a reason.
//! - `match` says that a posting of ours is the provider's movement; what Stripe kept of it is posted as its fee.
//! - `explain` moves nothing: the difference, and no other, is accepted.
//! - An item is resolved once, under its own lock, and posts under its own id: approving it twice posts nothing.
use serde_json::json;

use super::{
    model::Error,
    store::{self, suspense as items},
};
use crate::{
    audit::{self, Act},
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, ReconciliationId, SuspenseItemId},
    ledger::{self, Account, Posting},
    money::{Currency, Money},
};

text_enum! {
    as SuspenseState,
    /// settled: a later comparison found its answer by itself.
    pub enum State { Open = "open", Proposed = "proposed", Resolved = "resolved", Settled = "settled" }
}
text_enum! {
    as SuspenseAction,
    pub enum Action { Post = "post", Explain = "explain", Match = "match" }
}

/// A posting of ours: what happened, and to which part of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub source_type: String,
    pub id: uuid::Uuid,
    pub kind: String,
}
impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.source_type, self.id, self.kind)
    }
}
impl std::str::FromStr for Source {
    type Err = &'static str;
    /// As a line of ours alone names itself; a currency at the end is passed over.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "type/id/kind of a posting, as order/0191…/paid";
        let mut parts = text.split('/');
        let (Some(source_type), Some(id), Some(kind)) = (parts.next(), parts.next().and_then(|id| id.parse().ok()), parts.next()) else {
            return Err(EXPECTED);
        };
        if source_type.is_empty() || kind.is_empty() || parts.count() > 1 {
            return Err(EXPECTED);
        }
        Ok(Self { source_type: source_type.to_owned(), id, kind: kind.to_owned() })
    }
}

#[derive(Clone, Debug)]
pub struct Item {
    pub id: SuspenseItemId,
    /// The provider's movement, or our posting and its currency.
    pub subject: String,
    pub run: ReconciliationId,
    pub position: i32,
    pub currency: Currency,
    /// What our books lack: the provider's less ours.
    pub difference: i64,
    pub fee: i64,
    pub detail: String,
    pub state: State,
    /// When it happened, when it was found, when it was resolved.
    pub standing: (Time, Time, Option<Time>),
    pub action: Option<Action>,
    pub account: Option<String>,
    pub matched: Option<Source>,
    pub reason: Option<String>,
    pub proposed_by: Option<AccountId>,
    pub proposed_at: Option<Time>,
    pub approved_by: Option<AccountId>,
}
impl Item {
    pub fn amount(&self) -> Money {
        Money::new(self.difference, self.currency)
    }
    /// Only our books have it.
    pub fn is_ours_alone(&self) -> bool {
        self.subject.contains('/')
    }
}

/// What somebody proposes.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub action: Action,
    pub account: Option<Account>,
    pub matched: Option<Source>,
    pub reason: String,
}

/// The accounts that a difference may be posted to: the platform's own. What is owed to a cooperative or a maker is never changed here.
pub fn account(name: &str) -> Option<Account> {
    let own = [
        Account::FxClearing,
        Account::Suspense,
        Account::BuyerRefundable,
        Account::Commission,
        Account::StripeFees,
        Account::DisputeWithheld,
        Account::DisputeFees,
        Account::DisputeLosses,
        Account::RefundLosses,
        Account::PayoutFees,
        Account::FxGainLoss,
    ];
    let bank = || {
        let short = name.strip_prefix("bank:")?;
        let plain = (1..=40).contains(&short.len()) && short.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        plain.then(|| Account::Bank(short.to_owned()))
    };
    own.into_iter().find(|account| account.name() == name).or_else(bank)
}

fn audited(item: &Item, proposal: &str) -> serde_json::Value {
    json!({"subject": item.subject, "difference": item.amount().formatted(), "proposal": proposal})
}
fn described(action: Action, account: Option<&str>, matched: Option<&Source>, reason: &str) -> String {
    match (action, account, matched) {
        (Action::Post, Some(account), _) => format!("post to {account}: {reason}"),
        (Action::Match, _, Some(source)) => format!("match with {source}: {reason}"),
        _ => format!("{action}: {reason}"),
    }
}

/// What waits and happened in a period, oldest first.
pub async fn waiting(conn: &mut Conn, from: Time, until: Time) -> Result<Vec<Item>, DbError> {
    items::waiting(conn, from, until).await
}

/// # Errors
/// [`Error::Conflict`] unless it is open; [`Error::Invalid`] if the match is not of the provider's side.
pub async fn propose(tx: &mut Tx, now: Time, id: SuspenseItemId, by: AccountId, said: &Proposal) -> Result<Item, Error> {
    let item = items::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if item.state != State::Open {
        return Err(Error::Conflict("only what is open can be proposed for"));
    }
    if said.action == Action::Match && item.is_ours_alone() {
        return Err(Error::Conflict("match the provider's movement with this posting, not this posting with itself"));
    }
    items::propose(tx, now, id, by, said).await?;
    let account = said.account.as_ref().map(Account::name);
    let proposal = described(said.action, account.as_deref(), said.matched.as_ref(), &said.reason);
    audit::record(tx, now, Act::operator(Some(by), "suspense.propose", id).with(audited(&item, &proposal))).await?;
    items::one(tx, id).await?.ok_or(Error::NotFound)
}

/// Withdraws or rejects what was proposed: it is open again.
pub async fn reject(tx: &mut Tx, now: Time, id: SuspenseItemId, by: AccountId, reason: &str) -> Result<Item, Error> {
    let item = items::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if item.state != State::Proposed {
        return Err(Error::Conflict("nothing is proposed for it"));
    }
    items::reopen(tx, id).await?;
    audit::record(tx, now, Act::operator(Some(by), "suspense.reject", id).with(audited(&item, reason))).await?;
    items::one(tx, id).await?.ok_or(Error::NotFound)
}

/// # Errors
/// [`Error::TwoPeople`] for whoever proposed it; [`Error::Conflict`] if nothing is proposed, or the match does not come to the difference.
pub async fn approve(tx: &mut Tx, now: Time, id: SuspenseItemId, by: AccountId) -> Result<Item, Error> {
    let item = items::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if item.state != State::Proposed {
        return Err(Error::Conflict("nothing is proposed for it"));
    }
    if item.proposed_by == Some(by) {
        return Err(Error::TwoPeople);
    }
    let (Some(action), Some(reason)) = (item.action, item.reason.as_deref()) else { return Err(Error::Conflict("nothing is proposed for it")) };
    let postings = match action {
        Action::Explain => Vec::new(),
        Action::Post => {
            let account = item.account.as_deref().and_then(account).ok_or(Error::Conflict("its account is not one to post to"))?;
            vec![between(account, item.amount(), "difference").memo(reason)]
        }
        Action::Match => matched(tx, &item).await?,
    };
    items::approve(tx, now, id, by).await?;
    let proposal = described(action, item.account.as_deref(), item.matched.as_ref(), reason);
    audit::record(tx, now, Act::operator(Some(by), "suspense.approve", id).with(audited(&item, &proposal))).await?;
    let source = ledger::Source { kind_of: "suspense", id: id.uuid(), kind: "resolved", group: item.subject.clone(), occurred_at: now };
    ledger::post(tx, now, &source, &postings).await?;
    items::one(tx, id).await?.ok_or(Error::NotFound)
}

/// Makes the provider's balance in our books larger by `amount`, at the expense of `account`; smaller if it is negative.
fn between(account: Account, amount: Money, leg: &str) -> Posting {
    let size = Money::new(amount.minor.saturating_abs(), amount.currency);
    if amount.minor >= 0 {
        Posting::new(Account::StripeBalance, account, size, leg)
    } else {
        Posting::new(account, Account::StripeBalance, size, leg)
    }
}

/// The posting must be of the movement's amount, before its fee or after it.
async fn matched(tx: &mut Tx, item: &Item) -> Result<Vec<Posting>, Error> {
    let source = item.matched.as_ref().ok_or(Error::Conflict("it names no posting"))?;
    let accounts = store::accounts(tx).await?;
    let moved = items::moved(tx, &accounts, source, item.currency).await?.ok_or(Error::Conflict("our books have no such posting"))?;
    match item.difference.checked_sub(moved) {
        Some(0) => {}
        Some(rest) if rest == -item.fee => {}
        _ => return Err(Error::Conflict("that posting is of another amount")),
    }
    let txn = item.subject.clone();
    let answer = store::Answer { source_type: source.source_type.clone(), source_id: source.id, kind: source.kind.clone(), txn };
    // The row itself decides: of two that are approved at once the second finds it taken.
    if store::remember(tx, &[answer]).await? == 0 {
        return Err(Error::Conflict("another movement answers that posting already"));
    }
    let rest = Money::new(item.difference - moved, item.currency);
    Ok(if rest.minor == 0 { Vec::new() } else { vec![between(Account::StripeFees, rest, "fee")] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CoopId;

    #[test]
    fn nothing_that_is_owed_to_anyone_can_be_posted_to() {
        for fine in ["stripe_fees", "bank:main", "suspense", "buyer_refundable"] {
            assert_eq!(account(fine).map(|a| a.name()).as_deref(), Some(fine));
        }
        let coop = CoopId::new();
        for not in [format!("coop_available:{coop}"), format!("premium_fund:{coop}"), "stripe_balance".into(), "bank:".into(), "bank:A b".into()] {
            assert_eq!(account(&not), None, "{not}");
        }
    }
    #[test]
    fn a_posting_is_named_as_its_line_names_it() {
        let id = uuid::Uuid::nil();
        let source: Source = format!("order/{id}/paid/EUR").parse().unwrap();
        assert_eq!(source.to_string(), format!("order/{id}/paid"));
        for wrong in ["", "order", "order/x/paid", &format!("order/{id}"), &format!("order/{id}/paid/EUR/more"), &format!("/{id}/paid")] {
            assert!(wrong.parse::<Source>().is_err(), "{wrong}");
        }
    }
    #[test]
    fn the_sign_says_which_way() {
        let eur = |minor| Money::new(minor, Currency::EUR);
        assert_eq!(between(Account::StripeFees, eur(5), "x").debit, Account::StripeBalance);
        assert_eq!(between(Account::StripeFees, eur(-5), "x").credit, Account::StripeBalance);
    }
}
