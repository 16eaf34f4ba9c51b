//! Roots and proofs against RFC 6962's definitions, and what a checker must refuse.
use passport::Digest;
use passport::log::tree::{self, consistency_plan, empty_root, inclusion_plan, node_hash, verify_consistency, verify_inclusion};
use passport::log::{Edge, Tiles};

/// RFC 6962, section 2.1, as it is written there.
fn mth(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(half(leaves.len()));
            node_hash(&mth(left), &mth(right))
        }
    }
}
fn half(n: usize) -> usize {
    (0..).map(|i| 1 << i).take_while(|k| *k < n).last().unwrap()
}
/// Section 2.1.1.
fn path(m: usize, leaves: &[Digest]) -> Vec<Digest> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = half(leaves.len());
    let (left, right) = leaves.split_at(k);
    if m < k { [path(m, left), vec![mth(right)]].concat() } else { [path(m - k, right), vec![mth(left)]].concat() }
}
/// Section 2.1.2.
fn subproof(m: usize, leaves: &[Digest], whole: bool) -> Vec<Digest> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = half(leaves.len());
    let (left, right) = leaves.split_at(k);
    if m <= k { [subproof(m, left, whole), vec![mth(right)]].concat() } else { [subproof(m - k, right, false), vec![mth(left)]].concat() }
}

pub fn leaves(n: usize) -> Vec<Digest> {
    (0..n).map(|i| Digest::of_leaf(i.to_string().as_bytes())).collect()
}
/// A tree of these leaves, kept as tiles.
pub fn tiles(leaves: &[Digest]) -> Tiles {
    let mut tiles = Tiles::default();
    for (place, bytes) in Edge::default().append(leaves) {
        tiles.insert(place, bytes);
    }
    tiles
}
fn changed(hash: &Digest) -> Digest {
    let mut bytes = *hash.as_bytes();
    bytes[31] ^= 1;
    Digest::from_bytes(bytes)
}

/// The eight leaves and the roots over the first one to eight of them that implementations of RFC 6962 share as test data.
#[test]
fn published_roots() {
    let entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let byte = |text: &str, at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    let mut edge = Edge::default();
    for (entry, root) in entries.iter().zip(roots) {
        let bytes: Vec<u8> = (0..entry.len()).step_by(2).map(|at| byte(entry, at)).collect();
        edge.append(&[Digest::of_leaf(&bytes)]);
        let hex: String = edge.root().as_bytes().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, root);
    }
}

/// All sizes around the widths of tiles: the root, and the proof of some leaves, are what the RFC says.
#[test]
fn roots_and_proofs_are_those_of_the_definition() {
    for size in (1..=70).chain([255, 256, 257, 511, 512, 513, 700]) {
        let leaves = leaves(size);
        let (tiles, root) = (tiles(&leaves), mth(&leaves));
        assert_eq!(tiles.root(size as u64), Some(root), "{size}");
        for index in (0..size).filter(|i| size < 20 || i % 17 == 0 || i + 2 > size) {
            let proof = tiles.proof(&inclusion_plan(index as u64, size as u64).unwrap()).unwrap();
            assert_eq!(proof, path(index, &leaves), "{index} of {size}");
            assert!(verify_inclusion(&leaves[index], index as u64, size as u64, &proof, &root));
        }
        for old in (1..=size).filter(|old| size < 20 || old % 23 == 0 || old.is_power_of_two()) {
            let proof = tiles.proof(&consistency_plan(old as u64, size as u64).unwrap()).unwrap();
            assert_eq!(proof, subproof(old, &leaves, true), "{old} of {size}");
            assert!(verify_consistency(old as u64, &mth(&leaves[..old]), size as u64, &root, &proof), "{old} of {size}");
        }
    }
}

#[test]
fn a_wrong_proof_of_inclusion_is_refused() {
    for size in 1..=40_usize {
        let leaves = leaves(size);
        let (tiles, root) = (tiles(&leaves), mth(&leaves));
        for index in 0..size {
            let proof = tiles.proof(&inclusion_plan(index as u64, size as u64).unwrap()).unwrap();
            let holds = |leaf: &Digest, index: usize, size: usize, path: &[Digest], root: &Digest| {
                verify_inclusion(leaf, index as u64, size as u64, path, root)
            };
            for other in (0..size + 2).filter(|other| *other != index) {
                assert!(!holds(&leaves[index], other, size, &proof, &root), "{index} as {other} of {size}");
            }
            assert!(!holds(&changed(&leaves[index]), index, size, &proof, &root));
            assert!(!holds(&leaves[index], index, size, &proof, &changed(&root)));
            assert!(!holds(&leaves[index], index, 0, &proof, &root));
            for at in 0..proof.len() {
                let mut wrong = proof.clone();
                wrong[at] = changed(&wrong[at]);
                assert!(!holds(&leaves[index], index, size, &wrong, &root));
                wrong.remove(at);
                assert!(!holds(&leaves[index], index, size, &wrong, &root));
            }
            for extra in [root, leaves[0], empty_root()] {
                assert!(!holds(&leaves[index], index, size, &[proof.clone(), vec![extra]].concat(), &root));
                assert!(!holds(&leaves[index], index, size, &[vec![extra], proof.clone()].concat(), &root));
            }
        }
    }
}

#[test]
fn a_tree_that_was_rewritten_is_not_the_beginning() {
    for size in 2..=40_usize {
        let leaves = leaves(size);
        let (tiles, root) = (tiles(&leaves), mth(&leaves));
        for old in 1..size {
            let (old_root, proof) = (mth(&leaves[..old]), tiles.proof(&consistency_plan(old as u64, size as u64).unwrap()).unwrap());
            let holds = |old: usize, old_root: &Digest, size: usize, root: &Digest, path: &[Digest]| {
                verify_consistency(old as u64, old_root, size as u64, root, path)
            };
            assert!(!holds(old, &changed(&old_root), size, &root, &proof));
            assert!(!holds(old, &old_root, size, &changed(&root), &proof));
            assert!(!holds(size, &root, old, &old_root, &proof), "a log does not shrink");
            assert!(!holds(old, &old_root, size, &root, &[]) || proof.is_empty());
            for at in 0..proof.len() {
                let mut wrong = proof.clone();
                wrong[at] = changed(&wrong[at]);
                assert!(!holds(old, &old_root, size, &root, &wrong));
                wrong.truncate(at);
                assert!(!holds(old, &old_root, size, &root, &wrong));
            }
            assert!(!holds(old, &old_root, size, &root, &[proof.clone(), vec![root]].concat()));
            // One leaf of the old part was another once.
            let mut rewritten = leaves.clone();
            rewritten[old - 1] = changed(&rewritten[old - 1]);
            assert!(!holds(old, &mth(&rewritten[..old]), size, &root, &proof));
        }
    }
}

#[test]
fn empty_and_equal_trees() {
    let root = mth(&leaves(5));
    assert!(verify_consistency(0, &empty_root(), 5, &root, &[]) && verify_consistency(0, &empty_root(), 0, &empty_root(), &[]));
    assert!(verify_consistency(5, &root, 5, &root, &[]));
    assert!(!verify_consistency(5, &root, 5, &changed(&root), &[]) && !verify_consistency(5, &root, 5, &root, &[root]));
    assert!(!verify_consistency(0, &root, 5, &root, &[]) && !verify_consistency(0, &empty_root(), 5, &root, &[root]));
    assert!(!verify_consistency(0, &empty_root(), 0, &root, &[]));
    assert_eq!((inclusion_plan(5, 5), consistency_plan(6, 5)), (None, None));
    assert_eq!(tree::root_plan(0), []);
}
