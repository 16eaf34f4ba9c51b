//! A way to deliver, and what can be wrong with it. Pure.
use std::collections::BTreeSet;

use crate::{
    countries,
    ids::DeliveryOptionId,
    money::{Currency, Money},
    payments,
    problem::FieldError,
};

/// Wherever no other option of the same name goes.
pub const ANYWHERE: &str = "*";

const MAX_NAME: usize = 80;
/// Ten million rupees: a price beyond it is a slip of the keyboard.
const MAX_PRICE: i64 = 1_000_000_000;
/// Sea freight takes half a year at worst.
const MAX_DAYS: i32 = 180;
/// More would be too many to choose from, and every cart reads them all.
pub const MAX_OPTIONS: usize = 60;

/// A delivery option as its cooperative manages it.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = crate::schema::delivery_options)]
pub struct DeliveryOption {
    pub id: DeliveryOptionId,
    pub name: String,
    /// ISO 3166-1 codes, or [`ANYWHERE`] alone.
    pub countries: Vec<String>,
    pub currency: Currency,
    pub base_minor: i64,
    /// For each started kilogram.
    pub per_kg_minor: i64,
    pub min_days: i32,
    pub max_days: i32,
    /// False: archived. No cart is offered it; orders that were placed with it keep it.
    pub active: bool,
    pub version: i64,
}

/// What a cooperative says of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOption {
    pub name: String,
    pub countries: Vec<String>,
    pub base: Money,
    pub per_kg: Money,
    pub min_days: i32,
    pub max_days: i32,
}
/// `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct OptionEdit {
    pub name: Option<String>,
    pub countries: Option<Vec<String>>,
    pub base: Option<Money>,
    pub per_kg: Option<Money>,
    pub min_days: Option<i32>,
    pub max_days: Option<i32>,
}

impl DeliveryOption {
    pub fn base(&self) -> Money {
        Money::new(self.base_minor, self.currency)
    }
    pub fn per_kg(&self) -> Money {
        Money::new(self.per_kg_minor, self.currency)
    }
    /// The same with these changes.
    pub fn changed(&self, edit: &OptionEdit) -> NewOption {
        NewOption {
            name: edit.name.clone().unwrap_or_else(|| self.name.clone()),
            countries: edit.countries.clone().unwrap_or_else(|| self.countries.clone()),
            base: edit.base.unwrap_or_else(|| self.base()),
            per_kg: edit.per_kg.unwrap_or_else(|| self.per_kg()),
            min_days: edit.min_days.unwrap_or(self.min_days),
            max_days: edit.max_days.unwrap_or(self.max_days),
        }
    }
    /// As it would be written anew.
    pub fn again(&self) -> NewOption {
        self.changed(&OptionEdit::default())
    }
}

impl NewOption {
    /// Without what surrounds a name, and with each country once.
    pub fn normalised(mut self) -> Self {
        self.name = self.name.trim().to_owned();
        let mut seen = BTreeSet::new();
        self.countries.retain(|country| seen.insert(country.clone()));
        self
    }
    /// Every field that cannot be right; `own` is what the cooperative is paid in.
    pub fn check(&self, own: Currency) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: String, code: &'static str, message: String| errors.push(FieldError::new(pointer, code, message));
        if !(1..=MAX_NAME).contains(&self.name.chars().count()) || self.name.chars().any(char::is_control) {
            wrong("/name".into(), "length", format!("1 to {MAX_NAME} characters"));
        }
        if self.countries.is_empty() {
            wrong("/countries".into(), "length", "at least one country, or \"*\" for anywhere else".into());
        }
        for (i, country) in self.countries.iter().enumerate() {
            if country == ANYWHERE {
                if self.countries.len() > 1 {
                    wrong(format!("/countries/{i}"), "contradiction", "\"*\" stands alone: it is anywhere else already".into());
                }
            } else if countries::find(country).is_none() {
                wrong(format!("/countries/{i}"), "unknown", format!("{country:?} is no country: two capital letters of ISO 3166-1, as DE"));
            }
        }
        for (field, price) in [("base", self.base), ("per_kg", self.per_kg)] {
            if price.currency != own {
                wrong(format!("/{field}/currency"), "currency", format!("{own}, in which the cooperative is paid"));
            } else if !(0..=MAX_PRICE).contains(&price.minor) {
                wrong(format!("/{field}/amount"), "out_of_range", format!("0 to {MAX_PRICE}, in minor units"));
            } else if let Err(why) = payments::units(price) {
                wrong(format!("/{field}/amount"), "unpayable", why.to_string());
            }
        }
        if !(0..=MAX_DAYS).contains(&self.min_days) {
            wrong("/min_days".into(), "out_of_range", format!("0 to {MAX_DAYS} days"));
        }
        if !(self.min_days.max(0)..=MAX_DAYS).contains(&self.max_days) {
            wrong("/max_days".into(), "out_of_range", format!("no less than min_days, and at most {MAX_DAYS}"));
        }
        errors
    }
    /// Buyers tell options apart by name, so one name goes to one country once: which price holds there must not be a guess.
    pub fn overlaps(&self, others: &[DeliveryOption]) -> Vec<FieldError> {
        let same = |other: &&DeliveryOption| other.active && other.name.to_lowercase() == self.name.to_lowercase();
        let mut errors = Vec::new();
        for other in others.iter().filter(same) {
            for (i, country) in self.countries.iter().enumerate().filter(|(_, country)| other.countries.contains(country)) {
                let message = format!("option {} is called {:?} too and goes to {country} already", other.id, other.name);
                errors.push(FieldError::new(format!("/countries/{i}"), "overlap", message));
            }
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(countries: &[&str], minor: i64) -> NewOption {
        let price = Money::new(minor, Currency::INR);
        let countries = countries.iter().map(|c| (*c).to_owned()).collect();
        NewOption { name: "Post".into(), countries, base: price, per_kg: price, min_days: 7, max_days: 21 }
    }
    fn kept(new: &NewOption, active: bool) -> DeliveryOption {
        let NewOption { name, countries, base, per_kg, min_days, max_days } = new.clone();
        let (base_minor, per_kg_minor, currency) = (base.minor, per_kg.minor, base.currency);
        DeliveryOption { id: DeliveryOptionId::new(), name, countries, currency, base_minor, per_kg_minor, min_days, max_days, active, version: 1 }
    }
    fn pointers(errors: &[FieldError]) -> Vec<&str> {
        errors.iter().map(|e| e.pointer.as_str()).collect()
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        assert_eq!(post(&["DE", "FR"], 60_000).check(Currency::INR), []);
        assert_eq!(post(&["*"], 0).check(Currency::INR), []);
        let wrong = NewOption { name: "\n".into(), min_days: 9, max_days: 8, ..post(&["de", "ZZ", "*"], -1) };
        let all = ["/name", "/countries/0", "/countries/1", "/countries/2", "/base/amount", "/per_kg/amount", "/max_days"];
        assert_eq!(pointers(&wrong.check(Currency::INR)), all);
        assert_eq!(pointers(&post(&["DE"], 1).check(Currency::NPR)), ["/base/currency", "/per_kg/currency"]);
        assert_eq!(pointers(&post(&[], 1).check(Currency::INR)), ["/countries"]);
        // What no buyer could be charged exactly.
        let dinar: Currency = "KWD".parse().unwrap();
        let fine = NewOption { base: Money::new(1234, dinar), per_kg: Money::new(0, dinar), ..post(&["KW"], 0) };
        assert_eq!(pointers(&fine.check(dinar)), ["/base/amount"]);
    }
    #[test]
    fn one_name_goes_to_one_country_once() {
        let others = [kept(&post(&["DE", "FR"], 1), true), kept(&post(&["IT"], 1), false)];
        assert_eq!(pointers(&post(&["AT", "FR"], 1).overlaps(&others)), ["/countries/1"]);
        assert_eq!(pointers(&NewOption { name: "POST".into(), ..post(&["DE"], 1) }.overlaps(&others)), ["/countries/0"]);
        // Elsewhere, under another name, or beside what is archived.
        assert_eq!(post(&["*"], 1).overlaps(&others), []);
        assert_eq!(NewOption { name: "Courier".into(), ..post(&["DE"], 1) }.overlaps(&others), []);
        assert_eq!(post(&["IT"], 1).overlaps(&others), []);
    }
}
