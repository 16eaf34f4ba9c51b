//! What we say to the buyer's bank: what is gathered from the order, what somebody wrote instead, and how it reads at the provider. Pure.
use std::collections::BTreeMap;

use crate::{
    clock::Time,
    ids::{AccountId, DisputeId, OperationId},
    orders::{Address, Frozen, Order, Parcel, Piece},
    problem::FieldError,
};

text_enum! { as EvidenceState,
    /// draft: kept here, and nobody was told. submitting: on its way. submitted: the bank has it, and hears no more. refused: the provider did
    /// not take it.
    pub enum State { Draft = "draft", Submitting = "submitting", Submitted = "submitted", Refused = "refused" }
}

/// Evidence as it is kept.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Kept {
    pub dispute: DisputeId,
    pub state: State,
    pub said: serde_json::Value,
    pub operation: Option<OperationId>,
    pub saved_by: AccountId,
    pub saved_at: Time,
    pub submitted_at: Option<Time>,
}

/// What can be said. What is left out is gathered from the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = DisputeEvidence)]
pub struct Evidence {
    /// What was bought, each piece with the address of its public record.
    pub product: Option<String>,
    pub customer_name: Option<String>,
    pub customer_email: Option<String>,
    pub shipping_address: Option<String>,
    #[schema(example = "India Post")]
    pub carrier: Option<String>,
    #[schema(example = "RX123456789IN")]
    pub tracking: Option<String>,
    /// In words that a person at a bank reads.
    #[schema(example = "2026-11-20")]
    pub shipped: Option<String>,
    /// Lines, delivery, tax, and what was paid in all.
    pub receipt: Option<String>,
    /// What was written between us and the buyer; the mails about the order are gathered.
    pub communication: Option<String>,
    /// Why the payment is ours, in our own words.
    pub statement: Option<String>,
}

/// The provider's bounds; the last three share one field of 20,000, with their headings.
const SHORT: usize = 5_000;
const LONG: usize = 20_000;
const RECEIPT: usize = 5_000;
const COMMUNICATION: usize = 9_000;
const STATEMENT: usize = 5_000;

impl Evidence {
    fn fields(&self) -> [(&'static str, &Option<String>, usize); 10] {
        [
            ("product", &self.product, LONG),
            ("customer_name", &self.customer_name, SHORT),
            ("customer_email", &self.customer_email, SHORT),
            ("shipping_address", &self.shipping_address, SHORT),
            ("carrier", &self.carrier, SHORT),
            ("tracking", &self.tracking, SHORT),
            ("shipped", &self.shipped, SHORT),
            ("receipt", &self.receipt, RECEIPT),
            ("communication", &self.communication, COMMUNICATION),
            ("statement", &self.statement, STATEMENT),
        ]
    }

    pub fn check(&self, at: &str) -> Vec<FieldError> {
        let fits = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
        let wrong = self.fields().into_iter().filter(|(_, text, most)| text.as_ref().is_some_and(|text| !fits(text, *most)));
        wrong.map(|(name, _, most)| FieldError::new(format!("{at}/{name}"), "length", format!("1 to {most} characters"))).collect()
    }

    /// What was written, and for the rest what was gathered.
    pub fn over(&self, gathered: Self) -> Self {
        let or = |said: &Option<String>, found: Option<String>| said.clone().or(found);
        Self {
            product: or(&self.product, gathered.product),
            customer_name: or(&self.customer_name, gathered.customer_name),
            customer_email: or(&self.customer_email, gathered.customer_email),
            shipping_address: or(&self.shipping_address, gathered.shipping_address),
            carrier: or(&self.carrier, gathered.carrier),
            tracking: or(&self.tracking, gathered.tracking),
            shipped: or(&self.shipped, gathered.shipped),
            receipt: or(&self.receipt, gathered.receipt),
            communication: or(&self.communication, gathered.communication),
            statement: or(&self.statement, gathered.statement),
        }
    }

    /// By the provider's names. Its own fields for a receipt and for letters take uploaded files, so ours are texts beside the statement.
    pub fn for_the_provider(&self) -> BTreeMap<String, String> {
        let parts = [("", &self.statement), ("Receipt\n", &self.receipt), ("What was written\n", &self.communication)];
        let texts: Vec<String> = parts.iter().filter_map(|(heading, text)| text.as_ref().map(|text| format!("{heading}{text}"))).collect();
        let rest = (!texts.is_empty()).then(|| texts.join("\n\n"));
        let named = [
            ("product_description", self.product.clone()),
            ("customer_name", self.customer_name.clone()),
            ("customer_email_address", self.customer_email.clone()),
            ("shipping_address", self.shipping_address.clone()),
            ("shipping_carrier", self.carrier.clone()),
            ("shipping_tracking_number", self.tracking.clone()),
            ("shipping_date", self.shipped.clone()),
            ("uncategorized_text", rest),
        ];
        named.into_iter().filter_map(|(name, text)| text.map(|text| (name.to_owned(), text))).collect()
    }
}

/// What our own records say of an order.
pub struct Facts {
    pub order: Order,
    pub frozen: Frozen,
    pub parcels: Vec<Parcel>,
    pub pieces: Vec<Piece>,
    /// None: the buyer was forgotten.
    pub contact: Option<(String, Option<Address>)>,
    /// What she was told of it by mail, and when.
    pub told: Vec<(Time, &'static str)>,
    /// Where public records are read, up to the code.
    pub records: String,
}

impl Facts {
    pub fn gathered(&self) -> Evidence {
        let address = self.contact.as_ref().and_then(|(_, address)| address.as_ref());
        let of_parcels = |what: fn(&Parcel) -> Option<String>| {
            let mut said: Vec<String> = self.parcels.iter().filter_map(what).collect();
            said.dedup();
            (!said.is_empty()).then(|| cut(&said, "; ", SHORT))
        };
        Evidence {
            product: Some(self.product()),
            customer_name: address.map(|address| address.name.clone()),
            customer_email: self.contact.as_ref().map(|(email, _)| email.clone()),
            shipping_address: address.map(written),
            carrier: of_parcels(|parcel| Some(parcel.carrier.clone())),
            tracking: of_parcels(|parcel| parcel.tracking.clone()),
            shipped: of_parcels(|parcel| Some(parcel.shipped_at.day().to_string())),
            receipt: Some(self.receipt()),
            communication: self.mails(),
            statement: None,
        }
    }

    fn product(&self) -> String {
        let mut lines = Vec::new();
        for line in &self.frozen.lines {
            let variant = if line.variant_title.is_empty() { String::new() } else { format!(" ({})", line.variant_title) };
            lines.push(format!("{} × {}{variant}, made by hand. The public record of each piece:", line.quantity, line.title));
            let codes = self.pieces.iter().filter(|piece| piece.line == line.id);
            lines.extend(codes.map(|piece| format!("{}{}", self.records, piece.code)));
        }
        cut(&lines, "\n", LONG)
    }

    fn mails(&self) -> Option<String> {
        let lines: Vec<String> = self.told.iter().map(|(at, what)| format!("{}: we mailed the buyer: {what}", at.day())).collect();
        (!lines.is_empty()).then(|| cut(&lines, "\n", COMMUNICATION))
    }

    fn receipt(&self) -> String {
        let paid = self.order.paid_at.map_or_else(String::new, |at| format!(", paid {}", at.day()));
        let mut lines =
            vec![format!("Order {}, placed {}{paid}, {} in all", self.order.number, self.order.placed_at.day(), self.order.total.formatted())];
        for line in &self.frozen.lines {
            let tax = if line.tax.minor > 0 { format!(", tax {}", line.tax.formatted()) } else { String::new() };
            lines.push(format!("{} × {}: {}{tax}", line.quantity, line.title, line.goods.formatted()));
        }
        for group in &self.frozen.groups {
            lines.push(format!("{}, from {}: {}", group.delivery, group.cooperative, group.shipping.formatted()));
        }
        if self.order.refunded.minor > 0 {
            lines.push(format!("Given back: {}", self.order.refunded.formatted()));
        }
        cut(&lines, "\n", RECEIPT)
    }
}

fn written(address: &Address) -> String {
    let town = [address.postal_code.as_deref(), Some(address.city.as_str())].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let parts = [Some(address.line1.as_str()), address.line2.as_deref(), address.landmark.as_deref(), Some(town.as_str()), address.region.as_deref()];
    parts.into_iter().flatten().chain([address.country.as_str()]).collect::<Vec<_>>().join(", ")
}

/// As many of the parts as fit, and a word where there are more.
fn cut(parts: &[String], between: &str, most: usize) -> String {
    const MORE: &str = "…";
    let mut text = String::new();
    for part in parts {
        let next = if text.is_empty() { part.clone() } else { format!("{text}{between}{part}") };
        if next.chars().count() + between.len() + 1 > most {
            return format!("{text}{between}{MORE}");
        }
        text = next;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_was_written_goes_before_what_was_gathered() {
        let gathered = Evidence { carrier: said("India Post"), tracking: said("RX1"), ..Evidence::default() };
        let written = Evidence { tracking: said("RX2"), statement: said("It arrived."), ..Evidence::default() };
        let all = written.over(gathered);
        assert_eq!(
            (all.carrier.as_deref(), all.tracking.as_deref(), all.statement.as_deref()),
            (Some("India Post"), Some("RX2"), Some("It arrived."))
        );
    }
    #[test]
    fn every_bound_is_within_the_providers_and_what_is_too_long_is_named() {
        let longest = |n| said(&"é".repeat(n));
        let full =
            Evidence { receipt: longest(RECEIPT), communication: longest(COMMUNICATION), statement: longest(STATEMENT), ..Evidence::default() };
        assert_eq!(full.check(""), []);
        assert!(full.for_the_provider()["uncategorized_text"].chars().count() <= LONG);
        let wrong = Evidence { statement: longest(STATEMENT + 1), carrier: said(" "), ..Evidence::default() };
        assert_eq!(wrong.check("/evidence").iter().map(|e| e.pointer.as_str()).collect::<Vec<_>>(), ["/evidence/carrier", "/evidence/statement"]);
        assert!(Evidence::default().for_the_provider().is_empty(), "nothing said is nothing sent");
    }
    #[test]
    fn a_long_list_is_cut_between_its_parts() {
        let parts: Vec<String> = (0..100).map(|n| format!("part {n}")).collect();
        let text = cut(&parts, "\n", 60);
        assert!(text.chars().count() <= 60 && text.ends_with("\n…") && text.starts_with("part 0\npart 1"), "{text}");
        assert_eq!(cut(&parts[..2], "; ", 60), "part 0; part 1");
    }
}
