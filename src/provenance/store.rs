//! Every statement on keys, batches, items and leaves.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use passport::{ChainKind, EventType, ItemCode, ItemUri, Leaf, PublicKey, SignedLeaf, SigningKey, Tip};

use super::model::{Error, Issuer, ItemState, NewBatch, OfLine, Subject};
use crate::{
    clock::Time,
    db::{Conn, DbError, PlanOnce, Tx},
    ids::{BatchId, ItemId, OrderLineId, VariantId},
    schema::{batches, cooperatives, items, leaves, log_outbox, signing_keys},
    secrets::{MasterKey, random},
    tenancy::Scope,
};

/// A chain under its row's lock, with the end that the next leaf follows.
pub(super) struct Chain {
    pub subject: Subject,
    pub id: uuid::Uuid,
    pub uri: ItemUri,
    pub tip: Option<Tip>,
}

pub(super) async fn cooperative(conn: &mut Conn, scope: Scope) -> Result<(String, String, Option<String>), DbError> {
    Ok(cooperatives::table.find(scope.coop()).select((cooperatives::slug, cooperatives::name, cooperatives::item_base_url)).first(conn).await?)
}

/// Whose public address this is.
pub(super) async fn cooperative_called(conn: &mut Conn, slug: &str) -> Result<Option<Scope>, DbError> {
    let found: Option<crate::ids::CoopId> =
        cooperatives::table.filter(cooperatives::slug.eq(slug)).select(cooperatives::id).first(conn).await.optional()?;
    Ok(found.map(Scope::system))
}
pub(super) async fn country(conn: &mut Conn, scope: Scope) -> Result<String, DbError> {
    Ok(cooperatives::table.find(scope.coop()).select(cooperatives::country).first(conn).await?)
}

/// The cooperative's key; the first record makes it. A renamed cooperative signs under its old name until its key is rotated.
pub(super) async fn signing_key(tx: &mut Tx, now: Time, keys: &MasterKey, issuer: &Issuer) -> Result<SigningKey, Error> {
    if let Some(key) = live_key(tx, keys, issuer.scope).await? {
        return Ok(key);
    }
    let seed = random::<32>();
    let key = SigningKey::from_seed(&seed, issuer.did.clone(), issuer.name.clone());
    let made = diesel::insert_into(signing_keys::table)
        .values((
            (signing_keys::id.eq(key.public().id().to_string()), signing_keys::coop_id.eq(issuer.scope.coop())),
            (signing_keys::public.eq(key.public().public().to_vec()), signing_keys::sealed.eq(keys.seal(&context(&issuer.scope), &seed))),
            (signing_keys::did.eq(issuer.did.as_str()), signing_keys::name.eq(issuer.name.as_str()), signing_keys::created_at.eq(now)),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    if made == 1 {
        super::credentials::state(tx, now, issuer.scope).await?;
        return Ok(key);
    }
    // Two first sales at once: the other's key is the cooperative's, and was committed before the conflict was told.
    live_key(tx, keys, issuer.scope).await?.ok_or_else(|| Error::Corrupt("a signing key that is in the way is not there".into()))
}
/// The key that it signs with now.
pub(super) async fn live_key(conn: &mut Conn, keys: &MasterKey, scope: Scope) -> Result<Option<SigningKey>, Error> {
    let live = signing_keys::table.filter(signing_keys::coop_id.eq(scope.coop()).and(signing_keys::retired_at.is_null()));
    let found: Option<(Vec<u8>, String, String)> =
        live.select((signing_keys::sealed, signing_keys::did, signing_keys::name)).first(conn).await.optional()?;
    let Some((sealed, did, name)) = found else { return Ok(None) };
    let seed: [u8; 32] = keys.open(&context(&scope), &sealed)?.try_into().map_err(|_| Error::Corrupt("a signing key is not 32 bytes".into()))?;
    Ok(Some(SigningKey::from_seed(&seed, did.parse()?, name.parse()?)))
}
/// Whether these keys open the newest sealed signing key, if there is one.
pub(super) async fn keys_open(conn: &mut Conn, keys: &MasterKey) -> Result<Option<bool>, DbError> {
    let newest = signing_keys::table.order(signing_keys::created_at.desc()).select((signing_keys::coop_id, signing_keys::sealed));
    let found: Option<(crate::ids::CoopId, Vec<u8>)> = newest.first(conn).await.optional()?;
    Ok(found.map(|(coop, sealed)| keys.open(&context(&Scope::system(coop)), &sealed).is_ok()))
}

fn context(scope: &Scope) -> String {
    format!("signing_keys/{}", scope.coop())
}

pub(super) async fn insert_batch(tx: &mut Tx, now: Time, scope: Scope, new: &NewBatch, code: &ItemCode) -> Result<BatchId, Error> {
    let id = BatchId::new();
    let quantity = i32::try_from(new.quantity).map_err(|_| Error::Corrupt("a batch of more than two thousand million pieces".into()))?;
    diesel::insert_into(batches::table)
        .values((
            (batches::coop_id.eq(scope.coop()), batches::id.eq(id), batches::variant_id.eq(new.variant), batches::code.eq(code.to_string())),
            (batches::quantity.eq(quantity), batches::minted.eq(0), batches::next_seq.eq(0), batches::created_at.eq(now)),
        ))
        .execute(tx)
        .await?;
    Ok(id)
}

/// Records of chains whose rows say that they have them, in the order of each chain.
pub(super) async fn insert_leaves(tx: &mut Tx, now: Time, scope: Scope, event: uuid::Uuid, signed: &[(&Chain, &SignedLeaf)]) -> Result<(), Error> {
    let (mut rows, mut outbox) = (Vec::with_capacity(signed.len()), Vec::with_capacity(signed.len()));
    for (chain, SignedLeaf { leaf, signature }) in signed {
        let seq = i32::try_from(leaf.seq()).map_err(|_| Error::Corrupt("a chain is full".into()))?;
        rows.push((
            (leaves::subject_id.eq(chain.id), leaves::seq.eq(seq), leaves::coop_id.eq(scope.coop()), leaves::subject.eq(chain.subject)),
            (leaves::type_.eq(leaf.event_type().as_str()), leaves::event_id.eq(event), leaves::bytes.eq(leaf.bytes())),
            (leaves::hash.eq(leaf.hash().as_bytes().to_vec()), leaves::signature.eq(signature.as_bytes().as_slice())),
            (leaves::key_id.eq(leaf.key().to_string()), leaves::at.eq(now)),
        ));
        outbox.push((log_outbox::id.eq(crate::ids::new_uuid()), log_outbox::subject_id.eq(chain.id), log_outbox::seq.eq(seq)));
    }
    diesel::insert_into(leaves::table).values(rows).plan_once_up_to(signed.len()).execute(tx).await?;
    diesel::insert_into(log_outbox::table).values(outbox).plan_once_up_to(signed.len()).execute(tx).await?;
    Ok(())
}

/// Appends, and moves the row's head: the UNIQUE (subject, seq) would refuse a second writer, whom the row lock keeps out anyway.
pub(super) async fn insert_leaf(tx: &mut Tx, now: Time, scope: Scope, chain: &Chain, event: uuid::Uuid, signed: &SignedLeaf) -> Result<(), Error> {
    insert_leaves(tx, now, scope, event, &[(chain, signed)]).await?;
    let leaf = &signed.leaf;
    let seq = i32::try_from(leaf.seq()).map_err(|_| Error::Corrupt("a chain is full".into()))?;
    let hash = leaf.hash().as_bytes().to_vec();
    let (next, day) = (seq + 1, now.day());
    match chain.subject {
        Subject::Item => {
            diesel::update(items::table.filter(items::coop_id.eq(scope.coop()).and(items::id.eq(ItemId::from(chain.id)))))
                .set((items::next_seq.eq(next), items::head.eq(&hash), items::last_day.eq(day)))
                .plan_once()
                .execute(tx)
                .await?
        }
        Subject::Batch => {
            diesel::update(batches::table.filter(batches::coop_id.eq(scope.coop()).and(batches::id.eq(BatchId::from(chain.id)))))
                .set((batches::next_seq.eq(next), batches::head.eq(&hash), batches::last_day.eq(day)))
                .plan_once()
                .execute(tx)
                .await?
        }
    };
    Ok(())
}

/// The end of a chain whose row the caller has locked.
async fn tip(tx: &mut Tx, subject: Subject, id: uuid::Uuid) -> Result<Chain, Error> {
    let bytes: Vec<u8> = leaves::table.filter(leaves::subject_id.eq(id)).order(leaves::seq.desc()).select(leaves::bytes).first(tx).await?;
    let leaf = Leaf::parse(&bytes).map_err(|e| Error::Corrupt(e.to_string()))?;
    let kind = match subject {
        Subject::Item => ChainKind::Item,
        Subject::Batch => ChainKind::Batch,
    };
    Ok(Chain { subject, id, uri: leaf.item().clone(), tip: Some(Tip::of(&leaf, kind)) })
}

pub(super) async fn lock_item(tx: &mut Tx, scope: Scope, id: ItemId) -> Result<Option<Chain>, Error> {
    let found: Option<ItemId> = items::table.find((scope.coop(), id)).select(items::id).for_update().first(tx).await.optional()?;
    match found {
        Some(id) => tip(tx, Subject::Item, id.uuid()).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn lock_batch(tx: &mut Tx, scope: Scope, id: BatchId) -> Result<Option<Chain>, Error> {
    let found: Option<BatchId> = batches::table.find((scope.coop(), id)).select(batches::id).for_update().first(tx).await.optional()?;
    match found {
        Some(id) => tip(tx, Subject::Batch, id.uuid()).await.map(Some),
        None => Ok(None),
    }
}

/// Tagged pieces that are not sold, oldest first.
pub(super) async fn lock_in_stock(tx: &mut Tx, scope: Scope, variant: VariantId, limit: i64) -> Result<Vec<(ItemId, Chain)>, Error> {
    let ids: Vec<ItemId> = items::table
        .filter(items::coop_id.eq(scope.coop()).and(items::variant_id.eq(variant)).and(items::state.eq(ItemState::InStock)))
        .order(items::id)
        .limit(limit)
        .select(items::id)
        .for_update()
        .skip_locked()
        .load(tx)
        .await?;
    let mut locked = Vec::with_capacity(ids.len());
    for id in ids {
        locked.push((id, tip(tx, Subject::Item, id.uuid()).await?));
    }
    Ok(locked)
}

/// The oldest batch with pieces left: its chain, the next serial number and how many are left.
pub(super) async fn lock_batch_with_pieces(tx: &mut Tx, scope: Scope, variant: VariantId) -> Result<Option<(BatchId, Chain, u32, u32)>, Error> {
    let found: Option<(BatchId, i32, i32)> = batches::table
        .filter(batches::coop_id.eq(scope.coop()).and(batches::variant_id.eq(variant)).and(batches::minted.lt(batches::quantity)))
        .order(batches::id)
        .select((batches::id, batches::quantity, batches::minted))
        .for_update()
        .first(tx)
        .await
        .optional()?;
    let Some((id, quantity, minted)) = found else { return Ok(None) };
    let count = |n: i32| u32::try_from(n).map_err(|_| Error::Corrupt("a batch with a negative count".into()));
    Ok(Some((id, tip(tx, Subject::Batch, id.uuid()).await?, count(minted)? + 1, count(quantity - minted)?)))
}

/// A batch under its row's lock.
pub(super) struct WholeBatch {
    pub chain: Chain,
    pub variant: VariantId,
    pub quantity: u32,
    pub minted: u32,
}
impl WholeBatch {
    /// Pieces that have no code yet.
    pub fn left(&self) -> u32 {
        self.quantity.saturating_sub(self.minted)
    }
}
pub(super) async fn lock_whole_batch(tx: &mut Tx, scope: Scope, id: BatchId) -> Result<Option<WholeBatch>, Error> {
    let columns = (batches::variant_id, batches::quantity, batches::minted);
    let found: Option<(VariantId, i32, i32)> = batches::table.find((scope.coop(), id)).select(columns).for_update().first(tx).await.optional()?;
    let Some((variant, quantity, minted)) = found else { return Ok(None) };
    let count = |n: i32| u32::try_from(n).map_err(|_| Error::Corrupt("a batch with a negative count".into()));
    let (quantity, minted) = (count(quantity)?, count(minted)?);
    Ok(Some(WholeBatch { chain: tip(tx, Subject::Batch, id.uuid()).await?, variant, quantity, minted }))
}

/// What was withdrawn stays that, wherever it goes.
pub(super) async fn set_item(tx: &mut Tx, scope: Scope, id: ItemId, state: ItemState, line: Option<OrderLineId>) -> Result<(), DbError> {
    diesel::update(items::table.find((scope.coop(), id)).filter(items::state.ne(ItemState::Withdrawn)))
        .set((items::state.eq(state), items::order_line_id.eq(line)))
        .plan_once()
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn move_item(tx: &mut Tx, scope: Scope, id: ItemId, state: ItemState) -> Result<(), DbError> {
    let row = items::table.find((scope.coop(), id)).filter(items::state.ne(ItemState::Withdrawn));
    diesel::update(row).set(items::state.eq(state)).plan_once().execute(tx).await?;
    Ok(())
}

/// Where a piece is, under its lock.
pub(super) async fn state_of(tx: &mut Tx, scope: Scope, id: ItemId) -> Result<ItemState, DbError> {
    Ok(items::table.find((scope.coop(), id)).select(items::state).first(tx).await?)
}
/// A piece that never left is in stock again and belongs to no order; one that left is where it is until somebody has seen it.
pub(super) async fn unsell_item(tx: &mut Tx, scope: Scope, id: ItemId) -> Result<(), DbError> {
    let row = items::table.find((scope.coop(), id));
    diesel::update(row.filter(items::state.eq(ItemState::Shipped))).set(items::state.eq(ItemState::Refunded)).plan_once().execute(tx).await?;
    diesel::update(row.filter(items::state.eq(ItemState::Sold)))
        .set((items::state.eq(ItemState::InStock), items::order_line_id.eq(None::<OrderLineId>)))
        .plan_once()
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn items_of(conn: &mut Conn, lines: &[OrderLineId]) -> Result<Vec<OfLine>, DbError> {
    let columns = (items::order_line_id.assume_not_null(), items::id, items::code, items::state);
    Ok(items::table.filter(items::order_line_id.eq_any(lines)).order(items::id).select(columns).load(conn).await?)
}

/// Whether the record says, since the piece was last sold, that its makers were paid.
pub(super) async fn was_paid(tx: &mut Tx, chain: &Chain) -> Result<bool, DbError> {
    let newest = |event: EventType| {
        let such = leaves::table.filter(leaves::subject_id.eq(chain.id).and(leaves::type_.eq(event.as_str())));
        such.select(diesel::dsl::max(leaves::seq))
    };
    let paid: Option<i32> = newest(EventType::Paid).first(tx).await?;
    let sold: Option<i32> = newest(EventType::Sold).first(tx).await?;
    Ok(paid.is_some_and(|paid| sold.is_none_or(|sold| sold < paid)))
}

/// One stored leaf, as a bundle needs it.
pub(super) type StoredLeaf = (Vec<u8>, Vec<u8>);

/// An item by its public code: whose, which, what of.
pub(super) async fn item_called(conn: &mut Conn, code: &str) -> Result<Option<(Scope, ItemId, Option<BatchId>, VariantId, ItemState)>, DbError> {
    let found: Option<(crate::ids::CoopId, ItemId, Option<BatchId>, VariantId, ItemState)> = items::table
        .filter(items::code.eq(code))
        .select((items::coop_id, items::id, items::batch_id, items::variant_id, items::state))
        .first(conn)
        .await
        .optional()?;
    Ok(found.map(|(coop, id, batch, variant, state)| (Scope::system(coop), id, batch, variant, state)))
}

pub(super) async fn leaves_of(conn: &mut Conn, subject: uuid::Uuid) -> Result<Vec<StoredLeaf>, DbError> {
    Ok(leaves::table.filter(leaves::subject_id.eq(subject)).order(leaves::seq).select((leaves::bytes, leaves::signature)).load(conn).await?)
}

/// Cooperatives with a key under a DID that the log has no document of.
pub(super) async fn unstated(conn: &mut Conn) -> Result<Vec<Scope>, DbError> {
    use crate::schema::log_statements as s;
    let stated = s::table.filter(s::kind.eq("did").and(s::about.eq(signing_keys::did))).select(s::id);
    let missing = signing_keys::table.filter(diesel::dsl::not(diesel::dsl::exists(stated))).select(signing_keys::coop_id).distinct();
    let coops: Vec<crate::ids::CoopId> = missing.order(signing_keys::coop_id).load(conn).await?;
    Ok(coops.into_iter().map(Scope::system).collect())
}

/// A cooperative's keys, the newest first, retired ones too: old records stay verifiable.
pub(super) async fn keys_of(conn: &mut Conn, scope: Scope) -> Result<Vec<PublicKey>, Error> {
    let columns = (signing_keys::public, signing_keys::did, signing_keys::name);
    let rows: Vec<(Vec<u8>, String, String)> = signing_keys::table
        .filter(signing_keys::coop_id.eq(scope.coop()))
        .order((signing_keys::created_at.desc(), signing_keys::id))
        .select(columns)
        .load(conn)
        .await?;
    let key = |(public, did, name): (Vec<u8>, String, String)| {
        let public: [u8; 32] = public.try_into().map_err(|_| Error::Corrupt("a public key is not 32 bytes".into()))?;
        PublicKey::new(public, did.parse()?, name.parse()?).map_err(|e| Error::Corrupt(e.to_string()))
    };
    rows.into_iter().map(key).collect()
}
