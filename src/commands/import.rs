//! `haat import FILE`: a spreadsheet looked at, and committed unless it is a dry run.
use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicI32, Ordering},
    time::Duration,
};

use haat::{
    clock::Clock,
    config::DatabaseArgs,
    db::Db,
    imports::{self, Means, Outcome, Sent, Settings, model::StockSource},
    money::Currency,
    secrets::MasterKey,
    tenancy::Scope,
};
use sheets::{mapping::Kind, report::Report};

use super::{
    Failure,
    program::{kept_key, migrated, private_dir},
};

#[derive(clap::Args)]
pub struct ImportArgs {
    /// CSV or XLSX: a shop's product export, a list of makers, a work register, or an export of ours.
    file: PathBuf,
    /// Whose they are (its slug); needed to commit.
    #[arg(long)]
    cooperative: Option<String>,
    /// What the file lists: products, artisans or work; detected if absent.
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// Say what would happen, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// What a bare number in a price column means; the cooperative's own currency if absent (INR without a cooperative).
    #[arg(long)]
    currency: Option<Currency>,
    /// The file's prices hold tax already.
    #[arg(long)]
    tax_inclusive: bool,
    /// Where stock comes from: column, made_to_order, or a number for every variant without one.
    #[arg(long, default_value = "column")]
    stock: StockSource,
    /// How long making to order takes.
    #[arg(long)]
    made_to_order_days: Option<i32>,
    /// Where items can be checked: their records name it.
    #[arg(long, env = "HAAT_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    public_url: String,
    /// 64 hexadecimal digits, as the service has it: pieces enter the record signed. A private cluster keeps its own.
    #[arg(long, env = "HAAT_MASTER_KEY", hide_env_values = true)]
    master_key: Option<String>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

fn kind(text: &str) -> Result<Kind, String> {
    serde_json::from_value(text.into()).map_err(|_| format!("{text:?} is none of products, artisans, work"))
}

/// Problems shown one by one; the rest is counted.
const SHOWN: usize = 20;

impl ImportArgs {
    fn settings(&self, own: Currency) -> Settings {
        Settings {
            kind: self.kind,
            tax_inclusive: self.tax_inclusive,
            stock: self.stock,
            made_to_order_days: self.made_to_order_days,
            ..Settings::of(self.currency.unwrap_or(own))
        }
    }
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        std::fs::read(&self.file).map_err(|e| format!("{}: {e}", self.file.display()).into())
    }
    pub fn command(&self) -> Result<ExitCode, Failure> {
        if self.dry_run && self.cooperative.is_none() {
            return self.look();
        }
        let given = self.master_key.as_deref().map(|text| MasterKey::parse(text).ok_or(haat::config::Error::MasterKey)).transpose()?;
        let keys = match (given, private_dir(&self.database)?) {
            (Some(keys), _) => keys,
            (None, Some(dir)) => kept_key(&dir)?,
            (None, None) => return Err("HAAT_MASTER_KEY is needed: pieces enter the record signed".into()),
        };
        let (_cluster, url) = migrated(&self.database)?;
        actix_web::rt::System::new().block_on(self.run(&url, &keys))
    }
    /// Looks at the file alone.
    fn look(&self) -> Result<ExitCode, Failure> {
        let reading = imports::parse(&self.bytes()?, &self.settings("INR".parse()?))?;
        say(&reading.report);
        println!("looked at the file alone; name a cooperative to compare it with what is there");
        Ok(ExitCode::SUCCESS)
    }
    /// Looks at the file beside what is there, and commits unless it is a dry run. Exits 1 if some rows cannot be imported.
    async fn run(&self, url: &str, keys: &MasterKey) -> Result<ExitCode, Failure> {
        let db = Db::connect(url, 3);
        let slug = self.cooperative.as_deref().ok_or("which cooperative? Give --cooperative SLUG, or --dry-run to look only")?;
        let found = imports::cooperative(&mut *db.conn().await?, slug).await?;
        let (scope, own) = found.ok_or_else(|| format!("there is no cooperative {slug:?}"))?;
        let (settings, bytes, media_url) = (self.settings(own), self.bytes()?, format!("{}/media/", self.public_url));
        let reading = imports::read_file(&mut *db.conn().await?, scope, bytes.clone(), settings.clone()).await?;
        let name = self.file.file_name().and_then(|n| n.to_str()).unwrap_or("file").to_owned();
        let sent = Sent { file_name: &name, bytes: &bytes, settings: &settings };
        let now = Clock::System.now();
        let looked = db.transaction(async |tx| imports::look(tx, now, scope, None, &media_url, &sent, reading).await).await?;
        say(&looked.report);
        for conflict in looked.conflicts.iter().take(SHOWN) {
            println!(
                "  conflict in row {}, {}: the file has {:?}, here it is {:?}; left as it is",
                conflict.row, conflict.field, conflict.file, conflict.ours
            );
        }
        if !self.dry_run {
            let progress = AtomicI32::new(0);
            let means = Means { db: &db, keys, public_url: &self.public_url, media_url: &media_url, progress: &progress };
            let outcome = committed(&means, scope, looked.id, looked.report.rows).await?;
            tell(&outcome, looked.report.kind);
        }
        Ok(ExitCode::from(u8::from(looked.report.errors > 0)))
    }
}

/// Commits, with a bar where somebody watches.
async fn committed(means: &Means<'_>, scope: Scope, id: haat::ids::ImportId, rows: usize) -> Result<Outcome, Failure> {
    let bar = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            draw(means.progress.load(Ordering::Relaxed), rows);
        }
    };
    let outcome = tokio::select! {
        outcome = imports::commit(means, Clock::System.now(), scope, id) => outcome?,
        () = bar => return Err("the bar ended before the import did".into()),
    };
    draw(i32::try_from(rows).unwrap_or(i32::MAX), rows);
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    Ok(outcome)
}
fn draw(done: i32, rows: usize) {
    const WIDTH: usize = 40;
    if std::io::stderr().is_terminal() {
        let done = usize::try_from(done).unwrap_or(0).min(rows);
        let full = (done * WIDTH).checked_div(rows).unwrap_or(WIDTH);
        eprint!("\r[{}{}] {done} of {rows} rows", "#".repeat(full), " ".repeat(WIDTH - full));
        let _ = std::io::stderr().flush();
    }
}

fn say(report: &Report) {
    let f = report.found;
    println!("{:?}, {:?}: {} rows", report.format, report.kind, report.rows);
    match report.kind {
        Kind::Products => println!(
            "found {} products ({} active, {} draft, {} archived), {} variants, {} pictures; {} can be imported",
            f.products, f.active, f.draft, f.archived, f.variants, f.images, report.importable.products
        ),
        Kind::Artisans => println!("found {} makers", report.artisans),
        Kind::Work => println!("found {} entries of work", report.work),
    }
    if report.kind != Kind::Artisans {
        println!("{}", report.currency_note);
    }
    for note in report.stock_note.iter().chain(&report.notes) {
        println!("{note}");
    }
    if let Some(e) = report.effect {
        println!(
            "would create {}, change {}, leave {} as they are, skip {}; {} conflicts",
            e.created, e.changed, e.unchanged, e.skipped, e.conflicts
        );
    }
    for group in &report.summary {
        println!("  {:?} {:?} ×{}: {}", group.severity, group.code, group.count, group.first.expected);
    }
    for p in report.problems.iter().take(SHOWN) {
        println!("  row {}, {}: {:?}; expected {}", p.row.unwrap_or(0), p.column.as_deref().unwrap_or("the row"), p.value, p.expected);
    }
    if report.problems.len() > SHOWN {
        println!("  and {} more", report.problems.len() - SHOWN);
    }
    for skipped in report.skipped.iter().take(SHOWN) {
        println!("  row {} skipped: {}", skipped.row, skipped.reason);
    }
}

fn tell(outcome: &Outcome, kind: Kind) {
    let e = outcome.effect;
    println!("created {}, changed {}, left {} as they were, skipped {}; {} conflicts", e.created, e.changed, e.unchanged, e.skipped, e.conflicts);
    if kind == Kind::Products {
        println!(
            "published {} ({} of them with pay not yet declared), {} stay drafts; {} pictures to fetch",
            outcome.published, outcome.pay_not_declared, outcome.drafts_total, outcome.pictures_queued
        );
    }
    for draft in outcome.drafts.iter().take(SHOWN) {
        let reasons: Vec<&str> = draft.reasons.iter().map(|r| r.detail.as_str()).collect();
        println!("  row {}, {}: {}", draft.row, draft.title, reasons.join("; "));
    }
    if outcome.drafts_total > SHOWN {
        println!("  and {} more", outcome.drafts_total - SHOWN);
    }
    for note in outcome.notes.iter().take(SHOWN) {
        println!("  {note}");
    }
}
