//! Status lists (Bitstring Status List 1.0): one bit per credential in a long row of bits, of which almost all are zero.
//!
//! Index 0 is the highest bit of the first byte (section 3.4). A list is written as multibase base64url of its GZIP (section 2.2).

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::{Value, json};

use super::multibase::{base64, from_base64};
use super::{CONTEXT, CredentialError};
use crate::values::Did;

/// Credentials of one list: the fewest that the standard allows, so that who asks for a list does not tell which one she is after.
pub const LENGTH: usize = 131_072;

/// The bits of one list.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList(Vec<u8>);

impl Default for StatusList {
    fn default() -> Self {
        Self(vec![0; LENGTH / 8])
    }
}

impl StatusList {
    /// Sets a bit; one beyond the list is refused.
    pub fn set(&mut self, index: usize) -> Result<(), CredentialError> {
        let byte = self.0.get_mut(index / 8).ok_or(CredentialError::Shape("the status is beyond its list"))?;
        *byte |= 0x80 >> (index % 8);
        Ok(())
    }

    /// Whether a bit is set; `None` beyond the list.
    pub fn is_set(&self, index: usize) -> Option<bool> {
        self.0.get(index / 8).map(|byte| byte & (0x80 >> (index % 8)) != 0)
    }

    /// The bits themselves, [`LENGTH`] of them: what a list's version is known by.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// `encodedList` (section 2.2, and the algorithm of 3.3).
    pub fn encoded(&self) -> String {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&self.0).expect("memory takes what is written");
        base64(&gzip.finish().expect("memory takes what is written"))
    }

    /// Reads `encodedList` (section 3.4). A list of another length than ours is refused, and no more than that is unpacked.
    pub fn decode(encoded: &str) -> Result<Self, CredentialError> {
        let wrong = CredentialError::Shape("its list is not GZIP of 131,072 bits in multibase");
        let packed = from_base64(encoded).ok_or(wrong.clone())?;
        let mut bytes = Vec::new();
        GzDecoder::new(packed.as_slice()).take(LENGTH as u64 / 8 + 1).read_to_end(&mut bytes).map_err(|_| wrong.clone())?;
        if bytes.len() == LENGTH / 8 { Ok(Self(bytes)) } else { Err(wrong) }
    }

    /// The list as a credential, not yet secured (section 2.2). `id` is its address, `from` an RFC 3339 time.
    pub fn credential(&self, id: &str, issuer: &Did, from: &str) -> Value {
        json!({
            "@context": [CONTEXT],
            "id": id,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": issuer,
            "validFrom": from,
            "credentialSubject": {"id": format!("{id}#list"), "type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": self.encoded()},
        })
    }
}

impl std::fmt::Debug for StatusList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = self.0.iter().map(|byte| byte.count_ones()).sum::<u32>();
        write!(f, "StatusList({set} of {LENGTH} set)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_from_the_left() {
        let mut list = StatusList::default();
        for index in [0, 9, LENGTH - 1] {
            list.set(index).unwrap();
        }
        assert_eq!((list.bytes()[0], list.bytes()[1], list.bytes()[LENGTH / 8 - 1]), (0x80, 0x40, 1));
        let read = StatusList::decode(&list.encoded()).unwrap();
        assert_eq!(read, list);
        assert_eq!([0, 1, 9, LENGTH - 1, LENGTH].map(|index| read.is_set(index)), [Some(true), Some(false), Some(true), Some(true), None]);
        assert!(list.set(LENGTH).is_err());
    }

    #[test]
    fn a_list_of_another_length_is_refused() {
        let packed = |bytes: &[u8]| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(bytes).unwrap();
            base64(&gzip.finish().unwrap())
        };
        assert!(StatusList::decode(&packed(&vec![0; LENGTH / 8])).is_ok());
        for wrong in [packed(&[]), packed(&vec![0; LENGTH / 8 - 1]), packed(&vec![0; LENGTH]), "uAAAA".to_owned(), String::new()] {
            assert!(StatusList::decode(&wrong).is_err());
        }
        assert!(StatusList::default().encoded().len() < 100);
    }
}
