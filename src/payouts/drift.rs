//! A promise and what became of it, compared when a payout of it has left for good: where they differ, an operator is told.
//!
//! What was frozen with the order is one account of the maker side's money, what was posted is the other. They are written at different
//! times by different parts of the program, so that a fault in either is seen here.
use super::{Error, read::drift::Compared, store};
use crate::{catalog::price, clock::Time, db::Tx, ids::OrderLineId, money::Money, tenancy::Scope};

/// The alert's kind, which the list of what stands still shows.
const WATERFALL_DRIFT: &str = "waterfall_drift";

/// What is wrong with a line, in words; none if its makers' side got what it was promised, to the minor unit.
fn wrong(line: &Compared) -> Option<String> {
    let promised = |minor| if line.brand { 0 } else { price::sent_share(minor, line.quantity, line.shipped) };
    let said = |minor| Money::new(minor, line.currency).formatted();
    let parts = [("the cooperative's part", promised(line.producer), line.released), ("the premium", promised(line.premium), line.fund)];
    let off = |(what, promised, got): (&str, i64, i64)| {
        (promised != got).then(|| format!("{what} of what left was promised as {} and released as {}", said(promised), said(got)))
    };
    let mut faults: Vec<String> = parts.into_iter().filter_map(off).collect();
    if line.paid > line.released {
        faults.push(format!("{} was paid out of {} released", said(line.paid), said(line.released)));
    }
    (!faults.is_empty()).then(|| format!("order {}: {}", line.order, faults.join("; ")))
}

/// Compares a line, and tells or takes back what was told before.
pub(super) async fn check(tx: &mut Tx, now: Time, scope: Scope, line: OrderLineId) -> Result<(), Error> {
    let Some(compared) = super::read::drift::line(tx, scope, line).await? else { return Ok(()) };
    match wrong(&compared) {
        Some(detail) => {
            metrics::counter!("haat_waterfall_drifts_total").increment(1);
            Ok(store::alert_again(tx, now, WATERFALL_DRIFT, &line.to_string(), &detail).await?)
        }
        None => Ok(store::resolve_alert(tx, now, WATERFALL_DRIFT, &line.to_string(), "promised and realised are the same again").await?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn kept() -> Compared {
        Compared {
            order: "HA-1".into(),
            currency: Currency::EUR,
            quantity: 3,
            shipped: 2,
            brand: false,
            producer: 100,
            premium: 10,
            released: 67,
            fund: 7,
            paid: 67,
        }
    }
    #[test]
    fn every_minor_unit_more_or_less_is_told() {
        assert_eq!(wrong(&kept()), None);
        assert_eq!(
            wrong(&Compared { released: 66, paid: 66, ..kept() }).unwrap(),
            "order HA-1: the cooperative's part of what left was promised as €0.67 and released as €0.66"
        );
        assert!(wrong(&Compared { fund: 8, ..kept() }).unwrap().contains("the premium"));
        assert!(wrong(&Compared { paid: 68, ..kept() }).unwrap().contains("paid out"));
        assert!(wrong(&Compared { brand: true, ..kept() }).is_some(), "stock that a brand owns pays no cooperative again");
        assert_eq!(wrong(&Compared { paid: 0, ..kept() }), None, "control: what waits for a payout is no drift");
    }
}
