//! What importing a catalogue would do: every product and variant of the file beside what stands here. Pure.
use std::collections::HashMap;

use sheets::{
    catalogue::{Catalogue, Product, Variant},
    cells::{self, Cells, Entity},
    mapping::Format,
    report::Effect,
};

use super::{
    model::{ConflictView, Known, Step, step},
    read::Ours,
};
use crate::ids::{ProductId, VariantId};

/// One product of the file.
pub(super) struct Planned<'a> {
    pub product: &'a Product,
    pub entity: Entity,
    pub step: Step,
    pub variants: Vec<PlannedVariant<'a>>,
}
pub(super) struct PlannedVariant<'a> {
    pub variant: &'a Variant,
    pub entity: Entity,
    pub step: Step,
}

impl Planned<'_> {
    pub fn is_new(&self) -> bool {
        self.step == Step::Create
    }
    fn changes(&self) -> bool {
        let writes = |step: &Step| match step {
            Step::Create => true,
            Step::Keep { write, .. } => !write.is_empty(),
        };
        writes(&self.step) || self.variants.iter().any(|v| writes(&v.step))
    }
    fn conflicts(&self) -> impl Iterator<Item = ConflictView> {
        let steps = std::iter::once((&self.entity, &self.step)).chain(self.variants.iter().map(|v| (&v.entity, &v.step)));
        steps.flat_map(|(entity, step)| {
            let found = if let Step::Keep { conflicts, .. } = step { conflicts.as_slice() } else { &[] };
            found.iter().map(|conflict| ConflictView::of(entity.row, conflict))
        })
    }
}

/// What stands here, ready to be compared.
pub(super) struct Standing {
    known: HashMap<String, Known>,
    ours: HashMap<ProductId, Ours>,
}

impl Standing {
    pub fn new(known: HashMap<String, Known>, ours: Vec<Ours>) -> Self {
        Self { known, ours: ours.into_iter().map(|o| (o.id, o)).collect() }
    }
    /// A product the file names by its key, or one of our own that was never imported, by its id.
    fn product(&self, product: &Product) -> Option<&Ours> {
        let target = self.known.get(&product.key()).map(|k| ProductId::from(k.target)).or_else(|| own_id(product));
        self.ours.get(&target?)
    }
}

/// Our own export names a product that came from no shop by its id.
pub(super) fn own_id(product: &Product) -> Option<ProductId> {
    if product.source == Format::Haat { product.handle.parse().ok() } else { None }
}

pub(super) fn plan<'a>(catalogue: &'a Catalogue, standing: &Standing) -> Vec<Planned<'a>> {
    catalogue.products.iter().filter(|p| !p.faulty).map(|product| planned(catalogue, product, standing)).collect()
}

fn planned<'a>(catalogue: &'a Catalogue, product: &'a Product, standing: &Standing) -> Planned<'a> {
    let ours = standing.product(product);
    let mut own_cells: Vec<Cells> =
        ours.map(|o| cells::of_product(catalogue, &o.product).into_iter().map(|entity| entity.cells).collect()).unwrap_or_default();
    let mut entities = cells::of_product(catalogue, product).into_iter();
    let entity = entities.next().unwrap_or_else(|| Entity { key: product.key(), row: 0, cells: Cells::new() });
    let variants = product.variants.iter().zip(entities);
    let variants = variants.map(|(variant, entity)| {
        let at = ours.and_then(|o| variant_at(o, &entity.key, variant, standing));
        let standing_cells = at.map(|at| std::mem::take(&mut own_cells[at + 1]));
        let known = ours.zip(at).map(|(o, at)| known_or_ours(standing, &entity.key, o.variants[at].uuid(), standing_cells.as_ref()));
        let step = step(&entity, known.as_ref(), standing_cells.as_ref());
        PlannedVariant { variant, entity, step }
    });
    let variants: Vec<_> = variants.collect();
    let known = ours.map(|o| known_or_ours(standing, &entity.key, o.id.uuid(), own_cells.first()));
    let step = step(&entity, known.as_ref(), own_cells.first());
    Planned { product, entity, step, variants }
}

/// The variant by its key, or, where it was never imported, by its option values.
fn variant_at(ours: &Ours, key: &str, variant: &Variant, standing: &Standing) -> Option<usize> {
    let by_key = standing.known.get(key).and_then(|known| ours.variants.iter().position(|id| *id == VariantId::from(known.target)));
    by_key.or_else(|| ours.product.variants.iter().position(|v| v.options == variant.options))
}

/// What was never imported has no cells of a last time: what stands here is taken for them, so that the file has its way.
fn known_or_ours(standing: &Standing, key: &str, target: uuid::Uuid, ours: Option<&Cells>) -> Known {
    match standing.known.get(key) {
        Some(known) if known.target == target => known.clone(),
        _ => Known { target, base: ours.cloned().unwrap_or_default() },
    }
}

/// Counts of products, and every conflict.
pub(super) fn effect(plan: &[Planned<'_>], skipped: usize) -> (Effect, Vec<ConflictView>) {
    let conflicts: Vec<ConflictView> = plan.iter().flat_map(Planned::conflicts).collect();
    let mut effect = Effect { skipped, conflicts: conflicts.len(), ..Effect::default() };
    for planned in plan {
        match (planned.is_new(), planned.changes()) {
            (true, _) => effect.created += 1,
            (false, true) => effect.changed += 1,
            (false, false) => effect.unchanged += 1,
        }
    }
    (effect, conflicts)
}
