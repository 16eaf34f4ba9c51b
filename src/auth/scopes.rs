//! What an API key may be allowed. Closed by default: an address that no group names takes people only.
use actix_web::http::Method;

/// The group that an address of a cooperative belongs to, by what stands behind `{coop}/` in its pattern.
fn group(segment: &str) -> Option<&'static str> {
    match segment {
        "products" | "variants" | "collections" | "media" | "imports" | "exports" => Some("products"),
        "orders" | "fulfilments" | "returns" => Some("orders"),
        "artisans" => Some("artisans"),
        "work" | "maker-payments" => Some("work"),
        "balance" | "transfers" | "payouts" => Some("money"),
        _ => None,
    }
}
/// Every scope of a cooperative's key. Money is looked at and never moved by a key.
pub const OF_COOPERATIVE: &[&str] =
    &["products:read", "products:write", "orders:read", "orders:write", "artisans:read", "artisans:write", "work:read", "work:write", "money:read"];
/// Every scope of a key of the platform: what an auditor sees.
pub const OF_PLATFORM: &[&str] = &["platform:read"];

fn of(known: &'static [&'static str], wanted: &str) -> Option<&'static str> {
    known.iter().copied().find(|scope| *scope == wanted)
}

/// The scope that this call needs of a key; None if no key may make it.
pub fn needed(method: &Method, pattern: &str) -> Option<&'static str> {
    let reads = *method == Method::GET || *method == Method::HEAD;
    if let Some(behind) = pattern.strip_prefix("/v1/manage/cooperatives/{coop}/") {
        let group = group(behind.split('/').next().unwrap_or_default())?;
        return of(OF_COOPERATIVE, &format!("{group}:{}", if reads { "read" } else { "write" }));
    }
    let platform = reads && pattern.starts_with("/v1/admin/");
    platform.then(|| of(OF_PLATFORM, "platform:read")).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_call_needs_its_groups_scope_and_what_no_group_names_takes_people() {
        let at = |behind: &str| format!("/v1/manage/cooperatives/{{coop}}/{behind}");
        assert_eq!(needed(&Method::GET, &at("orders/{id}")), Some("orders:read"));
        assert_eq!(needed(&Method::POST, &at("fulfilments")), Some("orders:write"));
        assert_eq!(needed(&Method::DELETE, &at("variants/{id}")), Some("products:write"));
        assert_eq!(needed(&Method::GET, "/v1/admin/audit"), Some("platform:read"));
        for (method, pattern) in [
            (Method::POST, at("payouts")),
            (Method::POST, at("api-keys")),
            (Method::GET, at("members")),
            (Method::POST, at("invitations")),
            (Method::POST, at("price-agreements")),
            (Method::PATCH, at("")),
            (Method::POST, "/v1/admin/payouts".into()),
            (Method::GET, "/v1/auth/me".into()),
        ] {
            assert_eq!(needed(&method, &pattern), None, "{method} {pattern}");
        }
    }
}
