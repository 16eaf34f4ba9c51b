//! Reading requests: JSON bodies with a size (their deadline is the edge's), query strings, both refusing what they do not know, with the field named.
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::de::DeserializeOwned;

use crate::problem::{FieldError, Kind, Problem};

/// Ten times the largest honest JSON body here; files go by multipart.
pub const MAX_JSON: usize = 64 * 1024;

/// A JSON body. Unknown fields are refused by the types (`deny_unknown_fields`).
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.headers().get("Content-Type").and_then(|v| v.to_str().ok()).is_some_and(|t| t.starts_with("application/json"));
        let mut payload = payload.take();
        Box::pin(async move {
            if !is_json {
                return Err(Problem::with_detail(Kind::UnsupportedMedia, "send Content-Type: application/json"));
            }
            let bytes = read(&mut payload, MAX_JSON).await?;
            parse(&bytes).map(Body)
        })
    }
}

/// Reads a whole body of at most `max` bytes.
pub async fn read(payload: &mut Payload, max: usize) -> Result<web::BytesMut, Problem> {
    let mut bytes = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::with_detail(Kind::InvalidBody, "the connection ended before the body did"))?;
        if bytes.len() + chunk.len() > max {
            return Err(Problem::with_detail(Kind::BodyTooLarge, format!("at most {max} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The error says which field, by JSON Pointer. PostgreSQL cannot store NUL in text, so it is refused at the edge.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let nul = [b"\\u0000".as_slice(), &[0]];
    if nul.iter().any(|nul| bytes.windows(nul.len()).any(|w| w == *nul)) {
        return Err(Problem::with_detail(Kind::InvalidBody, "the body has a NUL character"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => Problem::invalid(vec![FieldError::new(pointer, "unacceptable", inner.to_string())]),
            serde_json::error::Category::Syntax | serde_json::error::Category::Eof | serde_json::error::Category::Io => {
                Problem::with_detail(Kind::InvalidBody, format!("not JSON: {inner}"))
            }
        }
    })?;
    json.end().map_err(|_| Problem::with_detail(Kind::InvalidBody, "something follows the JSON value"))?;
    Ok(value)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut out = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => out.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => out.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Unknown => {}
        }
    }
    out
}

/// For a field that null empties and whose absence changes nothing: `#[serde(default, deserialize_with = "given")]`.
pub fn given<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// The version that a change was made to, from `If-Match: "7"`. Without it 428; what is no tag of ours matches nothing: 412.
pub struct IfMatch(pub i64);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let version = |text: &str| text.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok().map(Self);
        std::future::ready(match request.headers().get("If-Match") {
            None => Err(Problem::with_detail(Kind::PreconditionRequired, "give back the ETag as If-Match")),
            Some(given) => given.to_str().ok().and_then(version).ok_or_else(|| Kind::PreconditionFailed.into()),
        })
    }
}

/// A query string; unknown parameters are 400.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Params<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = web::Query::<T>::from_query(request.query_string());
        std::future::ready(parsed.map(|q| Self(q.into_inner())).map_err(|e| Problem::with_detail(Kind::InvalidQuery, e.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "only its parsing matters")]
        quantity: u32,
    }
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cart {
        #[expect(dead_code, reason = "only its parsing matters")]
        lines: Vec<Line>,
    }
    #[test]
    fn the_field_is_named() {
        let problem = parse::<Cart>(br#"{"lines": [{"quantity": 1}, {"quantity": "two"}]}"#).unwrap_err();
        assert!(format!("{problem:?}").contains("/lines/1/quantity"), "{problem:?}");
        let unknown = parse::<Cart>(br#"{"lines": [{"quantity": 1, "price_minor": 1}]}"#).unwrap_err();
        assert_eq!(unknown.kind(), Kind::Invalid);
        assert_eq!(parse::<Cart>(b"{").unwrap_err().kind(), Kind::InvalidBody);
        assert_eq!(parse::<Cart>(br#"{"lines": []} x"#).unwrap_err().kind(), Kind::InvalidBody);
        assert_eq!(parse::<Cart>(br#"{"lines": [], "a": "\u0000"}"#).unwrap_err().kind(), Kind::InvalidBody);
        assert!(parse::<Cart>(br#"{"lines": [{"quantity": 2}]}"#).is_ok());
    }
}
