//! Stripe's request encoding: `application/x-www-form-urlencoded` with nested keys, such as `line_items[0][price_data][currency]=eur`.

use crate::Metadata;

/// A form under construction. Fields keep the order in which they are added, so equal requests have equal bytes.
#[derive(Default)]
pub(crate) struct Form(String);

impl Form {
    pub(crate) fn new() -> Form {
        Form::default()
    }

    pub(crate) fn set(mut self, key: &str, value: impl std::fmt::Display) -> Form {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        encode(&mut self.0, key, true);
        self.0.push('=');
        encode(&mut self.0, &value.to_string(), false);
        self
    }

    /// Leaves the field out when there is none: an empty value would mean "unset it" to Stripe.
    pub(crate) fn set_some(self, key: &str, value: Option<impl std::fmt::Display>) -> Form {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    pub(crate) fn metadata(self, key: &str, metadata: &Metadata) -> Form {
        metadata.iter().fold(self, |form, (name, value)| form.set(&format!("{key}[{name}]"), value))
    }

    /// Asks for linked objects in full instead of by id.
    pub(crate) fn expand(self, paths: &[&str]) -> Form {
        paths.iter().enumerate().fold(self, |form, (i, path)| form.set(&format!("expand[{i}]"), path))
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// One part of a path, so that an id can never reach into another path.
pub(crate) fn segment(id: &str) -> String {
    let mut encoded = String::with_capacity(id.len());
    // "." and ".." would be resolved away by the URL parser; no Stripe id holds a dot.
    encode(&mut encoded, &id.replace('.', ""), false);
    if encoded.is_empty() { "-".to_owned() } else { encoded }
}

/// Percent-encodes all but unreserved characters; `brackets` stay readable in keys, where they are the nesting.
fn encode(out: &mut String, text: &str, brackets: bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b'[' | b']' if brackets => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_nest_and_values_are_escaped() {
        let metadata = Metadata::from([("order".to_owned(), "é&=".to_owned())]);
        let body = Form::new().set("a[0][b]", 5).set_some("none", None::<&str>).metadata("metadata", &metadata).expand(&["x.y"]);
        assert_eq!(body.finish(), "a[0][b]=5&metadata[order]=%C3%A9%26%3D&expand[0]=x.y");
    }

    #[test]
    fn an_id_stays_inside_its_part_of_the_path() {
        assert_eq!(segment("re_1"), "re_1");
        assert_eq!(segment("../balance?x"), "%2Fbalance%3Fx");
        assert_eq!(segment(".."), "-");
    }
}
