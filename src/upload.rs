//! A file in a multipart form, beside small fields that say something about it.
use std::{collections::BTreeMap, time::Duration};

use actix_multipart::{Multipart, MultipartError};
use actix_web::{FromRequest, HttpRequest, dev::Payload, error::PayloadError};
use futures_util::{StreamExt, future::LocalBoxFuture};

use crate::problem::{Kind, Problem};

/// Longer than a large file takes over a slow line that still moves (20 KiB/s); a trickle ends at the edge.
const DEADLINE: Duration = Duration::from_secs(15 * 60);
/// A field is a word or two; a mapping of a wide sheet's columns is the longest.
const MAX_FIELD: usize = 64 * 1024;
/// More than any form here has.
const MAX_FIELDS: usize = 20;

/// The part `file`, of at most `MAX` bytes, and the other parts as text.
pub struct Upload<const MAX: usize> {
    pub file_name: String,
    pub bytes: Vec<u8>,
    pub fields: BTreeMap<String, String>,
}

impl<const MAX: usize> FromRequest for Upload<MAX> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Box::pin(Self::read(request.clone(), payload.take()))
    }
}

impl<const MAX: usize> Upload<MAX> {
    /// What the extractor does, for a handler that first makes sure of room.
    pub async fn read(request: HttpRequest, payload: Payload) -> Result<Self, Problem> {
        let is_form = request.headers().get("Content-Type").and_then(|v| v.to_str().ok()).is_some_and(|t| t.starts_with("multipart/form-data"));
        if !is_form {
            return Err(Problem::with_detail(Kind::UnsupportedMedia, "send multipart/form-data with the file in the part \"file\""));
        }
        let parts = Multipart::new(request.headers(), payload);
        tokio::time::timeout(DEADLINE, read(parts)).await.map_err(|_| Problem::from(Kind::SlowBody))?
    }
}

fn broken(error: MultipartError) -> Problem {
    match error {
        MultipartError::Payload(PayloadError::Io(slow)) if slow.kind() == std::io::ErrorKind::TimedOut => Kind::SlowBody.into(),
        _ => Problem::with_detail(Kind::InvalidBody, "the form cannot be read: a part is cut off or has no name"),
    }
}

async fn read<const MAX: usize>(mut parts: Multipart) -> Result<Upload<MAX>, Problem> {
    let mut file = None;
    let mut fields = BTreeMap::new();
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(broken)?;
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.content_disposition().and_then(|d| d.get_filename()).map(ToOwned::to_owned);
        let limit = if name == "file" { MAX } else { MAX_FIELD };
        let mut bytes = Vec::new();
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(broken)?;
            if bytes.len() + chunk.len() > limit {
                return Err(Problem::with_detail(Kind::BodyTooLarge, format!("the part {name:?} may have {limit} bytes at most")));
            }
            bytes.extend_from_slice(&chunk);
        }
        if name == "file" && file.is_none() {
            file = Some((file_name.unwrap_or_else(|| "file".into()), bytes));
            continue;
        }
        let text = String::from_utf8(bytes).map_err(|_| Problem::field(format!("/{name}"), "encoding", "text in UTF-8"))?;
        if fields.len() >= MAX_FIELDS || fields.insert(name.clone(), text).is_some() {
            return Err(Problem::field(format!("/{name}"), "repeated", "each field once"));
        }
    }
    let (file_name, bytes) = file.ok_or_else(|| Problem::field("/file", "missing", "the file itself, in a part called \"file\""))?;
    Ok(Upload { file_name, bytes, fields })
}

impl<const MAX: usize> Upload<MAX> {
    /// A field that may be absent, read as what it must be; `expected` says what that is.
    pub fn take<T: std::str::FromStr>(&mut self, name: &str, expected: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.fields.remove(name) else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| Problem::field(format!("/{name}"), "unacceptable", format!("{text:?}: {expected}")))
    }
    /// The same for values that are written as in JSON.
    pub fn take_json<T: serde::de::DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.fields.remove(name) else { return Ok(None) };
        let parsed = serde_json::from_str(&text).or_else(|_| serde_json::from_value(serde_json::Value::String(text.trim().to_owned())));
        parsed.map(Some).map_err(|_| Problem::field(format!("/{name}"), "unacceptable", format!("{text:?}: {expected}")))
    }
    /// After everything known was taken: what is left is refused, by name.
    pub fn nothing_else(&self) -> Result<(), Problem> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(name) => Err(Problem::field(format!("/{name}"), "unknown", "not a field of this form")),
        }
    }
}
