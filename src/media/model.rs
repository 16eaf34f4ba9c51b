//! What a picture is to the rest of the program. Pure.
use pictures::{EDGES, Picture, Refused};

use crate::{
    clock::Time,
    db::DbError,
    ids::{MediaId, VariantId},
    problem::FieldError,
};

text_enum! { as MediaState,
    /// queued: to be fetched from its URL. ready: stored in every size. failed: it could not be had, and `last_error` says why.
    pub enum State { Queued = "queued", Ready = "ready", Failed = "failed" }
}

/// A camera's photo in its best quality; a larger file is a mistake or an attack.
pub const MAX_BYTES: usize = 15 << 20;
/// Longer than any picture's address seen in a shop's export; an index holds it.
pub const MAX_URL: usize = 2048;
/// More pictures than anyone looks at; a spreadsheet mistake stops here.
pub const MAX_ATTACHED: usize = 60;
pub const MAX_ALT: usize = 1000;

/// A picture whose files are stored: what its row says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Of the largest size's bytes: the name of its files.
    pub sha256: [u8; 32],
    pub mime: &'static str,
    /// Of the largest size.
    pub width: i32,
    pub height: i32,
    pub blurhash: String,
    pub perceptual_hash: i64,
}
impl Kept {
    pub(super) fn of(picture: &Picture) -> Self {
        let largest = &picture.renditions[EDGES.len() - 1];
        let side = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
        Self {
            sha256: picture.sha256(),
            mime: largest.format.media_type(),
            width: side(largest.width),
            height: side(largest.height),
            blurhash: picture.blurhash.clone(),
            perceptual_hash: picture.dhash.cast_signed(),
        }
    }
}

/// A cooperative's picture.
#[derive(Clone, Debug)]
pub struct Media {
    pub id: MediaId,
    pub state: State,
    pub source_url: Option<String>,
    /// Hexadecimal.
    pub sha256: Option<String>,
    pub mime: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub blurhash: Option<String>,
    pub last_error: Option<String>,
    pub created_at: Time,
}

/// A picture's place in a product.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    pub media: MediaId,
    /// What it shows, for who cannot see it.
    #[serde(default)]
    pub alt: String,
    /// It shows this variant alone.
    pub variant: Option<VariantId>,
}

/// Where a size of a picture is served; `edge` is one of [`EDGES`].
pub fn path(sha256: &str, edge: u32) -> String {
    format!("/media/{sha256}/{edge}.jpg")
}

/// One of [`EDGES`] from the end of [`path`].
pub(super) fn edge(file: &str) -> Option<u32> {
    let edge = file.strip_suffix(".jpg")?;
    EDGES.into_iter().find(|known| known.to_string() == edge)
}
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such picture")]
    NotFound,
    #[error("only a failed picture is asked for again")]
    NotFailed,
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("{0}")]
    Url(&'static str),
    #[error("some fields cannot be accepted")]
    Invalid(Vec<FieldError>),
    #[error("the picture store does not answer")]
    Files(#[from] object_store::Error),
    #[error("a picture's work was given up")]
    Work(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn only_what_is_stored_has_an_address() {
        let sha = "ab".repeat(32);
        for size in EDGES {
            let path = path(&sha, size);
            let (_, rest) = path.split_once("/media/").unwrap();
            let (digest, file) = rest.split_once('/').unwrap();
            assert!(is_digest(digest) && edge(file) == Some(size));
        }
        for wrong in ["321.jpg", "0320.jpg", "320.png", "320", ".jpg", "+320.jpg"] {
            assert_eq!(edge(wrong), None, "{wrong}");
        }
        assert!(!is_digest("../../etc/passwd") && !is_digest(&"AB".repeat(32)) && !is_digest(&"g".repeat(64)));
    }
}
