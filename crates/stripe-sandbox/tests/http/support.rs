//! A sandbox with a clock that stands still, a client, a webhook receiver, and requests written by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stripe_client::{Account, CreateAccount, CreateRefund, CreateSession, CreateTransfer, LineItem, Metadata, Session, Stripe};
use stripe_sandbox::{Config, Control, Fault, FaultKind, Operation, Sandbox};

pub const NOW: i64 = 1_790_000_000;
pub const SECRET: &str = "whsec_sandbox";
pub const KEY: &str = "sk_test_sandbox";

pub struct World {
    pub sandbox: Sandbox,
    pub control: Control,
    pub stripe: Stripe,
    pub now: Arc<AtomicI64>,
}

impl World {
    pub fn new() -> World {
        World::with(|_| {})
    }

    pub fn with(configure: impl FnOnce(&mut Config)) -> World {
        let now = Arc::new(AtomicI64::new(NOW));
        let clock = Arc::clone(&now);
        let mut config = Config::new(SECRET, Arc::new(move || clock.load(Ordering::SeqCst)));
        // Held against Stripe's own document by tests/outside/stripe.sh.
        config.recording = std::env::var_os("STRIPE_RECORDING").map(Into::into);
        configure(&mut config);
        let sandbox = Sandbox::start(config).unwrap();
        let stripe = Stripe::new(KEY, sandbox.base_url()).unwrap().with_timeout(Duration::from_secs(5));
        World { control: sandbox.control(), stripe, now, sandbox }
    }

    pub fn advance(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn fault(&self, operation: Operation, kind: FaultKind) {
        self.control.fault(Fault { operation, kind, times: 1 });
    }

    pub async fn open_session(&self) -> Session {
        self.stripe.send(&session(NOW).prepare(), &unique("session")).await.unwrap()
    }

    /// A paid session's payment intent.
    pub async fn paid(&self) -> String {
        let session = self.open_session().await;
        self.control.pay(&session.id).unwrap()
    }

    /// An account that can receive transfers.
    pub async fn account(&self) -> String {
        let create = CreateAccount { country: "DE".into(), email: None, metadata: Metadata::new() };
        let account: Account = self.stripe.send(&create.prepare(), &unique("account")).await.unwrap();
        self.control.onboard(&account.id).unwrap();
        account.id
    }

    /// A request written by hand: status, headers in lower case, body.
    pub fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.sandbox.base_url().strip_prefix("http://").unwrap()).unwrap();
        let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{extra}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_default();
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    pub fn raw_json(&self, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
        let (status, _, body) = self.raw(method, path, &[("Authorization", &format!("Bearer {KEY}"))], body);
        (status, serde_json::from_str(&body).unwrap())
    }
}

/// A key that no other call in this process has.
pub fn unique(name: &str) -> String {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// 100.00 EUR in two lines.
pub fn session(now: i64) -> CreateSession {
    let metadata = Metadata::from([("order_id".to_owned(), "order-1".to_owned())]);
    CreateSession {
        currency: "eur".into(),
        lines: vec![
            LineItem { name: "Block-printed scarf, indigo & rust".into(), unit_amount: 4_200, quantity: 2 },
            LineItem { name: "Shipping".into(), unit_amount: 1_600, quantity: 1 },
        ],
        client_reference_id: "order-1".into(),
        metadata: metadata.clone(),
        transfer_group: "order-1".into(),
        payment_metadata: metadata,
        success_url: "https://shop.example/ok?session={CHECKOUT_SESSION_ID}".into(),
        cancel_url: "https://shop.example/cart".into(),
        expires_at: now + 3_600,
        customer_email: Some("buyer@example.org".into()),
        locale: Some("de".into()),
    }
}

pub fn refund(payment_intent: &str, amount: i64) -> CreateRefund {
    CreateRefund { payment_intent: payment_intent.to_owned(), amount, metadata: Metadata::new() }
}

pub fn transfer(destination: &str, amount: i64) -> CreateTransfer {
    CreateTransfer { amount, currency: "eur".into(), destination: destination.to_owned(), transfer_group: "PO-1".into(), metadata: Metadata::new() }
}

/// Takes webhooks, and answers each with `status`.
pub struct Receiver {
    pub url: String,
    pub status: Arc<AtomicU16>,
    taken: Arc<Mutex<Vec<Webhook>>>,
}

#[derive(Clone)]
pub struct Webhook {
    pub at: Instant,
    pub signature: String,
    pub body: Vec<u8>,
}

impl Webhook {
    pub fn event(&self) -> stripe_client::Event {
        stripe_client::Event::parse(&self.body).unwrap()
    }
}

impl Receiver {
    pub fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (taken, status) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU16::new(200)));
        let (into, answer) = (Arc::clone(&taken), Arc::clone(&status));
        // It ends with the process: nobody connects after the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let webhook = read(&stream);
                let status = answer.load(Ordering::SeqCst);
                into.lock().unwrap().push(webhook);
                let _ = write!(&stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Receiver { url, status, taken }
    }

    pub fn taken(&self) -> Vec<Webhook> {
        self.taken.lock().unwrap().clone()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.taken().iter().map(|webhook| webhook.event().kind).collect()
    }
}

fn read(stream: &TcpStream) -> Webhook {
    let mut reader = BufReader::new(stream);
    let (mut signature, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("stripe-signature") => signature = value.to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some(_) => {}
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Webhook { at: Instant::now(), signature, body }
}
