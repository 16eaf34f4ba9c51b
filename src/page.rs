//! Lists: keyset pages, no COUNT, no OFFSET.
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::problem::{Kind, Problem};

/// More would make one answer a burden for a cheap phone and one query a burden for a small server.
pub const MAX_LIMIT: u32 = 100;
pub const DEFAULT_LIMIT: u32 = 20;

/// `{data, has_more, next_cursor}`.
#[derive(Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub has_more: bool,
    /// Give it back as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// `rows` was fetched with `limit + 1`; `key` is what the next page starts behind.
    pub fn new<K: serde::Serialize>(mut rows: Vec<T>, limit: u32, key: impl Fn(&T) -> K) -> Self {
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| has_more).map(|last| encode(&key(last)));
        Self { data: rows, has_more, next_cursor }
    }
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(view).collect(), has_more: self.has_more, next_cursor: self.next_cursor }
    }
}

/// Query parameters of every list; flatten-free, so that unknown ones can be refused.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1 to 100, 20 if absent.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<u32, Problem> {
        limit(self.limit)
    }
    pub fn after<K: serde::de::DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        after(self.cursor.as_deref())
    }
}

pub fn limit(given: Option<u32>) -> Result<u32, Problem> {
    match given.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        other => Err(Problem::with_detail(Kind::InvalidQuery, format!("limit is {other}; it must be 1 to {MAX_LIMIT}"))),
    }
}

pub fn after<K: serde::de::DeserializeOwned>(cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let decode = |text: &str| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    cursor.map(|text| decode(text).ok_or_else(|| Kind::InvalidCursor.into())).transpose()
}

/// `Link` to the next page: the same address with this cursor.
pub fn next_link(request: &actix_web::HttpRequest, cursor: &str) -> String {
    let kept: String = request.query_string().split('&').filter(|p| !p.is_empty() && !p.starts_with("cursor=")).map(|p| format!("{p}&")).collect();
    format!("<{}?{kept}cursor={cursor}>; rel=\"next\"", request.path())
}

fn encode(key: &impl serde::Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).expect("a key is numbers, ids and times"))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_page_knows_whether_there_is_more() {
        let page = Page::new(vec![1, 2, 3], 2, |n| *n);
        assert_eq!((page.data.as_slice(), page.has_more), ([1, 2].as_slice(), true));
        assert_eq!(after::<i32>(page.next_cursor.as_deref()).unwrap(), Some(2));
        let last = Page::new(vec![1, 2], 2, |n| *n);
        assert_eq!((last.has_more, last.next_cursor), (false, None));
    }
    #[test]
    fn a_foreign_cursor_is_refused() {
        assert!(after::<i32>(Some("%%%")).is_err());
        assert!(after::<i32>(Some("e30")).is_err());
    }
}
