//! What can happen to an item, and the public facts each event may carry.
//!
//! The facts are an allow-list: a record is public for ever, so nothing enters it but what is named here, and no field here
//! is about a person. What is personal goes into a [disclosure](crate::disclosure). Optional facts are left out, never null.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digest::Digest;
use crate::values::{Country, ItemUri, Share, Text};

/// Facts that do not fit their event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    #[error("facts of \"{event}\": {problem}")]
    Shape { event: EventType, problem: String },
    #[error("the mass fractions of the materials add up to {sum}, not to 1")]
    MaterialSum { sum: String },
    #[error("\"{field}\" must be {expected}")]
    Range {
        field: &'static str,
        expected: &'static str,
    },
}

/// The name of an event, as it is written in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    Created,
    Made,
    QualityCheck,
    Minted,
    Packed,
    Shipped,
    Sold,
    SaleUndone,
    Paid,
}

impl EventType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Made => "made",
            Self::QualityCheck => "quality_check",
            Self::Minted => "minted",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Sold => "sold",
            Self::SaleUndone => "sale_undone",
            Self::Paid => "paid",
        }
    }

    /// The chain that this event begins, if it begins one; such an event is at `seq` 0 and nowhere else.
    pub fn opens(self) -> Option<ChainKind> {
        match self {
            Self::Created => Some(ChainKind::Batch),
            Self::Minted => Some(ChainKind::Item),
            Self::Made
            | Self::QualityCheck
            | Self::Packed
            | Self::Shipped
            | Self::Sold
            | Self::SaleUndone
            | Self::Paid => None,
        }
    }

    /// Whether the event may be in such a chain. What is packed, sold or paid for is always one item, never a batch.
    pub fn belongs_in(self, chain: ChainKind) -> bool {
        match self {
            Self::Made | Self::QualityCheck => true,
            Self::Created => chain == ChainKind::Batch,
            Self::Minted
            | Self::Packed
            | Self::Shipped
            | Self::Sold
            | Self::SaleUndone
            | Self::Paid => chain == ChainKind::Item,
        }
    }
}

impl std::fmt::Display for EventType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose history a chain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainKind {
    /// A lot of identical pieces.
    Batch,
    /// One serial piece.
    Item,
}

/// On what the assertion rests. A page shows this grade, never a bare tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Said by the person concerned.
    #[serde(rename = "self")]
    Own,
    /// Recorded by the cooperative.
    Cooperative,
    /// Confirmed by the other side: the maker who was paid, the buyer who received.
    Counterparty,
    /// Confirmed by someone with no part in it.
    ThirdParty,
    /// Follows from money that moved in the books.
    Ledger,
}

/// An event and its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Created(Created),
    Made(Made),
    QualityCheck(QualityCheck),
    Minted(Minted),
    Packed(Packed),
    Shipped(Shipped),
    Sold(Sold),
    SaleUndone(SaleUndone),
    Paid(Paid),
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
        let sum = local.fold(0_u32, |sum, material| {
            sum.saturating_add(material.fraction.millionths())
        });
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

/// From one whole percentage to another, 0 ≤ from ≤ to ≤ 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub from_percent: u8,
    pub to_percent: u8,
}

impl Event {
    pub fn event_type(&self) -> EventType {
        match self {
            Self::Created(_) => EventType::Created,
            Self::Made(_) => EventType::Made,
            Self::QualityCheck(_) => EventType::QualityCheck,
            Self::Minted(_) => EventType::Minted,
            Self::Packed(_) => EventType::Packed,
            Self::Shipped(_) => EventType::Shipped,
            Self::Sold(_) => EventType::Sold,
            Self::SaleUndone(_) => EventType::SaleUndone,
            Self::Paid(_) => EventType::Paid,
        }
    }

    /// The facts as they stand in a leaf.
    pub(crate) fn facts(&self) -> Map<String, Value> {
        let facts = match self {
            Self::Created(facts) => serde_json::to_value(facts),
            Self::Made(facts) => serde_json::to_value(facts),
            Self::QualityCheck(facts) => serde_json::to_value(facts),
            Self::Minted(facts) => serde_json::to_value(facts),
            Self::Packed(facts) => serde_json::to_value(facts),
            Self::Shipped(facts) => serde_json::to_value(facts),
            Self::Sold(facts) => serde_json::to_value(facts),
            Self::SaleUndone(facts) => serde_json::to_value(facts),
            Self::Paid(facts) => serde_json::to_value(facts),
        };
        match facts {
            Ok(Value::Object(map)) => map,
            // Each is a struct of strings, integers, flags and lists of such, which serde writes as an object.
            other => unreachable!("facts are an object: {other:?}"),
        }
    }

    /// Reads the facts of such an event; a fact that it does not have is refused.
    pub(crate) fn read(event: EventType, facts: Map<String, Value>) -> Result<Self, FactsError> {
        fn typed<T: DeserializeOwned>(
            event: EventType,
            facts: Map<String, Value>,
        ) -> Result<T, FactsError> {
            serde_json::from_value(Value::Object(facts)).map_err(|error| FactsError::Shape {
                event,
                problem: error.to_string(),
            })
        }
        let read = match event {
            EventType::Created => Self::Created(typed(event, facts)?),
            EventType::Made => Self::Made(typed(event, facts)?),
            EventType::QualityCheck => Self::QualityCheck(typed(event, facts)?),
            EventType::Minted => Self::Minted(typed(event, facts)?),
            EventType::Packed => Self::Packed(typed(event, facts)?),
            EventType::Shipped => Self::Shipped(typed(event, facts)?),
            EventType::Sold => Self::Sold(typed(event, facts)?),
            EventType::SaleUndone => Self::SaleUndone(typed(event, facts)?),
            EventType::Paid => Self::Paid(typed(event, facts)?),
        };
        Ok(read)
    }

    /// The rules that types alone do not hold.
    pub(crate) fn check(&self) -> Result<(), FactsError> {
        let at_least_one = |field, count: u32| match count {
            0 => Err(FactsError::Range {
                field,
                expected: "at least 1",
            }),
            _ => Ok(()),
        };
        match self {
            Self::Created(facts) => at_least_one("quantity", facts.quantity),
            Self::Made(facts) => {
                at_least_one("makers", facts.makers)?;
                check_materials(&facts.materials)?;
                facts.place.as_ref().map_or(Ok(()), check_place)
            }
            Self::Minted(facts) => at_least_one("serial", facts.serial),
            Self::Paid(facts) => {
                at_least_one("makers", facts.makers)?;
                match facts.share_of_price {
                    Some(band) if band.from_percent > band.to_percent || band.to_percent > 100 => {
                        Err(FactsError::Range {
                            field: "share_of_price",
                            expected: "from_percent ≤ to_percent ≤ 100",
                        })
                    }
                    _ => Ok(()),
                }
            }
            Self::QualityCheck(_)
            | Self::Packed(_)
            | Self::Shipped(_)
            | Self::Sold(_)
            | Self::SaleUndone(_) => Ok(()),
        }
    }
}

fn check_materials(materials: &[Material]) -> Result<(), FactsError> {
    let sum: u64 = materials
        .iter()
        .map(|material| u64::from(material.fraction.millionths()))
        .sum();
    if materials.is_empty() || sum == u64::from(Share::WHOLE) {
        return Ok(());
    }
    Err(FactsError::MaterialSum {
        sum: format!(
            "{}.{:06}",
            sum / u64::from(Share::WHOLE),
            sum % u64::from(Share::WHOLE)
        ),
    })
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
