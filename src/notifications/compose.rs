//! From a mail's facts to a message: subject, text and page in the reader's language.
use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use lettre::{
    Message,
    message::{Mailbox, MultiPart, SinglePart, header::ContentType},
};
use minijinja::{Environment, Error, ErrorKind, Value, context, value::Kwargs, value::Serde};

use super::{
    mailer::{Composed, Sent},
    model::Mail,
    words::{Words, spoken},
};
use crate::{clock::Time, config::Config, secrets::MasterKey, secrets::sha256};

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        /// Those that end in `.html` escape every fact.
        const TEMPLATES: &[(&str, &str)] = &[
            ("layout.html", include_str!("templates/layout.html")),
            ("parts.html", include_str!("templates/parts.html")),
            $((concat!($name, ".html"), include_str!(concat!("templates/", $name, ".html"))),
              (concat!($name, ".txt"), include_str!(concat!("templates/", $name, ".txt"))),)+
        ];
    };
}
templates!(
    "invitation",
    "password_reset",
    "order_received",
    "order_paid",
    "new_order",
    "shipped",
    "refunded",
    "cancelled",
    "payout_sent",
    "premium_decision",
    "destination_change"
);

/// # Errors
/// What is wrong with the mail itself: no later try would help.
pub(super) fn compose(config: &Config, keys: &MasterKey, now: Time, mail: &Mail, locale: Option<&str>) -> Result<Composed, String> {
    let words = Words::of(locale);
    let facts = serde_json::to_value(mail).map_err(|e| e.to_string())?;
    let subject = words.say(&format!("{}.subject", mail.kind()), |name| facts.get(name).and_then(spoken))?;
    let link = mail.path(keys).map(|path| config.link(&path));
    let env = environment(&words, &facts).map_err(|e| e.to_string())?;
    let given = context! { m => Value::from(Serde(facts)), public_url => config.public_url.clone(), link, subject => subject.clone(), lang => words.language };
    let render = |ending: &str| env.get_template(&format!("{}.{ending}", mail.kind())).and_then(|t| t.render(&given)).map_err(|e| format!("{e:#}"));
    let (text, html) = (tidy(&render("txt")?), render("html")?);

    let from: Mailbox = config.mail_from.parse().map_err(|e| format!("MAIL_FROM: {e}"))?;
    let id: String = sha256(mail.key().as_bytes())[..16].iter().map(|b| format!("{b:02x}")).collect();
    let message_id = format!("<{id}@{}>", from.email.domain());
    let to: Mailbox = mail.to().parse().map_err(|_| "the recipient's address cannot be used".to_owned())?;
    let message = Message::builder()
        .from(from)
        .to(to)
        .subject(subject.clone())
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(now.unix().unsigned_abs()))
        .message_id(Some(message_id.clone()))
        .multipart(
            MultiPart::alternative()
                .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text.clone()))
                .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(html.clone())),
        )
        .map_err(|e| e.to_string())?;
    Ok(Composed { id, message, sent: Sent { message_id, kind: mail.kind(), to: mail.to().to_owned(), subject, text, html } })
}

/// Parsed once: a mail needs four of them, and reading all for each cost more than an order's statements did.
static PARSED: LazyLock<Result<Environment<'static>, String>> = LazyLock::new(|| {
    let mut env = Environment::new();
    for (name, source) in TEMPLATES {
        env.add_template(name, source).map_err(|e| format!("{e:#}"))?;
    }
    Ok(env)
});

/// `t(key, …)` says a sentence with the mail's own facts in it; named arguments come before them.
fn environment(words: &Words, facts: &serde_json::Value) -> Result<Environment<'static>, Error> {
    let mut env = PARSED.as_ref().map_err(|why| Error::new(ErrorKind::SyntaxError, why.clone()))?.clone();
    let (words, facts) = (words.clone(), facts.clone());
    env.add_function("t", move |key: String, named: Kwargs| {
        let fact = |name: &str| named.get::<Option<String>>(name).ok().flatten().or_else(|| facts.get(name).and_then(spoken));
        let said = words.say(&key, fact).map_err(|why| Error::new(ErrorKind::InvalidOperation, why))?;
        named.assert_all_used().map(|()| said)
    });
    Ok(env)
}

/// At most one blank line between paragraphs, whatever the template's conditions left out.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::model::*;
    use super::*;
    use crate::{config::Secret, ids::*};

    fn config() -> Config {
        Config {
            public_url: "https://haat.example".into(),
            allowed_origins: Vec::new(),
            production: false,
            invented: false,
            mail_from: "Haat <haat@haat.example>".into(),
            webhook_secrets: vec![Secret("whsec".into())],
            payout_account: None,
        }
    }
    fn made(mail: &Mail, locale: &str) -> Composed {
        compose(&config(), &MasterKey::new([7; 32]), Time::from_unix(1_795_348_800).unwrap(), mail, Some(locale)).unwrap()
    }
    fn refund(to: &str) -> Mail {
        Mail::Refunded(Refunded {
            to: to.into(),
            refund: uuid::Uuid::nil(),
            number: "HA-1".into(),
            amount: "€1.00".into(),
            withheld: Some("€0.50".into()),
        })
    }
    fn payout_sent(to: String, cooperative: String) -> Mail {
        Mail::PayoutSent(Box::new(PayoutSent {
            to,
            payout: PayoutId::new(),
            number: "PO-4HT2".into(),
            slug: "bagru".into(),
            cooperative,
            amount: "₹9,600.00".into(),
            destination: "State Bank of India …4321".into(),
            reference: Some("SBIN326327123456".into()),
            lines: 2,
            producer: "₹9,000.00".into(),
            shipping: Some("₹600.00".into()),
            recovered: None,
            premium: Some("₹900.00".into()),
            by_decision: Some("₹500.00".into()),
            cancelled: Some("₹800.00".into()),
            pay_now: Some("₹2,350.00".into()),
            already_paid: Some("₹1,200.00".into()),
            unallocated: Some("₹400.00".into()),
        }))
    }
    /// One of each kind.
    fn every() -> Vec<Mail> {
        let (to, number, cooperative) = ("asha@shop.example".to_owned(), "HA-7K3M-92QX".to_owned(), "Bagru <Printers> & Sons".to_owned());
        let line = |title: &str, items: &[&str]| PaidLine {
            title: title.into(),
            quantity: i32::try_from(items.len()).unwrap(),
            goods: "€60.00".into(),
            producer: "€45.00".into(),
            premium: "€4.50".into(),
            platform: "€10.50".into(),
            items: items.iter().map(|code| (*code).to_owned()).collect(),
        };
        let mut all = vec![
            Mail::Invitation(Invitation {
                to: to.clone(),
                invitation: uuid::Uuid::nil().into(),
                generation: 2,
                role: "manager".into(),
                place: cooperative.clone(),
                until: "2026-12-02".into(),
            }),
            Mail::PasswordReset(PasswordReset { to: to.clone(), reset: uuid::Uuid::nil().into(), account: AccountId::new() }),
            Mail::OrderReceived(OrderReceived {
                to: to.clone(),
                order: OrderId::new(),
                number: number.clone(),
                total: "€126.00".into(),
                lines: vec![("Indigo dabu stole".into(), 2, "€60.00".into())],
            }),
            Mail::OrderPaid(OrderPaid {
                to: to.clone(),
                order: OrderId::new(),
                number: number.clone(),
                total: "€126.00".into(),
                lines: vec![
                    line("Indigo dabu stole, hand printed", &["7K3M-9QXW-2BCV", "7K3M-9QXW-3DFH"]),
                    line("Madder cushion cover", &["7K3N-1ABC-9XYZ"]),
                ],
            }),
            Mail::NewOrder(NewOrder {
                to: to.clone(),
                group: OrderGroupId::new(),
                number: number.clone(),
                cooperative: cooperative.clone(),
                lines: vec![("Indigo dabu stole".into(), 2)],
                earned: "€96.00".into(),
            }),
            Mail::Shipped(Shipped {
                to: to.clone(),
                fulfilment: FulfilmentId::new(),
                number: number.clone(),
                cooperative: cooperative.clone(),
                lines: vec![("Indigo dabu stole".into(), 1)],
                carrier: "India Post".into(),
                tracking: Some("EM123456789IN".into()),
                tracking_url: Some("https://www.indiapost.gov.in/track?id=EM123456789IN".into()),
            }),
            refund(&to),
        ];
        all.extend(to_cooperatives(to, number, cooperative));
        all
    }
    fn to_cooperatives(to: String, number: String, cooperative: String) -> Vec<Mail> {
        vec![
            Mail::Cancelled(Cancelled {
                to: to.clone(),
                group: OrderGroupId::new(),
                refund: uuid::Uuid::nil(),
                number,
                cooperative: cooperative.clone(),
                lines: vec![("Indigo dabu stole".into(), 2)],
                due: Some("₹800.00".into()),
            }),
            payout_sent(to.clone(), cooperative.clone()),
            Mail::PremiumDecision(PremiumDecision {
                to: to.clone(),
                decision: uuid::Uuid::nil().into(),
                slug: "bagru".into(),
                cooperative: cooperative.clone(),
                amount: "₹900.00".into(),
                purpose: "Glasses for <twelve> members".into(),
                met_on: "2026-11-20".into(),
            }),
            Mail::DestinationChange(DestinationChange {
                to,
                destination: DestinationId::new(),
                slug: "bagru".into(),
                cooperative,
                before: "SBIN ··4821".into(),
                after: "HDFC ··9999".into(),
                until: "2026-11-25 12:00 UTC".into(),
            }),
        ]
    }

    #[test]
    fn every_mail_is_said_in_every_language() {
        for locale in ["en", "hi-IN", "es", "fr"] {
            for mail in every() {
                let sent = made(&mail, locale).sent;
                assert!(sent.html.contains(&format!("<html lang=\"{}\">", &locale[..2])), "{}", sent.html);
                assert!(!sent.html.contains("<Printers>") && !sent.text.contains("&lt;"), "{}", sent.html);
                assert!(!sent.subject.is_empty() && !sent.text.contains("{{"));
            }
        }
    }
    /// `HAAT_MAILS=folder cargo test --lib mails_to_look_at` writes each as a page.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a look at them is asked for by hand")]
    fn mails_to_look_at() {
        let Some(folder) = std::env::var_os("HAAT_MAILS") else { return };
        for (mail, locale) in every().iter().flat_map(|mail| ["en", "hi", "es", "fr"].map(|locale| (mail, locale))) {
            let sent = made(mail, locale).sent;
            let path = std::path::Path::new(&folder).join(format!("{}.{locale}", mail.kind()));
            std::fs::write(path.with_extension(format!("{locale}.html")), &sent.html).unwrap();
            std::fs::write(path.with_extension(format!("{locale}.txt")), format!("{}\n\n{}\n", sent.subject, sent.text)).unwrap();
        }
    }
    #[test]
    fn the_same_mail_has_the_same_message_id() {
        let (one, two) = (made(&refund("a@b.example"), "en").sent, made(&refund("a@b.example"), "en").sent);
        assert_eq!(one, two);
        assert!(one.message_id.ends_with("@haat.example>"));
    }
    #[test]
    fn a_message_has_both_parts() {
        let bytes = String::from_utf8(made(&every()[3], "en").message.formatted()).unwrap();
        for part in ["multipart/alternative", "text/plain; charset=utf-8", "text/html; charset=utf-8", "Date: Sun, 22 Nov 2026 12:00:00"] {
            assert!(bytes.contains(part), "{part}: {bytes}");
        }
    }
    #[test]
    fn a_link_is_derived_and_dies_with_its_generation() {
        let mail = &every()[0];
        let token = MasterKey::new([7; 32]).token(INVITATION, uuid::Uuid::nil(), 2);
        let link = format!("https://haat.example/invitations/{}#{}", uuid::Uuid::nil(), token.reveal());
        let sent = made(mail, "en").sent;
        assert!(sent.text.contains(&link), "{}", sent.text);
        assert!(!serde_json::to_string(mail).unwrap().contains(token.reveal()), "no job holds it");
    }
    #[test]
    fn nothing_a_buyer_typed_becomes_a_header() {
        let bad = compose(&config(), &MasterKey::new([7; 32]), Time::from_unix(0).unwrap(), &refund("a@b.example\r\nBcc: x@y.example"), None);
        assert!(bad.is_err());
        let shipped = Mail::Shipped(Shipped {
            to: "a@b.example".into(),
            fulfilment: FulfilmentId::new(),
            number: "HA-1\r\nBcc: x@y.example".into(),
            cooperative: "C".into(),
            lines: Vec::new(),
            carrier: "<b>Post</b>".into(),
            tracking: None,
            tracking_url: None,
        });
        let made = made(&shipped, "en");
        let bytes = String::from_utf8(made.message.formatted()).unwrap();
        let head = bytes.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
        assert!(made.sent.html.contains("&lt;b&gt;") && !made.sent.html.contains("<b>Post"), "markup in a fact is text");
    }
}
