//! The API document as a promise: every answer that a test gets is held against it.
//!
//! The document is made once per run; a schema is compiled when the first answer needs it and kept.
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const DOCUMENT: &str = "https://haat.example/openapi.json";
const PROBLEM: &str = "application/problem+json";

pub struct Contract {
    paths: Vec<(Vec<String>, Value)>,
    registry: &'static jsonschema::Registry<'static>,
    compiled: Mutex<HashMap<String, Arc<jsonschema::Validator>>>,
}

/// What the program promises.
pub static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::new(serde_json::to_value(haat::routes::openapi()).unwrap()));

/// One call and its answer.
pub struct Call<'a> {
    pub method: &'a Method,
    /// With its query.
    pub path: &'a str,
    pub sent: Option<&'a Value>,
    pub status: StatusCode,
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

fn segments(path: &str) -> Vec<String> {
    path.trim_matches('/').split('/').map(ToOwned::to_owned).collect()
}
fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

impl Contract {
    pub fn new(document: Value) -> Self {
        let paths = document["paths"].as_object().unwrap().iter().map(|(path, item)| (segments(path), item.clone())).collect();
        let registry = jsonschema::Registry::new().add(DOCUMENT, document).unwrap().prepare().unwrap();
        // Kept for the whole run, as the compiled schemas are.
        Self { paths, registry: Box::leak(Box::new(registry)), compiled: Mutex::default() }
    }

    /// # Errors
    /// How the answer breaks the promise.
    pub fn check(&self, call: &Call) -> Result<(), String> {
        let path = call.path.split('?').next().unwrap_or_default();
        let Some((template, item)) = self.path_item(path) else {
            return if path.starts_with("/v1/") && !matches!(call.status.as_u16(), 404 | 405) {
                Err(format!("{} answers {} and is in no document", path, call.status))
            } else {
                Ok(())
            };
        };
        let Some(operation) = item.get(call.method.as_str().to_lowercase()) else {
            // Preflights and HEAD are the edge's own.
            let own = [Method::OPTIONS, Method::HEAD].contains(call.method);
            return if own || call.status == StatusCode::METHOD_NOT_ALLOWED {
                Ok(())
            } else {
                Err(format!("{} {template} answers {} and is in no document", call.method, call.status))
            };
        };
        self.check_operation(call, operation).map_err(|why| {
            let id = operation["operationId"].as_str().unwrap_or("?");
            format!("{id} ({} {template}) answered {}: {why}\n{}", call.method, call.status, String::from_utf8_lossy(call.body))
        })
    }

    fn check_operation(&self, call: &Call, operation: &Value) -> Result<(), String> {
        let promised = operation["responses"].get(call.status.as_str()).ok_or("the document does not have this status")?;
        let media_type = call.content_type.map(|t| t.split(';').next().unwrap_or_default().trim());
        let contents = promised.get("content").and_then(Value::as_object);
        match (media_type, contents) {
            (_, None) if call.body.is_empty() => {}
            (_, None) => return Err("a body that the document does not have".into()),
            (None, Some(_)) => return Err("no Content-Type".into()),
            (Some(media_type), Some(contents)) => {
                let content = contents.get(media_type).ok_or_else(|| format!("{media_type} is not in the document"))?;
                if media_type == "application/json" || media_type == PROBLEM {
                    let body = serde_json::from_slice(call.body).map_err(|e| format!("not JSON: {e}"))?;
                    self.check_value(&content["schema"], &body)?;
                }
            }
        }
        // What was taken must be what the document says may be sent.
        let asked = &operation["requestBody"]["content"]["application/json"]["schema"];
        match call.sent {
            Some(sent) if call.status.is_success() => match asked {
                // An empty object says nothing.
                Value::Null if sent.as_object().is_some_and(serde_json::Map::is_empty) => Ok(()),
                Value::Null => Err("a body was taken that the document does not have".into()),
                schema => self.check_value(schema, sent).map_err(|why| format!("the document refuses what was taken: {why}")),
            },
            Some(_) | None => Ok(()),
        }
    }

    fn check_value(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = self.validator(schema)?;
        let wrong: Vec<_> = validator.iter_errors(value).take(5).map(|e| format!("{}: {e}", e.instance_path())).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }

    fn validator(&self, schema: &Value) -> Result<Arc<jsonschema::Validator>, String> {
        let key = schema.to_string();
        if let Some(known) = self.compiled.lock().unwrap().get(&key) {
            return Ok(known.clone());
        }
        // References are within the document; an inlined schema of it may hold some.
        let rooted: Value = serde_json::from_str(&key.replace("\"$ref\":\"#/", &format!("\"$ref\":\"{DOCUMENT}#/"))).unwrap();
        let options = jsonschema::options().with_registry(self.registry).with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
        let made = Arc::new(options.build(&rooted).map_err(|e| format!("the schema cannot be used: {e}"))?);
        self.compiled.lock().unwrap().insert(key, made.clone());
        Ok(made)
    }

    /// The template that fits with the fewest parameters, as the router prefers it.
    fn path_item(&self, path: &str) -> Option<(String, &Value)> {
        let path = segments(path);
        let fits =
            |template: &&(Vec<String>, Value)| template.0.len() == path.len() && template.0.iter().zip(&path).all(|(t, p)| is_parameter(t) || t == p);
        let best = self.paths.iter().filter(fits).min_by_key(|(t, _)| t.iter().filter(|s| is_parameter(s)).count())?;
        Some((format!("/{}", best.0.join("/")), &best.1))
    }
}

/// Negative control: each way to break a promise is found.
#[test]
fn control_a_broken_promise_is_found() {
    let thing = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}});
    let document = json!({"openapi": "3.1.0", "components": {"schemas": {"Thing": thing}}, "paths": {"/v1/things/{id}": {"put": {
        "operationId": "put_thing",
        "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["name"]}}}},
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}, "204": {}}}}}});
    let contract = Contract::new(document);
    let told = |path: &str, status: u16, content_type: Option<&str>, body: &str, sent: Value| {
        let status = StatusCode::from_u16(status).unwrap();
        let call = Call { method: &Method::PUT, path, sent: Some(&sent), status, content_type, body: body.as_bytes() };
        contract.check(&call).err().unwrap_or_default()
    };
    let (good, name) = (r#"{"id": "019312d0-0000-7000-8000-000000000000"}"#, json!({"name": "x"}));
    let json_type = Some("application/json; charset=utf-8");
    assert_eq!(told("/v1/things/1?x=1", 200, json_type, good, name.clone()), "");
    assert_eq!(told("/v1/things/1", 204, None, "", name.clone()), "");
    assert!(told("/v1/things/1", 418, json_type, good, name.clone()).contains("put_thing"));
    assert!(told("/v1/things/1", 418, json_type, good, name.clone()).contains("does not have this status"));
    assert!(told("/v1/things/1", 200, Some("text/html"), good, name.clone()).contains("text/html is not in the document"));
    assert!(told("/v1/things/1", 200, json_type, r#"{"id": "one"}"#, name.clone()).contains("/id"));
    assert!(told("/v1/things/1", 200, json_type, "{}", name.clone()).contains("id"));
    assert!(told("/v1/things/1", 204, None, "something", name.clone()).contains("a body"));
    assert!(told("/v1/things/1", 200, json_type, good, json!({})).contains("refuses what was taken"));
    assert!(told("/v1/others", 200, json_type, good, name).contains("in no document"));
}
