//! An item's record as a Digital Product Passport of the UN Transparency Protocol, version 0.7.0 (its JSON schema
//! `untp-dpp-schema-0.7.0`; the subject is its `Product`).
//!
//! Everything in it is in the records: facts of leaves, and what people agree to show ([`Bundle`]'s disclosures, which the caller hands
//! in for those who agree now). Where the standard insists on what records do not have, the issuer stands in: a classification is in the
//! cooperative's own words under its DID, the facility is the cooperative, and the country of production is its own where no record of
//! work names a place.

use serde_json::{Map, Number, Value, json};

use super::{CONTEXT, CredentialError};
use crate::bundle::{Bundle, History};
use crate::event::Event;
use crate::facts::{Created, Made, Material, Minted};
use crate::key::PublicKey;
use crate::leaf::Leaf;
use crate::values::{Country, Day, Share};

/// The second context of a passport.
pub const CONTEXT_0_7_0: &str = "https://vocabulary.uncefact.org/untp/0.7.0/context/";

/// What a passport says that no record does: addresses, and who issues it.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// The passport's own address.
    pub id: &'a str,
    /// Where its record is, as a file that verifies by itself.
    pub bundle: &'a str,
    /// Under which key it will be signed.
    pub issuer: &'a PublicKey,
    /// Where the issuer is.
    pub country: &'a Country,
    pub status: Option<Status<'a>>,
}

/// Which bit of which list says whether the passport was revoked.
#[derive(Debug, Clone, Copy)]
pub struct Status<'a> {
    /// Address of the list.
    pub list: &'a str,
    pub index: u64,
}

/// The passport, not yet secured; the same record and frame give the same value. Fails on a record without its first leaves, and on one
/// that another cooperative than `frame.issuer` signed.
pub fn passport(bundle: &Bundle, frame: &Frame<'_>) -> Result<Value, CredentialError> {
    let first = first(&bundle.item)?;
    let (Event::Minted(minted), Event::Created(created)) = (first.event(), self::first(&bundle.batch)?.event()) else {
        return Err(CredentialError::Record("beginning"));
    };
    if first.by() != frame.issuer.by() {
        return Err(CredentialError::OtherIssuer { method: frame.issuer.id().to_string(), issuer: first.by().to_string() });
    }
    let code = first.item().code().to_string();
    let mut passport = json!({
        "@context": [CONTEXT, CONTEXT_0_7_0],
        "type": ["DigitalProductPassport", "VerifiableCredential"],
        "id": frame.id,
        "name": format!("{}, {code}", created.title),
        "issuer": {"type": ["CredentialIssuer"], "id": frame.issuer.by(), "name": frame.issuer.name()},
        "validFrom": time(first.day()),
        "credentialSubject": product(bundle, frame, created, minted)?,
    });
    if let Some(Status { list, index }) = frame.status {
        passport["credentialStatus"] = json!({"id": format!("{list}#{index}"), "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
            "statusListIndex": index, "statusListCredential": list});
    }
    Ok(passport)
}

/// The time at which a passport of these records is signed: the beginning of the newest record's day, in UTC.
pub fn created(bundle: &Bundle) -> Result<String, CredentialError> {
    let days = bundle.item.leaves.iter().chain(&bundle.batch.leaves).map(|signed| signed.leaf.day());
    days.max().map(time).ok_or(CredentialError::Record("day"))
}

fn time(day: Day) -> String {
    format!("{day}T00:00:00Z")
}

fn first(history: &History) -> Result<&Leaf, CredentialError> {
    history.leaves.first().map(|signed| &signed.leaf).ok_or(CredentialError::Record("beginning"))
}

/// The records of work, newest first: the item's own before its batch's.
fn work(bundle: &Bundle) -> impl Iterator<Item = (Day, &Made)> {
    bundle.item.leaves.iter().rev().chain(bundle.batch.leaves.iter().rev()).filter_map(|signed| match signed.leaf.event() {
        Event::Made(made) => Some((signed.leaf.day(), made)),
        _ => None,
    })
}

fn product(bundle: &Bundle, frame: &Frame<'_>, created: &Created, minted: &Minted) -> Result<Value, CredentialError> {
    let item = first(&bundle.item)?.item();
    let (uri, code) = (item.as_str(), item.code().to_string());
    let place = work(bundle).find_map(|(_, made)| made.place.as_ref());
    let issuer = json!({"type": ["Party"], "id": frame.issuer.by(), "name": frame.issuer.name()});
    let mut product = json!({
        "type": ["Product"],
        "id": uri,
        "name": created.title,
        "idScheme": {"type": ["IdentifierScheme"], "id": uri.strip_suffix(&code).unwrap_or(uri).trim_end_matches('/'), "name": "Item codes"},
        "batchNumber": minted.batch.code().to_string(),
        "itemNumber": code,
        "idGranularity": "item",
        "productCategory": categories(frame, created),
        "producedAtFacility": {"type": ["Facility"], "id": frame.issuer.by(), "name": frame.issuer.name()},
        "countryOfProduction": {"countryCode": place.map_or(frame.country, |place| &place.country)},
        "relatedParty": [{"role": "producer", "party": issuer}],
        "relatedDocument": [{"linkURL": frame.bundle, "linkName": "The signed record, which verifies by itself", "mediaType": "application/json"}],
        "characteristics": characteristics(bundle, created)?,
    });
    if let Some((day, _)) = work(bundle).next() {
        product["productionDate"] = json!(day);
    }
    if let Some((_, made)) = work(bundle).find(|(_, made)| !made.materials.is_empty()) {
        product["materialProvenance"] = made.materials.iter().map(|one| material(frame, one)).collect::<Result<Vec<_>, _>>()?.into();
    }
    Ok(product)
}

/// In the cooperative's own words: nobody here gives out codes of other people's classifications.
fn words(frame: &Frame<'_>, word: &str) -> Value {
    json!({"code": word, "name": word, "schemeId": frame.issuer.by(), "schemeName": format!("In the words of {}", frame.issuer.name())})
}

fn categories(frame: &Frame<'_>, created: &Created) -> Vec<Value> {
    let named: Vec<Value> = created.category.iter().chain(&created.craft).map(|word| words(frame, word.as_str())).collect();
    if named.is_empty() { vec![words(frame, created.title.as_str())] } else { named }
}

fn material(frame: &Frame<'_>, material: &Material) -> Result<Value, CredentialError> {
    let fraction = f64::from(material.fraction.millionths()) / f64::from(Share::WHOLE);
    // A fraction of whole millionths is written with the digits that the record has.
    let fraction = Number::from_f64(fraction).ok_or(CredentialError::Record("fraction"))?;
    let whole = [0, Share::WHOLE].contains(&material.fraction.millionths());
    let fraction = if whole { Number::from(material.fraction.millionths() / Share::WHOLE) } else { fraction };
    Ok(json!({"name": material.name, "originCountry": {"countryCode": material.country}, "materialType": words(frame, material.name.as_str()),
        "massFraction": fraction}))
}

/// What the standard has no place for: how it was made, what happened to it, what its people show, and of which state of the record all
/// this is.
fn characteristics(bundle: &Bundle, created: &Created) -> Result<Value, CredentialError> {
    let mut said = Map::new();
    if let Some(craft) = &created.craft {
        said.insert("craft".to_owned(), json!(craft));
    }
    if let Some(makers) = work(bundle).map(|(_, made)| made.makers).max() {
        said.insert("makers".to_owned(), json!(makers));
    }
    let steps: Vec<_> =
        bundle.batch.leaves.iter().chain(&bundle.item.leaves).filter_map(|signed| made(&signed.leaf)).flat_map(|made| &made.steps).collect();
    if !steps.is_empty() {
        said.insert("process".to_owned(), json!(steps));
    }
    if let Some(share) = work(bundle).find_map(|(_, made)| made.local_share()) {
        said.insert("localShare".to_owned(), json!(share));
    }
    let shown = |disclosure: &crate::disclosure::Disclosure| json!({"field": disclosure.name(), "value": disclosure.value()});
    let disclosed: Vec<Value> = bundle.batch.disclosures.iter().chain(&bundle.item.disclosures).map(shown).collect();
    if !disclosed.is_empty() {
        said.insert("disclosed".to_owned(), json!(disclosed));
    }
    let event = |leaf: &Leaf| json!({"type": leaf.event_type(), "day": leaf.day(), "evidence": leaf.evidence()});
    let events = bundle.batch.leaves.iter().chain(&bundle.item.leaves).map(|signed| event(&signed.leaf));
    said.insert("events".to_owned(), events.collect());
    let newest = |history: &History| {
        let leaf = history.leaves.last().map(|signed| &signed.leaf).ok_or(CredentialError::Record("end"))?;
        Ok(json!({"item": leaf.item(), "seq": leaf.seq(), "hash": leaf.hash()}))
    };
    let state: Result<Vec<Value>, CredentialError> = [&bundle.item, &bundle.batch].into_iter().map(newest).collect();
    said.insert("record".to_owned(), json!(state?));
    Ok(Value::Object(said))
}

fn made(leaf: &Leaf) -> Option<&Made> {
    match leaf.event() {
        Event::Made(made) => Some(made),
        _ => None,
    }
}
