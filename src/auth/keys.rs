//! API keys: publishable ones say from which origins a shop sells; secret ones act, within their scopes.
//!
//! - A key is shown once and kept as a hash; what is listed is its last four characters.
//! - A revoked key is refused on the next request. Who loses her role loses the secret keys that she made: she has seen them.
use serde_json::json;

use super::{
    invitations::Inviter,
    model::Error,
    scopes,
    store::keys::{self as store, ApiKey},
};
use crate::{
    audit::{self, Act},
    clock::Time,
    db::Tx,
    ids::{ApiKeyId, CoopId},
    problem::FieldError,
    secrets::Token,
};

text_enum! {
    /// A publishable key may be seen by anyone; a secret one is a password.
    pub enum KeyKind { Publishable = "publishable", Secret = "secret" }
}
/// What a secret key begins with.
const SECRET: &str = "sk";
/// What a publishable key begins with.
const PUBLISHABLE: &str = "pk";
/// More shops than that are several keys.
const MAX_ORIGINS: usize = 20;

/// What is wanted of a new key.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub kind: KeyKind,
    pub name: String,
    pub scopes: Vec<String>,
    pub allowed_origins: Vec<String>,
}
impl Wanted {
    fn check(&self, coop: Option<CoopId>) -> Result<(), Error> {
        let mut wrong = Vec::new();
        if !(1..=80).contains(&self.name.trim().chars().count()) {
            wrong.push(FieldError::new("/name", "length", "1 to 80 characters: for what it is used"));
        }
        let known = if coop.is_some() { scopes::OF_COOPERATIVE } else { scopes::OF_PLATFORM };
        match self.kind {
            KeyKind::Secret if self.scopes.is_empty() => wrong.push(FieldError::new("/scopes", "required", format!("some of {}", known.join(", ")))),
            KeyKind::Publishable if !self.scopes.is_empty() => wrong.push(FieldError::new("/scopes", "unacceptable", "a publishable key has none")),
            KeyKind::Secret if !self.allowed_origins.is_empty() => {
                wrong.push(FieldError::new("/allowed_origins", "unacceptable", "a secret key is never in a browser"));
            }
            KeyKind::Publishable if self.allowed_origins.is_empty() || self.allowed_origins.len() > MAX_ORIGINS => {
                wrong.push(FieldError::new("/allowed_origins", "length", format!("1 to {MAX_ORIGINS} origins")));
            }
            KeyKind::Secret | KeyKind::Publishable => {}
        }
        for (i, scope) in self.scopes.iter().enumerate().filter(|(_, scope)| !known.contains(&scope.as_str())) {
            wrong.push(FieldError::new(format!("/scopes/{i}"), "unknown", format!("{scope:?} is none of {}", known.join(", "))));
        }
        for (i, _) in self.allowed_origins.iter().enumerate().filter(|(_, origin)| !is_origin(origin)) {
            wrong.push(FieldError::new(format!("/allowed_origins/{i}"), "malformed", "an origin, as https://shop.example"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }
}

/// Scheme, host and port, and nothing behind them; in the clear only on the developer's own machine.
fn is_origin(text: &str) -> bool {
    let host_of = |rest: &str| -> Option<String> {
        let (host, port) = rest.rsplit_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
        let port_fits = port.is_none_or(|p| p.parse::<u16>().is_ok());
        let named = !host.is_empty() && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        (port_fits && named).then(|| host.to_owned())
    };
    match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => host_of(rest).is_some(),
        (None, Some(rest)) => host_of(rest).is_some_and(|host| host == "localhost" || host == "127.0.0.1"),
        (None, None) => false,
    }
}

/// Makes a key; its token is in the answer and nowhere else.
///
/// # Errors
/// [`Error::Invalid`] names every field that cannot be accepted.
pub async fn create(tx: &mut Tx, now: Time, by: Inviter, coop: Option<CoopId>, wanted: Wanted) -> Result<(ApiKey, Token), Error> {
    wanted.check(coop)?;
    let prefix = match wanted.kind {
        KeyKind::Publishable => PUBLISHABLE,
        KeyKind::Secret => SECRET,
    };
    let token = Token::random(prefix);
    let shown = token.reveal();
    let key = ApiKey {
        id: ApiKeyId::new(),
        coop_id: coop,
        kind: wanted.kind,
        name: wanted.name.trim().to_owned(),
        hint: format!("{prefix}_…{}", &shown[shown.len() - 4..]),
        scopes: wanted.scopes,
        allowed_origins: wanted.allowed_origins,
        created_by: by.account,
        created_at: now,
        revoked_at: None,
    };
    store::insert(tx, &key, &token.hash()).await?;
    let details = json!({"kind": key.kind, "scopes": key.scopes, "origins": key.allowed_origins});
    audit::record(tx, now, Act::new(by.role, by.account, "key.create", key.id).of(coop).with(details)).await?;
    Ok((key, token))
}

/// Ends a key, at once and for good.
pub async fn revoke(tx: &mut Tx, now: Time, by: Inviter, coop: Option<CoopId>, id: ApiKeyId) -> Result<(), Error> {
    if !store::revoke(tx, now, coop, id).await? {
        return Err(Error::NotFound);
    }
    Ok(audit::record(tx, now, Act::new(by.role, by.account, "key.revoke", id).of(coop)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn an_origin_has_nothing_behind_it() {
        for right in ["https://shop.example", "https://shop.example:8443", "http://localhost:3000", "http://127.0.0.1:5173"] {
            assert!(is_origin(right), "{right}");
        }
        for wrong in
            ["", "https://", "https://shop.example/", "http://shop.example", "https://*.example", "https://a@b", "https://Shop.example", "null"]
        {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
