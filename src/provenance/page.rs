//! The page that a buyer sees when she scans a tag: plain words first, proof terms under Details. Works without JavaScript.
use minijinja::{Environment, context, value::Serde};

/// The template's name ends in `.html`, so that every fact is escaped.
const TEMPLATE: &str = include_str!("templates/item.html");

/// `item` none: a kind page that says what to check on the tag. `invented` marks a demonstration's people.
pub(super) fn render(item: Option<impl serde::Serialize>, code: &str, invented: bool) -> Result<String, minijinja::Error> {
    let mut env = Environment::new();
    env.add_template("item.html", TEMPLATE)?;
    let item = item.map(|item| minijinja::Value::from(Serde(item)));
    env.get_template("item.html")?.render(context! { item => item, code => code, invented => invented })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn facts_are_text_and_never_markup() {
        let item = serde_json::json!({"title": "<script>alert(1)</script>", "code": "X", "issuer_name": "a & b", "events": [
            {"type": "created", "day": "2026-11-22", "evidence": "cooperative", "facts": {"quantity": 2}}]});
        let page = render(Some(item), "X", false).unwrap();
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"), "{page}");
        let unknown = render(None::<()>, "<b>", false).unwrap();
        assert!(!unknown.contains("<b>"), "{unknown}");
    }
}
