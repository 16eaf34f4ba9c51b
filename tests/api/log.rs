//! The public log over HTTP: everything that a stranger needs to check it, and what the database refuses.
use haat::log::{Log, LogKey};
use passport::{
    Bundle, Digest, Known, Outcome,
    log::{Checkpoint, Edge, NoteVerifier, Proof, Tile, Tiles, tile, tree::consistency_plan, verify_consistency},
    verify_bundle, verify_bundle_knowing,
};

use crate::support::{
    TestApp, api_test,
    builders::{basket, cooperative, product, session_of, sql},
};

/// Sells so many pieces of a batch; the code of one.
pub async fn sold(app: &TestApp, pieces: i32) -> String {
    let variant = product(&cooperative(app, "bagru").await, "bagru", 6000, 40).await;
    let checkout = basket(app, &variant, pieces).await.checkout("k").await.expect(201);
    app.sandbox.control().pay(&session_of(&checkout)).unwrap();
    app.sandbox.control().webhooks_settled().await;
    app.run_jobs().await;
    let rows = codes(app).await;
    assert_eq!(rows.len(), usize::try_from(pieces).unwrap());
    rows.into_iter().next().unwrap()
}
/// One more batch of what was sold: one leaf in the queue.
pub async fn minted(app: &TestApp) {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use haat::schema::variants;
    let variant: uuid::Uuid = variants::table.select(variants::id).first(&mut *app.db.db.conn().await.unwrap()).await.unwrap();
    let batch = serde_json::json!({"variant": variant, "quantity": 1});
    app.visitor().bearer("session_bagru").post("/v1/manage/cooperatives/bagru/batches", batch).await.expect(201);
}
async fn codes(app: &TestApp) -> Vec<String> {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use haat::schema::items;
    items::table.select(items::code).load(&mut *app.db.db.conn().await.unwrap()).await.unwrap()
}
pub fn log(app: &TestApp) -> &Log {
    app.app.log.as_ref().unwrap()
}
/// Appends all that is queued; how many batches that took.
pub async fn append(app: &TestApp) -> usize {
    let mut batches = 0;
    while log(app).append(&app.db.db, app.clock.now()).await.unwrap() > 0 {
        batches += 1;
    }
    batches
}
pub async fn text(app: &TestApp, path: &str) -> String {
    app.visitor().elsewhere(&format!("{}{path}", app.url)).await
}
pub async fn bytes(app: &TestApp, path: &str) -> Vec<u8> {
    reqwest::get(format!("{}{path}", app.url)).await.unwrap().error_for_status().unwrap().bytes().await.unwrap().to_vec()
}
pub async fn checkpoint(app: &TestApp) -> Checkpoint {
    let key: NoteVerifier = text(app, "/log/key").await.trim().parse().unwrap();
    Checkpoint::verified(&text(app, "/log/checkpoint").await, &key).unwrap()
}
/// Every entry that the log serves, in bundles.
pub async fn entries(app: &TestApp, size: u64) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for tile in Tile::all(size).into_iter().filter(|t| t.place.level == 0) {
        let bundle = bytes(app, &format!("/log/tile/entries/{}", tile::index_path(tile.place.index, tile.width))).await;
        all.extend(tile::read_entries(&bundle).unwrap().into_iter().map(<[u8]>::to_vec));
    }
    all
}

#[actix_web::test]
async fn a_stranger_can_recompute_the_log() {
    api_test(async |app| {
        let begun = checkpoint(app).await;
        assert_eq!((begun.origin.as_str(), begun.size), ("haat.example/log", 0));
        let code = sold(app, 3).await;
        append(app).await;
        let first = checkpoint(app).await;
        // Two documents, the batch's record, of each piece that it was minted and sold, and the first version of a status list.
        assert_eq!(first.size, 2 + 1 + 3 * 2 + 1);
        let entries = entries(app, first.size).await;
        let leaves: Vec<_> = entries.iter().map(|bytes| Digest::of_leaf(bytes)).collect();
        let mut edge = Edge::default();
        edge.append(&leaves);
        assert_eq!((edge.size(), edge.root()), (first.size, first.root));
        let tile = bytes(app, "/log/tile/0/000.p/10").await;
        assert_eq!(tile::hashes(&tile), leaves);
        assert_eq!(bytes(app, "/log/tile/0/000.p/3").await, tile[..96], "what was served once is served for ever");
        // The newest record of a piece, as one text.
        let proof = Proof::parse(&text(app, &format!("/v1/provenance/items/{code}/proof")).await).unwrap();
        let newest = Digest::of_leaf(&entries[usize::try_from(proof.index).unwrap()]);
        assert_eq!(proof.verify(&newest, log(app).verifier()), Ok(first.clone()));
        // Nothing queued: nothing signed.
        assert_eq!(append(app).await, 0);
        assert_eq!(checkpoint(app).await, first);
    })
    .await;
}

#[actix_web::test]
async fn a_bundle_proves_that_its_records_are_in_the_log() {
    api_test(async |app| {
        let code = sold(app, 1).await;
        let bundle = async || bytes(app, &format!("/v1/provenance/items/{code}/bundle")).await;
        let knowing = |bytes: &[u8]| verify_bundle_knowing(bytes, Known { log: log(app).verifiers(), ..Known::default() });
        let step = |bytes: &[u8]| knowing(bytes).steps.into_iter().find(|step| step.name == "Public log").unwrap();
        assert_eq!(app.visitor().get(&format!("/v1/provenance/items/{code}/proof")).await.problem(404), "not-found");
        let before = step(&bundle().await);
        assert!(before.outcome == Outcome::NotChecked && before.detail.contains("0 of 3 records"), "{before:?}");
        append(app).await;
        let after = bundle().await;
        assert_eq!(step(&after).outcome, Outcome::Passed);
        let Bundle { log: logged, .. } = verify_bundle(&after).bundle.unwrap();
        assert_eq!(logged.unwrap().item.len(), 2);
        // Control: with a path that leads elsewhere it is refused.
        let mut forged: serde_json::Value = serde_json::from_slice(&after).unwrap();
        forged["log"]["item"][1]["index"] = serde_json::json!(0);
        assert!(!knowing(&serde_json::to_vec(&forged).unwrap()).ok());
    })
    .await;
}

/// Sequencers at once, and more leaves than a batch and a tile hold: every leaf once, in one tree that only grew.
#[actix_web::test]
async fn each_leaf_is_appended_once_and_every_tree_is_the_beginning_of_the_next() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let mut sizes = vec![checkpoint(app).await];
        for pieces in [1, 200, 200, 200] {
            let batch = serde_json::json!({"variant": variant, "quantity": pieces});
            let made = manager.post("/v1/manage/cooperatives/bagru/batches", batch).await.expect(201);
            let items = format!("/v1/manage/cooperatives/bagru/batches/{}/items", made["id"].as_str().unwrap());
            manager.post(&items, serde_json::json!({"count": pieces})).await.expect(201);
            let now = app.clock.now();
            let both = futures_util::join!(log(app).append(&app.db.db, now), log(app).append(&app.db.db, now));
            assert!(both.0.unwrap() + both.1.unwrap() > 0);
            append(app).await;
            sizes.push(checkpoint(app).await);
        }
        let last = sizes.last().unwrap().clone();
        assert!(last.size > 600, "{}", last.size);
        let entries = entries(app, last.size).await;
        let distinct: std::collections::BTreeSet<_> = entries.iter().collect();
        assert_eq!((entries.len() as u64, distinct.len() as u64), (last.size, last.size));
        let mut tiles = Tiles::default();
        for tile in Tile::all(last.size) {
            tiles.insert(tile.place, bytes(app, &format!("/log/tile/{}", tile.path())).await);
        }
        assert_eq!(tiles.root(last.size), Some(last.root));
        for pair in sizes.windows(2) {
            let proof = tiles.proof(&consistency_plan(pair[0].size, pair[1].size).unwrap()).unwrap();
            assert!(verify_consistency(pair[0].size, &pair[0].root, pair[1].size, &pair[1].root, &proof), "{pair:?}");
        }
    })
    .await;
}

#[actix_web::test]
async fn what_is_not_there_yet_is_not_found() {
    api_test(async |app| {
        sold(app, 1).await;
        append(app).await;
        for path in [
            "tile/0/000",
            "tile/0/000.p/7",
            "tile/0/001.p/1",
            "tile/1/000.p/1",
            "tile/64/000",
            "tile/0/0",
            "tile/entries/000.p/7",
            "tile/entries/0",
            "tile/entries/000.p/0",
        ] {
            let status = reqwest::get(format!("{}/log/{path}", app.url)).await.unwrap().status();
            assert_eq!(status, 404, "{path}");
        }
        let answer = reqwest::get(format!("{}/log/tile/0/000.p/3", app.url)).await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
        let answer = reqwest::get(format!("{}/log/checkpoint", app.url)).await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "public, max-age=1");
    })
    .await;
}

#[actix_web::test]
async fn a_log_with_two_histories_is_not_opened() {
    api_test(async |app| {
        sold(app, 1).await;
        append(app).await;
        let open = async |key: u8, url: &str| Log::open(&app.db.db, app.clock.now(), &LogKey::new([key; 32]), url).await;
        let again = open(9, "https://elsewhere.example").await.unwrap();
        assert_eq!(again.verifier().name(), "haat.example/log", "a log keeps its name when the service moves");
        let error = open(8, "https://haat.example").await.unwrap_err().to_string();
        assert!(error.contains("HAAT_LOG_KEY"), "{error}");
        // What the database refuses anybody.
        for change in [
            "UPDATE log_tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0))",
            "UPDATE log_tiles SET hashes = substring(hashes FOR 32)",
            "DELETE FROM log_tiles",
            "UPDATE log_checkpoints SET size = size + 1",
            "DELETE FROM log_entries",
            "INSERT INTO log_checkpoints SELECT size, sha256('another'), note, at FROM log_checkpoints",
        ] {
            let refused = format!("DO $$ BEGIN {change}; RAISE EXCEPTION USING ERRCODE = 'P0099'; EXCEPTION WHEN integrity_constraint_violation OR unique_violation THEN NULL; END $$");
            sql(app, &refused).await;
        }
        // Whoever is above the database changes a hash all the same: then the log is not opened.
        let forged = "ALTER TABLE log_tiles DISABLE TRIGGER log_tiles_grow;
            UPDATE log_tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0)) WHERE level = 0";
        sql(app, forged).await;
        let error = open(9, "https://haat.example").await.unwrap_err().to_string();
        assert!(error.contains("do not have the root"), "{error}");
    })
    .await;
}

/// The program itself, as a stranger runs it; exit code and what it said.
pub async fn haat(args: &[&str]) -> (Option<i32>, String) {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let run = move || std::process::Command::new(env!("CARGO_BIN_EXE_haat")).arg("log").args(args).output().unwrap();
    let done = tokio::task::spawn_blocking(run).await.unwrap();
    (done.status.code(), format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)))
}
/// A folder that is gone with the test.
pub struct Folder(std::path::PathBuf);
impl Folder {
    pub fn new() -> Self {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("log-{}", haat::ids::new_uuid()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    pub fn at(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[actix_web::test]
async fn a_rewritten_log_is_found_out_by_whoever_saw_it_before() {
    api_test(async |app| {
        sold(app, 2).await;
        append(app).await;
        let (folder, key) = (Folder::new(), log(app).verifier().to_string());
        let state = folder.at("seen");
        let monitor = ["monitor", &app.url, "--log-key", &key, "--state", &state];
        let (code, said) = haat(&monitor).await;
        assert!(code == Some(0) && said.contains("8 entries about 3 items and batches"), "{said}");
        assert_eq!(haat(&["verify", "--database-url", &app.db.url]).await.0, Some(0));
        // Someone above the database tells it anew, in another order, and signs that too.
        let anew =
            "ALTER TABLE log_entries DISABLE TRIGGER ALL; ALTER TABLE log_tiles DISABLE TRIGGER ALL; ALTER TABLE log_checkpoints DISABLE TRIGGER ALL;
            INSERT INTO log_outbox (id, subject_id, seq, statement_id)
              SELECT gen_random_uuid(), subject_id, seq, statement_id FROM log_entries ORDER BY index > 2, seq, index DESC;
            DELETE FROM log_entries; DELETE FROM log_tiles; DELETE FROM log_checkpoints WHERE size > 0";
        sql(app, anew).await;
        append(app).await;
        assert_eq!(haat(&["verify", "--database-url", &app.db.url]).await.0, Some(0), "by itself it is whole");
        assert_eq!(haat(&monitor[..4]).await.0, Some(0));
        let (code, said) = haat(&monitor).await;
        assert!(code == Some(1) && said.contains("are not those that were there"), "{said}");
    })
    .await;
}

#[actix_web::test]
async fn a_record_that_was_changed_afterwards_does_not_fit_the_log() {
    api_test(async |app| {
        sold(app, 1).await;
        append(app).await;
        let forged = "ALTER TABLE leaves DISABLE TRIGGER leaves_append_only;
            UPDATE leaves SET bytes = convert_to(replace(convert_from(bytes, 'UTF8'), 'Indigo', 'Silken'), 'UTF8') WHERE type = 'created'";
        sql(app, forged).await;
        let (code, said) = haat(&["verify", "--database-url", &app.db.url]).await;
        assert!(code == Some(1) && said.contains("another root than the records"), "{said}");
        let (code, said) = haat(&["monitor", &app.url]).await;
        assert!(code == Some(1) && said.contains("do not have the root that the log signed"), "{said}");
        assert_eq!(haat(&["mirror", &app.url, &Folder::new().at("copy")]).await.0, Some(2), "a copy of it is not made");
    })
    .await;
}

#[actix_web::test]
async fn a_copy_is_whole_and_mended() {
    api_test(async |app| {
        sold(app, 1).await;
        append(app).await;
        let folder = Folder::new();
        let copy = folder.at("copy");
        let (code, said) = haat(&["mirror", &app.url, &copy]).await;
        assert!(code == Some(0) && said.contains("2 files fetched"), "{said}");
        let tile = folder.0.join("copy/tile/0/000.p/6");
        assert_eq!(std::fs::read(&tile).unwrap(), bytes(app, "/log/tile/0/000.p/6").await);
        assert_eq!(std::fs::read_to_string(folder.0.join("copy/checkpoint")).unwrap(), text(app, "/log/checkpoint").await);
        std::fs::write(&tile, [0; 192]).unwrap();
        let (code, said) = haat(&["mirror", &app.url, &copy]).await;
        assert!(code == Some(0) && said.contains("1 files fetched"), "{said}");
        assert_eq!(std::fs::read(&tile).unwrap(), bytes(app, "/log/tile/0/000.p/6").await);
    })
    .await;
}
