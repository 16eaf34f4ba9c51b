//! The Merkle tree of RFC 6962, section 2.1: which stored hashes a root or proof is made of, and checking what was made.
//!
//! Making is split in two, because hashes live in a database and this crate does no I/O: a plan names complete subtrees
//! ([`Node`]), whoever has them looks them up, and [`fold`] joins them. Checking needs nothing but the proof.

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// A complete subtree: it covers the 2^`level` leaves from `index` · 2^`level` on. A leaf is one of level 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    pub level: u8,
    pub index: u64,
}

/// SHA-256(0x01 ‖ left ‖ right): an inner node (RFC 6962, section 2.1).
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::from_bytes(Sha256::new().chain_update([1]).chain_update(left.as_bytes()).chain_update(right.as_bytes()).finalize().into())
}

/// The root of a tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1).
pub fn empty_root() -> Digest {
    Digest::of(b"")
}

/// The subtrees whose [`fold`] is the root of a tree of `size` leaves; none for an empty tree.
pub fn root_plan(size: u64) -> Vec<Node> {
    cover(0, size)
}

/// The proof that leaf `index` is in a tree of `size` leaves: per element the subtrees to [`fold`], from the leaf's sibling
/// up (RFC 6962, section 2.1.1). `None` if there is no such leaf.
pub fn inclusion_plan(index: u64, size: u64) -> Option<Vec<Vec<Node>>> {
    if index >= size {
        return None;
    }
    let (mut begin, mut end, mut down) = (0, size, Vec::new());
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            down.push(cover(middle, end));
            end = middle;
        } else {
            down.push(cover(begin, middle));
            begin = middle;
        }
    }
    down.reverse();
    Some(down)
}

/// The proof that a tree of `old` leaves is the beginning of one of `new` (RFC 6962, section 2.1.2). Empty if they are the
/// same size or the old one is empty; `None` if the old one is larger.
pub fn consistency_plan(old: u64, new: u64) -> Option<Vec<Vec<Node>>> {
    if old > new {
        return None;
    }
    if old == 0 || old == new {
        return Some(Vec::new());
    }
    // Whether the old tree's own root is the subtree we stand on: then the checker has it already.
    let (mut begin, mut end, mut own, mut down) = (0, new, true, Vec::new());
    while old != end {
        let middle = begin + split(end - begin);
        if old <= middle {
            down.push(cover(middle, end));
            end = middle;
        } else {
            down.push(cover(begin, middle));
            (begin, own) = (middle, false);
        }
    }
    if !own {
        down.push(cover(begin, end));
    }
    down.reverse();
    Some(down)
}

/// Joins neighbouring subtrees, largest first, as a tree that is not complete has them; the root of nothing for none.
pub fn fold(hashes: &[Digest]) -> Digest {
    let mut from_right = hashes.iter().rev();
    let Some(last) = from_right.next() else {
        return empty_root();
    };
    from_right.fold(*last, |right, left| node_hash(left, &right))
}

/// Whether `path` proves that `leaf` is the leaf `index` of the tree with this `size` and `root` (RFC 9162, section
/// 2.1.3.2).
pub fn verify_inclusion(leaf: &Digest, index: u64, size: u64, path: &[Digest], root: &Digest) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether `path` proves that the tree (`old`, `old_root`) is the beginning of (`new`, `new_root`) (RFC 9162, section
/// 2.1.4.2). The empty tree is the beginning of every tree.
pub fn verify_consistency(old: u64, old_root: &Digest, new: u64, new_root: &Digest, path: &[Digest]) -> bool {
    if old == 0 || old >= new {
        let begins = if old == new { old_root == new_root } else { old == 0 && *old_root == empty_root() };
        return begins && path.is_empty();
    }
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    // An old tree that is complete is a subtree of the new one: its root stands in for the first element.
    let (first, rest) = match path.split_first() {
        _ if old.is_power_of_two() => (*old_root, path),
        Some((first, rest)) => (*first, rest),
        None => return false,
    };
    let (mut of_old, mut of_new) = (first, first);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            (of_old, of_new) = (node_hash(hash, &of_old), node_hash(hash, &of_new));
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            of_new = node_hash(&of_new, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && of_old == *old_root && of_new == *new_root
}

/// The largest power of two below `n`, for `n` of at least 2.
fn split(n: u64) -> u64 {
    1 << (u64::BITS - 1 - (n - 1).leading_zeros())
}

/// The complete subtrees of the leaves from `begin` to before `end`, largest first. `begin` is where a split put it, so it
/// is a multiple of the largest of them.
fn cover(begin: u64, end: u64) -> Vec<Node> {
    let (mut at, mut nodes) = (begin, Vec::new());
    while at < end {
        let level = u64::BITS - 1 - (end - at).leading_zeros();
        nodes.push(Node { level: u8::try_from(level).unwrap_or(u8::MAX), index: at >> level });
        at += 1 << level;
    }
    nodes
}
