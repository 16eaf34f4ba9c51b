//! Where a dispute stands, and what each step of it is in the books. Pure.
use crate::{
    checkout::postings,
    clock::Time,
    ids::{DisputeId, OrderId},
    ledger::{Account, Posting},
    money::{Currency, Money},
    orders::{FrozenLine, model::Pieces},
};

text_enum! { as DisputeState,
    /// inquiry: the bank asks, and has taken nothing. open: it has taken the money, and decides.
    pub enum State { Inquiry = "inquiry", Open = "open", Won = "won", Lost = "lost" }
}

/// A dispute as it is kept.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Dispute {
    pub id: DisputeId,
    pub order: OrderId,
    pub provider_id: String,
    pub state: State,
    pub reason: String,
    pub amount_minor: i64,
    pub currency: Currency,
    pub evidence_due: Option<Time>,
    pub opened_at: Time,
    pub updated_at: Time,
}
impl Dispute {
    pub const fn amount(&self) -> Money {
        Money { minor: self.amount_minor, currency: self.currency }
    }
}

/// The provider's word for where it stands, and whether money left for it. An inquiry that is over took none; what was prevented was
/// settled before it became a dispute, mostly with the buyer's money, and then there is nothing to answer.
pub fn reported(status: &str, taken: bool) -> Option<State> {
    match status {
        "prevented" if taken => Some(State::Lost),
        "prevented" => Some(State::Won),
        "needs_response" | "under_review" => Some(State::Open),
        "won" | "warning_closed" => Some(State::Won),
        "lost" => Some(State::Lost),
        _ if status.starts_with("warning_") => Some(State::Inquiry),
        _ => None,
    }
}

/// A step on the way from one state to a later one, each taken once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The bank asks.
    Inquire,
    /// The money is gone until it is decided.
    Withdraw,
    Win,
    Lose,
    /// The bank asked, and took nothing.
    Close,
}

/// What has to be done to come from `state` (none: never heard of) to what was reported. `taken`: whether money ever left for it, since a
/// closed inquiry is reported as one that was won. What was decided before we heard of it was opened first, and cost its fee; what is
/// decided stays so.
pub fn steps(state: Option<State>, reported: State, taken: bool) -> &'static [Step] {
    match (state, reported) {
        (None | Some(State::Inquiry), State::Won) if taken => &[Step::Withdraw, Step::Win],
        (Some(State::Inquiry), State::Won) => &[Step::Close],
        (None, State::Inquiry) => &[Step::Inquire],
        (None | Some(State::Inquiry), State::Open) => &[Step::Withdraw],
        (None | Some(State::Inquiry), State::Lost) => &[Step::Withdraw, Step::Lose],
        (Some(State::Open), State::Won) => &[Step::Win],
        (Some(State::Open), State::Lost) => &[Step::Lose],
        (None, State::Won)
        | (Some(State::Inquiry | State::Open), State::Inquiry)
        | (Some(State::Open), State::Open)
        | (Some(State::Won | State::Lost), _) => &[],
    }
}

/// The bank took `amount`; what left the balance for it may be of the currency it settles in, and the fee is.
pub fn withdrawn(amount: Money, settled: Money, fee: Money) -> Vec<Posting> {
    let mut postings = moved(Account::DisputeWithheld, Account::StripeBalance, amount, settled, "withheld");
    postings.push(Posting::new(Account::DisputeFees, Account::StripeBalance, fee, "fee"));
    postings
}
/// It came back.
pub fn reinstated(amount: Money, settled: Money) -> Vec<Posting> {
    if amount.currency == settled.currency {
        return vec![Posting::new(Account::StripeBalance, Account::DisputeWithheld, amount, "reinstated")];
    }
    vec![
        Posting::new(Account::FxClearing, Account::DisputeWithheld, amount, "reinstated/charged"),
        Posting::new(Account::StripeBalance, Account::FxClearing, settled, "reinstated/settled"),
    ]
}
fn moved(debit: Account, credit: Account, amount: Money, settled: Money, leg: &str) -> Vec<Posting> {
    if amount.currency == settled.currency {
        return vec![Posting::new(debit, credit, amount, leg)];
    }
    vec![
        Posting::new(debit, Account::FxClearing, amount, format!("{leg}/charged")),
        Posting::new(Account::FxClearing, credit, settled, format!("{leg}/settled")),
    ]
}

/// What is pending of pieces that have not left is held until it is decided; what was released is its owner's, and is not touched.
pub fn held(lines: &[FrozenLine]) -> Vec<Posting> {
    waiting(lines).map(|(line, part)| hold(line, Account::CoopPending(line.coop), Account::CoopHeld(line.coop), part)).collect()
}
/// The same, back.
pub fn unheld(lines: &[FrozenLine]) -> Vec<Posting> {
    waiting(lines).map(|(line, part)| hold(line, Account::CoopHeld(line.coop), Account::CoopPending(line.coop), part)).collect()
}
fn waiting(lines: &[FrozenLine]) -> impl Iterator<Item = (&FrozenLine, Money)> {
    let open = lines.iter().filter(|line| !line.brand_owned && line.to_ship() > 0);
    open.map(|line| (line, line.part(Pieces::Leaving, line.to_ship(), line.producer_own)))
}
fn hold(line: &FrozenLine, from: Account, to: Account, part: Money) -> Posting {
    Posting::new(from, to, part, format!("line:{}/held", line.id)).of_line(line.id)
}

/// A refund's postings where the bank has taken the money already, and what the platform bears is a lost dispute.
pub fn lost(refund: Vec<Posting>) -> Vec<Posting> {
    postings::out_of(refund, &Account::DisputeWithheld, &Account::DisputeLosses)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever order the provider's news comes in, and whatever of it is missed, money is taken once and decided once.
    #[test]
    fn every_way_to_an_end_takes_each_step_once() {
        for (heard, taken, expected) in [
            (vec![State::Open, State::Lost], true, vec![Step::Withdraw, Step::Lose]),
            (vec![State::Lost], true, vec![Step::Withdraw, Step::Lose]),
            (vec![State::Inquiry, State::Open, State::Open, State::Won, State::Lost], true, vec![Step::Inquire, Step::Withdraw, Step::Win]),
            (vec![State::Open, State::Inquiry, State::Won, State::Open], true, vec![Step::Withdraw, Step::Win]),
            (vec![State::Won], true, vec![Step::Withdraw, Step::Win]),
            (vec![State::Inquiry, State::Won, State::Won], true, vec![Step::Inquire, Step::Withdraw, Step::Win]),
            (vec![State::Inquiry, State::Won, State::Won], false, vec![Step::Inquire, Step::Close]),
            (vec![State::Won], false, vec![]),
            (vec![State::Lost, State::Open, State::Won], true, vec![Step::Withdraw, Step::Lose]),
        ] {
            let (mut state, mut done) = (None, Vec::new());
            for reported in heard {
                let steps = steps(state, reported, taken);
                done.extend_from_slice(steps);
                if !steps.is_empty() {
                    state = Some(reported);
                }
            }
            assert_eq!(done, expected);
        }
    }
    #[test]
    fn the_provider_s_words() {
        let said = |status| reported(status, true);
        assert_eq!((said("warning_needs_response"), said("warning_under_review")), (Some(State::Inquiry), Some(State::Inquiry)));
        assert_eq!((said("under_review"), said("warning_closed"), said("novel")), (Some(State::Open), Some(State::Won), None));
        assert_eq!((said("prevented"), reported("prevented", false)), (Some(State::Lost), Some(State::Won)));
    }
    #[test]
    fn what_comes_back_is_what_was_taken() {
        let (usd, eur) = (Money::new(4800, Currency::USD), Money::new(4400, Currency::EUR));
        let all = [withdrawn(usd, eur, Money::new(2000, Currency::EUR)), reinstated(usd, eur)].concat();
        let of = |account: &Account, currency: Currency| -> i64 {
            let sign = |p: &Posting| i64::from(p.debit == *account) - i64::from(p.credit == *account);
            all.iter().filter(|p| p.amount.currency == currency).map(|p| sign(p) * p.amount.minor).sum()
        };
        assert_eq!((of(&Account::DisputeWithheld, Currency::USD), of(&Account::FxClearing, Currency::USD)), (0, 0));
        assert_eq!(
            (of(&Account::StripeBalance, Currency::EUR), of(&Account::DisputeFees, Currency::EUR)),
            (-2000, 2000),
            "the fee is not given back"
        );
    }
}
