//! Judging a bundle, step by step, in sentences that a page or a terminal can print as they are.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::bundle::{Bundle, BundleError, Document, DocumentChain, FORMAT, History, check_all_used};
use crate::chain::{ChainError, verify_chain};
use crate::digest::Digest;
use crate::event::{ChainKind, Event};
use crate::facts::Minted;
use crate::key::KeySet;
use crate::leaf::SignedLeaf;
use crate::log::logged::{Found, LoggedError, Newest};
use crate::log::{Logged, Note, NoteVerifier, Policy};
use crate::values::Day;

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    Failed,
    /// Cannot be decided from this file alone; the detail says what would decide it.
    NotChecked,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What was looked at, in a few words.
    pub name: &'static str,
    pub outcome: Outcome,
    /// What was found, as a plain sentence.
    pub detail: String,
}

impl Step {
    /// Whether nothing was found wrong in this step.
    pub fn ok(&self) -> bool {
        self.outcome != Outcome::Failed
    }
}

/// The result of verifying a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// In the order in which they were taken; ends early when the rest cannot be looked at.
    pub steps: Vec<Step>,
    /// The records, only when nothing was found wrong.
    pub bundle: Option<Bundle>,
}

impl Verdict {
    /// Whether the record is whole and unchanged. That says nothing of whether it is true, or its tag a copy.
    pub fn ok(&self) -> bool {
        self.bundle.is_some()
    }
}

/// What the caller knows from elsewhere; a file cannot vouch for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The ids of the cooperative's own keys, from its `did.json` or from paper: every key in the bundle must be one.
    pub keys: Option<&'a [Digest]>,
    /// The keys of the public log, which may have had several: the records must be in it, under a checkpoint that one of them signed. None: its
    /// own word is all there is.
    pub log: &'a [NoteVerifier],
    /// Whom to believe: the checkpoint must be cosigned by enough of its witnesses, and be of one of its logs if it names any.
    pub policy: Option<&'a Policy>,
}

impl<'a> Known<'a> {
    /// The log's keys: as they are known, or as the policy has them. A log that is not the policy's is held against the policy's, and fails.
    fn log(&self) -> &'a [NoteVerifier] {
        match self.policy {
            Some(policy) if self.log.is_empty() => policy.logs(),
            _ => self.log,
        }
    }
}

/// Verifies a bundle that came from anywhere: every hash, link, signature, disclosure and proof. Who the signer is, and
/// whether the log is the log, the file can only claim; [`verify_bundle_knowing`] checks that too.
pub fn verify_bundle(bytes: &[u8]) -> Verdict {
    verify_bundle_knowing(bytes, Known::default())
}

/// Like [`verify_bundle`], and fails where the bundle is not what the caller knows.
pub fn verify_bundle_knowing(bytes: &[u8], known: Known<'_>) -> Verdict {
    let mut steps = Steps(Vec::new());
    let document = steps.take("File", Document::parse(bytes), |_| format!("The file is a whole {FORMAT} document."));
    let Some(document) = document else {
        return Verdict { steps: steps.0, bundle: None };
    };
    let (item, batch, log) = document.into_chains();
    let item = steps.history(&item, ChainKind::Item);
    let batch = steps.history(&batch, ChainKind::Batch);
    if let (Some(item), Some(batch)) = (item, batch) {
        let bundle = Bundle { item, batch, log };
        let origin = origin(&bundle);
        steps.take("Batch and item", origin, |minted| {
            format!("The item is piece {} of the batch, and its first record holds the batch's state of that moment.", minted.serial)
        });
        steps.signer(&bundle, known.keys);
        steps.log(&bundle, known.log());
        known.policy.into_iter().for_each(|policy| steps.witnesses(&bundle, policy));
        let whole = steps.0.iter().all(Step::ok);
        return Verdict { steps: steps.0, bundle: whole.then_some(bundle) };
    }
    Verdict { steps: steps.0, bundle: None }
}

/// Why an item and a batch do not belong together, or a history is not of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum JudgeError {
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("this is not the history of {expected}")]
    Kind { expected: ChainKind },
    #[error("the item was taken from {named}, but the batch in the file is {found}")]
    OtherBatch { named: String, found: String },
    #[error("the item was taken from a state of its batch ({head}) that is not in the file")]
    OtherHead { head: Digest },
    #[error("the item's first record is older than the state of the batch that it names")]
    BeforeBatch,
    #[error("the item and its batch are not signed for by the same cooperative")]
    OtherCooperative,
    #[error("the item is piece {serial} of a batch of {quantity}")]
    Serial { serial: u32, quantity: u32 },
    #[error("the key {id} of \"{name}\" is not one of the known keys")]
    UnknownSigner { id: Digest, name: String },
}

struct Steps(Vec<Step>);

impl Steps {
    fn push(&mut self, name: &'static str, outcome: Outcome, detail: String) {
        self.0.push(Step { name, outcome, detail });
    }

    /// Notes how a step went and hands on what it gave.
    fn take<T, E: std::fmt::Display>(&mut self, name: &'static str, result: Result<T, E>, passed: impl FnOnce(&T) -> String) -> Option<T> {
        match result {
            Ok(value) => {
                self.push(name, Outcome::Passed, passed(&value));
                Some(value)
            }
            Err(error) => {
                self.push(name, Outcome::Failed, sentence(&error.to_string()));
                None
            }
        }
    }

    /// The four steps of one chain. Each needs the one before it: what follows a failed one is left out.
    fn history(&mut self, chain: &DocumentChain, kind: ChainKind) -> Option<History> {
        let [keys_step, records_step, address_step, disclosures_step] = match kind {
            ChainKind::Item => ["Keys of the item", "Records of the item", "Address and code of the item", "Disclosures of the item"],
            ChainKind::Batch => ["Keys of the batch", "Records of the batch", "Address and code of the batch", "Disclosures of the batch"],
        };
        let keys = self.take(keys_step, chain.read_keys(), |keys| match keys.iter().count() {
            1 => "The key's id fits its contents.".to_owned(),
            count => format!("The ids of all {count} keys fit their contents."),
        })?;
        let leaves = self.take(records_step, records(chain, &keys, kind), |leaves| describe(leaves))?;
        let address = self.take(address_step, chain.check_address(&leaves), |()| format!("The records are those of {}.", chain.code()));
        let disclosures = self.take(disclosures_step, chain.read_disclosures(&leaves), |open| {
            let committed: usize = leaves.iter().map(|signed| signed.leaf.sd().len()).sum();
            format!("{} of {committed} personal details are shown, as they were recorded; the rest is not disclosed.", open.len())
        });
        address?;
        Some(History { disclosures: disclosures?, keys, leaves })
    }

    fn signer(&mut self, bundle: &Bundle, known: Option<&[Digest]>) {
        let keys = || bundle.item.keys.iter().chain(bundle.batch.keys.iter());
        let signers: BTreeSet<_> = keys().map(|key| (key.name(), key.id().to_string())).collect();
        let listed = signers.iter().map(|(name, id)| format!("\"{name}\" with the key {id}")).collect::<Vec<_>>().join(" and ");
        let Some(known) = known else {
            let detail =
                format!("Signed as {listed}. The file cannot prove whose key that is: compare the id with the one the cooperative publishes.");
            return self.push("Signer", Outcome::NotChecked, detail);
        };
        let result = match keys().find(|key| !known.contains(&key.id())) {
            Some(key) => Err(JudgeError::UnknownSigner { id: key.id(), name: key.name().to_string() }),
            None => Ok(()),
        };
        self.take("Signer", result, |()| format!("Signed as {listed}, which you know."));
    }

    fn witnesses(&mut self, bundle: &Bundle, policy: &Policy) {
        let _: Option<String> = self.take("Witnesses", witnessed(bundle, policy), String::clone);
    }

    fn log(&mut self, bundle: &Bundle, keys: &[NoteVerifier]) {
        const NAME: &str = "Public log";
        let Some(logged) = &bundle.log else {
            return match keys {
                [key, ..] => self.push(NAME, Outcome::Failed, sentence(&LoggedError::Missing(key.name().to_owned()).to_string())),
                [] => self.push(
                    NAME,
                    Outcome::NotChecked,
                    "No proofs from a public log: that newer records were left off cannot be seen from this file. The item's page has the newest."
                        .to_owned(),
                ),
            };
        };
        match logged.check(&bundle.item.leaves, &bundle.batch.leaves, keys) {
            Ok(found) => {
                let whole = found.signed && found.inside == found.records;
                self.push(NAME, if whole { Outcome::Passed } else { Outcome::NotChecked }, in_log(&found));
                self.newest(bundle, logged, found.signed);
            }
            Err(error) => self.push(NAME, Outcome::Failed, sentence(&error.to_string())),
        }
    }

    /// Whether records were left off at the end, which nothing in a chain can show.
    fn newest(&mut self, bundle: &Bundle, logged: &Logged, signed: bool) {
        const NAME: &str = "Newest record";
        match logged.newest(&bundle.item.leaves, &bundle.batch.leaves) {
            Ok(Some(Newest { day, item: Some(item), batch: Some(batch) })) => {
                let outcome = if signed { Outcome::Passed } else { Outcome::NotChecked };
                self.push(NAME, outcome, nothing_left_off(bundle, day, [item, batch], signed));
            }
            Ok(Some(Newest { day, .. })) => {
                let detail = format!(
                    "The item came into the log after {day}, when the log last counted its newest records: save the file again on another day."
                );
                self.push(NAME, Outcome::NotChecked, detail);
            }
            Ok(None) => {
                let detail = "The file has no count of the log's newest records: that newer ones were left off cannot be seen from it.";
                self.push(NAME, Outcome::NotChecked, detail.to_owned());
            }
            Err(error) => self.push(NAME, Outcome::Failed, sentence(&error.to_string())),
        }
    }
}

/// Whether enough of those who are believed saw the same tree.
fn witnessed(bundle: &Bundle, policy: &Policy) -> Result<String, String> {
    let log = bundle.log.as_ref().ok_or("the file has no checkpoint that anybody could have witnessed")?;
    let note = Note::parse(&log.checkpoint).map_err(|error| error.to_string())?;
    let found = policy.judge(&note).map_err(|error| error.to_string())?;
    let by = if found.by.is_empty() { "none".to_owned() } else { found.by.join(", ") };
    let told = format!("of {} witnesses {by} cosigned this state of the log", found.witnesses);
    if found.met { Ok(format!("The quorum is met: {told}.")) } else { Err(format!("the quorum is not met: {told}")) }
}

/// What the proofs show, and what not.
fn in_log(found: &Found) -> String {
    let Found { checkpoint, signed, inside, records } = found;
    let how_many = if inside == records { format!("All {records} records are") } else { format!("{inside} of {records} records are") };
    let place = format!("{how_many} in the log {} as it was at {} entries", checkpoint.origin, checkpoint.size);
    match (signed, inside == records) {
        (true, true) => format!("{place}, and the log signed it."),
        (true, false) => format!("{place}, and the log signed it; the others are too new for this file: save it again."),
        (false, _) => format!("{place}. Whether the log signed that, its key tells, which this file cannot vouch for."),
    }
}

/// What the log's count shows, and what not.
fn nothing_left_off(bundle: &Bundle, day: Day, [item, batch]: [u32; 2], signed: bool) -> String {
    let after = |history: &History, seq: u32| history.leaves.len().saturating_sub(seq as usize + 1);
    let more = match after(&bundle.item, item) + after(&bundle.batch, batch) {
        0 => "they are the newest in this file too".to_owned(),
        1 => "one more has come since".to_owned(),
        more => format!("{more} more have come since"),
    };
    let counted = format!("On {day} the log counted record {item} as the newest of the item and record {batch} as that of its batch; {more}");
    if signed {
        format!("{counted}. Up to that day nothing was left off.")
    } else {
        format!("{counted}. Whether the log signed that, its key tells.")
    }
}

/// The leaves, if they are one unbroken history of this kind.
fn records(chain: &DocumentChain, keys: &KeySet, kind: ChainKind) -> Result<Vec<SignedLeaf>, JudgeError> {
    let leaves = chain.read_leaves()?;
    let tip = verify_chain(&leaves, keys)?;
    if tip.chain != kind {
        return Err(JudgeError::Kind { expected: kind });
    }
    check_all_used(keys, &leaves)?;
    Ok(leaves)
}

fn describe(leaves: &[SignedLeaf]) -> String {
    match leaves {
        [] => "No records.".to_owned(),
        [only] => format!("One signed record, of {}.", only.leaf.day()),
        [first, .., last] => {
            format!("{} signed records without a gap, from {} to {}.", leaves.len(), first.leaf.day(), last.leaf.day())
        }
    }
}

/// That the item was taken from this batch, at a state of it that is in the file.
fn origin(bundle: &Bundle) -> Result<Minted, JudgeError> {
    let (Some(item), Some(batch)) = (bundle.item.leaves.first(), bundle.batch.leaves.first()) else {
        return Err(BundleError::NoRecord.into());
    };
    let Event::Minted(minted) = item.leaf.event() else {
        return Err(JudgeError::Kind { expected: ChainKind::Item });
    };
    let Event::Created(created) = batch.leaf.event() else {
        return Err(JudgeError::Kind { expected: ChainKind::Batch });
    };
    if &minted.batch != batch.leaf.item() {
        return Err(JudgeError::OtherBatch { named: minted.batch.to_string(), found: batch.leaf.item().to_string() });
    }
    let head = bundle.batch.leaves.iter().find(|signed| signed.leaf.hash() == minted.batch_head);
    let Some(head) = head else {
        return Err(JudgeError::OtherHead { head: minted.batch_head });
    };
    if item.leaf.day() < head.leaf.day() {
        return Err(JudgeError::BeforeBatch);
    }
    if item.leaf.by() != batch.leaf.by() {
        return Err(JudgeError::OtherCooperative);
    }
    if minted.serial > created.quantity {
        return Err(JudgeError::Serial { serial: minted.serial, quantity: created.quantity });
    }
    Ok(minted.clone())
}

/// An error's message as a sentence.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
