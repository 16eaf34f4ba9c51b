//! Passports, whose keys sign them, and which are revoked: what others' software reads of a piece.
use passport::{
    Digest,
    credential::{CredentialError, bitstring::StatusList, did, jwt, proof},
};
use serde_json::{Value, json};

use crate::{
    log::{append, text},
    pages::{Piece, consent, piece},
    support::{Client, TestApp, api_test},
};

const AT: &str = "/v1/manage/cooperatives/bagru";

async fn document(app: &TestApp, path: &str) -> Value {
    app.visitor().get(path).await.expect(200)
}
fn path(code: &str) -> String {
    format!("/v1/provenance/items/{code}/passport")
}
fn accepting(app: &TestApp, form: &str) -> Client {
    app.visitor().with("Accept", form)
}
/// The passport, verified with the keys that its cooperative shows.
async fn passport_of(app: &TestApp, code: &str) -> Value {
    let (answer, keys) = (app.visitor().get(&path(code)).await, document(app, "/coop/bagru/did.json").await);
    let (value, _) = proof::verify_credential(&answer.bytes, |method| did::key(&keys, method)).unwrap();
    value
}
async fn list(app: &TestApp) -> StatusList {
    let (answer, keys) = (app.visitor().get("/status/0").await, document(app, "/.well-known/did.json").await);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let (value, _) = proof::verify_credential(&answer.bytes, |method| did::key(&keys, method)).unwrap();
    StatusList::decode(value["credentialSubject"]["encodedList"].as_str().unwrap()).unwrap()
}
async fn item_id(manager: &Client, code: &str) -> String {
    let items = manager.get(&format!("{AT}/items")).await.expect(200)["data"].clone();
    items.as_array().unwrap().iter().find(|item| item["code"] == code).unwrap()["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_passport_is_the_record_in_forms_that_others_read() {
    api_test(async |app| {
        let Piece { code, .. } = piece(app).await;
        let early = app.visitor().get(&path(&code)).await;
        assert_eq!(early.headers["retry-after"], "1");
        assert_eq!(early.problem(404), "not-found");
        append(app).await;
        let keys = document(app, "/coop/bagru/did.json").await;
        let key_of = |method: &str| did::key(&keys, method);

        let token = accepting(app, "application/vc+jwt").get(&path(&code)).await;
        assert_eq!(token.headers["content-type"], "application/vc+jwt");
        let (of_token, _) = jwt::verify(&token.text, key_of).unwrap();
        for (accept, form) in [("*/*", "application/vc"), ("application/ld+json", "application/ld+json"), ("application/json", "application/json")] {
            let answer = accepting(app, accept).get(&path(&code)).await;
            assert_eq!(answer.headers["content-type"], form);
            let (mut value, proven) = proof::verify_credential(&answer.bytes, key_of).unwrap();
            assert!(proven.method.starts_with("did:web:localhost:coop:bagru#"));
            value.as_object_mut().unwrap().remove("proof");
            assert_eq!(value, of_token, "one credential, secured in two ways");
            assert_eq!(accepting(app, accept).get(&path(&code)).await.bytes, answer.bytes, "the same bytes each time");
            let tag = answer.headers["etag"].to_str().unwrap();
            assert_eq!(accepting(app, accept).with("If-None-Match", tag).get(&path(&code)).await.status, 304);
        }
        assert_eq!(accepting(app, "text/html").get(&path(&code)).await.problem(406), "not-acceptable");
        assert_eq!(app.visitor().get(&path("7K3M-9QXW-2BCV")).await.problem(404), "not-found");

        let subject = &of_token["credentialSubject"];
        let item = document(app, &format!("/v1/provenance/items/{code}")).await;
        assert_eq!((&subject["id"], &subject["name"], &subject["itemNumber"]), (&item["uri"], &item["title"], &json!(code)));
        assert_eq!(item["passport"], of_token["id"]);
        let events: Vec<_> = subject["characteristics"]["events"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
        assert_eq!(events, ["created", "made", "minted", "sold", "packed", "shipped"]);
        assert_eq!(subject["countryOfProduction"], json!({"countryCode": "IN"}));
        // The newest record, as the bundle has it.
        let bundle = app.visitor().get(&format!("/v1/provenance/items/{code}/bundle")).await;
        let newest = passport::verify_bundle(&bundle.bytes).bundle.unwrap().item.leaves.last().unwrap().leaf.hash();
        assert_eq!(subject["characteristics"]["record"][0]["hash"].as_str().unwrap().parse(), Ok(newest));
        assert_ne!(newest, Digest::of(b""));
        // A changed name of a key is nobody's.
        let mut forged = of_token.clone();
        forged["issuer"]["id"] = json!("did:web:localhost:coop:other");
        assert!(matches!(proof::verify_credential(&serde_json::to_vec(&forged).unwrap(), key_of), Err(CredentialError::Proof(_))));
    })
    .await;
}

#[actix_web::test]
async fn a_passport_names_whom_its_people_let_it_name() {
    api_test(async |app| {
        let Piece { manager, code, makers, .. } = piece(app).await;
        // Her name is in a record only once a record was made with it under a key of hers.
        let sealed: String = app.app.keys.seal(&format!("subject_keys/{}", makers[0]), &[9; 32]).iter().map(|b| format!("{b:02x}")).collect();
        let key = format!("INSERT INTO subject_keys (coop_id, artisan_id, sealed, created_at) SELECT coop_id, id, '\\x{sealed}', '{}' FROM artisans WHERE id = '{}'; UPDATE artisans SET public_alias = 'Sunita' WHERE id = '{}'", app.clock.now(), makers[0], makers[0]);
        crate::support::builders::sql(app, &key).await;
        let said = json!({"type": "made", "makers": [makers[0]], "steps": [{"technique": "mending"}], "place": {"district": "Jaipur", "country": "NP"},
            "materials": [{"name": "Cotton", "country": "IN", "share": "0.94", "local": true}, {"name": "Silk", "country": "CN", "share": "0.06"}]});
        manager.post(&format!("{AT}/items/{}/events", item_id(&manager, &code).await), said).await.expect(204);
        append(app).await;
        let shown = passport_of(app, &code).await;
        let subject = &shown["credentialSubject"];
        assert_eq!(subject["characteristics"]["disclosed"][0], json!({"field": "maker_name", "value": "Sunita"}), "{subject}");
        assert_eq!(subject["countryOfProduction"], json!({"countryCode": "NP"}), "the record's own place before the cooperative's");
        assert_eq!(subject["materialProvenance"][0]["massFraction"].to_string(), "0.94");
        for never in ["Legal", "A-1", "Kamla", "nobody's"] {
            assert!(!shown.to_string().contains(never), "{never}: {shown}");
        }
        for purpose in ["name", "story", "portrait"] {
            consent(app, &makers[0], purpose, false).await;
        }
        let hidden = passport_of(app, &code).await.to_string();
        assert!(!hidden.contains("Sunita") && !hidden.contains("disclosed") && !hidden.contains("grandmother"), "{hidden}");
    })
    .await;
}

#[actix_web::test]
async fn a_withdrawn_piece_has_its_bit_set_and_no_other_has() {
    api_test(async |app| {
        assert_eq!(app.visitor().get("/status/1").await.problem(404), "not-found");
        assert_eq!(app.visitor().get("/status/00").await.problem(404), "not-found");
        let Piece { manager, code, .. } = piece(app).await;
        append(app).await;
        let status = passport_of(app, &code).await["credentialStatus"].clone();
        assert_eq!(status["statusListCredential"], json!(format!("{}/status/0", app.url)));
        let index = usize::try_from(status["statusListIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(list(app).await, StatusList::default());

        let events = format!("{AT}/items/{}/events", item_id(&manager, &code).await);
        let withdrawn = json!({"type": "withdrawn", "reason": "stolen"});
        assert_eq!(manager.post(&events, json!({"type": "withdrawn", "reason": "ugly"})).await.status, 422);
        manager.post(&events, withdrawn.clone()).await.expect(204);
        assert_eq!(manager.post(&events, withdrawn).await.expect(422)["errors"][0]["code"], "not_here");
        assert_eq!(list(app).await, StatusList::default(), "it counts from when the log has it");
        append(app).await;
        let set = list(app).await;
        let others = (0..200).filter(|at| *at != index).all(|at| set.is_set(at) == Some(false));
        assert!(set.is_set(index) == Some(true) && others);
        let token = accepting(app, "application/vc+jwt").get("/status/0").await;
        let keys = document(app, "/.well-known/did.json").await;
        let (value, _) = jwt::verify(&token.text, |method| did::key(&keys, method)).unwrap();
        assert_eq!((&value["id"], &value["issuer"]), (&json!(format!("{}/status/0", app.url)), &json!("did:web:localhost")));
        // The log's key is shown, and no credential is believed for it.
        let log_key = text(app, "/log/key").await;
        let shown = keys["verificationMethod"].as_array().unwrap().iter().find(|one| one["id"].as_str().unwrap().contains("#log-")).unwrap()["id"]
            .as_str()
            .unwrap();
        assert!(log_key.contains(shown.split("#log-").nth(1).unwrap()), "{log_key} {shown}");
        assert_eq!(did::key(&keys, shown), None);
        let item = document(app, &format!("/v1/provenance/items/{code}")).await;
        assert_eq!((&item["verdict"], &item["state"]), (&json!("revoked"), &json!("withdrawn")));
        let page = app.visitor().get(&format!("/i/{code}")).await.text;
        assert!(page.contains("Withdrawn: it was stolen"));
        assert_eq!(app.visitor().get("/coop/nobody/did.json").await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn what_a_buyer_waits_for_is_not_withdrawn() {
    api_test(async |app| {
        let code = crate::log::sold(app, 1).await;
        let manager = app.visitor().bearer("session_bagru");
        let events = format!("{AT}/items/{}/events", item_id(&manager, &code).await);
        let refused = manager.post(&events, json!({"type": "withdrawn", "reason": "lost"})).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "awaited");
        let batches = manager.get(&format!("{AT}/batches")).await.expect(200);
        let of_batch = format!("{AT}/batches/{}/events", batches["data"][0]["id"].as_str().unwrap());
        let refused = manager.post(&of_batch, json!({"type": "withdrawn", "reason": "lost"})).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "not_a_batch");
    })
    .await;
}
