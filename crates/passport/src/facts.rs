//! The public facts each event may carry, and the rules they keep.
//!
//! They are an allow-list: a record is public for ever, so nothing enters it but what is named here, and no field here is
//! about a person. What is personal goes into a [disclosure](crate::disclosure). Optional facts are left out, never null.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::event::EventType;
use crate::values::{Country, ItemUri, Share, Text};

/// Facts that do not fit their event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    #[error("facts of \"{event}\": {problem}")]
    Shape { event: EventType, problem: String },
    #[error("the mass fractions of the materials add up to {sum}, not to 1")]
    MaterialSum { sum: String },
    #[error("\"{field}\" must be {expected}")]
    Range { field: &'static str, expected: &'static str },
}

/// A batch enters the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Created {
    pub title: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub craft: Option<Text>,
    /// Identical pieces in the batch, at least 1.
    pub quantity: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photo>,
}

/// Work was done: on the whole batch, or on one piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// How many people worked on it, at least 1. Who they are is disclosed by consent.
    pub makers: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub craft: Option<Text>,
    /// In the order of work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Empty when not declared; otherwise the fractions add up to exactly 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<Material>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photo>,
}

impl Made {
    /// The part of the mass that came from nearby, computed and never typed in; none when no materials are declared.
    pub fn local_share(&self) -> Option<Share> {
        if self.materials.is_empty() {
            return None;
        }
        let local = self.materials.iter().filter(|material| material.local);
        let sum = local.fold(0_u32, |sum, material| sum.saturating_add(material.fraction.millionths()));
        Share::from_millionths(sum).ok()
    }
}

/// One step of the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub technique: Text,
    /// Work time, per piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

/// One material of a piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    pub name: Text,
    /// Where it came from.
    pub country: Country,
    /// Its part of the mass.
    pub fraction: Share,
    /// Whether it came from the cooperative's own region.
    pub local: bool,
}

/// A place no finer than a district.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub district: Text,
    pub country: Country,
    /// Tenths of a degree (about 11 km), −900 to 900; there is no way to write a finer one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude_tenths: Option<i16>,
    /// Tenths of a degree, −1800 to 1800.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude_tenths: Option<i16>,
}

/// A published picture, by the hash of exactly the bytes that are served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Photo {
    pub sha256: Digest,
    /// Size in bytes.
    pub bytes: u32,
    /// Media type, e.g. `image/jpeg`.
    pub media_type: Text,
}

/// Pieces were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityCheck {
    pub passed: bool,
    /// What was looked at, e.g. "colour fast".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photo>,
}

/// A serial item is taken from a batch: its tag was printed or it was allocated to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minted {
    pub batch: ItemUri,
    /// Hash of the batch's newest leaf at that moment: the history this item shares.
    pub batch_head: Digest,
    /// Number of the piece in its batch, from 1 to the batch's quantity.
    pub serial: u32,
    /// [`ClaimCode::digest`](crate::code::ClaimCode::digest) of the code under the scratch field.
    pub claim: Digest,
}

/// Packed for its buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packed {}

/// Handed to a carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipped {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Text>,
    /// Where to, no finer than a country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<Country>,
}

/// Sold. To whom is never in a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sold {}

/// The newest sale no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaleUndone {
    pub reason: UndoneReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoneReason {
    Cancelled,
    Refunded,
    Returned,
}

/// Its makers were paid. Written only when money arrived: by a settled payout (`ledger`), a payment that the cooperative
/// recorded (`cooperative`), or the maker's own confirmation (`counterparty`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    /// How many makers this payment reached, at least 1.
    pub makers: u32,
    /// What part of the price without tax reached them, as a band, so that nobody's exact pay is public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_of_price: Option<Band>,
}

/// No longer vouched for: whoever shows it, or its tag, is not to be believed. Nothing takes this back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    pub reason: WithdrawnReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawnReason {
    /// Nobody knows where it is.
    Lost,
    Stolen,
    /// Beyond repair, or taken apart.
    Destroyed,
    /// It should not be used: something is wrong with it.
    Recalled,
    /// Its tag was copied, and the copies cannot be told from it.
    TagCopied,
}

/// From one whole percentage to another, 0 ≤ from ≤ to ≤ 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub from_percent: u8,
    pub to_percent: u8,
}

impl Created {
    pub(crate) fn check(&self) -> Result<(), FactsError> {
        at_least_one("quantity", self.quantity)
    }
}

impl Made {
    pub(crate) fn check(&self) -> Result<(), FactsError> {
        at_least_one("makers", self.makers)?;
        check_materials(&self.materials)?;
        self.place.as_ref().map_or(Ok(()), check_place)
    }
}

impl Minted {
    pub(crate) fn check(&self) -> Result<(), FactsError> {
        at_least_one("serial", self.serial)
    }
}

impl Paid {
    pub(crate) fn check(&self) -> Result<(), FactsError> {
        at_least_one("makers", self.makers)?;
        match self.share_of_price {
            Some(band) if band.from_percent > band.to_percent || band.to_percent > 100 => {
                Err(FactsError::Range { field: "share_of_price", expected: "from_percent ≤ to_percent ≤ 100" })
            }
            _ => Ok(()),
        }
    }
}

fn at_least_one(field: &'static str, count: u32) -> Result<(), FactsError> {
    match count {
        0 => Err(FactsError::Range { field, expected: "at least 1" }),
        _ => Ok(()),
    }
}

fn check_materials(materials: &[Material]) -> Result<(), FactsError> {
    let sum: u64 = materials.iter().map(|material| u64::from(material.fraction.millionths())).sum();
    if materials.is_empty() || sum == u64::from(Share::WHOLE) {
        return Ok(());
    }
    Err(FactsError::MaterialSum { sum: format!("{}.{:06}", sum / u64::from(Share::WHOLE), sum % u64::from(Share::WHOLE)) })
}

fn check_place(place: &Place) -> Result<(), FactsError> {
    match (place.latitude_tenths, place.longitude_tenths) {
        (None, None) => Ok(()),
        (Some(-900..=900), Some(-1800..=1800)) => Ok(()),
        _ => Err(FactsError::Range {
            field: "place",
            expected: "a latitude within ±900 and a longitude within ±1800 tenths of a degree, or neither",
        }),
    }
}
