//! From a mail to a message, and from a message to a server.
use std::sync::{Arc, Mutex};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, SinglePart, header::ContentType},
};

use super::model::Mail;
use crate::{config::Config, secrets::sha256};

/// A server that accepts and never answers must not hold a job for ever.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

/// Where mails go.
#[derive(Clone)]
pub enum Mailer {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Kept in the process: for tests and for the demo's mailbox.
    Memory(Arc<Mutex<Vec<Sent>>>),
}
/// A mail as its reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub message_id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
}

pub struct Composed {
    message: Message,
    sent: Sent,
}

impl Mailer {
    /// `smtp://`, `smtps://`, with user, password and `?tls=required` as the server needs.
    pub fn smtp(url: &str) -> Result<Self, lettre::transport::smtp::Error> {
        Ok(Self::Smtp(AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.timeout(Some(TIMEOUT)).build()))
    }
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }
    /// Connects, greets and signs in, and sends nothing.
    ///
    /// # Errors
    /// What the server said, or that it did not.
    pub async fn greet(&self) -> Result<(), String> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Smtp(transport) => match transport.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err("the server hung up".into()),
                Err(error) => Err(crate::problem::Chain(&error).to_string()),
            },
        }
    }
    /// What was kept; nothing of what went to a server.
    pub fn kept(&self) -> Vec<Sent> {
        match self {
            Self::Smtp(_) => Vec::new(),
            Self::Memory(kept) => kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
        }
    }
    pub(super) async fn send(&self, mail: Composed) -> Result<(), String> {
        match self {
            Self::Smtp(transport) => transport.send(mail.message).await.map(drop).map_err(|e| e.to_string()),
            Self::Memory(kept) => {
                kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(mail.sent);
                Ok(())
            }
        }
    }
}

const TEMPLATES: [(&str, &str); 5] = [
    ("order_paid.txt", include_str!("templates/order_paid.txt")),
    ("new_order.txt", include_str!("templates/new_order.txt")),
    ("shipped.txt", include_str!("templates/shipped.txt")),
    ("refunded.txt", include_str!("templates/refunded.txt")),
    ("payout_sent.txt", include_str!("templates/payout_sent.txt")),
];

pub(super) fn compose(config: &Config, mail: &Mail) -> Result<Composed, String> {
    let mut env = minijinja::Environment::new();
    for (name, source) in TEMPLATES {
        env.add_template(name, source).map_err(|e| e.to_string())?;
    }
    let facts = minijinja::context! { m => minijinja::Value::from(minijinja::value::Serde(mail.clone())), public_url => config.public_url.clone() };
    let text = env.get_template(mail.template()).and_then(|t| t.render(facts)).map_err(|e| e.to_string())?;
    let text = tidy(&text);
    let from: Mailbox = config.mail_from.parse().map_err(|e| format!("MAIL_FROM: {e}"))?;
    let id: String = sha256(mail.key().as_bytes())[..16].iter().map(|b| format!("{b:02x}")).collect();
    let message_id = format!("<{id}@{}>", from.email.domain());
    let to: Mailbox = mail.to().parse().map_err(|_| "the recipient's address cannot be used".to_owned())?;
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><body style=\"font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:2em auto;padding:0 1em\">{}</body>",
        as_html(&text)
    );
    let message = Message::builder()
        .from(from)
        .to(to)
        .subject(mail.subject())
        .message_id(Some(message_id.clone()))
        .multipart(
            MultiPart::alternative()
                .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text.clone()))
                .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(html)),
        )
        .map_err(|e| e.to_string())?;
    Ok(Composed { message, sent: Sent { message_id, to: mail.to().to_owned(), subject: mail.subject(), text } })
}

/// At most one blank line between paragraphs, whatever the template's conditions left out.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    lines.join("\n").trim().to_owned()
}

/// The same words with paragraphs and links: one text, so that the two parts never disagree.
fn as_html(text: &str) -> String {
    let escape = |t: &str| t.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let word = |w: &str| {
        let safe = escape(w);
        if w.starts_with("https://") || w.starts_with("http://") { format!("<a href=\"{safe}\">{safe}</a>") } else { safe }
    };
    let line = |l: &str| l.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.split("\n\n").map(|p| format!("<p>{}</p>", p.trim().lines().map(line).collect::<Vec<_>>().join("<br>"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::model::{Refunded, Shipped};
    use super::*;
    use crate::{config::Secret, ids::OrderGroupId};

    fn config() -> Config {
        Config {
            public_url: "https://haat.example".into(),
            allowed_origins: Vec::new(),
            production: false,
            mail_from: "Haat <haat@haat.example>".into(),
            webhook_secrets: vec![Secret("whsec".into())],
        }
    }
    fn refund(to: &str) -> Mail {
        Mail::Refunded(Refunded { to: to.into(), refund: uuid::Uuid::nil(), number: "HA-1".into(), amount: "€1.00".into() })
    }
    #[test]
    fn the_same_mail_has_the_same_message_id() {
        let one = compose(&config(), &refund("a@b.example")).unwrap().sent;
        let two = compose(&config(), &refund("a@b.example")).unwrap().sent;
        assert_eq!(one, two);
        assert!(one.message_id.ends_with("@haat.example>"));
    }
    #[test]
    fn nothing_a_buyer_typed_becomes_a_header() {
        assert!(compose(&config(), &refund("a@b.example\r\nBcc: x@y.example")).is_err());
        let shipped = Mail::Shipped(Shipped {
            to: "a@b.example".into(),
            group: OrderGroupId::new(),
            number: "HA-1\r\nBcc: x@y.example".into(),
            cooperative: "C".into(),
            carrier: "<b>Post</b>".into(),
            tracking: None,
            tracking_url: None,
        });
        let bytes = String::from_utf8(compose(&config(), &shipped).unwrap().message.formatted()).unwrap();
        assert!(
            !bytes.lines().any(|line| line.starts_with("Bcc:") && !line.is_empty() && bytes.split("\r\n\r\n").next().unwrap().contains(line)),
            "{bytes}"
        );
        assert!(bytes.contains("&lt;b&gt;"), "markup in a fact is text");
    }
}
