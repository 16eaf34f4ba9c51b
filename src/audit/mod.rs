//! What the privileged did: one row each, in the transaction that did it, chained by hashes.
//!
//! - A row that is changed, taken out or put in between breaks the chain at a place that [`verify`] names.
//! - No row holds a secret, or anything that the one who reads the log may not know.
//! - Rows are written one after the other: the chain's end is held until the transaction ends. Privileged acts are rare.
pub mod http;
mod store;

use serde_json::{Value, json};

use crate::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, CoopId},
    secrets::sha256,
};

/// One act.
#[derive(Clone, Debug)]
pub struct Act {
    actor: Option<AccountId>,
    role: &'static str,
    action: &'static str,
    subject: String,
    coop: Option<CoopId>,
    details: Value,
}
impl Act {
    /// `role` is in which capacity somebody acted; `action` reads `noun.verb` and is stable.
    pub fn new(role: &'static str, actor: Option<AccountId>, action: &'static str, subject: impl std::fmt::Display) -> Self {
        Self { actor, role, action, subject: subject.to_string(), coop: None, details: json!({}) }
    }
    pub fn operator(actor: Option<AccountId>, action: &'static str, subject: impl std::fmt::Display) -> Self {
        Self::new(if actor.is_some() { "operator" } else { "system" }, actor, action, subject)
    }
    pub fn manager(actor: AccountId, coop: CoopId, action: &'static str, subject: impl std::fmt::Display) -> Self {
        Self::new("manager", Some(actor), action, subject).of(Some(coop))
    }
    pub fn of(self, coop: Option<CoopId>) -> Self {
        Self { coop, ..self }
    }
    /// Texts, whole numbers and lists of them: what the hash covers must read the same for ever.
    pub fn with(self, details: Value) -> Self {
        Self { details, ..self }
    }
}

/// A second person, who says yes or no to what another one wrote down.
#[derive(Clone, Copy, Debug)]
pub enum Second {
    Manager(AccountId),
    Operator(AccountId),
}
impl Second {
    pub const fn account(self) -> AccountId {
        match self {
            Self::Manager(account) | Self::Operator(account) => account,
        }
    }
    /// About something of the cooperative `coop`.
    pub fn act(self, coop: CoopId, action: &'static str, subject: impl std::fmt::Display) -> Act {
        match self {
            Self::Manager(account) => Act::manager(account, coop, action, subject),
            Self::Operator(account) => Act::operator(Some(account), action, subject).of(Some(coop)),
        }
    }
}

/// Takes the log's end early. Whoever locks a balance before it is known what to write calls this first: others write here before they come
/// to balances, and the two would wait for each other.
pub async fn hold(tx: &mut Tx) -> Result<(), DbError> {
    store::hold_end(tx).await
}

/// Writes the act behind the last one.
pub async fn record(tx: &mut Tx, now: Time, act: Act) -> Result<(), DbError> {
    store::hold_end(tx).await?;
    let (last, prev) = store::end(tx).await?.unwrap_or((0, vec![0; 32]));
    let row = store::Row {
        seq: last + 1,
        at: now,
        actor: act.actor.map(AccountId::uuid),
        actor_role: act.role.to_owned(),
        action: act.action.to_owned(),
        subject: act.subject,
        coop_id: act.coop.map(CoopId::uuid),
        details: act.details,
        prev,
        hash: Vec::new(),
    };
    let hash = hash(&row).ok_or_else(|| DbError::Query(diesel::result::Error::SerializationError("details that have no canonical form".into())))?;
    store::insert(tx, store::Row { hash, ..row }).await
}

/// An address is as long as its ids and filters; more is not one of ours.
const MAX_ADDRESS: usize = 500;

/// Writes down what an auditor looks at, before it is shown.
pub async fn note_read(conn: &mut Conn, now: Time, account: AccountId, address: &str) -> Result<(), DbError> {
    store::insert_read(conn, now, account, &address.chars().take(MAX_ADDRESS).collect::<String>()).await
}

/// SHA-256(prev ‖ the row in its canonical form), times in microseconds, as the database keeps them.
fn hash(row: &store::Row) -> Option<Vec<u8>> {
    let shown = json!({
        "seq": row.seq.to_string(), "at": row.at.timestamp().as_microsecond().to_string(), "actor": row.actor, "actor_role": row.actor_role,
        "action": row.action, "subject": row.subject, "coop": row.coop_id, "details": row.details,
    });
    let mut bytes = row.prev.clone();
    bytes.extend(passport::jcs::canonical(&shown).ok()?);
    Some(sha256(&bytes).to_vec())
}

/// What reading the whole log again showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub rows: i64,
    /// The end of the chain: written down elsewhere, it shows later whether rows were cut off.
    pub end: Vec<u8>,
    pub fault: Option<Fault>,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub seq: i64,
    pub what: &'static str,
}
/// So many rows are held at once, however long the log is.
const CHUNK: i64 = 1000;

/// Reads the log from its beginning, up to the first row that does not fit.
pub async fn verify(conn: &mut Conn) -> Result<Verdict, DbError> {
    let mut verdict = Verdict { rows: 0, end: vec![0; 32], fault: None };
    loop {
        let rows = store::forward(conn, verdict.rows, CHUNK).await?;
        let ended = rows.is_empty();
        for row in rows {
            let what = if row.seq != verdict.rows + 1 {
                Some("rows before it are missing")
            } else if row.prev != verdict.end {
                Some("it does not follow from the row before")
            } else if hash(&row).as_ref() != Some(&row.hash) {
                Some("it was changed after it was written")
            } else {
                None
            };
            if let Some(what) = what {
                return Ok(Verdict { fault: Some(Fault { seq: row.seq, what }), ..verdict });
            }
            (verdict.rows, verdict.end) = (row.seq, row.hash);
        }
        if ended {
            return Ok(verdict);
        }
    }
}
