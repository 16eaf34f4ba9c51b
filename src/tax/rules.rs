//! What a seller collects at one destination on one day, and why. Pure.
use crate::{ids::CoopId, money::BasisPoints};

/// The category of delivery, and of goods that have no rate of their own.
pub const STANDARD: &str = "standard";

text_enum! {
    as TaxReason,
    /// Why an order bears the tax it bears. destination_rate: every seller collects the destination's rate · seller_not_registered: none of
    /// them is registered there · some_sellers_not_registered: some are, and collect it · rate_not_known: one is registered there and its rate
    /// is not written down, so that nothing can be sold yet · destination_not_known: no country was given · nothing_sold: there is no line.
    pub enum Reason {
        DestinationRate = "destination_rate", SellerNotRegistered = "seller_not_registered",
        SomeSellersNotRegistered = "some_sellers_not_registered", RateNotKnown = "rate_not_known",
        DestinationNotKnown = "destination_not_known", NothingSold = "nothing_sold",
    }
}

/// Everything about tax at one destination on one day.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub(super) rates: Vec<(String, BasisPoints)>,
    /// None in it is the platform itself, whose registration covers every seller.
    pub(super) registered: Vec<Option<CoopId>>,
}

impl Rules {
    /// What the seller collects: nothing where it is not registered; `None` where it is and the rate is not known, and then nothing is sold.
    pub fn rate(&self, seller: CoopId, category: &str) -> Option<BasisPoints> {
        if !self.collects(seller) {
            return Some(0);
        }
        let of = |wanted: &str| self.rates.iter().find(|(c, _)| c == wanted).map(|(_, bp)| *bp);
        of(category).or_else(|| of(STANDARD))
    }
    fn collects(&self, seller: CoopId) -> bool {
        self.registered.iter().any(|who| who.is_none_or(|coop| coop == seller))
    }
    /// Why what these sellers sell, each of a category, bears the tax it bears.
    pub fn reason<'a>(&self, sold: impl IntoIterator<Item = (CoopId, &'a str)>) -> Reason {
        let (mut collecting, mut others) = (false, false);
        for (seller, category) in sold {
            if self.rate(seller, category).is_none() {
                return Reason::RateNotKnown;
            }
            let collects = self.collects(seller);
            (collecting, others) = (collecting || collects, others || !collects);
        }
        match (collecting, others) {
            (true, true) => Reason::SomeSellersNotRegistered,
            (true, false) => Reason::DestinationRate,
            (false, true) => Reason::SellerNotRegistered,
            (false, false) => Reason::NothingSold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_registered_seller_collects() {
        let (a, b) = (CoopId::new(), CoopId::new());
        let rules = Rules { rates: vec![("standard".into(), 1900), ("books".into(), 700)], registered: vec![Some(a)] };
        let rates = [rules.rate(a, "standard"), rules.rate(a, "books"), rules.rate(a, "other"), rules.rate(b, "standard")];
        assert_eq!(rates, [Some(1900), Some(700), Some(1900), Some(0)]);
        let platform = Rules { registered: vec![None], ..rules };
        assert_eq!(platform.rate(b, "standard"), Some(1900));
        let unknown = Rules { rates: Vec::new(), ..platform };
        assert_eq!(unknown.rate(b, "standard"), None, "registered, and nobody wrote down what to collect");
        assert_eq!(Rules::default().rate(b, "standard"), Some(0), "not registered: nothing is to be collected");
    }
    #[test]
    fn the_reason_is_that_of_the_sellers_at_hand() {
        let (a, b) = (CoopId::new(), CoopId::new());
        let rules = Rules { rates: vec![("standard".into(), 1900)], registered: vec![Some(a)] };
        let both = [(a, "standard"), (b, "standard")];
        assert_eq!(rules.reason(both), Reason::SomeSellersNotRegistered);
        assert_eq!(rules.reason([both[0]]), Reason::DestinationRate);
        assert_eq!(rules.reason([both[1]]), Reason::SellerNotRegistered, "that somebody else is registered is no reason");
        assert_eq!(rules.reason([]), Reason::NothingSold);
        let unknown = Rules { rates: Vec::new(), ..rules };
        assert_eq!((unknown.reason(both), unknown.reason([both[1]])), (Reason::RateNotKnown, Reason::SellerNotRegistered));
        let zero = Rules { rates: vec![("standard".into(), 0)], ..unknown };
        assert_eq!(zero.reason([both[0]]), Reason::DestinationRate, "a rate of zero is a rate");
    }
}
