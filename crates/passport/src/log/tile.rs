//! Tiles (C2SP tlog-tiles): the tree's hashes in files of up to 256 of one level, and entries in bundles of up to 256.
//!
//! A tile of level L holds the hashes of subtrees of 256^L leaves; the levels between are computed from it. A tile only
//! ever grows at its end, so what was served under a width is the same for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::decimal;
use super::tree::{Node, fold, root_plan};
use crate::digest::Digest;

/// Hashes in a full tile, entries in a full bundle.
pub const WIDTH: usize = 256;
/// Halvings between two levels of tiles.
const HEIGHT: u8 = 8;
const HASH: usize = 32;
/// Levels that a tree of fewer than 2^63 leaves can have.
const LEVELS: u8 = 63;

/// Where a tile stands: its level, and which of its level it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub level: u8,
    pub index: u64,
}

/// A tile as it is asked for: a full one, or one that was partial when a checkpoint was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    pub place: Place,
    /// 1 to 256 hashes.
    pub width: usize,
}

impl Tile {
    /// All tiles of a tree of `size` leaves, with the widths they have in it.
    pub fn all(size: u64) -> Vec<Tile> {
        let mut tiles = Vec::new();
        for level in 0..LEVELS / HEIGHT {
            let hashes = size >> (u32::from(level) * u32::from(HEIGHT));
            let (full, rest) = (hashes / WIDTH as u64, (hashes % WIDTH as u64) as usize);
            tiles.extend((0..full).map(|index| Tile { place: Place { level, index }, width: WIDTH }));
            if rest > 0 {
                tiles.push(Tile { place: Place { level, index: full }, width: rest });
            }
        }
        tiles
    }

    /// From a level and the end of an address: `x001/x234/067` or `x001/x234/067.p/8`. `None` for anything that [`Self::path`]
    /// would not write.
    pub fn parse(level: &str, rest: &str) -> Option<Tile> {
        let level = u8::try_from(decimal(level)?).ok().filter(|level| *level <= LEVELS)?;
        let (index, width) = parse_index(rest)?;
        Some(Tile { place: Place { level, index }, width })
    }

    /// `0/x001/x234/067.p/8`: level, index, and the width if it is not full.
    pub fn path(&self) -> String {
        format!("{}/{}", self.place.level, index_path(self.place.index, self.width))
    }
}

/// The end of an address of a tile or bundle; `width` is left off when it is full.
pub fn index_path(index: u64, width: usize) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width == WIDTH { path } else { format!("{path}.p/{width}") }
}

/// What [`index_path`] wrote, and nothing else.
pub fn parse_index(path: &str) -> Option<(u64, usize)> {
    let (index, width) = match path.split_once(".p/") {
        Some((index, width)) => (index, decimal(width).filter(|w| (1..WIDTH as u64).contains(w))? as usize),
        None => (path, WIDTH),
    };
    let number = index.split('/').try_fold(0_u64, |number, part| {
        let digits = part.strip_prefix('x').unwrap_or(part);
        let digits = Some(digits).filter(|d| d.len() == 3 && d.bytes().all(|b| b.is_ascii_digit()))?;
        number.checked_mul(1000)?.checked_add(digits.parse().ok()?)
    })?;
    (index_path(number, width) == path).then_some((number, width))
}

impl Node {
    /// The tile that has this subtree's hash or those it is made of, and which of them.
    fn within(&self) -> (Place, std::ops::Range<usize>) {
        let inside = u32::from(self.level % HEIGHT);
        let first = self.index << inside;
        let begin = (first % WIDTH as u64) as usize;
        (Place { level: self.level / HEIGHT, index: first / WIDTH as u64 }, begin..begin + (1 << inside))
    }

    /// The tile to look it up in.
    pub fn place(&self) -> Place {
        self.within().0
    }
}

/// Tiles at hand, from which subtrees are looked up.
#[derive(Debug, Clone, Default)]
pub struct Tiles(BTreeMap<Place, Vec<u8>>);

impl Tiles {
    /// The tiles that the subtrees of these plans are in.
    pub fn needed<'a>(plans: impl IntoIterator<Item = &'a Vec<Node>>) -> BTreeSet<Place> {
        plans.into_iter().flatten().map(Node::place).collect()
    }

    /// The hashes of a tile, one after the other; more of them than a plan asks for do no harm.
    pub fn insert(&mut self, place: Place, hashes: Vec<u8>) {
        self.0.insert(place, hashes);
    }

    /// The hash of a subtree; `None` if its tile is not here or not that wide.
    pub fn hash(&self, node: &Node) -> Option<Digest> {
        let (place, range) = node.within();
        let tile = self.0.get(&place)?;
        let bytes = tile.get(range.start * HASH..range.end * HASH)?;
        complete(&hashes(bytes))
    }

    /// One element of a proof, or a root: the subtrees of a plan, joined.
    pub fn fold(&self, plan: &[Node]) -> Option<Digest> {
        let hashes = plan.iter().map(|node| self.hash(node)).collect::<Option<Vec<_>>>()?;
        Some(fold(&hashes))
    }

    /// All elements of a proof.
    pub fn proof(&self, plan: &[Vec<Node>]) -> Option<Vec<Digest>> {
        plan.iter().map(|element| self.fold(element)).collect()
    }

    /// Whether all tiles of the tree of `size` leaves are here, each is what the tile above says, and the highest have this root.
    pub fn are(&self, size: u64, root: &Digest) -> bool {
        let fits = |tile: Tile| {
            let Some(bytes) = self.0.get(&tile.place).filter(|bytes| bytes.len() >= tile.width * HASH) else { return false };
            let above = Node { level: HEIGHT * (tile.place.level + 1), index: tile.place.index };
            tile.width < WIDTH || complete(&hashes(bytes)).is_some_and(|hash| self.hash(&above) == Some(hash))
        };
        Tile::all(size).into_iter().all(fits) && self.root(size) == Some(*root)
    }

    /// The root of the tree of the first `size` leaves.
    pub fn root(&self, size: u64) -> Option<Digest> {
        self.fold(&root_plan(size))
    }
}

/// The tiles that have to be at hand before leaves at these indexes are put into a tree whose leaves may change ([`put_leaves`]).
pub fn above(indexes: impl IntoIterator<Item = u64>) -> BTreeSet<Place> {
    let of = |index: u64| (0..LEVELS / HEIGHT).map(move |level| Place { level, index: index >> (u32::from(HEIGHT) * (u32::from(level) + 1)) });
    indexes.into_iter().flat_map(of).collect()
}

/// Puts leaves into a tree of tiles, those that are there and, behind them, new ones; what is in `tiles` afterwards is what has to be kept.
/// `None` if a leaf is beyond the end, or a tile is not here.
pub fn put_leaves(tiles: &mut BTreeMap<Place, Vec<u8>>, leaves: &BTreeMap<u64, Digest>) -> Option<()> {
    let mut level = 0;
    let mut changed = leaves.clone();
    while !changed.is_empty() {
        let mut full = BTreeMap::new();
        for (index, hash) in changed {
            let (place, at) = (Place { level, index: index / WIDTH as u64 }, (index % WIDTH as u64) as usize * HASH);
            let bytes = tiles.entry(place).or_default();
            match bytes.len() {
                length if length == at => bytes.extend_from_slice(hash.as_bytes()),
                length if length > at => bytes[at..at + HASH].copy_from_slice(hash.as_bytes()),
                _ => return None,
            }
            if bytes.len() == WIDTH * HASH {
                full.insert(place.index, complete(&hashes(bytes))?);
            }
        }
        changed = full;
        level += 1;
    }
    Some(())
}

/// The hashes in a tile's bytes; what is left over at the end is not looked at.
pub fn hashes(bytes: &[u8]) -> Vec<Digest> {
    bytes.chunks_exact(HASH).map(|hash| Digest::from_bytes(std::array::from_fn(|i| hash[i]))).collect()
}

/// The root of as many hashes as a complete subtree has.
fn complete(hashes: &[Digest]) -> Option<Digest> {
    match hashes {
        [] => None,
        [one] => Some(*one),
        many if many.len().is_power_of_two() => {
            let (left, right) = many.split_at(many.len() / 2);
            Some(super::tree::node_hash(&complete(left)?, &complete(right)?))
        }
        _ => None,
    }
}

/// The right edge of a tree: its partial tiles, which is all that appending needs. Memory does not grow with the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// The partial tile of each level, possibly empty.
    partial: Vec<Vec<u8>>,
}

/// A stored tile is not as wide as the size of the tree demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tile {}/{} does not have the {expected} hashes of its tree", place.level, place.index)]
pub struct WrongWidth {
    pub place: Place,
    pub expected: usize,
}

impl Edge {
    /// The partial tiles of a tree of this size.
    pub fn places(size: u64) -> Vec<Tile> {
        Tile::all_partial(size).collect()
    }

    /// From the tree's size and its partial tiles.
    pub fn of(size: u64, tiles: &BTreeMap<Place, Vec<u8>>) -> Result<Edge, WrongWidth> {
        let mut partial = Vec::new();
        for Tile { place, width } in Tile::all_partial(size) {
            let bytes = tiles.get(&place).filter(|bytes| bytes.len() == width * HASH).ok_or(WrongWidth { place, expected: width })?;
            partial.resize(usize::from(place.level), Vec::new());
            partial.push(bytes.clone());
        }
        Ok(Edge { size, partial })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends leaves and gives every tile that grew, as it is now.
    pub fn append(&mut self, leaves: &[Digest]) -> BTreeMap<Place, Vec<u8>> {
        let mut grown = BTreeMap::new();
        for leaf in leaves {
            self.push(0, *leaf, &mut grown);
            self.size += 1;
        }
        for tile in Tile::all_partial(self.size) {
            let bytes = &self.partial[usize::from(tile.place.level)];
            grown.insert(tile.place, bytes.clone());
        }
        grown
    }

    fn push(&mut self, level: u8, hash: Digest, full: &mut BTreeMap<Place, Vec<u8>>) {
        let at = usize::from(level);
        if self.partial.len() <= at {
            self.partial.resize(at + 1, Vec::new());
        }
        self.partial[at].extend_from_slice(hash.as_bytes());
        if self.partial[at].len() < WIDTH * HASH {
            return;
        }
        let bytes = std::mem::take(&mut self.partial[at]);
        let above = complete(&hashes(&bytes)).expect("256 hashes are a complete subtree");
        full.insert(Place { level, index: self.size >> (u32::from(HEIGHT) * (u32::from(level) + 1)) }, bytes);
        self.push(level + 1, above, full);
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        let mut tiles = Tiles::default();
        for tile in Tile::all_partial(self.size) {
            tiles.insert(tile.place, self.partial[usize::from(tile.place.level)].clone());
        }
        tiles.root(self.size).expect("the subtrees of a root are exactly those of its partial tiles")
    }
}

impl Tile {
    fn all_partial(size: u64) -> impl Iterator<Item = Tile> {
        (0..LEVELS / HEIGHT).filter_map(move |level| {
            let hashes = size >> (u32::from(level) * u32::from(HEIGHT));
            let width = (hashes % WIDTH as u64) as usize;
            (width > 0).then_some(Tile { place: Place { level, index: hashes / WIDTH as u64 }, width })
        })
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// A bundle of entries: each behind its length in two bytes, big end first. `None` if one is longer than 65,535 bytes.
pub fn write_entries<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut bundle = Vec::new();
    for entry in entries {
        bundle.extend_from_slice(&u16::try_from(entry.len()).ok()?.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Some(bundle)
}

/// The entries of a bundle; `None` if it ends within one.
pub fn read_entries(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bundle = rest;
    }
    Some(entries)
}
