//! What a payout is in the ledger. Pure: facts in, postings out.
//!
//! `coop_available → coop_paying` when it is made (`premium_fund →` where the members decided it), `coop_paying → the account it leaves` when
//! it settles. Where what leaves is of another
//! currency than what is owed, two balanced sets meet in `fx_clearing`, and what the rate did since the sale is the platform's.
use crate::{
    ids::CoopId,
    ledger::{Account, Posting},
    money::Money,
};

/// Out of where it was, into flight.
pub fn sent(of: Account, coop: CoopId, amount: Money, memo: &str) -> Posting {
    Posting::new(of, Account::CoopPaying(coop), amount, "payout").memo(memo)
}

/// A debt from an adjudicated fault, paid back out of what is available.
pub fn recovered(coop: CoopId, amount: Money) -> Vec<Posting> {
    vec![Posting::new(Account::CoopAvailable(coop), Account::CoopReceivable(coop), amount, "recovery").memo("owed from before")]
}

/// It left: `left` is what went out of `from`, `carried` what the sales had put into clearing for it, if that is of the same currency.
pub fn settled(coop: CoopId, amount: Money, from: &Account, left: Money, carried: Option<Money>) -> Vec<Posting> {
    let paying = Account::CoopPaying(coop);
    if amount.currency == left.currency {
        return vec![Posting::new(paying, from.clone(), amount, "settled")];
    }
    let mut postings = vec![
        Posting::new(paying, Account::FxClearing, amount, "settled/owed"),
        Posting::new(Account::FxClearing, from.clone(), left, "settled/paid"),
    ];
    if let Some(carried) = carried.filter(|c| c.currency == left.currency) {
        let lost = Money::new(left.minor - carried.minor, left.currency);
        postings.push(if lost.minor >= 0 {
            Posting::new(Account::FxGainLoss, Account::FxClearing, lost, "settled/rate")
        } else {
            Posting::new(Account::FxClearing, Account::FxGainLoss, Money::new(-lost.minor, lost.currency), "settled/rate")
        });
    }
    postings
}

/// It never left: it is where it was.
pub fn returned(of: Account, coop: CoopId, amount: Money) -> Vec<Posting> {
    vec![Posting::new(Account::CoopPaying(coop), of, amount, "returned").memo("payout not made")]
}

/// It left and came back into the account it had left, and is where it was.
pub fn bounced(of: Account, amount: Money, from: &Account, left: Money) -> Vec<Posting> {
    if amount.currency == left.currency {
        return vec![Posting::new(from.clone(), of, amount, "bounced").memo("payout came back")];
    }
    vec![
        Posting::new(from.clone(), Account::FxClearing, left, "bounced/paid"),
        Posting::new(Account::FxClearing, of, amount, "bounced/owed").memo("payout came back"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn moved(postings: &[Posting], account: &Account, currency: Currency) -> i64 {
        let of = |p: &Posting| i64::from(p.debit == *account) - i64::from(p.credit == *account);
        postings.iter().filter(|p| p.amount.currency == currency).map(|p| of(p) * p.amount.minor).sum()
    }

    #[test]
    fn the_rate_since_the_sale_is_the_platforms() {
        let coop = CoopId::new();
        let (owed, left) = (Money::new(326_400, Currency::INR), Money::new(3743, Currency::USD));
        let bank = Account::Bank("payouts".into());
        let postings = settled(coop, owed, &bank, left, Some(Money::new(3709, Currency::USD)));
        assert_eq!(moved(&postings, &Account::CoopPaying(coop), Currency::INR), 326_400, "she is owed nothing more");
        assert_eq!(moved(&postings, &bank, Currency::USD), -3743);
        assert_eq!(moved(&postings, &Account::FxGainLoss, Currency::USD), 34);
        assert_eq!(moved(&postings, &Account::FxClearing, Currency::USD), 3709, "what the sale had put there is taken out again");
        let gained = settled(coop, owed, &bank, Money::new(3700, Currency::USD), Some(Money::new(3709, Currency::USD)));
        assert_eq!(moved(&gained, &Account::FxGainLoss, Currency::USD), -9);
        let back = bounced(Account::CoopAvailable(coop), owed, &bank, left);
        assert_eq!(moved(&back, &Account::CoopAvailable(coop), Currency::INR), -326_400, "all of it is hers again");
    }
    #[test]
    fn in_one_currency_nothing_passes_through_clearing() {
        let (coop, amount) = (CoopId::new(), Money::new(5036, Currency::EUR));
        let postings = settled(coop, amount, &Account::StripeBalance, amount, None);
        assert_eq!(postings, [Posting::new(Account::CoopPaying(coop), Account::StripeBalance, amount, "settled")]);
    }
}
