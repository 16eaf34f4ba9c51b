//! What a cooperative writes on its pieces: batches, codes, work, checks, packing; and the tags it prints.
use serde_json::{Value, json};

use crate::{
    pages::consent,
    support::{
        Client, TestApp, api_test,
        builders::{cooperative, product, sql},
    },
    work::artisan,
};

const AT: &str = "/v1/manage/cooperatives/bagru";

/// A batch of `quantity`, entered over HTTP; its id.
async fn batch(manager: &Client, variant: &str, quantity: u32) -> String {
    let made = manager.post(&format!("{AT}/batches"), json!({"variant": variant, "quantity": quantity, "craft": "Dabu"})).await.expect(201);
    assert_eq!((&made["product"], &made["minted"], &made["quantity"]), (&json!("Indigo dabu stole"), &json!(0), &json!(quantity)));
    made["id"].as_str().unwrap().to_owned()
}
fn first_error(problem: &Value) -> (String, String) {
    let text = |field: &str| problem["errors"][0][field].as_str().unwrap().to_owned();
    (text("pointer"), text("code"))
}
fn is(pointer: &str, code: &str) -> (String, String) {
    (pointer.into(), code.into())
}
/// Gives a maker the key her part in records is hidden under.
async fn key(app: &TestApp, maker: &str) {
    let sealed: String = app.app.keys.seal(&format!("subject_keys/{maker}"), &[9; 32]).iter().map(|b| format!("{b:02x}")).collect();
    let text = format!(
        "INSERT INTO subject_keys (coop_id, artisan_id, sealed, created_at) SELECT coop_id, id, '\\x{sealed}', '{}' FROM artisans WHERE id = '{maker}'",
        app.clock.now()
    );
    sql(app, &text).await;
}

#[actix_web::test]
async fn pieces_are_entered_made_checked_coded_and_packed() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let refused = async |body: Value| first_error(&manager.post(&format!("{AT}/batches"), body).await.expect(422));
        assert_eq!(refused(json!({"variant": variant, "quantity": 0})).await, is("/quantity", "out_of_range"));
        assert_eq!(refused(json!({"variant": haat::ids::new_uuid(), "quantity": 3})).await, is("/variant", "unknown"));
        assert_eq!(refused(json!({"variant": variant, "quantity": 3, "date": "2026-11-23"})).await, is("/date", "future"));
        let id = batch(&manager, &variant, 3).await;
        assert_eq!(other.get(&format!("/v1/manage/cooperatives/pedana/batches/{id}")).await.problem(404), "not-found");
        assert_eq!(other.post(&format!("/v1/manage/cooperatives/pedana/batches/{id}/items"), json!({"count": 1})).await.problem(404), "not-found");

        let maker = artisan(app, "bagru", "A-1").await;
        let events = format!("{AT}/batches/{id}/events");
        let made = json!({"type": "made", "makers": [maker], "others": 1, "since": "2026-11-21", "steps": [{"technique": "block printing", "minutes": 45}],
            "materials": [{"name": "Cotton", "country": "IN", "share": "0.9", "local": true}, {"name": "Silk", "country": "CN", "share": "0.1"}],
            "place": {"district": "Jaipur", "country": "IN"}});
        manager.post(&events, made).await.expect(204);
        manager.post(&events, json!({"type": "quality_check", "passed": true, "checks": ["colour fast"]})).await.expect(204);
        assert_eq!(first_error(&manager.post(&events, json!({"type": "packed"})).await.expect(422)), is("/type", "not_a_batch"));
        let minted = manager.post(&format!("{AT}/batches/{id}/items"), json!({"count": 2})).await.expect(201)["data"].clone();
        let (code, item) = (minted[0]["code"].as_str().unwrap(), minted[0]["id"].as_str().unwrap());
        let packed = format!("{AT}/items/{item}/events");
        manager.post(&packed, json!({"type": "packed"})).await.expect(204);
        let shown = app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200);
        let types: Vec<_> = shown["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["created", "made", "quality_check", "minted", "packed"]);
        assert_eq!((&shown["local_share"], &shown["materials"][1]["name"], &shown["events"][1]["facts"]["makers"]), (&json!("0.9"), &json!("Silk"), &json!(2)));
        let bundle = app.visitor().get(&format!("/v1/provenance/items/{code}/bundle")).await;
        assert!(passport::verify_bundle(&bundle.bytes).ok(), "{}", bundle.text);

        let page = manager.get(&format!("{AT}/items?state=in_stock&limit=1")).await.expect(200);
        assert_eq!((&page["data"][0]["code"], page["has_more"].as_bool()), (&minted[1]["code"], Some(true)));
        let rest = manager.get(&format!("{AT}/items?state=in_stock&limit=1&cursor={}", page["next_cursor"].as_str().unwrap())).await.expect(200);
        assert_eq!((&rest["data"][0]["code"], rest["has_more"].as_bool()), (&json!(code), Some(false)));
        assert_eq!(manager.get(&format!("{AT}/items?state=sold")).await.expect(200)["data"], json!([]));
        assert_eq!(manager.get(&format!("{AT}/items?state=stolen")).await.problem(400), "invalid-query");
        let listed = manager.get(&format!("{AT}/batches?variant={variant}")).await.expect(200);
        assert_eq!((listed["data"].as_array().unwrap().len(), &listed["data"][0]["minted"]), (1, &json!(2)));
        assert_eq!(other.get("/v1/manage/cooperatives/pedana/items").await.expect(200)["data"], json!([]));
        assert_eq!(other.post(&packed.replace("bagru", "pedana"), json!({"type": "packed"})).await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn a_batch_gives_no_more_codes_than_it_has_pieces() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let id = batch(&manager, &variant, 5).await;
        let at = format!("{AT}/batches/{id}/items");
        let many = manager.post(&at, json!({"count": 6})).await.expect(409);
        assert_eq!((&many["code"], &many["available"]), (&json!("not-enough-pieces"), &json!(5)));
        assert_eq!(first_error(&manager.post(&at, json!({"count": 201})).await.expect(422)), is("/count", "out_of_range"));
        let body = json!({"count": 3});
        let (a, b) = futures_util::join!(manager.post(&at, body.clone()), manager.post(&at, body));
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        // Control: what is left is given.
        manager.post(&at, json!({"count": 2})).await.expect(201);
        let codes = manager.get(&format!("{AT}/items?batch={id}")).await.expect(200)["data"].clone();
        assert_eq!(codes.as_array().unwrap().len(), 5);
    })
    .await;
}

#[actix_web::test]
async fn what_cannot_have_been_is_not_written_down() {
    // Drawn before the test begins: it takes longer than a server keeps an idle connection.
    let drawn = crate::media::picture();
    api_test(async move |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let id = batch(&manager, &variant, 10).await;
        let (maker, hers) = (artisan(app, "bagru", "A-1").await, artisan(app, "pedana", "P-1").await);
        let events = format!("{AT}/batches/{id}/events");
        let refused = async |body: Value| first_error(&manager.post(&events, body).await.expect(422));
        assert_eq!(refused(json!({"type": "made", "makers": [hers]})).await, is("/makers/0", "unknown"));
        assert_eq!(refused(json!({"type": "made"})).await, is("/makers", "required"));
        assert_eq!(refused(json!({"type": "made", "others": 1, "date": "2026-11-23"})).await, is("/date", "future"));
        assert_eq!(refused(json!({"type": "made", "others": 1, "date": "2026-11-21"})).await, is("/date", "before_record"));
        assert_eq!(refused(json!({"type": "made", "others": 1, "since": "2026-11-23"})).await, is("/since", "after_date"));
        let material =
            |country: &str, share: &str| json!({"type": "made", "others": 1, "materials": [{"name": "Silk", "country": country, "share": share}]});
        assert_eq!(refused(material("India", "1")).await, is("/materials/0/country", "unacceptable"));
        assert_eq!(refused(material("IN", "1.5")).await, is("/materials/0/share", "unacceptable"));
        assert_eq!(refused(material("IN", "0.5")).await, is("/materials", "unacceptable"));
        // Ten pieces of 97 minutes are 970 minutes: more than one maker's sixteen hours, and less than two makers'.
        let long = |others: u32| json!({"type": "made", "makers": [maker], "others": others, "steps": [{"technique": "weaving", "minutes": 97}]});
        assert_eq!(refused(long(0)).await, is("/steps", "too_long_a_day"));
        manager.post(&events, long(1)).await.expect(204);

        let photo = manager.upload(&format!("{AT}/media"), "a.jpg", drawn.clone(), &[]).await.expect(201)["id"].clone();
        let theirs = other.upload("/v1/manage/cooperatives/pedana/media", "a.jpg", drawn, &[]).await.expect(201)["id"].clone();
        let check = |photo: &Value| json!({"type": "quality_check", "passed": true, "photos": [photo]});
        assert_eq!(refused(check(&theirs)).await, is("/photos/0", "unknown"));
        manager.post(&events, check(&photo)).await.expect(204);
        manager.post(&events, check(&photo)).await.expect(204);
        let second = batch(&manager, &variant, 1).await;
        assert_eq!(manager.post(&format!("{AT}/batches/{second}/events"), check(&photo)).await.problem(409), "photo-reused");
    })
    .await;
}

#[actix_web::test]
async fn a_name_is_in_the_record_as_a_digest_and_opens_only_while_she_agrees() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let maker = artisan(app, "bagru", "A-1").await;
        key(app, &maker).await;
        let id = batch(&manager, &variant, 2).await;
        manager.post(&format!("{AT}/batches/{id}/events"), json!({"type": "made", "makers": [maker]})).await.expect(204);
        let code =
            manager.post(&format!("{AT}/batches/{id}/items"), json!({"count": 1})).await.expect(201)["data"][0]["code"].as_str().unwrap().to_owned();
        let opened = async || {
            let bytes = app.visitor().get(&format!("/v1/provenance/items/{code}/bundle")).await.bytes;
            let verdict = passport::verify_bundle(&bytes);
            assert!(verdict.ok(), "{:?}", verdict.steps);
            let batch = verdict.bundle.unwrap().batch;
            assert_eq!(batch.leaves[1].leaf.sd().len(), 1);
            batch.disclosures.iter().map(|d| d.value().as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(opened().await, Vec::<String>::new(), "a record is not a consent");
        consent(app, &maker, "name", true).await;
        assert_eq!(opened().await, ["Alias A-1"]);
        consent(app, &maker, "name", false).await;
        assert_eq!(opened().await, Vec::<String>::new());
        consent(app, &maker, "name", true).await;
        assert_eq!(opened().await, ["Alias A-1"]);
        // Her key is gone, and every clear text with it; the record still holds.
        sql(app, "DELETE FROM subject_keys; DO $$ BEGIN ASSERT (SELECT count(*) FROM disclosures) = 0; END $$").await;
        assert_eq!(opened().await, Vec::<String>::new());
    })
    .await;
}

#[actix_web::test]
async fn tags_are_printed_with_the_claim_code_until_it_is_used() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await;
        let id = batch(&manager, &variant, 2).await;
        assert_eq!(manager.get(&format!("{AT}/batches/{id}/tags")).await.problem(404), "not-found");
        let minted = manager.post(&format!("{AT}/batches/{id}/items"), json!({"count": 2})).await.expect(201)["data"].clone();
        let code = minted[0]["code"].as_str().unwrap();
        for format in ["sheet", "labels"] {
            let sheet = manager.get(&format!("{AT}/batches/{id}/tags?format={format}")).await;
            assert_eq!((sheet.status.as_u16(), sheet.headers["content-type"].to_str().unwrap()), (200, "application/pdf"));
            assert!(sheet.bytes.starts_with(b"%PDF"));
            crate::payouts::keep(&format!("tags-{format}.pdf"), &sheet.bytes);
        }
        assert_eq!(manager.get(&format!("{AT}/batches/{id}/tags?format=svg")).await.problem(400), "invalid-query");
        let tag = format!("{AT}/items/{}/tag", minted[0]["id"].as_str().unwrap());
        let svg = manager.get(&tag).await;
        assert!(svg.status == 200 && svg.text.contains("<svg") && svg.text.contains(code), "{}", svg.text);
        crate::payouts::keep("tag.svg", svg.text.as_bytes());
        let claim = crate::pages::claim_code(app, code).await;
        app.visitor().post(&format!("/v1/provenance/items/{code}/claim"), json!({"claim_code": claim})).await.expect(201);
        let after = manager.get(&tag).await;
        assert!(after.text.len() < svg.text.len(), "the strip under the fold is gone");
        let other = cooperative(app, "pedana").await;
        assert_eq!(other.get(&tag.replace("bagru", "pedana")).await.problem(404), "not-found");
        assert_eq!(app.visitor().get(&tag).await.problem(401), "unauthenticated");
    })
    .await;
}

/// Two first records of a cooperative at once make one key: the later one waits for the earlier one's and signs with it.
#[actix_web::test]
async fn two_first_records_at_once_are_signed_with_one_key() {
    use haat::{provenance, tenancy::Scope};
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let variant = product(&manager, "bagru", 6000, 5).await.parse().unwrap();
        let coop = manager.get(AT).await.expect(200)["id"].as_str().unwrap().parse().unwrap();
        let (reached, go, now) = (tokio::sync::Notify::new(), tokio::sync::Notify::new(), app.clock.now());
        let new = provenance::NewBatch { variant, quantity: 1, title: "Stole".into(), category: None, craft: None };
        let record = async |then: &(dyn Fn() + Sync), wait: bool| {
            let made = app.db.db.transaction(async |tx| {
                let issuer = provenance::issuer(tx, &app.url, Scope::system(coop)).await?;
                let id = provenance::create_batch(tx, now, &app.app.keys, &issuer, &new).await?;
                then();
                if wait {
                    go.notified().await;
                }
                Ok::<_, provenance::Error>(id)
            });
            made.await.unwrap()
        };
        let tell = || reached.notify_one();
        let nothing = || ();
        let first = record(&tell, true);
        let second = async {
            reached.notified().await;
            let later = async {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                go.notify_one();
            };
            futures_util::join!(record(&nothing, false), later).0
        };
        let (one, other) = futures_util::join!(first, second);
        assert_ne!(one, other);
        sql(app, "DO $$ BEGIN ASSERT (SELECT count(*) = 1 FROM signing_keys), 'one key'; ASSERT (SELECT count(DISTINCT key_id) = 1 AND count(*) = 2 FROM leaves), 'signs both'; END $$").await;
    })
    .await;
}
