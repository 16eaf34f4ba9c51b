//! The program as a process: it stops when it is told to and loses nothing, its parts run apart, and the doctor says what is wrong.
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{TestDb, api_test, builders::cooperative, database};

/// Ends with the test, whatever happens.
struct Process {
    child: Child,
    /// What stands behind the first line that begins with what was waited for.
    told: String,
}
impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
impl Process {
    fn start(db: &TestDb, arguments: &[&str], until: &str) -> Self {
        let mut child =
            haat(arguments).args(["--development", "--database-url", &db.url]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let told = lines.by_ref().map(Result::unwrap).find_map(|line| line.strip_prefix(until).map(ToOwned::to_owned)).expect("it starts");
        // The rest is read away, or a full pipe would hold it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, told }
    }
    fn terminate(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
    }
    async fn ended(&mut self) -> ExitStatus {
        for _ in 0..300 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it does not end");
    }
}

fn haat(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haat"));
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").args(arguments);
    command
}

#[actix_web::test]
async fn what_is_open_is_answered_before_it_stops() {
    let db = database().await;
    let mut serving = Process::start(&db, &["serve", "--bind", "127.0.0.1:0"], "listening on http://");
    let mut open = TcpStream::connect(&serving.told).await.unwrap();
    let body = r#"{"currency": "EUR", "color": "red"}"#;
    let (first, rest) = body.split_at(10);
    let head = format!("POST /v1/store/carts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{first}", body.len());
    open.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    serving.terminate();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(serving.child.try_wait().unwrap().is_none(), "it waits for the request");
    assert!(TcpStream::connect(&serving.told).await.is_err(), "nobody else is let in");
    open.write_all(rest.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), open.read_to_end(&mut said)).await.expect("the connection ends").unwrap();
    assert!(said.starts_with(b"HTTP/1.1 422"), "{}", String::from_utf8_lossy(&said));
    assert!(serving.ended().await.success());
}

/// A connection that asks for nothing, a request that never ends, and a mail server that never speaks: none of them holds the end up.
#[actix_web::test]
async fn the_end_has_an_upper_bound() {
    use diesel_async::SimpleAsyncConnection;
    let db = database().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let smtp = format!("smtp://{}", silent.local_addr().unwrap());
    let arguments = ["serve", "--bind", "127.0.0.1:0", "--drain-seconds", "3", "--smtp-url", &smtp];
    let mut serving = Process::start(&db, &arguments, "listening on http://");
    let mut idle = TcpStream::connect(&serving.told).await.unwrap();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(idle.read(&mut [0; 512]).await.unwrap() > 0, "it is answered, and kept for the next click");
    let mut endless = TcpStream::connect(&serving.told).await.unwrap();
    endless.write_all(b"POST /v1/store/carts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{").await.unwrap();
    let mail = "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, max_attempts, created_at) VALUES (gen_random_uuid(), 'send_mail',
        '{\"mail\": {\"mail\": \"refunded\", \"to\": \"asha@people.example\", \"refund\": \"01890000-0000-7000-8000-000000000001\",
          \"number\": \"HA-0000-0000\", \"amount\": \"1\"}}', 'due', '2026-01-01', 0, 3, '2026-01-01')";
    db.db.conn().await.unwrap().batch_execute(mail).await.unwrap();
    // It has the job in hand once it has called.
    let held = tokio::time::timeout(Duration::from_secs(20), silent.accept()).await.expect("it mails").unwrap();
    let before = std::time::Instant::now();
    serving.terminate();
    assert!(serving.ended().await.success());
    let took = before.elapsed();
    assert!(took < Duration::from_secs(3 + 5), "{took:?}");
    // Control: there was something to wait for, and it was waited for.
    assert!(took > Duration::from_millis(2500), "{took:?}");
    drop((held, idle, endless));
    // The mail is not lost: it is somebody's still, and will be taken up.
    let due = count(&db, "SELECT count(*) AS n FROM jobs WHERE state = 'due' AND locked_until IS NOT NULL").await;
    assert_eq!(due, 1);
}

/// With nothing in hand there is nothing to wait for, whoever keeps a connection.
#[actix_web::test]
async fn an_idle_connection_does_not_hold_the_end_up() {
    let db = database().await;
    let mut serving = Process::start(&db, &["serve", "--bind", "127.0.0.1:0"], "listening on http://");
    let mut idle = TcpStream::connect(&serving.told).await.unwrap();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(idle.read(&mut [0; 512]).await.unwrap() > 0);
    let fresh = TcpStream::connect(&serving.told).await.unwrap();
    let before = std::time::Instant::now();
    serving.terminate();
    assert!(serving.ended().await.success());
    assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());
    drop((idle, fresh));
}

async fn count(db: &TestDb, sql: &str) -> i64 {
    use diesel_async::RunQueryDsl;
    diesel::sql_query(sql).get_result::<super::database::Count>(&mut *db.db.conn().await.unwrap()).await.unwrap().n
}

#[actix_web::test]
async fn the_queue_is_worked_on_by_a_process_of_its_own() {
    use diesel_async::SimpleAsyncConnection;
    let db = database().await;
    let forgotten = "INSERT INTO carts (id, token_hash, currency, locale, version, created_at, updated_at, expires_at)
           VALUES (gen_random_uuid(), 'x', 'EUR', 'en', 1, '2026-01-01', '2026-01-01', '2026-01-02');
         INSERT INTO jobs (id, kind, payload, state, run_at, attempts, max_attempts, created_at)
           VALUES (gen_random_uuid(), 'forget_carts', '{\"day\": \"2026-01-03\"}', 'due', '2026-01-03', 0, 3, '2026-01-03')";
    db.db.conn().await.unwrap().batch_execute(forgotten).await.unwrap();
    let done = async || count(&db, "SELECT count(*) AS n FROM jobs WHERE state = 'done'").await;
    // Negative control: who serves without a worker leaves the queue alone.
    let mut serving = Process::start(&db, &["serve", "--without-worker", "--bind", "127.0.0.1:0"], "listening on http://");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(done().await, 0);
    let mut worker = Process::start(&db, &["worker"], "working through the queue");
    for _ in 0..600 {
        if done().await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((done().await, count(&db, "SELECT count(*) AS n FROM carts").await), (1, 0));
    worker.terminate();
    serving.terminate();
    assert!(worker.ended().await.success() && serving.ended().await.success());
}

#[actix_web::test]
async fn the_doctor_says_what_is_wrong_and_what_to_do() {
    api_test(async |app| {
        cooperative(app, "bagru").await;
        let folder = std::env::temp_dir().join(format!("haat-doctor-{}", std::process::id()));
        let (media, key) = (folder.display().to_string(), "07".repeat(32));
        let arguments = ["doctor", "--development", "--database-url", &app.db.url, "--public-url", &app.url, "--media", &media, "--master-key", &key];
        let log_key = "09".repeat(32);
        let examine = async |more: &[&str]| {
            let mut command = haat(&arguments);
            command.args(more);
            if !more.contains(&"--log-key") {
                command.args(["--log-key", &log_key]);
            }
            let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
            (out.status.code(), String::from_utf8(out.stdout).unwrap())
        };
        let (code, told) = examine(&["--stripe-secret-key", "sk_test_haat", "--stripe-api-base", app.sandbox.base_url()]).await;
        assert_eq!((code, told.contains("all is well")), (Some(0), true), "{told}");
        for line in [
            "ok    database",
            "ok    migrations",
            "ok    clocks",
            "ok    master key",
            "ok    public log",
            "ok    payments",
            "ok    public URL",
            "ok    pictures",
            "ok    disk",
        ] {
            assert!(told.contains(line), "{line} in {told}");
        }
        // A key that the log was not begun with.
        let (_, told) = examine(&["--log-key", &"08".repeat(32)]).await;
        assert!(told.contains("WRONG public log") && told.contains("HAAT_LOG_KEY"), "{told}");
        // Nobody listens there.
        let (code, told) = examine(&["--smtp-url", "smtp://127.0.0.1:1"]).await;
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains("WRONG mail") && told.contains("SMTP_URL") && told.contains("1 of "), "{told}");
        std::fs::remove_dir_all(&folder).ok();
    })
    .await;
}
