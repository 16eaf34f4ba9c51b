//! Makers: what their cooperative knows, what they agreed to, what the public sees, and what is left when one is erased.
use diesel_async::SimpleAsyncConnection;
use haat::{artisans, ids::ArtisanId, secrets::MasterKey, tenancy::Scope};
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{cooperative, platform, sql},
};

const MAKERS: &str = "/v1/manage/cooperatives/bagru/artisans";

fn ganga() -> Value {
    json!({"reference": "M-12", "legal_name": "Ganga Devi Kumawat", "display_name": "Ganga", "public_alias": "Neela", "village": "Bagru",
        "craft": "bagru_dabu", "phone": "+91 98765-43210", "birth_year": 1995, "story": "My mother printed too."})
}
fn word(purposes: &[&str], granted: bool) -> Value {
    json!({"purposes": purposes, "granted": granted, "language": "hi", "medium": "spoken", "witness": "Sushila"})
}
async fn written(manager: &Client) -> String {
    manager.post(MAKERS, ganga()).await.expect(201)["id"].as_str().unwrap().to_owned()
}
async fn says(manager: &Client, id: &str, purposes: &[&str], granted: bool) {
    manager.post(&format!("{MAKERS}/{id}/consents"), word(purposes, granted)).await.expect(201);
}
async fn seen(app: &TestApp, id: &str) -> Value {
    app.visitor().get(&format!("/v1/store/makers/{id}")).await.expect(200)
}
async fn key(app: &TestApp, id: &str) -> Option<[u8; 32]> {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    let conn = &mut *app.db.db.conn().await.unwrap();
    let id: ArtisanId = id.parse().unwrap();
    let coop =
        haat::schema::artisans::table.filter(haat::schema::artisans::id.eq(id)).select(haat::schema::artisans::coop_id).first(conn).await.unwrap();
    artisans::subject_key(conn, &MasterKey::new([7; 32]), Scope::system(coop), id).await.unwrap()
}

#[actix_web::test]
async fn a_maker_is_seen_as_far_as_she_agreed() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = written(&manager).await;
        let shown = app.visitor().get(&format!("/v1/store/makers/{id}")).await;
        assert_eq!(shown.headers["cache-control"], "no-cache");
        let etag = shown.headers["etag"].to_str().unwrap().to_owned();
        let shown = shown.expect(200);
        assert_eq!((&shown["name"], &shown["story"], &shown["place"]["village"]), (&json!("Neela"), &Value::Null, &Value::Null));
        assert_eq!((&shown["place"]["district"], &shown["craft"]["code"]), (&json!("Jaipur"), &json!("bagru_dabu")));

        says(&manager, &id, &["name", "story"], true).await;
        let visitor = app.visitor().with("If-None-Match", &etag);
        let now = visitor.get(&format!("/v1/store/makers/{id}")).await;
        let fresh = now.headers["etag"].to_str().unwrap().to_owned();
        let now = now.expect(200);
        assert_eq!((&now["name"], &now["story"]), (&json!("Ganga"), &json!("My mother printed too.")));
        assert_eq!(app.visitor().with("If-None-Match", &fresh).get(&format!("/v1/store/makers/{id}")).await.status, 304);
        // Taken back by a message, it is gone with the next request, for those who ask again too.
        let back = json!({"purposes": ["name", "story"], "granted": false, "language": "hi", "medium": "message"});
        manager.post(&format!("{MAKERS}/{id}/consents"), back).await.expect(201);
        let asked_again = app.visitor().with("If-None-Match", &fresh).get(&format!("/v1/store/makers/{id}")).await.expect(200);
        assert_eq!((&asked_again["name"], &asked_again["story"]), (&json!("Neela"), &Value::Null));
        // Without an alias her craft and her district must do. Her legal name was never in any of it.
        sql(app, "UPDATE artisans SET public_alias = NULL").await;
        let last = seen(app, &id).await;
        assert_eq!(last["name"], Value::Null);
        for answer in [&shown, &now, &asked_again, &last] {
            assert!(!answer.to_string().contains("Kumawat") && !answer.to_string().contains("98765"), "{answer}");
        }
        // What is suspended is not shown.
        sql(app, "UPDATE cooperatives SET state = 'suspended'").await;
        assert_eq!(app.visitor().get(&format!("/v1/store/makers/{id}")).await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn a_portrait_is_a_picture_of_the_cooperative_and_hers_to_show() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        cooperative(app, "pedana").await;
        let id = written(&manager).await;
        let picture = |slug: &str, n: u8| {
            let (media, at) = (haat::ids::new_uuid(), app.clock.now());
            let insert = format!(
                "INSERT INTO media (coop_id, id, state, mime, width, height, sha256, blurhash, created_at, updated_at)
                 SELECT id, '{media}', 'ready', 'image/jpeg', 10, 10, '\\x{}', 'L', '{at}', '{at}' FROM cooperatives WHERE slug = '{slug}'",
                format!("{n:02x}").repeat(32),
            );
            (media.to_string(), insert)
        };
        let ((own, insert_own), (foreign, insert_foreign)) = (picture("bagru", 1), picture("pedana", 2));
        sql(app, &format!("{insert_own}; {insert_foreign}")).await;
        let at = manager.with("If-Match", "\"1\"");
        let refused = at.patch(&format!("{MAKERS}/{id}"), json!({"portrait": foreign})).await.expect(422);
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/portrait"), &json!("unknown")));
        at.patch(&format!("{MAKERS}/{id}"), json!({"portrait": own})).await.expect(200);
        assert_eq!(seen(app, &id).await["portrait"], Value::Null);
        says(&manager, &id, &["portrait"], true).await;
        assert_eq!(seen(app, &id).await["portrait"], json!(format!("/media/{}/320.jpg", "01".repeat(32))));
    })
    .await;
}

#[actix_web::test]
async fn makers_are_written_down_found_and_corrected() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let id = written(&manager).await;
        let plain = manager.post(MAKERS, json!({"legal_name": "Parvati"})).await.expect(201);
        // Place and language are the cooperative's where nothing is said; a number is made.
        assert_eq!((&plain["district"], &plain["language"], &plain["reference"]), (&json!("Jaipur"), &json!("en"), &json!("A-2")));
        let one = manager.get(&format!("{MAKERS}/{id}")).await;
        assert_eq!((&one.headers["etag"], &one.headers["cache-control"]), (&"\"1\"".parse().unwrap(), &"no-store".parse().unwrap()));
        let one = one.expect(200);
        assert_eq!((&one["phone"], &one["consents"]), (&json!("+919876543210"), &json!({})));

        let refused = manager.post(MAKERS, json!({"legal_name": "X", "reference": "M-12", "craft": "juggling"})).await.expect(422);
        let pointers: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/craft", "/reference"]);
        assert_eq!(manager.post(MAKERS, json!({"legal_name": "X", "coop_id": id})).await.problem(422), "invalid");
        // Another cooperative counts for itself.
        other.post("/v1/manage/cooperatives/pedana/artisans", ganga()).await.expect(201);

        let path = format!("{MAKERS}/{id}");
        assert_eq!(manager.patch(&path, json!({"village": null})).await.problem(428), "precondition-required");
        let now = manager.with("If-Match", "\"1\"");
        let changed = now.patch(&path, json!({"village": null, "display_name": "Ganga Devi"})).await.expect(200);
        assert_eq!((&changed["village"], &changed["display_name"], &changed["phone"]), (&Value::Null, &json!("Ganga Devi"), &one["phone"]));
        assert_eq!(now.patch(&path, json!({"village": "Bagru"})).await.problem(412), "precondition-failed");
        let taken = manager.with("If-Match", "\"2\"").patch(&path, json!({"reference": "A-2"})).await.expect(422);
        assert_eq!(taken["errors"][0]["code"], "taken");
        manager.with("If-Match", "\"2\"").patch(&path, json!({"reference": "M-12"})).await.expect(200);

        let found = |query: &str| {
            let (manager, path) = (manager.clone(), format!("{MAKERS}?{query}"));
            async move { manager.get(&path).await.expect(200)["data"].as_array().unwrap().len() }
        };
        assert_eq!((found("").await, found("q=GANGA").await, found("q=a-2").await, found("craft=bagru_dabu").await), (2, 1, 1, 1));
        let first = manager.get(&format!("{MAKERS}?limit=1")).await.expect(200);
        assert_eq!(found(&format!("limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await, 1);
        assert_eq!(manager.get(&format!("{MAKERS}?sort=x")).await.problem(400), "invalid-query");
        assert_eq!(app.visitor().get(MAKERS).await.problem(401), "unauthenticated");
    })
    .await;
}

#[actix_web::test]
async fn another_cooperatives_maker_is_nobody() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        let id = written(&manager).await;
        for base in ["/v1/manage/cooperatives/bagru", "/v1/manage/cooperatives/pedana"] {
            let path = format!("{base}/artisans/{id}");
            assert_eq!(other.get(&path).await.problem(404), "not-found");
            assert_eq!(other.with("If-Match", "\"1\"").patch(&path, json!({"village": "X"})).await.problem(404), "not-found");
            assert_eq!(other.get(&format!("{path}/consents")).await.problem(404), "not-found");
            assert_eq!(other.post(&format!("{path}/consents"), word(&["name"], true)).await.problem(404), "not-found");
            assert_eq!(other.post(&format!("{path}/erase"), json!({"reference": "M-12"})).await.problem(404), "not-found");
        }
        assert_eq!(other.get(MAKERS).await.problem(404), "not-found");
        assert_eq!(other.post(MAKERS, ganga()).await.problem(404), "not-found");
        assert_eq!(manager.get(&format!("{MAKERS}/{id}")).await.expect(200)["version"], 1);
    })
    .await;
}

#[actix_web::test]
async fn her_word_is_kept_with_how_it_was_given() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = written(&manager).await;
        let path = format!("{MAKERS}/{id}/consents");
        says(&manager, &id, &["name", "portrait"], true).await;
        says(&manager, &id, &["portrait"], false).await;
        let all = manager.get(&path).await.expect(200);
        assert_eq!(all["data"].as_array().unwrap().len(), 3);
        assert_eq!((&all["data"][0]["purpose"], &all["data"][0]["granted"]), (&json!("portrait"), &json!(false)));
        assert_eq!((&all["data"][0]["witness"], all["data"][0]["recorded_by"].is_string()), (&json!("Sushila"), true));
        let now = manager.get(&format!("{MAKERS}/{id}")).await.expect(200);
        assert_eq!(now["consents"], json!({"name": true, "portrait": false}));

        let unheard = json!({"purposes": ["name"], "granted": true, "language": "hi", "medium": "spoken"});
        assert_eq!(manager.post(&path, unheard).await.expect(422)["errors"][0]["pointer"], "/witness");
        let unknown = json!({"purposes": ["caste"], "granted": true, "language": "hi", "medium": "written"});
        assert_eq!(manager.post(&path, unknown).await.expect(422)["errors"][0]["pointer"], "/purposes/0");
        for change in ["UPDATE consents SET granted = true", "DELETE FROM consents", "TRUNCATE consents"] {
            assert!(app.db.db.conn().await.unwrap().batch_execute(change).await.is_err(), "{change}");
        }
    })
    .await;
}

#[actix_web::test]
async fn an_erased_person_leaves_her_ids_and_nothing_else() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let id = written(&manager).await;
        says(&manager, &id, &["name", "story", "village"], true).await;
        let work =
            json!({"artisan": id, "batch": null, "step": "printing", "pieces": 3, "rate": {"amount": 100, "currency": "INR"}, "date": "2026-11-20"});
        manager.post("/v1/manage/cooperatives/bagru/work", work).await.expect(201);
        let before = key(app, &id).await;
        assert!(before.is_some_and(|key| key != [0; 32]));
        let erase = format!("{MAKERS}/{id}/erase");
        assert_eq!(manager.post(&erase, json!({"reference": "M-13"})).await.expect(422)["errors"][0]["pointer"], "/reference");
        assert_eq!(key(app, &id).await, before);

        let left = manager.post(&erase, json!({"reference": "M-12"})).await.expect(200);
        assert_eq!((&left["id"], &left["legal_name"], &left["phone"]), (&json!(id), &json!(""), &Value::Null));
        assert_eq!(key(app, &id).await, None);
        assert_eq!(app.visitor().get(&format!("/v1/store/makers/{id}")).await.problem(404), "not-found");
        assert_eq!(manager.get(MAKERS).await.expect(200)["data"], json!([]));
        assert_eq!(manager.get(&format!("/v1/manage/cooperatives/bagru/work?artisan={id}")).await.expect(200)["data"].as_array().unwrap().len(), 1);
        // Nobody writes her down again.
        assert_eq!(manager.post(&erase, json!({"reference": "M-12"})).await.problem(409), "conflict");
        let again = manager.with("If-Match", "\"2\"").patch(&format!("{MAKERS}/{id}"), json!({"village": "Bagru"})).await;
        assert_eq!(again.problem(409), "conflict");
        assert_eq!(manager.post(&format!("{MAKERS}/{id}/consents"), word(&["name"], true)).await.problem(409), "conflict");
        assert!(app.db.db.conn().await.unwrap().batch_execute("UPDATE artisans SET legal_name = 'Ganga'").await.is_err());
    })
    .await;
}

#[actix_web::test]
async fn a_subject_key_opens_only_for_its_maker() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let (one, two) = (written(&manager).await, manager.post(MAKERS, json!({"legal_name": "Parvati"})).await.expect(201));
        assert_ne!(key(app, &one).await, key(app, two["id"].as_str().unwrap()).await);
        sql(
            app,
            &format!(
                "UPDATE subject_keys s SET sealed = (SELECT sealed FROM subject_keys o WHERE o.artisan_id <> s.artisan_id) WHERE artisan_id = '{one}'"
            ),
        )
        .await;
        let coop = artisans_coop(app, &one).await;
        let conn = &mut *app.db.db.conn().await.unwrap();
        let moved = artisans::subject_key(conn, &MasterKey::new([7; 32]), Scope::system(coop), one.parse().unwrap()).await;
        assert!(matches!(moved, Err(artisans::Error::Unsealed(_))));
    })
    .await;
}
async fn artisans_coop(app: &TestApp, id: &str) -> haat::ids::CoopId {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use haat::schema::artisans as a;
    let id: ArtisanId = id.parse().unwrap();
    a::table.filter(a::id.eq(id)).select(a::coop_id).first(&mut *app.db.db.conn().await.unwrap()).await.unwrap()
}

#[actix_web::test]
async fn crafts_are_listed_and_the_operators_to_correct() {
    api_test(async |app| {
        let page = app.visitor().get("/v1/store/crafts?limit=100").await.expect(200);
        let all = page["data"].as_array().unwrap();
        assert_eq!((all.len(), all[0]["code"].as_str()), (16, Some("ajrakh")));
        assert!(all.iter().all(|c| !c["steps"].as_array().unwrap().is_empty()));
        let first = app.visitor().get("/v1/store/crafts?limit=10").await.expect(200);
        let rest = app.visitor().get(&format!("/v1/store/crafts?limit=10&cursor={}", first["next_cursor"].as_str().unwrap())).await.expect(200);
        assert_eq!(rest["data"].as_array().unwrap().len(), 6);

        let operator = platform(app, "operator").await;
        let sikki =
            json!({"name": "Sikki basketry", "place": "Madhubani, Bihar", "country": "IN", "materials": ["sikki grass"], "steps": ["coiling"]});
        operator.put("/v1/admin/crafts/sikki", sikki.clone()).await.expect(200);
        let mut corrected = sikki.clone();
        corrected["typical_minutes"] = json!(240);
        assert_eq!(operator.put("/v1/admin/crafts/sikki", corrected).await.expect(200)["typical_minutes"], 240);
        // What a correction leaves out is taken away.
        assert_eq!(operator.put("/v1/admin/crafts/sikki", sikki.clone()).await.expect(200)["typical_minutes"], Value::Null);
        assert_eq!(operator.put("/v1/admin/crafts/Sikki%20Grass", sikki.clone()).await.expect(422)["errors"][0]["pointer"], "/code");
        let manager = cooperative(app, "bagru").await;
        assert_eq!(manager.put("/v1/admin/crafts/sikki", sikki.clone()).await.problem(403), "forbidden");
        assert_eq!(app.visitor().put("/v1/admin/crafts/sikki", sikki).await.problem(401), "unauthenticated");
    })
    .await;
}
