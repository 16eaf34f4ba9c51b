//! Rails, the payout's state machine, and why somebody is not paid today. Pure.
use crate::{
    clock::Time,
    db::{DbError, Retryable},
    ids::{AccountId, CoopId, DestinationId, OrderGroupId, OrderLineId, PayoutFileId, PayoutId, TransferId},
    ledger::{self, Account},
    money::{Currency, Money, MoneyError},
    payments, provenance,
    secrets::Unsealed,
    tenancy::Scope,
};

text_enum! {
    /// A way for money to leave. Which one reaches whom is data: the corridors.
    pub enum Rail { StripeTransfer = "stripe_transfer", BankFile = "bank_file", Manual = "manual" }
}
text_enum! { as PayoutState,
    /// created: taken from what is available, nothing asked of anybody · submitted: the rail has been told · unknown: it did not say what it
    /// did · sent: it took the instruction · settled: the money left us for good · failed: nothing left · bounced: it came back.
    pub enum State {
        Created = "created", Submitted = "submitted", Unknown = "unknown", Sent = "sent", Settled = "settled", Failed = "failed",
        Bounced = "bounced",
    }
}
text_enum! {
    /// What a destination's sealed details are.
    pub enum DestinationKind {
        InBank = "in_bank", InUpi = "in_upi", NpBank = "np_bank", Iban = "iban", StripeAccount = "stripe_account", Manual = "manual",
    }
}
impl DestinationKind {
    /// The rails that can use such details, the one without handwork first.
    pub const fn rails(self) -> &'static [Rail] {
        match self {
            Self::InBank | Self::InUpi | Self::NpBank | Self::Iban => &[Rail::BankFile, Rail::Manual],
            Self::Manual => &[Rail::Manual],
            Self::StripeAccount => &[Rail::StripeTransfer],
        }
    }
}

text_enum! { as PayoutKind,
    /// What it is out of: what sales earned, or the members' fund by their decision.
    pub enum Kind { Earnings = "earnings", Premium = "premium" }
}
impl Kind {
    /// The account that it leaves, and that it is in again when it comes back.
    pub const fn account(self, coop: CoopId) -> Account {
        match self {
            Self::Earnings => Account::CoopAvailable(coop),
            Self::Premium => Account::PremiumFund(coop),
        }
    }
}

text_enum! { as PayoutEvent,
    /// What can happen to a payout.
    pub enum Event {
        /// The instruction is on its way to the rail.
        Submit = "submitted",
        /// The rail did not say what it did.
        TimeOut = "unknown",
        /// The rail did nothing and will do it later: our balance there is too small today.
        Wait = "waiting",
        /// The rail took the instruction.
        Send = "sent",
        /// The money left us.
        Settle = "settled",
        /// Nothing left, and nothing will.
        Fail = "failed",
        /// It came back.
        Bounce = "bounced",
    }
}

impl State {
    pub const fn apply(self, event: Event) -> Result<Self, (Self, Event)> {
        use Event::{Bounce, Fail, Send, Settle, Submit, TimeOut, Wait};
        match (self, event) {
            (Self::Created, Submit) => Ok(Self::Submitted),
            (Self::Submitted | Self::Unknown, TimeOut) => Ok(Self::Unknown),
            (Self::Submitted | Self::Unknown, Wait) => Ok(Self::Created),
            (Self::Submitted, Send) => Ok(Self::Sent),
            (Self::Created | Self::Submitted | Self::Unknown | Self::Sent, Settle) => Ok(Self::Settled),
            (Self::Created | Self::Submitted | Self::Unknown, Fail) => Ok(Self::Failed),
            (Self::Sent | Self::Settled, Bounce) => Ok(Self::Bounced),
            (Self::Created, TimeOut | Wait | Send | Bounce)
            | (Self::Submitted, Submit | Bounce)
            | (Self::Unknown, Submit | Send | Bounce)
            | (Self::Sent, Submit | TimeOut | Wait | Send | Fail)
            | (Self::Settled, Submit | TimeOut | Wait | Send | Settle | Fail)
            | (Self::Failed | Self::Bounced, _) => Err((self, event)),
        }
    }
}

#[derive(Clone, Debug, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::payouts)]
pub struct Payout {
    #[diesel(column_name = coop_id)]
    pub coop: CoopId,
    pub id: PayoutId,
    pub kind: Kind,
    /// `PO-7K3M-92QX`: on the bank's statement and on ours.
    pub number: String,
    pub state: State,
    pub rail: Rail,
    #[diesel(column_name = destination_id)]
    pub destination: DestinationId,
    /// Where it goes, masked.
    pub destination_hint: String,
    pub amount_minor: i64,
    pub currency: Currency,
    /// What the rail calls it.
    pub reference: Option<String>,
    pub evidence: Option<String>,
    #[diesel(column_name = file_id)]
    pub file: Option<PayoutFileId>,
    pub created_by: Option<AccountId>,
    pub confirmed_by: Option<AccountId>,
    pub created_at: Time,
    pub settled_at: Option<Time>,
}
impl Payout {
    pub const fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
    pub const fn scope(&self) -> Scope {
        Scope::system(self.coop)
    }
}

text_enum! { as PayoutLineKind,
    /// labour, material: what a buyer owed who gave up what was being made for her.
    pub enum LineKind {
        Producer = "producer", Shipping = "shipping", Recovery = "recovery", Premium = "premium", Labour = "labour", Material = "material",
    }
}

/// A ledger transfer that a payout pays out, or, with a negative amount, that it was reduced by. What is out of a fund has one line: the
/// transfer that took it from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    pub transfer: TransferId,
    pub order_line: Option<OrderLineId>,
    pub group: Option<OrderGroupId>,
    pub minor: i64,
}

/// A cooperative as a payout sees it.
#[derive(Clone, Debug)]
pub struct Payee {
    pub scope: Scope,
    pub slug: String,
    pub country: String,
    pub approved: bool,
}

/// Where a payout goes.
#[derive(Clone, Debug)]
pub struct Destination {
    pub id: DestinationId,
    pub kind: DestinationKind,
    pub currency: Currency,
    pub hint: String,
}

/// What a rail takes to a country, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corridor {
    pub rail: Rail,
    pub min_minor: i64,
    pub max_minor: i64,
}

text_enum! { as NotPaidReason,
    /// Why a cooperative is not paid in this run.
    pub enum Reason {
        NotApproved = "not_approved", OnHold = "on_hold", NothingAvailable = "nothing_available", NegativeBalance = "negative_balance",
        NoDestination = "no_destination", DestinationCurrency = "destination_currency", NoCorridor = "no_corridor",
        BelowMinimum = "below_minimum", AboveMaximum = "above_maximum", BooksDiffer = "books_differ",
    }
}
#[derive(Clone, Debug)]
pub struct Skipped {
    pub coop: CoopId,
    pub slug: String,
    pub amount: Option<Money>,
    pub reason: Reason,
    /// What would change it, in plain words.
    pub detail: String,
}

/// What came of one cooperative and currency.
#[derive(Clone, Debug)]
pub enum Outcome {
    Made(Payout),
    Skipped(Skipped),
}

/// What a debt takes of one payout at most: a fifth, as the fair-trade rules say.
const RECOVERY_PART: i64 = 5;

/// How much of `available` pays back what is `owed`. None if the debt is larger than what there is: nothing is paid then.
pub fn recovery(available: i64, owed: i64) -> Option<i64> {
    if owed > available { None } else { Some(owed.clamp(0, available / RECOVERY_PART)) }
}

/// The lines of one payout of `most` at the most: those that take away first, then the oldest that fit, so that the rest is for the next.
/// None if nothing can be paid so: a single line is more than `most`, or takes away as much as there is.
pub fn at_most(lines: Vec<Line>, most: i64) -> Option<Vec<Line>> {
    let (taking, giving): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(|line| line.minor < 0);
    let mut sum: i64 = taking.iter().map(|line| line.minor).sum();
    let mut taken = taking;
    for line in giving {
        if sum + line.minor <= most {
            sum += line.minor;
            taken.push(line);
        }
    }
    taken.sort_by_key(|line| line.transfer);
    (sum > 0).then_some(taken)
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such payout, cooperative or file")]
    NotFound,
    #[error("a payout that is {} cannot become {}", .0.as_str(), .1.as_str())]
    Illegal(State, Event),
    #[error("{0}")]
    WrongRail(&'static str),
    #[error("{0}")]
    Held(&'static str),
    #[error("a payout by hand needs two people: whoever created it cannot confirm it")]
    TwoPeople,
    #[error("the reference belongs to another payout")]
    ReferenceUsed,
    #[error("it is settled under another reference")]
    OtherReference,
    #[error("{message}")]
    Invalid { field: &'static str, message: String },
    #[error(transparent)]
    File(#[from] bankfiles::Refused),
    #[error("nothing waits for a file")]
    NothingToFile,
    #[error("the document cannot be made: {0}")]
    Document(#[from] documents::Error),
    #[error("a stored row does not read: {0}")]
    Corrupt(String),
    #[error(transparent)]
    Sealed(#[from] Unsealed),
    #[error(transparent)]
    Unavailable(#[from] payments::Unavailable),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Provenance(#[from] provenance::Error),
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        let error = DbError::from(error);
        if error.is_unique_violation("payouts_reference_unique") { Self::ReferenceUsed } else { Self::Db(error) }
    }
}
impl Retryable for Error {
    fn retryable(&self) -> bool {
        match self {
            Self::Db(error) | Self::Ledger(ledger::Error::Db(error)) => error.retryable(),
            Self::Provenance(error) => error.retryable(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_matrix() {
        let mut table = String::new();
        for state in State::ALL {
            let moves: Vec<String> = Event::ALL.iter().filter_map(|event| state.apply(*event).ok().map(|to| format!("{event}→{to}"))).collect();
            table.push_str(&format!("{state}: {}\n", moves.join(", ")));
        }
        assert_eq!(
            table,
            "created: submitted→submitted, settled→settled, failed→failed\n\
             submitted: unknown→unknown, waiting→created, sent→sent, settled→settled, failed→failed\n\
             unknown: unknown→unknown, waiting→created, settled→settled, failed→failed\n\
             sent: settled→settled, bounced→bounced\n\
             settled: bounced→bounced\n\
             failed: \n\
             bounced: \n"
        );
    }
    #[test]
    fn a_payout_holds_what_fits_and_leaves_the_rest() {
        let line = |minor| Line { kind: LineKind::Producer, transfer: TransferId::new(), order_line: None, group: None, minor };
        let of =
            |minors: &[i64], most| at_most(minors.iter().map(|m| line(*m)).collect(), most).map(|l| l.iter().map(|l| l.minor).collect::<Vec<_>>());
        assert_eq!(of(&[60, 50, 40], 100), Some(vec![60, 40]));
        assert_eq!(of(&[60, 50, -20], 100), Some(vec![60, 50, -20]), "what takes away is in the first");
        assert_eq!((of(&[101], 100), of(&[101, 7], 100)), (None, Some(vec![7])));
        assert_eq!(of(&[60, 40], 100), Some(vec![60, 40]));
        assert_eq!(of(&[10, -10], 100), None);
    }
    #[test]
    fn a_debt_takes_a_fifth_at_most_and_one_too_large_stops_the_payout() {
        assert_eq!(recovery(1000, 0), Some(0));
        assert_eq!(recovery(1000, 150), Some(150));
        assert_eq!(recovery(1000, 900), Some(200));
        assert_eq!(recovery(1000, 1001), None);
    }
}
