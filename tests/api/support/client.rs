//! An actor as an HTTP client.
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;

use super::contract::{CONTRACT, Call};

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    headers: Vec<(String, String)>,
}

/// What came back, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Empty where the body is not text.
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Client {
    pub fn new(base: &str) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base: base.to_owned(), headers: Vec::new() }
    }
    /// The same caller with one more header on every call.
    pub fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.headers.push((name.into(), value.into()));
        client
    }
    pub fn bearer(&self, token: &str) -> Self {
        self.with("Authorization", format!("Bearer {token}"))
    }
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }
    /// A multipart form with a file and small fields beside it.
    pub async fn upload(&self, path: &str, file_name: &str, bytes: Vec<u8>, fields: &[(&str, &str)]) -> Answer {
        let mut form = reqwest::multipart::Form::new().part("file", reqwest::multipart::Part::bytes(bytes).file_name(file_name.to_owned()));
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        let request = self.http.post(format!("{}{path}", self.base)).multipart(form);
        self.finish(request, &Method::POST, path, None).await
    }
    /// A body that is not JSON, or should not be.
    pub async fn send_text(&self, method: Method, path: &str, content_type: &str, body: String) -> Answer {
        let request = self.http.request(method.clone(), format!("{}{path}", self.base)).header("Content-Type", content_type).body(body);
        self.finish(request, &method, path, None).await
    }
    /// The text at an address that is not the API's.
    pub async fn elsewhere(&self, url: &str) -> String {
        self.http.get(url).send().await.unwrap().text().await.unwrap()
    }
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(body) = &body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        self.finish(request, &method, path, body.as_ref()).await
    }
    /// Sends it, and holds what comes back against the API document.
    async fn finish(&self, mut request: reqwest::RequestBuilder, method: &Method, path: &str, sent: Option<&Value>) -> Answer {
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = Answer::read(status, headers, response.bytes().await.unwrap().to_vec());
        let content_type = answer.headers.get("content-type").and_then(|v| v.to_str().ok());
        let call = Call { method, path, sent, status, content_type, body: &answer.bytes };
        // Only a test of compression asks for it, and looks at the bytes itself.
        if !answer.headers.contains_key("content-encoding") {
            CONTRACT.check(&call).unwrap_or_else(|why| panic!("against the API document: {why}"));
        }
        answer
    }
}

impl Answer {
    fn read(status: StatusCode, headers: HeaderMap, bytes: Vec<u8>) -> Self {
        Self { status, headers, text: std::str::from_utf8(&bytes).unwrap_or_default().to_owned(), bytes }
    }
    /// The JSON body of an answer that must have this status; shows the body when it has not.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text)) }
    }
    /// The stable code of a problem that must have this status.
    #[track_caller]
    pub fn problem(self, status: u16) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        self.expect(status)["code"].as_str().expect("a problem has a code").to_owned()
    }
}
