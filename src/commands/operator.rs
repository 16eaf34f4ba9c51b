//! `haat operator invite EMAIL`: the way in for the platform's first operator, and for the next when nobody can sign in any more.
use std::process::ExitCode;

use haat::{
    auth::{
        Role,
        invitations::{self, Inviter},
        model::Email,
    },
    clock::Clock,
    config::DatabaseArgs,
    db::Db,
    secrets::MasterKey,
};

use super::{
    Failure,
    program::{kept_key, migrated, private_dir},
};

#[derive(clap::Subcommand)]
pub enum OperatorCommand {
    /// Invite an operator: prints the link, and queues the mail, which the running service sends.
    Invite(Box<InviteArgs>),
}
#[derive(clap::Args)]
pub struct InviteArgs {
    email: String,
    /// Where the world reaches the service: the link starts with it.
    #[arg(long, env = "HAAT_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    public_url: String,
    /// 64 hexadecimal digits, as the service has it: the link is made with it. A private cluster keeps its own.
    #[arg(long, env = "HAAT_MASTER_KEY", hide_env_values = true)]
    master_key: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub fn run(command: &OperatorCommand) -> Result<ExitCode, Failure> {
    let OperatorCommand::Invite(args) = command;
    let given = args.master_key.as_deref().map(|text| MasterKey::parse(text).ok_or(haat::config::Error::MasterKey)).transpose()?;
    let keys = match (given, private_dir(&args.database)?) {
        (Some(keys), _) => keys,
        (None, Some(dir)) => kept_key(&dir)?,
        (None, None) => return Err("HAAT_MASTER_KEY is needed: the link is made with it".into()),
    };
    let (_cluster, url) = migrated(&args.database)?;
    actix_web::rt::System::new().block_on(args.invite(&url, &keys))
}

impl InviteArgs {
    async fn invite(&self, url: &str, keys: &MasterKey) -> Result<ExitCode, Failure> {
        let (db, now) = (Db::connect(url, 1), Clock::System.now());
        let email = Email::parse("EMAIL", &self.email).map_err(|_| format!("{:?} is not an e-mail address", self.email))?;
        let by = Inviter { account: None, role: "command" };
        let made = db.transaction(async |tx| invitations::invite(tx, now, by, &email, Role::Operator, None).await).await?;
        println!("{}{}", self.public_url.trim_end_matches('/'), invitations::path(keys, &made));
        eprintln!(
            "{} can become an operator by this link, once, until {}. The service mails it too, while it runs.",
            made.email,
            made.expires_at.day()
        );
        Ok(ExitCode::SUCCESS)
    }
}
