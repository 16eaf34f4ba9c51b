//! E-mail: enqueued once, in the transaction that makes it necessary; sent by a job, never in a request.
//!
//! - What a mail says is frozen into its job, and so is its language; no job holds a secret: links are derived when the mail is sent.
//! - Its Message-ID is stable: if we die between the server's answer and our commit, the second copy is recognisable as one.
//! - Addresses and headers go through a typed builder; nothing a buyer typed can become a header, or markup.
//! - What the server refuses for good ends among the dead jobs, where a person sees it; anything else is tried again.
mod compose;
mod mailer;
pub mod model;
mod read;
mod words;

pub use mailer::{Mailer, Sent};
pub use model::Mail;

use crate::{
    app::App,
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{FulfilmentId, OrderId},
    jobs::{self, Failure, Job, Run},
};

/// Writes the mail into the caller's transaction, in its reader's language; the same mail twice is one.
pub async fn enqueue(tx: &mut Tx, now: Time, mail: &Mail) -> Result<(), DbError> {
    let locale = read::locale(tx, mail).await?;
    jobs::enqueue(tx, now, &SendMail { mail: mail.clone(), locale }).await
}
/// The same in a language that the caller knows.
pub async fn enqueue_in(tx: &mut Tx, now: Time, mail: Mail, locale: String) -> Result<(), DbError> {
    jobs::enqueue(tx, now, &SendMail { mail, locale: Some(locale) }).await
}

/// What a buyer was told of her order and of its parcels, and when it left; what waits or failed is not among it.
pub async fn told_of_order(conn: &mut Conn, order: OrderId, parcels: &[FulfilmentId]) -> Result<Vec<(Time, &'static str)>, DbError> {
    let mut known = vec![(format!("mail:order_received:{order}"), "order received"), (format!("mail:order_paid:{order}"), "order paid")];
    known.extend(parcels.iter().map(|parcel| (format!("mail:shipped:{parcel}"), "parcel sent, with its tracking")));
    let keys: Vec<String> = known.iter().map(|(key, _)| key.clone()).collect();
    let what = |key: &str| known.iter().find(|(known, _)| known == key).map(|(_, what)| *what);
    let mut told: Vec<_> = jobs::done_at(conn, &keys).await?.into_iter().filter_map(|(key, at)| Some((at, what(&key)?))).collect();
    told.sort_unstable();
    Ok(told)
}

#[derive(serde::Serialize, serde::Deserialize)]
pub struct SendMail {
    mail: Mail,
    /// None where nobody said: English.
    #[serde(default)]
    locale: Option<String>,
}
impl Job for SendMail {
    const KIND: &'static str = "send_mail";
    fn key(&self) -> Option<String> {
        Some(format!("mail:{}", self.mail.key()))
    }
}
impl Run<App> for SendMail {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let message = compose::compose(&app.config, &app.keys, app.clock.now(), &self.mail, self.locale.as_deref()).map_err(Failure::GiveUp)?;
        app.mailer.send(message).await
    }
}
