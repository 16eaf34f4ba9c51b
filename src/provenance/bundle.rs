//! Everything about an item in one file that verifies without us.
use passport::{
    Bundle, History, KeySet, Leaf, PublicKey, Signature, SignedLeaf,
    log::{Checkpoint, Entry, Logged, Note},
};

use super::{model::Error, people, store};
use crate::{db::Conn, ids::ItemId, log, secrets::MasterKey, tenancy::Scope};

/// An item's public record: its own chain and its batch's, with what people agree now to show of themselves.
pub struct Record {
    pub scope: Scope,
    pub id: ItemId,
    pub state: super::ItemState,
    pub bundle: Bundle,
}

/// By code as it stands on a tag, in canonical form.
pub async fn record(conn: &mut Conn, master: &MasterKey, code: &str) -> Result<Record, Error> {
    let (mut record, batch) = unlogged(conn, master, code).await?;
    let Bundle { item, batch: of_batch, log } = &mut record.bundle;
    *log = logged(conn, (record.id.uuid(), item.leaves.len()), (batch, of_batch.leaves.len())).await?;
    Ok(record)
}

/// The record without its places in the log, and the batch's id.
pub(super) async fn unlogged(conn: &mut Conn, master: &MasterKey, code: &str) -> Result<(Record, uuid::Uuid), Error> {
    let (scope, id, batch, _, state) = store::item_called(conn, code).await?.ok_or(Error::NotFound)?;
    let batch = batch.ok_or_else(|| Error::Corrupt("an item without a batch".into()))?;
    let keys = store::keys_of(conn, scope).await?;
    let mut item = history(store::leaves_of(conn, id.uuid()).await?, &keys)?;
    let mut of_batch = history(store::leaves_of(conn, batch.uuid()).await?, &keys)?;
    let (Some(first), Some(created)) = (item.leaves.first(), of_batch.leaves.first()) else {
        return Err(Error::Corrupt("an item without records".into()));
    };
    let chains = [(id.uuid(), first.leaf.item()), (batch.uuid(), created.leaf.item())];
    [item.disclosures, of_batch.disclosures] = people::opened(conn, master, scope, chains).await?;
    Ok((Record { scope, id, state, bundle: Bundle { item, batch: of_batch, log: None } }, batch.uuid()))
}

/// Where these chains' records are in the public log, if there is one.
async fn logged(conn: &mut Conn, item: (uuid::Uuid, usize), batch: (uuid::Uuid, usize)) -> Result<Option<Logged>, Error> {
    let (checkpoint, mut proofs) = match log::read::proofs(conn, &[item.0, batch.0]).await {
        Ok(found) => found,
        Err(log::Error::Unbegun) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut of = |(subject, records): (uuid::Uuid, usize)| {
        (0..records)
            .map(|seq| {
                let proof = proofs.remove(&(subject, i32::try_from(seq).ok()?))?;
                Some(Entry { index: proof.index, path: proof.path })
            })
            .collect()
    };
    let size = Checkpoint::parse(Note::parse(&checkpoint).map_err(log::Error::from)?.unverified()).map_err(log::Error::from)?.size;
    let tips = log::tips::counted(conn, size, item.0, batch.0).await?;
    let (item, batch) = (of(item), of(batch));
    Ok(Some(Logged { checkpoint, item, batch, tips }))
}

/// That the newest record of this item is in the public log.
pub async fn proof(conn: &mut Conn, code: &str) -> Result<passport::log::Proof, Error> {
    let (_, id, ..) = store::item_called(conn, code).await?.ok_or(Error::NotFound)?;
    let (_, proofs) = log::read::proofs(conn, &[id.uuid()]).await?;
    proofs.into_iter().next_back().map(|(_, proof)| proof).ok_or(Error::NotLogged)
}

fn history(rows: Vec<store::StoredLeaf>, keys: &[PublicKey]) -> Result<History, Error> {
    let mut used = KeySet::default();
    let mut leaves = Vec::with_capacity(rows.len());
    for (bytes, signature) in rows {
        let leaf = Leaf::parse(&bytes).map_err(|e| Error::Corrupt(e.to_string()))?;
        let signature: [u8; 64] = signature.try_into().map_err(|_| Error::Corrupt("a signature is not 64 bytes".into()))?;
        if used.get(&leaf.key()).is_none() {
            let key = keys.iter().find(|key| key.id() == leaf.key()).ok_or_else(|| Error::Corrupt("a leaf's key is missing".into()))?;
            used.insert(key.clone()).map_err(|e| Error::Corrupt(e.to_string()))?;
        }
        leaves.push(SignedLeaf { leaf, signature: Signature::from_bytes(signature) });
    }
    Ok(History { leaves, disclosures: Vec::new(), keys: used })
}
