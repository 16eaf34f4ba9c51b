//! Codes that people read from a tag, type and say: Crockford's base 32 (no I, L, O, U) with a check character.
//!
//! - An **item code** is public: 11 random characters (55 bits) and a check, `7K3M-9QXW-2BCV`.
//! - A **claim code** is a secret under a scratch field: 19 random characters (95 bits) and a check, in five groups of
//!   four. Records hold only its SHA-256; at 95 bits nobody finds the code from it.
//!
//! Reading forgives case, spaces and hyphens, O for 0, I and L for 1. The check character makes the polynomial of all
//! characters over GF(2⁵) (x⁵ + x² + 1) vanish at its generator, which finds every single wrong character and every
//! swap of two, wherever they are; 31 of 32 of all other mistakes too.

use crate::digest::Digest;

/// A code that cannot be one, and where the reader stumbled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    #[error("a code has {expected} letters and digits, this one has {found}")]
    Length { expected: usize, found: usize },
    #[error("{found:?} is never part of a code")]
    Character { found: char },
    #[error("the last character does not fit the others: one of them was probably misread or swapped")]
    Check,
}

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of an item code, the check included.
const ITEM_LENGTH: usize = 12;
/// Characters of a claim code, the check included. Both are shorter than 31, the period of the check.
const CLAIM_LENGTH: usize = 20;

/// The public code of an item or a batch. Prints as `XXXX-XXXX-XXXX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemCode([u8; ITEM_LENGTH]);

impl ItemCode {
    /// From 56 random bits, of which 55 are used.
    pub fn from_random(random: [u8; 7]) -> Self {
        Self(encode(&random))
    }
}

/// The secret that lets its finder claim an item. Prints as five groups of four; keep it out of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimCode([u8; CLAIM_LENGTH]);

impl ClaimCode {
    /// From 96 random bits, of which 95 are used.
    pub fn from_random(random: [u8; 12]) -> Self {
        Self(encode(&random))
    }

    /// What the item's first record commits to: SHA-256 of the 20 characters in capitals, without hyphens.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl std::fmt::Debug for ClaimCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClaimCode(secret)")
    }
}

macro_rules! printed_in_groups {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                for (at, &character) in self.0.iter().enumerate() {
                    let hyphen = if at > 0 && at % 4 == 0 { "-" } else { "" };
                    write!(f, "{hyphen}{}", char::from(character))?;
                }
                Ok(())
            }
        }

        impl std::str::FromStr for $name {
            type Err = CodeError;

            fn from_str(text: &str) -> Result<Self, CodeError> {
                decode(text).map(Self)
            }
        }
    };
}

printed_in_groups!(ItemCode);
printed_in_groups!(ClaimCode);

/// The first bits of `random`, five to a character, and the check character.
fn encode<const N: usize>(random: &[u8]) -> [u8; N] {
    let bit = |at: usize| (random[at / 8] >> (7 - at % 8)) & 1;
    let mut digits = [0; N];
    for (place, digit) in digits[..N - 1].iter_mut().enumerate() {
        *digit = (0..5).fold(0, |value, offset| value << 1 | bit(place * 5 + offset));
    }
    digits[N - 1] = checksum(&digits);
    digits.map(|digit| ALPHABET[usize::from(digit)])
}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], CodeError> {
    let mut digits = [0; N];
    let mut found = 0;
    for character in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let digit = digit_of(character).ok_or(CodeError::Character { found: character })?;
        if let Some(place) = digits.get_mut(found) {
            *place = digit;
        }
        found += 1;
    }
    if found != N {
        return Err(CodeError::Length { expected: N, found });
    }
    if checksum(&digits) != 0 {
        return Err(CodeError::Check);
    }
    Ok(digits.map(|digit| ALPHABET[usize::from(digit)]))
}

fn digit_of(character: char) -> Option<u8> {
    let plain = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET.iter().position(|&known| char::from(known) == plain)?;
    u8::try_from(place).ok()
}

/// The digits as a polynomial over GF(2⁵), evaluated at the generator by Horner's rule. Zero for a whole code; with the
/// last digit still zero, it is the check digit itself (addition is XOR).
fn checksum(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |sum, digit| times_generator(sum) ^ digit)
}

/// Times x, reduced by x⁵ + x² + 1.
fn times_generator(element: u8) -> u8 {
    match element & 0b1_0000 {
        0 => element << 1,
        _ => (element << 1 & 0b1_1111) ^ 0b0_0101,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reading_is_forgiving() {
        let code = ItemCode::from_random([0x08, 0x42, 0x10, 0x84, 0x21, 0x08, 0x42]);
        let text = code.to_string();
        assert_eq!(text, "1111-1111-1114");
        for typed in ["iIlL-1111-1114", " 1111 1111 1114 ", "111111111114", "1-1-1-1-11111114"] {
            assert_eq!(typed.parse(), Ok(code), "{typed}");
        }
        let zeros = ItemCode::from_random([0; 7]);
        assert_eq!("OOOO-oooo-0000".parse(), Ok(zeros));
    }

    #[test]
    fn errors_say_what_is_wrong() {
        assert_eq!("1111-1111-111U".parse::<ItemCode>(), Err(CodeError::Character { found: 'U' }));
        assert_eq!("1111-1111-111".parse::<ItemCode>(), Err(CodeError::Length { expected: 12, found: 11 }));
        assert_eq!("1111-1111-1111-1".parse::<ItemCode>(), Err(CodeError::Length { expected: 12, found: 13 }));
        assert_eq!("1111-1111-1112".parse::<ItemCode>(), Err(CodeError::Check));
        assert!("".parse::<ItemCode>().is_err());
    }

    /// So that tags printed today are read for ever.
    #[test]
    fn codes_do_not_drift() {
        assert_eq!(ItemCode::from_random([0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde]).to_string(), "28T5-CY4T-QKFD");
        let claim = ClaimCode::from_random([0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x11, 0x22, 0x33, 0x44]);
        assert_eq!(claim.to_string(), "28T5-CY4T-QKFF-0492-6D2T");
        assert_eq!(claim.digest().to_string(), "6ZjE8dN0GH3Nw5fqiRR-bL0u3V1X6pXRoecPJyIptzQ");
        assert_eq!(format!("{claim:?}"), "ClaimCode(secret)");
    }

    proptest! {
        #[test]
        fn printed_codes_read_back(random: [u8; 7], secret: [u8; 12]) {
            let (item, claim) = (ItemCode::from_random(random), ClaimCode::from_random(secret));
            prop_assert_eq!(item.to_string().parse(), Ok(item));
            prop_assert!(claim.to_string().to_lowercase().parse() == Ok(claim));
        }

        #[test]
        fn every_wrong_character_and_every_swap_is_found(random: [u8; 7], secret: [u8; 12]) {
            for (code, check) in [
                (ItemCode::from_random(random).to_string(), (|text: &str| text.parse::<ItemCode>().is_err()) as fn(&str) -> bool),
                (ClaimCode::from_random(secret).to_string(), |text: &str| text.parse::<ClaimCode>().is_err()),
            ] {
                let plain: Vec<u8> = code.bytes().filter(|b| *b != b'-').collect();
                for at in 0..plain.len() {
                    for &other in ALPHABET.iter().filter(|&&other| other != plain[at]) {
                        let mut wrong = plain.clone();
                        wrong[at] = other;
                        prop_assert!(check(std::str::from_utf8(&wrong).unwrap()));
                    }
                    for with in (0..at).filter(|&with| plain[with] != plain[at]) {
                        let mut wrong = plain.clone();
                        wrong.swap(at, with);
                        prop_assert!(check(std::str::from_utf8(&wrong).unwrap()));
                    }
                }
            }
        }
    }
}
