//! What a person may take back: salted digests in the record, the cleartext outside of it.
//!
//! A record commits to a name or a village only by `SHA-256(disclosure)`. The salt comes from the person's own subject
//! key, another one for each event and field, so that one disclosure tells nothing about the next. Deleting the key and
//! the cleartext erases the person from every record; the digests left behind say nothing and every proof still holds.
//! The form of a disclosure is that of SD-JWT (RFC 9901, section 4.2.1), its digest that of section 4.2.3.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::digest::{Digest, base64url, base64url_bytes, from_base64url};
use crate::jcs;
use crate::leaf::{Leaf, MAX_LEAF_BYTES};
use crate::values::{FieldName, ItemUri};

/// Why a text is not a disclosure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    #[error("a disclosure is base64url without padding")]
    Encoding,
    #[error("not the JSON that a disclosure holds: {0}")]
    Json(#[from] jcs::Error),
    #[error("a disclosure holds [salt of 16 bytes in base64url, field name, value] in canonical JSON")]
    Shape,
}

/// The 32 secret random bytes of one person. Erasing them erases her from every record.
#[derive(Clone)]
pub struct SubjectKey([u8; 32]);

impl SubjectKey {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What opens the field `name` of event `seq` of `item`. `index` tells apart several values of one field in one
    /// event (three makers' names: 0, 1, 2). Fails only on a value that [`jcs::canonical`] refuses.
    pub fn disclose(&self, item: &ItemUri, seq: u32, name: &FieldName, index: u32, value: &Value) -> Result<Disclosure, DisclosureError> {
        let salt = self.salt(item, seq, name, index);
        let array = json!([base64url(&salt), name, value]);
        let text = base64url(&jcs::canonical(&array)?);
        Ok(Disclosure { text, name: name.clone(), value: value.clone() })
    }

    /// The first 16 bytes of HMAC-SHA256(subject key, item ‖ "\n" ‖ seq ‖ "\n" ‖ field ‖ "\n" ‖ index) (RFC 2104);
    /// the numbers in decimal. No part can contain a line feed.
    fn salt(&self, item: &ItemUri, seq: u32, name: &FieldName, index: u32) -> [u8; 16] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("{item}\n{seq}\n{name}\n{index}").as_bytes());
        let mut salt = [0; 16];
        salt.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        salt
    }
}

impl std::fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubjectKey(secret)")
    }
}

/// One opened field: base64url(JCS([salt, name, value])). Whoever holds it can read it, so it goes only where its
/// person agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    text: String,
    name: FieldName,
    value: Value,
}

impl Disclosure {
    /// Reads a disclosure and insists on the one canonical spelling of it.
    pub fn parse(text: &str) -> Result<Self, DisclosureError> {
        let bytes = base64url_bytes(text).ok_or(DisclosureError::Encoding)?;
        let array = jcs::parse(&bytes, MAX_LEAF_BYTES)?;
        if jcs::canonical(&array)? != bytes {
            return Err(DisclosureError::Shape);
        }
        let Value::Array(parts) = array else {
            return Err(DisclosureError::Shape);
        };
        let Ok([Value::String(salt), Value::String(name), value]) = <[Value; 3]>::try_from(parts) else {
            return Err(DisclosureError::Shape);
        };
        from_base64url::<16>(&salt).map_err(|_| DisclosureError::Shape)?;
        let name = name.parse().map_err(|_| DisclosureError::Shape)?;
        Ok(Self { text: text.to_owned(), name, value })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn name(&self) -> &FieldName {
        &self.name
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What the record holds in its `sd`: SHA-256 over the characters of the disclosure (RFC 9901, section 4.2.3).
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// Whether the record committed to exactly this.
    pub fn is_in(&self, leaf: &Leaf) -> bool {
        leaf.sd().contains(&self.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::ItemCode;

    fn item() -> ItemUri {
        ItemUri::new("https://example.org/i", &ItemCode::from_random([7; 7])).unwrap()
    }

    fn open(seq: u32, field: &str, index: u32) -> Disclosure {
        let key = SubjectKey::from_bytes([9; 32]);
        key.disclose(&item(), seq, &field.parse().unwrap(), index, &json!("Sita")).unwrap()
    }

    #[test]
    fn reads_back_and_does_not_drift() {
        let one = open(1, "maker_name", 0);
        assert_eq!(Disclosure::parse(one.as_str()), Ok(one.clone()));
        assert_eq!((one.name().as_str(), one.value()), ("maker_name", &json!("Sita")));
        assert_eq!(one.digest().to_string(), "fq520dIw_i2z7VuaQWTgjUEct7rwC7Vp92XWVGF9lUk");
    }

    #[test]
    fn no_two_events_fields_or_people_share_a_salt() {
        let one = open(1, "maker_name", 0);
        for other in [open(2, "maker_name", 0), open(1, "village", 0), open(1, "maker_name", 1), open(11, "maker_name", 0)] {
            assert_ne!(one.digest(), other.digest());
        }
        let other = SubjectKey::from_bytes([8; 32]).disclose(&item(), 1, one.name(), 0, one.value()).unwrap();
        assert_ne!(one.digest(), other.digest());
    }

    #[test]
    fn only_the_canonical_spelling_is_read() {
        let salt = base64url(&[1; 16]);
        let parse = |json: String| Disclosure::parse(&base64url(json.as_bytes()));
        assert!(parse(format!(r#"["{salt}","maker_name","Sita"]"#)).is_ok());
        assert_eq!(parse(format!(r#"["{salt}", "maker_name","Sita"]"#)), Err(DisclosureError::Shape));
        assert_eq!(parse(format!(r#"["{salt}","Maker","Sita"]"#)), Err(DisclosureError::Shape));
        assert_eq!(parse(r#"["c2hvcnQ","maker_name","Sita"]"#.to_owned()), Err(DisclosureError::Shape));
        assert_eq!(parse(format!(r#"["{salt}","maker_name"]"#)), Err(DisclosureError::Shape));
        assert!(matches!(parse(format!(r#"["{salt}","pay",1.5]"#)), Err(DisclosureError::Json(_))));
        assert_eq!(Disclosure::parse("W10="), Err(DisclosureError::Encoding));
    }
}
