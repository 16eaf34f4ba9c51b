//! A person of the story as an HTTP client: everything the story does goes over the wire, as a storefront or a manager would.
use reqwest::{Method, multipart};
use serde_json::Value;

use super::Failure;

#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
    headers: Vec<(&'static str, String)>,
}

/// Nothing in the story takes longer; a step that hangs is a step that failed.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

impl Caller {
    pub fn new(base: &str) -> Result<Self, Failure> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()?;
        Ok(Self { http, base: base.to_owned(), headers: Vec::new() })
    }
    /// The same person, with one more header on every call.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut same = self.clone();
        same.headers.push((name, value.to_owned()));
        same
    }
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        Ok(serde_json::from_slice(&self.bytes(path).await?)?)
    }
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        self.send(self.request(Method::GET, path), path).await
    }
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let answer = self.send(self.request(Method::POST, path).json(body), path).await?;
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? })
    }
    /// A file with small fields beside it.
    pub async fn upload(&self, path: &str, name: &str, bytes: &[u8], fields: &[(&'static str, &str)]) -> Result<Value, Failure> {
        let mut form = multipart::Form::new().part("file", multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned()));
        for (field, value) in fields {
            form = form.text(*field, (*value).to_owned());
        }
        Ok(serde_json::from_slice(&self.send(self.request(Method::POST, path).multipart(form), path).await?)?)
    }
    /// A button on a page of somebody else's, as a browser presses it; answers where it leads.
    pub async fn press(&self, url: &str, field: &str, value: &str) -> Result<String, Failure> {
        let answer = self.http.post(url).header("Content-Type", "application/x-www-form-urlencoded").body(format!("{field}={value}")).send().await?;
        let leads = answer.headers().get("Location").and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
        leads.ok_or_else(|| format!("{url} answered {} and leads nowhere", answer.status()).into())
    }
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }
    /// An answer that is no success ends the story, with what the service said.
    async fn send(&self, request: reqwest::RequestBuilder, path: &str) -> Result<Vec<u8>, Failure> {
        let answer = request.send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?.to_vec();
        if status.is_success() { Ok(bytes) } else { Err(format!("{path} answered {status}: {}", String::from_utf8_lossy(&bytes)).into()) }
    }
}

/// The text at a JSON pointer; its absence is the story's failure, with what stood there.
pub fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str, Failure> {
    value.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("no text at {pointer} of {value}").into())
}
