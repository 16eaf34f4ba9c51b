//! Where a parcel goes, and a mail. Pure.
use crate::problem::FieldError;

/// One name field: many people have one name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    #[schema(example = "Asha Brandt")]
    pub name: String,
    pub phone: Option<String>,
    #[schema(example = "Lindenweg 4")]
    pub line1: String,
    pub line2: Option<String>,
    pub landmark: Option<String>,
    #[schema(example = "Freiburg")]
    pub city: String,
    pub district: Option<String>,
    /// ISO 3166-2.
    pub region: Option<String>,
    #[schema(example = "79100")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub country: String,
}
const MAX_ADDRESS_FIELD: usize = 200;
impl Address {
    pub fn check(&self, at: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut need = |field: &str, value: &str| {
            let length = value.trim().chars().count();
            if length == 0 || length > MAX_ADDRESS_FIELD {
                errors.push(FieldError::new(format!("{at}/{field}"), "length", format!("1 to {MAX_ADDRESS_FIELD} characters")));
            }
        };
        need("name", &self.name);
        need("line1", &self.line1);
        need("city", &self.city);
        if !is_country(&self.country) {
            errors.push(FieldError::new(format!("{at}/country"), "unknown", "two capital letters, as DE"));
        }
        errors
    }
}
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}
/// Good enough to catch a slip; whether it exists only a mail can tell.
pub fn is_email(text: &str) -> bool {
    let plain = text.len() <= 254 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    plain
        && text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && !host.contains('@')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_mail() {
        assert!(is_email("asha@shop.example"));
        for wrong in ["", "a", "a@b", "@b.c", "a b@c.d", "a@b.c\r\nBcc: x@y.z", "a@@b.c", "a@.c"] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }
}
