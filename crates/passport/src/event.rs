//! What can happen to an item, in which kind of history, and on what the word for it rests.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::facts::{Created, FactsError, Made, Minted, Packed, Paid, QualityCheck, SaleUndone, Shipped, Sold, Withdrawn};

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
    Withdrawn,
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
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The chain that this event begins, if it begins one; such an event is at `seq` 0 and nowhere else.
    pub fn opens(self) -> Option<ChainKind> {
        match self {
            Self::Created => Some(ChainKind::Batch),
            Self::Minted => Some(ChainKind::Item),
            Self::Made | Self::QualityCheck | Self::Packed | Self::Shipped | Self::Sold | Self::SaleUndone | Self::Paid | Self::Withdrawn => None,
        }
    }

    /// Whether the event may be in such a chain. What is packed, sold or paid for is always one item, never a batch.
    pub fn belongs_in(self, chain: ChainKind) -> bool {
        match self {
            Self::Made | Self::QualityCheck => true,
            Self::Created => chain == ChainKind::Batch,
            Self::Minted | Self::Packed | Self::Shipped | Self::Sold | Self::SaleUndone | Self::Paid | Self::Withdrawn => chain == ChainKind::Item,
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

impl std::fmt::Display for ChainKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Batch => "a batch",
            Self::Item => "a single item",
        })
    }
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

/// An event and its [facts](crate::facts).
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
    Withdrawn(Withdrawn),
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
            Self::Withdrawn(_) => EventType::Withdrawn,
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
            Self::Withdrawn(facts) => serde_json::to_value(facts),
        };
        match facts {
            Ok(Value::Object(map)) => map,
            // Each is a struct of strings, integers, flags and lists of such, which serde writes as an object.
            other => unreachable!("facts are an object: {other:?}"),
        }
    }

    /// Reads the facts of such an event; a fact that it does not have is refused.
    pub(crate) fn read(event: EventType, facts: Map<String, Value>) -> Result<Self, FactsError> {
        fn typed<T: DeserializeOwned>(event: EventType, facts: Map<String, Value>) -> Result<T, FactsError> {
            serde_json::from_value(Value::Object(facts)).map_err(|error| FactsError::Shape { event, problem: error.to_string() })
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
            EventType::Withdrawn => Self::Withdrawn(typed(event, facts)?),
        };
        Ok(read)
    }

    /// The rules that types alone do not hold.
    pub(crate) fn check(&self) -> Result<(), FactsError> {
        match self {
            Self::Created(facts) => facts.check(),
            Self::Made(facts) => facts.check(),
            Self::Minted(facts) => facts.check(),
            Self::Paid(facts) => facts.check(),
            Self::QualityCheck(_) | Self::Packed(_) | Self::Shipped(_) | Self::Sold(_) | Self::SaleUndone(_) | Self::Withdrawn(_) => Ok(()),
        }
    }
}
