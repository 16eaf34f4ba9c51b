//! What a service shows beside its log, held against the log: whose keys there are, and which passports are revoked.
use std::collections::BTreeMap;

use passport::{
    credential::{bitstring::StatusList, did, proof},
    log::Replay,
};
use serde_json::Value;

use super::remote::Remote;
use crate::Failure;

/// One sentence per thing that is shown otherwise than the log has it.
pub async fn otherwise(remote: &Remote, replay: &Replay) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    let mut shown = BTreeMap::new();
    for path in replay.documents().keys().filter_map(|did| path(did)) {
        if shown.contains_key(&path) {
            continue;
        }
        let document: Value = match remote.beside(&path).await {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) => {
                findings.push(format!("a document that the log has is not shown: {error}"));
                continue;
            }
        };
        // A service that moved shows its documents under other DIDs: those must be in the log as well.
        let id = document["id"].as_str().unwrap_or_default().to_owned();
        if replay.documents().get(&id) != Some(&document) {
            findings.push(format!("{path} shows a document of {id} that is not the log's newest"));
        }
        shown.insert(path, document);
    }
    for number in replay.lists() {
        if let Err(why) = list(remote, replay, number, shown.values()).await {
            findings.push(format!("the status list {number}: {why}"));
        }
    }
    println!("{} documents and {} status lists are shown", shown.len(), replay.lists().count());
    Ok(findings)
}

/// Where a document is below the service, whatever its host is called there.
fn path(did: &str) -> Option<String> {
    let address = did::address(&did.parse().ok()?)?;
    let (_, path) = address.strip_prefix("https://")?.split_once('/')?;
    Some(format!("/{path}"))
}

/// That nothing which the log has withdrawn is shown as good. What was withdrawn since the log was read is not missed.
async fn list<'a>(remote: &Remote, replay: &Replay, number: u64, documents: impl Iterator<Item = &'a Value> + Clone) -> Result<(), Failure> {
    let bytes = remote.beside(&format!("/status/{number}")).await?;
    let key_of = |method: &str| documents.clone().find_map(|document| did::key(document, method));
    let (credential, _) = proof::verify_credential(&bytes, key_of)?;
    let list = StatusList::decode(credential["credentialSubject"]["encodedList"].as_str().unwrap_or_default())?;
    let missing = replay.list(number).bytes().iter().zip(list.bytes()).map(|(ours, shown)| (ours & !shown).count_ones()).sum::<u32>();
    if missing == 0 { Ok(()) } else { Err(format!("{missing} pieces that were withdrawn are shown as good").into()) }
}
