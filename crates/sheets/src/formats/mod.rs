//! One reader per shape of file: rows that share a handle (Shopify, our own, any table), WooCommerce's typed rows, registers.

mod common;
mod register;
mod rows;
mod woocommerce;

use std::collections::BTreeSet;

use crate::catalogue::{Catalogue, Product, Tally};
use crate::mapping::{Format, Kind, Proposal};
use crate::problem::{Problem, Severity, Skipped};
use crate::reader::Reader;
use crate::report::Report;
use crate::table::Table;
use crate::{Content, Options, Reading};

/// A product read, and why it is to be left out if it is.
pub(crate) struct Built {
    product: Product,
    skip: Option<String>,
}

/// Reads a table as its proposal says.
pub(crate) fn read(table: &Table, options: &Options, proposal: Proposal) -> Reading {
    let mut reader = Reader::new(table, &proposal.mapping, &options.currency);
    let content = match proposal.kind {
        Kind::Artisans => Content::Artisans(register::artisans(&mut reader)),
        Kind::Work => Content::Work(register::work(&mut reader)),
        Kind::Products => Content::Products(products(&mut reader, proposal.format)),
    };
    let problems = sorted(reader.problems);
    let report = Report::of(table, options, proposal, &content, problems);
    Reading { content, report }
}

fn products(reader: &mut Reader<'_>, format: Format) -> Catalogue {
    let (built, mut skipped) = match format {
        Format::Woocommerce => woocommerce::products(reader),
        Format::Shopify | Format::Haat | Format::Sheet => rows::products(reader, format),
    };
    let found = Tally::of(built.iter().map(|built| &built.product));
    let mut products = Vec::with_capacity(built.len());
    for Built { product, skip } in built {
        match skip {
            None => products.push(product),
            Some(reason) => {
                let row = product.rows.first().copied().unwrap_or_default();
                skipped.push(Skipped { row, reason: format!("{}: {reason}", product.title) });
            }
        }
    }
    skipped.sort_by_key(|skipped| skipped.row);
    common::repeated_skus(reader, &products);
    let errors = error_rows(&reader.problems);
    for product in &mut products {
        product.faulty = product.rows.iter().any(|row| errors.contains(row));
    }
    let columns = reader.fields().collect();
    Catalogue { currency: reader.currency.clone(), columns, products, skipped, found }
}

/// Rows named by an error.
pub(crate) fn error_rows(problems: &[Problem]) -> BTreeSet<u32> {
    problems.iter().filter(|problem| problem.severity == Severity::Error).filter_map(|problem| problem.row).collect()
}

/// Problems in the order of the file; those of the whole file first.
fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| problem.row);
    problems
}
