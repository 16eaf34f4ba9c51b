//! Answers about lists, kept as bytes.
//!
//! Kept are only answers that name no maker: what is shown of a person is read each time. An answer is given again while the catalogue's
//! version is the one it was made at. The version is read from the database, so a change by another process is seen too: at once after
//! anything this program committed, otherwise within [`TRUST`]. Nothing depends on it: carts and checkout read prices and stock.
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::{Duration, Instant},
};

use actix_web::{HttpResponse, web::Bytes};

use crate::{
    catalog::read::cards,
    db::{Db, DbError},
};

/// How long a version is taken to be the newest without asking again: a hundredth part of what any cache outside may keep an answer for.
const TRUST: Duration = Duration::from_millis(100);
/// For each worker thread: some hundred pages.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One worker thread's own; nobody waits for a lock.
#[derive(Default)]
pub struct Shelf {
    known: Cell<Option<Known>>,
    kept: RefCell<Kept>,
}
#[derive(Clone, Copy)]
struct Known {
    version: i64,
    read: Instant,
    commits: u64,
}
#[derive(Default)]
struct Kept {
    version: i64,
    bytes: usize,
    answers: HashMap<String, Answer>,
}

#[derive(Clone)]
pub struct Answer {
    pub body: Bytes,
    /// To the next page.
    pub link: Option<String>,
}
impl Answer {
    pub fn respond(self, etag: &str) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.content_type("application/json").insert_header(("Cache-Control", PUBLIC)).insert_header(("ETag", etag));
        if let Some(link) = self.link {
            response.insert_header(("Link", link));
        }
        response.body(self.body)
    }
}
/// What a cache between us and the buyer may do with a list.
pub const PUBLIC: &str = "public, max-age=30";

impl Shelf {
    pub async fn version(&self, db: &Db) -> Result<i64, DbError> {
        // Looked at before the version is read: a commit in between asks again.
        let commits = db.commits();
        match self.known.get() {
            Some(known) if known.commits == commits && known.read.elapsed() < TRUST => Ok(known.version),
            Some(_) | None => {
                let version = cards::version(&mut *db.conn().await?).await?;
                self.known.set(Some(Known { version, read: Instant::now(), commits }));
                Ok(version)
            }
        }
    }
    pub fn kept(&self, version: i64, key: &str) -> Option<Answer> {
        let kept = self.kept.borrow();
        if kept.version == version { kept.answers.get(key).cloned() } else { None }
    }
    /// Keeps an answer that was made after `version` was read.
    pub fn keep(&self, version: i64, key: String, answer: Answer) -> Answer {
        let mut kept = self.kept.borrow_mut();
        let size = key.len() + answer.body.len();
        if kept.version != version || kept.bytes + size > MAX_BYTES {
            *kept = Kept { version, ..Kept::default() };
        }
        if size <= MAX_BYTES && kept.answers.insert(key, answer.clone()).is_none() {
            kept.bytes += size;
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(size: usize) -> Answer {
        Answer { body: vec![b'x'; size].into(), link: None }
    }
    #[test]
    fn an_answer_is_given_again_only_at_its_version() {
        let shelf = Shelf::default();
        shelf.keep(1, "a".into(), answer(3));
        assert!(shelf.kept(1, "a").is_some() && shelf.kept(2, "a").is_none() && shelf.kept(1, "b").is_none());
        shelf.keep(2, "b".into(), answer(3));
        assert!(shelf.kept(1, "a").is_none() && shelf.kept(2, "b").is_some());
    }
    #[test]
    fn what_is_kept_is_bounded() {
        let shelf = Shelf::default();
        for n in 0..10 {
            shelf.keep(1, n.to_string(), answer(MAX_BYTES / 3));
            assert!(shelf.kept.borrow().bytes <= MAX_BYTES);
        }
        shelf.keep(1, "huge".into(), answer(MAX_BYTES + 1));
        assert!(shelf.kept(1, "huge").is_none());
    }
}
