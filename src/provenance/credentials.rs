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
        bitstring::{LENGTH, StatusList},
        did::{self, Method},
        jwt, proof,
        untp::{self, Frame, Status},
    },
    jcs,
    log::NoteVerifier,
};
use serde_json::Value;

use super::{
    bundle,
    model::{self, Error},
    read, store,
};
use crate::{clock::Time, db::Conn, log, secrets::MasterKey};

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
    let keys = store::keys_of(conn, scope).await?;
    let did = keys.first().ok_or(Error::NotFound)?.by();
    let own = keys.iter().filter(|key| key.by() == did);
    let methods: Vec<_> = own.map(|key| Method { fragment: key.id().to_string(), public: *key.public(), asserts: true }).collect();
    Ok(did::document(did, &methods))
}

/// The platform's DID document: the key that it signs status lists with, and for whoever looks for it, that of the public log.
pub fn platform_did(keys: &MasterKey, public_url: &str, log: Option<&NoteVerifier>) -> Result<Value, Error> {
    let signer = platform(keys, public_url)?;
    let mut methods = vec![Method { fragment: signer.fragment().to_owned(), public: signer.public(), asserts: true }];
    methods.extend(log.map(|log| Method { fragment: format!("log-{:08x}", log.id()), public: *log.public(), asserts: false }));
    Ok(did::document(signer.did(), &methods))
}

fn platform(keys: &MasterKey, public_url: &str) -> Result<Signer, Error> {
    let did: Did = model::platform_did(public_url).parse()?;
    Ok(Signer::from_seed(did, "credentials", &keys.signing_seed("credentials")))
}

/// The list of this number: which of the items whose first records are there in the log were withdrawn.
pub async fn status_list(conn: &mut Conn, keys: &MasterKey, public_url: &str, number: u64) -> Result<Credential, Error> {
    let (size, begun) = log::read::extent(conn).await?;
    let first = number.checked_mul(LENGTH as u64).filter(|first| number == 0 || *first < size).ok_or(Error::NotFound)?;
    let (list, changed) = revoked(conn, first).await?;
    let from = changed.unwrap_or(begun).unix();
    let from = Time::from_unix(from).ok_or_else(|| Error::Corrupt("a time that is none".into()))?.to_string();
    let signer = platform(keys, public_url)?;
    let value = list.credential(&list_address(public_url, number), signer.did(), &from);
    Ok(Credential { value, signer, created: from })
}

/// The bits from the entry `first` on, and when the newest of them was set.
async fn revoked(conn: &mut Conn, first: u64) -> Result<(StatusList, Option<Time>), Error> {
    let first = i64::try_from(first).map_err(|_| Error::NotFound)?;
    let (mut list, mut newest) = (StatusList::default(), None);
    for (index, at) in read::withdrawn(conn, first, LENGTH as i64).await? {
        list.set(usize::try_from(index - first).map_err(|_| Error::Corrupt("a place before its list".into()))?)?;
        newest = newest.max(Some(at));
    }
    Ok((list, newest))
}
