//! From a mail's facts to a message: subject, text and page in the reader's language.
use std::time::{Duration, SystemTime};

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
templates!("invitation", "password_reset", "order_received", "order_paid", "new_order", "shipped", "refunded", "payout_sent");

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

/// `t(key, …)` says a sentence with the mail's own facts in it; named arguments come before them.
fn environment(words: &Words, facts: &serde_json::Value) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    for (name, source) in TEMPLATES {
        env.add_template(name, source)?;
    }
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
mod tests;
