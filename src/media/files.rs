//! Where the files are, and the work of taking a picture in: bounded, so that many pictures at once cost time and never memory.
use std::sync::Arc;

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, local::LocalFileSystem, memory::InMemory, path::Path};
use pictures::{EDGES, Limits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    guard::{self, Forbidden, Reach},
    model::{Error, Kept, MAX_BYTES},
};

/// Forty megapixels are what a phone's camera makes; decoded they take 160 MB, so one picture is decoded at a time.
const LIMITS: Limits = Limits { max_bytes: MAX_BYTES, max_pixels: 40_000_000, max_memory: 192 << 20 };
const DECODING: usize = 1;
/// Files held in memory before they are decoded, uploaded or fetched: four of 15 MB.
const RECEIVING: usize = 4;

#[derive(Clone)]
pub struct MediaStore {
    files: Arc<dyn ObjectStore>,
    decoding: Arc<Semaphore>,
    receiving: Arc<Semaphore>,
    reach: Reach,
    client: reqwest::Client,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the picture folder cannot be used")]
    Folder(#[from] std::io::Error),
    #[error("the picture store cannot be used")]
    Store(#[from] object_store::Error),
    #[error("no client for fetching pictures")]
    Client(#[from] reqwest::Error),
}

/// Why a picture was not fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFetched {
    /// Trying again would not help.
    Never(String),
    Later(String),
}

impl MediaStore {
    /// A folder, or `s3://bucket` with the usual `AWS_…` settings.
    pub fn open(place: &str, reach: Reach) -> Result<Self, OpenError> {
        let files: Arc<dyn ObjectStore> = match place.strip_prefix("s3://") {
            Some(bucket) => Arc::new(AmazonS3Builder::from_env().with_bucket_name(bucket.trim_end_matches('/')).build()?),
            None => {
                std::fs::create_dir_all(place)?;
                Arc::new(LocalFileSystem::new_with_prefix(place)?)
            }
        };
        Self::over(files, reach)
    }
    /// Kept in the process: for tests, and where nothing was configured.
    pub fn memory(reach: Reach) -> Result<Self, OpenError> {
        Self::over(Arc::new(InMemory::new()), reach)
    }
    fn over(files: Arc<dyn ObjectStore>, reach: Reach) -> Result<Self, OpenError> {
        let (decoding, receiving) = (Arc::new(Semaphore::new(DECODING)), Arc::new(Semaphore::new(RECEIVING)));
        Ok(Self { files, decoding, receiving, reach, client: reach.client()? })
    }

    /// Writes, reads and removes a small file: whether this place can be worked with.
    pub async fn probe(&self) -> Result<(), object_store::Error> {
        let (name, written) = (Path::from("probe"), Bytes::from_static(b"haat"));
        self.files.put(&name, written.into()).await?;
        self.files.get(&name).await?.bytes().await?;
        self.files.delete(&name).await
    }

    /// Room for one file in memory, if there is any now.
    pub(super) fn room(&self) -> Option<OwnedSemaphorePermit> {
        self.receiving.clone().try_acquire_owned().ok()
    }

    /// Decodes, strips, resizes and stores a picture. Storing twice changes nothing.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<Kept, Error> {
        let permit = self.decoding.clone().acquire_owned().await;
        let work = move || {
            let _held_until_decoded = permit;
            pictures::accept(&bytes, &LIMITS)
        };
        let picture = tokio::task::spawn_blocking(work).await??;
        let kept = Kept::of(&picture);
        for (edge, rendition) in EDGES.into_iter().zip(picture.renditions) {
            self.files.put(&place(&hex(&kept.sha256), edge), rendition.bytes.into()).await?;
        }
        Ok(kept)
    }

    pub(super) async fn read(&self, sha256: &str, edge: u32) -> Result<Bytes, Error> {
        let found = match self.files.get(&place(sha256, edge)).await {
            Err(object_store::Error::NotFound { .. }) => return Err(Error::NotFound),
            found => found?,
        };
        Ok(found.bytes().await?)
    }

    /// Asks a stranger's server for a picture: public addresses only, bounded in size and time.
    pub async fn fetch(&self, url: &str) -> Result<Vec<u8>, NotFetched> {
        let _room = self.receiving.acquire().await;
        let url = guard::parse(url).map_err(|e| NotFetched::Never(e.to_string()))?;
        self.reach.url(&url).map_err(|e| NotFetched::Never(e.to_string()))?;
        // Some servers send WebP or AVIF to whoever does not say what it reads.
        let asked = self.client.get(url).header("Accept", "image/jpeg, image/png, image/webp;q=0.9").send().await;
        let mut answer = asked.map_err(|e| unreachable(&e))?;
        let status = answer.status();
        if !status.is_success() {
            let why = format!("the server answered {}", status.as_u16());
            let passing = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
            return Err(if passing { NotFetched::Later(why) } else { NotFetched::Never(why) });
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| unreachable(&e))? {
            if bytes.len() + chunk.len() > MAX_BYTES {
                return Err(NotFetched::Never(format!("it is larger than {MAX_BYTES} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// The guard's own refusals are for ever; everything else about a network passes.
fn unreachable(error: &reqwest::Error) -> NotFetched {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(forbidden) = inner.downcast_ref::<Forbidden>() {
            return NotFetched::Never(forbidden.to_string());
        }
        cause = inner.source();
    }
    NotFetched::Later(if error.is_timeout() { "no answer in time".into() } else { "the server could not be reached".into() })
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn place(sha256: &str, edge: u32) -> Path {
    Path::from(format!("{sha256}/{edge}.jpg"))
}
