//! Lists of makers: who is new, who is known, and what the list changed of her.
//!
//! - A maker is known by the list's own number, else by her name and village: in an earlier list, or written down by hand.
//! - Her word in a list is about her name and nothing else, and never older than what she said since.
//! - Who was erased stays erased, whatever lists say.
use std::{
    collections::HashMap,
    sync::atomic::{AtomicI32, Ordering},
};

use sheets::{
    cells::{Cells, Conflict, Entity},
    field::Field,
    problem::Skipped,
    register::Artisan as Row,
    report::Effect,
};

use super::{
    model::{ConflictView, EntityKind, Error, Known, Outcome, Step, step},
    store::{self, Remembered},
};
use crate::{
    artisans::{self, Artisan, Edit, Medium, NewArtisan, NewConsent, Purpose},
    auth::model::locale,
    clock::{Day, Time},
    db::{Conn, Tx},
    ids::{AccountId, ArtisanId},
    secrets::MasterKey,
    tenancy::Scope,
};

/// One row of the list that can be imported.
pub(super) struct Planned {
    row: u32,
    /// Under which it is known next time; never with a name in it.
    key: String,
    step: Step,
    cells: Cells,
    consent_on: Option<Day>,
    /// The list's own number, which becomes hers.
    reference: Option<String>,
}
/// What importing a list would do.
pub(super) struct List {
    planned: Vec<Planned>,
    pub refused: Vec<Skipped>,
    pub notes: Vec<String>,
    faulty: usize,
}

/// What stands here: the cooperative's makers, and what lists said of them before.
struct Standing<'a> {
    known: HashMap<String, Known>,
    makers: Vec<(Artisan, Option<(bool, Time)>)>,
    crafts: &'a HashMap<String, String>,
}
impl Standing<'_> {
    fn find(&self, row: &Row) -> Option<&(Artisan, Option<(bool, Time)>)> {
        let by = |test: &dyn Fn(&Artisan) -> bool| self.makers.iter().find(|(a, _)| test(a));
        if let Some(known) = self.known.get(&row.key()) {
            return by(&|a| a.id.uuid() == known.target);
        }
        let folded = |text: Option<&str>| text.unwrap_or_default().trim().to_lowercase();
        match &row.id {
            Some(id) => by(&|a| a.reference == *id || a.id.to_string() == *id),
            None => by(&|a| folded(Some(&a.legal_name)) == folded(Some(&row.name)) && folded(a.village.as_deref()) == folded(row.village.as_deref())),
        }
    }
}

pub(super) async fn plan(conn: &mut Conn, scope: Scope, today: Day, crafts: &HashMap<String, String>, rows: &[Row]) -> Result<List, Error> {
    let keys: Vec<String> = rows.iter().map(Row::key).collect();
    let known = store::known(conn, scope, keys.iter().map(String::as_str)).await?;
    let makers = artisans::register(conn, scope).await?;
    let standing = Standing { known, makers, crafts };
    let mut list = List { planned: Vec::new(), refused: Vec::new(), notes: Vec::new(), faulty: rows.iter().filter(|r| r.faulty).count() };
    for row in rows.iter().filter(|row| !row.faulty) {
        match planned(row, &standing, today, &mut list.notes) {
            Ok(planned) => list.planned.push(planned),
            Err(reason) => list.refused.push(Skipped { row: row.row, reason }),
        }
    }
    if rows.iter().any(|row| row.consent.is_some()) {
        list.notes.push("a yes in the list is written down for her name; portrait, story, village and pay are asked each by itself".into());
    }
    Ok(list)
}

fn planned(row: &Row, standing: &Standing<'_>, today: Day, notes: &mut Vec<String>) -> Result<Planned, String> {
    let entity = canonical(row, standing.crafts, notes);
    let consent_on = row.consent_on.map(Day);
    if consent_on.is_some_and(|day| day > today) {
        return Err("the day of her consent is in the future".into());
    }
    let found = standing.find(row);
    if let Some((maker, _)) = found
        && let Some(at) = maker.erased_at
    {
        return Err(format!("she was erased on {}, and no list brings her back", at.day()));
    }
    let ours = found.map(|(maker, word)| cells_of(maker, *word));
    let known = found.map(|(maker, _)| match standing.known.get(&entity.key) {
        Some(known) => known.clone(),
        None => Known { target: maker.id.uuid(), base: ours.clone().unwrap_or_default() },
    });
    let mut step = step(&entity, known.as_ref(), ours.as_ref());
    if let Some((_, Some((false, at)))) = found {
        keep_withdrawal(&mut step, known.as_ref(), consent_on.is_some_and(|day| day > at.day()));
    }
    let planned = Planned { row: row.row, key: entity.key, step, cells: entity.cells, consent_on, reference: row.id.clone() };
    let faults = match &planned.step {
        Step::Create => planned.new_artisan().check(today),
        Step::Keep { write, .. } => edit_of(write).check(today),
    };
    if faults.is_empty() {
        Ok(planned)
    } else {
        Err(faults.iter().map(|f| format!("{}: {}", f.pointer.trim_start_matches('/'), f.message)).collect::<Vec<_>>().join("; "))
    }
}

/// She took her word back after the list was written: the list does not give it again.
fn keep_withdrawal(step: &mut Step, known: Option<&Known>, newer: bool) {
    let Step::Keep { write, conflicts, base, .. } = step else { return };
    if newer || write.get(&Field::Consent).map(String::as_str) != Some("true") {
        return;
    }
    let before = known.and_then(|k| k.base.get(&Field::Consent).cloned());
    write.remove(&Field::Consent);
    conflicts.push(Conflict { field: Field::Consent, base: before.clone(), file: "true".into(), ours: "false".into() });
    match before {
        Some(before) => base.insert(Field::Consent, before),
        None => base.remove(&Field::Consent),
    };
}

/// The row's cells as they are kept here: a craft by its code, a language by its tag, and nothing that has no place.
fn canonical(row: &Row, crafts: &HashMap<String, String>, notes: &mut Vec<String>) -> Entity {
    let mut entity = row.entity();
    for field in [Field::Region, Field::ConsentDate, Field::Craft, Field::Language] {
        entity.cells.remove(&field);
    }
    let code = row.crafts.iter().find_map(|named| crafts.get(&named.trim().to_lowercase()));
    match (code, row.crafts.is_empty()) {
        (Some(code), _) => drop(entity.cells.insert(Field::Craft, code.clone())),
        (None, false) => {
            notes.push(format!("row {}: the craft {:?} is not listed here; she is written down without one", row.row, row.crafts.join(", ")))
        }
        (None, true) => {}
    }
    match row.language.as_deref().map(|text| (text, language(text))) {
        Some((_, Some(tag))) => drop(entity.cells.insert(Field::Language, tag)),
        Some((text, None)) => notes.push(format!("row {}: the language {text:?} is not known; write its tag, as hi or ne", row.row)),
        None => {}
    }
    entity
}

/// Languages as lists name them.
const LANGUAGES: [(&str, &str); 24] = [
    ("hindi", "hi"),
    ("हिन्दी", "hi"),
    ("हिंदी", "hi"),
    ("bengali", "bn"),
    ("bangla", "bn"),
    ("বাংলা", "bn"),
    ("telugu", "te"),
    ("తెలుగు", "te"),
    ("marathi", "mr"),
    ("मराठी", "mr"),
    ("tamil", "ta"),
    ("gujarati", "gu"),
    ("kannada", "kn"),
    ("odia", "or"),
    ("oriya", "or"),
    ("malayalam", "ml"),
    ("punjabi", "pa"),
    ("assamese", "as"),
    ("urdu", "ur"),
    ("maithili", "mai"),
    ("rajasthani", "raj"),
    ("nepali", "ne"),
    ("नेपाली", "ne"),
    ("english", "en"),
];
fn language(text: &str) -> Option<String> {
    let text = text.trim();
    let named = LANGUAGES.iter().find(|(name, _)| *name == text.to_lowercase()).map(|(_, tag)| (*tag).to_owned());
    named.or_else(|| locale("/language", text).ok())
}

/// A maker as a list would have her.
fn cells_of(a: &Artisan, word: Option<(bool, Time)>) -> Cells {
    let filled = [
        (Field::Name, Some(a.legal_name.clone())),
        (Field::Alias, a.public_alias.clone()),
        (Field::Village, a.village.clone()),
        (Field::District, Some(a.district.clone())),
        (Field::Craft, a.craft.clone()),
        (Field::Phone, a.phone.clone()),
        (Field::Language, Some(a.language.clone())),
        (Field::Consent, word.map(|(granted, _)| granted.to_string())),
    ];
    filled.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
}

fn edit_of(cells: &Cells) -> Edit {
    let text = |field: Field| cells.get(&field).cloned();
    Edit {
        legal_name: text(Field::Name),
        public_alias: text(Field::Alias).map(Some),
        village: text(Field::Village).map(Some),
        district: text(Field::District),
        craft: text(Field::Craft).map(Some),
        phone: text(Field::Phone).map(Some),
        language: text(Field::Language),
        ..Edit::default()
    }
}
impl Planned {
    fn new_artisan(&self) -> NewArtisan {
        let text = |field: Field| self.cells.get(&field).cloned();
        NewArtisan {
            reference: self.reference.clone(),
            legal_name: text(Field::Name).unwrap_or_default(),
            public_alias: text(Field::Alias),
            village: text(Field::Village),
            district: text(Field::District),
            craft: text(Field::Craft),
            phone: text(Field::Phone),
            language: text(Field::Language),
            ..NewArtisan::default()
        }
    }
    /// What the list changed of her word.
    fn word(&self) -> Option<bool> {
        let cells = match &self.step {
            Step::Create => &self.cells,
            Step::Keep { write, .. } => write,
        };
        cells.get(&Field::Consent).map(|text| text == "true")
    }
}

impl List {
    /// Counts of makers, and every conflict.
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

/// What carrying out a register needs.
pub(super) struct Hand<'a> {
    pub now: Time,
    pub scope: Scope,
    /// Who sent the file.
    pub by: Option<AccountId>,
    pub keys: &'a MasterKey,
    pub public_url: &'a str,
    pub progress: &'a AtomicI32,
}

/// Carries out the list in the caller's transaction.
pub(super) async fn apply(tx: &mut Tx, hand: &Hand<'_>, list: &List) -> Result<Outcome, Error> {
    let mut remembered: Vec<(&Planned, ArtisanId)> = Vec::new();
    for planned in &list.planned {
        let id = match &planned.step {
            Step::Create => artisans::create(tx, hand.now, hand.keys, hand.scope, &planned.new_artisan()).await?,
            Step::Keep { target, write, .. } => {
                let (id, edit) = (ArtisanId::from(*target), edit_of(write));
                if write.keys().any(|field| *field != Field::Consent) {
                    artisans::edit(tx, hand.now, hand.scope, id, None, &edit).await?;
                }
                id
            }
        };
        if let Some(granted) = planned.word() {
            let language = artisans::language(tx, hand.scope, id).await?;
            let said = NewConsent { purposes: vec![Purpose::Name], granted, language, medium: Medium::Written, witness: None };
            let at = planned.consent_on.map_or(hand.now, Day::start);
            artisans::consent(tx, at, hand.by, hand.scope, id, &said).await?;
        }
        remembered.push((planned, id));
        hand.progress.fetch_add(1, Ordering::Relaxed);
    }
    let cells = |planned: &Planned| if let Step::Keep { base, .. } = &planned.step { base.clone() } else { planned.cells.clone() };
    let rows: Vec<(&str, ArtisanId, Cells)> = remembered.into_iter().map(|(planned, id)| (planned.key.as_str(), id, cells(planned))).collect();
    let rows: Vec<Remembered<'_>> =
        rows.iter().map(|(key, id, cells)| Remembered { key, entity: EntityKind::Artisan, target: id.uuid(), cells }).collect();
    store::remember(tx, hand.now, hand.scope, &rows).await?;
    let (effect, conflicts) = list.effect();
    Ok(Outcome { effect, conflicts, notes: notes(&list.refused, &list.notes), ..Outcome::default() })
}
/// What was left out and why, and how the rest was read.
pub(super) fn notes(refused: &[Skipped], notes: &[String]) -> Vec<String> {
    refused.iter().map(|s| format!("row {}: not imported: {}", s.row, s.reason)).chain(notes.iter().cloned()).collect()
}

/// The cooperative's makers as a sheet that can be edited and sent back.
pub(super) async fn rows(conn: &mut Conn, scope: Scope) -> Result<Vec<Row>, Error> {
    let all = artisans::register(conn, scope).await?;
    let row = |(a, word): (Artisan, Option<(bool, Time)>)| Row {
        id: Some(a.reference),
        name: a.legal_name,
        alias: a.public_alias,
        village: a.village,
        district: Some(a.district),
        region: None,
        crafts: a.craft.into_iter().collect(),
        phone: a.phone,
        language: Some(a.language),
        consent: word.map(|(granted, _)| granted),
        consent_on: word.map(|(_, at)| at.day().0),
        row: 0,
        faulty: false,
    };
    Ok(all.into_iter().filter(|(a, _)| a.erased_at.is_none()).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn languages_are_named_as_people_do() {
        assert_eq!(language(" Hindi ").as_deref(), Some("hi"));
        assert_eq!(language("mai").as_deref(), Some("mai"));
        assert_eq!(language("a language of ours"), None);
    }
}
