//! The program as a person runs it: what it refuses, what it says, and what it ends with.
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cluster::Cluster;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

/// The real binary, with none of this machine's settings.
fn haat(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haat"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HAAT_") || name.starts_with("STRIPE_") || name.starts_with("SMTP_")) {
        command.env_remove(name);
    }
    command.env_remove("DATABASE_URL").args(args).output().unwrap()
}
fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("ended by a signal: {output:?}"))
}
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A directory for a private cluster, gone with what lies beside it when the test ends.
struct Place(PathBuf);
impl Place {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("haat-command-{name}-{}", std::process::id())))
    }
    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
    async fn sql(&self, text: &str) {
        let cluster = Cluster::attach_or_start(&self.0).unwrap();
        AsyncPgConnection::establish(&cluster.url("postgres")).await.unwrap().batch_execute(text).await.unwrap();
        cluster.stop().unwrap();
    }
}
impl Drop for Place {
    fn drop(&mut self) {
        let (parent, name) = (self.0.parent().unwrap(), self.0.file_name().unwrap().to_owned());
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            if Path::new(&entry.file_name()).file_stem() == Some(&name) {
                std::fs::remove_dir_all(entry.path()).or_else(|_| std::fs::remove_file(entry.path())).ok();
            }
        }
    }
}

#[test]
fn a_command_that_needs_a_database_asks_which() {
    for command in [&["migrate"][..], &["ledger", "verify"], &["ledger", "export"], &["serve", "--development"]] {
        let refused = haat(command);
        assert_eq!(code(&refused), 2, "{command:?}");
        assert!(said(&refused).contains("which database? Give DATABASE_URL, --data-dir DIR or --demo"), "{command:?}: {}", said(&refused));
    }
    // Control: two of them at once is refused too, by name.
    let both = haat(&["migrate", "--demo", "--data-dir", "/tmp/x"]);
    assert_eq!(code(&both), 2);
    assert!(said(&both).contains("cannot be used with"), "{}", said(&both));
}

#[test]
fn production_names_everything_that_is_missing() {
    let all = ["HAAT_PUBLIC_URL", "HAAT_MASTER_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "SMTP_URL", "HAAT_MEDIA"];
    let refused = haat(&["serve", "--database-url", "postgres://nobody@127.0.0.1:1/none"]);
    assert_eq!(code(&refused), 2);
    let text = said(&refused);
    assert!(all.iter().all(|name| text.contains(name)), "{text}");
    // Control: what is given is not asked for.
    let refused = haat(&["serve", "--database-url", "postgres://nobody@127.0.0.1:1/none", "--public-url", "https://haat.example"]);
    let text = said(&refused);
    assert!(!text.contains("HAAT_PUBLIC_URL") && all[1..].iter().all(|name| text.contains(name)), "{text}");
}

#[test]
fn a_bundle_that_cannot_be_read_is_not_a_bundle_that_is_wrong() {
    let place = Place::new("bundle");
    assert_eq!(code(&haat(&["verify", place.path()])), 2, "no such file");
    std::fs::write(place.path(), "{}").unwrap();
    assert_eq!(code(&haat(&["verify", place.path()])), 2, "a document, and no record");
    std::fs::write(place.path(), "no document").unwrap();
    assert_eq!(code(&haat(&["verify", place.path()])), 2);
}

#[actix_web::test]
async fn a_private_database_is_made_kept_and_its_books_are_proven() {
    let place = Place::new("books");
    let made = haat(&["migrate", "--data-dir", place.path()]);
    assert!(code(&made) == 0 && said(&made).contains("applied "), "{}", said(&made));
    let again = haat(&["migrate", "--data-dir", place.path()]);
    assert!(code(&again) == 0 && !said(&again).contains("applied "), "{}", said(&again));
    let proven = haat(&["ledger", "verify", "--data-dir", place.path()]);
    assert_eq!(code(&proven), 0, "{}", said(&proven));

    let (debit, credit) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
    let transfer = format!(
        "INSERT INTO ledger_accounts (id, name, currency, class, never_negative, slots, created_at)
         VALUES ('{debit}', 'stripe_balance', 'EUR', 'asset', false, 16, '2026-11-25'), ('{credit}', 'commission', 'EUR', 'income', false, 16, '2026-11-25');
         INSERT INTO ledger_balances (account_id, slot, never_negative, balance_minor) VALUES ('{debit}', 0, false, 900), ('{credit}', 0, false, 900);
         INSERT INTO ledger_transfers (id, debit_account, credit_account, amount_minor, currency, kind, source_type, source_id, leg, pending,
           transfer_group, occurred_at, posted_at, memo)
         VALUES ('{debit}', '{debit}', '{credit}', 900, 'EUR', 'paid', 'order', '{debit}', 'commission', false, 'HA-1', '2026-11-25', '2026-11-25', '')"
    );
    place.sql(&transfer).await;
    let exported = haat(&["ledger", "export", "--data-dir", place.path()]);
    let text = String::from_utf8_lossy(&exported.stdout).into_owned();
    assert!(text.contains("    assets:stripe_balance  EUR 9.00  ; leg: commission\n    income:commission  EUR -9.00  ; leg: commission\n"), "{text}");
    let exported = haat(&["ledger", "export", "--format", "beancount", "--data-dir", place.path()]);
    assert!(said(&exported).contains("1970-01-01 open Income:Commission\n"), "{}", said(&exported));
    assert_eq!(code(&haat(&["ledger", "verify", "--data-dir", place.path()])), 0);

    // A balance that its transfers do not prove: named, and the exit says so.
    place
        .sql("UPDATE ledger_balances SET balance_minor = 901 WHERE balance_minor = 900 AND account_id = '00000000-0000-0000-0000-000000000002'")
        .await;
    let wrong = haat(&["ledger", "verify", "--data-dir", place.path()]);
    assert_eq!(code(&wrong), 1);
    assert!(said(&wrong).contains("commission EUR: 901 recorded, 900 by its transfers"), "{}", said(&wrong));
}

/// Started by itself it answers any test key and no other, keeps what it made, and writes down what it was asked.
#[actix_web::test]
async fn the_offline_stripe_runs_by_itself_and_remembers() {
    let place = Place::new("sandbox");
    std::fs::create_dir_all(&place.0).unwrap();
    let (state, recording) = (format!("{}/state.json", place.path()), format!("{}/recording.jsonl", place.path()));
    let start = || {
        let options = ["sandbox", "--bind", "127.0.0.1:0", "--state-file", &state, "--recording", &recording];
        let mut child = Command::new(env!("CARGO_BIN_EXE_haat")).args(options).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let said = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let base = said.map(Result::unwrap).find_map(|line| line.strip_prefix("listens on ").map(str::to_owned)).unwrap();
        (child, base)
    };
    rustls::crypto::ring::default_provider().install_default().ok();
    let http = reqwest::Client::new();
    let (mut child, base) = start();
    let charged = "amount=5000&currency=eur&payment_method=pm_card_visa&confirm=true";
    let made = http.post(format!("{base}/v1/payment_intents")).bearer_auth("sk_test_any").body(charged).send().await.unwrap();
    let made: serde_json::Value = made.json().await.unwrap();
    assert_eq!(made["status"], "succeeded", "{made}");
    let live = http.get(format!("{base}/v1/balance")).bearer_auth("sk_live_any").send().await.unwrap();
    assert_eq!(live.status().as_u16(), 401);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0), "it stops when it is told to");

    let (mut child, base) = start();
    let seen = http.get(format!("{base}/v1/payment_intents/{}", made["id"].as_str().unwrap())).bearer_auth("sk_test_any").send().await.unwrap();
    assert_eq!(seen.json::<serde_json::Value>().await.unwrap()["amount"], 5000);
    child.kill().unwrap();
    child.wait().unwrap();
    let lines: Vec<serde_json::Value> =
        std::fs::read_to_string(&recording).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let asked: Vec<_> = lines.iter().map(|line| (line["method"].as_str().unwrap(), line["status"].as_u64().unwrap())).collect();
    assert_eq!(asked, [("POST", 200), ("GET", 401), ("GET", 200)]);
    assert_eq!(lines[0]["form"], charged);
}
