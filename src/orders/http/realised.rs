//! What became of what was promised, as buyers, managers and operators see it.
use crate::{
    money::{Money, MoneyView},
    orders::realised::{OfLine, Party, Realised, Tilt},
};

/// What was really paid, in the buyer's currency: the parts, the provider's fee, the rate, refunds and what is open sum to the total.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct RealisedView {
    /// In payouts that left for good, at the order's own rate.
    maker: MoneyView,
    materials: MoneyView,
    cooperative: MoneyView,
    undeclared: MoneyView,
    brand: MoneyView,
    /// In the members' fund.
    premium: MoneyView,
    /// Commission, less the fee, the rate and what refunds cost: those take of nobody else's part.
    platform: MoneyView,
    /// What the payment provider kept; null until it says so, and where it says so in another currency.
    payment: Option<MoneyView>,
    /// What the exchange rate took since the sale; negative: it gave.
    rate: MoneyView,
    /// What refunds cost the platform, inside its part.
    losses: MoneyView,
    shipping: MoneyView,
    tax: MoneyView,
    refunded: MoneyView,
    /// Promised, and neither paid nor given back yet.
    open: MoneyView,
    maker_share: MakerShareView,
    /// Who got more or less than was promised to them.
    tilt: Vec<TiltView>,
    /// Nothing more is to be expected: every piece left or was given back, every payout of it left for good.
    complete: bool,
}
/// The makers' part of the price without tax, of what was not given back; null where it was not declared how prices divide.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct MakerShareView {
    /// Basis points.
    #[schema(example = 4250)]
    promised: Option<i64>,
    /// Null until all of it was paid out.
    realised: Option<i64>,
}
#[derive(serde::Serialize, utoipa::ToSchema)]
struct TiltView {
    party: Party,
    /// For what has been settled.
    promised: MoneyView,
    realised: MoneyView,
    /// Minor units; negative: less than was promised.
    difference: i64,
    /// Of what was promised; null where that is nothing.
    basis_points: Option<i64>,
}
impl From<&Tilt> for TiltView {
    fn from(t: &Tilt) -> Self {
        let (difference, basis_points) = (t.difference(), t.basis_points());
        Self { party: t.party, promised: t.promised.into(), realised: t.realised.into(), difference, basis_points }
    }
}
impl From<Realised> for RealisedView {
    fn from(r: Realised) -> Self {
        let p = r.parts;
        Self {
            maker: p.maker.into(),
            materials: p.materials.into(),
            cooperative: p.cooperative.into(),
            undeclared: p.undeclared.into(),
            brand: p.brand.into(),
            premium: p.premium.into(),
            platform: p.platform.into(),
            payment: r.payment.map(Into::into),
            rate: r.rate.into(),
            losses: r.losses.into(),
            shipping: p.shipping.into(),
            tax: p.tax.into(),
            refunded: r.refunded.into(),
            open: r.open.into(),
            maker_share: MakerShareView { promised: r.maker_share.0, realised: r.maker_share.1 },
            tilt: r.tilt.iter().map(TiltView::from).collect(),
            complete: r.complete,
        }
    }
}

/// What was really paid of a line, in the maker side's own currency.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct LineRealised {
    /// Promised for the pieces that left.
    promised: MoneyView,
    /// Became the cooperative's when they left.
    released: MoneyView,
    /// Of that: in payouts that left for good.
    paid: MoneyView,
    /// Of that: the makers', as the price was to divide; null where it was not declared.
    paid_to_makers: Option<MoneyView>,
    /// In the members' fund.
    fund: MoneyView,
    /// More or (negative) less than promised for the pieces that left, the fund included: minor units, and basis points of what was promised.
    difference: i64,
    basis_points: Option<i64>,
}
impl From<OfLine> for LineRealised {
    fn from(l: OfLine) -> Self {
        let view = |money: Money| MoneyView::from(money);
        let (difference, basis_points) = (l.difference(), l.basis_points());
        Self {
            promised: view(l.promised),
            released: view(l.released),
            paid: view(l.paid),
            paid_to_makers: l.paid_to_makers.map(view),
            fund: view(l.fund),
            difference,
            basis_points,
        }
    }
}
