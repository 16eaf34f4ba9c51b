//! Who comes in by invitation, who gets a new password, who may go; and what the log keeps of it.
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{cooperative, platform, sql},
};

const PASSWORD: &str = "indigo and madder";
const MANAGE: &str = "/v1/manage/cooperatives/bagru";

/// The id and the token of the last link that was mailed to `to`.
async fn link(app: &TestApp, to: &str) -> (String, String) {
    app.run_jobs().await;
    let mail = app.app.mailer.kept().into_iter().rfind(|mail| mail.to == to).expect("a mail came");
    let url = mail.text.split_whitespace().find(|word| word.contains('#')).expect("it has a link").to_owned();
    assert!(mail.html.replace("&#x2f;", "/").contains(&url), "both parts have it");
    let (path, token) = url.split_once('#').unwrap();
    assert!(path.starts_with(&app.url), "{path}");
    (path.rsplit('/').next().unwrap().to_owned(), token.to_owned())
}
fn accept(token: &str) -> Value {
    json!({"token": token, "name": "Sita", "password": PASSWORD, "locale": "hi"})
}
async fn look(app: &TestApp, id: &str, token: &str) -> crate::support::Answer {
    app.visitor().with("X-Invitation-Token", token).get(&format!("/v1/auth/invitations/{id}")).await
}

#[actix_web::test]
async fn an_invited_person_comes_in() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let invited = manager.post(&format!("{MANAGE}/invitations"), json!({"email": " Sita@People.example", "role": "manager"})).await.expect(201);
        assert_eq!((&invited["email"], &invited["state"]), (&json!("sita@people.example"), &json!("open")));
        let (id, token) = link(app, "sita@people.example").await;
        assert_eq!(json!(id), invited["id"]);
        let offer = look(app, &id, &token).await.expect(200);
        assert_eq!((&offer["place"], &offer["role"], &offer["account_exists"]), (&json!("Cooperative bagru"), &json!("manager"), &json!(false)));
        assert_eq!(look(app, &id, "invitation_forged").await.problem(410), "dead-link");
        let at = format!("/v1/auth/invitations/{id}/accept");
        let visitor = app.visitor();
        assert_eq!(visitor.post(&at, accept("invitation_forged")).await.problem(410), "dead-link");
        let nameless = json!({"token": token, "password": PASSWORD});
        assert_eq!(visitor.post(&at, nameless).await.expect(422)["errors"][0]["pointer"], "/name");
        let short = json!({"token": token, "name": "Sita", "password": "short"});
        assert_eq!(visitor.post(&at, short).await.expect(422)["errors"][0]["pointer"], "/password");
        let signed = visitor.post(&at, accept(&token)).await.expect(201);
        assert_eq!(signed["roles"][0]["cooperative"]["slug"], "bagru");
        let sita = app.visitor().bearer(signed["token"].as_str().unwrap());
        sita.get(&format!("{MANAGE}/orders")).await.expect(200);
        // Once.
        assert_eq!(visitor.post(&at, accept(&token)).await.problem(410), "dead-link");
        let again = manager.post(&format!("{MANAGE}/invitations"), json!({"email": "sita@people.example", "role": "manager"})).await;
        assert_eq!(again.problem(409), "already-member");
        let list = manager.get(&format!("{MANAGE}/invitations")).await.expect(200);
        assert_eq!(list["data"][0]["state"], "accepted");
    })
    .await;
}

#[actix_web::test]
async fn a_new_link_kills_the_one_before_and_a_withdrawn_one_is_dead() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let stranger = cooperative(app, "pedana").await;
        let made = manager.post(&format!("{MANAGE}/invitations"), json!({"email": "sita@people.example", "role": "member"})).await.expect(201);
        let at = format!("{MANAGE}/invitations/{}", made["id"].as_str().unwrap());
        let foreign = at.replace("bagru", "pedana");
        let (id, first) = link(app, "sita@people.example").await;
        look(app, &id, &first).await.expect(200);
        assert_eq!(stranger.post(&format!("{foreign}/resend"), json!({})).await.problem(404), "not-found");
        manager.post(&format!("{at}/resend"), json!({})).await.expect(200);
        let (_, second) = link(app, "sita@people.example").await;
        assert_eq!(look(app, &id, &first).await.problem(410), "dead-link");
        look(app, &id, &second).await.expect(200);
        assert_eq!(stranger.delete(&foreign).await.problem(404), "not-found");
        manager.delete(&at).await.expect(204);
        assert_eq!(look(app, &id, &second).await.problem(410), "dead-link");
        assert_eq!(manager.delete(&at).await.problem(410), "dead-link");
        // Three mails in ten minutes are enough for anyone.
        let third = json!({"email": "sita@people.example", "role": "agent"});
        manager.post(&format!("{MANAGE}/invitations"), third.clone()).await.expect(201);
        assert_eq!(manager.post(&format!("{MANAGE}/invitations"), third).await.problem(429), "too-many-requests");
        let wrong = json!({"email": "sita@people.example", "role": "operator"});
        assert_eq!(manager.post(&format!("{MANAGE}/invitations"), wrong).await.expect(422)["errors"][0]["pointer"], "/role");
    })
    .await;
}

#[actix_web::test]
async fn a_link_expires() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        operator.post("/v1/admin/invitations", json!({"email": "sita@people.example", "role": "auditor"})).await.expect(201);
        let (id, token) = link(app, "sita@people.example").await;
        app.clock.advance(jiff::SignedDuration::from_hours(14 * 24 - 1));
        look(app, &id, &token).await.expect(200);
        app.clock.advance(jiff::SignedDuration::from_hours(1));
        assert_eq!(look(app, &id, &token).await.problem(410), "dead-link");
        assert_eq!(app.visitor().post(&format!("/v1/auth/invitations/{id}/accept"), accept(&token)).await.problem(410), "dead-link");
        assert_eq!(operator.get("/v1/admin/invitations").await.expect(200)["data"][0]["state"], "expired");
    })
    .await;
}

#[actix_web::test]
async fn who_has_an_account_links_it_with_its_own_password() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let manager = cooperative(app, "bagru").await;
        manager.post(&format!("{MANAGE}/invitations"), json!({"email": "sita@people.example", "role": "agent"})).await.expect(201);
        let (id, token) = link(app, "sita@people.example").await;
        let first = app.visitor().post(&format!("/v1/auth/invitations/{id}/accept"), accept(&token)).await.expect(201);
        operator.post("/v1/admin/invitations", json!({"email": "sita@people.example", "role": "auditor"})).await.expect(201);
        let (id, token) = link(app, "sita@people.example").await;
        assert_eq!(look(app, &id, &token).await.expect(200)["account_exists"], true);
        let at = format!("/v1/auth/invitations/{id}/accept");
        let wrong = json!({"token": token, "password": "kashish and harad"});
        assert_eq!(app.visitor().post(&at, wrong).await.problem(401), "bad-credentials");
        let linked = app.visitor().post(&at, json!({"token": token, "password": PASSWORD})).await.expect(201);
        assert_eq!(linked["account"], first["account"]);
        let roles: Vec<_> = linked["roles"].as_array().unwrap().iter().map(|r| r["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["auditor", "agent"]);
    })
    .await;
}

async fn sign_in(app: &TestApp, password: &str) -> crate::support::Answer {
    app.visitor().post("/v1/auth/sessions", json!({"identifier": "bagru@people.example", "password": password})).await
}

#[actix_web::test]
async fn a_forgotten_password_is_set_anew_once() {
    api_test(async |app| {
        let lost: Client = cooperative(app, "bagru").await;
        let visitor = app.visitor();
        let ask = |email: &'static str| visitor.post("/v1/auth/password-resets", json!({"email": email}));
        let (known, unknown) = (ask("bagru@people.example").await, ask("nobody@people.example").await);
        assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
        assert_eq!(known.status.as_u16(), 202);
        let (id, token) = link(app, "bagru@people.example").await;
        assert!(app.app.mailer.kept().iter().all(|mail| mail.to != "nobody@people.example"));
        assert!(app.app.mailer.kept()[0].html.contains("lang=\"hi\""), "in her language");
        let at = format!("/v1/auth/password-resets/{id}");
        let set = |token: &str, password: &str| visitor.post(&at, json!({"token": token, "password": password}));
        assert_eq!(set("reset_forged", PASSWORD).await.problem(410), "dead-link");
        assert_eq!(set(&token, "short").await.expect(422)["errors"][0]["pointer"], "/password");
        assert_eq!(set(&token, "bagru@people.example").await.expect(422)["errors"][0]["code"], "guessable");
        lost.get("/v1/auth/me").await.expect(200);
        set(&token, PASSWORD).await.expect(204);
        assert_eq!(lost.get("/v1/auth/me").await.problem(401), "unauthenticated");
        sign_in(app, PASSWORD).await.expect(201);
        assert_eq!(set(&token, "kashish and harad").await.problem(410), "dead-link");
        // An hour, and no longer; and the limit is the same for who is not there.
        ask("bagru@people.example").await.expect(202);
        let (id, token) = link(app, "bagru@people.example").await;
        app.clock.advance(jiff::SignedDuration::from_mins(60));
        let late = visitor.post(&format!("/v1/auth/password-resets/{id}"), json!({"token": token, "password": PASSWORD})).await;
        assert_eq!(late.problem(410), "dead-link");
        for email in ["bagru@people.example", "nobody@people.example"] {
            for _ in 0..3 {
                ask(email).await.expect(202);
            }
            assert_eq!(ask(email).await.problem(429), "too-many-requests");
        }
    })
    .await;
}

#[actix_web::test]
async fn no_link_is_kept_anywhere() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        manager.post(&format!("{MANAGE}/invitations"), json!({"email": "sita@people.example", "role": "member"})).await.expect(201);
        app.visitor().post("/v1/auth/password-resets", json!({"email": "bagru@people.example"})).await.expect(202);
        let (_, invitation) = link(app, "sita@people.example").await;
        let (_, reset) = link(app, "bagru@people.example").await;
        // Control: what is there is found.
        for (what, there) in [("sita@people.example", true), (&*invitation, false), (&*reset, false)] {
            let raise = format!(
                "DO $$ BEGIN IF EXISTS (SELECT FROM jobs WHERE payload::text LIKE '%{what}%')
                   OR EXISTS (SELECT FROM invitations i WHERE i::text LIKE '%{what}%') OR EXISTS (SELECT FROM audit_log a WHERE a::text LIKE '%{what}%')
                 THEN RAISE 'there'; END IF; END $$"
            );
            use diesel_async::SimpleAsyncConnection;
            assert_eq!(app.db.db.conn().await.unwrap().batch_execute(&raise).await.is_err(), there, "{what}");
        }
    })
    .await;
}

#[actix_web::test]
async fn the_pages_behind_the_links_hold_no_token() {
    api_test(async |app| {
        let id = haat::ids::new_uuid();
        for (page, calls) in [("invitations", "/v1/auth/invitations/"), ("password-resets", "/v1/auth/password-resets/")] {
            let shown = app.visitor().get(&format!("/{page}/{id}")).await;
            assert_eq!(shown.status.as_u16(), 200);
            assert!(shown.text.contains(&format!("{calls}{id}")) && shown.text.contains("history.replaceState"), "{}", shown.text);
            let policy = shown.headers["content-security-policy"].to_str().unwrap();
            let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
            assert!(shown.text.contains(&format!("<script nonce=\"{nonce}\">")), "{policy}");
            assert_eq!(shown.headers["referrer-policy"], "no-referrer");
            assert_eq!(app.visitor().get(&format!("/{page}/%3Cscript%3E")).await.problem(404), "not-found");
        }
    })
    .await;
}

#[actix_web::test]
async fn the_last_manager_stays() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let stranger = cooperative(app, "pedana").await;
        let at = format!("{MANAGE}/members");
        let people = manager.get(&at).await.expect(200);
        let own = format!("{at}/{}", people["data"][0]["id"].as_str().unwrap());
        assert_eq!(people["data"][0]["email"], "bagru@people.example");
        assert_eq!(manager.delete(&own).await.problem(409), "last-one");
        assert_eq!(stranger.delete(&own.replace("bagru", "pedana")).await.problem(404), "not-found");
        assert_eq!(stranger.delete(&own).await.problem(404), "not-found");
        manager.post(&format!("{MANAGE}/invitations"), json!({"email": "sita@people.example", "role": "manager"})).await.expect(201);
        let (id, token) = link(app, "sita@people.example").await;
        let signed = app.visitor().post(&format!("/v1/auth/invitations/{id}/accept"), accept(&token)).await.expect(201);
        let sita = app.visitor().bearer(signed["token"].as_str().unwrap());
        sita.delete(&own).await.expect(204);
        // Gone on the very next request, with her session alive.
        assert_eq!(manager.get(&at).await.problem(404), "not-found");
        manager.get("/v1/auth/me").await.expect(200);
        assert_eq!(sita.delete(&own).await.problem(404), "not-found");
    })
    .await;
}

#[actix_web::test]
async fn the_last_operator_stays() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        let auditor = platform(app, "auditor").await;
        let people = operator.get("/v1/admin/members").await.expect(200);
        let of = |role: &str| people["data"].as_array().unwrap().iter().find(|m| m["role"] == role).unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(operator.delete(&format!("/v1/admin/members/{}", of("operator"))).await.problem(409), "last-one");
        assert_eq!(auditor.delete(&format!("/v1/admin/members/{}", of("operator"))).await.problem(403), "forbidden");
        operator.delete(&format!("/v1/admin/members/{}", of("auditor"))).await.expect(204);
        assert_eq!(auditor.get("/v1/admin/members").await.problem(403), "forbidden");
        let log = operator.get("/v1/admin/audit?action=role.revoke").await.expect(200);
        assert_eq!(log["data"][0]["subject"], json!(of("auditor")));
        assert_eq!(log["data"][0]["actor_role"], "operator");
    })
    .await;
}

#[actix_web::test]
async fn the_log_names_the_row_that_was_changed() {
    api_test(async |app| {
        let operator = platform(app, "operator").await;
        for role in ["auditor", "operator"] {
            operator.post("/v1/admin/invitations", json!({"email": "sita@people.example", "role": role})).await.expect(201);
        }
        operator.post("/v1/admin/invitations", json!({"email": "gita@people.example", "role": "auditor"})).await.expect(201);
        let page = operator.get("/v1/admin/audit?limit=2").await.expect(200);
        assert_eq!((page["data"][0]["seq"].as_i64(), page["data"].as_array().unwrap().len()), (Some(3), 2));
        let rest = operator.get(&format!("/v1/admin/audit?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await.expect(200);
        assert_eq!((rest["data"][0]["seq"].as_i64(), rest["has_more"].as_bool()), (Some(1), Some(false)));
        let verify = async || haat::audit::verify(&mut *app.db.db.conn().await.unwrap()).await.unwrap();
        let whole = verify().await;
        assert_eq!((whole.rows, &whole.fault), (3, &None));
        use diesel_async::SimpleAsyncConnection;
        let change = "UPDATE audit_log SET details = '{\"role\": \"member\"}' WHERE seq = 2";
        assert!(app.db.db.conn().await.unwrap().batch_execute(change).await.is_err(), "the trigger refuses");
        let behind = |what: &str| format!("ALTER TABLE audit_log DISABLE TRIGGER USER; {what}; ALTER TABLE audit_log ENABLE TRIGGER USER");
        sql(app, &behind(change)).await;
        let fault = verify().await.fault.unwrap();
        assert_eq!((fault.seq, fault.what), (2, "it was changed after it was written"));
        sql(app, &behind("DELETE FROM audit_log WHERE seq = 2")).await;
        assert_eq!(verify().await.fault.unwrap(), haat::audit::Fault { seq: 3, what: "rows before it are missing" });
        sql(app, &behind("UPDATE audit_log SET seq = 2 WHERE seq = 3")).await;
        assert_eq!(verify().await.fault.unwrap(), haat::audit::Fault { seq: 2, what: "it does not follow from the row before" });
    })
    .await;
}
