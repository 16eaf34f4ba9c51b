//! What is said about a file before and after it is imported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Stock, Tally};
use crate::field::Field;
use crate::mapping::{Format, Kind, Mapping, Proposal, Unmapped};
use crate::problem::{Code, Problem, Severity, Skipped};
use crate::table::{Source, Table};
use crate::{Content, Options};

/// Problems of one code in one column, counted: what a person reads before the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub severity: Severity,
    pub code: Code,
    pub column: Option<String>,
    pub count: usize,
    /// The first of them.
    pub first: Problem,
}

/// What an import did or would do; filled in by whoever compares the file with what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub created: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub skipped: usize,
    pub conflicts: usize,
}

/// Everything there is to say about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub format: Format,
    pub kind: Kind,
    pub source: Source,
    /// Rows that hold anything below the header.
    pub rows: usize,
    /// Products in the file, those skipped on purpose included.
    pub found: Tally,
    /// Products that can be imported.
    pub importable: Tally,
    pub artisans: usize,
    pub work: usize,
    /// `None` until the file was compared with what is there.
    pub effect: Option<Effect>,
    pub errors: usize,
    pub warnings: usize,
    pub summary: Vec<Group>,
    pub problems: Vec<Problem>,
    pub skipped: Vec<Skipped>,
    pub currency_note: String,
    /// Products only.
    pub stock_note: Option<String>,
    pub notes: Vec<String>,
    pub mapping: Mapping,
    pub unmapped: Vec<Unmapped>,
    /// Whether a person should confirm the mapping before it is used.
    pub mapping_to_confirm: bool,
}

impl Report {
    /// Describes a file that was read.
    pub(crate) fn of(table: &Table, options: &Options, proposal: Proposal, content: &Content, problems: Vec<Problem>) -> Report {
        let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
        let mut report = Report {
            format: proposal.format,
            kind: proposal.kind,
            source: table.source.clone(),
            rows: table.rows.len(),
            found: Tally::default(),
            importable: Tally::default(),
            artisans: 0,
            work: 0,
            effect: None,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            summary: summary(&problems),
            problems,
            skipped: Vec::new(),
            currency_note: currency_note(table, options, &proposal.mapping),
            stock_note: None,
            notes: notes(table),
            mapping: proposal.mapping,
            unmapped: proposal.unmapped,
            mapping_to_confirm: proposal.to_confirm,
        };
        match content {
            Content::Artisans(artisans) => report.artisans = artisans.len(),
            Content::Work(entries) => report.work = entries.len(),
            Content::Products(catalogue) => report.describe(catalogue),
        }
        report
    }

    fn describe(&mut self, catalogue: &Catalogue) {
        self.found = catalogue.found;
        self.importable = Tally::of(catalogue.products.iter().filter(|product| !product.faulty));
        self.skipped = catalogue.skipped.clone();
        self.stock_note = Some(stock_note(catalogue));
        let hidden = catalogue.products.iter().filter(|product| product.status == crate::catalogue::Status::Active && !product.published).count();
        if hidden > 0 {
            self.notes.push(format!("{hidden} active products were not shown in the online shop they come from"));
        }
    }

    /// Whether the file can be imported as a whole.
    pub fn is_clean(&self) -> bool {
        self.errors == 0
    }
}

fn summary(problems: &[Problem]) -> Vec<Group> {
    let mut groups: BTreeMap<(Severity, Code, Option<&str>), (usize, &Problem)> = BTreeMap::new();
    for problem in problems {
        groups.entry((problem.severity, problem.code, problem.column.as_deref())).or_insert((0, problem)).0 += 1;
    }
    let group = |((severity, code, column), (count, first)): ((Severity, Code, Option<&str>), (usize, &Problem))| Group {
        severity,
        code,
        column: column.map(str::to_owned),
        count,
        first: first.clone(),
    };
    groups.into_iter().map(group).collect()
}

fn currency_note(table: &Table, options: &Options, mapping: &Mapping) -> String {
    let is_amount = |header: &&String| {
        let field = mapping.columns.get(*header);
        matches!(field, Some(Field::Price | Field::CompareAt | Field::SalePrice | Field::Rate | Field::Total))
    };
    let columns: Vec<&str> = table.header.iter().filter(is_amount).map(String::as_str).collect();
    let code = options.currency.code();
    if columns.is_empty() {
        return format!("no column with amounts; {code} would be assumed");
    }
    format!("amounts read as {code}: {}", columns.join(", "))
}

fn stock_note(catalogue: &Catalogue) -> String {
    if !catalogue.columns.contains(&Field::Stock) {
        return "no stock column: stock is unknown, not zero; choose a number for all or made to order, or count later".to_owned();
    }
    let variants = || catalogue.products.iter().flat_map(|product| &product.variants);
    let known = variants().filter(|variant| variant.stock != Stock::Absent).count();
    if known == 0 {
        return "the stock column is empty: stock is unknown, not zero; choose a number for all or made to order, or count later".to_owned();
    }
    let pieces: i64 = variants().map(|variant| if let Stock::Column(pieces) = variant.stock { pieces } else { 0 }).sum();
    format!("stock is given for {known} of {} variants: {pieces} pieces", variants().count())
}

fn notes(table: &Table) -> Vec<String> {
    let mut notes = Vec::new();
    if !table.preface.is_empty() {
        notes.push(format!("the header is row {}; what stands above it was passed over", table.header_row));
    }
    if !table.source.other_sheets.is_empty() {
        let read = table.source.sheet.as_deref().unwrap_or_default();
        notes.push(format!("only the sheet {read:?} was read; not read: {}", table.source.other_sheets.join(", ")));
    }
    notes
}
