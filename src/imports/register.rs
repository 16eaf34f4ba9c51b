//! Work registers: entries that are new, entries that were corrected.
//!
//! - An entry is known by the register's own number, else by maker, batch, product, step and day, and its turn among equals. Pieces, rate
//!   and minutes are what a file corrects; whose work it was and on which batch are not.
//! - A maker is named by her number or by a name that only she has; nobody is guessed.
//! - What would break a rule of the register is left out, row by row, with the reason.
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;

use sheets::{cells::Cells, cells::Entity, field::Field, problem::Skipped, register::Work as Row, report::Effect};

use super::{
    model::{ConflictView, EntityKind, Error, Known, Outcome, Settings, Step, step},
    people::{Hand, notes},
    store::{self, Remembered},
};
use crate::{
    artisans::{self, Artisan},
    clock::Day,
    db::{Conn, Tx},
    ids::{ArtisanId, BatchId, WorkId},
    money::Money,
    tenancy::Scope,
    work::{self, By, NewWork, model::Work},
};

/// Entries of one maker, day and step that were in an earlier file and are in this one no more: as many are still found among their equals.
const GONE_TURNS: u32 = 8;
/// PostgreSQL takes 65,535 values in a statement, and an entry has eleven.
const AT_ONCE: usize = 2000;
/// What work is called where a register has no steps.
const ONE_STEP: &str = "making";

pub(super) struct Planned {
    row: u32,
    key: String,
    cells: Cells,
    step: Step,
    /// The entry as it would be.
    new: NewWork,
}
/// What importing a register would do.
pub(super) struct Register {
    planned: Vec<Planned>,
    pub refused: Vec<Skipped>,
    pub notes: Vec<String>,
    faulty: usize,
}

/// Makers and batches by what registers call them.
struct Names {
    numbers: HashMap<String, ArtisanId>,
    /// None: several have this name.
    names: HashMap<String, Option<ArtisanId>>,
    batches: HashMap<String, BatchId>,
}
impl Names {
    fn of(makers: &[Artisan], batches: HashMap<String, BatchId>) -> Self {
        let mut all = Self { numbers: HashMap::new(), names: HashMap::new(), batches };
        for maker in makers {
            all.numbers.insert(maker.reference.to_lowercase(), maker.id);
            all.numbers.insert(maker.id.to_string(), maker.id);
        }
        for maker in makers.iter().filter(|m| m.erased_at.is_none()) {
            let own: BTreeSet<String> = [Some(&maker.legal_name), maker.display_name.as_ref(), maker.public_alias.as_ref()]
                .into_iter()
                .flatten()
                .map(|name| name.trim().to_lowercase())
                .collect();
            for name in own {
                all.names.entry(name).and_modify(|known| *known = None).or_insert(Some(maker.id));
            }
        }
        all
    }
    fn maker(&self, written: &str) -> Result<Option<ArtisanId>, String> {
        let folded = written.trim().to_lowercase();
        if folded.is_empty() {
            return Ok(None);
        }
        match self.numbers.get(&folded).map(|id| Some(*id)).or_else(|| self.names.get(&folded).copied()) {
            Some(Some(id)) => Ok(Some(id)),
            Some(None) => Err(format!("several makers are called {written:?}: write her number")),
            None => Err(format!("no maker here is called {written:?}: import the list of makers first, or write her number")),
        }
    }
}

/// A row that names what is here.
struct Resolved<'a> {
    row: &'a Row,
    new: NewWork,
    entity: Entity,
}

pub(super) async fn plan(tx: &mut Tx, scope: Scope, today: Day, settings: &Settings, rows: &[Row]) -> Result<Register, Error> {
    let makers: Vec<Artisan> = artisans::register(tx, scope).await?.into_iter().map(|(maker, _)| maker).collect();
    let named: BTreeSet<&str> = rows.iter().filter_map(|row| row.batch.as_deref()).collect();
    let names = Names::of(&makers, store::batches(tx, scope, &named).await?);
    let mut register = Register { planned: Vec::new(), refused: Vec::new(), notes: Vec::new(), faulty: rows.iter().filter(|r| r.faulty).count() };
    let mut resolved = Vec::new();
    for row in rows.iter().filter(|row| !row.faulty) {
        match resolve(row, &names, settings, &mut register.notes) {
            Ok(found) => resolved.push(found),
            Err(reason) => register.refused.push(Skipped { row: row.row, reason }),
        }
    }
    let keys = turns(&resolved);
    let known = store::known(tx, scope, keys.iter().map(String::as_str)).await?;
    let own: Vec<WorkId> = resolved.iter().filter_map(|r| r.row.id.as_ref()?.parse().ok()).collect();
    let targets: Vec<WorkId> = known.values().map(|k| WorkId::from(k.target)).chain(own).collect();
    let ours: HashMap<WorkId, Work> = work::entries(tx, scope, &targets).await?.into_iter().map(|w| (w.id, w)).collect();
    for (resolved, key) in with_turns(resolved, &known) {
        let target = known.get(&key).map(|k| WorkId::from(k.target)).or_else(|| resolved.row.id.as_ref()?.parse().ok());
        let standing = target.and_then(|id| ours.get(&id));
        match planned(resolved, key, standing, &known) {
            Ok(planned) => register.planned.push(planned),
            Err(refused) => register.refused.push(refused),
        }
    }
    register.leave_out_faults(tx, scope, today).await?;
    Ok(register)
}

/// Every key that the rows, and those that were their equals, have or had.
fn turns(rows: &[Resolved<'_>]) -> BTreeSet<String> {
    // The last of some equals has the highest turn: it asks for all of them.
    let last: HashMap<String, &Row> = rows.iter().map(|r| (r.row.key(), r.row)).collect();
    last.values().flat_map(|row| places(row)).collect()
}
fn places(row: &Row) -> Vec<String> {
    let most = if row.id.is_some() { 1 } else { row.turn.saturating_add(GONE_TURNS) };
    (1..=most).map(|turn| row.key_of_turn(turn)).collect()
}

/// Gives each row its turn: first to those that say what a known entry says already, so that a row taken out of a file moves none of the
/// others; then in their order.
fn with_turns<'a>(rows: Vec<Resolved<'a>>, known: &HashMap<String, Known>) -> Vec<(Resolved<'a>, String)> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut keys: Vec<Option<String>> = vec![None; rows.len()];
    let exact = |r: &Resolved<'_>, key: &String| known.get(key).is_some_and(|k| k.base == r.entity.cells);
    let standing = |_: &Resolved<'_>, key: &String| known.contains_key(key);
    let free = |_: &Resolved<'_>, _: &String| true;
    let passes: [&dyn Fn(&Resolved<'_>, &String) -> bool; 3] = [&exact, &standing, &free];
    for fits in passes {
        for (r, slot) in rows.iter().zip(&mut keys).filter(|(_, slot)| slot.is_none()) {
            let found = places(r.row).into_iter().find(|key| !taken.contains(key) && fits(r, key));
            taken.extend(found.clone());
            *slot = found;
        }
    }
    rows.into_iter().zip(keys).filter_map(|(r, key)| Some((r, key?))).collect()
}

fn resolve<'a>(row: &'a Row, names: &Names, settings: &Settings, notes: &mut Vec<String>) -> Result<Resolved<'a>, String> {
    let artisan = names.maker(&row.maker)?;
    let batch = row.batch.as_ref().and_then(|written| names.batches.get(written)).copied();
    if let (Some(written), None) = (&row.batch, batch) {
        notes.push(format!("row {}: there is no batch {written:?} here; the work is written down without one", row.row));
    }
    let date = row.date.map(Day).ok_or("the day of the work is missing")?;
    let rate = row.rate_minor.ok_or("the rate for a piece is missing: a register says what was agreed")?;
    let pieces = i32::try_from(row.pieces).map_err(|_| "more pieces than anyone makes")?;
    let minutes = row.minutes.map(i32::try_from).transpose().map_err(|_| "more minutes than anyone works")?;
    let step = row.step.as_deref().map_or_else(|| ONE_STEP.to_owned(), |text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let new = NewWork { artisan, batch, step, pieces, minutes, rate: Money::new(rate, settings.currency), date };
    let mut entity = row.entity();
    // As they are kept here; what has no place here is no cell.
    let said = cells_of(artisan, batch, &new);
    entity.cells = said.into_iter().filter(|(field, _)| *field == Field::Maker || entity.cells.contains_key(field)).collect();
    Ok(Resolved { row, new, entity })
}

/// An entry as a register would have it.
fn cells_of(artisan: Option<ArtisanId>, batch: Option<BatchId>, w: &NewWork) -> Cells {
    let filled = [
        (Field::Maker, Some(artisan.map(|id| id.to_string()).unwrap_or_default())),
        (Field::Batch, batch.map(|id| id.to_string())),
        (Field::Step, Some(w.step.clone())),
        (Field::Pieces, Some(w.pieces.to_string())),
        (Field::Rate, Some(w.rate.minor.to_string())),
        (Field::Date, Some(w.date.to_string())),
        (Field::Minutes, w.minutes.map(|minutes| minutes.to_string())),
    ];
    filled.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
}
fn entry(w: &Work) -> NewWork {
    let Work { artisan, batch, pieces, minutes, date, .. } = *w;
    NewWork { artisan, batch, step: w.step.clone(), pieces, minutes, rate: Money::new(w.rate_minor, w.currency), date }
}

fn planned(resolved: Resolved<'_>, key: String, standing: Option<&Work>, known: &HashMap<String, Known>) -> Result<Planned, Skipped> {
    let Resolved { row, mut new, entity } = resolved;
    let ours = standing.map(|w| cells_of(w.artisan, w.batch, &entry(w)));
    let before = standing.map(|w| match known.get(&key) {
        Some(known) => known.clone(),
        None => Known { target: w.id.uuid(), base: ours.clone().unwrap_or_default() },
    });
    let step = step(&entity, before.as_ref(), ours.as_ref());
    if let (Step::Keep { write, .. }, Some(standing)) = (&step, standing) {
        if write.contains_key(&Field::Maker) || write.contains_key(&Field::Batch) {
            let reason = "an entry keeps its maker and its batch, for they may be paid and recorded: write a new entry".into();
            return Err(Skipped { row: row.row, reason });
        }
        // What the file did not change stays as it stands here.
        let kept = entry(standing);
        new.artisan = kept.artisan;
        new.batch = kept.batch;
        let changed = |field: Field| write.contains_key(&field);
        new.step = if changed(Field::Step) { new.step } else { kept.step };
        new.pieces = if changed(Field::Pieces) { new.pieces } else { kept.pieces };
        new.minutes = if changed(Field::Minutes) { new.minutes } else { kept.minutes };
        new.rate = if changed(Field::Rate) { new.rate } else { kept.rate };
        new.date = if changed(Field::Date) { new.date } else { kept.date };
    }
    Ok(Planned { row: row.row, key, cells: entity.cells, step, new })
}

impl Planned {
    fn corrects(&self) -> Option<WorkId> {
        match &self.step {
            Step::Keep { target, write, .. } if !write.is_empty() => Some(WorkId::from(*target)),
            Step::Keep { .. } | Step::Create => None,
        }
    }
}

impl Register {
    /// Takes out what would break a rule of the register.
    async fn leave_out_faults(&mut self, tx: &mut Tx, scope: Scope, today: Day) -> Result<(), Error> {
        let wanted: Vec<(Option<WorkId>, &NewWork)> =
            self.planned.iter().filter(|p| p.step == Step::Create || p.corrects().is_some()).map(|p| (p.corrects(), &p.new)).collect();
        let rows: Vec<u32> = self.planned.iter().filter(|p| p.step == Step::Create || p.corrects().is_some()).map(|p| p.row).collect();
        let mut wrong: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for (at, fault) in work::faults(tx, today, scope, &wanted).await? {
            wrong.entry(rows[at]).or_default().push(fault);
        }
        self.planned.retain(|p| !wrong.contains_key(&p.row));
        self.refused.extend(wrong.into_iter().map(|(row, why)| Skipped { row, reason: why.join("; ") }));
        Ok(())
    }
    /// Counts of entries, and every conflict.
    pub fn effect(&self) -> (Effect, Vec<ConflictView>) {
        let mut effect = Effect { skipped: self.faulty + self.refused.len(), ..Effect::default() };
        let mut all = Vec::new();
        for planned in &self.planned {
            match &planned.step {
                Step::Create => effect.created += 1,
                Step::Keep { write, conflicts, .. } => {
                    all.extend(conflicts.iter().map(|conflict| ConflictView::of(planned.row, conflict)));
                    if write.is_empty() { effect.unchanged += 1 } else { effect.changed += 1 }
                }
            }
        }
        effect.conflicts = all.len();
        (effect, all)
    }
}

/// Carries out the register in the caller's transaction.
pub(super) async fn apply(tx: &mut Tx, hand: &Hand<'_>, register: &Register) -> Result<Outcome, Error> {
    let by = By { scope: hand.scope, account: hand.by };
    let mut targets: HashMap<u32, uuid::Uuid> = HashMap::new();
    let fresh: Vec<&Planned> = register.planned.iter().filter(|p| p.step == Step::Create).collect();
    for part in fresh.chunks(AT_ONCE) {
        let entries: Vec<NewWork> = part.iter().map(|p| p.new.clone()).collect();
        let at = |i: usize, field: &str| format!("row {}, {field}", part[i].row);
        let written = work::record(tx, hand.now, hand.keys, hand.public_url, by, &entries, &at).await?;
        targets.extend(part.iter().zip(written).map(|(p, w)| (p.row, w.id.uuid())));
        hand.progress.fetch_add(i32::try_from(part.len()).unwrap_or(0), Ordering::Relaxed);
    }
    for planned in &register.planned {
        if let Step::Keep { target, .. } = &planned.step {
            if let Some(id) = planned.corrects() {
                work::correct(tx, hand.now, hand.scope, id, &planned.new).await?;
            }
            targets.insert(planned.row, *target);
            hand.progress.fetch_add(1, Ordering::Relaxed);
        }
    }
    let remembered = |planned: &'_ Planned| {
        let target = targets.get(&planned.row).copied()?;
        let cells = if let Step::Keep { base, .. } = &planned.step { base.clone() } else { planned.cells.clone() };
        Some((planned.key.clone(), target, cells))
    };
    let rows: Vec<(String, uuid::Uuid, Cells)> = register.planned.iter().filter_map(remembered).collect();
    let rows: Vec<Remembered<'_>> =
        rows.iter().map(|(key, target, cells)| Remembered { key, entity: EntityKind::Work, target: *target, cells }).collect();
    store::remember(tx, hand.now, hand.scope, &rows).await?;
    let (effect, conflicts) = register.effect();
    Ok(Outcome { effect, conflicts, notes: notes(&register.refused, &register.notes), ..Outcome::default() })
}

/// The cooperative's register as a sheet that can be edited and sent back.
pub(super) async fn rows(conn: &mut Conn, scope: Scope) -> Result<Vec<Row>, Error> {
    let makers: HashMap<ArtisanId, String> = artisans::register(conn, scope).await?.into_iter().map(|(a, _)| (a.id, a.reference)).collect();
    let row = |w: Work| Row {
        id: Some(w.id.to_string()),
        maker: w.artisan.and_then(|id| makers.get(&id).cloned()).unwrap_or_default(),
        batch: w.batch.map(|id| id.to_string()),
        product: None,
        step: Some(w.step),
        pieces: i64::from(w.pieces),
        rate_minor: Some(w.rate_minor),
        date: Some(w.date.0),
        minutes: w.minutes.map(i64::from),
        turn: 1,
        row: 0,
        faulty: false,
    };
    Ok(work::all_entries(conn, scope).await?.into_iter().map(row).collect())
}
