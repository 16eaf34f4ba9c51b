//! People: who may come in, what they may do, and what is remembered of it.
use haat::clock::Time;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, TestApp, api_test,
    builders::{cooperative, sql},
};

const PASSWORD: &str = "indigo and madder";

/// Gives an account of a builder this password, through the front door of hashing.
async fn with_password(app: &TestApp, email: &str) {
    use argon2::password_hash::PasswordHasher;
    let hash: argon2::password_hash::phc::PasswordHash =
        argon2::Argon2::default().hash_password_with_salt(PASSWORD.as_bytes(), b"a salt of a test").unwrap();
    sql(app, &format!("UPDATE accounts SET password_hash = '{hash}' WHERE email = '{email}'")).await;
}
async fn sign_in(app: &TestApp, identifier: &str, password: &str) -> Answer {
    app.visitor().post("/v1/auth/sessions", json!({"identifier": identifier, "password": password})).await
}
fn bearer(app: &TestApp, signed_in: &Value) -> Client {
    app.visitor().bearer(signed_in["token"].as_str().unwrap())
}

#[actix_web::test]
async fn a_manager_signs_in_and_out() {
    api_test(async |app| {
        cooperative(app, "bagru").await;
        with_password(app, "bagru@people.example").await;
        let answer = sign_in(app, " Bagru@People.example", PASSWORD).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        let signed = answer.expect(201);
        assert_eq!(signed["account"]["locale"], "hi");
        assert_eq!(signed["roles"], json!([{"role": "manager", "cooperative": signed["roles"][0]["cooperative"]}]));
        assert_eq!(signed["roles"][0]["cooperative"]["slug"], "bagru");
        let expires: Time = serde_json::from_value(signed["expires_at"].clone()).unwrap();
        assert!(expires > app.clock.now());
        let me = bearer(app, &signed);
        assert_eq!(me.get("/v1/auth/me").await.expect(200)["roles"], signed["roles"]);
        me.get("/v1/manage/cooperatives/bagru/orders").await.expect(200);
        me.delete("/v1/auth/sessions").await.expect(204);
        assert_eq!(me.get("/v1/auth/me").await.problem(401), "unauthenticated");
        // The builder's own session was another one.
        app.visitor().bearer("session_bagru").get("/v1/auth/me").await.expect(200);
    })
    .await;
}

#[actix_web::test]
async fn nobody_learns_who_has_an_account() {
    api_test(async |app| {
        cooperative(app, "bagru").await;
        let no_password_yet = sign_in(app, "bagru@people.example", PASSWORD).await;
        with_password(app, "bagru@people.example").await;
        let wrong = sign_in(app, "bagru@people.example", "indigo and Madder").await;
        let unknown = sign_in(app, "nobody@people.example", PASSWORD).await;
        sql(app, "UPDATE accounts SET disabled_at = created_at WHERE email = 'bagru@people.example'").await;
        let disabled = sign_in(app, "bagru@people.example", PASSWORD).await;
        let told = [no_password_yet, wrong, unknown, disabled].map(|answer| {
            let mut body = answer.expect(401);
            body["request_id"].take();
            body
        });
        assert!(told.iter().all(|body| body["code"] == "bad-credentials" && *body == told[0]), "{told:?}");
        // A disabled account's living session is dead too.
        assert_eq!(app.visitor().bearer("session_bagru").get("/v1/auth/me").await.problem(401), "unauthenticated");
        assert_eq!(sign_in(app, "98765", PASSWORD).await.expect(422)["errors"][0]["pointer"], "/identifier");
    })
    .await;
}

#[actix_web::test]
async fn a_phone_number_is_an_identifier() {
    api_test(async |app| {
        cooperative(app, "bagru").await;
        with_password(app, "bagru@people.example").await;
        sql(app, "UPDATE accounts SET phone = '+919876543210' WHERE email = 'bagru@people.example'").await;
        sign_in(app, "+91 98765 43210", PASSWORD).await.expect(201);
    })
    .await;
}

#[actix_web::test]
async fn guessing_is_slow() {
    api_test(async |app| {
        cooperative(app, "bagru").await;
        with_password(app, "bagru@people.example").await;
        for _ in 0..10 {
            sign_in(app, "bagru@people.example", "not the password").await.expect(401);
        }
        // Even the right one: an answer that differed would tell.
        let refused = sign_in(app, "bagru@people.example", PASSWORD).await;
        let wait: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert_eq!(refused.problem(429), "too-many-requests");
        assert!((1..=60).contains(&wait), "{wait}");
        // Somebody else may.
        assert_eq!(sign_in(app, "other@people.example", PASSWORD).await.problem(401), "bad-credentials");
        app.clock.advance(jiff::SignedDuration::from_secs(wait));
        sign_in(app, "bagru@people.example", PASSWORD).await.expect(201);
        // It was her: her allowance is whole.
        for _ in 0..10 {
            sign_in(app, "bagru@people.example", "not the password").await.expect(401);
        }
    })
    .await;
}

#[actix_web::test]
async fn one_address_cannot_try_everybody() {
    api_test(async |app| {
        // As if 59 had been tried: each costs a hash.
        let key: String = haat::secrets::sha256(b"address\n127.0.0.1").iter().map(|b| format!("{b:02x}")).collect();
        sql(app, &format!("INSERT INTO throttles VALUES ('\\x{key}', '{}'::timestamptz + 59 * interval '5 seconds')", app.clock.now())).await;
        sign_in(app, "one@people.example", PASSWORD).await.expect(401);
        assert_eq!(sign_in(app, "two@people.example", PASSWORD).await.problem(429), "too-many-requests");
    })
    .await;
}

#[actix_web::test]
async fn a_new_password_ends_every_other_session() {
    api_test(async |app| {
        let lost = cooperative(app, "bagru").await;
        with_password(app, "bagru@people.example").await;
        let me = bearer(app, &sign_in(app, "bagru@people.example", PASSWORD).await.expect(201));
        let change = |old: &str, new: &str| me.post("/v1/auth/me/password", json!({"old": old, "new": new}));
        assert_eq!(change("not it at all", "kashish and harad").await.problem(401), "bad-credentials");
        assert_eq!(change(PASSWORD, "short").await.expect(422)["errors"][0]["pointer"], "/new");
        lost.get("/v1/auth/me").await.expect(200);
        change(PASSWORD, "kashish and harad").await.expect(204);
        assert_eq!(lost.get("/v1/auth/me").await.problem(401), "unauthenticated");
        me.get("/v1/auth/me").await.expect(200);
        assert_eq!(sign_in(app, "bagru@people.example", PASSWORD).await.problem(401), "bad-credentials");
        sign_in(app, "bagru@people.example", "kashish and harad").await.expect(201);
        me.delete("/v1/auth/sessions/all").await.expect(204);
        assert_eq!(me.get("/v1/auth/me").await.problem(401), "unauthenticated");
    })
    .await;
}

#[actix_web::test]
async fn a_session_ends_by_itself() {
    api_test(async |app| {
        cooperative(app, "bagru").await;
        with_password(app, "bagru@people.example").await;
        let me = bearer(app, &sign_in(app, "bagru@people.example", PASSWORD).await.expect(201));
        app.clock.advance(jiff::SignedDuration::from_hours(14 * 24 - 1));
        me.get("/v1/auth/me").await.expect(200);
        app.clock.advance(jiff::SignedDuration::from_hours(1));
        assert_eq!(me.get("/v1/auth/me").await.problem(401), "unauthenticated");
    })
    .await;
}

#[actix_web::test]
async fn people_name_themselves() {
    api_test(async |app| {
        let me = cooperative(app, "bagru").await;
        let told = me.patch("/v1/auth/me", json!({"name": " Ganga Devi ", "locale": "en-IN"})).await.expect(200);
        assert_eq!((&told["account"]["name"], &told["account"]["locale"]), (&json!("Ganga Devi"), &json!("en-IN")));
        assert_eq!(me.patch("/v1/auth/me", json!({})).await.expect(200), told);
        assert_eq!(me.patch("/v1/auth/me", json!({"locale": "Hindi"})).await.expect(422)["errors"][0]["pointer"], "/locale");
        assert_eq!(me.patch("/v1/auth/me", json!({"name": " "})).await.expect(422)["errors"][0]["pointer"], "/name");
        assert_eq!(me.patch("/v1/auth/me", json!({"email": "x@y.example"})).await.problem(422), "invalid");
    })
    .await;
}
