//! `haat witness` as a program of its own, and the log that asks it: what was cosigned once is never signed away.
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Duration,
};

use haat::log::{
    Error, Log, Witnesses,
    witnesses::{Ahead, Asked},
};
use passport::{
    Digest, Known, Outcome,
    log::{
        AddCheckpoint, Checkpoint, Edge, Note, NoteSigner, Policy, Tiles, WitnessKey,
        tree::{consistency_plan, empty_root},
    },
    verify_bundle_knowing,
};

use crate::{
    log::{Folder, append, haat, log, minted, sold, text},
    support::{TestApp, api_test, builders::sql},
};

const ORIGIN: &str = "haat.example/log";

/// The key that the tests' log has.
fn signer() -> NoteSigner {
    NoteSigner::from_seed(ORIGIN, &[9; 32]).unwrap()
}

/// A witness of the tests' log; it ends with the test.
struct Witness {
    child: Child,
    url: String,
    key: WitnessKey,
}
impl Drop for Witness {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
impl Witness {
    fn start(dir: &str) -> Self {
        let log = signer().verifier().to_string();
        let args = ["witness", "--dir", dir, "--name", "north.example/witness", "--log", &log, "--bind", "127.0.0.1:0"];
        let mut child = Command::new(env!("CARGO_BIN_EXE_haat")).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut key = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut key).unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines.by_ref().map(Result::unwrap).find_map(|line| line.strip_prefix("witness listening on ").map(ToOwned::to_owned)).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, key: key.trim().parse().unwrap() }
    }
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
    /// Status, type and body.
    async fn add(&self, body: String) -> (u16, String, String) {
        let answer = reqwest::Client::new().post(format!("{}/add-checkpoint", self.url)).body(body).send().await.unwrap();
        let kind = answer.headers().get("content-type").map_or(String::new(), |kind| kind.to_str().unwrap().to_owned());
        (answer.status().as_u16(), kind, answer.text().await.unwrap())
    }
    fn policy(&self) -> String {
        format!("log {}\nwitness north {} {}\nquorum north\n", signer().verifier(), self.key, self.url)
    }
}

/// A tree of invented leaves; `fork` makes one of them another.
struct Tree(Vec<Digest>);
impl Tree {
    fn of(size: u64) -> Self {
        Self((0..size).map(|leaf| Digest::of_leaf(&leaf.to_be_bytes())).collect())
    }
    fn forked(mut self) -> Self {
        self.0[1] = Digest::of(b"another");
        self
    }
    fn tiles(&self) -> (Tiles, Digest) {
        let (mut edge, mut tiles) = (Edge::default(), Tiles::default());
        edge.append(&self.0).into_iter().for_each(|(place, bytes)| tiles.insert(place, bytes));
        (tiles, edge.root())
    }
    fn asked(&self, old: u64) -> AddCheckpoint {
        let size = self.0.len() as u64;
        let (tiles, root) = self.tiles();
        let root = if size == 0 { empty_root() } else { root };
        let note = signer().sign(&Checkpoint { origin: ORIGIN.into(), size, root }.text()).unwrap().to_string();
        AddCheckpoint { old, proof: tiles.proof(&consistency_plan(old, size).unwrap()).unwrap(), note }
    }
}

#[actix_web::test]
async fn a_witness_answers_as_the_standard_says() {
    let folder = Folder::new();
    let witness = Witness::start(&folder.at("w"));
    let add = async |asked: AddCheckpoint| witness.add(asked.to_string()).await;
    let (status, _, line) = add(Tree::of(7).asked(0)).await;
    assert_eq!(status, 200, "{line}");
    let note = Note::parse(&format!("{}{line}", Tree::of(7).asked(0).note)).unwrap();
    assert!(witness.key.cosigned(&note).unwrap() > 1_700_000_000);
    assert_eq!(add(Tree::of(12).asked(7)).await.0, 200);
    assert_eq!(add(Tree::of(12).asked(12)).await.0, 200, "the same again");
    // Back to what was, and another tree of the size.
    let conflict = (409, "text/x.tlog.size".to_owned(), "12\n".to_owned());
    assert_eq!(add(Tree::of(7).asked(0)).await, conflict);
    assert_eq!(add(Tree::of(20).asked(7)).await, conflict);
    assert_eq!(add(Tree::of(12).forked().asked(12)).await, conflict);
    assert_eq!(add(Tree::of(20).forked().asked(12)).await.0, 422);
    let known = Tree::of(20).asked(12);
    assert_eq!(add(AddCheckpoint { old: 21, ..known.clone() }).await.0, 400);
    assert_eq!(witness.add("old 12\n".to_owned()).await.0, 400);
    let text = Note::parse(&known.note).unwrap().unverified().to_owned();
    let stranger = NoteSigner::from_seed(ORIGIN, &[1; 32]).unwrap().sign(&text).unwrap().to_string();
    assert_eq!(add(AddCheckpoint { note: stranger, ..known.clone() }).await.0, 403);
    let elsewhere = NoteSigner::from_seed("other.example/log", &[9; 32]).unwrap().sign(&text.replace(ORIGIN, "other.example/log")).unwrap();
    assert_eq!(add(AddCheckpoint { note: elsewhere.to_string(), ..known.clone() }).await.0, 404);
    // Control: after all that it goes on from where it was.
    assert_eq!(add(known).await.0, 200);
    let second = Command::new(env!("CARGO_BIN_EXE_haat"))
        .args(["witness", "--dir", &folder.at("w"), "--name", "n", "--log", &signer().verifier().to_string(), "--bind", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&second.stderr).contains("another witness is at work"), "{second:?}");
}

#[actix_web::test]
async fn of_many_at_once_one_is_cosigned() {
    let folder = Folder::new();
    let witness = Witness::start(&folder.at("w"));
    for (round, old) in [0_u64, 40, 80].into_iter().enumerate() {
        // The sizes differ, the beginning is the same: whoever comes second comes from a size that is past.
        let start = if round == 0 { 0 } else { old };
        let asked = (1..=30).map(|more| witness.add(Tree::of(start + more).asked(start).to_string()));
        let answers = futures_util::future::join_all(asked).await;
        let signed: Vec<_> = (1..=30).zip(&answers).filter(|(_, answer)| answer.0 == 200).map(|(more, _)| start + more).collect();
        assert_eq!(signed.len(), 1, "{signed:?}");
        assert!(answers.iter().all(|(status, _, size)| *status == 200 || (*status == 409 && *size == format!("{}\n", signed[0]))), "{answers:?}");
        assert_eq!(witness.add(Tree::of(old + 40).asked(signed[0]).to_string()).await.0, 200);
    }
}

/// Killed when it has kept a checkpoint and not answered yet; then whenever.
#[actix_web::test]
async fn what_a_killed_witness_may_have_signed_it_still_knows() {
    let folder = Folder::new();
    let dir = folder.at("w");
    let mut witness = Witness::start(&dir);
    let (mut sure, mut asked) = (0, 0);
    for round in 0..12_u64 {
        let next = asked.max(sure) + 1 + round % 3;
        let known: u64 = match witness.add(Tree::of(0).asked(0).to_string()).await {
            (409, _, size) => size.trim().parse().unwrap(),
            (status, ..) => {
                assert_eq!((status, sure), (200, 0));
                0
            }
        };
        assert!(known >= sure && known <= asked, "round {round}: it signed {sure}, was asked for {asked}, and knows {known}");
        let request = Tree::of(next).asked(known).to_string();
        if round % 2 == 0 {
            // Nobody reads the answer: what is seen is the disk.
            let mut stream = std::net::TcpStream::connect(witness.url.strip_prefix("http://").unwrap()).unwrap();
            let head = format!("POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {}\r\n\r\n", request.len());
            stream.write_all((head + &request).as_bytes()).unwrap();
            if round % 4 == 0 {
                let kept = || {
                    std::fs::read_dir(&dir)
                        .unwrap()
                        .map(Result::unwrap)
                        .any(|file| std::fs::read_to_string(file.path()).is_ok_and(|note| note.starts_with(&format!("{ORIGIN}\n{next}\n"))))
                };
                let begun = std::time::Instant::now();
                while !kept() {
                    assert!(begun.elapsed() < Duration::from_secs(20), "it keeps nothing");
                    tokio::time::sleep(Duration::from_micros(100)).await;
                }
            }
        } else {
            assert_eq!(witness.add(request).await.0, 200);
            sure = next;
        }
        asked = next;
        witness.kill();
        witness = Witness::start(&dir);
    }
    // Control: it refuses another history of what it knows.
    let size = witness.add(Tree::of(0).asked(0).to_string()).await.2.trim().parse::<u64>().unwrap();
    assert_eq!(witness.add(Tree::of(size).forked().asked(size).to_string()).await.0, 409);
}

fn watched(app: &TestApp, witness: &Witness) -> Log {
    log(app).clone().watched(Some(Witnesses::new(&witness.policy()).unwrap()))
}
async fn ask(app: &TestApp, log: &Log) -> Asked {
    log.witnesses().unwrap().ask(&app.db.db, app.clock.now(), true).await.unwrap()
}

#[actix_web::test]
async fn a_bundle_carries_what_witnesses_signed() {
    api_test(async |app| {
        let folder = Folder::new();
        let witness = Witness::start(&folder.at("w"));
        let log = watched(app, &witness);
        let code = sold(app, 1).await;
        append(app).await;
        let policy: Policy = witness.policy().parse().unwrap();
        let verdict = async || {
            let bundle = reqwest::get(format!("{}/v1/provenance/items/{code}/bundle", app.url)).await.unwrap().bytes().await.unwrap();
            let verdict = verify_bundle_knowing(&bundle, Known { policy: Some(&policy), ..Known::default() });
            let step = verdict.steps.iter().find(|step| step.name == "Witnesses").unwrap().clone();
            assert_eq!(verdict.steps.iter().find(|step| step.name == "Public log").unwrap().outcome, Outcome::Passed, "by the policy's key");
            (verdict.ok(), step.detail)
        };
        // Control: nobody was asked yet.
        let (ok, detail) = verdict().await;
        assert!(!ok && detail.contains("quorum is not met"), "{detail}");
        assert_eq!(ask(app, &log).await, Asked { cosigned: 1, silent: 0 });
        let (ok, detail) = verdict().await;
        assert!(ok && detail.contains("quorum is met: of 1 witnesses north"), "{detail}");
        let note = text(app, "/log/checkpoint").await;
        assert!(policy.judge(&Note::parse(&note).unwrap()).unwrap().met, "{note}");
        let file = folder.at("policy");
        std::fs::write(&file, witness.policy()).unwrap();
        let (code, said) = haat(&["monitor", &app.url, "--policy", &file]).await;
        assert!(code == Some(0) && said.contains("cosigned by 1 of 1 witnesses: north"), "{said}");
        // A second one of which nobody asked a thing.
        let two = format!("{}witness south {}\ngroup both all north south\nquorum both\n", witness.policy().replace("quorum north\n", ""), south());
        std::fs::write(&file, two).unwrap();
        let (code, said) = haat(&["monitor", &app.url, "--policy", &file]).await;
        assert!(code == Some(1) && said.contains("the quorum is not met"), "{said}");
        // Grown, it is signed again from where the witness was; who does not answer holds nothing up.
        minted(app).await;
        append(app).await;
        assert_eq!(ask(app, &log).await, Asked { cosigned: 1, silent: 0 });
        drop(witness);
        minted(app).await;
        assert!(log.append(&app.db.db, app.clock.now()).await.unwrap() > 0);
        assert_eq!(ask(app, &log).await, Asked { cosigned: 0, silent: 1 });
        assert!(reqwest::get(format!("{}/log/policy", app.url)).await.unwrap().status() == 404, "this program asks nobody");
    })
    .await;
}
fn south() -> WitnessKey {
    passport::log::WitnessSigner::from_seed("south.example/witness", &[3; 32]).unwrap().key().clone()
}

/// A database out of an old backup, and one that tells another story of the same length: neither is appended to.
#[actix_web::test]
async fn a_log_behind_its_witness_is_not_appended_to() {
    api_test(async |app| {
        let folder = Folder::new();
        let witness = Witness::start(&folder.at("w"));
        let log = watched(app, &witness);
        sold(app, 2).await;
        append(app).await;
        for _ in 0..3 {
            minted(app).await;
        }
        append(app).await;
        assert_eq!(ask(app, &log).await, Asked { cosigned: 1, silent: 0 });
        assert_eq!(log.witnesses().unwrap().ahead(), None);
        // As it was before the last batch; what was in that one waits again, in another order.
        let triggers = |state: &str| {
            ["log_entries", "log_tiles", "log_checkpoints", "log_cosignatures"].map(|table| format!("ALTER TABLE {table} {state} TRIGGER ALL;")).concat()
        };
        let back = "DELETE FROM log_cosignatures;
            INSERT INTO log_outbox (id, subject_id, seq) SELECT gen_random_uuid(), subject_id, seq FROM log_entries WHERE index >= 8 ORDER BY index DESC;
            DELETE FROM log_entries WHERE index >= 8; UPDATE log_tiles SET hashes = substring(hashes FOR 256);
            DELETE FROM log_checkpoints WHERE size > 8;";
        sql(app, &format!("{}{back}{}", triggers("DISABLE"), triggers("ENABLE"))).await;
        ask(app, &log).await;
        assert_eq!(log.witnesses().unwrap().ahead(), Some(Ahead { witness: "north".into(), size: 11 }));
        let refused = log.append(&app.db.db, app.clock.now()).await;
        assert!(matches!(refused, Err(Error::Ahead(_))), "{refused:?}");
        // Control: a log that asks nobody goes on, and has another history of the same length; that is found out too.
        assert!(append(app).await > 0);
        assert_eq!(ask(app, &log).await, Asked::default());
        assert_eq!(log.witnesses().unwrap().ahead(), Some(Ahead { witness: "north".into(), size: 11 }));
        drop(witness);
        assert_eq!(ask(app, &log).await, Asked { cosigned: 0, silent: 1 });
        assert!(log.witnesses().unwrap().ahead().is_some(), "silence lifts nothing");
    })
    .await;
}

/// The program by itself: it asks after each batch, and serves what it was told.
#[actix_web::test]
async fn a_service_asks_its_witnesses_by_itself() {
    let db = crate::support::database().await;
    let folder = Folder::new();
    let witness = Witness::start(&folder.at("w"));
    let file = folder.at("policy");
    std::fs::write(&file, witness.policy()).unwrap();
    let args = ["serve", "--development", "--database-url", &db.url, "--bind", "127.0.0.1:0", "--public-url", "https://haat.example"];
    let mut serving = Command::new(env!("CARGO_BIN_EXE_haat"))
        .args(args)
        .args(["--log-policy", &file, "--log-key", &"09".repeat(32)])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serving.stderr.take().unwrap()).lines();
    let url = lines.by_ref().map(Result::unwrap).find_map(|line| line.strip_prefix("listening on ").map(ToOwned::to_owned)).unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    let get = async |path: &str| reqwest::get(format!("{url}{path}")).await.unwrap().text().await.unwrap();
    assert_eq!(get("/log/policy").await, witness.policy());
    let policy: Policy = witness.policy().parse().unwrap();
    let mut met = false;
    for _ in 0..100 {
        met = policy.judge(&Note::parse(&get("/log/checkpoint").await).unwrap()).unwrap().met;
        if met {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert!(met, "the empty log's checkpoint is cosigned as well");
}
