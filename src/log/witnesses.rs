//! Asking witnesses (C2SP tlog-witness): others who saw the log before, and sign only what that grew into.
//!
//! - No transaction is open while one is asked, and a witness that does not answer holds nothing up: it is asked again.
//! - One that is ahead of us, or saw another tree of our size, tells that this database is not the one that signed last (a restored
//!   backup): from then on nothing is appended, or the log would have two histories.
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use passport::log::{AddCheckpoint, Note, NoteSignature, Policy, WitnessKey};

use super::{Error, read, store};
use crate::{clock::Time, db::Db};

/// A witness keeps one small file: it answers at once or is in trouble.
const PATIENCE: Duration = Duration::from_secs(5);
/// A few signature lines.
const MAX_ANSWER: usize = 16 * 1024;

/// Whom the log asks, and what they said.
#[derive(Clone, Debug)]
pub struct Witnesses(Arc<Inner>);
#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    policy: Policy,
    /// As it was written, for whoever checks our bundles.
    text: String,
    ahead: RwLock<Option<Ahead>>,
}

/// Who saw what we have not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    pub witness: String,
    pub size: u64,
}

/// What one witness did with the newest checkpoint.
enum Answer {
    Cosigned(NoteSignature),
    /// We were asked to prove from elsewhere.
    From(u64),
    Ahead(u64),
}

/// How asking went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub cosigned: usize,
    /// They did not answer, or not as they should.
    pub silent: usize,
}

impl Witnesses {
    pub fn new(text: &str) -> Result<Self, Error> {
        let policy = text.parse()?;
        let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build().map_err(Error::Client)?;
        Ok(Self(Arc::new(Inner { client, policy, text: text.to_owned(), ahead: RwLock::new(None) })))
    }
    pub fn policy(&self) -> &str {
        &self.0.text
    }
    /// Who is ahead of this database, if anyone was when asked last.
    pub fn ahead(&self) -> Option<Ahead> {
        self.0.ahead.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// Asks those that have not cosigned the newest checkpoint; all of them, if `again`.
    pub async fn ask(&self, db: &Db, now: Time, again: bool) -> Result<Asked, Error> {
        let asked = self.0.policy.witnesses().filter_map(|(name, key, url)| Some((name, self.ask_one(db, now, again, key, url?))));
        let answers = futures_util::future::join_all(asked.map(|(name, answer)| async move { (name, answer.await) })).await;
        // Who was ahead still is, unless it says otherwise: silence lifts nothing.
        let (mut outcome, mut ahead) = (Asked::default(), self.ahead());
        for (name, answer) in answers {
            match answer {
                Ok(None) => {
                    outcome.cosigned += 1;
                    ahead = ahead.filter(|ahead| ahead.witness != name);
                }
                Ok(Some(size)) => ahead = Some(Ahead { witness: name.to_owned(), size }),
                Err(Error::Witness(why)) => {
                    outcome.silent += 1;
                    tracing::warn!(witness = name, why, "a witness did not cosign the public log; it is asked again");
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(Ahead { witness, size }) = &ahead {
            tracing::error!(witness, size, "a witness saw a public log that is not this one: NOTHING IS APPENDED until the right database is back");
        }
        *self.0.ahead.write().unwrap_or_else(PoisonError::into_inner) = ahead;
        Ok(outcome)
    }
    /// `None`: it cosigned. Otherwise the size of what it saw and we have not.
    async fn ask_one(&self, db: &Db, now: Time, again: bool, key: &WitnessKey, url: &str) -> Result<Option<u64>, Error> {
        let (newest, cosigned) = {
            let conn = &mut *db.conn().await?;
            (store::newest(conn).await?.ok_or(Error::Unbegun)?, store::cosigned(conn, &key.to_string()).await?)
        };
        if cosigned == Some(newest.size()) && !again {
            return Ok(None);
        }
        let mut old = cosigned.unwrap_or(0);
        // The second time from where it says it is; it has no reason to change its mind again.
        for _ in 0..2 {
            let proof = read::consistency(&mut *db.conn().await?, old, newest.size()).await?;
            let answer = self.send(&AddCheckpoint { old, proof, note: newest.note.clone() }, newest.size(), key, url).await;
            match answer.map_err(Error::Witness)? {
                Answer::Cosigned(line) => {
                    store::insert_cosignature(&mut *db.conn().await?, now, newest.size, &key.to_string(), &line.to_string()).await?;
                    return Ok(None);
                }
                Answer::From(size) => old = size,
                Answer::Ahead(size) => {
                    // Another program of ours may have appended and asked meanwhile.
                    let grown = store::newest(&mut *db.conn().await?).await?.is_some_and(|now| now.size > newest.size && now.size() >= size);
                    return if grown { Err(Error::Witness("it saw a newer checkpoint of ours already".into())) } else { Ok(Some(size)) };
                }
            }
        }
        Err(Error::Witness("it does not say twice the same of where it is".into()))
    }
    async fn send(&self, asked: &AddCheckpoint, size: u64, key: &WitnessKey, url: &str) -> Result<Answer, String> {
        let request = self.0.client.post(format!("{}/add-checkpoint", url.trim_end_matches('/'))).body(asked.to_string());
        let mut answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| error.to_string())? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err("its answer is longer than any".into());
            }
        }
        let body = String::from_utf8(body).map_err(|_| "its answer is not text")?;
        match status {
            200 => cosignature(asked, key, &body).map(Answer::Cosigned),
            409 => match body.trim_end().parse::<u64>() {
                Ok(seen) if seen > size || (seen == size && asked.old == size) => Ok(Answer::Ahead(seen)),
                Ok(seen) if seen != asked.old => Ok(Answer::From(seen)),
                _ => Err("it answers 409 and does not say where it is".into()),
            },
            _ => Err(format!("it answers {status}: {}", body.chars().take(200).collect::<String>())),
        }
    }
}

/// The line of this witness, if it fits.
fn cosignature(asked: &AddCheckpoint, key: &WitnessKey, body: &str) -> Result<NoteSignature, String> {
    let text = Note::parse(&asked.note).map_err(|error| error.to_string())?.unverified().to_owned();
    let lines = body.lines().filter_map(|line| line.parse::<NoteSignature>().ok());
    let fitting = lines.filter(|line| key.is_of(line)).find(|line| key.time(&text, line).is_ok());
    fitting.ok_or_else(|| "it answers 200 without a cosignature that fits".to_owned())
}
