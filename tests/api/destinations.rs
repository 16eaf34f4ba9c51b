//! Where a cooperative is paid: never decided by one person alone, and never changed overnight.
use serde_json::{Value, json};

use crate::support::{
    Client, TestApp, api_test,
    builders::{cooperative, platform, sql},
};

const MINE: &str = "/v1/manage/cooperatives/bagru/payout-destinations";
const WAITING: &str = "/v1/admin/payout-destinations";
const ADMIN: &str = "/v1/admin/cooperatives/bagru/payout-destinations";

fn bank(account: &str) -> Value {
    json!({"details": {"kind": "in_bank", "holder": "Lal Darwaza", "account": account, "ifsc": "sbin0001234"}})
}
/// One more manager of the cooperative.
pub async fn second_manager(app: &TestApp, slug: &str) -> Client {
    let (account, at, token) = (haat::ids::new_uuid(), app.clock.now(), haat::secrets::Token::parse("session_second_manager"));
    let hash: String = token.hash().iter().map(|b| format!("{b:02x}")).collect();
    let text = format!(
        "INSERT INTO accounts (id, email, name, locale, created_at, updated_at) VALUES ('{account}', 'two@people.example', 'T', 'hi', '{at}', '{at}');
         INSERT INTO memberships (id, account_id, coop_id, role, created_at) SELECT '{}', '{account}', id, 'manager', '{at}' FROM cooperatives WHERE slug = '{slug}';
         INSERT INTO sessions (id, account_id, token_hash, created_at, expires_at) VALUES ('{}', '{account}', '\\x{hash}', '{at}', '2027-06-01');",
        haat::ids::new_uuid(),
        haat::ids::new_uuid()
    );
    sql(app, &text).await;
    app.visitor().bearer(token.reveal())
}
async fn proposed(manager: &Client, account: &str) -> String {
    manager.post(MINE, bank(account)).await.expect(201)["id"].as_str().unwrap().to_owned()
}
/// What payouts would be sent to, in the clear.
async fn paid_to(app: &TestApp) -> Option<Value> {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use haat::schema::payout_destinations as d;
    let conn = &mut *app.db.db.conn().await.unwrap();
    let row: Option<(haat::ids::DestinationId, Vec<u8>)> = d::table
        .filter(d::state.eq("active").and(d::effective_at.le(app.clock.now())))
        .select((d::id, d::sealed))
        .first(conn)
        .await
        .optional()
        .unwrap();
    row.map(|(id, sealed)| serde_json::from_slice(&app.app.keys.open(&format!("payout_destinations/{id}"), &sealed).unwrap()).unwrap())
}

#[actix_web::test]
async fn the_operator_confirms_the_first_and_a_change_waits_three_days() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let operator = platform(app, "operator").await;
        let second = second_manager(app, "bagru").await;
        let made = manager.post(MINE, bank("0000 0012 3456 4821")).await.expect(201);
        assert_eq!((&made["hint"], &made["state"], &made["kind"]), (&json!("SBIN ··4821"), &json!("proposed"), &json!("in_bank")));
        assert!(!made.to_string().contains("3456"), "{made}");
        let id = made["id"].as_str().unwrap();
        // Neither whoever proposed it nor another manager, for there is nothing yet that a change could be told to.
        assert_eq!(manager.post(&format!("{MINE}/{id}/confirm"), json!({})).await.problem(409), "two-people-needed");
        assert_eq!(second.post(&format!("{MINE}/{id}/confirm"), json!({})).await.problem(409), "two-people-needed");
        assert_eq!(paid_to(app).await, None);
        let waiting = async || -> Vec<(Value, Value)> {
            let page = operator.get(WAITING).await.expect(200);
            page["data"].as_array().unwrap().iter().map(|w| (w["slug"].clone(), w["destination"]["hint"].clone())).collect()
        };
        assert_eq!(waiting().await, [(json!("bagru"), json!("SBIN ··4821"))]);
        assert_eq!(manager.get(WAITING).await.problem(403), "forbidden");
        let confirmed = operator.post(&format!("{ADMIN}/{id}/confirm"), json!({})).await.expect(200);
        assert_eq!(confirmed["state"], "active");
        let first = json!({"holder": "Lal Darwaza", "account": "0000001234564821", "ifsc": "SBIN0001234"});
        assert_eq!(paid_to(app).await, Some(first.clone()));
        assert_eq!(operator.post(&format!("{ADMIN}/{id}/confirm"), json!({})).await.problem(409), "conflict");

        assert_eq!(waiting().await, []);
        let next = proposed(&manager, "0000001234569999").await;
        assert_eq!(waiting().await, [(json!("bagru"), json!("SBIN ··9999"))]);
        assert_eq!(manager.post(MINE, bank("0000001234560000")).await.problem(409), "conflict");
        assert_eq!(manager.post(&format!("{MINE}/{next}/confirm"), json!({})).await.problem(409), "two-people-needed");
        let waits = second.post(&format!("{MINE}/{next}/confirm"), json!({})).await.expect(200);
        assert_eq!((&waits["state"], waits["effective_at"].as_str().unwrap()), (&json!("proposed"), "2026-11-25T12:00:00Z"));
        assert_eq!(second.post(&format!("{MINE}/{next}/confirm"), json!({})).await.problem(409), "conflict");
        assert_eq!(waiting().await, [], "it waits for its time, and for nobody");
        app.clock.advance(jiff::SignedDuration::from_hours(71));
        app.run_jobs().await;
        assert_eq!(paid_to(app).await, Some(first), "payouts go where they went");
        app.clock.advance(jiff::SignedDuration::from_hours(1));
        app.run_jobs().await;
        assert_eq!(paid_to(app).await.unwrap()["account"], "0000001234569999");
        let all = manager.get(MINE).await.expect(200);
        let states: Vec<_> = all["data"].as_array().unwrap().iter().map(|d| d["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["active", "retired"]);
        assert_eq!(operator.get(ADMIN).await.expect(200), all);
        // Whoever owns the old one was told of the change, and of nothing else, at every address.
        let mut told: Vec<_> = app.app.mailer.kept().into_iter().filter(|mail| mail.kind == "destination_change").collect();
        told.sort_by(|a, b| a.to.cmp(&b.to));
        let readers: Vec<_> = told.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(readers, ["bagru@coop.example", "bagru@people.example", "two@people.example"]);
        assert!(
            told[0].text.contains("SBIN ··4821") && told[0].text.contains("SBIN ··9999") && told[0].text.contains("2026-11-25 12:00 UTC"),
            "{}",
            told[0].text
        );
        let log = operator.get("/v1/admin/audit").await.expect(200);
        let acts: Vec<_> =
            log["data"].as_array().unwrap().iter().map(|a| (a["action"].as_str().unwrap(), a["actor_role"].as_str().unwrap())).collect();
        let expected = [
            ("payout_destination.confirm", "manager"),
            ("payout_destination.propose", "manager"),
            ("payout_destination.confirm", "operator"),
            ("payout_destination.propose", "manager"),
        ];
        assert_eq!(acts, expected, "and nothing that was refused");
        assert!(!log.to_string().contains("0000001234"), "{log}");
    })
    .await;
}

#[actix_web::test]
async fn whoever_owns_the_old_one_can_still_say_no() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let operator = platform(app, "operator").await;
        let second = second_manager(app, "bagru").await;
        let first = proposed(&manager, "0000001234564821").await;
        operator.post(&format!("{ADMIN}/{first}/confirm"), json!({})).await.expect(200);
        let next = proposed(&manager, "0000001234569999").await;
        operator.post(&format!("{ADMIN}/{next}/confirm"), json!({})).await.expect(200);
        second.post(&format!("{MINE}/{next}/reject"), json!({})).await.expect(200);
        let log = operator.get("/v1/admin/audit?action=payout_destination.reject").await.expect(200);
        assert_eq!((&log["data"][0]["subject"], &log["data"][0]["actor_role"]), (&json!(next), &json!("manager")));
        app.clock.advance(jiff::SignedDuration::from_hours(73));
        app.run_jobs().await;
        assert_eq!(paid_to(app).await.unwrap()["account"], "0000001234564821");
        assert_eq!(second.post(&format!("{MINE}/{next}/reject"), json!({})).await.problem(409), "conflict");
        // What is in use is not rejected but replaced.
        assert_eq!(operator.post(&format!("{ADMIN}/{first}/reject"), json!({})).await.problem(409), "conflict");
        proposed(&manager, "0000001234560000").await;
    })
    .await;
}

#[actix_web::test]
async fn what_cannot_be_right_is_named_and_nobody_elses_is_seen() {
    api_test(async |app| {
        let manager = cooperative(app, "bagru").await;
        let other = cooperative(app, "pedana").await;
        for (details, pointer) in [
            (json!({"kind": "in_bank", "holder": "Lal", "account": "12", "ifsc": "SBIN0001234"}), "/details/account"),
            (json!({"kind": "in_bank", "holder": "Lal", "account": "0000001234564821", "ifsc": "SBIN1001234"}), "/details/ifsc"),
            (json!({"kind": "in_upi", "vpa": "lal"}), "/details/vpa"),
            (json!({"kind": "iban", "holder": "Lal", "iban": "DE88370400440532013000"}), "/details/iban"),
            (json!({"kind": "np_bank", "holder": "Arun", "account": "12345678", "bank": "NIC", "branch": "Khandbari"}), "/details/kind"),
            (json!({"kind": "stripe_account", "account": "cus_123456789"}), "/details/account"),
        ] {
            let told = manager.post(MINE, json!({"details": details})).await.expect(422);
            assert_eq!(told["errors"][0]["pointer"], pointer, "{told:#}");
            assert!(!told.to_string().contains("1234564821"), "{told}");
        }
        assert_eq!(manager.post(MINE, json!({"details": {"kind": "in_upi", "vpa": "lal@sbi", "state": "active"}})).await.problem(422), "invalid");
        let id = proposed(&manager, "0000001234564821").await;
        for base in [MINE, "/v1/manage/cooperatives/pedana/payout-destinations"] {
            for act in ["confirm", "reject"] {
                assert_eq!(other.post(&format!("{base}/{id}/{act}"), json!({})).await.problem(404), "not-found");
            }
        }
        assert_eq!(other.get(MINE).await.problem(404), "not-found");
        assert_eq!(other.post(MINE, bank("0000001234564821")).await.problem(404), "not-found");
        assert_eq!(manager.post(&format!("{ADMIN}/{id}/confirm"), json!({})).await.problem(403), "forbidden");
        assert_eq!(manager.get(ADMIN).await.problem(403), "forbidden");
        let auditor = platform(app, "auditor").await;
        assert_eq!(auditor.post(&format!("{ADMIN}/{id}/reject"), json!({})).await.problem(403), "forbidden");
        auditor.get(ADMIN).await.expect(200);
        assert_eq!(app.visitor().get(MINE).await.problem(401), "unauthenticated");
    })
    .await;
}
