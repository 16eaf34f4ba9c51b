//! A log somewhere else, read over HTTP (C2SP tlog-tiles).
use std::{path::Path, time::Duration};

use passport::{
    Digest,
    log::{
        Checkpoint, NoteVerifier, Tile, Tiles,
        tile::{self, index_path, read_entries},
    },
};

use crate::Failure;

/// No file of a log is larger: 256 entries of 64 KiB.
const LARGEST: usize = 256 * (64 * 1024 + 2);
/// A log that asks to be left alone for a while is, so many times.
const PATIENCE: u32 = 20;

pub struct Remote {
    client: reqwest::Client,
    service: String,
}

impl Remote {
    pub fn new(url: &str) -> Result<Self, Failure> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { client, service: url.trim_end_matches('/').to_owned() })
    }
    /// The keys that are known, or else those that the log says it has and had.
    pub async fn keys(&self, known: &[NoteVerifier]) -> Result<Vec<NoteVerifier>, Failure> {
        if !known.is_empty() {
            return Ok(known.to_vec());
        }
        let keys = String::from_utf8(self.fetch("key").await?)?;
        eprintln!("no --log-key: the log's own is taken, {}", keys.trim());
        Ok(keys.lines().map(str::parse).collect::<Result<_, _>>()?)
    }
    pub async fn checkpoint(&self) -> Result<String, Failure> {
        Ok(String::from_utf8(self.fetch("checkpoint").await?)?)
    }
    /// A file of the log, by its path below it.
    pub async fn fetch(&self, path: &str) -> Result<Vec<u8>, Failure> {
        self.beside(&format!("/log/{path}")).await
    }
    /// What the service shows elsewhere, by its path.
    pub async fn beside(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let url = format!("{}{path}", self.service);
        for attempt in 1..=PATIENCE {
            let mut answer = self.client.get(&url).send().await?;
            let busy = matches!(answer.status().as_u16(), 429 | 503);
            if busy && attempt < PATIENCE {
                let after = answer.headers().get("Retry-After").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok()).unwrap_or(1);
                tokio::time::sleep(Duration::from_secs(u64::clamp(after, 1, 60))).await;
                continue;
            }
            if !answer.status().is_success() {
                return Err(format!("{url} answers {}", answer.status()).into());
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > LARGEST {
                    return Err(format!("{url} is larger than any file of a log").into());
                }
            }
            return Ok(bytes);
        }
        Err(format!("{url} is busy").into())
    }
    /// The paths of all bundles of entries, in order.
    pub fn bundles(&self, size: u64) -> Vec<String> {
        let bundles = Tile::all(size).into_iter().filter(|tile| tile.place.level == 0);
        bundles.map(|tile| format!("tile/entries/{}", index_path(tile.place.index, tile.width))).collect()
    }
    /// Every tile and bundle of a checkpoint's tree into a folder, if together they are that tree. Gives how many were fetched.
    pub async fn copy(&self, dir: &Path, checkpoint: &Checkpoint) -> Result<usize, Failure> {
        let mut fetched = 0;
        let mut tiles = self.tiles(dir, checkpoint.size, &mut fetched, true).await?;
        if !tiles.are(checkpoint.size, &checkpoint.root) {
            // What the folder had may be to blame.
            fetched = 0;
            tiles = self.tiles(dir, checkpoint.size, &mut fetched, false).await?;
        }
        if !tiles.are(checkpoint.size, &checkpoint.root) {
            return Err("the tiles do not have the root that the log signed".into());
        }
        for tile in Tile::all(checkpoint.size).into_iter().filter(|tile| tile.place.level == 0) {
            let wanted = tile::hashes(&std::fs::read(dir.join(format!("tile/{}", tile.path())))?);
            let path = format!("tile/entries/{}", index_path(tile.place.index, tile.width));
            self.kept(dir, &path, &mut fetched, |bundle| is_of(bundle, &wanted)).await?;
        }
        Ok(fetched)
    }
    async fn tiles(&self, dir: &Path, size: u64, fetched: &mut usize, kept: bool) -> Result<Tiles, Failure> {
        let mut tiles = Tiles::default();
        for tile in Tile::all(size) {
            let path = format!("tile/{}", tile.path());
            if !kept {
                let _ = std::fs::remove_file(dir.join(&path));
            }
            tiles.insert(tile.place, self.kept(dir, &path, fetched, |bytes| bytes.len() == tile.width * 32).await?);
        }
        Ok(tiles)
    }
    /// A file from the folder, or fetched into it; refused if it is not what it should be.
    async fn kept(&self, dir: &Path, path: &str, fetched: &mut usize, fits: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, Failure> {
        let file = dir.join(path);
        if let Ok(bytes) = std::fs::read(&file)
            && fits(&bytes)
        {
            return Ok(bytes);
        }
        let bytes = self.fetch(path).await?;
        if !fits(&bytes) {
            return Err(format!("{path} is not what the log's tree says").into());
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, &bytes)?;
        *fetched += 1;
        Ok(bytes)
    }
}

/// Whether a bundle has exactly the entries with these hashes.
fn is_of(bundle: &[u8], hashes: &[Digest]) -> bool {
    read_entries(bundle).is_some_and(|entries| entries.iter().map(|entry| Digest::of_leaf(entry)).eq(hashes.iter().copied()))
}
