//! A request that the API document accepts, made from the document alone.
use serde_json::{Map, Value, json};

pub enum Sent {
    Json(Value),
    /// A file in a form.
    Form,
    /// The fields of a page's form.
    Fields(String),
}

/// The path with its parameters filled in.
pub fn path(template: &str, coop: &str, id: &str) -> String {
    let fill = |segment: &str| match segment {
        "{coop}" => coop.to_owned(),
        "{code}" => "7K3M-9QXW-2BCV".to_owned(),
        "{sha256}" => "0".repeat(64),
        s if s.starts_with('{') => id.to_owned(),
        s => s.to_owned(),
    };
    template.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// The smallest body of the operation.
pub fn body(document: &Value, operation: &Value) -> Sent {
    let content = &operation["requestBody"]["content"];
    if content.get("multipart/form-data").is_some() {
        return Sent::Form;
    }
    if let Some(form) = content.get("application/x-www-form-urlencoded") {
        let fields = value(document, &form["schema"], 0);
        let field = |(name, value): (&String, &Value)| format!("{name}={}", value.as_str().unwrap_or_default());
        return Sent::Fields(fields.as_object().unwrap().iter().map(field).collect::<Vec<_>>().join("&"));
    }
    match content.get("application/json") {
        Some(json) => Sent::Json(value(document, &json["schema"], 0)),
        None => Sent::Json(json!({})),
    }
}

/// Required members only, examples where there are some.
fn value(document: &Value, schema: &Value, depth: usize) -> Value {
    assert!(depth < 20, "a schema without an end");
    if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return example.clone();
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return value(document, &document["components"]["schemas"][name.rsplit('/').next().unwrap()], depth + 1);
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(all) = schema["allOf"].as_array() {
        let parts = all.iter().filter_map(|part| value(document, part, depth + 1).as_object().cloned());
        return Value::Object(parts.flatten().collect());
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let first = choices.iter().find(|c| c["type"] != "null").unwrap();
            return value(document, first, depth + 1);
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].get(0).and_then(Value::as_str)).unwrap_or("object");
    match kind {
        "string" => match schema["format"].as_str() {
            Some("uuid") => json!(uuid::Uuid::nil()),
            Some("date-time") => json!("2026-11-20T00:00:00Z"),
            Some("date") => json!("2026-11-20"),
            _ => json!("2026-11-20"),
        },
        "integer" | "number" => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
        "boolean" => json!(false),
        "array" => json!([value(document, &schema["items"], depth + 1)]),
        "null" => Value::Null,
        _ => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let member =
                |name: &Value| (name.as_str().unwrap().to_owned(), value(document, &schema["properties"][name.as_str().unwrap()], depth + 1));
            Value::Object(required.iter().map(member).collect::<Map<_, _>>())
        }
    }
}
