//! What a sale, a fee and a refund are in the ledger. Pure: facts in, postings out.
//!
//! A sale moves the buyer's money from `stripe_balance` to whoever each part of the price is for. The maker side is owed in its own
//! currency: where that is not the buyer's, two balanced sets meet in `fx_clearing` at the order's dated rate.
use crate::{
    ids::{CoopId, OrderGroupId, OrderLineId},
    ledger::{Account, Posting},
    money::{Currency, Money},
    orders::{FrozenGroup, FrozenLine},
};

/// A line as it was frozen when the order was placed; amounts for the whole quantity.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: OrderLineId,
    pub coop: CoopId,
    /// Stock the brand owns never credits a cooperative a second time.
    pub brand_owned: bool,
    pub producer: Money,
    pub premium: Money,
    pub commission: Money,
    pub tax: Money,
    pub producer_own: Money,
    pub premium_own: Money,
}

/// One cooperative's parcel.
#[derive(Clone, Debug)]
pub struct Group {
    pub id: OrderGroupId,
    pub coop: CoopId,
    pub shipping: Money,
    pub shipping_tax: Money,
    pub shipping_own: Money,
}

impl From<&FrozenLine> for Line {
    fn from(line: &FrozenLine) -> Self {
        Self {
            id: line.id,
            coop: line.coop,
            brand_owned: line.brand_owned,
            producer: line.producer,
            premium: line.premium,
            commission: line.commission,
            tax: line.tax,
            producer_own: line.producer_own,
            premium_own: line.premium_own,
        }
    }
}
impl From<&FrozenGroup> for Group {
    fn from(group: &FrozenGroup) -> Self {
        Self { id: group.id, coop: group.coop, shipping: group.shipping, shipping_tax: group.shipping_tax, shipping_own: group.shipping_own }
    }
}

/// `currency` in, `own` owed: through `fx_clearing` if they differ.
fn owed(source: &Account, owed_to: Account, paid: Money, own: Money, leg: &str) -> Vec<Posting> {
    if paid.currency == own.currency {
        return vec![Posting::new(source.clone(), owed_to, paid, leg)];
    }
    vec![
        Posting::new(source.clone(), Account::FxClearing, paid, format!("{leg}/paid")),
        Posting::new(Account::FxClearing, owed_to, own, format!("{leg}/owed")),
    ]
}

/// The transfers of a paid order.
pub fn sale(lines: &[Line], groups: &[Group], jurisdiction: &str) -> Vec<Posting> {
    let stripe = Account::StripeBalance;
    let tax = || Account::TaxPayable(jurisdiction.to_owned());
    let mut postings = Vec::new();
    for line in lines {
        let leg = |part: &str| format!("line:{}/{part}", line.id);
        let mut of_line = Vec::new();
        if line.brand_owned {
            of_line.push(Posting::new(stripe.clone(), Account::BrandSales(line.coop), line.producer, leg("brand")));
            of_line.push(Posting::new(stripe.clone(), Account::BrandSales(line.coop), line.premium, leg("brand_premium")));
        } else {
            of_line.extend(owed(&stripe, Account::CoopPending(line.coop), line.producer, line.producer_own, &leg("producer")));
            of_line.extend(owed(&stripe, Account::PremiumPending(line.coop), line.premium, line.premium_own, &leg("premium")));
        }
        of_line.push(Posting::new(stripe.clone(), Account::Commission, line.commission, leg("commission")));
        of_line.push(Posting::new(stripe.clone(), tax(), line.tax, leg("tax")));
        postings.extend(of_line.into_iter().map(|p| p.of_line(line.id)));
    }
    for group in groups {
        let leg = |part: &str| format!("group:{}/{part}", group.id);
        postings.extend(owed(&stripe, Account::ShippingPayable(group.coop), group.shipping, group.shipping_own, &leg("shipping")));
        postings.push(Posting::new(stripe.clone(), tax(), group.shipping_tax, leg("shipping_tax")));
    }
    postings
}

/// What the provider kept of a charge, and the currency it settled in if that is not the one charged.
pub fn fees(charged: Money, settled: Money, fee: Money) -> Vec<Posting> {
    let mut postings = Vec::new();
    if charged.currency != settled.currency {
        postings.push(Posting::new(Account::FxClearing, Account::StripeBalance, charged, "settlement/charged"));
        postings.push(Posting::new(Account::StripeBalance, Account::FxClearing, settled, "settlement/settled"));
    }
    postings.push(Posting::new(Account::StripeFees, Account::StripeBalance, fee, "fee"));
    postings
}

/// Who bears a refunded line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RefundBearer)]
pub enum Bearer {
    /// Not released yet: the cooperative's pending part and the premium go back.
    Pending,
    /// Released or paid out: buyer's remorse never reaches a maker or the fund, so the platform bears it.
    Platform,
    /// A fault was found and the cooperative agreed to bear it: a debt, which later payouts clear. The fund is never touched.
    Cooperative,
}

/// Part of a line that is given back: the same parts a sale has, already cut to what is refunded.
pub fn refunded_line(line: &Line, bearer: Bearer, jurisdiction: &str) -> Vec<Posting> {
    let stripe = Account::StripeBalance;
    // One refund may hold pieces of a line that left and pieces that did not.
    let of = if bearer == Bearer::Pending { "" } else { "sent/" };
    let leg = |part: &str| format!("line:{}/{of}{part}", line.id);
    let back = |account: Account, amount: Money, part: &str| Posting::new(account, stripe.clone(), amount, leg(part));
    let mut postings = Vec::new();
    if line.brand_owned {
        postings.push(back(Account::BrandSales(line.coop), line.producer, "brand"));
        postings.push(back(Account::BrandSales(line.coop), line.premium, "brand_premium"));
    } else {
        match bearer {
            Bearer::Pending => {
                postings.extend(given_back(Account::CoopPending(line.coop), line.producer, line.producer_own, &leg("producer")));
                postings.extend(given_back(Account::PremiumPending(line.coop), line.premium, line.premium_own, &leg("premium")));
            }
            Bearer::Platform => {
                postings.push(back(Account::RefundLosses, line.producer, "producer_loss"));
                postings.push(back(Account::RefundLosses, line.premium, "premium_loss"));
            }
            Bearer::Cooperative => {
                postings.extend(given_back(Account::CoopReceivable(line.coop), line.producer, line.producer_own, &leg("producer_owed")));
                postings.push(back(Account::RefundLosses, line.premium, "premium_loss"));
            }
        }
    }
    postings.push(back(Account::Commission, line.commission, "commission"));
    postings.push(back(Account::TaxPayable(jurisdiction.to_owned()), line.tax, "tax"));
    postings.into_iter().map(|p| p.of_line(line.id)).collect()
}

/// Shipping that is given back.
pub fn refunded_group(group: &Group, bearer: Bearer, jurisdiction: &str) -> Vec<Posting> {
    let leg = |part: &str| format!("group:{}/{part}", group.id);
    let mut postings = match bearer {
        Bearer::Pending => given_back(Account::ShippingPayable(group.coop), group.shipping, group.shipping_own, &leg("shipping")),
        Bearer::Platform | Bearer::Cooperative => {
            vec![Posting::new(Account::RefundLosses, Account::StripeBalance, group.shipping, leg("shipping_loss"))]
        }
    };
    postings.push(Posting::new(Account::TaxPayable(jurisdiction.to_owned()), Account::StripeBalance, group.shipping_tax, leg("shipping_tax")));
    postings
}

fn given_back(owed_to: Account, paid: Money, own: Money, leg: &str) -> Vec<Posting> {
    if paid.currency == own.currency {
        return vec![Posting::new(owed_to, Account::StripeBalance, paid, leg)];
    }
    vec![
        Posting::new(Account::FxClearing, Account::StripeBalance, paid, format!("{leg}/paid")),
        Posting::new(owed_to, Account::FxClearing, own, format!("{leg}/owed")),
    ]
}

/// What is due for work and material of pieces that nobody will get: it was pending for them, and is available to whoever did it; what she
/// holds of it as an advance is hers now.
pub fn compensated(coop: CoopId, line: OrderLineId, labour: Money, material: Money, advance: Money) -> Vec<Posting> {
    let of = |to: Account, amount, what: &str| {
        Posting::new(Account::CoopPending(coop), to, amount, format!("line:{line}/{what}")).of_line(line).memo(format!("cancelled: {what}"))
    };
    let available = || Account::CoopAvailable(coop);
    vec![of(available(), labour, "labour"), of(available(), material, "material"), of(Account::CoopAdvance(coop), advance, "advance")]
}

/// Delivery that the platform gave back, and that nobody will do after all: its cost is not owed.
pub fn sending_not_owed(group: &Group) -> Vec<Posting> {
    let (owed_to, leg) = (Account::ShippingPayable(group.coop), format!("group:{}/not_sent", group.id));
    if group.shipping.currency == group.shipping_own.currency {
        return vec![Posting::new(owed_to, Account::RefundLosses, group.shipping, leg)];
    }
    vec![
        Posting::new(Account::FxClearing, Account::RefundLosses, group.shipping, format!("{leg}/paid")),
        Posting::new(owed_to, Account::FxClearing, group.shipping_own, format!("{leg}/owed")),
    ]
}

/// What a refund is more than its parts because the provider pays nothing finer, or less where that was given before.
pub fn rounded(more: Money) -> Option<Posting> {
    let (lost, stripe, leg) = (Account::RefundLosses, Account::StripeBalance, "rounding");
    match more.minor {
        0 => None,
        1.. => Some(Posting::new(lost, stripe, more, leg)),
        ..0 => Some(Posting::new(stripe, lost, Money::new(-more.minor, more.currency), leg)),
    }
}

/// A refund that is promised: the same postings, with the money still to leave.
pub fn promised(postings: Vec<Posting>) -> Vec<Posting> {
    let held = |account: Account| if account == Account::StripeBalance { Account::BuyerRefundable } else { account };
    postings.into_iter().map(|p| Posting { debit: held(p.debit), credit: held(p.credit), ..p }).collect()
}

/// The same refund where the money left from elsewhere, and what the platform bears has another name.
pub fn out_of(postings: Vec<Posting>, from: &Account, lost: &Account) -> Vec<Posting> {
    let moved = |p: Posting| match (&p.debit, &p.credit) {
        (Account::RefundLosses, Account::StripeBalance) => Posting { debit: lost.clone(), credit: from.clone(), ..p },
        (_, Account::StripeBalance) => Posting { credit: from.clone(), ..p },
        (Account::StripeBalance, _) => Posting { debit: from.clone(), ..p },
        _ => p,
    };
    postings.into_iter().map(moved).collect()
}

/// Money that came for an order that cannot have it: held for the buyer until the refund goes out.
pub fn unexpected(amount: Money) -> Vec<Posting> {
    vec![Posting::new(Account::StripeBalance, Account::BuyerRefundable, amount, "unexpected")]
}

/// The sum that leaves or reaches `stripe_balance` in `currency`: what the postings must equal.
pub fn stripe_effect(postings: &[Posting], currency: Currency) -> i64 {
    let of = |p: &Posting| match (&p.debit, &p.credit) {
        (Account::StripeBalance, _) => p.amount.minor,
        (_, Account::StripeBalance) => -p.amount.minor,
        _ => 0,
    };
    postings.iter().filter(|p| p.amount.currency == currency).map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }
    fn line(coop: CoopId, producer: i64, premium: i64, commission: i64, tax: i64) -> Line {
        Line {
            id: OrderLineId::new(),
            coop,
            brand_owned: false,
            producer: eur(producer),
            premium: eur(premium),
            commission: eur(commission),
            tax: eur(tax),
            producer_own: eur(producer),
            premium_own: eur(premium),
        }
    }
    fn group(coop: CoopId, shipping: i64, tax: i64) -> Group {
        Group { id: OrderGroupId::new(), coop, shipping: eur(shipping), shipping_tax: eur(tax), shipping_own: eur(shipping) }
    }

    #[test]
    fn the_canonical_order() {
        let (a, b) = (CoopId::new(), CoopId::new());
        let lines = [line(a, 4636, 464, 900, 667), line(b, 1855, 185, 360, 267)];
        let postings = sale(&lines, &[group(a, 400, 44), group(b, 200, 22)], "DE");
        assert_eq!(stripe_effect(&postings, Currency::EUR), 10_000);
        let to = |account: &Account| postings.iter().filter(|p| p.credit == *account).map(|p| p.amount.minor).sum::<i64>();
        assert_eq!(to(&Account::CoopPending(a)), 4636);
        assert_eq!(to(&Account::PremiumPending(b)), 185);
        assert_eq!(to(&Account::Commission), 1260);
        assert_eq!(to(&Account::TaxPayable("DE".into())), 1000);
        let back = refunded_line(&lines[0], Bearer::Pending, "DE");
        assert_eq!(stripe_effect(&back, Currency::EUR), -6667);
        let remorse = refunded_line(&lines[0], Bearer::Platform, "DE");
        let lost: i64 = remorse.iter().filter(|p| p.debit == Account::RefundLosses).map(|p| p.amount.minor).sum();
        assert_eq!((lost, stripe_effect(&remorse, Currency::EUR)), (5100, -6667));
        let fault = refunded_line(&lines[0], Bearer::Cooperative, "DE");
        let owed: Vec<_> = fault.iter().filter(|p| p.debit == Account::CoopReceivable(a)).map(|p| p.amount.minor).collect();
        assert_eq!((owed, stripe_effect(&fault, Currency::EUR)), (vec![4636], -6667), "her part, and not the premium");
        assert!(!remorse.iter().chain(&fault).any(|p| matches!(p.debit, Account::CoopAvailable(_) | Account::PremiumFund(_))));
    }

    #[test]
    fn a_maker_side_in_rupees_is_owed_rupees() {
        let coop = CoopId::new();
        let usd = |minor| Money::new(minor, Currency::USD);
        let inr = |minor| Money::new(minor, Currency::INR);
        let line = Line {
            producer: usd(3709),
            premium: usd(371),
            commission: usd(720),
            tax: usd(0),
            producer_own: inr(326_400),
            premium_own: inr(32_640),
            ..line(coop, 0, 0, 0, 0)
        };
        let postings = sale(&[line], &[], "US");
        assert_eq!(stripe_effect(&postings, Currency::USD), 4800);
        let owed: i64 = postings.iter().filter(|p| p.amount.currency == Currency::INR).map(|p| p.amount.minor).sum();
        assert_eq!(owed, 359_040);
        for currency in [Currency::USD, Currency::INR] {
            let clearing =
                postings.iter().filter(|p| p.amount.currency == currency && (p.debit == Account::FxClearing || p.credit == Account::FxClearing));
            assert!(clearing.count() > 0, "{currency} passes through clearing");
        }
    }

    #[test]
    fn stock_that_a_brand_owns_credits_no_cooperative() {
        let coop = CoopId::new();
        let line = Line { brand_owned: true, ..line(coop, 100, 10, 5, 0) };
        let postings = sale(std::slice::from_ref(&line), &[], "DE");
        assert!(!postings.iter().any(|p| matches!(p.credit, Account::CoopPending(_) | Account::PremiumPending(_))));
        assert_eq!(stripe_effect(&postings, Currency::EUR), 115);
    }
}
