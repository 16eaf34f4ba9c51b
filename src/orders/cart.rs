//! What a cart costs: priced afresh each time it is read, complete before checkout.
use std::collections::BTreeMap;

use super::{
    fx::{self, Rate},
    model::{Cart, CartLine, Error, Fx},
    store::DeliveryRow,
    tax::{self, Rules},
};
use crate::{
    catalog::{Offer, price},
    cooperatives::delivery::ANYWHERE,
    ids::{CoopId, DeliveryOptionId},
    money::{BasisPoints, Currency, Money},
};

/// What a cart still needs before it can be paid.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Missing {
    Lines,
    Country,
    Email,
    ShippingAddress,
    /// The variant is not for sale, or not in this currency.
    NotForSale {
        variant: crate::ids::VariantId,
    },
    OutOfStock {
        variant: crate::ids::VariantId,
        available: i32,
    },
    /// The cooperative does not deliver there.
    Delivery {
        cooperative: String,
    },
    /// No exchange rate into the cooperative's currency is known.
    ExchangeRate {
        cooperative: String,
    },
    /// The seller is registered for tax there, and the rate is not known.
    TaxRate {
        cooperative: String,
    },
}

#[derive(Clone, Debug)]
pub struct PricedLine {
    pub line: CartLine,
    pub offer: Offer,
    /// unit × quantity, as listed.
    pub goods: Money,
    pub tax_bp: BasisPoints,
    pub tax: Money,
    pub parts: price::Parts,
    pub producer_own: Money,
    pub premium_own: Money,
    pub split: Option<price::Split>,
    pub fx: Fx,
}
#[derive(Clone, Debug)]
pub struct PricedOption {
    pub id: DeliveryOptionId,
    pub name: String,
    pub amount: Money,
    pub own: Money,
    pub min_days: i32,
    pub max_days: i32,
}
#[derive(Clone, Debug)]
pub struct PricedGroup {
    pub coop: CoopId,
    pub cooperative: String,
    pub options: Vec<PricedOption>,
    pub selected: Option<usize>,
    pub shipping_tax: Money,
}
impl PricedGroup {
    pub fn choice(&self) -> Option<&PricedOption> {
        self.selected.and_then(|i| self.options.get(i))
    }
}
#[derive(Clone, Debug)]
pub struct Priced {
    pub lines: Vec<PricedLine>,
    pub groups: Vec<PricedGroup>,
    pub goods: Money,
    pub shipping: Money,
    pub duties: Money,
    pub tax: Money,
    pub tax_added: Money,
    pub total: Money,
    pub tax_reason: tax::Reason,
    pub missing: Vec<Missing>,
}

/// All that pricing needs, fetched before.
pub struct Facts {
    pub offers: Vec<Offer>,
    pub deliveries: Vec<DeliveryRow>,
    pub rates: Vec<Rate>,
    pub tax: Rules,
}

pub fn price_cart(cart: &Cart, facts: &Facts) -> Result<Priced, Error> {
    let mut missing = Vec::new();
    let lines = price_lines(cart, facts, &mut missing)?;
    let groups = price_groups(cart, facts, &lines, &mut missing)?;
    if cart.lines.is_empty() {
        missing.push(Missing::Lines);
    }
    for (absent, what) in
        [(cart.country.is_none(), Missing::Country), (cart.email.is_none(), Missing::Email), (cart.address.is_none(), Missing::ShippingAddress)]
    {
        if absent {
            missing.push(what);
        }
    }
    let sum = |amounts: Vec<Money>| amounts.into_iter().try_fold(Money::zero(cart.currency), Money::checked_add);
    let goods = sum(lines.iter().map(|l| l.goods).collect())?;
    let shipping = sum(groups.iter().filter_map(|g| g.choice().map(|o| o.amount)).collect())?;
    let shipping_tax = sum(groups.iter().map(|g| g.shipping_tax).collect())?;
    let line_tax = sum(lines.iter().map(|l| l.tax).collect())?;
    let added = sum(lines.iter().filter(|l| !l.offer.tax_inclusive).map(|l| l.tax).collect())?.checked_add(shipping_tax)?;
    let total = goods.checked_add(shipping)?.checked_add(added)?;
    Ok(Priced {
        goods,
        shipping,
        duties: Money::zero(cart.currency),
        tax: line_tax.checked_add(shipping_tax)?,
        tax_added: added,
        total,
        tax_reason: tax_reason(cart, &facts.tax, &lines),
        missing,
        lines,
        groups,
    })
}

fn price_lines(cart: &Cart, facts: &Facts, missing: &mut Vec<Missing>) -> Result<Vec<PricedLine>, Error> {
    let mut priced = Vec::new();
    for line in &cart.lines {
        let Some(offer) = facts.offers.iter().find(|o| o.variant == line.variant) else {
            missing.push(Missing::NotForSale { variant: line.variant });
            continue;
        };
        if !offer.can_sell(line.quantity) {
            missing.push(Missing::OutOfStock { variant: line.variant, available: offer.available.max(0) });
        }
        let Some(rate) = rate_into(&facts.rates, offer.own_currency) else {
            missing.push(Missing::ExchangeRate { cooperative: offer.cooperative.clone() });
            continue;
        };
        let tax_bp = tax_rate(&facts.tax, offer.coop, &offer.tax_category, &offer.cooperative, missing);
        priced.push(price_line(*line, offer, rate, tax_bp)?);
    }
    Ok(priced)
}

/// A rate that is not known is missing, once per cooperative, and counts as zero in what is shown until it is.
fn tax_rate(rules: &Rules, seller: CoopId, category: &str, cooperative: &str, missing: &mut Vec<Missing>) -> BasisPoints {
    let rate = rules.rate(seller, category);
    let unknown = Missing::TaxRate { cooperative: cooperative.to_owned() };
    if rate.is_none() && !missing.contains(&unknown) {
        missing.push(unknown);
    }
    rate.unwrap_or(0)
}
/// Why it is this much: of goods, and of the delivery that goes with them.
fn tax_reason(cart: &Cart, rules: &Rules, lines: &[PricedLine]) -> tax::Reason {
    if cart.country.is_none() {
        return tax::Reason::DestinationNotKnown;
    }
    rules.reason(lines.iter().flat_map(|l| [(l.offer.coop, l.offer.tax_category.as_str()), (l.offer.coop, tax::STANDARD)]))
}

fn rate_into(rates: &[Rate], own: Currency) -> Option<&Rate> {
    rates.iter().find(|r| r.quote == own)
}

fn price_line(line: CartLine, offer: &Offer, rate: &Rate, tax_bp: BasisPoints) -> Result<PricedLine, Error> {
    let goods = offer.unit.times(i64::from(line.quantity))?;
    let (net, tax, _) = tax::of_line(goods, offer.tax_inclusive, tax_bp)?;
    let parts = price::parts(net, offer.commission_bp, offer.premium_bp)?;
    let (producer_own, premium_own) = price::own(&parts, offer.premium_bp, offer.own_currency, rate.value)?;
    let split = offer.division.map(|(_, division)| price::divide(producer_own, division)).transpose()?;
    Ok(PricedLine { line, goods, tax_bp, tax, parts, producer_own, premium_own, split, fx: rate.frozen.clone(), offer: offer.clone() })
}

fn price_groups(cart: &Cart, facts: &Facts, lines: &[PricedLine], missing: &mut Vec<Missing>) -> Result<Vec<PricedGroup>, Error> {
    let mut weights: BTreeMap<CoopId, (String, i64)> = BTreeMap::new();
    for line in lines {
        let entry = weights.entry(line.offer.coop).or_insert_with(|| (line.offer.cooperative.clone(), 0));
        entry.1 += i64::from(line.offer.grams) * i64::from(line.line.quantity);
    }
    let mut groups = Vec::new();
    for (coop, (cooperative, grams)) in weights {
        let options = options_of(cart, facts, coop, grams)?;
        let chosen = cart.chosen.iter().find(|(of, _)| *of == coop).and_then(|(_, id)| options.iter().position(|o| o.id == *id));
        let cheapest = (0..options.len()).min_by_key(|&i| (options[i].amount.minor, options[i].id));
        let selected = chosen.or(cheapest);
        if selected.is_none() && cart.country.is_some() {
            missing.push(Missing::Delivery { cooperative: cooperative.clone() });
        }
        let amount = selected.map_or(Money::zero(cart.currency), |i| options[i].amount);
        // What delivery costs is the courier's price: its tax always comes on top.
        let tax_bp = tax_rate(&facts.tax, coop, tax::STANDARD, &cooperative, missing);
        let shipping_tax = price::tax_on(amount, tax_bp)?;
        groups.push(PricedGroup { coop, cooperative, options, selected, shipping_tax });
    }
    Ok(groups)
}

/// Whether the option goes there. What goes anywhere leaves alone the countries that another option of its name is for.
fn serves<'a>(row: &DeliveryRow, country: &str, mut all: impl Iterator<Item = &'a DeliveryRow>) -> bool {
    let named = |row: &DeliveryRow| row.countries.iter().any(|c| c == country);
    let anywhere = row.countries.iter().any(|c| c == ANYWHERE);
    named(row) || (anywhere && !all.any(|other| named(other) && other.name.to_lowercase() == row.name.to_lowercase()))
}

/// base + per kg, in the cooperative's currency, converted once into the cart's.
fn options_of(cart: &Cart, facts: &Facts, coop: CoopId, grams: i64) -> Result<Vec<PricedOption>, Error> {
    let Some(country) = &cart.country else { return Ok(Vec::new()) };
    let mut options = Vec::new();
    let mine = || facts.deliveries.iter().filter(|d| d.coop == coop);
    for row in mine().filter(|row| serves(row, country, mine())) {
        let Some(rate) = rate_into(&facts.rates, row.currency) else { continue };
        // A started kilogram counts: that is how carriers weigh.
        let kilos = (grams + 999).div_euclid(1000);
        let own = Money::new(row.base_minor, row.currency).checked_add(Money::new(row.per_kg_minor, row.currency).times(kilos)?)?;
        // What is asked for is what is owed, where both are of one currency.
        let (amount, own) = if row.currency == cart.currency {
            (price::payable(own)?, price::payable(own)?)
        } else {
            (price::payable(own.convert(cart.currency, fx::inverse(rate)?)?)?, own)
        };
        options.push(PricedOption { id: row.id, name: row.name.clone(), amount, own, min_days: row.min_days, max_days: row.max_days });
    }
    options.sort_by_key(|o| (o.amount.minor, o.id));
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_zone_of_a_service_is_its_price() {
        let row = |name: &str, countries: &[&str]| DeliveryRow {
            coop: CoopId::new(),
            id: DeliveryOptionId::new(),
            name: name.into(),
            countries: countries.iter().map(|c| (*c).to_owned()).collect(),
            currency: Currency::INR,
            base_minor: 1,
            per_kg_minor: 0,
            min_days: 1,
            max_days: 2,
        };
        let all = [row("Post", &["*"]), row("post", &["DE", "AT"]), row("Courier", &["*"]), row("Truck", &["IN"])];
        let to = |country: &str| all.iter().map(|r| serves(r, country, all.iter())).collect::<Vec<_>>();
        assert_eq!(to("DE"), [false, true, true, false]);
        assert_eq!(to("FR"), [true, false, true, false]);
        assert_eq!(to("IN"), [true, false, true, true]);
    }
}
