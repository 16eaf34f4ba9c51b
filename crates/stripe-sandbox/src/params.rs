//! Form-encoded parameters with nested keys. What no one reads is refused, as Stripe refuses it.

use std::collections::BTreeMap;

use actix_web::web::Query;
use serde_json::{Value, json};

use crate::error::ApiError;

/// Stripe's bounds on metadata.
const METADATA_KEYS: usize = 50;
const METADATA_KEY_LENGTH: usize = 40;
const METADATA_VALUE_LENGTH: usize = 500;

/// The parameters of one request, by full key (`line_items[0][quantity]`). Reading takes them out; [`Params::finish`] refuses the rest.
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    pub fn parse(encoded: &str) -> Result<Params, ApiError> {
        let pairs = Query::<Vec<(String, String)>>::from_query(encoded)
            .map_err(|_| ApiError::invalid(None, "The request is not form-encoded.", None))?
            .into_inner();
        let mut values = BTreeMap::new();
        for (key, value) in pairs {
            let key = match key.strip_suffix("[]") {
                Some(list) => (0..).map(|i| format!("{list}[{i}]")).find(|k| !values.contains_key(k)).unwrap_or(key),
                None => key,
            };
            values.insert(key, value);
        }
        Ok(Params(values))
    }

    /// Everything, in an order of its own: equal requests have equal fingerprints however they were written.
    pub fn fingerprint(&self) -> String {
        self.0.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
    }

    pub fn text(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    pub fn required(&mut self, key: &str) -> Result<String, ApiError> {
        self.text(key).filter(|value| !value.is_empty()).ok_or_else(|| ApiError::missing(key))
    }

    pub fn integer(&mut self, key: &str) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.text(key) else {
            return Ok(None);
        };
        let invalid = || ApiError::invalid(Some("parameter_invalid_integer"), format!("Invalid integer: {value}"), Some(key));
        value.parse().map(Some).map_err(|_| invalid())
    }

    /// An amount or a count, at least `least`.
    pub fn at_least(&mut self, key: &str, least: i64) -> Result<Option<i64>, ApiError> {
        match self.integer(key)? {
            Some(value) if value < least => {
                let message = format!("This value must be greater than or equal to {least}.");
                Err(ApiError::invalid(Some("parameter_invalid_integer"), message, Some(key)))
            }
            value => Ok(value),
        }
    }

    pub fn required_at_least(&mut self, key: &str, least: i64) -> Result<i64, ApiError> {
        self.at_least(key, least)?.ok_or_else(|| ApiError::missing(key))
    }

    pub fn boolean(&mut self, key: &str) -> Result<Option<bool>, ApiError> {
        match self.text(key).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(ApiError::invalid(None, format!("Invalid boolean: {other}"), Some(key))),
        }
    }

    pub fn choice(&mut self, key: &str, allowed: &[&str]) -> Result<Option<String>, ApiError> {
        match self.text(key) {
            Some(value) if !allowed.contains(&value.as_str()) => {
                Err(ApiError::invalid(None, format!("Invalid {key}: must be one of {}", allowed.join(", ")), Some(key)))
            }
            value => Ok(value),
        }
    }

    /// A currency, three lower-case letters.
    pub fn currency(&mut self, key: &str) -> Result<String, ApiError> {
        let value = self.required(key)?.to_ascii_lowercase();
        if value.len() == 3 && value.bytes().all(|b| b.is_ascii_lowercase()) {
            return Ok(value);
        }
        Err(ApiError::invalid(None, format!("Invalid currency: {value}."), Some(key)))
    }

    /// An absolute http or https address.
    pub fn url(&mut self, key: &str) -> Result<Option<String>, ApiError> {
        match self.text(key) {
            Some(value) if !(value.starts_with("https://") || value.starts_with("http://")) => {
                Err(ApiError::invalid(Some("url_invalid"), "Not a valid URL", Some(key)))
            }
            value => Ok(value),
        }
    }

    pub fn required_url(&mut self, key: &str) -> Result<String, ApiError> {
        self.url(key)?.ok_or_else(|| ApiError::missing(key))
    }

    /// An address, if any part of one is given.
    pub fn address(&mut self, key: &str) -> Option<Value> {
        let parts = ["city", "country", "line1", "line2", "postal_code", "state"].map(|name| (name, self.text(&format!("{key}[{name}]"))));
        let given = parts.iter().any(|(_, part)| part.is_some());
        given.then(|| parts.into_iter().map(|(name, part)| (name.to_owned(), json!(part))).collect())
    }

    /// Where something is sent, if that is given.
    pub fn shipping(&mut self, key: &str) -> Option<Value> {
        let (name, phone) = (self.text(&format!("{key}[name]")), self.text(&format!("{key}[phone]")));
        let address = self.address(&format!("{key}[address]"));
        name.map(|name| json!({"address": address, "carrier": null, "name": name, "phone": phone, "tracking_number": null}))
    }

    /// Ways to pay, of those that the sandbox plays.
    pub fn method_types(&mut self, key: &str) -> Result<Option<Vec<String>>, ApiError> {
        let listed = self.list(key);
        match listed.iter().find(|kind| !matches!(kind.as_str(), "card" | "sepa_debit")) {
            Some(kind) => Err(ApiError::invalid(None, format!("The sandbox plays card and sepa_debit, not {kind}."), Some(key))),
            None => Ok((!listed.is_empty()).then_some(listed)),
        }
    }

    /// The values of `key[0]`, `key[1]`, …
    pub fn list(&mut self, key: &str) -> Vec<String> {
        (0..).map_while(|i| self.text(&format!("{key}[{i}]"))).collect()
    }

    /// Whether anything is given under `key[…]`.
    pub fn has(&self, key: &str) -> bool {
        let prefix = format!("{key}[");
        self.0.range(prefix.clone()..).next().is_some_and(|(k, _)| k.starts_with(&prefix))
    }

    /// The pairs of `key[name]=value`, within Stripe's bounds.
    pub fn metadata(&mut self, key: &str) -> Result<BTreeMap<String, String>, ApiError> {
        let prefix = format!("{key}[");
        let names: Vec<String> = self.0.keys().filter(|k| k.starts_with(&prefix)).cloned().collect();
        let mut metadata = BTreeMap::new();
        for full in names {
            let name = full[prefix.len()..].strip_suffix(']').unwrap_or_default().to_owned();
            let value = self.text(&full).unwrap_or_default();
            if name.is_empty() || name.contains(['[', ']']) || name.chars().count() > METADATA_KEY_LENGTH {
                return Err(ApiError::invalid(None, "Metadata keys are 1 to 40 characters without brackets.", Some(key)));
            }
            if value.chars().count() > METADATA_VALUE_LENGTH {
                return Err(ApiError::invalid(None, "Metadata values can have up to 500 characters.", Some(&full)));
            }
            metadata.insert(name, value);
        }
        if metadata.len() > METADATA_KEYS {
            return Err(ApiError::invalid(None, "Metadata can have up to 50 keys.", Some(key)));
        }
        Ok(metadata)
    }

    /// Refuses whatever was not read. Called before anything changes.
    pub fn finish(&self) -> Result<(), ApiError> {
        match self.0.keys().next() {
            Some(key) => Err(ApiError::invalid(Some("parameter_unknown"), format!("Received unknown parameter: {key}"), Some(key))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_keys_lists_and_metadata_are_read_and_the_rest_is_refused() {
        let mut p = Params::parse("a[0][b]=5&expand[]=x&expand[]=y&metadata[k]=v%26w&rest=1").unwrap();
        assert!(p.has("a"));
        assert_eq!(p.integer("a[0][b]"), Ok(Some(5)));
        assert!(!p.has("a"));
        assert_eq!(p.list("expand"), ["x", "y"]);
        assert_eq!(p.metadata("metadata").unwrap()["k"], "v&w");
        assert_eq!(p.finish().unwrap_err().param.as_deref(), Some("rest"));
        assert_eq!(p.text("rest").as_deref(), Some("1"));
        assert_eq!(p.finish(), Ok(()));
    }

    #[test]
    fn order_does_not_change_a_request() {
        let of = |text| Params::parse(text).unwrap().fingerprint();
        assert_eq!(of("a=1&b=2"), of("b=2&a=1"));
        assert_ne!(of("a=1&b=2"), of("a=1&b=3"));
    }
}
