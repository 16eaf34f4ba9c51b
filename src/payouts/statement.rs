//! A payout's statement and pay slips as documents, and the mail that goes with them. Pure: facts in, documents out, the same each time.
use documents::{
    Adjustment, Amount, Conversion, Language, MakerShare, OtherShare, PayMethod, PaySlip, Split, Statement, StatementLine, Totals, WorkLine,
};

use super::{
    model::{LineKind, Payout, Rail, State},
    read::statement::{Facts, LineRow, ShareRow, SlipRow},
    shares::Purpose,
};
use crate::{
    clock::{Day, Time},
    ids::ArtisanId,
    money::{Currency, Money},
    notifications::model::PayoutSent,
    secrets::{MasterKey, sha256},
};

/// Codes of pieces that fit under a line on paper; the file and the JSON have all of them.
const CODES_ON_PAPER: usize = 4;

fn amount(minor: i64, currency: Currency) -> Amount {
    Amount { minor, text: Money::new(minor, currency).formatted() }
}
fn long(day: Day) -> String {
    day.0.strftime("%-d %B %Y").to_string()
}

impl Facts {
    pub fn of(&self, kind: LineKind) -> impl Iterator<Item = &LineRow> {
        self.lines.iter().filter(move |line| line.kind == kind)
    }
    pub fn sum(&self, kind: LineKind) -> i64 {
        self.of(kind).map(|line| line.minor).sum()
    }
    pub fn premium(&self) -> i64 {
        self.lines.iter().map(|line| line.premium).sum()
    }
    pub fn shared(&self, purpose: Purpose) -> i64 {
        self.shares.iter().filter(|share| share.purpose == purpose).map(|share| share.minor).sum()
    }
    /// The first release in it, and the day it was made.
    pub fn period(&self) -> (Day, Day) {
        let made = self.payout.created_at.day();
        (self.lines.iter().map(|line| line.released_at.day()).min().unwrap_or(made), made)
    }
}

fn rail(rail: Rail) -> &'static str {
    match rail {
        Rail::StripeTransfer => "Transfer to your Stripe account",
        Rail::BankFile => "Bank transfer",
        Rail::Manual => "By hand, confirmed by a second person",
    }
}
fn paid_on(payout: &Payout) -> String {
    match (payout.state, payout.settled_at) {
        (State::Settled, Some(at)) => format!("Sent on {}", long(at.day())),
        (State::Bounced | State::Failed, _) => "It did not arrive; the amount is available to you again".into(),
        (State::Sent, _) => "The bank has taken the instruction".into(),
        (State::Created | State::Submitted | State::Unknown | State::Settled, _) => "Not sent yet".into(),
    }
}

fn line(row: &LineRow, currency: Currency, codes: usize) -> StatementLine {
    let none = || amount(0, currency);
    let shipping = row.kind == LineKind::Shipping;
    let shown = row.codes.iter().take(codes).map(String::as_str).collect::<Vec<_>>().join(" ");
    let more = row.codes.len().saturating_sub(codes);
    let code = match (row.codes.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(shown),
        (false, more) => Some(format!("{shown} and {more} more")),
    };
    let title = match (&row.title, row.quantity) {
        (Some(title), Some(quantity)) if quantity > 1 => format!("{quantity} × {title}"),
        (Some(title), _) => title.clone(),
        (None, _) if shipping => "Delivery, paid back".into(),
        (None, _) => row.memo.clone(),
    };
    StatementLine {
        order: row.order.clone().unwrap_or_default(),
        item: title,
        code,
        date: row.sold_at.unwrap_or(row.released_at).day().to_string(),
        producer_part: if shipping { none() } else { amount(row.minor, currency) },
        shipping: if shipping { amount(row.minor, currency) } else { none() },
        advance_recouped: none(),
        fees: none(),
        amount: amount(row.minor, currency),
        premium: amount(row.premium, currency),
        conversion: conversion(row, currency),
    }
}

/// One row per order line, with its order's delivery in the first of them; delivery alone has a row of its own.
fn lines(facts: &Facts, currency: Currency, codes: usize) -> Vec<StatementLine> {
    let mut lines: Vec<StatementLine> = facts.of(LineKind::Producer).map(|row| line(row, currency, codes)).collect();
    for row in facts.of(LineKind::Shipping) {
        match lines.iter_mut().find(|l| row.order.as_ref() == Some(&l.order) && l.shipping.minor == 0) {
            Some(line) => {
                line.shipping = amount(row.minor, currency);
                line.amount = amount(line.amount.minor + row.minor, currency);
            }
            None => lines.push(line(row, currency, codes)),
        }
    }
    lines
}

fn conversion(row: &LineRow, currency: Currency) -> Option<Conversion> {
    let paid_in = row.buyer_currency.filter(|paid_in| *paid_in != currency)?;
    let (paid, rate, source, day) = (row.buyer_paid?, row.fx_rate.as_ref()?, row.fx_source.clone()?, row.fx_day?);
    let buyer_paid = format!("{paid_in} {}", Money::new(paid, paid_in).decimal());
    Some(Conversion { buyer_paid, rate: format!("1 {paid_in} = {rate} {currency}"), date: day.to_string(), source })
}

fn split(facts: &Facts, currency: Currency) -> Split {
    let mut makers: Vec<MakerShare> = Vec::new();
    let mut last: Option<ArtisanId> = None;
    for share in facts.shares.iter().filter(|s| matches!(s.purpose, Purpose::Reimbursement | Purpose::Maker)) {
        if last != share.artisan {
            last = share.artisan;
            makers.push(maker(share, currency));
        }
        let Some(row) = makers.last_mut() else { continue };
        let (already, now) = if share.purpose == Purpose::Maker { (0, share.minor) } else { (share.minor, 0) };
        row.part = amount(row.part.minor + share.minor, currency);
        row.already_paid = amount(row.already_paid.minor + already, currency);
        row.pay_now = amount(row.pay_now.minor + now, currency);
    }
    let label = |share: &ShareRow| match share.purpose {
        Purpose::Materials => Some("Materials"),
        Purpose::Cooperative if share.minor < 0 => Some("Owed from an earlier fault, paid back"),
        Purpose::Cooperative => Some("The cooperative's own part"),
        Purpose::Shipping => Some("Delivery, paid back"),
        Purpose::Premium => Some("Out of the members' fund, as they decided"),
        Purpose::Maker | Purpose::Reimbursement | Purpose::Unallocated => None,
    };
    let other = |share: &ShareRow| label(share).map(|label| OtherShare { label: label.into(), amount: amount(share.minor, currency) });
    Split {
        makers,
        others: facts.shares.iter().filter_map(other).collect(),
        unallocated: amount(facts.shared(Purpose::Unallocated), currency),
        already_paid: amount(facts.shared(Purpose::Reimbursement), currency),
        pay_now: amount(facts.shared(Purpose::Maker), currency),
    }
}
fn maker(share: &ShareRow, currency: Currency) -> MakerShare {
    let none = || amount(0, currency);
    let pieces = u32::try_from(share.pieces).unwrap_or(0);
    MakerShare { alias: share.alias.clone(), pieces, part: none(), already_paid: none(), pay_now: none() }
}

/// The statement; `on_paper` leaves out codes that have no room there.
pub fn document(facts: &Facts, contact: &str, on_paper: bool) -> Statement {
    let payout = &facts.payout;
    let currency = payout.currency;
    let codes = if on_paper { CODES_ON_PAPER } else { usize::MAX };
    let adjustment = |row: &LineRow| Adjustment {
        label: match (row.kind, &row.order) {
            (LineKind::Recovery, _) => "Owed from an earlier fault, paid back".into(),
            (_, Some(order)) => format!("{} ({order})", row.memo),
            (_, None) => row.memo.clone(),
        },
        date: row.released_at.day().to_string(),
        amount: amount(row.minor, currency),
    };
    let (from, to) = facts.period();
    Statement {
        number: payout.number.clone(),
        cooperative: facts.cooperative.clone(),
        period: if from == to { long(to) } else { format!("{} to {}", long(from), long(to)) },
        currency: currency.to_string(),
        minor_digits: u8::try_from(currency.exponent()).unwrap_or(2),
        amount: amount(payout.amount_minor, currency),
        rail: rail(payout.rail).into(),
        paid_to: payout.destination_hint.clone(),
        reference: payout.reference.clone().unwrap_or_else(|| "–".into()),
        paid_on: paid_on(payout),
        contact: contact.to_owned(),
        lines: lines(facts, currency, codes),
        adjustments: facts.lines.iter().filter(|row| !matches!(row.kind, LineKind::Producer | LineKind::Shipping)).map(adjustment).collect(),
        totals: Totals {
            producer_part: amount(facts.sum(LineKind::Producer), currency),
            shipping: amount(facts.sum(LineKind::Shipping), currency),
            advance_recouped: amount(0, currency),
            fees: amount(0, currency),
            premium: amount(facts.premium(), currency),
        },
        split: split(facts, currency),
    }
}

/// The mail with the statement's figures.
pub fn mail(facts: &Facts) -> PayoutSent {
    let said = |minor: i64| Money::new(minor, facts.payout.currency).formatted();
    let some = |minor: i64| (minor != 0).then(|| said(minor));
    PayoutSent {
        to: facts.email.clone(),
        payout: facts.payout.id,
        number: facts.payout.number.clone(),
        slug: facts.slug.clone(),
        cooperative: facts.cooperative.clone(),
        amount: said(facts.payout.amount_minor),
        destination: facts.payout.destination_hint.clone(),
        reference: facts.payout.reference.clone(),
        lines: facts.of(LineKind::Producer).count(),
        producer: said(facts.sum(LineKind::Producer)),
        shipping: some(facts.sum(LineKind::Shipping)),
        recovered: some(-facts.sum(LineKind::Recovery)),
        premium: some(facts.premium()),
        by_decision: some(facts.sum(LineKind::Premium)),
        cancelled: some(facts.sum(LineKind::Labour) + facts.sum(LineKind::Material)),
        pay_now: some(facts.shared(Purpose::Maker)),
        already_paid: some(facts.shared(Purpose::Reimbursement)),
        unallocated: some(facts.shared(Purpose::Unallocated)),
    }
}

/// Eight digits that any telephone can type, for one maker's part of one payout; they tell nothing to who does not hold the slip.
pub fn slip_code(keys: &MasterKey, payout: &Payout, artisan: ArtisanId) -> String {
    let subject = uuid::Uuid::new_v5(&payout.id.uuid(), artisan.uuid().as_bytes());
    let digest = sha256(keys.token("slip", subject, 1).reveal().as_bytes());
    let number = digest[..8].iter().fold(0_u64, |n, byte| (n << 8) | u64::from(*byte)) % 100_000_000;
    format!("{number:08}")
}

/// A maker's slip for what she is handed now.
pub fn slip(keys: &MasterKey, public_url: &str, cooperative: &str, payout: &Payout, row: &SlipRow, at: Time) -> PaySlip {
    let code = slip_code(keys, payout, row.artisan);
    let sum = amount(row.minor, payout.currency);
    PaySlip {
        language: match row.language.split('-').next() {
            Some("hi") => Language::Hindi,
            Some("ne") => Language::Nepali,
            Some(_) | None => Language::English,
        },
        number: payout.number.clone(),
        cooperative: cooperative.to_owned(),
        maker: row.name.clone(),
        paid_on: at.day().to_string(),
        amount: sum.clone(),
        method: match row.method.as_str() {
            "bank" => PayMethod::Bank,
            "upi" => PayMethod::Upi,
            _ => PayMethod::Cash,
        },
        reference: payout.number.clone(),
        lines: vec![WorkLine { what: row.titles.clone(), pieces: u32::try_from(row.pieces).unwrap_or(0), rate: String::new(), amount: sum }],
        photo: None,
        url: format!("{public_url}/pay/{}/{code}", payout.number),
        code: format!("{} {}", &code[..4], &code[4..]),
        phone: None,
    }
}
