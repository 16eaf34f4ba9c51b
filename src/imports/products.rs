//! Products of a file become ours: new ones in bulk, changed ones cell by cell.
use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicI32, Ordering},
};

use serde_json::{Value, json};
use sheets::{
    catalogue::{Policy, Product, Status, Stock, Variant},
    cells::{Cells, Entity},
    field::Field,
};

use super::{
    model::{Draft, EntityKind, Error, MAX_TOLD, Outcome, Settings, Step, StockSource},
    plan::{self, Planned, PlannedVariant},
    store::{self, Remembered},
};
use crate::{
    catalog::{
        self, Gate, NewPrice, NewProduct, NewStock, NewVariant,
        change::{self, ProductChange, VariantChange},
        stock,
    },
    clock::Time,
    db::Tx,
    ids::{ProductId, VariantId},
    provenance::{self, Issuer, NewBatch},
    secrets::MasterKey,
    tenancy::Scope,
};

/// What a commit works with.
pub(super) struct Commit<'a> {
    pub now: Time,
    pub scope: Scope,
    pub keys: &'a MasterKey,
    pub issuer: &'a Issuer,
    pub settings: &'a Settings,
    /// Crafts by what people call them.
    pub crafts: &'a HashMap<String, String>,
    /// Rows dealt with.
    pub progress: &'a AtomicI32,
}

/// What is left to do once every product is in place.
#[derive(Default)]
struct Done {
    publish: BTreeMap<ProductId, (u32, String)>,
    archive: Vec<ProductId>,
    judge: Vec<ProductId>,
    batches: Vec<NewBatch>,
    pictures: Vec<Value>,
    notes: Vec<String>,
}

/// Carries out the plan in the caller's transaction.
pub(super) async fn apply(tx: &mut Tx, commit: &Commit<'_>, plan: &[Planned<'_>], skipped: usize) -> Result<Outcome, Error> {
    let mut done = Done::default();
    let fresh: Vec<(usize, NewProduct)> =
        plan.iter().enumerate().filter(|(_, p)| p.is_new()).map(|(at, p)| (at, commit.new_product(p.product))).collect();
    let (fresh, refused): (Vec<_>, Vec<_>) = fresh.into_iter().partition(|(_, new)| new.check().is_empty());
    for (at, new) in &refused {
        let why: Vec<String> = new.check().iter().map(|e| format!("{}: {}", e.pointer.trim_start_matches('/'), e.message)).collect();
        done.notes.push(format!("row {}: not imported: {}", plan[*at].entity.row, why.join("; ")));
    }
    let (positions, news): (Vec<usize>, Vec<NewProduct>) = fresh.into_iter().unzip();
    let created = catalog::create_many(tx, commit.now, commit.scope, &news).await?;
    let mut known = Vec::new();
    let mut created: HashMap<usize, (ProductId, Vec<VariantId>)> = positions.into_iter().zip(created).collect();
    for (at, planned) in plan.iter().enumerate() {
        let target = match (&planned.step, created.remove(&at)) {
            (_, Some(target)) => {
                commit.arrived(planned, &target, &mut done);
                target
            }
            (Step::Keep { target, write, .. }, None) => {
                let id = ProductId::from(*target);
                let variants = commit.change(tx, planned, id, write, &mut done).await?;
                (id, variants)
            }
            (Step::Create, None) => continue, // refused
        };
        known.extend(remembered(planned, &target));
        commit.progress.fetch_add(i32::try_from(planned.product.rows.len()).unwrap_or(0), Ordering::Relaxed);
    }
    store::remember(tx, commit.now, commit.scope, &known).await?;
    finish(tx, commit, plan, skipped, done).await
}

/// The parts that need every product in place.
async fn finish(tx: &mut Tx, commit: &Commit<'_>, plan: &[Planned<'_>], skipped: usize, done: Done) -> Result<Outcome, Error> {
    let (now, scope) = (commit.now, commit.scope);
    provenance::create_batches(tx, now, commit.keys, commit.issuer, &done.batches).await?;
    let pictures_queued = store::place_pictures(tx, now, scope, done.pictures).await?;
    catalog::archive_many(tx, now, scope, &done.archive).await?;
    catalog::judge_many(tx, now, scope, &done.judge).await?;
    let (effect, conflicts) = plan::effect(plan, skipped);
    let mut outcome = Outcome { effect, conflicts, pictures_queued, notes: done.notes, ..Outcome::default() };
    let wanted: Vec<ProductId> = done.publish.keys().copied().collect();
    for (id, gate) in catalog::publish_many(tx, now, scope, &wanted).await? {
        outcome.published += usize::from(gate.lets_through());
        outcome.pay_not_declared += usize::from(matches!(gate, Gate::Undeclared { .. }));
        if let (Gate::Blocked { reasons }, Some((row, title))) = (gate, done.publish.get(&id)) {
            outcome.drafts.push(Draft { row: *row, title: title.clone(), reasons });
        }
    }
    outcome.drafts_total = outcome.drafts.len();
    outcome.drafts.truncate(MAX_TOLD);
    Ok(outcome)
}

/// Every entity with the cells that the next import is compared with.
fn remembered<'a>(planned: &'a Planned<'_>, (id, variants): &(ProductId, Vec<VariantId>)) -> Vec<Remembered<'a>> {
    let one = |entity: &'a Entity, step: &'a Step, kind: EntityKind, target: uuid::Uuid| {
        let cells = if let Step::Keep { base, .. } = step { base } else { &entity.cells };
        Remembered { key: &entity.key, entity: kind, target, cells }
    };
    let product = one(&planned.entity, &planned.step, EntityKind::Product, id.uuid());
    let of_variants = planned.variants.iter().zip(variants).map(|(v, id)| one(&v.entity, &v.step, EntityKind::Variant, id.uuid()));
    std::iter::once(product).chain(of_variants).collect()
}

impl Commit<'_> {
    fn new_product(&self, product: &Product) -> NewProduct {
        let variants: Vec<NewVariant> = product.variants.iter().map(|v| self.new_variant(v)).collect();
        let made_to_order = variants.iter().any(|v| v.stock.policy == stock::Policy::MadeToOrder);
        NewProduct {
            title: product.title.clone(),
            body_html: product.body_html.clone().unwrap_or_default(),
            body_text: product.body_text().unwrap_or_default(),
            kind: product.product_type.clone().unwrap_or_default(),
            tags: product.tags.clone(),
            craft: self.craft(product.craft.as_deref()),
            tax_category: "standard".into(),
            materials: materials(product),
            options: product.options.clone(),
            made_to_order_days: self.settings.made_to_order_days.filter(|_| made_to_order),
            template: self.settings.template,
            variants,
        }
    }
    fn new_variant(&self, variant: &Variant) -> NewVariant {
        NewVariant {
            options: variant.options.clone(),
            sku: variant.sku.clone(),
            barcode: variant.barcode.clone(),
            grams: variant.grams.and_then(|g| i32::try_from(g).ok()),
            prices: self.price(variant).into_iter().collect(),
            stock: self.stock(variant),
        }
    }
    fn price(&self, variant: &Variant) -> Option<NewPrice> {
        let (currency, tax_inclusive) = (self.settings.currency, self.settings.tax_inclusive);
        variant.price_minor.map(|minor| NewPrice { currency, minor, compare_at_minor: variant.compare_at_minor, tax_inclusive })
    }
    /// A shop that goes on selling when nothing is left makes to order. What nobody counted is unknown, not zero.
    fn stock(&self, variant: &Variant) -> NewStock {
        let finite = |pieces: i64| NewStock { policy: stock::Policy::Finite, on_hand: i32::try_from(pieces.max(0)).unwrap_or(i32::MAX) };
        match (variant.policy, self.settings.stock, variant.stock) {
            (Policy::Continue, _, _) | (_, StockSource::MadeToOrder, _) => NewStock { policy: stock::Policy::MadeToOrder, on_hand: 0 },
            (Policy::Deny, _, Stock::Column(pieces)) => finite(pieces),
            (Policy::Deny, StockSource::Each(pieces), Stock::Absent) => finite(i64::from(pieces)),
            (Policy::Deny, StockSource::Column, Stock::Absent) => NewStock { policy: stock::Policy::Unknown, on_hand: 0 },
        }
    }
    fn craft(&self, named: Option<&str>) -> Option<String> {
        self.crafts.get(&named?.trim().to_lowercase()).cloned()
    }
    /// Pieces that are there enter the record; who made them is not invented.
    fn batch(&self, product: &Product, variant: &Variant, id: VariantId, pieces: i32) -> Option<NewBatch> {
        let quantity = u32::try_from(pieces).ok().filter(|n| *n > 0)?;
        let options = variant.options.join(" / ");
        let title = if options.is_empty() { product.title.clone() } else { format!("{}, {options}", product.title) };
        Some(NewBatch { variant: id, quantity, title, category: product.product_type.clone(), craft: self.craft(product.craft.as_deref()) })
    }
    /// A new product is there: its batches, pictures and state follow.
    fn arrived(&self, planned: &Planned<'_>, (id, variants): &(ProductId, Vec<VariantId>), done: &mut Done) {
        let product = planned.product;
        for (variant, variant_id) in product.variants.iter().zip(variants) {
            let stock = self.stock(variant);
            done.batches.extend(self.batch(product, variant, *variant_id, if stock.policy == stock::Policy::Finite { stock.on_hand } else { 0 }));
        }
        done.pictures.extend(pictures(product, *id, variants));
        match product.status {
            Status::Active if product.published => drop(done.publish.insert(*id, (planned.entity.row, product.title.clone()))),
            Status::Archived => done.archive.push(*id),
            Status::Active | Status::Draft => done.judge.push(*id),
        }
    }
    /// Writes the cells that the file changed; adds the variants it has and we have not. Answers the variants in the file's order.
    async fn change(&self, tx: &mut Tx, planned: &Planned<'_>, id: ProductId, write: &Cells, done: &mut Done) -> Result<Vec<VariantId>, Error> {
        let product = planned.product;
        if !write.is_empty() {
            change::change_product(tx, self.now, self.scope, id, &self.product_change(product, write)).await?;
            done.judge.push(id);
        }
        if write.contains_key(&Field::Option) {
            change::rename_options(tx, self.scope, id, &product.options).await?;
        }
        if write.contains_key(&Field::ImageList) {
            store::clear_pictures(tx, self.scope, id).await?;
        }
        if write.contains_key(&Field::Status) || write.contains_key(&Field::Published) {
            match product.status {
                Status::Active if product.published => drop(done.publish.insert(id, (planned.entity.row, product.title.clone()))),
                Status::Archived => done.archive.push(id),
                Status::Active | Status::Draft => {
                    done.notes.push(format!("row {}: it stays in the shop; archive it here if it should not", planned.entity.row))
                }
            }
        }
        let mut variants = Vec::with_capacity(planned.variants.len());
        for (position, v) in (0_i16..).zip(&planned.variants) {
            variants.push(match &v.step {
                Step::Create => self.add_variant(tx, product, id, position, v, done).await?,
                Step::Keep { target, write, .. } => {
                    let variant = VariantId::from(*target);
                    self.change_variant(tx, product, v, variant, write, done).await?;
                    variant
                }
            });
        }
        if write.contains_key(&Field::ImageList) {
            done.pictures.extend(pictures(product, id, &variants));
        }
        Ok(variants)
    }
    async fn add_variant(
        &self,
        tx: &mut Tx,
        product: &Product,
        id: ProductId,
        position: i16,
        v: &PlannedVariant<'_>,
        done: &mut Done,
    ) -> Result<VariantId, Error> {
        let new = self.new_variant(v.variant);
        let added = catalog::add_variants(tx, self.now, self.scope, &[(id, position, &new)]).await?;
        let variant = *added.first().ok_or(Error::NotFound)?;
        done.batches.extend(self.batch(product, v.variant, variant, if new.stock.policy == stock::Policy::Finite { new.stock.on_hand } else { 0 }));
        done.judge.push(id);
        Ok(variant)
    }
    fn product_change(&self, product: &Product, write: &Cells) -> ProductChange {
        let has = |field: Field| write.contains_key(&field);
        ProductChange {
            title: has(Field::Title).then(|| product.title.clone()),
            body_html: has(Field::Body).then(|| product.body_html.clone().unwrap_or_default()),
            body_text: has(Field::Body).then(|| product.body_text().unwrap_or_default()),
            kind: has(Field::ProductType).then(|| product.product_type.clone().unwrap_or_default()),
            tags: has(Field::Tags).then(|| product.tags.clone()),
            craft_code: has(Field::Craft).then(|| self.craft(product.craft.as_deref())),
            materials: has(Field::Materials).then(|| materials(product)),
            ..ProductChange::default()
        }
    }
    async fn change_variant(
        &self,
        tx: &mut Tx,
        product: &Product,
        v: &PlannedVariant<'_>,
        id: VariantId,
        write: &Cells,
        done: &mut Done,
    ) -> Result<(), Error> {
        let (has, variant) = (|field: Field| write.contains_key(&field), v.variant);
        let change = VariantChange {
            title: has(Field::Option).then(|| variant.options.join(" / ")),
            options: has(Field::Option).then(|| variant.options.clone()),
            sku: has(Field::Sku).then(|| variant.sku.clone()),
            barcode: has(Field::Barcode).then(|| variant.barcode.clone()),
            grams: has(Field::Weight(sheets::values::number::Unit::Gram)).then(|| variant.grams.and_then(|g| i32::try_from(g).ok())),
            ..VariantChange::default()
        };
        if change != VariantChange::default() {
            change::change_variant(tx, self.now, self.scope, id, &change).await?;
        }
        if has(Field::Price) || has(Field::CompareAt) {
            match self.price(variant) {
                Some(price) => match change::set_price(tx, self.now, self.scope, id, &price).await {
                    Err(catalog::Error::Invalid(why)) => {
                        let why: Vec<String> = why.into_iter().map(|e| e.message).collect();
                        done.notes.push(format!("row {}: the price was left as it is: {}", v.entity.row, why.join("; ")));
                    }
                    written => written?,
                },
                None => change::remove_price(tx, self.scope, id, self.settings.currency).await?,
            }
        }
        if has(Field::Stock) || has(Field::Policy) {
            match change::set_stock(tx, self.scope, id, self.stock(variant)).await? {
                Some(fresh) => done.batches.extend(self.batch(product, variant, id, fresh)),
                None => done.notes.push(format!("row {}: orders hold more pieces than the file's stock; the stock was left as it is", v.entity.row)),
            }
        }
        Ok(())
    }
}

fn materials(product: &Product) -> Value {
    let whole = product.materials.len() == 1;
    json!(product.materials.iter().map(|name| if whole { json!({"name": name, "share": "1"}) } else { json!({"name": name}) }).collect::<Vec<_>>())
}

/// The product's pictures, and those of its variants behind them.
fn pictures<'a>(product: &'a Product, id: ProductId, variants: &'a [VariantId]) -> impl Iterator<Item = Value> + 'a {
    let of_variants = product.variants.iter().zip(variants).filter_map(|(v, id)| Some((v.image.as_deref()?, *id)));
    let by_url: HashMap<&str, VariantId> = of_variants.clone().collect();
    let shown: std::collections::HashSet<&str> = product.images.iter().map(|i| i.url.as_str()).collect();
    let row = move |url: &str, variant: Option<VariantId>, position: u32, alt: Option<&str>| json!({"url": url, "product": id, "variant": variant, "position": position, "alt": alt});
    let own = product.images.iter().map(move |i| row(&i.url, by_url.get(i.url.as_str()).copied(), i.position, i.alt.as_deref()));
    let after = u32::try_from(product.images.len()).unwrap_or(u32::MAX);
    let others = of_variants.filter(move |(url, _)| !shown.contains(url));
    own.chain((1..).zip(others).map(move |(n, (url, variant))| row(url, Some(variant), after.saturating_add(n), None)))
}
