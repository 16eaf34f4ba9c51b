//! What is asked back, what that is of each part of the order, and who bears it. Pure.
use passport::facts::UndoneReason;

pub use super::ask::{Ask, By, Consent, What};
use super::started::{Due, Started};
use crate::{
    checkout::{
        Error,
        postings::{self, Bearer, Group, Line},
    },
    clock::Time,
    ids::{AccountId, BatchId, CoopId, OrderGroupId, OrderId, OrderLineId, RefundId, VariantId},
    ledger::Posting,
    money::{Currency, Money},
    orders::{
        Frozen, FrozenGroup, FrozenLine, Order,
        model::{GivenUp, GroupState, Pieces},
    },
    payments,
};

text_enum! { as RefundState,
    /// requested: the provider was not heard yet. pending: it is on its way. failed: the buyer is still owed it.
    pub enum State { Requested = "requested", Pending = "pending", Succeeded = "succeeded", Failed = "failed" }
}
text_enum! { as RefundReason,
    pub enum Reason {
        BuyerChangedMind = "buyer_changed_mind", Fault = "fault", NotReceived = "not_received", Cancelled = "cancelled",
        Unfulfillable = "unfulfillable",
    }
}

/// What was put into lines that are made to order, and what was withheld for it before.
#[derive(Clone, Copy, Debug, Default)]
pub struct PutIn<'a> {
    pub started: &'a [Started],
    pub withheld: i64,
}

/// Frozen with the refund: how much of what goes back, and who bears it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Parts {
    pub lines: Vec<LinePart>,
    pub shipping: Vec<GroupPart>,
}
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LinePart {
    pub line: OrderLineId,
    pub quantity: i32,
    /// Without the tax, whichever way it was priced, and without what is withheld.
    pub goods: i64,
    pub tax: i64,
    pub bearer: Bearer,
    /// For work and material of what is made to order, in the buyer's currency; and in the maker side's, by what it is for and whose work.
    #[serde(default)]
    pub withheld: i64,
    #[serde(default)]
    pub labour: i64,
    #[serde(default)]
    pub material: i64,
    #[serde(default)]
    pub batches: Vec<BatchId>,
}
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GroupPart {
    pub group: OrderGroupId,
    pub shipping: i64,
    pub tax: i64,
    pub bearer: Bearer,
}

/// Pieces of a line whose sale no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undone {
    pub coop: CoopId,
    pub line: OrderLineId,
    pub variant: VariantId,
    pub quantity: i32,
    /// They never left: they are for sale again.
    pub here: bool,
    /// Pieces of the line that had left before, and those of them that were given back before.
    pub shipped: i32,
    pub given_back: i32,
}

#[derive(Debug)]
pub struct Plan {
    pub amount: Money,
    pub parts: Parts,
    pub undone: Vec<Undone>,
    /// Groups of which nothing is left to send.
    pub gone: Vec<OrderGroupId>,
    pub postings: Vec<Posting>,
    /// What is due for work and material, where anything is.
    pub due: Vec<Due>,
    /// Nothing is left to be given back.
    pub all: bool,
}
impl Plan {
    /// Pieces that had not left, by line.
    pub fn given_up(&self) -> Vec<GivenUp> {
        let here = self.undone.iter().filter(|undone| undone.here);
        here.map(|u| GivenUp { line: u.line, quantity: u.quantity, due: self.due.iter().find(|d| d.line == u.line).map_or(0, Due::now) }).collect()
    }
    /// So much less goes back, in the buyer's currency.
    pub fn withheld(&self) -> Money {
        Money::new(self.due.iter().map(|due| due.withheld.minor).sum(), self.amount.currency)
    }
}

/// A refund as it is kept.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Refund {
    pub id: RefundId,
    pub order: OrderId,
    pub state: State,
    pub reason: Reason,
    pub amount_minor: i64,
    pub currency: Currency,
    pub parts: serde_json::Value,
    pub provider_id: Option<String>,
    pub requested_by: Option<AccountId>,
    pub note: String,
    pub consent: Option<serde_json::Value>,
    pub created_at: Time,
    pub updated_at: Time,
}
impl Refund {
    pub const fn amount(&self) -> Money {
        Money { minor: self.amount_minor, currency: self.currency }
    }
}

/// What a refund withheld for work and material, for its mail; none if nothing.
pub fn withheld(refund: &Refund) -> Option<String> {
    let parts: Parts = serde_json::from_value(refund.parts.clone()).ok()?;
    let minor: i64 = parts.lines.iter().map(|line| line.withheld).sum();
    (minor > 0).then(|| Money::new(minor, refund.currency).formatted())
}

/// Where a refund stands after the provider said `reported`; `None` if that is no news.
pub fn moved(state: State, reported: State) -> Option<State> {
    match (state, reported) {
        (State::Requested, State::Pending | State::Succeeded | State::Failed)
        | (State::Pending, State::Succeeded | State::Failed)
        | (State::Succeeded, State::Failed) => Some(reported),
        (_, State::Requested) | (State::Pending, State::Pending) | (State::Succeeded, State::Pending | State::Succeeded) | (State::Failed, _) => None,
    }
}

/// What a record says of a piece whose sale was undone. That it was returned is said by whoever has it back in hand, and not by a refund.
pub const fn undone(reason: Reason) -> UndoneReason {
    match reason {
        Reason::Cancelled | Reason::Unfulfillable => UndoneReason::Cancelled,
        Reason::BuyerChangedMind | Reason::Fault | Reason::NotReceived => UndoneReason::Refunded,
    }
}
impl Reason {
    /// Whether it is about pieces that left before it is about pieces that are still here.
    const fn of_what_left(self) -> bool {
        match self {
            Self::Fault | Self::NotReceived => true,
            Self::BuyerChangedMind | Self::Cancelled | Self::Unfulfillable => false,
        }
    }
}

/// What the refund is, to the minor unit. Parts are allocated cumulatively, so that many partial refunds are one full refund; a parcel
/// that will not be sent costs no delivery.
///
/// # Errors
/// [`Error::NothingLeft`] if less is left than is asked for; [`Error::Unknown`] names a line or group that is not the order's.
pub fn plan(order: &Order, frozen: &Frozen, what: &What, reason: Reason, consented: bool, put_in: PutIn<'_>) -> Result<Plan, Error> {
    let left = order.total.checked_sub(order.refunded).map_err(crate::orders::Error::from)?;
    let (wanted, mut shipping) = wanted(frozen, what, reason, left)?;
    let here = |line: &FrozenLine| wanted.iter().find(|w| w.line == line.id).map_or(0, |w| w.here);
    let away = |line: &FrozenLine| wanted.iter().find(|w| w.line == line.id).map_or(0, |w| w.gone);
    let remains = |group: OrderGroupId| frozen.lines.iter().any(|l| l.group == group && l.to_ship() > here(l));
    let over: Vec<_> = frozen.groups.iter().filter(|g| g.state.sends() && !remains(g.id)).collect();
    // Of these nothing was sent at all: delivery has not been earned.
    let gone: Vec<_> = over.iter().copied().filter(|g| g.state == GroupState::ToShip).collect();
    shipping.extend(gone.iter().filter(|g| !g.shipping_refunded && !shipping.contains(&g.id)).map(|g| g.id).collect::<Vec<_>>());

    let mut plan = Plan {
        amount: Money::zero(left.currency),
        parts: Parts { lines: Vec::new(), shipping: Vec::new() },
        undone: Vec::new(),
        gone: over.iter().map(|g| g.id).collect(),
        postings: Vec::new(),
        due: Vec::new(),
        all: false,
    };
    let away_bearer = if consented { Bearer::Cooperative } else { Bearer::Platform };
    for line in &frozen.lines {
        let started = put_in.started.iter().find(|s| s.line == Some(line.id) && reason.buyers_own() && here(line) > 0);
        let due = started.map(|s| s.due(line, here(line))).transpose().map_err(crate::orders::Error::from)?.filter(|due| due.own() > 0);
        plan.take_line(order, line, Pieces::Here, here(line), Bearer::Pending, due);
        plan.take_line(order, line, Pieces::Gone, away(line), away_bearer, None);
    }
    for group in frozen.groups.iter().filter(|g| shipping.contains(&g.id)) {
        plan.take_shipping(order, group, gone.iter().any(|g| g.id == group.id));
    }
    for group in gone.iter().filter(|g| g.shipping_refunded) {
        plan.postings.extend(postings::sending_not_owed(&Group::from(*group)));
    }
    plan.all = frozen.lines.iter().all(|l| l.refunded_quantity + here(l) + away(l) == l.quantity)
        && frozen.groups.iter().all(|g| g.shipping_refunded || shipping.contains(&g.id));
    // What was withheld is spoken for.
    let left = Money::new(left.minor - put_in.withheld - plan.withheld().minor, left.currency);
    plan.round(left);
    if plan.amount.minor > left.minor || plan.amount.minor <= 0 {
        return Err(Error::NothingLeft { left });
    }
    if consented && !plan.parts.lines.iter().any(|l| l.bearer == Bearer::Cooperative) {
        return Err(Error::BadRefund("consent is for a fault in something that was sent; nothing of this was"));
    }
    Ok(plan)
}

/// Pieces of a line that are given back: of those still here, and of those that left.
struct Wanted {
    line: OrderLineId,
    here: i32,
    gone: i32,
}
impl Wanted {
    /// A reason is about the one or the other first; what is more than there is of these is of the others.
    fn of(line: &FrozenLine, quantity: i32, reason: Reason) -> Self {
        let (here, gone) = if reason.of_what_left() {
            let gone = quantity.min(line.kept_by_buyer());
            (quantity - gone, gone)
        } else {
            let here = quantity.min(line.to_ship());
            (here, quantity - here)
        };
        Self { line: line.id, here, gone }
    }
}

fn wanted(frozen: &Frozen, what: &What, reason: Reason, left: Money) -> Result<(Vec<Wanted>, Vec<OrderGroupId>), Error> {
    let (lines, shipping) = match what {
        What::Everything => {
            let lines = frozen.lines.iter().map(|l| Wanted { line: l.id, here: l.to_ship(), gone: l.kept_by_buyer() }).collect();
            return Ok((lines, frozen.groups.iter().filter(|g| !g.shipping_refunded).map(|g| g.id).collect()));
        }
        What::Parts { lines, shipping } => (lines, shipping),
    };
    let mut wanted = Vec::with_capacity(lines.len());
    for (at, (id, quantity)) in lines.iter().enumerate() {
        let unknown = || Error::Unknown { pointer: format!("/lines/{at}/line"), expected: "a line of this order, once" };
        let line = frozen.lines.iter().find(|l| l.id == *id).ok_or_else(unknown)?;
        if lines[..at].iter().any(|(before, _)| before == id) {
            return Err(unknown());
        }
        if *quantity > line.quantity - line.refunded_quantity {
            return Err(Error::NothingLeft { left });
        }
        wanted.push(Wanted::of(line, *quantity, reason));
    }
    for (at, id) in shipping.iter().enumerate() {
        let unknown = || Error::Unknown { pointer: format!("/shipping/{at}"), expected: "a parcel of this order, once" };
        let group = frozen.groups.iter().find(|g| g.id == *id).ok_or_else(unknown)?;
        if shipping[..at].contains(id) {
            return Err(unknown());
        }
        if group.shipping_refunded {
            return Err(Error::NothingLeft { left });
        }
    }
    Ok((wanted, shipping.clone()))
}

impl Plan {
    /// The sum of the parts, as the provider can pay it: where its unit is coarser, up, and the platform bears what that is more; `all` that
    /// is left gives that back, since what was paid was payable.
    fn round(&mut self, left: Money) {
        let parts = &self.parts;
        let exact: i64 = parts.lines.iter().map(|l| l.goods + l.tax).chain(parts.shipping.iter().map(|g| g.shipping + g.tax)).sum();
        let over = exact.rem_euclid(payments::step(left.currency));
        let minor = match (self.all, over) {
            (true, _) => left.minor,
            (false, 0) => exact,
            (false, over) => (exact - over + payments::step(left.currency)).min(left.minor),
        };
        self.amount = Money::new(minor, left.currency);
        self.postings.extend(postings::rounded(Money::new(minor - exact, left.currency)));
    }
    fn take_line(&mut self, order: &Order, line: &FrozenLine, of: Pieces, quantity: i32, bearer: Bearer, due: Option<Due>) {
        if quantity == 0 {
            return;
        }
        let mut cut = cut(line, of, quantity);
        if let Some(due) = &due {
            cut.producer.minor -= due.withheld.minor;
            cut.producer_own.minor -= due.own();
        }
        let goods = cut.producer.minor + cut.premium.minor + cut.commission.minor;
        self.parts.lines.push(LinePart {
            line: line.id,
            quantity,
            goods,
            tax: cut.tax.minor,
            bearer,
            withheld: due.as_ref().map_or(0, |due| due.withheld.minor),
            labour: due.as_ref().map_or(0, |due| due.labour.minor),
            material: due.as_ref().map_or(0, |due| due.material.minor),
            batches: due.as_ref().map(|due| due.batches.clone()).unwrap_or_default(),
        });
        let (here, shipped, given_back) = (of == Pieces::Here, line.shipped_quantity, line.refunded_gone());
        self.undone.push(Undone { coop: line.coop, line: line.id, variant: line.variant, quantity, here, shipped, given_back });
        self.postings.extend(postings::refunded_line(&cut, bearer, &order.country));
        self.due.extend(due);
    }
    /// Whoever sends it is paid for sending, unless it is not sent.
    fn take_shipping(&mut self, order: &Order, group: &FrozenGroup, gone: bool) {
        let bearer = if gone { Bearer::Pending } else { Bearer::Platform };
        self.parts.shipping.push(GroupPart { group: group.id, shipping: group.shipping.minor, tax: group.shipping_tax.minor, bearer });
        self.postings.extend(postings::refunded_group(&Group::from(group), bearer, &order.country));
    }
}

/// The part of `quantity` such pieces in every part of a line.
fn cut(line: &FrozenLine, of: Pieces, quantity: i32) -> Line {
    let part = |money: Money| line.part(of, quantity, money);
    let all = Line::from(line);
    Line {
        producer: part(all.producer),
        premium: part(all.premium),
        commission: part(all.commission),
        tax: part(all.tax),
        producer_own: part(all.producer_own),
        premium_own: part(all.premium_own),
        ..all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_only_goes_forward() {
        let mut news = Vec::new();
        for state in State::ALL {
            for reported in State::ALL {
                if let Some(next) = moved(*state, *reported) {
                    assert_eq!(next, *reported);
                    news.push(format!("{state} > {next}"));
                }
            }
        }
        let all =
            ["requested > pending", "requested > succeeded", "requested > failed", "pending > succeeded", "pending > failed", "succeeded > failed"];
        assert_eq!(news, all, "what failed stays failed, however late another word comes");
    }
    #[test]
    fn no_refund_says_that_a_piece_came_back() {
        assert!(Reason::ALL.iter().all(|reason| undone(*reason) != UndoneReason::Returned));
    }
}
