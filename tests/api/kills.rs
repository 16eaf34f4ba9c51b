//! The sequencer killed with no warning, again and again, while it appends: no gap, one root for a size, each record once.
//! `HAAT_KILLS` asks for more than the twenty of every run.
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use serde_json::json;

use crate::{
    log::{append, haat},
    support::{
        TestApp, api_test,
        builders::{cooperative, product},
    },
};

const PIECES: i32 = 60;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}
async fn count(app: &TestApp, query: &str) -> i64 {
    let conn = &mut *app.db.db.conn().await.unwrap();
    diesel::sql_query(format!("SELECT ({query}) AS n")).get_result::<Count>(conn).await.unwrap().n
}

/// Starts it, lets it work for so long, and kills it.
async fn killed(app: &TestApp, after: Duration) {
    let args = ["worker", "--development", "--database-url", &app.db.url, "--public-url", "https://haat.example"];
    let mut worker = Command::new(env!("CARGO_BIN_EXE_haat"))
        .args(args)
        .args(["--log-key", &"09".repeat(32)])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(worker.stderr.take().unwrap()).lines();
    assert!(lines.by_ref().map(Result::unwrap).any(|line| line.starts_with("working through the queue")), "it starts");
    std::thread::spawn(move || lines.for_each(drop));
    tokio::time::sleep(after).await;
    worker.kill().unwrap();
    worker.wait().unwrap();
}

#[actix_web::test]
async fn a_killed_sequencer_leaves_no_gap_and_writes_nothing_twice() {
    let kills: u64 = std::env::var("HAAT_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(20);
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let at = "/v1/manage/cooperatives/bagru/batches";
        let (mut within, mut before) = (0, 0);
        for kill in 0..kills {
            let made = manager.post(at, json!({"variant": variant, "quantity": PIECES})).await.expect(201);
            let items = format!("{at}/{}/items", made["id"].as_str().unwrap());
            manager.post(&items, json!({"count": PIECES})).await.expect(201);
            app.run_jobs().await;
            // Any time from before it begins to after it is done.
            let random = u64::from_le_bytes(haat::secrets::random());
            killed(app, Duration::from_micros(random % 60_000)).await;
            let waiting = count(app, "SELECT count(*) FROM log_outbox").await;
            let (entries, newest) = (count(app, "SELECT count(*) FROM log_entries").await, count(app, "SELECT max(size) FROM log_checkpoints").await);
            assert_eq!(entries, newest, "kill {kill}: what is there is what was signed");
            let said = count(app, "(SELECT count(*) FROM leaves) + (SELECT count(*) FROM log_statements)").await;
            assert_eq!(entries + waiting, said, "kill {kill}: each leaf and statement is in the log or waits");
            within += i64::from(waiting > 0);
            before += i64::from(waiting == 0);
        }
        // Control: it was killed with work left, and with none.
        assert!(within > 0, "{within} of {kills} kills left work behind, {before} did not");
        append(app).await;
        let leaves = count(app, "SELECT count(*) FROM leaves").await;
        assert_eq!(leaves, i64::try_from(kills).unwrap() * i64::from(PIECES + 1));
        assert_eq!(count(app, "SELECT count(*) FROM log_outbox").await, 0);
        let all = leaves + count(app, "SELECT count(*) FROM log_statements").await;
        assert_eq!(count(app, "SELECT count(*) FROM log_entries").await, all);
        assert_eq!(count(app, "SELECT count(DISTINCT (subject_id, seq)) FROM log_entries WHERE subject_id IS NOT NULL").await, leaves);
        assert_eq!(count(app, "SELECT max(index) + 1 FROM log_entries").await, all, "no gap");
        assert_eq!(count(app, "SELECT count(*) FROM log_checkpoints").await, count(app, "SELECT count(DISTINCT root) FROM log_checkpoints").await);
        // Every entry, tile and checkpoint read again.
        let (code, said) = haat(&["verify", "--database-url", &app.db.url]).await;
        assert!(code == Some(0) && said.starts_with(&format!("{all} entries under")), "{said}");
        eprintln!("{kills} kills: {within} left work behind, {before} came after it; {said}");
    })
    .await;
}
