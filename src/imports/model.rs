//! What a sender says about a file, what importing it would do, and what it did. Pure.
use serde::{Deserialize, Serialize};
use sheets::{
    cells::{Cells, Conflict, Entity, merge},
    mapping::{Format, Kind, Mapping},
    report::{Effect, Report},
};

use crate::{
    artisans, catalog,
    db::{DbError, Retryable},
    ids::{ImportId, PriceTemplateId},
    money::Currency,
    provenance, work,
};

/// As many bytes as a spreadsheet of a whole cooperative has, several times over.
pub const MAX_FILE: usize = 20 * 1024 * 1024;
/// Drafts named in an outcome: enough to begin with; all of them are in the product list with their reasons.
pub const MAX_TOLD: usize = 200;

text_enum! { as ImportState,
    /// read: looked at, nothing changed. queued: being committed. done. failed: nothing was changed.
    pub enum State { Read = "read", Queued = "queued", Done = "done", Failed = "failed" }
}
text_enum! {
    pub enum EntityKind { Product = "product", Variant = "variant", Artisan = "artisan", Work = "work" }
}

/// Where stock comes from, for variants that are new here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockSource {
    /// The file's stock column; where it says nothing, stock is unknown.
    #[default]
    Column,
    /// This many of each, where the file says nothing.
    Each(i32),
    /// Everything is made after the sale.
    MadeToOrder,
}
impl std::str::FromStr for StockSource {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "column" => Ok(Self::Column),
            "made_to_order" => Ok(Self::MadeToOrder),
            number => match number.parse() {
                Ok(pieces) if (0..=1_000_000).contains(&pieces) => Ok(Self::Each(pieces)),
                _ => Err(format!("{number:?}: say \"column\", \"made_to_order\", or a number of pieces from 0 to 1000000")),
            },
        }
    }
}

/// What the sender says about a file; the rest is detected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub format: Option<Format>,
    pub kind: Option<Kind>,
    pub currency: Currency,
    pub tax_inclusive: bool,
    pub stock: StockSource,
    /// How long making to order takes.
    pub made_to_order_days: Option<i32>,
    /// How the prices of new products divide.
    pub template: Option<PriceTemplateId>,
    pub mapping: Option<Mapping>,
}
impl Settings {
    pub fn of(currency: Currency) -> Self {
        let (stock, mapping) = (StockSource::default(), None);
        Self { format: None, kind: None, currency, tax_inclusive: false, stock, made_to_order_days: None, template: None, mapping }
    }
    pub fn options(&self) -> Result<sheets::Options, Error> {
        let currency = sheets::values::amount::Currency::new(self.currency.as_str(), self.currency.exponent()).map_err(Error::Currency)?;
        Ok(sheets::Options { format: self.format, kind: self.kind, currency, mapping: self.mapping.clone() })
    }
}

/// What stands here for an entity of the file, if it was imported before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub target: uuid::Uuid,
    /// Its cells when it was last imported.
    pub base: Cells,
}

/// A cell changed by the file and by somebody here since: left alone, and told until one side gives way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConflictView {
    pub row: u32,
    /// The field by its stable name.
    #[schema(example = "price")]
    pub field: String,
    pub file: String,
    pub ours: String,
    /// What the last import had; null if that file had no such column.
    pub base: Option<String>,
}
impl ConflictView {
    pub fn of(row: u32, conflict: &Conflict) -> Self {
        let Conflict { field, base, file, ours } = conflict.clone();
        Self { row, field: field.into(), file, ours, base }
    }
    /// Row and field stay; what stood there was about somebody.
    pub fn forget_values(&mut self) {
        self.file.clear();
        self.ours.clear();
        self.base = None;
    }
}

/// What importing one entity does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Create,
    /// `write` may be empty: then it stands here already.
    Keep {
        target: uuid::Uuid,
        write: Cells,
        conflicts: Vec<Conflict>,
        /// What is remembered as imported: the file's cells, but the old ones where there is a conflict.
        base: Cells,
    },
}

/// Compares an entity with what was imported last and with what stands here.
pub fn step(entity: &Entity, known: Option<&Known>, ours: Option<&Cells>) -> Step {
    let (Some(known), Some(ours)) = (known, ours) else { return Step::Create };
    // What is not kept here as a field of its own stands as it was last imported.
    let mut standing = known.base.clone();
    standing.extend(ours.iter().map(|(field, value)| (*field, value.clone())));
    let merged = merge(&known.base, &entity.cells, &standing);
    let mut base = entity.cells.clone();
    for conflict in &merged.conflicts {
        match &conflict.base {
            Some(before) => base.insert(conflict.field, before.clone()),
            None => base.remove(&conflict.field),
        };
    }
    Step::Keep { target: known.target, write: merged.write, conflicts: merged.conflicts, base }
}

/// A product that landed as a draft although the file has it for sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Draft {
    pub row: u32,
    pub title: String,
    pub reasons: Vec<catalog::Reason>,
}

/// What committing did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub effect: Effect,
    pub published: usize,
    /// Published, and left out of every pay figure until their price is divided.
    pub pay_not_declared: usize,
    /// How many stay drafts; the first of them follow, with their reasons.
    #[serde(default)]
    pub drafts_total: usize,
    pub drafts: Vec<Draft>,
    pub pictures_queued: usize,
    pub conflicts: Vec<ConflictView>,
    pub notes: Vec<String>,
}

/// A file and what was said about it.
#[derive(Clone, Debug)]
pub struct Read {
    pub id: ImportId,
    pub report: Report,
    pub conflicts: Vec<ConflictView>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such import")]
    NotFound,
    #[error("the file cannot be read: {0}")]
    File(#[from] sheets::table::ReadError),
    #[error("{0}")]
    Currency(String),
    #[error("the file has nothing that can be imported: every row has an error")]
    Nothing,
    #[error("its columns were guessed: look at report.mapping and commit with confirm_mapping")]
    MappingNotConfirmed,
    #[error("it is {0} already")]
    Done(State),
    #[error("no such price template of this cooperative")]
    Template,
    #[error("a stored import does not read: {0}")]
    Corrupt(#[from] serde_json::Error),
    #[error("{0}")]
    Sheet(String),
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    #[error(transparent)]
    Provenance(#[from] provenance::Error),
    #[error(transparent)]
    Artisans(#[from] artisans::Error),
    #[error(transparent)]
    Work(#[from] work::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl Retryable for Error {
    /// Two imports that wanted one slug: the second finds it taken.
    fn retryable(&self) -> bool {
        match self {
            Self::Db(error) | Self::Catalog(catalog::Error::Db(error)) => error.retryable() || error.is_unique_violation("product_slugs_pkey"),
            Self::Provenance(error) => error.retryable(),
            Self::Artisans(error) => error.retryable(),
            Self::Work(error) => error.retryable(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sheets::field::Field;

    fn cells(pairs: &[(Field, &str)]) -> Cells {
        pairs.iter().map(|(field, value)| (*field, (*value).to_owned())).collect()
    }
    fn entity(pairs: &[(Field, &str)]) -> Entity {
        Entity { key: "k".into(), row: 2, cells: cells(pairs) }
    }
    #[test]
    fn a_conflict_is_told_until_one_side_gives_way() {
        let known = Known { target: uuid::Uuid::nil(), base: cells(&[(Field::Title, "A"), (Field::Vendor, "V")]) };
        let ours = cells(&[(Field::Title, "ours")]);
        let file = entity(&[(Field::Title, "theirs"), (Field::Vendor, "V")]);
        let Step::Keep { write, conflicts, base, .. } = step(&file, Some(&known), Some(&ours)) else { panic!("known") };
        assert!(write.is_empty());
        assert_eq!((conflicts.len(), conflicts[0].ours.as_str()), (1, "ours"));
        let Step::Keep { conflicts: again, .. } = step(&file, Some(&Known { base, ..known }), Some(&ours)) else { panic!("known") };
        assert_eq!(again.len(), 1, "and the next time too");
    }
    #[test]
    fn what_is_not_kept_here_stands_as_it_was_imported() {
        let known = Known { target: uuid::Uuid::nil(), base: cells(&[(Field::Vendor, "V")]) };
        let Step::Keep { write, conflicts, .. } = step(&entity(&[(Field::Vendor, "W")]), Some(&known), Some(&Cells::new())) else { panic!("known") };
        assert_eq!((write, conflicts.len()), (cells(&[(Field::Vendor, "W")]), 0));
    }
    #[test]
    fn stock_comes_from_a_column_a_number_or_nowhere() {
        assert_eq!("column".parse(), Ok(StockSource::Column));
        assert_eq!("3".parse(), Ok(StockSource::Each(3)));
        assert_eq!("made_to_order".parse(), Ok(StockSource::MadeToOrder));
        assert!("-1".parse::<StockSource>().is_err() && "many".parse::<StockSource>().is_err());
    }
}
