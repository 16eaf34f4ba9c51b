//! A picture in an answer.
use crate::media;

#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct Picture {
    /// Small, for a list; `960` and `1920` in place of `320` are the larger ones.
    url: String,
    blurhash: Option<String>,
    alt: String,
}
impl Picture {
    pub fn small(sha: &str, blurhash: Option<String>, alt: String) -> Self {
        Self { url: media::path(sha, pictures::EDGES[0]), blurhash, alt }
    }
}
