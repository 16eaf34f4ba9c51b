//! Four plain words for a hash, printed on a tag so that a person can compare it with a page at a glance.
//!
//! Four words hold 32 bits. That finds a mix-up and an idle copy; it does not stop someone who searches on purpose for a
//! record with the same words. What proves something is the verified bundle.

use crate::digest::Digest;

/// The words for a hash, by its first four bytes, one byte a word: `"lamp river copper owl"`. A tag carries those of the
/// item's first leaf, which never changes.
pub fn phrase(hash: &Digest) -> String {
    let [a, b, c, d, ..] = hash.as_bytes();
    [a, b, c, d].map(|byte| WORDS[usize::from(*byte)]).join(" ")
}

/// Byte n is word n. Printed tags depend on it: never edit.
const WORDS: [&str; 256] = [
    "acacia", "acorn", "actor", "alarm", "album", "amber", "angle", "ankle", "apple", "apron", "arrow", "atlas", "attic", "badge", "bagel", "baker",
    "bamboo", "banjo", "barn", "basil", "basket", "beach", "beaver", "bell", "bench", "berry", "birch", "blanket", "bloom", "boat", "bonnet",
    "bottle", "bowl", "brass", "bread", "brick", "bridge", "broom", "brush", "bucket", "butter", "button", "cabin", "cactus", "camel", "candle",
    "canoe", "carpet", "carrot", "castle", "cedar", "cello", "chain", "chalk", "cherry", "chest", "cider", "circle", "clay", "clock", "cloud",
    "clover", "coat", "cobalt", "comet", "copper", "coral", "cotton", "cousin", "cradle", "crane", "crayon", "cricket", "crown", "cup", "daisy",
    "dancer", "dawn", "desert", "diary", "dinner", "dolphin", "donkey", "door", "dragon", "drum", "duck", "dune", "eagle", "earth", "easel", "echo",
    "elbow", "elm", "ember", "engine", "fabric", "falcon", "feather", "fence", "fern", "fiddle", "field", "fig", "finger", "flame", "flute",
    "forest", "fox", "frost", "galaxy", "garden", "garlic", "ginger", "glacier", "glass", "globe", "glove", "goat", "goose", "grain", "granite",
    "grape", "guitar", "hammer", "harbor", "hat", "hazel", "heron", "hill", "honey", "hood", "horn", "house", "igloo", "indigo", "ink", "iris",
    "iron", "island", "ivory", "ivy", "jacket", "jaguar", "jasmine", "jelly", "jewel", "jungle", "kettle", "key", "kitten", "kiwi", "knee", "knot",
    "ladder", "lake", "lamp", "lantern", "lemon", "letter", "lilac", "lime", "lion", "loom", "lotus", "lumber", "magnet", "mango", "maple", "marble",
    "market", "meadow", "melon", "mint", "mirror", "moon", "moss", "mountain", "napkin", "needle", "nest", "noodle", "nutmeg", "oak", "oasis",
    "ocean", "olive", "onion", "orange", "orchid", "otter", "owl", "paddle", "palm", "panda", "paper", "parrot", "pearl", "pebble", "pencil",
    "pepper", "piano", "pigeon", "pillow", "pine", "planet", "plum", "pocket", "pond", "potato", "pumpkin", "quail", "quartz", "quilt", "rabbit",
    "radish", "rain", "raven", "ribbon", "rice", "river", "robin", "rocket", "rope", "rose", "ruby", "saddle", "salmon", "sand", "scarf", "shell",
    "ship", "silk", "silver", "spoon", "star", "stone", "sugar", "sun", "table", "tailor", "tea", "thread", "tiger", "tulip", "turtle", "umbrella",
    "valley", "velvet", "violin", "walnut", "wheel", "window", "wool", "yarn", "zebra",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_different_short_and_plain() {
        assert!(WORDS.is_sorted_by(|a, b| a < b));
        assert!(WORDS.iter().all(|word| (3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase())));
    }

    #[test]
    fn phrases_do_not_drift() {
        assert_eq!(phrase(&Digest::of(b"abc")), "olive grain beaver owl");
        // The whole list, so that no edit of it goes unseen.
        assert_eq!(Digest::of(WORDS.join("\n").as_bytes()).to_string(), "9x3Xe5VzH4bg-gZD1LxTSeKG3fdMRfk4f-xrwUjS2Qo");
    }
}
