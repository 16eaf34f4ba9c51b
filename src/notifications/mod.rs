//! E-mail: enqueued once, in the transaction that makes it necessary; sent by a job, never in a request.
//!
//! - What a mail says is frozen into its job; no mail holds a secret.
//! - Its Message-ID is stable: if we die between the server's answer and our commit, the second copy is recognisable as one.
//! - Addresses and headers go through a typed builder; nothing a buyer typed can become a header.
mod mailer;
pub mod model;

pub use mailer::{Mailer, Sent};
pub use model::Mail;

use crate::{
    app::App,
    clock::Time,
    db::{DbError, Tx},
    jobs::{self, Failure, Job, Run},
};

/// Writes the mail into the caller's transaction; the same mail twice is one.
pub async fn enqueue(tx: &mut Tx, now: Time, mail: &Mail) -> Result<(), DbError> {
    jobs::enqueue(tx, now, &SendMail { mail: mail.clone() }).await
}

#[derive(serde::Serialize, serde::Deserialize)]
pub struct SendMail {
    mail: Mail,
}
impl Job for SendMail {
    const KIND: &'static str = "send_mail";
    fn key(&self) -> Option<String> {
        Some(format!("mail:{}", self.mail.key()))
    }
}
impl Run<App> for SendMail {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let message = mailer::compose(&app.config, &self.mail).map_err(Failure::GiveUp)?;
        app.mailer.send(message).await.map_err(Failure::Retry)
    }
}
