//! How keys and signatures are written in credentials: multibase (Controlled Identifiers 1.0, section 2.4) with base58btc (`z`) and
//! base64url (`u`), and Multikeys (section 2.2.2).

use crate::digest::{base64url, base64url_bytes};

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Decoding takes time that grows with the square: nothing here is longer than a signature.
const MAX_LETTERS: usize = 128;
/// The multicodec of Ed25519 public keys, 0xed as a variable-length integer.
const ED25519: [u8; 2] = [0xed, 0x01];

/// `z` and base58btc.
pub fn base58(bytes: &[u8]) -> String {
    let mut digits: Vec<u8> = Vec::with_capacity(bytes.len() * 138 / 100 + 1);
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let letters = std::iter::repeat_n(0, zeros).chain(digits.into_iter().rev()).map(|digit| char::from(ALPHABET[usize::from(digit)]));
    std::iter::once('z').chain(letters).collect()
}

/// What [`base58`] wrote; `None` for anything else, and for more than 128 letters.
pub fn from_base58(text: &str) -> Option<Vec<u8>> {
    let letters = text.strip_prefix('z').filter(|letters| letters.len() <= MAX_LETTERS)?;
    let mut bytes: Vec<u8> = Vec::new();
    for letter in letters.bytes() {
        let mut carry = ALPHABET.iter().position(|known| *known == letter)? as u32;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push((carry & 0xff) as u8);
            carry >>= 8;
        }
    }
    let zeros = letters.bytes().take_while(|letter| *letter == b'1').count();
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
}

/// `u` and unpadded base64url.
pub fn base64(bytes: &[u8]) -> String {
    format!("u{}", base64url(bytes))
}

/// What [`base64`] wrote, and nothing else.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    base64url_bytes(text.strip_prefix('u')?)
}

/// An Ed25519 public key as `publicKeyMultibase` has it: `z6Mk…`.
pub fn multikey(public: &[u8; 32]) -> String {
    base58(&[ED25519.as_slice(), public].concat())
}

/// What [`multikey`] wrote; `None` for keys of other kinds.
pub fn from_multikey(text: &str) -> Option<[u8; 32]> {
    from_base58(text)?.strip_prefix(&ED25519)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// draft-msporny-base58-03, section 5, and the key of the W3C's eddsa-jcs-2022 example.
    #[test]
    fn known_texts() {
        assert_eq!(base58(b"Hello World!"), "z2NEpo7TZRRrLZSi2U");
        assert_eq!(base58(&[0, 0, 0x28, 0x7f, 0xb4, 0xcd]), "z11233QC4");
        let text = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
        assert_eq!(multikey(&from_multikey(text).unwrap()), text);
        for wrong in ["", "z0", "zI", "6Mk", "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ", "uAAAA"] {
            assert_eq!(from_multikey(wrong), None, "{wrong}");
        }
        assert_eq!(from_base58(&format!("z{}", "2".repeat(MAX_LETTERS + 1))), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(from_base58(&base58(&bytes)), Some(bytes.clone()));
            prop_assert_eq!(from_base64(&base64(&bytes)), Some(bytes));
        }
    }
}
