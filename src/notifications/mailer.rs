//! From a message to where it goes: a server, the process's memory, or a folder.
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, transport::smtp};

use crate::jobs::Failure;

/// A server that accepts and never answers must not hold a job for ever: a whole conversation takes a second or two.
const PATIENCE: Duration = Duration::from_secs(20);
const SILENT: &str = "the mail server does not answer";

/// Where mails go.
#[derive(Clone)]
pub enum Mailer {
    Smtp(Server),
    /// Kept in the process: for tests.
    Memory(Arc<Mutex<Vec<Sent>>>),
    /// One `.eml` file each, whole or not there.
    Files(PathBuf),
}
/// A mail server, and how long it may take over one conversation. The transport's own time-out ends with the connection's opening: who
/// greets nobody, or stops in the middle of a mail, would be listened to for ever. Each mail has a connection of its own: one that fell
/// silent is not taken up again.
#[derive(Clone)]
pub struct Server {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    patience: Duration,
}
impl Server {
    /// What became of a mail whose server fell silent is unknown: it is sent again, under the same Message-ID.
    async fn send(&self, message: Message) -> Result<(), Failure> {
        match tokio::time::timeout(self.patience, self.transport.send(message)).await {
            Ok(answer) => answer.map(drop).map_err(|error| refused(&error)),
            Err(_) => Err(Failure::Retry(SILENT.into())),
        }
    }
    async fn greet(&self) -> Result<(), String> {
        match tokio::time::timeout(self.patience, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("the server hung up".into()),
            Ok(Err(error)) => Err(crate::problem::Chain(&error).to_string()),
            Err(_) => Err(SILENT.into()),
        }
    }
}

/// A mail as its reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub message_id: String,
    /// Which of our mails it is.
    pub kind: &'static str,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

pub struct Composed {
    /// Stable for the mail: its Message-ID's first half, and its file's name.
    pub(super) id: String,
    pub(super) message: Message,
    pub(super) sent: Sent,
}

impl Mailer {
    /// `smtp://`, `smtps://`, with user, password and `?tls=required` as the server needs.
    pub fn smtp(url: &str) -> Result<Self, smtp::Error> {
        Self::smtp_within(url, PATIENCE)
    }
    /// The same, with another patience.
    pub fn smtp_within(url: &str, patience: Duration) -> Result<Self, smtp::Error> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.timeout(Some(patience)).build();
        Ok(Self::Smtp(Server { transport, patience }))
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
            Self::Memory(_) | Self::Files(_) => Ok(()),
            Self::Smtp(server) => server.greet().await,
        }
    }
    /// A folder of `.eml` files, made if it is not there. The same mail is the same file; its `Date` tells when it was sent.
    pub fn files(dir: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        Ok(Self::Files(dir.to_owned()))
    }
    /// What memory keeps; nothing of what went elsewhere.
    pub fn kept(&self) -> Vec<Sent> {
        match self {
            Self::Smtp(_) | Self::Files(_) => Vec::new(),
            Self::Memory(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
    pub(super) async fn send(&self, mail: Composed) -> Result<(), Failure> {
        match self {
            Self::Smtp(server) => server.send(mail.message).await,
            Self::Memory(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(mail.sent);
                Ok(())
            }
            Self::Files(dir) => write(dir, &mail).await.map_err(|error| Failure::Retry(error.to_string())),
        }
    }
}

/// Renamed into place once it is whole: whoever lists the folder never reads half a mail.
async fn write(dir: &Path, mail: &Composed) -> std::io::Result<()> {
    let unfinished = dir.join(format!(".{}.{}", mail.id, crate::ids::new_uuid()));
    tokio::fs::write(&unfinished, mail.message.formatted()).await?;
    tokio::fs::rename(&unfinished, dir.join(format!("{}.eml", mail.id))).await
}

/// The server wants our name and password first, or other ones: our setting is wrong, not the mail.
const OUR_FAULT: [&str; 2] = ["530", "535"];

/// A refusal for good (5xx) is given up; all else is tried again. Only codes are told: a server's words can hold addresses.
fn refused(error: &smtp::Error) -> Failure {
    let code = error.status().map(|code| code.to_string());
    match code {
        Some(code) if OUR_FAULT.contains(&code.as_str()) => Failure::Retry(format!("the mail server does not let us in: {code}")),
        Some(code) if error.is_permanent() => Failure::GiveUp(format!("the mail server refuses it for good: {code}")),
        Some(code) => Failure::Retry(format!("the mail server refuses it for now: {code}")),
        None if error.is_timeout() => Failure::Retry(SILENT.into()),
        None => Failure::Retry(crate::problem::Chain(error).to_string()),
    }
}
