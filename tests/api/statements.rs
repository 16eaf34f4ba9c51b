//! What the log says in its own name: whose keys there are, what was revoked, and which records are the newest; and who says otherwise.
use jiff::SignedDuration;
use passport::{
    Known, Outcome, Step,
    log::{Statement, tile::WIDTH},
    verify_bundle_knowing,
};
use serde_json::{Value, json};

use crate::{
    log::{append, bytes, checkpoint, entries, haat, log, minted, sold},
    pages::{Piece, piece},
    support::{
        TestApp, api_test,
        builders::{cooperative, product, sql},
    },
};

const AT: &str = "/v1/manage/cooperatives/bagru";

async fn statements(app: &TestApp) -> Vec<Statement> {
    let all = entries(app, checkpoint(app).await.size).await;
    all.iter().filter_map(|entry| Statement::parse(entry).unwrap()).collect()
}
async fn count(app: &TestApp) -> bool {
    log(app).count(&app.db.db, app.clock.now()).await.unwrap()
}
fn tomorrow(app: &TestApp) {
    app.clock.advance(SignedDuration::from_hours(24));
}
async fn monitor(app: &TestApp) -> (Option<i32>, String) {
    haat(&["monitor", &app.url, "--log-key", &log(app).verifier().to_string()]).await
}
async fn newest(app: &TestApp, code: &str) -> Step {
    let bundle = bytes(app, &format!("/v1/provenance/items/{code}/bundle")).await;
    let verdict = verify_bundle_knowing(&bundle, Known { log: log(app).verifiers(), ..Known::default() });
    assert!(verdict.ok(), "{:?}", verdict.steps);
    verdict.steps.into_iter().find(|step| step.name == "Newest record").unwrap()
}

#[actix_web::test]
async fn every_document_is_in_the_log_before_what_its_keys_sign() {
    api_test(async |app| {
        sold(app, 1).await;
        append(app).await;
        let documents: Vec<Value> = statements(app)
            .await
            .into_iter()
            .filter_map(|statement| match statement {
                Statement::Did { document, .. } => Some(document),
                _ => None,
            })
            .collect();
        let shown = [app.visitor().get("/.well-known/did.json").await.expect(200), app.visitor().get("/coop/bagru/did.json").await.expect(200)];
        assert_eq!(documents, shown);
        let (code, said) = monitor(app).await;
        assert!(code == Some(0) && said.contains("2 documents and 1 status lists are shown"), "{said}");
        // Somebody above the database puts another key in the place of the cooperative's.
        let strange = passport::SigningKey::from_seed(&[3; 32], "did:web:x".parse().unwrap(), "X".parse().unwrap());
        let public: String = strange.public().public().iter().map(|byte| format!("{byte:02x}")).collect();
        sql(app, &format!("UPDATE signing_keys SET public = '\\x{public}'")).await;
        let (code, said) = monitor(app).await;
        assert!(code == Some(1) && said.contains("that is not the log's newest"), "{said}");
    })
    .await;
}

#[actix_web::test]
async fn a_service_that_begins_again_says_nothing_twice() {
    api_test(async |app| {
        sold(app, 1).await;
        append(app).await;
        let before = statements(app).await;
        haat::provenance::credentials::state_documents(&app.db.db, app.clock.now(), &app.app.keys, &app.url, log(app).verifiers()).await.unwrap();
        append(app).await;
        assert_eq!(statements(app).await, before);
        // Control: at another address it is another DID.
        haat::provenance::credentials::state_documents(&app.db.db, app.clock.now(), &app.app.keys, "https://moved.example", log(app).verifiers())
            .await
            .unwrap();
        append(app).await;
        let after = statements(app).await;
        assert_eq!((after.len(), after.last().unwrap().about()), (before.len() + 1, "did:web:moved.example".to_owned()));
    })
    .await;
}

#[actix_web::test]
async fn a_revocation_is_in_the_tree_that_has_its_record_and_stays() {
    api_test(async |app| {
        let Piece { manager, code, .. } = piece(app).await;
        append(app).await;
        let items = manager.get(&format!("{AT}/items")).await.expect(200)["data"].clone();
        let id = items.as_array().unwrap().iter().find(|item| item["code"] == code).unwrap()["id"].as_str().unwrap().to_owned();
        manager.post(&format!("{AT}/items/{id}/events"), json!({"type": "withdrawn", "reason": "recalled"})).await.expect(204);
        let before = checkpoint(app).await.size;
        append(app).await;
        assert_eq!(checkpoint(app).await.size, before + 2, "the record and the list's new version, under one checkpoint");
        let sets: Vec<u64> = statements(app)
            .await
            .into_iter()
            .filter_map(|statement| match statement {
                Statement::Status { set, .. } => Some(set),
                _ => None,
            })
            .collect();
        assert_eq!(sets, [0, 1]);
        assert_eq!(monitor(app).await.0, Some(0));
        // The list is shown as if it had never been: the log's readers know better.
        sql(app, "ALTER TABLE leaves DISABLE TRIGGER leaves_append_only; UPDATE leaves SET type = 'sold' WHERE type = 'withdrawn'").await;
        let (code, said) = monitor(app).await;
        assert!(code == Some(1) && said.contains("1 pieces that were withdrawn are shown as good"), "{said}");
    })
    .await;
}

#[actix_web::test]
async fn a_bundle_shows_that_nothing_was_left_off_up_to_the_last_count() {
    api_test(async |app| {
        assert!(!count(app).await, "nothing is there to be counted");
        let Piece { manager, code, .. } = piece(app).await;
        append(app).await;
        let step = newest(app, &code).await;
        assert!(step.outcome == Outcome::NotChecked && step.detail.contains("no count"), "{}", step.detail);
        assert!(count(app).await);
        assert!(!count(app).await, "once a day");
        let step = newest(app, &code).await;
        assert!(
            step.outcome == Outcome::Passed && step.detail.contains("On 2026-11-22") && step.detail.contains("newest in this file too"),
            "{}",
            step.detail
        );
        // What came since is in the file, and not in the count.
        let items = manager.get(&format!("{AT}/items")).await.expect(200)["data"].clone();
        let id = items.as_array().unwrap().iter().find(|item| item["code"] == code).unwrap()["id"].as_str().unwrap().to_owned();
        manager.post(&format!("{AT}/items/{id}/events"), json!({"type": "withdrawn", "reason": "lost"})).await.expect(204);
        append(app).await;
        let step = newest(app, &code).await;
        assert!(step.outcome == Outcome::Passed && step.detail.contains("one more has come since"), "{}", step.detail);
        tomorrow(app);
        assert!(count(app).await);
        let step = newest(app, &code).await;
        assert!(
            step.outcome == Outcome::Passed && step.detail.contains("On 2026-11-23") && step.detail.contains("newest in this file too"),
            "{}",
            step.detail
        );
        let (exit, said) = monitor(app).await;
        assert_eq!(exit, Some(0), "{said}");
    })
    .await;
}

/// More chains than a tile holds, some of them changed, on several days: each count is what anybody counts who reads the log.
#[actix_web::test]
async fn every_count_is_that_of_whoever_reads_the_log() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let mut codes = Vec::new();
        for (pieces, packed) in [(1, 0), (200, 3), (200, 50), (190, 200)] {
            let batch = manager.post(&format!("{AT}/batches"), json!({"variant": variant, "quantity": pieces})).await.expect(201);
            let path = format!("{AT}/batches/{}/items", batch["id"].as_str().unwrap());
            let made = manager.post(&path, json!({"count": pieces})).await.expect(201)["data"].clone();
            codes.extend(
                made.as_array().unwrap().iter().map(|item| (item["code"].as_str().unwrap().to_owned(), item["id"].as_str().unwrap().to_owned())),
            );
            for (_, id) in codes.iter().rev().step_by(3).take(packed) {
                manager.post(&format!("{AT}/items/{id}/events"), json!({"type": "packed"})).await.expect(204);
            }
            append(app).await;
            assert!(count(app).await);
            for (code, _) in codes.iter().step_by(97) {
                assert_eq!(newest(app, code).await.outcome, Outcome::Passed);
            }
            tomorrow(app);
        }
        assert!(codes.len() > 2 * WIDTH);
        let (exit, said) = monitor(app).await;
        assert!(exit == Some(0) && said.contains("items and batches"), "{said}");
        // Control: a count that leaves one chain's newest record out is found by the same reader.
        sql(app, "UPDATE log_tip_tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0)) WHERE level = 0 AND index = 2").await;
        minted(app).await;
        append(app).await;
        assert!(count(app).await);
        let (exit, said) = monitor(app).await;
        assert!(exit == Some(1) && said.contains("are not those that are counted here"), "{said}");
    })
    .await;
}
