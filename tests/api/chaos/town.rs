//! Buyers, sellers, operators, a bank and a provider, who share a town and do what such people do, in an order that dice decide.
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use stripe_sandbox::Control;

use crate::support::{
    contract::{CONTRACT, Call},
    dice::Dice,
};

/// A cooperative with what it sells.
pub struct Shop {
    pub slug: String,
    pub token: String,
    pub variants: Vec<String>,
}
/// An order whose page was opened.
pub struct Order {
    pub id: String,
    pub token: String,
    pub session: String,
    pub cart: (String, String),
    pub total: Value,
}

pub struct Town {
    pub url: String,
    pub stripe: String,
    pub control: Control,
    pub shops: Vec<Shop>,
    /// Two people.
    pub operators: [String; 2],
    pub orders: RefCell<Vec<Rc<Order>>>,
    /// (order, refund).
    pub refunds: RefCell<Vec<(String, String)>>,
    pub payouts: RefCell<Vec<String>>,
    pub disputes: RefCell<Vec<String>>,
    pub events: RefCell<Vec<String>>,
    /// Things that people did, and requests that were answered.
    pub done: Cell<u64>,
    pub asked: Cell<u64>,
    /// How each kind of call was answered.
    pub answers: RefCell<BTreeMap<String, u64>>,
    /// What may never be answered, and was.
    pub surprises: RefCell<Vec<String>>,
    http: reqwest::Client,
}

/// One call, as its caller makes it again until it is answered.
pub struct Ask<'a> {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(&'a str, String)>,
    pub body: Value,
}
impl<'a> Ask<'a> {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: Vec::new(), body: Value::Null }
    }
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), headers: Vec::new(), body }
    }
    pub fn with(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
    pub fn by(self, token: &str) -> Self {
        self.with("Authorization", format!("Bearer {token}"))
    }
}

/// How often a caller comes back before she gives up: a program that was killed is back in a second or two.
const PATIENCE: u32 = 80;
const MOST_IN_PROGRESS: u32 = 4;
/// A caller whose answer never comes hangs up.
const TIMEOUT: Duration = Duration::from_secs(20);

impl Town {
    pub fn new(url: &str, stripe: &str, control: Control, shops: Vec<Shop>, operators: [String; 2]) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        Self {
            url: url.to_owned(),
            stripe: stripe.to_owned(),
            control,
            shops,
            operators,
            orders: RefCell::default(),
            refunds: RefCell::default(),
            payouts: RefCell::default(),
            disputes: RefCell::default(),
            events: RefCell::default(),
            done: Cell::new(0),
            asked: Cell::new(0),
            answers: RefCell::default(),
            surprises: RefCell::default(),
            http: reqwest::Client::builder().timeout(TIMEOUT).build().unwrap(),
        }
    }
    pub fn did(&self) {
        self.done.set(self.done.get() + 1);
    }
    fn surprise(&self, what: String) {
        self.surprises.borrow_mut().push(what);
    }
    /// Asks until there is an answer, as somebody who was cut off does. None: she gave up.
    pub async fn ask(&self, dice: &mut Dice, ask: &Ask<'_>) -> Option<(u16, Value)> {
        // Each of them comes from somewhere else.
        let from = format!("198.51.{}.{}", dice.below(200), dice.below(250));
        let mut in_progress = 0;
        for _ in 0..PATIENCE {
            let mut request = self.http.request(ask.method.clone(), format!("{}{}", self.url, ask.path)).header("X-Forwarded-For", &from);
            for (name, value) in &ask.headers {
                request = request.header(*name, value);
            }
            if !ask.body.is_null() {
                request = request.header("Content-Type", "application/json").body(ask.body.to_string());
            }
            if let Some((status, body)) = self.answered(ask, request).await {
                // One that died with the program is in progress until its lease ends: most people do not wait for that.
                let code = body["code"].as_str().unwrap_or_default();
                let waiting = matches!(code, "idempotency-in-progress" | "payment-provider-unknown");
                in_progress += u32::from(waiting);
                let comes_back = if waiting { in_progress < MOST_IN_PROGRESS } else { matches!(status, 429 | 503) };
                if !comes_back {
                    return Some((status, body));
                }
            }
            tokio::time::sleep(Duration::from_millis(40 + u64::try_from(dice.below(80)).unwrap())).await;
        }
        None
    }
    /// One try; every whole answer is held against the API document.
    async fn answered(&self, ask: &Ask<'_>, request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.ok()?;
        self.asked.set(self.asked.get() + 1);
        let content_type = headers.get("content-type").and_then(|v| v.to_str().ok());
        let call =
            Call { method: &ask.method, path: &ask.path, sent: (!ask.body.is_null()).then_some(&ask.body), status, content_type, body: &bytes };
        if status.as_u16() == 500 {
            self.surprise(format!("{} {}: {}", ask.method, ask.path, String::from_utf8_lossy(&bytes)));
        } else if let Err(why) = CONTRACT.check(&call) {
            self.surprise(why);
        }
        let what = ask.path.split(['/', '?']).filter(|part| part.len() < 20 && !part.starts_with("cs_")).collect::<Vec<_>>().join("/");
        *self.answers.borrow_mut().entry(format!("{} {what} {}", ask.method, status.as_u16())).or_default() += 1;
        Some((status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
    /// The same request several times at once, under one key: whoever gets an answer gets the same one.
    pub async fn ask_at_once(&self, dice: &mut Dice, ask: &Ask<'_>, times: usize) -> Option<(u16, Value)> {
        let mut all: Vec<Dice> = (0..times).map(|_| Dice::new(dice.roll())).collect();
        let answers = futures_util::future::join_all(all.iter_mut().map(|dice| self.ask(dice, ask))).await;
        let good: Vec<(u16, Value)> = answers.iter().flatten().filter(|(status, _)| *status < 300).cloned().collect();
        if good.iter().any(|answer| *answer != good[0]) {
            self.surprise(format!("one key, two answers at {}: {good:?}", ask.path));
        }
        good.into_iter().next().or_else(|| answers.into_iter().flatten().next())
    }
    /// A call to the provider that is not the program's, as somebody at the dashboard makes it.
    pub async fn at_the_provider(&self, path: &str, form: &str) {
        let request = self.http.post(format!("{}{path}", self.stripe)).header("Authorization", "Bearer sk_test_haat");
        request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_owned()).send().await.ok();
    }
    pub fn any_order(&self, dice: &mut Dice) -> Option<Rc<Order>> {
        dice.of(&self.orders.borrow()).cloned()
    }
    /// The intent that a session's payment is, and its charge.
    pub fn payment_of(&self, session: &str) -> Option<(String, String)> {
        let intent = self.control.object(session)?["payment_intent"].as_str()?.to_owned();
        let charge = self.control.object(&intent)?["latest_charge"].as_str()?.to_owned();
        Some((intent, charge))
    }
    pub fn fault(&self, operation: &str, kind: Value) {
        self.control.fault(serde_json::from_value(json!({"operation": operation, "kind": kind, "times": 1})).unwrap());
    }
}
