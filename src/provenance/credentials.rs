//! What others' software reads of an item: its passport, whose keys sign it, and which passports were revoked.
//!
//! - Nothing is stored: a passport is a function of the item's records, of what their people agree to show now, and of the
//!   cooperative's key. The same record gives the same bytes, and a withdrawn consent holds from the next question.
//! - A passport's place in the status lists is that of its item's first record in the public log: no two have the same, and anybody can
//!   make the lists again from the log alone.
//! - The platform issues the lists, and each passport names its list under its cooperative's signature.
use passport::{
    Country, Did,
    credential::{
        CredentialError, Signer,
        bitstring::LENGTH,
        did::{self, Method},
        jwt, proof,
        untp::{self, Frame, Status},
    },
    jcs,
    log::{NoteVerifier, Statement},
};
use serde_json::Value;

use super::{
    bundle,
    model::{self, Error},
    store,
};
use crate::{
    clock::Time,
    db::{Conn, Db, Tx},
    log,
    secrets::MasterKey,
    tenancy::Scope,
};

/// A credential, who signs it, and when they say they did.
pub struct Credential {
    value: Value,
    signer: Signer,
    created: String,
}

impl Credential {
    /// With the proof inside, as canonical JSON.
    pub fn embedded(&self) -> Result<Vec<u8>, Error> {
        let secured = proof::sign(&self.value, &self.signer, &self.created)?;
        Ok(jcs::canonical_decimal(&secured).map_err(CredentialError::from)?)
    }
    /// As `application/vc+jwt`.
    pub fn token(&self) -> Result<String, Error> {
        Ok(jwt::sign(&self.value, &self.signer)?)
    }
}

/// The passport of an item, by code in canonical form. `public_url` is ours.
///
/// # Errors
/// [`Error::NotLogged`] for the moment until the public log has its first record.
pub async fn passport(conn: &mut Conn, keys: &MasterKey, public_url: &str, code: &str) -> Result<Credential, Error> {
    let (record, _) = bundle::unlogged(conn, keys, code).await?;
    let key = store::live_key(conn, keys, record.scope).await?.ok_or_else(|| Error::Corrupt("records without a key".into()))?;
    let country = Country::try_from(store::country(conn, record.scope).await?)?;
    let place = match log::read::beginning(conn, record.id.uuid()).await {
        Ok(index) => Some(index),
        Err(log::Error::Unbegun) => None,
        Err(log::Error::NotFound) => return Err(Error::NotLogged),
        Err(error) => return Err(error.into()),
    };
    let list = place.map(|index| list_address(public_url, index / LENGTH as u64)).unwrap_or_default();
    let status = place.map(|index| Status { list: &list, index: index % LENGTH as u64 });
    let at = |what: &str| format!("{public_url}/v1/provenance/items/{code}/{what}");
    let frame = Frame { id: &at("passport"), bundle: &at("bundle"), issuer: key.public(), country: &country, status };
    let value = untp::passport(&record.bundle, &frame)?;
    Ok(Credential { value, signer: Signer::of(&key), created: untp::created(&record.bundle)? })
}

fn list_address(public_url: &str, number: u64) -> String {
    format!("{public_url}/status/{number}")
}

/// A cooperative's DID document: every key that it ever signed with, under the DID of the one that it signs with now.
pub async fn cooperative_did(conn: &mut Conn, slug: &str) -> Result<Value, Error> {
    let scope = store::cooperative_called(conn, slug).await?.ok_or(Error::NotFound)?;
    document_of(conn, scope).await?.ok_or(Error::NotFound)
}

/// None before its first record, which makes its key.
async fn document_of(conn: &mut Conn, scope: Scope) -> Result<Option<Value>, Error> {
    let keys = store::keys_of(conn, scope).await?;
    let Some(did) = keys.first().map(|key| key.by()) else { return Ok(None) };
    let own = keys.iter().filter(|key| key.by() == did);
    let methods: Vec<_> = own.map(|key| Method { fragment: key.id().to_string(), public: *key.public(), asserts: true }).collect();
    Ok(Some(did::document(did, &methods)))
}

/// Puts the document of a cooperative whose keys changed into the public log, in the transaction that changed them.
pub(super) async fn state(tx: &mut Tx, now: Time, scope: Scope) -> Result<(), Error> {
    match document_of(tx, scope).await? {
        Some(document) => said(tx, now, document).await,
        None => Ok(()),
    }
}

/// Into the log, unless the log has it already.
async fn said(tx: &mut Tx, now: Time, document: Value) -> Result<(), Error> {
    let did = document["id"].as_str().unwrap_or_default().to_owned();
    let known = log::statements::newest(tx, "did", &did).await?;
    let known = known.and_then(|bytes| Statement::parse(&bytes).ok().flatten());
    if matches!(&known, Some(Statement::Did { document: known, .. }) if *known == document) {
        return Ok(());
    }
    let statement = Statement::did(now.day().to_string().parse()?, document).map_err(log::Error::from)?;
    Ok(log::statements::state(tx, now, &statement).await?)
}

/// What the log has not said of yet: the platform's own document, which changes with its address and keys, and those of cooperatives whose
/// keys are older than the log's memory of them. Asked when a program that writes the log begins.
pub async fn state_documents(db: &Db, now: Time, keys: &MasterKey, public_url: &str, log: &[NoteVerifier]) -> Result<(), Error> {
    let platform = platform_did(keys, public_url, log)?;
    db.transaction(async |tx| {
        said(tx, now, platform.clone()).await?;
        for scope in store::unstated(tx).await? {
            state(tx, now, scope).await?;
        }
        Ok(())
    })
    .await
}

/// The platform's DID document: the key that it signs status lists with, and for whoever looks for them, those that the public log has had.
pub fn platform_did(keys: &MasterKey, public_url: &str, log: &[NoteVerifier]) -> Result<Value, Error> {
    let signer = platform(keys, public_url)?;
    let mut methods = vec![Method { fragment: signer.fragment().to_owned(), public: signer.public(), asserts: true }];
    methods.extend(log.iter().map(|log| Method { fragment: format!("log-{:08x}", log.id()), public: *log.public(), asserts: false }));
    Ok(did::document(signer.did(), &methods))
}

fn platform(keys: &MasterKey, public_url: &str) -> Result<Signer, Error> {
    let did: Did = model::platform_did(public_url).parse()?;
    Ok(Signer::from_seed(did, "credentials", &keys.signing_seed("credentials")))
}

/// The list of this number: which of the items whose first records are there in the log were withdrawn.
pub async fn status_list(conn: &mut Conn, keys: &MasterKey, public_url: &str, number: u64) -> Result<Credential, Error> {
    let (size, begun) = log::read::extent(conn).await?;
    if number > size.saturating_sub(1) / LENGTH as u64 {
        return Err(Error::NotFound);
    }
    let (list, changed) = log::lists::list(conn, number).await?;
    let from = changed.unwrap_or(begun).unix();
    let from = Time::from_unix(from).ok_or_else(|| Error::Corrupt("a time that is none".into()))?.to_string();
    let signer = platform(keys, public_url)?;
    let value = list.credential(&list_address(public_url, number), signer.did(), &from);
    Ok(Credential { value, signer, created: from })
}
